"""More than a hundred ways out of the notebook: each is stopped at the moment it is tried, or is high risk before."""

from __future__ import annotations

import ast
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aether_nb.live.guard import Agreement, Guard, armed
from aether_nb.live.reading import Announced, read
from harness.ways import COMPILED, FILES, NAMED, NETWORK, PROCESSES, UNSEEN, sampled, ways

SEEN = [*ways(FILES), *ways(PROCESSES), *ways(NETWORK), *ways(COMPILED)]
NOTHING = Announced()
MAGIC = ("%", "!", "get_ipython", "out = !")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that is not the one for temporary files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a.txt").write_text("x")
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    (tmp_path / "data.py").write_text("x = 1\n")
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as pack:
        pack.writestr("b.txt", "x")
    return tmp_path


def names() -> dict[str, Any]:
    """The variables that the code finds."""
    return {"df": pd.DataFrame({"a": [1, 2], "b": [3, 4]}), "arr": np.arange(3.0)}


def left(folder: Path) -> dict[str, str]:
    """What is in a folder, file by file."""
    return {str(path.relative_to(folder)): path.read_text("latin1") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", sampled([code for code in SEEN if not code.startswith(MAGIC)]))
def test_it_is_asked_about_at_that_moment_and_not_done(code: str, folder: Path) -> None:
    """With nothing agreed to and a person who says no, the code is stopped, and the disk is as it was."""
    asked: list[str] = []
    space = names()
    guard = Guard(Agreement(NOTHING, str(folder), lambda risk, path: False), lambda text, _: asked.append(text), space)
    for module in imports(code):
        try:
            __import__(module)
        except ImportError:
            pytest.skip(f"there is no {module} here")
    before, error = left(folder), ""
    try:
        with armed(guard):
            exec(code, space)
    except Exception as raised:  # noqa: BLE001  # libraries turn it into errors of their own
        error = repr(raised)
    assert asked, error
    assert asked[0].startswith("The code that is running wants to ")
    assert guard.refused
    assert left(folder) == before


def imports(code: str) -> list[str]:
    """The modules that code imports: they are there before, so that only what it does is seen."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


@pytest.mark.parametrize("code", sampled(SEEN))
def test_it_is_no_low_risk_before(code: str) -> None:
    """What the hook would stop is on the card before: nobody agrees to it unknowingly."""
    assert read(code, names()).risk != "low"


@pytest.mark.parametrize("code", sampled(ways(UNSEEN)))
def test_what_no_event_tells_of_is_high_before(code: str) -> None:
    """What the guard may not see is high risk by the reading, so that a person is asked in any case."""
    reading = read(code, names())
    assert reading.risk == "high", reading


@pytest.mark.parametrize("code", ways(NAMED))
def test_what_a_library_writes_by_itself_is_named_on_the_card(code: str) -> None:
    """The card of the call says which file it is, inside the working folder; elsewhere it is high risk."""
    reading = read(code, names())
    assert reading.risk == "medium" and any("out." in file for file in reading.announced.files)
    assert read(code.replace("out.", "/etc/out."), names()).risk == "high"


def test_the_table_is_as_long_as_it_says() -> None:
    """A hundred ways at the least, none of them twice."""
    both = [*SEEN, *ways(UNSEEN), *ways(NAMED)]
    assert len(both) == len(set(both)) > 200
