"""``plot``: a picture of a table's columns, drawn by plain matplotlib code that runs like any other code.

The code can be kept, and the picture is an ordinary output of the cell. A model is told that it was drawn and from how
many rows, and no value. It does not decide which picture suits a question.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any, Literal

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import CallCoded
from aether_nb.events.messages import Text
from aether_nb.tools import code as running
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare

__all__ = ["plot", "plot_code"]

Kind = Literal["line", "scatter", "bar", "histogram", "box", "heatmap"]

MOST_POINTS = 50_000
"""More than that are a blot; so many are drawn, chosen by chance, and it is said."""

NEEDS = {"line": "xy", "scatter": "xy", "bar": "x", "histogram": "x", "box": "y", "heatmap": ""}
"""Which columns a picture cannot do without."""

DRAWS = {
    "line": "{drawn}.sort_values({x}).plot.line({x}, {y})",
    "line by": "{drawn}.pivot_table({y}, {x}, {by}, observed=True).plot.line(ylabel={y})",
    "scatter": "{drawn}.plot.scatter({x}, {y})",
    "scatter by": """\
for {group}, {points} in {drawn}.groupby({by}, observed=True):
    {plt}.scatter({points}[{x}], {points}[{y}], label=str({group}))
del {group}, {points}
{plt}.xlabel({x})
{plt}.ylabel({y})
{plt}.legend(title={by})""",
    "bar": "{drawn}.groupby({x}, observed=True)[{y}].sum().head(40).plot.bar(ylabel={y})",
    "bar by": "{drawn}.pivot_table({y}, {x}, {by}, aggfunc='sum', observed=True).head(40).plot.bar(ylabel={y})",
    "count": "{drawn}[{x}].value_counts().head(40).plot.bar(ylabel='rows')",
    "count by": "{drawn}.groupby([{x}, {by}], observed=True).size().unstack().head(40).plot.bar(ylabel='rows')",
    "histogram": "{drawn}[{x}].plot.hist(bins=30, xlabel={x})",
    "histogram by": "{drawn}.pivot(columns={by}, values={x}).plot.hist(bins=30, alpha=0.5, xlabel={x})",
    "box": "{drawn}[[{y}]].plot.box()",
    "box by": "{drawn}.pivot(columns={by}, values={y}).plot.box(ylabel={y})",
    "heatmap": """\
{drawn} = {drawn}.corr(numeric_only=True)
{plt}.imshow({drawn}, cmap='coolwarm', vmin=-1, vmax=1)
{plt}.xticks(range(len({drawn})), {drawn}.columns, rotation=90)
{plt}.yticks(range(len({drawn})), {drawn}.columns)
{plt}.colorbar()""",
}
"""The lines that draw each picture of the frame ``{drawn}``."""


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """What the code that draws it could do."""
    frame = _table(arguments["data"], context)
    return running.judge({"code": plot_code(arguments, frame, _names(context))}, context)


@declare(judge=judge, where="loop", title=lambda call: f"Draw a {call['kind']} of {call['data']}")
async def plot(
    data: str,
    kind: Kind,
    context: Context,
    x: str | None = None,
    y: str | None = None,
    by: str | None = None,
    title: str | None = None,
) -> Result:
    """Draw a picture of a table's columns, which the user sees; you are told how many rows it shows.

    With by, a line shows the mean of y for each x; a bar shows the sum, or counts rows; a heatmap shows correlations.

    Args:
        data: The table: a variable that holds a pandas or polars frame.
        kind: The picture.
        x: The column of the horizontal axis; the one whose values a histogram counts.
        y: The column of values; a box needs no other.
        by: A column with few values, which get a colour or a box each.
        title: What is written above it.
    """
    frame, names = await context.main(lambda: (_table(data, context), _names(context)))
    arguments = {"data": data, "kind": kind, "x": x, "y": y, "by": by, "title": title}
    code = plot_code(arguments, frame, names)
    ran: Result = await running.run_python.function(code, context)
    rows = len(frame)
    few = rows <= MOST_POINTS or kind in ("bar", "heatmap")
    shown = f"{rows:,} rows" if few else f"{MOST_POINTS:,} of {rows:,} rows, chosen by chance"
    columns = tuple(f"{data}.{name}" for name in (x, y, by) if name)
    text = f"drew a {kind} of {data} from {shown}; the user sees it"
    coded = CallCoded(context.call_id, code)
    return Result((Text(text, "schema", columns),), ran.outputs, (*ran.events, coded))


def _table(name: str, context: Context) -> Any:
    """The frame under a name.

    Raises:
        RepairableToolError: There is none.
    """
    value = context.shell.user_ns.get(name) if name.isidentifier() else None
    kind = type(value)
    if kind.__name__ not in ("DataFrame", "GeoDataFrame") or kind.__module__.partition(".")[0] == "builtins":
        raise RepairableToolError(f"{name} is no frame.", hint="Make one of it, or draw with run_python.")
    return value


def _names(context: Context) -> dict[str, str]:
    """The names that the code uses, by what they are for: none that the user has given to something."""
    taken = context.shell.user_ns
    names = {what: next(name for name in _alike(what) if name not in taken) for what in ("drawn", "group", "points")}
    library = sys.modules.get("matplotlib.pyplot", taken)
    return names | {"plt": next(name for name in _alike("plt") if taken.get(name, library) is library)}


def _alike(word: str) -> Iterator[str]:
    return chain((word,), (f"{word}_{number}" for number in count(2)))


def plot_code(arguments: Mapping[str, Any], frame: Any, names: Mapping[str, str]) -> str:
    """The code that draws a picture.

    Args:
        arguments: Those of ``plot``.
        frame: The frame that is drawn, for the names of its columns.
        names: What the code calls its own things: ``drawn``, ``group``, ``points`` and ``plt``.

    Raises:
        RepairableToolError: The picture needs other columns than those, or the frame has not got them.
    """
    kind, name = arguments["kind"], arguments["data"]
    given = {axis: arguments[axis] for axis in ("x", "y", "by") if arguments.get(axis)}
    if any(axis not in given for axis in NEEDS[kind]):
        raise RepairableToolError(f"A {kind} needs {' and '.join(NEEDS[kind])}.", hint="Name the columns.")
    known = {str(column): column for column in frame.columns}
    if missing := [column for column in given.values() if column not in known]:
        raise RepairableToolError(
            f"{name} has no column {', '.join(missing)}.", hint=f"It has: {', '.join(list(known)[:30])}"
        )
    if unsaid := [column for column in given.values() if type(known[column]) not in (str, int, float, bool, tuple)]:
        raise RepairableToolError(f"The column {unsaid[0]} is not named by a text.", hint="Draw with run_python.")
    polars = type(frame).__module__.startswith("polars")
    columns = list(dict.fromkeys(known[column] for column in given.values())) if kind != "heatmap" else []
    part = f"[{columns!r}]" if columns else ""
    drawn, plt = names["drawn"], names["plt"]
    lines = [f"import matplotlib.pyplot as {plt}", "", f"{drawn} = {name}{part}{'.to_pandas()' if polars else ''}"]
    lines.append(f"{drawn} = {drawn}.reset_index(drop=True)")
    if kind not in ("bar", "heatmap") and len(frame) > MOST_POINTS:
        lines.append(f"{drawn} = {drawn}.sample({MOST_POINTS}, random_state=0)")
    what = "count" if kind == "bar" and "y" not in given else kind
    how = DRAWS[f"{what} by" if "by" in given and f"{what} by" in DRAWS else what]
    lines.append(how.format(**names, **{axis: repr(known[column]) for axis, column in given.items()}))
    lines += [f"{plt}.title({arguments['title']!r})"] if arguments.get("title") else []
    return "\n".join((*lines, f"{plt}.tight_layout()", f"{plt}.show()", f"del {drawn}"))
