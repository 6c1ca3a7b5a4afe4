"""Waiting for somebody: whoever is asked, or a signal from outside, or, when it takes too long, nobody for now.

The first answer counts. A run that has waited for ``park_after`` seconds is given up for the time being: its log says
what it waits for, and nothing holds it. The clock runs from when it is known who is there, so that a policy is asked
however short the time is. This module does not know what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from aether_nb.agent.asking import Answer, Asking
from aether_nb.agent.mail import Mail
from aether_nb.agent.run import Run
from aether_nb.events import kinds as k
from aether_nb.events.state import Call
from aether_nb.store.signals import Signal

__all__ = ["Waiting"]

T = TypeVar("T")


@dataclass
class Waiting:
    """How a run waits.

    Args:
        asking: Who is asked.
        mail: Where signals come in; None where nobody can send any.
        park_after: Seconds after which it is parked; None for never.
        unasked: The same where nobody is there to be asked. None: then a policy's no counts.
    """

    asking: Asking
    mail: Mail | None = None
    park_after: float | None = None
    unasked: float | None = None

    async def approve(self, call: Call) -> Answer | Signal | None:
        """A yes or a no for a call, the signal that says it, or None when the run is to be parked."""

        def fits(signal: Signal) -> bool:
            same = signal.body.get("call_id") == call.id and signal.body.get("hash") == call.proposed.hash
            return signal.type in ("approve", "deny") and same

        asked = partial(self.asking.approve, call)
        return await self._first(asked, fits, lambda said: absent(said.by) and said.decision == "deny")

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str] | Signal | None:
        """An answer and who gave it, the signal that says it, or None when the run is to be parked."""

        def fits(signal: Signal) -> bool:
            settles = signal.type == "settle" and question.doubt and signal.body.get("call_id") == question.call_id
            answers = signal.type == "answer" and signal.body.get("id") == question.id
            return settles or answers

        asked = partial(self.asking.answer, question)
        return await self._first(asked, fits, lambda said: said[0] is None and absent(said[1]))

    async def go(self) -> Signal | None:
        """The signal that lets a paused run go on, or None when it is to be parked."""
        if self.mail is None:
            return None
        patience = self._patience(await self.asking.somebody())
        try:
            async with asyncio.timeout(patience):
                return await self.mail.come(lambda signal: signal.type == "go")
        except TimeoutError:
            return None

    def within(self, run: Run) -> Asking:
        """Who is asked by a call that is running: the same people, or a signal; such a question is never parked."""
        return _Within(self.asking, self.mail, run) if self.mail else self.asking

    def _patience(self, somebody: bool) -> float | None:
        """Seconds after which the run is parked; None for never."""
        return self.park_after if somebody or self.park_after is not None else self.unasked

    async def _first(
        self, asked: Callable[[], Coroutine[Any, Any, T]], fits: Callable[[Signal], bool], nobody: Callable[[T], bool]
    ) -> T | Signal | None:
        """What comes first. An answer that only says that nobody is there does not count when the run may be parked."""
        parks = self._patience(somebody=False) is not None
        if self.mail is None and not parks:
            return await asked()
        loop = asyncio.get_running_loop()

        def run_from_now(seconds: float | None) -> None:
            clock.reschedule(None if seconds is None else loop.time() + seconds)

        async def ask() -> T:
            run_from_now(self._patience(await self.asking.somebody()))
            return await asked()

        clock = asyncio.timeout(None)
        said: asyncio.Task[T] = asyncio.ensure_future(ask())
        come = asyncio.ensure_future(self.mail.come(fits)) if self.mail else None
        tasks: set[asyncio.Task[Any]] = {said, come} if come else {said}
        try:
            async with clock:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if come and not come.done() and parks and nobody(said.result()):
                    if clock.when() is None:  # somebody was there, and has left
                        run_from_now(self.unasked)
                    await asyncio.wait({come})
        except TimeoutError:
            pass  # what was said by now counts, however short the time was
        finally:
            for task in tasks:
                task.cancel()
        if come and come.done():
            return come.result()
        if said.done() and not (parks and nobody(said.result())):
            return said.result()
        return None


class _Within(Asking):
    """Asks for a call that is running, and hears what is answered from outside."""

    def __init__(self, asking: Asking, mail: Mail, run: Run) -> None:
        super().__init__(asking.people)
        self.waiting, self.mail, self.run = Waiting(asking, mail), mail, run

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        """The answer and who gave it; that of a signal is recorded here, with the signal, and must be this user's."""
        while isinstance(said := await self.waiting.answer(question), Signal):
            self.mail.waiting = [other for other in self.mail.waiting if other.id != said.id]
            received, *follows = self.mail.heard(self.run.state, said)
            self.run.append(received, *follows)
            if received.used:
                return str(said.body.get("text") or "") or None, f"signal:{said.by}"
        return said or (None, "policy:absent")


def absent(by: str) -> bool:
    """Whether an answer only says that nobody was there: a policy's no, or a panel that was closed."""
    return by.startswith("policy:")
