"""The code of a run in whole cells of a real kernel: a cell, a file, and a fresh kernel that makes the same, or not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from harness.kernel import Cell, Kernel

LOAD = """
%load_ext aether_nb
import pandas as pd
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script(*replies):
    register("model", "script", lambda: ScriptedModel(replies, name="script"))
def code(text, purpose=""):
    return ToolCall("", "run_python", {"code": text, "purpose": purpose})
def plan(*titles):
    return ToolCall("", "plan", {"items": [{"title": title, "tool": "run_python"} for title in titles]})
"""
DATA = 'df = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})'
RUN = """script(
    plan("Sum it", "Share it"),
    code("df.nope"),
    code("total = df.sales.sum()"),
    code("share = df.groupby('city').sales.sum() / total"),
    ToolCall("", "answer_with", {"expression": "share['Rome']"}),
    "Rome has most.",
)"""
ASK = "%%aether -o it --as float --model script\nWhat share has Rome?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the kernel works."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Kernel]:
    """A kernel in which a run has computed something, after a failed attempt."""
    with Kernel(Path(sys.executable), {}, folder) as kernel:
        for cell in (LOAD, DATA, RUN, ASK):
            done = kernel.run(cell)
            assert done.status == "ok", done.of("error")
        yield kernel


def payload(cell: Cell) -> str:
    """The text of the cell that is to be inserted."""
    assert cell.reply is not None
    return "".join(one["text"] for one in cell.reply["content"]["payload"] if one["source"] == "set_next_input")


def run_of(kernel: Kernel) -> str:
    """The name of the run that computed."""
    rows = json.loads(kernel.run("%aether runs --json").text())
    return str(next(row["run"] for row in rows if "Rome" in row["prompt"]))


def test_a_run_becomes_one_marked_cell(kernel: Kernel) -> None:
    """Items are set apart by comments, the failed attempt is left out, and the value is bound by a plain statement."""
    cell = kernel.run(f"%aether insert {run_of(kernel)}")
    assert payload(cell).startswith("# [aether] What share has Rome?\n# run ")
    assert "needs df (In[2])" in payload(cell)
    assert payload(cell).partition("\n\n")[2] == (
        "# 1. Sum it\ntotal = df.sales.sum()\n\n"
        "# 2. Share it\nshare = df.groupby('city').sales.sum() / total\n\n"
        "# 3. Give it its value\nit = float(share['Rome'])\n"
    )
    kernel.run("del it, total")
    assert kernel.run(payload(cell)).status == "ok"
    assert kernel.run("print(round(it, 3))").text() == "0.889\n"


def test_a_run_becomes_a_notebook_and_a_script(kernel: Kernel, folder: Path) -> None:
    """A cell for each item, valid nbformat; a file that exists is left alone."""
    run = run_of(kernel)
    said = kernel.run(f"%aether export {run} code.ipynb")
    assert "Wrote code.ipynb: 3 cells" in said.text(), said.of("error")
    notebook = nbformat.read(folder / "code.ipynb", 4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code", "code", "code"]
    assert kernel.run(f"%aether export {run} code.py").status == "ok"
    assert (folder / "code.py").read_text().count("# %% ") == 3
    compile((folder / "code.py").read_text(), "code.py", "exec")
    again = kernel.run(f"%aether export {run} code.py")
    assert again.of("error")[0]["traceback"][0] == "aether: code.py exists already."
    assert kernel.run(f"%aether export {run}").status == "error"


def test_the_code_of_a_run_reproduces_in_a_fresh_kernel(kernel: Kernel) -> None:
    """The user's cells run first, then the code; all that it made holds the same."""
    said = kernel.run(f"%aether verify-code {run_of(kernel)} --json")
    assert said.status == "ok", said.of("error")
    found = json.loads(said.text())
    assert (found["outcome"], found["handed"]) == ("reproduces", []), found
    # On a machine that is busy there is not always time for a hash, which is then said.
    assert {*found["same"], *found["untold"]} == {"total", "share", "it"}


def test_a_difference_is_told_by_its_first_place(kernel: Kernel) -> None:
    """Code that makes something else each time is found out, with what was made and what is made now."""
    kernel.run("script(code('import time\\nstamp = time.time()', 'Look at the clock'), 'ok')")
    assert kernel.run("%%aether --model script\nWhen?").status == "ok"
    said = kernel.run("%aether verify-code").text()
    assert "does not reproduce. The first difference: “Look at the clock” made stamp another one: it is float" in said


def test_what_is_missing_is_said_plainly(kernel: Kernel) -> None:
    """An input that no cell makes and nobody kept: its name, and which cell had made it."""
    kernel.run("late = object()")
    kernel.run("script(code('kind = str(type(late))'), 'ok')")
    assert kernel.run("%%aether --model script\nWhat is late?").status == "ok"
    kernel.run("get_ipython().history_manager.input_hist_raw[:] = [''] * len(In)")
    said = kernel.run("%aether verify-code").text()
    assert "cannot be tried: it needs late, which no cell before it makes. In[" in said


def test_an_input_is_handed_over_where_no_cell_makes_it(kernel: Kernel) -> None:
    """What the notebook still holds as it was read is taken as it is, and that is said."""
    said = kernel.run(f"%aether verify-code {run_of(kernel)}").text()
    assert "reproduces" in said and "taken as it was kept: df" in said


def test_a_terminal_verifies_and_exports_too(kernel: Kernel, folder: Path) -> None:
    """aether verify-code says by its exit code whether the code makes the same; inputs come from what was kept."""
    run = run_of(kernel)
    words = [sys.executable, "-m", "aether_nb", "export", run, "cli.py"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.count("Wrote cli.py")) == (0, 1), done.stderr
    words = [sys.executable, "-m", "aether_nb", "verify-code", run, "--json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)
    assert (done.returncode, found["outcome"]) == (1, "missing"), done.stderr
    assert "df" in found["first"] and "In[2]" in found["first"]


CELLS = ("import pandas as pd", DATA, "raise ValueError('a cell that fails')", "%load_ext aether_nb\nlate = 1")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kernel, Path]]:
    """A kernel of a saved notebook, in which everything is approved: it has computed, and written outside."""
    folder = tmp_path_factory.mktemp("saved")
    file = folder / "story.ipynb"
    asks = ("%%aether --model script\nSum it", "%%aether --model script\nSum it and write")
    cells = [nbformat.v4.new_code_cell(source) for source in (*CELLS, *asks)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    with Kernel(Path(sys.executable), {"JPY_SESSION_NAME": str(file), "AETHER_APPROVE": "auto"}, folder) as kernel:
        for cell in (*CELLS, LOAD):
            kernel.run(cell)
        kernel.run("script(code('total = df.sales.sum()', 'Sum it'), 'ok')")
        assert kernel.run(asks[0]).status == "ok"
        kernel.run("script(code('total = df.sales.sum()', 'Sum it'), code('df.to_csv(\"x.txt\")', 'Write x'), 'ok')")
        assert kernel.run(asks[1]).status == "ok"
        yield kernel, folder


def verified(folder: Path, *words: str) -> tuple[int, dict[str, object]]:
    """The exit code of ``aether verify-code``, and what it says."""
    line = [sys.executable, "-m", "aether_nb", "verify-code", *words, "--json"]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_saved_notebook_is_reproduced_from_a_terminal(saved: tuple[Kernel, Path]) -> None:
    """The cells of the file that stand before the question make what it needs, even when one of them fails."""
    kernel, folder = saved
    runs = json.loads(kernel.run("%aether runs --json").text())
    first = next(row["run"] for row in runs if row["prompt"] == "Sum it")
    code, found = verified(folder, first)
    assert (code, found["outcome"], found["handed"]) == (0, "reproduces", [])
    told = {*found["same"], *found["untold"]}
    assert told - {"df"} == {"total"}  # a slow machine may have no time to look at what it has read


def test_what_acts_outside_is_left_out_until_it_is_said(saved: tuple[Kernel, Path]) -> None:
    """A file is not written again by looking whether code reproduces; with --outside it is."""
    _, folder = saved
    (folder / "x.txt").unlink()
    code, found = verified(folder)
    assert (code, found["left_out"], (folder / "x.txt").exists()) == (0, ["Write x"], False)
    code, found = verified(folder, "--outside")
    assert (code, found["left_out"], (folder / "x.txt").exists()) == (0, [], True)
