"""The desk: what an intent works with. It runs code with corrections, and knows which names are free.

Two corrections are tried when a call fails; then the answer says what failed. A call that was denied is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace

from aether_nb.models.analyst.asking import ask
from aether_nb.models.analyst.code import Rows, text_check, text_numbers
from aether_nb.models.analyst.dating import DAY_FIRST, MONTH_FIRST, date_check, order_of, text_dates
from aether_nb.models.analyst.namespace import Column, Namespace, private
from aether_nb.models.analyst.phrasing import listed, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table, facts, table
from aether_nb.models.analyst.script import Action, NotDone, Outcome, Plan, Steps
from aether_nb.models.analyst.spelling import apart, respelt

__all__ = ["Desk", "NotDone"]

_CORRECTIONS = 2
Writer = Callable[[Rows], str]


@dataclass(slots=True)
class Desk:
    """What is at hand while a question is answered.

    ``tools`` are those that are offered by name; ``saved`` is the name under which the last table was kept; ``checked``
    are columns of text that can be read as numbers, ``formats`` how those are written that can be read as dates.
    """

    names: Namespace
    tools: frozenset[str] = frozenset()
    saved: str = ""
    notes: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    formats: dict[str, str] = field(default_factory=dict)

    def fresh(self, wanted: str) -> str:
        """A name like ``wanted`` that is free; it is taken from now on."""
        name = self.names.fresh(wanted)
        self.names = replace(self.names, names=self.names.names | {name})
        return name

    def run(self, question: Question, write: Writer, purpose: str) -> Steps:
        """Run code that ``write`` makes for the question's rows.

        Raises:
            NotDone: It was denied, or it failed three times, or a text cannot be calculated with.
        """
        yield from self._check(question)
        for column in text_dates(question):
            if column.name not in self.formats:
                self.formats[column.name] = yield from self._date_format(question.frame.name, column)
        reason = ""
        for attempt in range(_CORRECTIONS + 1):
            rows = Rows(question, attempt, reason, self.formats)
            code = write(rows)
            if attempt:
                thought = f"That failed ({_first(reason)}). I look again and change the approach."
                yield Action("inspect_variable", {"name": question.frame.name}, thought)
            outcome = yield Action("run_python", {"code": code, "purpose": purpose})
            if outcome.status == "done":
                self._note_unknown(rows, outcome)
                self._note_spellings(question)
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

    def _date_format(self, frame: str, column: Column) -> Generator[Action | Plan, Outcome, str]:
        """See how the dates of a column of text are written; a person is asked where that cannot be seen.

        Raises:
            NotDone: It cannot be seen and nobody answered, or the dates are not all of one order.
        """
        name, purpose = plain(column.name), f"See how the dates of {column.name} are written"
        outcome = yield Action("run_python", {"code": date_check(frame, column), "purpose": purpose})
        if outcome.status != "done":
            raise NotDone(f"{plain(purpose)}: not done. {plain(_first(outcome.text))}")
        try:
            form, unread = order_of([int(cell) for cell in self.table(outcome).rows[0]])
        except ValueError as problem:
            raise NotDone(f"I do not read {name} as dates: it is text, and {problem}") from None
        if not form:
            question = f"What comes first in the dates of {column.name}?"
            made = f"`{frame}[{column.name!r}] = pd.to_datetime({frame}[{column.name!r}], dayfirst=True)`"
            said = yield from ask(question, ["the day", "the month"], f"Make them dates, as by {made}, and ask again.")
            form = DAY_FIRST if said == "the day" else MONTH_FIRST
        order = {DAY_FIRST: " with the day first", MONTH_FIRST: " with the month first"}.get(form, "")
        left = f"{unread} value{'s' * (unread != 1)} could not be read" if unread else "all could be read"
        self.notes.append(f"{column.name} is text; I read it as dates{order}, {left}")
        return form

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
        """The lines that show a table; it is kept when it has a name already, or is needed later."""
        if not question.needs_name() and not self.saved:
            return [expression]
        kept = self.table_name(question)
        return [f"{kept} = {expression}", kept]

    def table_name(self, question: Question) -> str:
        """The name under which the table is kept: ``summary`` for one that is written to a file, else a private one.

        Where not all names that are taken are known, it is a private one too.
        """
        public = question.path and not self.names.hidden
        self.saved = self.saved or (self.fresh("summary") if public else private("summary"))
        return self.saved

    def noted(self, others: Iterable[str] = ()) -> list[str]:
        """The notes, and ``others`` before them, as a part of the answer; none when there are none."""
        notes = dict.fromkeys((*others, *self.notes))
        return ["Note: " + "; ".join(plain(note) for note in notes) + "."] if notes else []

    def _note_spellings(self, question: Question) -> None:
        """Say which values were taken for the same, and which that look alike were not."""
        for column, same in respelt(question).items():
            read = [f"'{other}' as '{value}'" for other, value in same.items()]
            self.notes.append(f"in {column.name} I read {listed(read)}")
        for column, values in apart(question):
            told = listed([f"'{value}'" for value in values])
            self.notes.append(f"{told} of {column.name} are taken apart, as they are written")

    def _note_unknown(self, rows: Rows, outcome: Outcome) -> None:
        """Say of how many rows something that the answer goes by is not known."""
        told = facts(outcome.text)
        counts = [(one, told.get(one.label, "0")) for one in rows.unknown]
        self.notes += [one.said(int(count)) for one, count in counts if count.isdigit() and int(count)]


def _first(text: str) -> str:
    return text.removeprefix("error:").strip().splitlines()[0] if text.strip() else "no reason given"
