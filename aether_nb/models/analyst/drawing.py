"""Drawing: the lines of matplotlib that make a picture of the rows.

Which picture suits a question is decided by the intents.
"""

from __future__ import annotations

from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import NotDone
from aether_nb.models.analyst.question import Question

__all__ = ["heat_lines", "picture_lines"]


def picture_lines(kind: str, question: Question, chosen: str, rows: Rows) -> list[str]:
    """What draws a picture; ``chosen`` is the frame, and every new name is a helper of ``rows``.

    Raises:
        NotDone: The question has not the columns that the picture needs.
    """
    columns = [column.name for column in question.columns if column.numeric or kind in ("bar", "line")]
    keys = [*question.keys, *([question.subject] if question.subject else [])]
    by = keys[0].column.name if keys else ""
    if kind == "heat":
        return _heat(columns, chosen, rows)
    if kind == "hist" and not columns:
        columns = [column.name for column in question.frame.of_kind("number")]
    if len(columns) < (2 if kind in ("scatter", "line") else 1):
        raise NotDone(f"there are not the columns that a {kind} picture needs, so nothing was drawn")
    if kind == "hist":
        return _hist(columns, by, chosen, rows)
    if kind == "box":
        return _box(columns, by, chosen, rows)
    if kind == "bar":
        return [f"{chosen}[{columns[0]!r}].value_counts().plot.bar()", 'plt.ylabel("rows")']
    return _points(kind, question, chosen, columns, rows)


def _heat(columns: list[str], chosen: str, rows: Rows) -> list[str]:
    """Correlations as colours."""
    part = f"{chosen}[{columns!r}]" if len(columns) > 1 else chosen
    return heat_lines(f"{part}.corr(numeric_only=True)", 'cmap="coolwarm", vmin=-1, vmax=1', rows)


def heat_lines(values: str, how: str, rows: Rows) -> list[str]:
    """A frame of numbers as colours, with its labels; ``how`` are further arguments of ``imshow``."""
    matrix = rows.helper("matrix")
    return [
        f"{matrix} = {values}",
        f"plt.imshow({matrix}, {how})",
        f"plt.xticks(range({matrix}.shape[1]), {matrix}.columns, rotation=90)",
        f"plt.yticks(range(len({matrix})), {matrix}.index)",
        "plt.colorbar()",
    ]


def _hist(columns: list[str], by: str, chosen: str, rows: Rows) -> list[str]:
    """How often values occur: of one column, of several, or of one in each group."""
    if not by and len(columns) == 1:
        return [f"plt.hist({chosen}[{columns[0]!r}].dropna(), bins=30)", f"plt.xlabel({columns[0]!r})"]
    group, values = rows.helper("group"), rows.helper("values")
    parts = f"{chosen}.groupby({by!r}, observed=True)[{columns[0]!r}]" if by else f"{chosen}[{columns!r}].items()"
    return [
        f"for {group}, {values} in {parts}:",
        f"    plt.hist({values}.dropna(), bins=30, alpha=0.5, label=str({group}))",
        f"plt.xlabel({columns[0] if by else 'value'!r})",
        "plt.legend()",
    ]


def _box(columns: list[str], by: str, chosen: str, rows: Rows) -> list[str]:
    """Boxes side by side, one for each group or column."""
    boxes = rows.helper("boxes")
    parts = f"{chosen}.groupby({by!r}, observed=True)[{columns[0]!r}]" if by else f"{chosen}[{columns!r}].items()"
    return [
        f"{boxes} = {{str(group): values.dropna() for group, values in {parts}}}",
        f"plt.boxplot(list({boxes}.values()))",
        f"plt.xticks(range(1, len({boxes}) + 1), list({boxes}))",
        f"plt.ylabel({columns[0] if by or len(columns) == 1 else 'value'!r})",
    ]


def _points(kind: str, question: Question, chosen: str, columns: list[str], rows: Rows) -> list[str]:
    """A scatter plot or a line, in one colour for each group when that was asked for."""
    x, y = columns[:2]
    source = chosen if kind == "scatter" else f"{chosen}.sort_values({x!r})"
    color = question.plot.color if question.plot else None
    labels = [f"plt.xlabel({x!r})", f"plt.ylabel({y!r})"]
    how = f"plt.{'scatter' if kind == 'scatter' else 'plot'}"
    if color is None:
        return [f"{how}({source}[{x!r}], {source}[{y!r}])", *labels]
    group, points = rows.helper("group"), rows.helper("points")
    return [
        f"for {group}, {points} in {source}.groupby({color.name!r}, observed=True):",
        f"    {how}({points}[{x!r}], {points}[{y!r}], label=str({group}))",
        *labels,
        "plt.legend()",
    ]
