"""Comparing groups: their means, the largest difference, its size, and a test when scipy is there."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.namespace import private
from aether_nb.models.analyst.phrasing import conditions_text, figure, markdown_table, p_value, plain
from aether_nb.models.analyst.question import Key, Question
from aether_nb.models.analyst.results import Table, facts, number
from aether_nb.models.analyst.script import Script
from aether_nb.models.analyst.times import time_column

__all__ = ["Comparison"]


class Comparison:
    """``which species differ most in flipper length``, ``is body mass different between males and females``."""

    name = "compare"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word of comparing, one measure, and one column that makes the groups."""
        asked = clause.claim("task", "compare") | (not question.extreme and clause.claim("task", "vary"))
        comparing = [tag for _, tag in clause.free("more")]
        versus = (
            clause.spoke("versus")
            and len([c for _, c in clause.found if c.op in ("in", "years in")]) == 1
            and not question.extreme
            and not question.keys
            and not clause.spoke("count")
        )
        if not (asked or comparing or (versus and (question.aggs or len(question.columns) == 1))) or set(
            question.aggs
        ) - {"mean", "median"}:
            return False
        for tag in comparing:
            if tag.extra and not question.columns:
                question.columns = [clause.one(clause.by_attribute(tag.extra, tag.text), tag.text)]
        for kind in (
            "more",
            "versus",
            "between",
            "ref",
            "strength",
            "by",
            "to",
            "row",
            "howmuch",
            "count",
            "list",
            "valueword",
        ):
            clause.claim(kind)
        if question.extreme == "min" or question.n:
            return False
        several = [c for _, c in clause.found if c.op in ("in", "years in") and not c.negated and c.column]
        keys = list(question.keys)
        if question.subject is not None:
            keys.append(question.subject)
        texts = [column for column in question.columns if column.kind in ("text", "bool")]
        if not keys and not several and len(texts) == 1 and len(question.columns) == 2:
            keys = [Key(texts[0])]
            question.columns.remove(texts[0])
        if not keys and not several:
            keys = _numbered_groups(clause, question)
        if not keys and len(several) == 1 and several[0].column is not None:
            keys = [Key(several[0].column, "Y" if several[0].op == "years in" else "")]
        question.keys, question.subject = keys, None
        return (
            len(keys) == 1 and len(question.columns) == 1 and question.columns[0].numeric and keys[0].freq in ("", "Y")
        )

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Compare {question.columns[0].name} between the groups of {question.keys[0].column.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The largest difference, a table of the groups, and the test."""
        outcome = yield from desk.run(question, lambda rows: self._code(question, desk, rows), self.title(question))
        found, printed = desk.table(outcome), facts(outcome.text)
        return _said(question, found, printed)

    def _code(self, question: Question, desk: Desk, rows: Rows) -> str:
        chosen, measure = rows.filtered(question.conditions), question.columns[0].name
        kept = desk.table_name(question)
        groups, samples, values = map(rows.helper, ("groups", "samples", "values"))
        stats, test = private("stats"), private("test")
        rows.note(self.title(question))
        rows.lines += [
            f"{groups} = {group_code(question.keys, chosen)}[{measure!r}]",
            f'{kept} = {groups}.agg(["count", "mean", "median", "std", "min", "max"])',
            f'print("largest difference:", {kept}["mean"].max() - {kept}["mean"].min())',
            f'print("highest:", {kept}["mean"].idxmax())',
            f'print("lowest:", {kept}["mean"].idxmin())',
            "# how much of the variation lies between the groups",
            f"{values} = {chosen}.dropna(subset=[{measure!r}, {question.keys[0].column.name!r}])[{measure!r}]",
            (
                f'print("eta squared:", ({kept}["count"] * ({kept}["mean"] - '
                f"{values}.mean()) ** 2).sum() / (({values} - {values}.mean()) ** 2).sum())"
            ),
            f"{samples} = [part.dropna() for _, part in {groups} if part.count() > 1]",
            "try:",
            f"    from scipy import stats as {stats}",
            "except ImportError:",
            '    print("test: none")',
            "else:",
            f"    if len({samples}) > 1:",
        ]
        two = _groups(question) == 2
        made = f"{stats}.ttest_ind(*{samples}, equal_var=False)" if two else f"{stats}.f_oneway(*{samples})"
        rows.lines += [
            f"        {test} = {made}",
            f'        print("test:", "{"Welch" if two else "one-way ANOVA"}")',
            f'        print("statistic:", {test}.statistic)',
            f'        print("p:", {test}.pvalue)',
        ]
        if not two:
            rows.lines.append(f'        print("kruskal p:", {stats}.kruskal(*{samples}).pvalue)')
        return rows.code(f"        del {test}", kept)


def _numbered_groups(clause: Clause, question: Question) -> list[Key]:
    """``between years``, ``between classes``: groups that are numbers, beside the measure."""
    for at, tag in list(clause.free("freq")):
        when = time_column(clause)
        if tag.value == "Y" and when is not None and len(question.columns) == 1:
            clause.take(at)
            return [Key(when, "Y" if when.dated else "")]
    groups = [column for column in question.columns if (column.kind == "number" and column.values) or column.dated]
    if len(question.columns) != 2 or not groups:
        return []
    question.columns.remove(groups[-1])
    return [Key(groups[-1], "Y" if groups[-1].dated else "")]


def _groups(question: Question) -> int:
    """How many groups there are, as far as it is known; 0 when it is not."""
    column = question.keys[0].column
    chosen = [c for c in question.conditions if c.column == column and c.op in ("in", "years in")]
    return len(chosen[0].value) if chosen else len(column.values)


def _said(question: Question, found: Table, printed: dict[str, str]) -> str:
    """What differs by how much, whether that may be chance, and the table."""
    measure, where = plain(question.columns[0].name), conditions_text(question.conditions)
    high, low = plain(printed.get("highest", "?")), plain(printed.get("lowest", "?"))
    head = (
        (
            f"**{high}** and **{low}** differ most in {measure}{where}: their "
            f"means are **{figure(printed.get('largest difference', ''))}** apart."
        )
        if len(found.rows) > 2
        else (
            f"The mean of {measure}{where} is higher for **{high}** than for "
            f"**{low}**, by **{figure(printed.get('largest difference', ''))}**."
        )
    )
    table = markdown_table(found, 1)
    share = (number(printed.get("eta squared", "")) or 0.0) * 100
    size = f"The groups explain {share:.1f} % of the variation."
    p = number(printed.get("p", ""))
    if p is None:
        return f"{head}\n\n{table}\n\n{size} No test was made: scipy is not installed, or a group is too small."
    verdict = "is significant" if p < 0.05 else "is not significant: it may well be due to chance"
    name, letter = ("Welch's t-test", "t") if printed["test"] == "Welch" else ("One-way ANOVA", "F")
    test = f"{name}: {letter} = {figure(printed['statistic'])}, {p_value(p)}, so the difference {verdict} (at 5 %)."
    if "kruskal p" in printed:
        test += f" Kruskal-Wallis: {p_value(number(printed['kruskal p']) or 0.0)}."
    return f"{head}\n\n{table}\n\n{test} {size}"
