"""One call's guard: what its code tries is compared with what was agreed, and the rest is asked about, once.

How a person is asked is handed in. What is refused is remembered: the model is told of it even when the code swallows
the ``PermissionError``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from aether_nb.live.guard.agreed import Agreement
from aether_nb.live.guard.attempts import Attempt, attempts, shown
from aether_nb.live.guard.chores import at_work, is_chore
from aether_nb.live.guard.paths import above, entry, is_below, is_temporary

__all__ = ["Ask", "Guard", "Refusal"]

Ask: TypeAlias = Callable[[str, tuple[str, ...]], "str | None"]
"""Puts a question with its options to a person and waits for the answer; None when nobody answers."""

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not done, and why not."""

    words: str
    why: str

    def __str__(self) -> str:
        return f"aether's guard did not let the code {self.words}: {self.why}"


class Guard:
    """Watches over the code of one call.

    Args:
        agreement: What needs no question.
        ask: How the person is asked.
        mine: The variables of the code, by which its own frames are known.

    Attributes:
        refused: What was not done.
        thread: The thread on which the code runs; what others do is not seen.
    """

    def __init__(self, agreement: Agreement, ask: Ask, mine: Mapping[str, Any]) -> None:
        self.agreement, self.ask, self.mine = agreement, ask, mine
        self.refused: list[Refusal] = []
        self.thread = threading.get_ident()
        self._own: set[str] = set()
        self._allowed: list[Attempt] = []
        self._freely: list[tuple[str, str]] = []
        self._named = False  # whether a host was agreed to by its name: what follows goes to its number
        self._busy = False

    def sees(self, event: str, args: tuple[Any, ...], over: bool = False) -> None:
        """Take an audit event in, and let the code wait until it is decided.

        Args:
            event: Its name.
            args: What is told of it.
            over: Whether the call has ended, and left this behind to run later: nobody is asked any more.

        Raises:
            PermissionError: It may not do this.
        """
        if self._busy:
            return
        self._busy = True
        try:
            if event.startswith("tempfile."):
                self._made(entry(args[0]))
                return
            for attempt in attempts(event, args):
                self._judge(attempt, over)
        finally:
            self._busy = False

    def _made(self, path: str) -> None:
        if is_temporary(path):
            self._own.add(os.path.normcase(path))

    def _judge(self, attempt: Attempt, over: bool) -> None:
        fresh = attempt.kind in ("write", "folder") and not os.path.lexists(attempt.paths[0])
        if rule := self.agreement.against(attempt):
            self._refuse(attempt, f"the rule {rule} of the user forbids it")
        if not self._is_free(attempt):
            for refusal in self.refused:
                if refusal.words == attempt.words:
                    raise PermissionError(str(refusal))
            if over:
                self._refuse(attempt, "the call that left this behind is over, and nobody can be asked")
            self._put(attempt)
        elif attempt.whole and not all(map(self._is_own, attempt.paths)):  # what is below its own is its own anyway
            self._allowed.append(attempt)
        if fresh:
            self._own.update(map(os.path.normcase, attempt.paths))

    def _is_own(self, path: str) -> bool:
        return not self._own.isdisjoint(above(path))

    def _is_free(self, attempt: Attempt) -> bool:
        if any(_follows(attempt, allowed) for allowed in self._allowed):
            return True
        if attempt.kind == "network" and self._named and _is_number(attempt.detail):
            return True
        if any(kind == attempt.kind and _within(attempt, folder) for kind, folder in self._freely):
            return True
        return self.agreement.covers(attempt, self._is_own) or is_chore(attempt, at_work(self.mine))

    def _put(self, attempt: Attempt) -> None:
        """Ask; a yes is remembered for this call.

        Raises:
            PermissionError: The answer is no, or there is none.
        """
        folder = str(Path(attempt.paths[-1]).parent) if attempt.paths else ""
        all_of_it = f"yes, and all like it in {shown(folder)}" if folder else "yes, and all like it in this call"
        text = f"The code that is running wants to {attempt.words}. What it was approved for does not say so. Allow it?"
        answer = (self.ask(text, (YES, all_of_it, NO)) or "").strip()
        if answer.lower() in (YES, "y") or answer == all_of_it:
            self._allowed.append(attempt)
            self._named = self._named or (attempt.kind == "network" and not _is_number(attempt.detail))
            if answer == all_of_it:
                self._freely.append((attempt.kind, folder))
            return
        said = "" if answer.lower() in (NO, "n") else f", and said: {shown(answer)}"
        why = f"the user refused it{said}" if answer else "nobody was there to allow it"
        self._refuse(attempt, why)

    def _refuse(self, attempt: Attempt, why: str) -> NoReturn:
        refusal = Refusal(attempt.words, why)
        self.refused.append(refusal)
        raise PermissionError(str(refusal))


def _follows(attempt: Attempt, allowed: Attempt) -> bool:
    """Whether an attempt is what was allowed, or a part of it."""
    if attempt.kind == allowed.kind and (attempt.paths, attempt.detail) == (allowed.paths, allowed.detail):
        return True
    if not (attempt.paths and allowed.paths):
        return False
    return all(
        any(path == known or (allowed.whole and is_below(path, known)) for known in allowed.paths)
        for path in attempt.paths
    ) and (allowed.whole or attempt.kind == "folder")


def _within(attempt: Attempt, folder: str) -> bool:
    return all(is_below(path, folder) for path in attempt.paths)


def _is_number(host: str) -> bool:
    """Whether a host is given by its number: digits, or an address of the newer kind."""
    return ":" in host or host.replace(".", "").isdigit()
