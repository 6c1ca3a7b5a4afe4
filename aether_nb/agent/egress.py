"""What a request may carry: data classified by its kind, cut to the rules, set apart by a fence, and counted.

Every request of a run passes here, and nowhere else is decided what leaves. What may not is replaced by a sentence that
says what was there and which tool tells of it instead. A request to a model on this machine keeps everything: nothing
leaves. It is fenced all the same. Messages and rules in, messages and an account out: nothing here asks anybody, sends
anything, or reads a variable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from operator import is_, is_not
from typing import Any, get_args

from aether_nb.agent.fencing import fenced, is_data
from aether_nb.agent.suspecting import Suspicion, suspicion
from aether_nb.events.kinds import DataLevel, InstructionsFound, Left, RunStarted, Sent, Turn
from aether_nb.events.leaving import COLUMNS
from aether_nb.events.masking import known_keys, mask_text, masked
from aether_nb.events.messages import ANY, BETWEEN, DataKind, Image, Message, Part, Text, ToolCall, ToolSpec
from aether_nb.models.base import Request
from aether_nb.models.endpoints.address import is_local

__all__ = [
    "LEVELS",
    "SAMPLE",
    "Egress",
    "Rules",
    "cut",
    "destination",
    "limit_rule",
    "rules_of",
    "tainted",
    "words_of",
]

LEVELS: tuple[DataLevel, ...] = get_args(DataLevel)
"""From the least to the most."""

SAMPLE = 5
"""How many rows of a piece may leave under ``sample``."""

NEEDS: dict[DataKind, DataLevel] = {
    "text": "schema", "released": "schema", "recalled": "schema", "schema": "schema",
    "statistics": "stats", "rows": "sample",
    "output": "all", "image": "all",
}  # fmt: skip
"""From which level on a kind of data may leave."""

WORDS: dict[DataKind, str] = {
    "statistics": "figures made from the data", "rows": "values of the data", "image": "a picture",
    "output": "what code printed, showed or raised", "schema": "names that may be values",
}  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What of the data may leave this machine.

    Args:
        data: The most that may: names and types, figures too, a few rows too, or all.
        hide: Columns of which no value may, as ``email``, ``users.email`` or a pattern such as ``*mail*``.
        keys: Keys and passwords that are known here; what looks like one is masked anyway.
    """

    data: DataLevel = "all"
    hide: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def limited(self) -> bool:
        """Whether anything may not leave; then free output is withheld unless a person releases it."""
        return self.data != "all" or bool(self.hide)

    @property
    def why_not(self) -> str:
        """Why nothing that code of the agent makes is written beside the record; empty when it may be."""
        return "columns are hidden, and it may hold one of them" if self.hide else ""

    def hides(self, column: str) -> bool:
        """Whether no value of a column may leave. A frame's name may stand before the column's, or before a level's."""
        if column == ANY:
            return bool(self.hide)
        first, *levels = column.casefold().split(BETWEEN)
        frames = [first[: at + 1] for at, sign in enumerate(first) if sign == "."] if levels else []
        whole = {column.casefold(), first, *levels, *(f"{frame}{level}" for frame in frames for level in levels)}
        names = {name[at:] for name in whole for at in (0, *(at + 1 for at, sign in enumerate(name) if sign == "."))}
        return any(fnmatchcase(name, rule.casefold()) for rule in self.hide for name in names)

    def cover(self, turn: Turn) -> bool:
        """Whether an earlier turn was answered within limits at least as narrow as these."""
        return LEVELS.index(turn.data) <= LEVELS.index(self.data) and set(self.hide) <= set(turn.hide)


def rules_of(started: RunStarted, environment: Mapping[str, str]) -> Rules:
    """The rules by which a run was begun, and the keys that the environment holds."""
    return Rules(started.data, started.hide, known_keys(environment))


def destination(model: Any) -> str:
    """The host to which a request to this model goes; empty when it does not leave this machine.

    A model of anybody's that does not say where it is counts as being elsewhere.
    """
    while (inner := getattr(model, "inner", None)) is not None:
        model = inner
    if (profile := getattr(model, "profile", None)) is not None:
        return "" if profile.local and is_local(profile.base_url, None) else str(profile.host)
    here = getattr(model, "local", type(model).__module__.startswith("aether_nb."))
    return "" if here else str(getattr(model, "name", type(model).__name__))


def tainted(part: Part, touched: Collection[str], said: str | None = None) -> Part:
    """A part, marked as one that may show any column where it shows a variable that the agent's code made or changed.

    A hidden column may have another name there. A name may even be one of its values, as in a pivot: so names and types
    are marked, too, where columns are hidden and one of the names is not among the words that were said.

    Args:
        part: It has its columns as ``frame.column`` or the variable's name.
        touched: Variables that code of the agent has made or changed.
        said: What was said in the run so far; None where no column is hidden.
    """
    shown = part.columns if any(column.partition(".")[0] in touched for column in part.columns) else ()
    if not shown:
        return part
    if part.data == "schema":
        wholes = [column.partition(".")[2] or column for column in shown] if said is not None else []
        names = [level for name in wholes for level in name.split(BETWEEN)]
        shown = tuple(name for name in names if not _said(name, said or ""))
    return replace(part, columns=tuple(dict.fromkeys((*part.columns, ANY)))) if shown else part


def _said(name: str, said: str) -> bool:  # the name stands first in the pattern: not every place is looked at then
    return name in said and bool(re.search(r"{0}(?<!\w{0})(?!\w)".format(re.escape(name)), said))


def words_of(messages: Iterable[Message]) -> str:
    """What was said in a run: by the user and the model, and the names and types that were told of variables."""
    said = []
    for message in messages:
        told = (part for part in message.parts if part.data in ("text", "schema") and ANY not in part.columns)
        said += [part.text for part in told if isinstance(part, Text)]
        said += [text for call in message.calls for text in call.arguments.values() if isinstance(text, str)]
    return "\n".join(said)


def limit_rule(rules: Rules) -> str:
    """What the rules say of limits; nothing where there are none."""
    if not rules.limited:
        return ""
    most = {"schema": "names and types", "stats": "names, types, figures", "sample": f"{SAMPLE} rows", "all": "all"}
    hidden = f" No value of these columns is shown: {', '.join(rules.hide)}." if rules.hide else ""
    return (
        f"\nThe user limits what you see of the data to: {most[rules.data]}.{hidden} What code prints, shows or raises "
        "is withheld; put results into variables and look at them with inspect_variable. Do not try to get round this."
    )


SHORTEST = 9
"""Characters in which nobody gives an order: most figures that a tool returns are no longer."""

_described = lru_cache(maxsize=512)(suspicion)
"""What is found in the description of a stranger's tool, which goes along with every request."""


@dataclass
class Egress:
    """The way out for the requests of one run. It remembers what it made of each message: they only grow in number.

    Args:
        rules: What may leave.
        fence: The word of this run's fence; empty for a run without one.
    """

    rules: Rules = field(default_factory=Rules)
    fence: str = ""
    away: bool = False
    """Whether the last request left this machine, or tried to."""
    silenced: bool = False
    """Whether a person does not want to be asked again whether output of this run may go to the model."""
    _going: _Going | None = None

    @property
    def guards(self) -> bool:
        """Whether there are limits, and the model is elsewhere: then free output stays here."""
        return self.away and self.rules.limited

    def outgoing(self, request: Request, model: Any, unlimited: Sequence[int] = ()) -> tuple[Request, Left]:
        """A request as it may be sent to a model, and the account of what is in it.

        Args:
            request: All that there is to say.
            model: Who is asked.
            unlimited: The places of replies that were written by a model on this machine, from which nothing was kept.
        """
        to = destination(model)
        self.away = bool(to)
        fence = "" if getattr(model, "unfenced", False) else self.fence
        near = frozenset(unlimited) if to and self.rules.limited else frozenset()
        going = self._going
        if going is None or not going.goes_on(self.away, fence, near, request.messages):
            going = self._going = _Going(self.rules if to else None, fence)
        for message in request.messages[len(going.said) :]:
            going.take(message, len(going.said) in near)
        out = Request(tuple(going.sent), request.tools, request.options, request.stream)
        return out, going.account(to, self.rules.data)

    def found(self, known: Iterable[InstructionsFound], tools: Iterable[ToolSpec]) -> list[InstructionsFound]:
        """What of the data in the last request reads like an order.

        Args:
            known: What was said of this run before; it is not said again.
            tools: The tools that were offered with it. Descriptions are looked at where a stranger wrote them: a
                program that hands over a function which deletes files says so in its docstring, and gives no order.
        """
        going = self._going.found if self._going else []
        theirs = [spec for spec in tools if spec.source]
        found = [*going, *(("", spec.name, one) for spec in theirs if (one := _described(spec.description)))]
        if not found:
            return []
        said = {(event.call_id, event.tool, event.excerpt) for event in known}
        return [
            InstructionsFound(suspect.signs, suspect.excerpt, call_id, tool)
            for call_id, tool, suspect in found
            if (call_id, tool, suspect.excerpt) not in said
        ]


def cut(parts: Iterable[Part], rules: Rules) -> tuple[Part, ...]:
    """Parts as far as they may leave: what the record of a run with hidden columns holds."""
    before = tuple(parts)
    return tuple(_brief(before, [_limited(part, rules, False) for part in before]))


# ---- one message after the other


@dataclass
class _Going:
    """The messages of a run as models of one sort get them, and the sums of what is in them: both only grow.

    Args:
        rules: What may leave; None where nothing does.
        fence: The word of the fence; empty for none.
    """

    rules: Rules | None
    fence: str
    near: set[int] = field(default_factory=set)
    """The places of what was written by a model on this machine, from which nothing was kept."""
    said: list[Message] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    found: list[tuple[str, str, Suspicion]] = field(default_factory=list)
    """What reads like an order, with the call that brought it, and no tool."""
    amounts: dict[DataKind, int] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    rows: int = 0
    images: int = 0
    withheld: int = 0
    masked: int = 0

    def goes_on(self, away: bool, fence: str, near: Collection[int], messages: Sequence[Message]) -> bool:
        """Whether these messages begin with those that were said, to a model of the same sort."""
        count = len(self.said)
        return (
            (self.rules is not None, self.fence) == (away, fence)
            and count <= len(messages)
            and all(map(is_, self.said, messages))
            and self.near == {place for place in near if place < count}
        )

    def take(self, message: Message, near: bool) -> None:
        """Add a message as it may be sent."""
        before, calls, rules = message.parts, message.calls, self.rules
        parts: Sequence[Part] = before
        if rules is not None:
            if rules.limited:
                parts = [_limited(part, rules, near) for part in before]
                self.withheld += sum(map(is_not, parts, before))
                parts = _brief(before, parts)
            parts = [self._masked(part, rules) for part in parts]
            calls = tuple([_call(call, rules, near) for call in calls])
        self._count(message, parts)
        made, more = fenced(message, parts, self.fence, partial(mask_text, keys=rules.keys) if rules else None)
        self.masked += more
        kept = message
        if not (len(made) == len(before) and all(map(is_, made, before)) and all(map(is_, calls, message.calls))):
            kept = Message(message.role, made, calls, message.call_id, message.thinking, message.origin)
        if near:
            self.near.add(len(self.said))
            kept = replace(kept, thinking="", origin=None)
        self.said.append(message)
        self.sent.append(kept)

    def _masked(self, part: Part, rules: Rules) -> Part:
        if isinstance(part, Image):
            return part
        text, count = mask_text(part.text, rules.keys)
        self.masked += count
        return replace(part, text=text) if count else part

    def _count(self, message: Message, parts: Sequence[Part]) -> None:
        """Add up what is in a message, and look for orders in what comes from data."""
        data = []
        for old, part in zip(message.parts, parts, strict=True):
            self.amounts[part.data] = self.amounts.get(part.data, 0) + (len(part.text) if isinstance(part, Text) else 1)
            if part.columns and part.data != "schema":
                self.columns.update(part.columns)
            if isinstance(part, Text):
                self.rows += _rows(part)
                if is_data(message, old):
                    data.append(part.text)
            else:
                self.images += 1
        text = "\n".join(data)
        if len(text) > SHORTEST and (suspect := suspicion(text)) is not None:
            self.found.append((message.call_id, "", suspect))

    def account(self, to: str, limit: DataLevel) -> Left:
        """The account of all that was added, as it goes to that host."""
        shown = tuple([Sent(kind, self.amounts[kind]) for kind in sorted(self.amounts)])
        columns = sorted(self.columns)
        more = max(0, len(columns) - COLUMNS)
        sums = (self.rows, self.images, tuple(columns[:COLUMNS]), more, self.withheld, self.masked)
        return Left(to, shown, *sums, limit)


def _limited(part: Part, rules: Rules, near: bool) -> Part:
    """The part, as much of it as may leave, or a sentence in its place."""
    kind: DataKind = "output" if near else part.data
    if kind in ("text", "released", "recalled"):
        return part
    hidden = sorted(c for c in part.columns if rules.hides(c) and (kind != "schema" or c == ANY))
    unknown = kind in ("output", "image") or (kind == "rows" and not part.columns)
    if (unknown and rules.limited and not (kind == "rows" and not rules.hide)) or hidden:
        return Text(_notice(part, kind, rules, hidden))
    if LEVELS.index(rules.data) < LEVELS.index(NEEDS[kind]):
        return Text(_notice(part, kind, rules, hidden))
    if kind == "rows" and rules.data == "sample" and isinstance(part, Text):
        return _sampled(part)
    return part


def _brief(before: Sequence[Part], parts: Sequence[Part]) -> list[Part]:
    """The parts, with one notice for all that was withheld of a list of columns: the rest of it still reads well."""
    gone = [
        place
        for place, (old, new) in enumerate(zip(before, parts, strict=True))
        if old.data in ("schema", "statistics", "rows") and old.columns and new.data == "text"
    ]
    return [Text("") if place in gone[:-1] else part for place, part in enumerate(parts)]


def _sampled(part: Text) -> Text:
    """The first rows of a part. What stands before them is a title of two lines at most: what it is, and the header."""
    title = 2 if part.text.partition("\n")[0].endswith("as CSV:") else 0
    lines = part.text.split("\n")
    if len(lines) == 1 and len(pieces := part.text.split(", ")) > SAMPLE + 1:
        return replace(part, text=", ".join([*pieces[: SAMPLE + 1], "…"]), rows=SAMPLE)
    left = len(lines) - title - SAMPLE
    if left <= 0:
        return part
    kept = [*lines[: title + SAMPLE], f"… {left} more rows withheld (--data sample)"]
    return replace(part, text="\n".join(kept), rows=min(part.rows or SAMPLE, SAMPLE))


def _notice(part: Part, kind: DataKind, rules: Rules, hidden: Sequence[str]) -> str:
    """What stands where something was withheld."""
    amount = "" if isinstance(part, Image) else f", {len(part.text):,} characters"
    named = [column for column in hidden if column != ANY]
    why = f"the columns {', '.join(named[:8])} are hidden" if named else f"--data {rules.data}"
    if not named and (hidden or rules.data == "all"):
        why = "columns are hidden, and nobody knows whether it shows them"
    error = part.text.partition("\n")[0] if isinstance(part, Text) and part.text.startswith("error: ") else ""
    name = error.removeprefix("error: ").partition(":")[0]
    said = f"error: {name}. " if name.isidentifier() else ""
    return (
        f"{said}[withheld by the user's rules ({why}): {WORDS.get(kind, 'data')}{amount}. Printing it another way does "
        "not help. Put what you need into a variable; inspect_variable tells of it what may be told.]"
    )


def _call(call: ToolCall, rules: Rules, near: bool) -> ToolCall:
    """A call as it may be told: without keys; without its arguments, where its writer has seen what may not leave."""
    if near and rules.limited:
        return replace(call, arguments={"withheld": "it was written by a model on the user's machine"})
    hidden = masked(dict(call.arguments), rules.keys)
    return call if hidden == call.arguments else replace(call, arguments=hidden)


def _rows(part: Text) -> int:
    """Rows of a table that a part shows; of what is no table, its lines."""
    if part.data not in ("rows", "output", "released"):
        return 0
    return part.rows or sum(bool(line.strip()) for line in part.text.split("\n"))
