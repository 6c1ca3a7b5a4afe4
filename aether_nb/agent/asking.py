"""Asking people: who is there, what they said, and what it means when nobody is.

A run asks through ``Asking``, which tries its people in order: whoever looks at the panel, whoever sits at a terminal,
and last a policy, which is always there. Nobody there means no. This module draws nothing and reads no key: the panel's
commands and the terminal's ``input`` are handed to it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, Protocol

from aether_nb.agent.approvals import Policy, policy_allows
from aether_nb.agent.scoping import choices
from aether_nb.events.kinds import CallProposed, Covers, Lasts, QuestionAsked
from aether_nb.events.state import Call

__all__ = ["Answer", "Asking", "Desk", "Nobody", "Person", "Terminal", "scope_of"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or a no to a call. ``arguments`` are the person's own, when the call was edited first.

    A yes that lasts is for that exact ``call``, for all that its tool does in the same ``folder``, or for all that it
    does to the same ``variables``.
    """

    decision: Literal["approve", "deny"]
    by: str
    lasts: Lasts = "once"
    reason: str = ""
    arguments: Mapping[str, Any] | None = None
    scope: Covers = "call"


def scope_of(said: object) -> Covers:
    """What a yes covers, by a word from outside; the exact call, when it is none."""
    return "folder" if said == "folder" else "variables" if said == "variables" else "call"


class Person(Protocol):
    """Somebody who can be asked."""

    async def present(self) -> bool:
        """Whether anybody is there."""

    async def approve(self, call: Call) -> Answer:
        """Get a yes or a no for a call."""

    async def answer(self, question: QuestionAsked) -> tuple[str | None, str]:
        """Get an answer, and who gave it."""


class Asking:
    """Asks the first person who is there.

    Args:
        people: Whom to try, in this order.
    """

    def __init__(self, people: Sequence[Person]) -> None:
        self.people = people
        self._found: Person | None = None

    async def _whom(self) -> Person:
        """Who is there; who was found just now is not looked for again."""
        found, self._found = self._found, None
        if found is not None:
            return found
        for person in self.people:
            if await person.present():
                return person
        return Nobody("deny")

    async def somebody(self) -> bool:
        """Whether a person is there, and not only a policy; who may still be coming is waited for."""
        self._found = await self._whom()
        return not isinstance(self._found, Nobody)

    async def approve(self, call: Call) -> Answer:
        """Get a yes or a no for a call."""
        return await (await self._whom()).approve(call)

    async def answer(self, question: QuestionAsked) -> tuple[str | None, str]:
        """Get an answer, and who gave it; None when nobody is there."""
        return await (await self._whom()).answer(question)


@dataclass
class Desk:
    """The person at the panel: waits for the command that belongs to what was asked.

    ``seen`` tells whether a view has said hello, ``left`` returns when all of them are gone. Commands may come from any
    thread and any number of times; only one that names the open question, and for a call its exact hash, counts.
    """

    seen: Callable[[], Awaitable[bool]]
    left: Callable[[], Awaitable[None]]
    _open: dict[tuple[str, str], asyncio.Queue[Mapping[str, Any]]] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop | None = None

    async def present(self) -> bool:
        """Whether somebody looks at the panel."""
        return await self.seen()

    async def approve(self, call: Call) -> Answer:
        """Wait for the click on this exact call."""
        said = await self._wait(("gate", call.id), lambda command: command.get("hash") == call.proposed.hash)
        if said is None:
            return Answer("deny", "policy:closed", reason="the panel was closed, and nobody came back to it")
        if said.get("decision") != "approve":
            return Answer("deny", "panel", reason=str(said.get("reason") or ""))
        lasts = said.get("lasts")
        edited = said.get("arguments")
        return Answer(
            "approve",
            "panel",
            lasts=lasts if lasts in ("once", "minutes", "run", "notebook") else "once",
            reason=str(said.get("reason") or ""),
            arguments=edited if isinstance(edited, Mapping) else None,
            scope=scope_of(said.get("scope")),
        )

    async def answer(self, question: QuestionAsked) -> tuple[str | None, str]:
        """Wait for the words."""
        said = await self._wait(("question", question.id), lambda command: True)
        if said is None:
            return None, "policy:closed"
        return str(said.get("answer") or ""), "panel"

    def command(self, command: Mapping[str, Any]) -> None:
        """Take a command of the panel's. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, command)

    def _take(self, command: Mapping[str, Any]) -> None:
        kind = str(command.get("type"))
        key = (kind, str(command.get("call_id" if kind == "gate" else "id")))
        if (waiting := self._open.get(key)) is not None:
            waiting.put_nowait(command)

    async def _wait(self, key: tuple[str, str], fits: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any] | None:
        """The first command that fits; None when everybody has left before."""
        self._loop = asyncio.get_running_loop()
        waiting = self._open[key] = asyncio.Queue()

        async def fitting() -> Mapping[str, Any]:
            while not fits(command := await waiting.get()):
                pass
            return command

        answer, gone = asyncio.ensure_future(fitting()), asyncio.ensure_future(self.left())
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            self._open.pop(key, None)
            for task in (answer, gone):
                task.cancel()


WORDS: dict[str, tuple[Literal["approve", "deny"], Lasts]] = {
    "y": ("approve", "once"),
    "yes": ("approve", "once"),
    "r": ("approve", "run"),
    "run": ("approve", "run"),
    "b": ("approve", "notebook"),
    "notebook": ("approve", "notebook"),
    "n": ("deny", "once"),
    "no": ("deny", "once"),
}
"""What may be typed at a terminal's gate; everything else is asked again, and in the end a no."""


@dataclass
class Terminal:
    """The person at a terminal. ``read`` shows a prompt and returns a line; ``main`` runs it on the main thread.

    ``told`` says all that a person has to see of a call before a yes, ``asked`` what of a question; both are part of
    the prompt.
    """

    main: Callable[[Callable[[], Any]], Awaitable[Any]]
    read: Callable[[str], str]
    told: Callable[[CallProposed], str]
    allowed: bool
    asked: Callable[[QuestionAsked], str] = attrgetter("text")

    async def present(self) -> bool:
        """Whether this front end can be asked at all."""
        return self.allowed

    async def approve(self, call: Call) -> Answer:
        """Ask for y, r, b, e or n; three unreadable answers are a no, and so is the end of the input."""
        shown = self.told(call.proposed)
        prompt = f"{shown}\n" if shown else ""
        for _ in range(3):
            line = await self._line(f"{prompt}[y]es, for this [r]un, for this note[b]ook, [e]dit, [n]o? ")
            if line is None:
                return Answer("deny", "policy:closed", reason="the input was closed")
            word, prompt = line.lower(), ""
            if word in ("e", "edit"):
                edited = await self._edit()
                if edited is not None:
                    return Answer("approve", "terminal", arguments=edited)
            elif word in WORDS:
                decision, lasts = WORDS[word]
                reason = await self._line("why not (Enter for no reason)? ") if decision == "deny" else ""
                scope = await self._scope(call.proposed) if lasts != "once" else "call"
                return Answer(decision, "terminal", lasts=lasts, reason=reason or "", scope=scope)
        return Answer("deny", "terminal", reason="no answer could be read")

    async def answer(self, question: QuestionAsked) -> tuple[str | None, str]:
        """Ask; a number picks the option of that number."""
        options = "".join(f"\n  {n}. {option}" for n, option in enumerate(question.options, 1))
        text = "".join(sign for sign in f"{self.asked(question)}{options}" if sign.isprintable() or sign == "\n")
        line = await self._line(f"{text}\n> ") or ""
        if line.isdigit() and 1 <= int(line) <= len(question.options):
            line = question.options[int(line) - 1]
        return line or None, "terminal"

    async def _scope(self, proposed: CallProposed) -> Covers:
        """What a yes that lasts is for, where there is a choice; only the exact call, unless that is said."""
        wider = choices(proposed)
        if not wider:
            return "call"
        asked = ", ".join(["[Enter] for this exact call", *(f"[{scope[0]}] for {text}" for scope, text in wider)])
        said = (await self._line(f"{asked}? ") or "").lower()
        return next((scope for scope, _ in wider if said in (scope, scope[0])), "call")

    async def _edit(self) -> Mapping[str, Any] | None:
        line = await self._line("arguments as JSON: ") or ""
        try:
            value = json.loads(line)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    async def _line(self, prompt: str) -> str | None:
        """What was typed; None when the input has ended, or nobody can type here after all."""

        def read() -> str | None:
            try:
                return self.read(prompt).strip()
            except (EOFError, RuntimeError, NotImplementedError):
                return None

        line: str | None = await self.main(read)
        return line


@dataclass(frozen=True)
class Nobody:
    """Nobody is there: a policy answers calls, and questions stay without an answer."""

    policy: Policy

    async def present(self) -> bool:
        """A policy is always there."""
        return True

    async def approve(self, call: Call) -> Answer:
        """What the policy says, and where to change it."""
        if policy_allows(call.proposed, self.policy):
            return Answer("approve", f"policy:{self.policy}", reason=f"AETHER_APPROVE={self.policy}")
        return Answer("deny", f"policy:{self.policy}", reason="nobody was there to approve it")

    async def answer(self, question: QuestionAsked) -> tuple[str | None, str]:
        """No answer."""
        return None, f"policy:{self.policy}"
