"""Running the code of a run again in a real fresh kernel: it makes the same, or the first difference is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aether_nb.doing import reproducing
from aether_nb.doing.reproducing import Reproduction, reproduce
from aether_nb.events.coding import Piece, RunCode
from aether_nb.events.kinds import Change, Kept
from aether_nb.live.keeping import Clock, content_hash, save
from aether_nb.live.probing import loaded, probe

pytestmark = pytest.mark.kernel


def kept(name: str, value: object) -> Kept:
    """A variable as a run has left or found it."""
    return Kept(name, type(value).__name__, content_hash(value), cell="In[3]")


def piece(code: str, title: str = "", **made: object) -> Piece:
    """Code that made these variables."""
    told = tuple(Change(name, "added", type(value).__name__, (f"= {value}",)) for name, value in made.items())
    return Piece("c", code, title, made=tuple(kept(*one) for one in made.items()), told=told)


def nothing(_: Kept) -> None:
    """Nobody has kept anything."""


def again(
    folder: Path, *pieces: Piece, inputs: tuple[Kept, ...] = (), before: tuple[str, ...] = (), **more: Any
) -> Reproduction:
    """What came of running these again."""
    return reproduce(RunCode("r", "?", pieces, inputs), before, more.pop("spare", nothing), folder, **more)


def test_it_reproduces_with_cells_modules_and_what_was_kept(tmp_path: Path) -> None:
    """A cell makes one input, another is handed over as it was kept, modules are imported, a generator is not told."""

    def spare(wanted: Kept) -> tuple[str, bytes]:
        format, data = save([1, 2], None, Clock())
        return format, bytes(data)

    odd = Kept("odd", "object", "")
    inputs = (Kept("m", "module", why="math"), kept("a", 2), kept("b", [1, 2]), odd)
    pieces = (piece("c = m.floor(a + sum(b))", c=5), piece("d = (n for n in b)"), piece("e = c * 2", e=10))
    found = again(tmp_path, *pieces, inputs=inputs, before=("a = 2", "boom", "odd = object()"), spare=spare)
    assert (found.outcome, found.same, found.handed, found.untold) == ("reproduces", ["c", "e"], ["b"], ["odd"])


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("x = 2", "“Count” made x another one: it is int = 2. It was int, = 1."),
        ("y = 2", "“Count” did not make x this time."),
        ("1 / 0", "“Count” failed: ZeroDivisionError: division by zero."),
        ("import os; os._exit(3)", "“Count” failed: KernelDied: the fresh kernel has died."),
    ],
)
def test_the_first_difference_is_told(tmp_path: Path, code: str, first: str) -> None:
    """Another value, none, an error, the end of the kernel: said with the item, and nothing after it is run."""
    found = again(tmp_path, piece(code, "Count", x=1), piece("raise SystemExit", "Never"))
    assert (found.outcome, found.first) == ("differs", first)


def test_an_input_that_is_missing_or_another_one_is_said(tmp_path: Path) -> None:
    """By its name, with the cell that had made it; nothing of the run is run then."""
    found = again(tmp_path, piece("x = df", x=1), inputs=(kept("df", 1),))
    assert (found.outcome, found.first) == ("missing", "it needs df, which no cell before it makes. In[3] had made it.")
    found = again(tmp_path, piece("x = df", x=1), inputs=(kept("df", 1),), before=("df = 7",))
    assert found.first == "it needs df, which is now int = 7 and not what the run has read. In[3] had made it."


def test_code_that_acts_outside_and_code_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What acts outside is left out, which is said when something then fails; what does not end is given up."""
    outside = Piece("o", "y = 1", effect="external")
    found = again(tmp_path, outside, piece("z = y", "Use it"))
    assert found.left_out == ["step 1"] and "What was not run before it may be why." in found.first
    assert again(tmp_path, outside, piece("z = y", "Use it"), outside=True).outcome == "reproduces"
    monkeypatch.setattr(reproducing, "SECONDS", 2.0)
    assert "TimeoutError" in again(tmp_path, piece("import time; time.sleep(60)", "Sleep")).first


def test_a_kernel_says_how_its_variables_stand(tmp_path: Path) -> None:
    """Missing, the same, another one, or not to be told; and a kept value is loaded, never a pickle."""
    space: dict[str, Any] = {"a": 1, "b": [1], "c": object()}
    said = json.loads(probe(space, {"a": content_hash(1), "b": content_hash([2]), "c": "", "d": content_hash(1)}))
    assert {name: stands for name, (stands, _) in said.items()} == {
        "a": "same", "b": "other", "c": "unknown", "d": "missing",
    }  # fmt: skip
    format, data = save([3], None, Clock())
    (tmp_path / "v").write_bytes(data)
    assert (loaded(space, "d", format, str(tmp_path / "v")), space["d"]) == ("ok", [3])
