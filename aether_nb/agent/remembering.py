"""Which recorded run belongs to a cell: by the cell's id, else by its question and how often that was asked before.

Pure functions over the list of runs, and a memory of which cells have asked what in this kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from aether_nb.store.log import RunSummary

__all__ = ["Occurrences", "candidates"]


@dataclass
class Occurrences:
    """The cells of this kernel that have asked a question, in order; one without an id is a cell of its own."""

    asked: dict[str, list[str]] = field(default_factory=dict)

    def place(self, prompt: str, cell: str) -> int:
        """The how-many-eth cell with this question the one is that asks now, counted from 0."""
        cells = self.asked.setdefault(prompt, [])
        if cell and cell in cells:
            return cells.index(cell)
        cells.append(cell)
        return len(cells) - 1


def candidates(runs: Iterable[RunSummary], prompt: str, cell: str, place: int, notebook: str) -> list[RunSummary]:
    """The runs that answered this cell's question, the likeliest first.

    Args:
        runs: All that are recorded.
        prompt: The question.
        cell: The id of the cell, or a name with a ``#`` that stands for the place of its question.
        place: The how-many-eth cell with this question it is, counted from 0.
        notebook: The notebook's path, when it is known; its folder may be another one than then.
    """
    name = PurePath(notebook).name
    same = [run for run in runs if run.prompt == prompt and run.outcome == "done"]
    newest = sorted(same, key=lambda run: -run.started)
    if "#" not in cell and (mine := [run for run in newest if cell and run.cell == cell]):
        return mine
    here = [run for run in newest if not (name and run.notebook) or PurePath(run.notebook).name == name]
    cells: dict[str, list[RunSummary]] = {}
    for run in here:
        cells.setdefault(run.cell or run.id, []).append(run)
    ordered = sorted(cells.values(), key=lambda of_cell: of_cell[-1].started)
    mine = cells.get(cell) or (ordered[min(place, len(ordered) - 1)] if ordered else [])
    first = set(mine)
    return [*mine, *(run for run in here if run not in first)]
