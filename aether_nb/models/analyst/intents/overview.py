"""Overviews: profile of a frame or a column, shape, columns and types, first rows, duplicates."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.profiled import profile_by_tool, told_by_tool
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import facts
from aether_nb.models.analyst.script import Script

__all__ = ["Columns", "Duplicates", "Head", "Profile", "Shape", "profile_steps"]


def profile_steps(question: Question, desk: Desk) -> Script:
    """A profile of a whole frame: rows, types, missing, distinct values, and figures of the numeric columns."""
    name = question.frame.name

    def write(rows: Rows) -> str:
        chosen = rows.filtered(question.conditions)
        overview = (
            "pd.DataFrame(\n    [\n        (\n            name, str(column.dtype), column.isna().sum(), "
            "column.astype(str).nunique(),\n            *((column.mean(), column.min(), column.max()) "
            'if column.dtype.kind in "iufb" else (None, None, None)),\n        )\n'
            f"        for name, column in {chosen}.items()\n    ],\n"
            '    columns=["column", "type", "missing", "distinct", "mean", "min", "max"],\n).set_index("column")'
        )
        prints = [f'print("rows:", len({chosen}))', f'print("columns:", {chosen}.shape[1])']
        return rows.code("# one line for each column", *prints, *desk.keep(question, overview))

    outcome = yield from desk.run(question, write, f"Profile {name}")
    found, printed = desk.table(outcome), facts(outcome.text)
    head = (
        f"`{name}` has **{figure(printed.get('rows', ''))} rows** and **{figure(printed.get('columns', ''))} columns**"
    )
    return f"{head}{conditions_text(question.conditions)}.\n\n" + markdown_table(
        found, 2, ("column", *found.columns[1:]), mixed=True
    )


class Profile:
    """``describe the data``, ``tell me about body mass``."""

    name = "profile"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """It needs a word for it; columns may narrow it down."""
        asked = clause.claim("task", "profile") or any(t.text.casefold() == "summary" for _, t in clause.free("ref"))
        if "all" in question.flags:
            asked |= clause.claim("distinct") | clause.claim("values")
            question.columns = []
            clause.claim("count")
        clause.claim("list")
        clause.claim("ref")
        clause.claim("cols")
        if question.keys or question.extreme or question.aggs or question.subject:
            return False
        return asked

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Profile {listed([c.name for c in question.columns]) or question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The whole frame, or the figures of the columns that were named."""
        if told_by_tool(question, desk):
            return (yield from profile_by_tool(question, desk))
        if not question.columns:
            return (yield from profile_steps(question, desk))
        names = [column.name for column in question.columns]

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            figures = [f"{chosen}[{name!r}].describe().rename({name!r})" for name in names]
            shown = figures[0] + ".to_frame()" if len(names) == 1 else f"pd.concat([{', '.join(figures)}], axis=1)"
            return rows.code("# figures of the column", *desk.keep(question, shown))

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome)
        where = conditions_text(question.conditions)
        return f"Figures of {listed([plain(n) for n in names])}{where}:\n\n" + markdown_table(found, 1, ("", *names))


class Shape:
    """``how many rows and columns``, ``what is the shape``."""

    name = "shape"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """Rows of the whole frame, or columns; rows that meet conditions are counted elsewhere."""
        if clause.found or question.columns or question.keys or question.extreme or question.aggs or question.subject:
            return False
        if clause.claim("task", "shape"):
            clause.claim("row")
            clause.claim("cols")
            return not clause.claim("list")
        columns = clause.has("cols") and not clause.has("numericword") and not clause.has("textword")
        asked = clause.has("count") and columns
        if asked:
            clause.claim("count")
            clause.claim("row")
            clause.claim("cols")
        return asked

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Count rows and columns of {question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """Both figures."""

        def write(rows: Rows) -> str:
            series = f'pd.Series({{"rows": len({rows.name}), "columns": {rows.name}.shape[1]}})'
            return rows.code(*desk.keep(question, series))

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome).pairs()
        rows, columns = figure(found.get("rows", "")), figure(found.get("columns", ""))
        return f"`{question.frame.name}` has **{rows} rows** and **{columns} columns**."


class Columns:
    """``which columns are numeric``, ``data types``, ``list the columns``."""

    name = "columns"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """Names and types of columns, perhaps of one kind only, perhaps of one column."""
        types = clause.claim("task", "types")
        if "all" in question.flags and (clause.has("count") or clause.has("list") or clause.has("which")):
            question.columns, types = [], True
            question.flags.add("numericword")
        columns = clause.claim("cols")
        for kind in ("numericword", "textword"):
            if clause.claim(kind):
                question.flags.add(kind)
        clause.claim("list")
        clause.claim("ref")
        clause.claim("by")
        if clause.claim("count") and not ((columns or types) and {"numericword", "textword"} & question.flags):
            return False
        plain_task = not (clause.found or question.keys or question.extreme or question.aggs or question.subject)
        return plain_task and (types or (columns and not question.columns))

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"List the columns of {question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """A table of names and types."""

        def write(rows: Rows) -> str:
            chosen = rows.name
            if "numericword" in question.flags:
                chosen = f'{chosen}.select_dtypes("number")'
            elif "textword" in question.flags:
                chosen = f'{chosen}.select_dtypes(exclude=["number", "datetime"])'
            elif question.columns:
                chosen = f"{chosen}[{[column.name for column in question.columns]!r}]"
            return rows.code(*desk.keep(question, f'{chosen}.dtypes.astype(str).rename("type").to_frame()'))

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome)
        kind = "numeric " if "numericword" in question.flags else "non-numeric " if "textword" in question.flags else ""
        head = f"**{found.total}** {kind}column{'s' * (found.total != 1)} of `{question.frame.name}`"
        return f"{head}:\n\n" + markdown_table(found, 2, ("column", "type"))


class Head:
    """``show the first 5 rows``."""

    name = "head"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """The first or last rows, without a ranking."""
        asked = clause.claim("task", "head")
        if clause.claim("task", "tail") or (clause.has("row") and clause.claim("last")):
            asked = True
            question.flags.add("tail")
        ordinal = [at for at, tag in clause.free("ordinal") if tag.value == 1]
        ordinal += [at for at, tag in clause.free("unknown")]
        numbers = [at for at, tag in clause.free("number") if isinstance(tag.value, int) and 0 < tag.value <= 60]
        if (ordinal or (question.extreme == "max" and clause.has("row"))) and numbers:
            asked = True
        if (
            question.columns
            or question.keys
            or question.subject
            or question.aggs
            or (question.extreme and not question.n)
        ):
            return False
        if asked and numbers:
            question.n = clause.tags[numbers[0]].value
            clause.take(numbers[0])
        clause.take(*ordinal)
        clause.claim("row")
        clause.claim("list")
        return asked and not question.extreme

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Show the {'last' if 'tail' in question.flags else 'first'} rows of {question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The rows as a table."""

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            end = "tail" if "tail" in question.flags else "head"
            return rows.code(*desk.keep(question, f"{chosen}.{end}({question.n or 5})"))

        outcome = yield from desk.run(question, write, self.title(question))
        end = "last" if "tail" in question.flags else "first"
        return f"The {end} rows of `{question.frame.name}`:\n\n" + markdown_table(desk.table(outcome), 1)


class Duplicates:
    """``how many duplicate rows``."""

    name = "duplicates"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """It needs the word."""
        asked = clause.claim("task", "duplicates")
        for kind in ("count", "row", "ref", "valueword", "list"):
            clause.claim(kind)
        return asked and not (question.keys or question.extreme or question.aggs or question.subject)

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Count duplicate rows of {question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """How many rows repeat an earlier one."""
        names = [column.name for column in question.columns]

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            subset = f"subset={names!r}" if names else ""
            series = f'pd.Series({{"duplicates": {chosen}.duplicated({subset}).sum(), "rows": len({chosen})}})'
            return rows.code("# rows that repeat an earlier row", *desk.keep(question, series))

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome).pairs()
        same = f" in {listed([plain(n) for n in names])}" if names else ""
        return (
            f"**{figure(found.get('duplicates', ''))}** of {figure(found.get('rows', ''))} rows of "
            f"`{question.frame.name}` repeat an earlier row{same}{conditions_text(question.conditions)}."
        )
