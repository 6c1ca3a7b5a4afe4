"""The desk: what an intent works with. It runs code with corrections, and knows which names are free.

Two corrections are tried when a call fails; then the answer says what failed. A call that was denied is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from aether_nb.models.analyst.code import Rows, text_check, text_numbers
from aether_nb.models.analyst.namespace import Namespace
from aether_nb.models.analyst.phrasing import listed, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table, table
from aether_nb.models.analyst.script import Action, Outcome, Plan, Steps

__all__ = ["Desk", "NotDone"]

_CORRECTIONS = 2
Writer = Callable[[Rows], str]


class NotDone(Exception):
    """A call was denied, or failed in spite of all corrections; says which, for the answer."""


@dataclass(slots=True)
class Desk:
    """What is at hand while a question is answered.

    ``tools`` are those that are offered by name; ``saved`` is the name under which the last table was kept; ``checked``
    are columns of text that can be read as numbers.
    """

    names: Namespace
    tools: frozenset[str] = frozenset()
    saved: str = ""
    notes: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)

    def fresh(self, wanted: str) -> str:
        """A name like ``wanted`` that is free; it is taken from now on."""
        name = self.names.fresh(wanted)
        self.names = Namespace(self.names.frames, self.names.names | {name})
        return name

    def run(self, question: Question, write: Writer, purpose: str) -> Steps:
        """Run code that ``write`` makes for the question's rows.

        Raises:
            NotDone: It was denied, or it failed three times, or a text cannot be calculated with.
        """
        yield from self._check(question)
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

    def _check(self, question: Question) -> Generator[Action | Plan, Outcome, None]:
        """Look whether texts can be read as numbers before anything is made of them.

        Raises:
            NotDone: They cannot, or they are of several currencies.
        """
        texts = [column.name for column in text_numbers(question)]
        if set(texts) <= self.checked:
            return
        purpose = f"See whether {listed(texts)} can be read as numbers"
        outcome = yield Action("run_python", {"code": text_check(question), "purpose": purpose})
        if outcome.status != "done":
            raise NotDone(f"{plain(purpose)}: not done. {plain(_first(outcome.text))}")
        for name, row in zip(texts, self.table(outcome).rows, strict=False):
            values, unread, currencies, percent = (*row, "", "", "", "")[:4]
            if " " in currencies.strip():
                raise NotDone(f"I do not calculate with {plain(name)}: the column mixes currencies ({currencies})")
            if percent == "2":
                raise NotDone(f"I do not calculate with {plain(name)}: only some of its values are in percent")
            if unread == values:
                raise NotDone(f"{plain(name)} is text, and none of its values can be read as a number")
            left = f"{unread} value{'s' * (unread != '1')} could not be read" if unread != "0" else "all could be read"
            self.notes.append(f"{name} is text; I read it as numbers, {left}")
            self.checked.add(name)

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
