"""The desk: what an intent works with. It runs code with corrections, and knows which names are free.

Two corrections are tried when a call fails; then the answer says what failed. A call that was denied is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.namespace import Namespace
from aether_nb.models.analyst.phrasing import plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table, table
from aether_nb.models.analyst.script import Action, Outcome, Steps

__all__ = ["Desk", "NotDone"]

_CORRECTIONS = 2
Writer = Callable[[Rows], str]


class NotDone(Exception):
    """A call was denied, or failed in spite of all corrections; says which, for the answer."""


@dataclass(slots=True)
class Desk:
    """What is at hand while a question is answered. ``saved`` is the name under which the last table was kept."""

    names: Namespace
    saved: str = ""
    notes: list[str] = field(default_factory=list)

    def fresh(self, wanted: str) -> str:
        """A name like ``wanted`` that is free; it is taken from now on."""
        name = self.names.fresh(wanted)
        self.names = Namespace(self.names.frames, self.names.names | {name})
        return name

    def run(self, question: Question, write: Writer, purpose: str) -> Steps:
        """Run code that ``write`` makes for the question's rows.

        Raises:
            NotDone: It was denied, or it failed three times.
        """
        reason = ""
        for attempt in range(_CORRECTIONS + 1):
            code = write(Rows(question, self.names, attempt, reason))
            if attempt:
                thought = f"That failed ({_first(reason)}). I look again and change the approach."
                yield Action("inspect_variable", {"name": question.frame.name}, thought)
            outcome = yield Action("run_python", {"code": code, "purpose": purpose})
            if outcome.status == "done":
                if attempt:
                    self.notes.append(f"the first attempt failed ({plain(_first(reason))}); the code was changed")
                return outcome
            if outcome.status == "denied":
                raise NotDone(f"{purpose}: not done, because it was {plain(_first(outcome.text))}")
            reason = outcome.text
        raise NotDone(f"{purpose}: it failed in spite of {_CORRECTIONS} corrections. {plain(_first(reason))}")

    def table(self, outcome: Outcome) -> Table:
        """The table that a call brought.

        Raises:
            NotDone: It brought none.
        """
        found = table(outcome.text)
        if found is None or not found.rows:
            raise NotDone("the code ran, but there are no rows to report")
        return found

    def keep(self, question: Question, expression: str) -> list[str]:
        """The lines that show a table; it is kept as ``summary`` when it has a name already, or is needed later."""
        if not question.needs_name() and not self.saved:
            return [expression]
        self.saved = self.saved or self.fresh("summary")
        return [f"{self.saved} = {expression}", self.saved]


def _first(text: str) -> str:
    return text.removeprefix("error:").strip().splitlines()[0] if text.strip() else "no reason given"
