"""What the user's namespace holds, in a text of bounded size made in bounded time: what every model is told.

What a question mentions comes first and in full, every other variable has a line, and columns are told as far as there
is room. The text is cut into parts by what they show (names and types, aggregates, single values), so that any of it
can be left out where requests are made. How a type is told is the business of ``describing``; nothing is changed,
executed or imported here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from aether_nb.events.messages import Text
from aether_nb.live.composing import Block, listed, size, weight, written
from aether_nb.live.describing.functions import module_words
from aether_nb.live.describing.kinds import describe, is_table
from aether_nb.live.describing.looks import Look, Purse
from aether_nb.live.describing.words import one_line, word
from aether_nb.live.owning import users_own

__all__ = ["BUDGET", "Summary", "summarize"]

BUDGET = 8_000
"""Bytes of the text, as it is sent: not more than 4,000 tokens, even where it is mostly figures."""
SECONDS = 0.25
"""After so long nothing more is looked into: the rest is named."""
COUNTING = 15_000_000
"""Nanoseconds of counting for all variables together; after that figures come from samples."""
VARIABLE_TEXT = 1_200
MENTIONED_TEXT = 4_000
CROWDED = 90
"""Characters of a line when there is no room for all lines as they are."""
IMPORTED = 300


@dataclass(frozen=True, slots=True)
class Summary:
    """A text about variables, cut into parts by what they show of the data; ``names`` are those that are told of."""

    parts: tuple[Text, ...]
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(part.text for part in self.parts)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns (``frame.column``) and variables whose values it shows, or what they amount to."""
        shows = (part for part in self.parts if part.data != "schema")
        return tuple(dict.fromkeys(column for part in shows for column in part.columns))


def summarize(
    namespace: Mapping[str, object], question: str = "", hidden: Collection[str] = (), budget: int = BUDGET
) -> Summary:
    """Every variable in a line, frames with a line per column, as far as the budget goes.

    Args:
        namespace: The user's variables by name; modules are told in one line at the end.
        question: What the user asked; what it mentions comes first and in full.
        hidden: Names that are not the user's.
        budget: How many bytes the text may have.
    """
    until = time.monotonic() + SECONDS
    words, purse = _words(question), Purse(COUNTING)
    own = users_own(namespace, hidden)
    modules = {name: value for name, value in own.items() if issubclass(type(value), ModuleType)}
    variables = sorted(((n, v) for n, v in own.items() if n not in modules), key=lambda item: not is_table(item[1]))
    blocks = [Block(name, describe(v, Look(words=words, purse=purse, until=until)), words) for name, v in variables]
    blocks.sort(key=lambda block: (not block.named, not block.mentioned))
    imported = _imported(modules)
    title = Text(f"variables ({len(blocks)}):", "schema")
    parts = _told(blocks, budget - size([title, *imported]))
    return Summary(tuple(written([title, *parts, *imported])), tuple(block.name for block in blocks))


def _told(blocks: list[Block], room: int) -> list[Text]:
    """What is mentioned in full, a line for each of the others, and then columns with what is left."""
    first, others = [b for b in blocks if b.mentioned], [b for b in blocks if not b.mentioned]
    full = sum(block.width for block in others) > room * 3 // 4
    reserve = min(sum(len(block.name) + 2 for block in others) + 60, room // 4) if others else 0
    spare = room - reserve
    heads = 0
    for block in first:
        room_here = min(spare - room // 4 * bool(others), MENTIONED_TEXT)
        if (needed := block.begin(room_here)) > spare:
            others = [block, *others]
            continue
        spare -= needed + block.fill(room_here - needed)
    for block in others:
        needed = block.begin(CROWDED if full else 1_000)
        if needed > spare:
            break
        spare, heads = spare - needed, heads + 1
    for block in others[:heads]:
        spare -= block.fill(min(spare, VARIABLE_TEXT))
    told = [part for block in (*(b for b in first if b not in others), *others[:heads]) for part in block.parts]
    return told + _names_only(others[heads:], reserve + max(spare, 0))


def _names_only(left: list[Block], room: int) -> list[Text]:
    """The variables for which there was no line, by type."""
    if not left:
        return []
    by_type: dict[str, list[str]] = {}
    for block in left:
        by_type.setdefault(block.type, []).append(block.name)
    groups = sorted(by_type.items(), key=lambda item: -len(item[1]))
    if len(groups) > 8:
        groups = [*groups[:7], ("other types", [name for _, names in groups[7:] for name in names])]
    begins = [f"\n- … {len(names)} more of {kind} (names only): " for kind, names in groups]
    room, total = room - sum(map(weight, begins)), sum(len(names) for _, names in groups)
    lines = []
    for begin, (_, names) in zip(begins, groups, strict=True):
        share = room * len(names) // total
        if share < 20:
            continue
        lines.append(Text(begin + listed(names, share), "schema"))
    return lines or [Text(f"\n- … {total} more variables", "schema")]


def _imported(modules: Mapping[str, Any]) -> list[Text]:
    """A line about the modules: under which name, which version."""
    told = []
    for name, module in modules.items():
        called, version = module_words(module)
        said = " ".join(part for part in (called if called != name else "", version) if part)
        told.append(f"{word(name)} ({said})" if said else word(name))
    return [Text(f"\nimported: {one_line(', '.join(told), IMPORTED)}", "schema")] if told else []


def _words(question: str) -> frozenset[str]:
    """The words of a question, and two or three of them in a row, as they may stand in a name."""
    found = re.findall(r"\w+", question.lower()[:4_000])
    singles = {w for word_ in found for w in (word_, word_.removesuffix("s"), word_.removesuffix("es")) if len(w) > 1}
    rows = [found[i : i + n] for n in (2, 3) for i in range(len(found) - n + 1)]
    return frozenset(singles | {sign.join(row) for row in rows for sign in (" ", "_", "")})
