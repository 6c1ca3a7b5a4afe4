"""Single values: the price of AAPL on a day, the life expectancy of a country in a year."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import facts
from aether_nb.models.analyst.script import Script

__all__ = ["Lookup"]


class Lookup:
    """A column of the rows that meet conditions, without an aggregate."""

    name = "lookup"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """At least one column and one condition; nothing that would be computed."""
        if question.aggs or question.extreme or question.keys or question.plot is not None:
            return False
        if question.subject is not None and not question.subject.freq:
            question.columns, question.subject = [question.subject.column, *question.columns], None
        for kind in ("ref", "list", "howmuch", "row"):
            clause.claim(kind)
        return bool(question.columns) and bool(clause.found) and question.subject is None and len(question.columns) <= 3

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Look up {listed([column.name for column in question.columns])}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The value when there is one; else how many there are, and the first."""
        names = [column.name for column in question.columns]
        tested = [c.column.name for c in question.conditions if c.column is not None and c.column.name not in names]

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            prints = [f'print("count:", len({chosen}))']
            if len(names) == 1 and question.columns[0].kind == "number":
                prints.append(f'print("mean:", {chosen}[{names[0]!r}].mean())')
            return rows.code(*prints, *desk.keep(question, f"{chosen}[{list(dict.fromkeys(tested)) + names!r}]"))

        outcome = yield from desk.run(question, write, self.title(question))
        printed, where = facts(outcome.text), conditions_text(question.conditions)
        if printed.get("count") == "0":
            return f"No row of `{question.frame.name}` meets the conditions{where.replace(' where ', ': ', 1)}."
        found = desk.table(outcome)
        what = listed([plain(name) for name in names])
        if found.total == 1:
            cells = [
                figure(cell, "year" not in name.casefold())
                for name, cell in zip(names, found.rows[0][-len(names) :], strict=True)
            ]
            return f"The {what}{where} is **{listed(cells)}**."
        mean = f", with a mean of **{figure(printed['mean'])}**" if "mean" in printed else ""
        return f"There are **{figure(printed.get('count', ''))}** rows{where}{mean}:\n\n" + markdown_table(found, 1)
