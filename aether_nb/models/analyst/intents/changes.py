"""Changes with a check: rows that are dropped or gaps that are filled make a new frame, compared with the old one.

The frame itself stays as it is. What is told is counted in both frames, and not derived from what was wanted.
"""

from __future__ import annotations

from typing import Any

from aether_nb.models.analyst.code import Rows, condition_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Change, Question, Unclear
from aether_nb.models.analyst.results import facts, number
from aether_nb.models.analyst.script import Plan, Script

__all__ = ["change_steps"]

_MOST_COLUMNS = 12


def change_steps(change: Change, desk: Desk) -> Script:
    """Make the new frame, compare, and say what changed.

    Raises:
        Unclear: The name that it should have is taken.
        NotDone: It was denied, or it failed.
    """
    if change.name in desk.names.names:
        raise Unclear(f"there is a variable {change.name} already; the new frame needs a name that is free")
    name = change.name or desk.fresh(f"{change.frame.name}_{'filled' if change.kind == 'fill' else 'clean'}")
    title = f"Make {name}: {_what(change)}"
    yield Plan(((title, "run_python"),))
    question = Question(change.frame, "changes", conditions=list(change.conditions))
    outcome = yield from desk.run(question, lambda rows: _code(change, name, rows), title)
    said = _said(change, name, facts(outcome.text), markdown_table(desk.table(outcome), 1, mixed=True))
    return "\n\n".join([said, *desk.noted()])


def _code(change: Change, name: str, rows: Rows) -> str:
    """The new frame, and a line for each column that is compared."""
    frame = change.frame.name
    shown = _compared(change)
    numeric = [column.name for column in shown if column.kind in ("number", "bool")]
    every = [column.name for column in shown]
    gaps = "".join(
        f'    "missing {when}": {one}.reindex(columns={every!r}).isna().sum(),\n'
        for when, one in (("before", frame), ("after", name))
        if change.kind != "columns"
    )
    means = "".join(
        f'    "mean {when}": {one}.reindex(columns={numeric!r}).mean(),\n'
        for when, one in (("before", frame), ("after", name))
        if numeric and change.kind != "columns"
    )
    compared = f"pd.DataFrame({{\n{gaps}{means}}}).reindex({every!r}).rename_axis('column').reset_index()"
    if change.kind == "columns":
        compared = f'{name}.dtypes.astype(str).rename("type").rename_axis("column").reset_index()'
    prints = [
        f'print("{what} {when}:", {code.format(one)})'
        for what, code in (("rows", "len({0})"), ("columns", "{0}.shape[1]"), ("missing", "{0}.isna().sum().sum()"))
        for when, one in (("before", frame), ("after", name))
    ]
    if change.kind == "duplicates" and change.columns:
        names = [column.name for column in change.columns]
        prints.append(f'print("different:", {frame}.duplicated({names!r}).sum() - {frame}.duplicated().sum())')
    made = f"{name} = {_made(change, rows)}"
    return rows.code("# a new frame; the old one stays as it is", made, *prints, compared)


def _compared(change: Change) -> list[Any]:
    """The columns that are compared: those that were filled, else those that were named and those of numbers."""
    named = [*change.columns, *(c.column for c in change.conditions if c.column is not None)]
    if change.kind == "fill":
        return named
    numbers = [column for column in change.frame.of_kind("number") if not column.index]
    found = list(dict.fromkeys((*named, *numbers)))[: max(_MOST_COLUMNS, len(named))]
    return found or [column for column in change.frame.columns if not column.index][:_MOST_COLUMNS]


def _made(change: Change, rows: Rows) -> str:
    """The expression for the new frame."""
    frame, names = change.frame.name, [column.name for column in change.columns]
    if change.kind == "duplicates":
        return f"{frame}.drop_duplicates({names!r})" if names else f"{frame}.drop_duplicates()"
    if change.kind == "incomplete":
        how = ", how='all'" if change.every else ""
        return f"{frame}.dropna(subset={names!r}{how})" if names else f"{frame}.dropna()"
    if change.kind == "columns":
        return f"{frame}.drop(columns={names!r})"
    if change.kind == "fill":
        cells = {name: f"{frame}[{name!r}]" for name in names}
        with_what = {"mean": "{0}.mean()", "median": "{0}.median()", "mode": "{0}.mode().iloc[0]"}.get(change.stat)
        filled = {
            name: f"{cell}.fillna({with_what.format(cell) if with_what else repr(change.value)})"
            for name, cell in cells.items()
        }
        return f"{frame}.assign(**{{{', '.join(f'{name!r}: {code}' for name, code in filled.items())}}})"
    tests = [f"({condition_code(condition, rows.name)})" for condition in change.conditions]
    mask = " & ".join(tests)
    return f"{frame}[{mask}]" if change.kind == "keep" else f"{frame}[~({mask})]"


def _what(change: Change) -> str:
    """The change in words."""
    names = [plain(column.name) for column in change.columns]
    frame = change.frame.name
    if change.kind == "duplicates":
        return f"{frame} without rows that repeat an earlier one" + (f" in {listed(names)}" if names else "")
    if change.kind == "incomplete":
        gone = f"{listed(names, 'and' if change.every else 'or')} is missing" if names else "anything is missing"
        return f"{frame} without the rows in which {gone}"
    if change.kind == "columns":
        return f"{frame} without {listed(names)}"
    if change.kind == "fill":
        what = f"the {change.stat} of the column" if change.stat else plain(str(change.value))
        return f"{frame} with the gaps of {listed(names)} filled with {what}"
    where = conditions_text(change.conditions, "")
    return f"{frame} {'with only' if change.kind == 'keep' else 'without'} the rows where {where}"


def _said(change: Change, name: str, printed: dict[str, str], shown: str) -> str:
    """What changed, in sentences and in the table."""
    before, after = printed.get("rows before", ""), printed.get("rows after", "")
    lost = (number(before) or 0) - (number(after) or 0)
    rows = f"{figure(str(lost))} row{'s' * (lost != 1)} dropped" if lost else "no row was dropped"
    gaps = f"{figure(printed.get('missing before', ''))} before, {figure(printed.get('missing after', ''))} after"
    lines = [
        f"`{name}` is {_what(change)}. Rows: **{figure(before)} before, {figure(after)} after**; {rows}.",
        f"Missing values in the whole frame: {gaps}.",
    ]
    if change.kind == "columns":
        columns = (
            f"{figure(printed.get('columns before', ''))} before, {figure(printed.get('columns after', ''))} after"
        )
        lines.append(f"Columns: {columns}.")
    if number(printed.get("different", "")):
        lines.append(f"{figure(printed['different'])} of the dropped rows differed from the kept one in other columns.")
    if change.kind == "drop" and any(c.column and c.column.missing for c in change.conditions):
        lines.append("Rows in which a compared value is missing do not meet the condition, and stay.")
    if change.kind == "keep" and any(c.column and c.column.missing for c in change.conditions):
        lines.append("Rows in which a compared value is missing do not meet the condition, and are dropped.")
    lines.append(f"`{change.frame.name}` itself is unchanged.")
    return " ".join(lines) + f"\n\n{shown}"
