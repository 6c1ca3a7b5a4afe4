"""Pictures: drawn from the rows themselves, or from the table that another intent has made."""

from __future__ import annotations

from dataclasses import replace

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import conditions_text, listed, plain
from aether_nb.models.analyst.question import Key, Plot, Question, Unclear
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
    from_table = bool(desk.saved) and kind in _FROM_TABLE

    def write(rows: Rows) -> str:
        ax = desk.names.fresh("ax")
        if from_table:
            rows.lines.clear()
            lines = _table_lines(asked, desk, ax)
        else:
            lines = _lines(kind, asked, rows.filtered(asked.conditions), ax)
        text = rows.code(f"{ax} = plt.subplots()[1]", *lines, f"{ax}.set_title({_heading(asked)!r})", "plt.show()")
        return f"import matplotlib.pyplot as plt\n{'' if text.startswith('import') else chr(10)}{text}"

    outcome = yield from desk.run(asked, write, purpose)
    drawn = "stands with this cell's output" if has_figure(outcome.text) else "was drawn"
    what = listed([plain(column.name) for column in asked.columns[:4]]) or f"`{asked.frame.name}`"
    return f"The {_NAMES[kind]} of {what}{conditions_text(asked.conditions)} {drawn}."


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
    by_task = {"compare": "box", "count": "bar", "values": "bar", "share": "bar", "rank": "bar", "missing": "bar", "trend": "line",
               "outliers": "box", "distribution": "hist", "matrix": "heat"}  # fmt: skip
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


def _lines(kind: str, question: Question, chosen: str, ax: str) -> list[str]:
    """What draws a picture of the rows themselves."""
    names = [column.name for column in question.columns]
    keys = [*question.keys, *([question.subject] if question.subject else [])]
    by = keys[0].column.name if keys else ""
    if kind == "heat":
        part = f"{chosen}[{names!r}]" if names else chosen
        return [
            f"matrix = {part}.corr(numeric_only=True)", f'image = {ax}.imshow(matrix, cmap="coolwarm", vmin=-1, vmax=1)',
            f"{ax}.set_xticks(range(len(matrix)), matrix.columns, rotation=90)",
            f"{ax}.set_yticks(range(len(matrix)), matrix.columns)", f"{ax}.figure.colorbar(image)",
        ]  # fmt: skip
    if not names:
        return [f"{chosen}.hist(ax={ax}, bins=30)"]
    if kind == "hist":
        if by:
            return [
                f"for group, values in {chosen}.groupby({by!r}, observed=True)[{names[0]!r}]:",
                f"    {ax}.hist(values.dropna(), bins=30, alpha=0.5, label=str(group))",
                f"{ax}.set_xlabel({names[0]!r})", f"{ax}.legend()",
            ]  # fmt: skip
        return [f"for name in {names!r}:", f"    {ax}.hist({chosen}[name].dropna(), bins=30, alpha=0.6, label=name)", f"{ax}.legend()"] \
            if len(names) > 1 else [f"{ax}.hist({chosen}[{names[0]!r}].dropna(), bins=30)", f"{ax}.set_xlabel({names[0]!r})"]  # fmt: skip
    if kind == "box":
        return _box(chosen, names, by, ax)
    if kind == "bar":
        return [f"{chosen}[{names[0]!r}].value_counts().plot.bar(ax={ax})", f'{ax}.set_ylabel("rows")']
    return _points(kind, question, chosen, names, ax)


def _box(chosen: str, names: list[str], by: str, ax: str) -> list[str]:
    """Boxes side by side, one for each group or column."""
    if by:
        series = f"{{str(group): values.dropna() for group, values in {chosen}.groupby({by!r}, observed=True)[{names[0]!r}]}}"
    else:
        series = f"{{name: {chosen}[name].dropna() for name in {names!r}}}"
    ticks = f"{ax}.set_xticks(range(1, len(boxes) + 1), list(boxes))"
    return [f"boxes = {series}", f"{ax}.boxplot(list(boxes.values()))", ticks, f"{ax}.set_ylabel({names[0]!r})"]


def _points(kind: str, question: Question, chosen: str, names: list[str], ax: str) -> list[str]:
    """A scatter plot or a line, in one colour for each group when that was asked for."""
    if len(names) < 2:
        raise Unclear("a second column is needed for that picture")
    x, y = names[:2]
    draw_one = f"{ax}.scatter" if kind == "scatter" else f"{ax}.plot"
    start = chosen if kind == "scatter" else f"{chosen}.sort_values({x!r})"
    color = question.plot.color if question.plot else None
    labels = [f"{ax}.set_xlabel({x!r})", f"{ax}.set_ylabel({y!r})"]
    if color is None:
        return [f"points = {start}", f"{draw_one}(points[{x!r}], points[{y!r}])", *labels]
    return [
        f"for group, points in {start}.groupby({color.name!r}, observed=True):",
        f"    {draw_one}(points[{x!r}], points[{y!r}], label=str(group))", *labels, f"{ax}.legend()",
    ]  # fmt: skip


def _table_lines(question: Question, desk: Desk, ax: str) -> list[str]:
    """What draws the table that was kept: its last column, the count left out when there is more."""
    kind = _kind(question)
    picked = f'{desk.saved}.drop(columns=["count"], errors="ignore")'
    if question.task in ("count", "values", "missing") or (question.task == "rank" and not question.columns):
        picked = f"{desk.saved}.iloc[:, :1]"
    return [f"{picked}.plot.{kind}(ax={ax})"]
