"""Rules about calls, as a person writes them, and what they say about one exact call: deny, ask or allow.

    shell(command=rm *)                  one tool, when its argument looks like this
    write_file(path=/data/**)            by the file that it would touch
    *(host=*.example.com)                any tool that would reach this host
    mcp__*                               every tool whose name begins like that
    run_python(user=guest, risk=high)    all of several conditions

Pure values: who wrote a rule, and whether he may, is the business of ``config``; what follows from a ruling that of
``agent.approvals``. ``*`` and ``?`` stand for any characters, a slash too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

__all__ = ["FACTS", "OPEN", "Policy", "Rule", "Ruled", "Ruling", "parsed"]

Ruled: TypeAlias = Literal["", "deny", "ask", "allow"]
"""What the rules say; nothing when none of them fits."""

FACTS = ("path", "host", "risk", "user", "profile")
"""What a condition may be about beside the arguments of the call."""

ALWAYS = ("plan", "ask_user", "answer_with", "use_skill")
"""Tools that do nothing by themselves: no skill needs to name them."""
BESIDE = "allowed-tools of the opened skill"

_CHAIN = re.compile(r"[;&|<>`$\n\r]")
_RULE = re.compile(r"(?P<tool>[\w*?.:/-]+)(?:\((?P<wants>.*)\))?", re.DOTALL)
_NEXT = re.compile(r",\s*(?=[A-Za-z_]\w*\s*=)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the tools that it is about, and what else has to be so."""

    text: str
    tool: str
    wants: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read a rule.

        Raises:
            ValueError: It is none; the message says what one looks like.
        """
        text = text.strip()
        found = _RULE.fullmatch(text)
        wants = [part.partition("=") for part in _NEXT.split(found["wants"])] if found and found["wants"] else []
        if found is None or not all(sign and name.strip().isidentifier() and value for name, sign, value in wants):
            raise ValueError(f"{text!r} is no rule; one looks like shell(command=rm *)")
        said = ((name.strip(), value.strip()) for name, _, value in wants)
        # A host is written in any way and means the same.
        pairs = tuple((name, value.lower() if name == "host" else value) for name, value in said)
        return cls(text, found["tool"], pairs)

    def fits(self, tool: str, facts: Mapping[str, str]) -> bool:
        """Whether it is about a call of this tool with these facts; one that is not known fits no condition."""
        if not fnmatchcase(tool, self.tool):
            return False
        return all(name in facts and fnmatchcase(facts[name], glob) for name, glob in self.wants)

    def hides(self, tool: str, facts: Mapping[str, str]) -> bool:
        """Whether it is about every call of this tool, whatever its arguments."""
        return self.fits(tool, facts) and all(name in ("user", "profile") for name, _ in self.wants)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of a call, and which of them."""

    ruled: Ruled = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules that hold, and for whom.

    ``deny`` is absolute, ``ask`` comes before ``allow``, and where none fits the mode decides. ``only``: what fits none
    of these is denied, too, but for what a run cannot do without. ``folder`` is where paths that are written without a
    beginning belong.
    """

    deny: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()
    only: tuple[Rule, ...] | None = None
    user: str = ""
    profile: str = ""
    folder: str = ""

    def narrowed(self, deny: Iterable[str], ask: Iterable[str], profile: str) -> Policy:
        """The same with the rules of a profile, which deny and ask, and allow nothing."""
        more = (*self.deny, *parsed(deny)), (*self.ask, *parsed(ask))
        return replace(self, deny=more[0], ask=more[1], profile=profile)

    def ruling(self, tool: str, arguments: Mapping[str, Any], *, path: str = "", risk: str = "high") -> Ruling:
        """What the rules say of a call.

        Args:
            tool: Its name.
            arguments: Its arguments; those that are no text are compared by how they are written.
            path: The file that it would touch, absolute.
            risk: How much it could hurt.
        """
        if not (self.deny or self.ask or self.allow or self.only is not None):
            return NONE
        facts = {name: value if isinstance(value, str) else repr(value) for name, value in arguments.items()}
        facts |= self._whose() | {"risk": risk}
        facts.pop("host", None)  # an argument of that name is no host that is reached
        if host := _host(facts.get("url", "")):
            facts["host"] = host
        if named := path or facts.get("path", ""):
            facts["path"] = os.path.normpath(PurePath(self.folder, named))  # not as a model spells it
        ways = self._ways(facts)
        if denied := _first(self.deny, tool, ways):
            return Ruling("deny", denied.text)
        if self.only is not None and tool not in ALWAYS:
            within = _first(self.only, tool, ways)
            if within is None or _chained(within, facts):
                return Ruling("deny", BESIDE)
        if asked := _first(self.ask, tool, ways):
            return Ruling("ask", asked.text)
        allowed = _first(self.allow, tool, ways)
        return Ruling("allow", allowed.text) if allowed and not _chained(allowed, facts) else NONE

    def forbids(self, tool: str, *, path: str = "", host: str = "") -> str:
        """The rule by which code that runs now may not touch this file or host; empty when there is none.

        Args:
            tool: The tool that runs the code. What ``write_file`` and ``http_request`` may not do is forbidden, too.
            path: The file, absolute.
            host: The host.
        """
        host = host.rstrip(".").lower()
        facts = self._whose() | ({"path": path} if path else {}) | ({"host": host} if host else {})
        acts = (tool, *(["write_file"] if path else []), *(["http_request"] if host else []))
        about = [rule for rule in self.deny if {name for name, _ in rule.wants} & {"path", "host"}]
        for rule in about:
            for named in self._ways(facts):
                if any(rule.fits(act, named) for act in acts):
                    return rule.text
        return ""

    def hides(self, tool: str) -> str:
        """The rule by which a model is not even told of a tool; empty when there is none."""
        return next((rule.text for rule in self.deny if rule.hides(tool, self._whose())), "")

    def _whose(self) -> dict[str, str]:
        return {"user": self.user, "profile": self.profile}

    def _ways(self, facts: dict[str, str]) -> tuple[dict[str, str], ...]:
        """The facts, with the path as it is and as it is seen from the folder: a rule may be written either way."""
        path = facts.get("path", "")
        if not path or not self.folder or not PurePath(path).is_relative_to(self.folder):
            return (facts,)
        return facts, facts | {"path": PurePath(path).relative_to(self.folder).as_posix()}


def _first(rules: Iterable[Rule], tool: str, ways: Iterable[Mapping[str, str]]) -> Rule | None:
    return next((rule for rule in rules if any(rule.fits(tool, facts) for facts in ways)), None)


def _chained(rule: Rule, facts: Mapping[str, str]) -> bool:
    """Whether a command goes on behind what a rule describes: ``git status; rm -rf .`` is no ``git status*``."""
    return any(name == "command" for name, _ in rule.wants) and bool(_CHAIN.search(facts.get("command", "")))


def parsed(rules: Iterable[str]) -> tuple[Rule, ...]:
    """Rules as they are written, read.

    Raises:
        ValueError: One of them is none.
    """
    return tuple(map(Rule.parse, rules))


NONE = Ruling()

OPEN = Policy()
"""No rules: the mode decides."""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
