"""Which recorded run belongs to a cell."""

from __future__ import annotations

from typing import Any

from aether_nb.agent.remembering import Occurrences, candidates
from aether_nb.store.log import RunSummary


def ran(id: str, started: float, cell: str = "", prompt: str = "q", **more: Any) -> RunSummary:
    """A run that ended well."""
    return RunSummary(id, started, prompt, "m", 9, more.pop("outcome", "done"), more.pop("notebook", ""), cell)


def names(found: list[RunSummary]) -> list[str]:
    """The names of runs."""
    return [run.id for run in found]


def test_cells_are_counted_by_their_question() -> None:
    """A cell with an id is the same cell when it is run again; one without is another one each time."""
    asked = Occurrences()
    assert [asked.place("q", cell) for cell in ("a", "b", "a")] == [0, 1, 0]
    assert [asked.place("other", "") for _ in range(3)] == [0, 1, 2]


def test_a_cell_is_known_by_its_id() -> None:
    """Its own runs count, the newest first, wherever the notebook lies now; an old question of it does not."""
    runs = [ran("new", 3.0, "a", notebook="/x/n.ipynb"), ran("old", 1.0, "a"), ran("else", 2.0, "b")]
    runs += [ran("asked", 9.0, "a", prompt="another"), ran("failed", 9.0, "a", outcome="failed")]
    assert names(candidates(runs, "q", "a", 0, "/y/renamed.ipynb")) == ["new", "old"]


def test_without_its_id_a_cell_is_known_by_its_place() -> None:
    """The second cell with a question gets what the second one recorded; then others may do."""
    runs = [ran("b2", 4.0, "b"), ran("a2", 3.0, "a"), ran("b1", 2.0, "b"), ran("a1", 1.0, "a")]
    assert names(candidates(runs, "q", "h#0", 0, "")) == ["a2", "a1", "b2", "b1"]
    assert names(candidates(runs, "q", "h#1", 1, "")) == ["b2", "b1", "a2", "a1"]
    assert names(candidates(runs, "q", "h#7", 7, "")) == ["b2", "b1", "a2", "a1"]
    assert candidates(runs, "another", "h#0", 0, "") == []
    placed = [ran("again", 6.0, "h#0"), ran("first", 5.0, "h#0"), ran("second", 5.5, "h#1")]
    assert names(candidates(placed, "q", "h#0", 0, "")) == ["again", "first", "second"]


def test_another_notebook_of_the_folder_is_another_conversation() -> None:
    """Where both names are known they have to be the same; the folder may have moved."""
    runs = [ran("mine", 1.0, "a", notebook="/there/n.ipynb"), ran("theirs", 2.0, "b", notebook="/there/m.ipynb")]
    assert names(candidates(runs, "q", "h#0", 0, "/here/n.ipynb")) == ["mine"]
