"""Drawing: the lines of matplotlib that make a picture of the rows.

Which picture suits a question is decided by the intents.
"""

from __future__ import annotations

from aether_nb.models.analyst.desk import NotDone
from aether_nb.models.analyst.namespace import Namespace
from aether_nb.models.analyst.question import Question

__all__ = ["picture_lines"]


def picture_lines(kind: str, question: Question, chosen: str, ax: str, names: Namespace) -> list[str]:
    """What draws a picture on ``ax``; ``chosen`` is the frame, and every new name is one that is free.

    Raises:
        NotDone: The question has not the columns that the picture needs.
    """
    columns = [column.name for column in question.columns if column.numeric or kind in ("bar", "line")]
    keys = [*question.keys, *([question.subject] if question.subject else [])]
    by = keys[0].column.name if keys else ""
    if kind == "heat":
        return _heat(columns, chosen, ax, names)
    if kind == "hist" and not columns:
        columns = [column.name for column in question.frame.of_kind("number")]
    if len(columns) < (2 if kind in ("scatter", "line") else 1):
        raise NotDone(f"there are not the columns that a {kind} picture needs, so nothing was drawn")
    if kind == "hist":
        return _hist(columns, by, chosen, ax, names)
    if kind == "box":
        return _box(columns, by, chosen, ax, names)
    if kind == "bar":
        return [f"{chosen}[{columns[0]!r}].value_counts().plot.bar(ax={ax})", f'{ax}.set_ylabel("rows")']
    return _points(kind, question, chosen, columns, ax, names)


def _heat(columns: list[str], chosen: str, ax: str, names: Namespace) -> list[str]:
    """Correlations as colours."""
    matrix, image = names.fresh("matrix"), names.fresh("image")
    part = f"{chosen}[{columns!r}]" if len(columns) > 1 else chosen
    return [
        f"{matrix} = {part}.corr(numeric_only=True)",
        f'{image} = {ax}.imshow({matrix}, cmap="coolwarm", vmin=-1, vmax=1)',
        f"{ax}.set_xticks(range(len({matrix})), {matrix}.columns, rotation=90)",
        f"{ax}.set_yticks(range(len({matrix})), {matrix}.columns)",
        f"{ax}.figure.colorbar({image})",
    ]


def _hist(columns: list[str], by: str, chosen: str, ax: str, names: Namespace) -> list[str]:
    """How often values occur: of one column, of several, or of one in each group."""
    group, values = names.fresh("group"), names.fresh("values")
    if not by and len(columns) == 1:
        return [f"{ax}.hist({chosen}[{columns[0]!r}].dropna(), bins=30)", f"{ax}.set_xlabel({columns[0]!r})"]
    parts = f"{chosen}.groupby({by!r}, observed=True)[{columns[0]!r}]" if by else f"{chosen}[{columns!r}].items()"
    return [
        f"for {group}, {values} in {parts}:",
        f"    {ax}.hist({values}.dropna(), bins=30, alpha=0.5, label=str({group}))",
        f"{ax}.set_xlabel({columns[0] if by else 'value'!r})",
        f"{ax}.legend()",
    ]


def _box(columns: list[str], by: str, chosen: str, ax: str, names: Namespace) -> list[str]:
    """Boxes side by side, one for each group or column."""
    boxes = names.fresh("boxes")
    parts = f"{chosen}.groupby({by!r}, observed=True)[{columns[0]!r}]" if by else f"{chosen}[{columns!r}].items()"
    return [
        f"{boxes} = {{str(group): values.dropna() for group, values in {parts}}}",
        f"{ax}.boxplot(list({boxes}.values()))",
        f"{ax}.set_xticks(range(1, len({boxes}) + 1), list({boxes}))",
        f"{ax}.set_ylabel({columns[0] if by or len(columns) == 1 else 'value'!r})",
    ]


def _points(kind: str, question: Question, chosen: str, columns: list[str], ax: str, names: Namespace) -> list[str]:
    """A scatter plot or a line, in one colour for each group when that was asked for."""
    x, y = columns[:2]
    group, points = names.fresh("group"), names.fresh("points")
    how = f"{ax}.scatter" if kind == "scatter" else f"{ax}.plot"
    source = chosen if kind == "scatter" else f"{chosen}.sort_values({x!r})"
    color = question.plot.color if question.plot else None
    labels = [f"{ax}.set_xlabel({x!r})", f"{ax}.set_ylabel({y!r})"]
    if color is None:
        return [f"{points} = {source}", f"{how}({points}[{x!r}], {points}[{y!r}])", *labels]
    return [
        f"for {group}, {points} in {source}.groupby({color.name!r}, observed=True):",
        f"    {how}({points}[{x!r}], {points}[{y!r}], label=str({group}))",
        *labels,
        f"{ax}.legend()",
    ]
