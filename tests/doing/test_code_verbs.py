"""The code of a run as text: cells, notebooks, scripts, and whose it is. Kernels are left to tests/flows."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import nbformat
import pytest

from aether_nb.doing import code as code_verbs
from aether_nb.doing.reproducing import Reproduction
from aether_nb.errors import UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, ToolCall
from aether_nb.live.keeping import Clock, content_hash, save
from aether_nb.store.store import Store, memory_store

MODULE = k.Kept("pd", "module", why="pandas")
DF = k.Kept("df", "pandas.DataFrame", "sha256:1", cell="In[2]")


@pytest.fixture
def store() -> Store:
    """A record with a run that computed and wrote, and one that only answered."""
    store = memory_store()
    call = k.CallProposed(ToolCall("a", "run_python", {"code": "x = 1\n"}), "h", "low", "namespace", purpose="Count")
    write = k.CallProposed(ToolCall("b", "write_file", {"path": "o.csv", "variable": "x"}), "h", "low", "external")
    events = (
        k.RunStarted("How\nmany?", "m"), call, k.CallBegun("a", "h"), k.NamespaceKept("a", (), (MODULE, DF)),
        k.CallFinished("a", (Text("ok"),), 0.1), write, k.CallBegun("b", "h"), k.CallFinished("b", (Text("ok"),), 0.1),
        k.RunEnded("done"),
    )  # fmt: skip
    store.log.append("r1", 0, events, [float(n) for n in range(len(events))])
    store.log.append("r2", 0, (k.RunStarted("?", "m"), k.RunEnded("done")), [0.0, 1.0])
    store.log.append("r3", 0, events[:-1], [float(n) for n in range(len(events) - 1)])
    return store


def options(**given: object) -> Namespace:
    """What was typed."""
    return Namespace(**{"run": "", "out": "", "outside": False, "anyway": False, "json": False} | given)


def test_a_cell_says_where_it_comes_from_and_what_it_needs(store: Store) -> None:
    """Marked, with the run, its needs, and the files that no code writes."""
    code, _ = code_verbs.code_in(store, "r1")
    assert code_verbs.cell_of_run(code) == (
        "# [aether] How many?\n# run r1 · %aether show r1\n# needs df (In[2])\n"
        "# a tool wrote o.csv; no code here does\n\n# 1. Count\nx = 1\n"
    )


def test_a_run_without_code_is_refused(store: Store) -> None:
    """There is nothing to put into a cell."""
    with pytest.raises(UsageFault, match="Run r2 has no code"):
        code_verbs.code_in(store, "r2")


def test_a_notebook_is_valid_and_imports_what_was_found(store: Store, tmp_path: Path) -> None:
    """Modules that the notebook had imported are imported first; each cell has an id."""
    said = code_verbs.exported(store, options(run="out.ipynb"), "r1", tmp_path)
    assert said == "Wrote out.ipynb: 1 cell of run r1."
    notebook = nbformat.read(tmp_path / "out.ipynb", 4)
    nbformat.validate(notebook)
    assert [cell.source for cell in notebook.cells[1:]] == ["import pandas as pd", "# Count\nx = 1"]
    assert notebook.cells[0].source.startswith("[aether] How many?  \nrun r1")


def test_a_script_compiles(store: Store, tmp_path: Path) -> None:
    """Percent cells, which editors understand."""
    code_verbs.exported(store, options(run="r1", out="out.py"), "", tmp_path)
    text = (tmp_path / "out.py").read_text()
    assert text.endswith("import pandas as pd\n\n# %% Count\nx = 1\n")
    compile(text, "out.py", "exec")


@pytest.mark.parametrize("out", ["", "code.txt", "there.py", "no/such/folder.py"])
def test_a_file_that_cannot_be_written_is_refused(store: Store, tmp_path: Path, out: str) -> None:
    """No name, another kind of file, one that exists, a folder that does not."""
    (tmp_path / "there.py").write_text("mine")
    with pytest.raises(UsageFault):
        code_verbs.exported(store, options(run="r1", out=out), "", tmp_path)
    assert (tmp_path / "there.py").read_text() == "mine"


def test_code_that_somebody_else_recorded_is_not_run_by_itself(store: Store) -> None:
    """A record that came along runs nothing here until that is said; one that has not ended neither."""
    with pytest.raises(UsageFault, match="was not recorded by you"):
        code_verbs.verified_code(store, "r1", options())
    with pytest.raises(UsageFault, match="has not ended"):
        code_verbs.verified_code(store, "r3", options())


def test_what_speaks_to_an_agent_is_no_code_of_the_users() -> None:
    """Questions, our line magics and the loading of the extension are left out; the rest of a cell stays."""
    assert code_verbs.users_part("\n%%aether\nHow many?") == ""
    assert code_verbs.users_part("%load_ext aether_nb\nimport x\n  %aether status\ny = 1") == "import x\ny = 1"


def test_the_cells_before_a_run_are_those_of_the_saved_notebook(tmp_path: Path) -> None:
    """By the cell's id, else by its question; none where that cannot be found."""
    cells = [
        {"cell_type": "markdown", "source": "# Title", "id": "a"},
        {"cell_type": "code", "source": ["x = 1\n", "y = 2"], "id": "b"},
        {"cell_type": "code", "source": "%%aether\nWhy?", "id": "c"},
        {"cell_type": "code", "source": "z = 3", "id": "d"},
        {"cell_type": "code", "source": "%%aether --new\nHow many?", "id": "e"},
    ]
    file = tmp_path / "a.ipynb"
    file.write_text(json.dumps({"cells": cells}))
    assert code_verbs.cells_before(str(file), "c", "Why?") == ["x = 1\ny = 2"]
    assert code_verbs.cells_before(str(file), "gone", "How many?") == ["x = 1\ny = 2", "z = 3"]
    assert code_verbs.cells_before(str(file), "gone", "What?") == []
    assert code_verbs.cells_before("", "c", "Why?") == code_verbs.cells_before("no.ipynb", "c", "Why?") == []


def test_what_came_of_it_is_said_in_words() -> None:
    """It reproduces, or the first difference, or what is missing; and all that was not looked at."""
    assert Reproduction("r").text == "Run r reproduces in a fresh kernel."
    whole = Reproduction("r", same=["x"], untold=["m"], left_out=["Write"], handed=["df"]).text.splitlines()
    assert whole == [
        "Run r reproduces in a fresh kernel: x holds what it held.",
        "Not made again, but taken as it was kept: df.",
        "Could not be told of: m.",
        "Not run, because it acts outside: Write (--outside runs it, too).",
    ]
    assert Reproduction("r", "differs", "x is 2.").text == "Run r does not reproduce. The first difference: x is 2."
    assert Reproduction("r", "missing", "it needs x.").text == "Run r cannot be tried: it needs x."


@pytest.mark.kernel
def test_an_input_is_looked_for_in_what_any_run_has_kept(store: Store) -> None:
    """By the hash of its content, in the bytes of every recent run; what was cleaned away is passed over."""
    value = [1, 2]
    format, data = save(value, None, Clock())
    hash = content_hash(value)
    here = k.Kept("other", "list", hash, store.blobs.put(bytes(data)), format, len(data))
    gone = k.Kept("other", "list", hash, "sha256:gone", format, 1)
    read = k.Kept("numbers", "list", hash, cell="In[1]")
    call = k.CallProposed(ToolCall("a", "run_python", {"code": "x = sum(numbers)"}), "h", "low", "namespace")
    made = k.Kept("x", "int", content_hash(3))
    events = (
        k.RunStarted("?", "m"), call, k.CallBegun("a", "h"), k.NamespaceKept("a", (made,), (read,)),
        k.CallFinished("a", (Text("ok"),), 0.1), k.RunEnded("done"),
    )  # fmt: skip
    store.log.append("r4", 0, events, [float(n) for n in range(len(events))])
    said, ok = code_verbs.verified_code(store, "r4", options(anyway=True), [])
    assert not ok and "it needs numbers, which no cell before it makes. In[1] had made it." in said
    kept = (k.RunStarted("?", "m"), k.NamespaceKept("", (gone,)), k.NamespaceKept("", (here,)))
    store.log.append("r5", 0, kept, [0.0, 1.0, 2.0])
    said, ok = code_verbs.verified_code(store, "r4", options(anyway=True, json=True), [])
    found = json.loads(said)
    assert (ok, found["handed"], found["same"]) == (True, ["numbers"], ["x"])
