"""Distributions: figures of position and shape, skew, and outliers by two rules."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, aggregates, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Question, Unclear
from aether_nb.models.analyst.results import number
from aether_nb.models.analyst.script import Script

__all__ = ["Distribution", "Outliers"]


class Distribution:
    """``how is body mass distributed``, ``is the fare skewed``."""

    name = "distribution"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word for it, and one numeric column."""
        skew = clause.claim("task", "skew")
        asked = clause.claim("task", "distribution") | (bool(question.keys) and clause.claim("task", "profile"))
        for kind in ("count", "cols", "ref", "list", "positive", "negative", "strength"):
            clause.claim(kind)
        if not (asked or skew) or question.aggs or question.subject or len(question.keys) > 1 or question.n:
            return False
        if skew and not question.columns:
            question.flags.add("ordered")
            question.columns = [column for column in question.frame.columns if column.kind == "number"]
            return not question.keys and question.extreme != "min"
        return len(question.columns) == 1 and question.columns[0].numeric and not question.extreme

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Describe the distribution of {listed([column.name for column in question.columns[:4]])}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """Figures, and a word on the skew."""
        names = [column.name for column in question.columns]

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            if "ordered" in question.flags:
                series = f"{chosen}[{names!r}].skew().sort_values(key=abs, ascending=False).rename('skew').to_frame()"
                return rows.code("# the skew of each column", *desk.keep(question, series))
            values = f"{group_code(question.keys, chosen) if question.keys else chosen}[{names[0]!r}]"
            rows.note(self.title(question))
            return rows.code(*desk.keep(question, aggregates(values, _FIGURES)))

        outcome = yield from desk.run(question, write, self.title(question))
        found, where = desk.table(outcome), conditions_text(question.conditions)
        if "ordered" in question.flags:
            head = f"**{plain(found.rows[0][0])}** is skewed most{where}: **{figure(found.rows[0][1])}**."
            return f"{head}\n\n" + markdown_table(found, 1, ("column", "skew"))
        if question.keys:
            return f"Distribution of {plain(names[0])} by {plain(found.columns[0])}{where}:\n\n" + markdown_table(
                found, 1
            )
        skew = number(found.pairs().get("skew", ""))
        shape = f"{plain(names[0])}{where} is {_shape(skew)} (skew **{figure(found.pairs().get('skew', ''))}**)."
        return f"{shape}\n\n" + markdown_table(found, 1, ("", plain(names[0])))


_FIGURES = {
    **{name: name for name in ("count", "mean", "median", "std", "min")},
    "25 %": "q0.25",
    "75 %": "q0.75",
    "max": "max",
    "skew": "skew",
}


def _shape(skew: float | None) -> str:
    if skew is None:
        return "too short to judge its shape"
    if abs(skew) < 0.5:
        return "roughly symmetric"
    strength = "moderately" if abs(skew) < 1 else "strongly"
    return f"{strength} skewed to the {'right' if skew > 0 else 'left'}"


class Outliers:
    """``are there outliers in body mass``, ``outliers by z-score``."""

    name = "outliers"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word for it; all numeric columns when none is named."""
        asked = clause.claim("task", "outlier")
        if clause.claim("method", "zscore"):
            question.flags.add("zscore")
        clause.claim("method", "iqr")
        if not asked or set(question.aggs) - {"iqr"} or question.keys:
            return False
        if question.subject or question.n or question.extreme == "min":
            return False
        question.threshold = 3.0 if "zscore" in question.flags else 1.5
        for kind in ("count", "cols", "ref", "list", "row", "by"):
            clause.claim(kind)
        for at, tag in list(clause.free("number")):
            if 0 < tag.value <= 10:
                question.threshold = float(tag.value)
                clause.take(at)
        text = [column.name for column in question.columns if not column.numeric]
        if text:
            raise Unclear(f"{text[0]} is text, which has no outliers")
        question.columns = question.columns or [c for c in question.frame.columns if c.kind == "number"]
        return True

    def title(self, question: Question) -> str:
        """What the plan says."""
        rule = "z-score" if "zscore" in question.flags else "IQR"
        return f"Count outliers of {listed([c.name for c in question.columns[:4]])} ({rule})"

    def answer(self, question: Question, desk: Desk) -> Script:
        """A line for each column: how many values lie outside, and where the borders are."""
        names = [column.name for column in question.columns]
        zscore = "zscore" in question.flags

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            desk.table_name(question)
            values, low, high = map(rows.helper, ("values", "low", "high"))
            rows.note("values further out than the rule allows")
            rows.lines.append(f"{values} = {chosen}[{names!r}].astype(float)")
            if zscore:
                rows.lines.append(f"{low} = {values}.mean() - {question.threshold} * {values}.std()")
                rows.lines.append(f"{high} = {values}.mean() + {question.threshold} * {values}.std()")
            else:
                iqr = f"({values}.quantile(0.75) - {values}.quantile(0.25))"
                rows.lines.append(f"{low} = {values}.quantile(0.25) - {question.threshold} * {iqr}")
                rows.lines.append(f"{high} = {values}.quantile(0.75) + {question.threshold} * {iqr}")
            cells = (
                f'"outliers": (({values} < {low}) | ({values} > {high})).sum(), '
                f'"values": {values}.count(), "from": {low}, "to": {high}'
            )
            return rows.code(*desk.keep(question, f'pd.DataFrame({{{cells}}}).rename_axis("column")'))

        outcome = yield from desk.run(question, write, self.title(question))
        found, where = desk.table(outcome), conditions_text(question.conditions)
        rule = f"further than {question.threshold:g} " + (
            "standard deviations from the mean" if zscore else "IQR outside the quartiles"
        )
        if len(names) == 1:
            _, count, values, low, high = found.rows[0]
            return (
                f"{plain(names[0])}{where} has **{figure(count)}** outliers among "
                f"{figure(values)} values ({rule}: below {figure(low)} or above {figure(high)})."
            )
        most = max(found.rows, key=lambda row: number(row[1]) or 0)
        head = (
            f"Outliers of `{question.frame.name}`{where} ({rule}); "
            f"most are in **{plain(most[0])}** ({figure(most[1])}):"
        )
        return f"{head}\n\n" + markdown_table(found, 1, mixed=True)
