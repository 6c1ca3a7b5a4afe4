"""Missing values: how many, where, in which column most, and how many rows are complete."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain, share_text
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table, facts, number
from aether_nb.models.analyst.script import Script

__all__ = ["Missing"]


class Missing:
    """``how many values are missing``, ``which columns have gaps``, ``how many rows are complete``."""

    name = "missing"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """It needs a word for it, and no aggregate beside it."""
        asked = clause.claim("task", "missing")
        complete = clause.claim("task", "complete")
        if "all" in question.flags:
            question.columns = []
        without = [at for at, tag in clause.free("not") if tag.text.casefold() in ("no", "without")]
        if without and len(question.columns) == 1 and question.columns[0].kind == "text" and clause.has("count"):
            clause.take(*without)
            asked = True
        if not (asked or complete) or question.aggs or len(question.keys) > 1:
            return False
        if complete or clause.has("not"):
            if question.columns and not clause.has("row") and not complete:
                question.flags.add("known")
            question.flags.add("complete")
            if clause.has("cols") and not clause.has("row") and not question.extreme:
                question.flags.add("columns")
        elif clause.has("row"):
            question.flags.add("anyrow")
        for kind in ("count", "share", "cols", "row", "by", "ref", "list", "not", "entity", "values"):
            clause.claim(kind)
        if question.subject is not None and not question.keys:
            question.keys, question.subject = [question.subject], None
            question.flags.add("with gaps")
        return question.extreme in ("", "max", "min") and question.subject is None

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Count missing values of {listed([c.name for c in question.columns]) or question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """A table with a line for each column, and the totals."""
        if question.keys:
            return (yield from self._grouped(question, desk))
        names = [column.name for column in question.columns]

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            part = f"{chosen}[{names!r}]" if names else chosen
            counts = f'"missing": {part}.isna().sum(), "percent": {part}.isna().mean() * 100'
            frame = f"pd.DataFrame({{{counts}}})" + ("" if names else '.sort_values("missing", ascending=False)')
            prints = [
                f'print("rows:", len({chosen}))', f'print("missing:", {part}.isna().sum().sum())',
                f'print("incomplete rows:", {part}.isna().any(axis=1).sum())',
                f'print("complete rows:", {part}.notna().all(axis=1).sum())',
            ]  # fmt: skip
            return rows.code("# missing values of each column", *prints, *desk.keep(question, frame))

        outcome = yield from desk.run(question, write, self.title(question))
        return self._said(question, desk.table(outcome), facts(outcome.text))

    def _said(self, question: Question, found: Table, printed: dict[str, str]) -> str:
        rows, where = figure(printed.get("rows", "")), conditions_text(question.conditions)
        name = f"`{question.frame.name}`"
        complete, gaps = figure(printed.get("complete rows", "")), figure(printed.get("incomplete rows", ""))
        if question.columns and len(found.rows) == 1:
            column, count, percent = found.rows[0][:3]
            known = f" {complete} are present." if "complete" in question.flags else ""
            return (
                f"{plain(column)} has **{figure(count)}** missing values, "
                f"{share_text(percent)} of {rows} rows{where}.{known}"
            )
        with_gaps = [row for row in found.rows if number(row[1])]
        shown = Table(found.columns, tuple(with_gaps or found.rows), len(with_gaps or found.rows))
        total = figure(printed.get("missing", ""))
        full = [row for row in found.rows if not number(row[1])]
        if "columns" in question.flags:
            names = listed([f"**{plain(row[0])}**" for row in full]) or "none"
            return f"**{len(full)}** of {found.total} columns of {name} have no missing values{where}: {names}."
        if "complete" in question.flags:
            head = (
                f"**{complete}** of {rows} rows of {name} are complete; {gaps} have at least one missing value{where}."
            )
        elif "anyrow" in question.flags:
            head = (
                f"**{gaps}** of {rows} rows of {name} have at least one "
                f"missing value ({total} missing values in all){where}."
            )
        elif not with_gaps:
            return f"No value is missing in {name} ({rows} rows, **0** missing values){where}."
        elif question.extreme and with_gaps:
            ends = [row for row in with_gaps if row[1] == with_gaps[0 if question.extreme == "max" else -1][1]]
            if question.extreme == "min":
                low = found.rows[-1][1]
                ends = [row for row in found.rows if row[1] == low]
            count = "most" if question.extreme == "max" else "fewest"
            head = (
                f"**{listed([plain(row[0]) for row in ends])}** has the {count} missing values: {figure(ends[0][1])}."
            )
        else:
            head = (
                f"**{total}** values are missing in {name}, in {len(with_gaps)} "
                f"columns; {gaps} of {rows} rows have a gap{where}."
            )
        if not with_gaps:
            return head
        return f"{head}\n\n" + markdown_table(shown, 1, ("column", "missing", "percent"), percent=("percent",))

    def _grouped(self, question: Question, desk: Desk) -> Script:
        """Missing values of one column, or of all, in each group."""
        column = question.columns[0].name if question.columns else ""
        only = "with gaps" in question.flags and not question.extreme
        picked = '.loc[lambda counts: counts["missing"] > 0]' if only else ""

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            gaps = f"{chosen}[{column!r}].isna()" if column else f"{chosen}.isna().sum(axis=1)"
            grouped = group_code(question.keys, f"{chosen}.assign(missing={gaps})")
            counts = f'{grouped}["missing"].sum().to_frame(){picked}'
            total = f'print("missing:", {gaps}.sum())'
            return rows.code("# missing values in each group", total, *desk.keep(question, counts))

        outcome = yield from desk.run(question, write, self.title(question))
        what = plain(column) if column else "all columns"
        if only and facts(outcome.text).get("missing") == "0":
            return f"No value of {what} is missing{conditions_text(question.conditions)}."
        found = desk.table(outcome)
        if question.extreme:
            found = Table(
                found.columns,
                tuple(sorted(found.rows, key=lambda r: number(r[-1]) or 0, reverse=question.extreme == "max")),
                found.total,
            )
        if only:
            groups = f"the values of {plain(found.columns[0])} that have any (**{found.total:,}**)"
            return f"Missing values of {what}, for {groups}:\n\n" + markdown_table(found)
        return f"Missing values of {what} by {plain(found.columns[0])}:\n\n" + markdown_table(found)
