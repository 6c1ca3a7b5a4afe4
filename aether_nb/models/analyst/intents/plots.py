"""Pictures: drawn from the rows themselves, or from the table that another intent has made."""

from __future__ import annotations

from dataclasses import replace

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import Desk, NotDone
from aether_nb.models.analyst.drawing import heat_lines, picture_lines
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import conditions_text, listed, plain
from aether_nb.models.analyst.question import Key, Plot, Question
from aether_nb.models.analyst.results import has_figure
from aether_nb.models.analyst.script import Script

__all__ = ["Picture", "draw"]

_NAMES = {
    "hist": "histogram",
    "bar": "bar chart",
    "line": "line chart",
    "scatter": "scatter plot",
    "box": "box plot",
    "heat": "heat map",
}
_FROM_TABLE = frozenset({"bar", "line"})


class Picture:
    """A picture of columns as they are: histogram, scatter, box plot, line, heat map."""

    name = "picture"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A picture is asked for, and no figure beside it."""
        plot = question.plot
        if plot is None or question.aggs or question.extreme or question.subject is not None:
            return False
        clause.claim("task", "distribution")
        clause.claim("versus")
        clause.claim("between")
        clause.claim("by")
        clause.claim("ref")
        clause.claim("to")
        clause.claim("list")
        if plot.kind == "bar":
            clause.claim("count")
        if plot.kind == "heat":
            clause.claim("task", "corr")
            clause.claim("task", "matrix")
        if plot.kind in ("scatter", "any") and len(question.columns) == 2:
            clause.claim("task", "corr")
        if plot.kind == "line" or (plot.kind == "any" and _dated(question)):
            clause.claim("task", "trend")
        kind = _kind(question)
        question.plot = Plot(kind, plot.color)
        return _fits(kind, question)

    def title(self, question: Question) -> str:
        """What the plan says."""
        return picture_title(question)

    def answer(self, question: Question, desk: Desk) -> Script:
        """One picture, and a sentence on what it shows."""
        return (yield from draw(question, desk))


def picture_title(question: Question) -> str:
    """``Draw a histogram of body_mass_g``."""
    kind = question.plot.kind if question.plot else "any"
    what = listed([column.name for column in question.columns[:4]]) or question.frame.name
    by = (
        f" by {listed([key.column.name for key in question.keys])}"
        if question.keys and kind not in ("scatter", "heat")
        else ""
    )
    return f"Draw a {_NAMES.get(kind, 'picture')} of {what}{by}"


def draw(question: Question, desk: Desk) -> Script:
    """Draw it; from the kept table when there is one and the picture is one of groups."""
    kind = _kind(question)
    asked = replace(question, plot=Plot(kind, question.plot.color if question.plot else None))
    purpose = picture_title(asked)
    crossed = kind == "heat" and asked.task in ("aggregate", "count", "association") and len(asked.keys) == 2
    if kind == "heat" and not crossed and asked.task not in ("picture", "correlation"):
        raise NotDone("a heat map shows correlations, or one figure by two groups, so nothing was drawn")
    from_table = bool(desk.saved) and (kind in _FROM_TABLE or crossed)

    def write(rows: Rows) -> str:
        if from_table:
            rows.lines.clear()
            lines = _crossed_lines(asked, desk, rows) if crossed else _table_lines(asked, desk)
        else:
            lines = picture_lines(kind, asked, rows.filtered(asked.conditions), rows)
            lines = lines if ".plot." in lines[0] else ["plt.figure()", *lines]
        text = rows.code(*lines, f"plt.title({_heading(asked)!r})", "plt.show()")
        return f"import matplotlib.pyplot as plt\n{'' if text.startswith('import') else chr(10)}{text}"

    outcome = yield from desk.run(asked, write, purpose)
    if not has_figure(outcome.text):
        return f"{purpose}: the code ran, but no picture came of it."
    if asked.task != "picture":
        return ""
    what = listed([plain(column.name) for column in asked.columns[:4]]) or f"`{asked.frame.name}`"
    by = listed([plain(key.column.name) for key in asked.keys]) if kind != "scatter" else ""
    return f"A {_NAMES[kind]} of {what}{f' by {by}' if by else ''}{conditions_text(asked.conditions)}."


def _heading(question: Question) -> str:
    columns = [column.name for column in question.columns[:3]] or [question.frame.name]
    keys = [key.column.name for key in question.keys]
    return ", ".join(columns) + (f" by {listed(keys)}" if keys else "")


def _dated(question: Question) -> bool:
    return any(column.dated for column in question.columns) or any(key.column.dated for key in question.keys)


def _kind(question: Question) -> str:
    """The picture that was asked for, or the one that suits."""
    kind = question.plot.kind if question.plot else "any"
    if kind != "any":
        return kind
    by_task = {
        "compare": "box",
        "count": "bar",
        "values": "bar",
        "share": "bar",
        "rank": "bar",
        "missing": "bar",
        "trend": "line",
        "outliers": "box",
        "distribution": "hist",
        "matrix": "heat",
    }
    if question.task in by_task:
        if question.task == "compare" and not question.keys and question.subject is None:
            return "hist"
        return by_task[question.task]
    numeric = [column for column in question.columns if column.numeric]
    if question.keys:
        timed = any(key.freq or key.column.dated for key in question.keys)
        return "line" if timed else "bar" if question.aggs else "box"
    if _dated(question):
        return "line"
    if len(numeric) == 2 and len(question.columns) == 2:
        return "scatter"
    if len(numeric) == len(question.columns) == 1:
        return "hist"
    return "bar" if question.columns else "hist"


def _fits(kind: str, question: Question) -> bool:
    """Whether there are the columns that the picture needs."""
    numeric = [column for column in question.columns if column.numeric]
    others = [column for column in question.columns if not column.numeric]
    if kind == "heat":
        return not others and not question.keys
    if kind in ("hist", "box"):
        _group_by_others(question, others)
        return bool(numeric) and len(question.keys) <= 1 and not any(column.dated for column in others)
    if kind == "scatter":
        if len(numeric) == 1 and question.keys and question.keys[0].column.numeric:
            question.columns.append(question.keys.pop().column)
        return len(question.columns) == 2 and not others and not question.keys
    if kind == "line":
        groups = [key for key in question.keys if key.column.categorical and not key.freq and not key.column.dated]
        if len(groups) == 1 and question.plot is not None and question.plot.color is None and _dated(question):
            question.keys.remove(groups[0])
            question.plot = Plot(kind, groups[0].column)
        if len(numeric) == 1 and len(question.keys) == 1 and not others and not question.keys[0].freq:
            key = question.keys.pop()
            question.columns.insert(0, key.column)
        if len(numeric) == len(question.columns) == 1 and not question.keys:
            question.columns[:0] = question.frame.of_kind("date", "date text")
        dated = [column for column in question.columns if column.dated]
        x = dated or [column for column in question.columns if "year" in column.name.casefold()] or question.columns[:1]
        question.columns = x[:1] + [column for column in question.columns if column not in x[:1]]
        return len(question.columns) == 2 and question.columns[1].numeric and not question.keys
    return bool(kind == "bar" and len(question.columns) == 1 and not question.keys and question.columns[0].categorical)


def _group_by_others(question: Question, others: list[Column]) -> None:
    """``box plot of mass and species``: a column of categories is what the boxes are for."""
    if len(others) == 1 and not question.keys and others[0].categorical:
        question.keys.append(Key(others[0]))
        question.columns.remove(others[0])


def _crossed_lines(question: Question, desk: Desk, rows: Rows) -> list[str]:
    """What draws the last column of the kept table, one group against the other."""
    kept = desk.saved if question.task == "association" else f"{desk.saved}.iloc[:, -1].unstack()"
    return ["plt.figure()", *heat_lines(kept, 'cmap="viridis"', rows)]


def _table_lines(question: Question, desk: Desk) -> list[str]:
    """What draws the table that was kept: its last column, the count left out when there is more."""
    kind = _kind(question)
    picked = f'{desk.saved}.drop(columns=["count"], errors="ignore")'
    if question.task in ("trend", "count", "values", "missing") or (question.task == "rank" and not question.columns):
        picked = f"{desk.saved}.iloc[:, :1]"
    return [f"{picked}.plot.{'barh' if kind == 'bar' and 'horizontal' in question.flags else kind}()"]
