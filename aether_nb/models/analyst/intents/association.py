"""Association of two columns of categories: their counts against each other, and a chi-squared test of independence."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.namespace import Column, private
from aether_nb.models.analyst.phrasing import conditions_text, figure, markdown_table, p_value, plain
from aether_nb.models.analyst.question import Key, Question
from aether_nb.models.analyst.results import facts, number
from aether_nb.models.analyst.script import Script

__all__ = ["Association"]


class Association:
    """``are species and island independent``, ``chi-squared test of sex and class``, ``cross table of a and b``."""

    name = "association"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word for it, and two columns of categories; a year may be one of them."""
        asked = clause.claim("task", "chi")
        crossed = clause.claim("task", "cross")
        related = clause.claim("task", "corr") | clause.claim("task", "compare")
        if question.aggs or question.extreme or question.n or not (asked or crossed or related):
            return False
        keys = [*([question.subject] if question.subject else []), *question.keys]
        keys += [key for key in (_as_key(column) for column in question.columns) if key is not None]
        for at, _ in list(clause.free("freq")):
            when = next((column for column in question.frame.columns if column.dated), None)
            if when is not None and clause.tags[at].value == "Y":
                keys.append(Key(when, "Y"))
                clause.take(at)
        if len(keys) != 2 or len(question.columns) > 2 - len(question.keys) or keys[0].column == keys[1].column:
            return False
        named = [key.column.kind in ("text", "bool") for key in keys]
        if not (asked or crossed) and not all(text or key.freq for text, key in zip(named, keys, strict=True)):
            return False
        kinds = "between versus by to ref cols list method row count valueword strength entity values share".split()
        for kind in kinds:
            clause.claim(kind)
        question.keys, question.columns, question.subject = keys, [], None
        return True

    def title(self, question: Question) -> str:
        """What the plan says."""
        one, other = (key.column.name for key in question.keys)
        return f"Compare how {one} and {other} go together"

    def answer(self, question: Question, desk: Desk) -> Script:
        """Whether they are independent, and the counts."""
        outcome = yield from desk.run(question, lambda rows: self._code(question, desk, rows), self.title(question))
        found, printed = desk.table(outcome), facts(outcome.text)
        one, other = (plain(key.column.name) for key in question.keys)
        table = f"Rows by {one} and {other}:\n\n" + markdown_table(found, 1)
        where, p = conditions_text(question.conditions), number(printed.get("p", ""))
        if p is None:
            return f"No test was made: scipy is not installed, or there are too few values{where}.\n\n{table}"
        linked = "are associated: the difference from independence is significant"
        alone = "may well be independent: no significant association was found"
        test = f"Chi-squared test: χ² = {figure(printed['chi2'])}, df = {printed['dof']}, {p_value(p)}."
        few = number(printed.get("smallest expected", "")) or 0.0
        doubt = f" The smallest expected count is {few:.1f}; below 5 the test is rough." if few < 5 else ""
        return f"**{one}** and **{other}**{where} {linked if p < 0.05 else alone} (at 5 %). {test}{doubt}\n\n{table}"

    def _code(self, question: Question, desk: Desk, rows: Rows) -> str:
        chosen = rows.filtered(question.conditions)
        kept = desk.table_name(question)
        chi2, test = private("chi2_contingency"), private("test")
        rows.note(self.title(question))
        rows.lines += [
            f"{kept} = {group_code(question.keys, chosen)}.size().unstack(fill_value=0)",
            "try:",
            f"    from scipy.stats import chi2_contingency as {chi2}",
            "except ImportError:",
            '    print("test: none")',
            "else:",
            f"    if min({kept}.shape) > 1:",
            f"        {test} = {chi2}({kept})",
            f'        print("chi2:", {test}.statistic)',
            f'        print("p:", {test}.pvalue)',
            f'        print("dof:", {test}.dof)',
            f'        print("smallest expected:", {test}.expected_freq.min())',
            f"        del {test}",
            f"    del {chi2}",
        ]
        return rows.code(kept)


def _as_key(column: Column) -> Key | None:
    """A column as a side of the table."""
    if column.dated:
        return Key(column, "Y")
    return Key(column) if column.categorical else None
