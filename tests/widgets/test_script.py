"""The panel's view, tested in its own language: node's test runner, a DOM by jsdom, types by TypeScript's checker."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aether_nb.widgets import scripts
from harness import node

HERE = Path(__file__).parent
NEVER = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "http://www.")
"""What no script of the panel says: none writes HTML, runs text or loads anything."""


@pytest.fixture(scope="module")
def runs() -> str:
    """Node, with what the tests need beside it."""
    node.modules(HERE)
    return str(node.program())


def hold(runs: str, **more: str) -> None:
    """Run the laws of the view."""
    names = sorted(path.name for path in HERE.glob("*.test.mjs"))
    done = subprocess.run(
        [runs, "--test", *names],
        cwd=HERE,
        env=os.environ | more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_script(runs: str) -> None:
    """Every law of the view holds of its modules as they are written."""
    hold(runs)


def test_script_as_it_travels(runs: str, tmp_path: Path) -> None:
    """Every law of the view holds of the one text that a widget carries, too."""
    first = tmp_path / "first.mjs"
    first.write_text(scripts.first_paint())
    hold(runs, AETHER_FIRST_PAINT=first.as_uri())


def test_types(runs: str) -> None:
    """The types that the comments of the scripts declare are right."""
    checker = HERE / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [runs, str(checker), "-p", "."], cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout


def test_what_a_widget_carries_is_small_and_alone() -> None:
    """What is needed to paint a run is one text under 40 kB, which imports only what came over its channel."""
    script = scripts.first_paint()
    assert len(script.encode()) < 40_000
    bare = script.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1998/Math/MathML", "")
    assert [word for word in (*NEVER, "import {", "import *") if word in bare] == []
    assert script.count("import(") == script.count("import(url)") == 1


@pytest.mark.parametrize("name", scripts.PARTS)
def test_a_part_comes_alone(name: str) -> None:
    """A part is one text that imports nothing at all; there is none by any other name."""
    part = scripts.part(name)
    assert part.startswith(("const", "export")) and len(part.encode()) < 12_000
    assert [word for word in (*NEVER, "import(", "import {") if word in part] == []
    assert scripts.part(f"../{name}") == scripts.part("panel") == ""
