"""What is left of a run: in the file of an executed notebook, and brought back in any kernel by ``%aether show``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from harness.home import bare
from harness.kernel import Kernel, shown

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

KEYS = {"OPENAI_API_KEY": "sk-proj-0a1B2c3D4e5F6g7H8i9J", "WAREHOUSE_PASSWORD": "correct-horse-staple"}
"""Two keys: one whose form is well known, and one that only its name gives away."""

LOAD = """\
%load_ext aether_nb
import os
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
keys = [os.environ['OPENAI_API_KEY'], os.environ['WAREHOUSE_PASSWORD']]
def code(*lines):
    return ToolCall("", "run_python", {"code": "\\n".join(lines), "purpose": lines[0]})
register("model", "leaky", lambda: ScriptedModel([
    code("print(keys)", "keys"),
    code("raise ValueError(keys)"),
    code("import matplotlib.pyplot as plt", "plt.plot([1, 2])", "plt.show()", "for n in range(90): print('line', n)"),
    f"The keys are {keys[0]} and {keys[1]}."], name="leaky"))
"""
ASK = "%%aether --model leaky --mode auto\nWhat are the keys?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a notebook that was executed by nbclient, widget state kept, and with the record of its run."""
    folder = tmp_path_factory.mktemp("saved")
    cells = [nbformat.v4.new_code_cell(source) for source in (LOAD, ASK, "%aether show last")]  # type: ignore[no-untyped-call]
    book: Any = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    client = NotebookClient(book, timeout=120, resources={"metadata": {"path": str(folder)}}, store_widget_state=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (bare(folder / "home") | KEYS | {"AETHER_APPROVE": "auto"}).items():
            patch.setenv(name, value)
        patch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        client.execute()
    nbformat.write(book, folder / "book.ipynb")  # type: ignore[no-untyped-call]
    return folder


def cells(folder: Path) -> list[Any]:
    """The outputs of each cell, as the file has them."""
    return [cell["outputs"] for cell in json.loads((folder / "book.ipynb").read_text(encoding="utf-8"))["cells"]]


def test_no_key_is_in_the_saved_file(folder: Path) -> None:
    """Keys that a run printed, returned, raised and answered with stand nowhere in the notebook, widgets included."""
    text = (folder / "book.ipynb").read_text(encoding="utf-8")
    _, asked, brought = cells(folder)
    assert text.count("***") > 10 and "The keys are *** and ***." in str(asked)
    assert {key: text.count(key) for key in KEYS.values()} == dict.fromkeys(KEYS.values(), 0)
    assert "widget-view" not in str(asked) and "The keys are *** and ***." in str(brought)


def test_show_gives_what_the_cell_gave(folder: Path) -> None:
    """%aether show last: the same picture, the figure and the answer as outputs of their own, and nothing else."""
    _, asked, brought = cells(folder)
    given = [one["data"] for one in asked if one["output_type"] == "display_data"]
    again = [one["data"] for one in brought]
    picture = next(data for data in given if "text/html" in data)
    assert picture == again[0] and "Done" in str(again[0]["text/plain"])
    assert [sorted(data) for data in again[1:]] == [["image/png", "text/plain"], ["text/markdown", "text/plain"]]
    assert again[1]["image/png"] in [data.get("image/png") for data in given] and again[2] in given


def test_a_run_comes_back_in_another_kernel(folder: Path) -> None:
    """In a kernel that never saw the run, by its name, as the last one, and one call of it whole; in a terminal too."""
    with Kernel(Path(sys.executable), bare(folder / "home"), folder) as kernel:
        kernel.run("%load_ext aether_nb")
        last, bare_show = kernel.run("%aether show last"), kernel.run("%aether show")
        text = shown(last)
        assert text == shown(bare_show) and "aether · Done" in text and last.of("display_data")[1]["data"]["image/png"]
        run = str(json.loads(kernel.run("%aether runs --json").text())[0]["run"])
        assert shown(kernel.run(f"%aether show {run}")) == text
        assert f"Cut in this picture: call 3. Whole: %aether show {run} --call 3" in text
        assert "line 39" in text and "line 89" not in text
        whole = shown(kernel.run(f"%aether show {run} --call 3"))
        assert "line 89" in whole and "plt.plot([1, 2])" in whole
        wrong = kernel.run(f"%aether show {run} --call 9")
        assert wrong.status == "error" and "It has: 1 run_python, 2 run_python, 3 run_python." in str(wrong.of("error"))
    command = [sys.executable, "-m", "aether_nb", "show", "last", "--call", "3"]
    done = subprocess.run(command, cwd=folder, env=bare(folder / "home"), capture_output=True, text=True, check=True)
    assert "line 89" in done.stdout
