"""Tools that look at the notebook's cells, and put a new one below for the person to run.

The saved file tells what stands in the notebook; where it is not known, the kernel tells what was run. A proposed cell
is not run by anybody but the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.live.background import Background
from aether_nb.tools.base import Care, Context, Result
from aether_nb.tools.function import bounded, declare

__all__ = ["propose_cell", "read_cells"]

LONGEST_CELL = 4_000
"""Characters of one cell that are told, and of its outputs."""
MOST_BYTES = 50_000_000
APART = "\n\n# ----\n\n"
"""What stands between two proposals: a front end makes one new cell, whatever is asked for."""


@declare(risk="low", effect="pure", where="thread", title=lambda _: "Read the notebook's cells")
def read_cells(context: Context, start: int = 1, count: int = 30, outputs: bool = False) -> Result:
    """Read cells of the notebook as it was last saved; without a saved one, the code that was run in this kernel.

    Args:
        start: The first cell, counted from 1; from the end when it is negative.
        count: How many cells at the most.
        outputs: Tell also what they printed and returned.
    """
    cells = _saved(context.notebook, outputs) if context.notebook is not None else _run(context.shell)
    first = max(start - 1, 0) if start >= 0 else max(len(cells) + start, 0)
    told = [f"[{n}] {text}" for n, text in enumerate(cells[first : first + max(count, 1)], first + 1)]
    source = f"{context.notebook.name}, as last saved" if context.notebook is not None else "run in this kernel"
    lead = f"{len(cells)} cells, {source}"
    return Result((Text("\n\n".join((lead, *told)), "output"),))  # what is typed into cells may hold any value


def _saved(file: Path, outputs: bool) -> list[str]:
    """The cells of a notebook's file, each as its kind and its text.

    Raises:
        RepairableToolError: It cannot be read.
    """
    import nbformat

    try:
        if file.stat().st_size > MOST_BYTES:
            raise RepairableToolError(f"{file.name} is larger than {MOST_BYTES:,} bytes.")
        cells = nbformat.read(file, as_version=4).cells  # type: ignore[no-untyped-call]
    except OSError as error:
        raise RepairableToolError(f"{file.name} cannot be read.", error.strerror or str(error)) from error
    except Exception as error:  # nbformat raises many kinds for what is no notebook
        raise RepairableToolError(f"{file.name} is no notebook.", str(error)) from error
    return [
        f"{cell.cell_type}\n{bounded(cell.source, LONGEST_CELL)}{''.join(_shown(cell)) if outputs else ''}"
        for cell in cells
    ]


def _shown(cell: Mapping[str, Any]) -> Iterator[str]:
    """What a cell printed, returned or raised, as text."""
    for output in cell.get("outputs") or ():
        text = output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue") or ""
        if str(text).strip():
            yield f"\n→ {bounded(str(text).rstrip(), LONGEST_CELL)}"


def _run(shell: Any) -> list[str]:
    """The code that was run in this kernel, oldest first."""
    history = shell.user_ns.get("In") or ()
    return [f"code\n{bounded(str(code), LONGEST_CELL)}" for code in history if str(code).strip()]


@declare(
    risk="low",
    effect="external",
    where="main",
    title=lambda _: "Propose a cell",
    care=Care(on_doubt="rerun"),
)
def propose_cell(code: str, context: Context) -> str:
    """Put code into a new cell below this one, for the user to look at and to run. It is not run by you.

    Args:
        code: The code.
    """
    if not code.strip():
        raise RepairableToolError("There is no code to propose.")
    if Background.working:
        what = "No cell runs now, below which it could be put."
        raise RepairableToolError(what, "This run goes on between the cells.", "Give the code in your answer.")
    shell = context.shell
    # A front end is told at the end of the cell; a terminal fills in the next line.
    waiting = [one["text"] for one in shell.payload_manager.read_payload() if one.get("source") == "set_next_input"]
    earlier = waiting or list(filter(None, [getattr(shell, "rl_next_input", None)]))
    shell.set_next_input(APART.join((*earlier, code)), replace=False)
    return "a new cell below this one has the code; the user may run it"
