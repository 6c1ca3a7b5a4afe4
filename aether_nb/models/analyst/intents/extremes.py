"""Single rows at one end: the five heaviest penguins, the oldest passenger, the day on which a price was highest."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, group_code, key_name
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.intents.aggregate import measured
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, ordinal, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table
from aether_nb.models.analyst.script import Script

__all__ = ["Extremes"]


class Extremes:
    """Top and bottom rows by one column."""

    name = "extremes"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A superlative, one measure, and rows that are asked for."""
        rows = bool({"rows", "whichrows", "when"} & question.flags) or question.n is not None
        if question.extreme not in ("max", "min") or not rows or len(question.keys) > 1 or question.aggs:
            return False
        if question.subject is not None and question.subject.column.dated and not question.subject.freq:
            question.subject = None
        if len(question.columns) == 2 and question.columns[1].dated:
            question.columns.pop()
        if question.subject is not None or len(question.columns) != 1:
            return False
        for kind in ("row", "list", "ref", "descending", "ascending", "cols"):
            clause.claim(kind)
        measured(question)
        return True

    def title(self, question: Question) -> str:
        """What the plan says."""
        end = "highest" if question.extreme == "max" else "lowest"
        return f"Find the rows with the {end} {question.columns[0].name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The rows with what tells them apart."""
        measure = question.columns[0].name
        names = _shown(question)

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            rows.note(self.title(question))
            if question.keys:
                known = f"{chosen}.dropna(subset=[{measure!r}])"
                ordered = f"{known}.sort_values({measure!r}, ascending={question.extreme == 'min'}, kind='stable')"
                key = question.keys[0].column.name
                first = "" if question.keys[0].freq else f".sort_values({key!r}, kind='stable')"
                picked = f"{group_code(question.keys, ordered)}.head({question.n or 1}){first}[{names!r}]"
            elif question.n is None:
                cells = f"{chosen}[{measure!r}]"
                picked = f"{chosen}.loc[{cells} == {cells}.{question.extreme}(), {names!r}]"
            else:
                known = f"{chosen}.dropna(subset=[{measure!r}])"
                picked = f"{known}.sort_values({measure!r}, ascending={question.extreme == 'min'}, kind='stable')"
                picked += f"[{names!r}].head({question.n})"
            return rows.code(*desk.keep(question, picked))

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome)
        return self._said(question, found, measure)

    def _said(self, question: Question, found: Table, measure: str) -> str:
        end = "highest" if question.extreme == "max" else "lowest"
        where = conditions_text(question.conditions)
        at = found.columns.index(measure) if measure in found.columns else -1
        labels = 1 + (found.columns[0] != _shown(question)[0])
        value = figure(found.rows[0][at], "year" not in measure.casefold())
        if question.keys:
            by = plain((question.keys[0].freq and key_name(question.keys[0])) or question.keys[0].column.name)
            head = f"The {question.n or 1} {'rows' if (question.n or 1) > 1 else 'row'} with the {end} {plain(measure)}"
            return f"{head} in each {by}{where}:\n\n" + markdown_table(found, len(found.columns) - 1)
        if "nth" in question.flags and question.n and found.total >= question.n:
            row = found.rows[question.n - 1]
            cells = zip(found.columns[labels - 1 : -1], row[labels - 1 : -1], strict=True)
            beside = listed([f"{plain(name)} **{plain(cell)}**" for name, cell in cells if cell])
            head = f"The {ordinal(question.n)} {end} {plain(measure)}{where} is **{figure(row[at])}**"
            head += f" ({beside})." if beside else "."
        elif question.n is None and found.total > 1:
            head = f"The {end} {plain(measure)}{where} is **{value}**; {found.total} rows share it:"
        elif question.n is None:
            shown = zip(found.columns[labels - 1 : -1], found.rows[0][labels - 1 : -1], strict=True)
            told = listed([f"{plain(name)} **{plain(cell)}**" for name, cell in shown if cell])
            head = f"The {end} {plain(measure)}{where} is **{value}**" + (f" ({told})." if told else ".")
        else:
            head = f"The {found.total} rows with the {end} {plain(measure)}{where}:"
        return f"{head}\n\n" + markdown_table(found, len(found.columns) - 1)


def _shown(question: Question) -> list[str]:
    """The columns worth showing beside the measure: names and dates, a few at most."""
    measure = question.columns[0]
    others = [c for c in question.frame.columns if c != measure and not c.index]
    columns = [c for c in others if c.kind == "text" or c.dated or c.identifies] or others
    columns.sort(key=lambda c: -_telling(c))
    return [*(column.name for column in columns[:4]), measure.name]


def _telling(column: Column) -> int:
    """How well a column tells rows apart."""
    return 2_000_000 if column.identifies else 1_000_000 if column.dated else column.distinct or 0
