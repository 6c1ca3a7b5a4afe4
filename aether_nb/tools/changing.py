"""The tool of a run that shall change a cell: the person sees the difference, and then the text of the cell is another.

A front end is told at the end of a cell, so only a cell that runs can be changed; others get theirs below. What is put
there is not run by anybody but the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.live.background import Background
from aether_nb.tools.base import Assessment, Care, Context, Result
from aether_nb.tools.differences import difference
from aether_nb.tools.function import FunctionTool, declare

__all__ = ["CHANGE", "OWN", "changing"]

CHANGE = "change_cell"
OWN = "own"
"""The name of the cell that asks; any other one is told by its number."""


def changing(before: str, cell: str) -> FunctionTool:
    """The tool that changes this cell.

    Args:
        before: The code as it stands there.
        cell: ``OWN``, which is replaced; or another one, as ``In[3]``, whose new code is put into a cell below.
    """
    own = cell == OWN
    what = "the cell that asks" if own else cell
    where = "the text of this cell is replaced" if own else "a new cell below gets the code"

    def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
        """A cell is the person's: every change of it is shown and asked about."""
        shown = difference(before, _code(arguments["code"], before), what)
        return Assessment("high" if own else "medium", "external", (where,), shown)

    def change_cell(code: str, context: Context) -> Result:
        """Stands for the text below."""
        if Background.working:
            raise RepairableToolError(
                "Its cell has ended, and cannot be changed any more.", hint="Give the code in your answer."
            )
        code = _code(code, before)
        context.shell.set_next_input(code, replace=own)
        outputs = ({"text/plain": difference(before, code, what)},)
        return Result.of(f"{where}; the user may run it", outputs=outputs)

    change_cell.__doc__ = f"""Change {what}, once the user has seen the difference and agreed. It is not run.

    Args:
        code: The whole new code of the cell.
    """
    title = f"Change {what}"
    care = Care(on_doubt="rerun")
    return declare(name=CHANGE, judge=judge, where="main", title=lambda _: title, together=False, care=care)(
        change_cell
    )


def _code(code: str, before: str) -> str:
    """The new code, without white space around it.

    Raises:
        RepairableToolError: There is none, or it is what stands there.
    """
    code = code.strip("\n").rstrip()
    if not code.strip():
        raise RepairableToolError("There is no code to put there.")
    if code == before.strip("\n").rstrip():
        raise RepairableToolError("This would change nothing.", hint="Send the whole new code of the cell.")
    return code
