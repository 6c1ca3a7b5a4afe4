"""Correlation: of two columns, of one with all others, of all pairs; by group too."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Question, Unclear
from aether_nb.models.analyst.results import number
from aether_nb.models.analyst.script import Script

__all__ = ["Correlation"]


class Correlation:
    """``correlation between a and b``, ``what correlates most with mpg``, ``correlation matrix``."""

    name = "correlation"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word for it, and numeric columns."""
        matrix = clause.claim("task", "matrix") or (question.plot is not None and question.plot.kind == "heat")
        asked = clause.claim("task", "corr") | clause.has("method", "spearman")
        asked |= clause.has("pair") and clause.has("strength")
        if not (asked or matrix) or question.aggs or len(question.keys) > 1:
            return False
        strongest = clause.claim("strength") or question.extreme == "max"
        for word in ("weakest", "positive", "negative"):
            if clause.claim(word):
                question.flags.add(word)
        if clause.claim("method", "spearman"):
            question.flags.add("spearman")
        for kind in ("between", "versus", "cols", "to", "ref", "list", "numericword", "by", "all", "values", "pair"):
            clause.claim(kind)
        text = [column.name for column in question.columns if not column.numeric]
        if text:
            raise Unclear(f"{text[0]} is text, so it has no correlation")
        for at, tag in list(clause.free("number")):
            if tag.value == 2 and not question.columns:
                clause.take(at)
        if question.n == 2 and "cols" in [clause.tags[at].kind for at in range(len(clause.tags))]:
            question.n = None
        if any(tag.kind == "top" and tag.text.casefold() == "least" for tag in clause.tags):
            question.flags.add("weakest")
            question.extreme = ""
        if question.extreme == "min" or question.subject is not None or (question.n and question.columns):
            return False
        if strongest or {"weakest", "negative"} & question.flags:
            question.flags.add("ordered")
        return not question.keys or len(question.columns) == 2

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Compute the correlation of {listed([c.name for c in question.columns[:5]]) or 'all numeric columns'}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """A coefficient in a sentence, or a table."""
        if len(question.columns) == 2:
            return (yield from self._pair(question, desk))
        return (yield from self._many(question, desk))

    def _pair(self, question: Question, desk: Desk) -> Script:
        """Two columns: Pearson and Spearman."""
        one, other = (column.name for column in question.columns)

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            if question.keys:
                groups = group_code(question.keys, chosen)
                series = f"pd.Series({{group: part[{one!r}].corr(part[{other!r}]) for group, part in {groups}}})"
                named = f"{series}.rename('correlation').rename_axis({question.keys[0].column.name!r}).to_frame()"
                return rows.code("# the correlation within each group", *desk.keep(question, named))
            both = f"{chosen}[[{one!r}, {other!r}]].dropna()"
            cells = (
                f'    "pairs": len({both}),',
                f'    "pearson": {chosen}[{one!r}].corr({chosen}[{other!r}]),',
                f'    "spearman": {both}.rank().corr().iloc[0, 1],',
            )
            rows.note("rows where both are known")
            return rows.code(*desk.keep(question, "\n".join(["pd.Series({", *cells, "})"])))

        outcome = yield from desk.run(question, write, self.title(question))
        found, where = desk.table(outcome), conditions_text(question.conditions)
        names = f"{plain(one)} and {plain(other)}"
        if question.keys:
            return (
                f"Correlation (Pearson) of {names} by {plain(question.keys[0].column.name)}{where}:\n\n"
                + markdown_table(found, 1)
            )
        values = found.pairs()
        lead, beside = ("spearman", "pearson") if "spearman" in question.flags else ("pearson", "spearman")
        r = number(values.get(lead, ""))
        if r is None:
            return f"The correlation of {names}{where} cannot be computed: there is too little variation."
        return (
            f"The correlation of {names}{where} is **{figure(values[lead])}** "
            f"({lead.capitalize()}; {beside.capitalize()} "
            f"{figure(values[beside])}; {figure(values['pairs'])} rows): {_strength(r)}."
        )

    def _many(self, question: Question, desk: Desk) -> Script:
        """One column with all others, or all pairs."""
        names = [column.name for column in question.columns]
        target = names[0] if len(names) == 1 else ""
        ordered = "ordered" in question.flags and not target

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            method = ', method="spearman"' if "spearman" in question.flags else ""
            part = f"{chosen}[{names!r}]" if len(names) > 2 else chosen
            matrix = f"{part}.corr(numeric_only=True{method})"
            if target:
                others = f"{matrix}[{target!r}].drop({target!r}).sort_values({_order(question)})"
                shown = f"{others}.rename('correlation').to_frame()"
                return rows.code("# the correlation with each other column", *desk.keep(question, shown))
            if ordered:
                named = f"{matrix}.rename_axis(index='one', columns='other')"
                pairs = f"{named}.stack().rename('correlation').reset_index()"
                kept = f"{pairs}.query('one < other').sort_values('correlation', {_order(question)}).set_index('one')"
                return rows.code("# every pair once", *desk.keep(question, kept))
            return rows.code("# every column with every other", *desk.keep(question, matrix))

        outcome = yield from desk.run(question, write, self.title(question))
        found, where = desk.table(outcome), conditions_text(question.conditions)
        if target:
            best = found.rows[0]
            end = "least" if "weakest" in question.flags else "most"
            head = f"**{plain(best[0])}** is correlated {end} with {plain(target)}{where}: **{figure(best[1])}**."
            return f"{head}\n\n" + markdown_table(found, 1, ("column", "correlation"))
        if ordered:
            best = found.rows[0]
            end = "weakest" if "weakest" in question.flags else "strongest"
            head = (
                f"The {end} correlation{where} is that of **{plain(best[0])}** "
                f"and **{plain(best[1])}**: **{figure(best[2])}**."
            )
            return f"{head}\n\n" + markdown_table(found, 2)
        return f"Correlation (Pearson) of the numeric columns of `{question.frame.name}`{where}:\n\n" + markdown_table(
            found, 1
        )


def _order(question: Question) -> str:
    """How coefficients are sorted: by strength, unless a sign was asked for."""
    if "negative" in question.flags:
        return "ascending=True"
    if "positive" in question.flags:
        return "ascending=False"
    return f"key=abs, ascending={'weakest' in question.flags}"


def _strength(r: float) -> str:
    size = abs(r)
    word = (
        "no"
        if size < 0.1
        else "a weak"
        if size < 0.3
        else "a moderate"
        if size < 0.6
        else "a strong"
        if size < 0.9
        else "a very strong"
    )
    sign = "" if size < 0.1 else " positive" if r > 0 else " negative"
    return f"{word}{sign} linear relationship"
