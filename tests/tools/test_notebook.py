"""read_cells and propose_cell: the notebook as saved, or what was run, and one new cell for the person."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from aether_nb import RepairableToolError
from aether_nb.tools.notebook import propose_cell, read_cells
from harness.tools import Shelled, told, use


@pytest.fixture
def context(tmp_path: Path) -> Shelled:
    """A shell in which two cells were run, and a saved notebook."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    shell.user_ns["In"] = ["", "a = 1", "a + 1"]
    cells = [
        new_markdown_cell("# Title"),
        new_code_cell("print('hello')\n1 + 1"),
        new_code_cell("1/0"),
    ]
    cells[1].outputs = [
        new_output("stream", text="hello\n"),
        new_output("execute_result", data={"text/plain": "2", "text/html": "<b>2</b>"}),
    ]
    cells[2].outputs = [new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=[])]
    file = tmp_path / "mine.ipynb"
    nbformat.write(new_notebook(cells=cells), file)
    return Shelled(real=shell, notebook=file)


def test_cells_are_read_as_saved(context: Shelled) -> None:
    """Each with its place and its kind; a part of them when that is asked for, from the end too."""
    assert told(read_cells, context) == (
        "3 cells, mine.ipynb, as last saved\n\n"
        "[1] markdown\n# Title\n\n[2] code\nprint('hello')\n1 + 1\n\n[3] code\n1/0"
    )
    assert told(read_cells, context, start=-1).endswith("\n\n[3] code\n1/0")
    assert "[1]" not in told(read_cells, context, start=2, count=1)


def test_outputs_are_data(context: Shelled) -> None:
    """They come only when asked for, as text, and count as rows."""
    (part,) = use(read_cells, context, outputs=True).parts
    assert part.data == "output"
    assert "→ hello\n→ 2" in part.text
    assert part.text.endswith("→ division by zero")
    assert use(read_cells, context).parts[0].data == "text"


def test_without_a_file_the_kernel_tells_what_was_run(context: Shelled) -> None:
    """Where no front end says where the notebook lies, the history serves."""
    context.notebook = None
    assert told(read_cells, context) == "2 cells, run in this kernel\n\n[1] code\na = 1\n\n[2] code\na + 1"


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', None]
)
def test_what_is_no_notebook_is_said(context: Shelled, content: str | None) -> None:
    """A broken or a missing file is an error that the model can read."""
    assert context.notebook is not None
    context.notebook.unlink()
    if content is not None:
        context.notebook.write_text(content)
    with pytest.raises(RepairableToolError):
        use(read_cells, context)


def test_proposals_become_one_new_cell(context: Shelled) -> None:
    """A front end makes one cell of all of them, in their order; nothing is run."""
    context.real = ZMQInteractiveShell(config=Config(HistoryManager={"enabled": False}))
    use(propose_cell, context, code="b = 2")
    use(propose_cell, context, code="b + 1")
    (payload,) = context.real.payload_manager.read_payload()
    assert (payload["source"], payload["replace"]) == ("set_next_input", False)
    assert payload["text"] == "b = 2\n\n# ----\n\nb + 1"
    assert "b" not in context.real.user_ns
    with pytest.raises(RepairableToolError):
        use(propose_cell, context, code=" ")


def test_a_terminal_has_the_proposals_on_its_next_line(context: Shelled) -> None:
    """Without a front end they wait where the person types next."""
    use(propose_cell, context, code="b = 2")
    use(propose_cell, context, code="b + 1")
    assert context.real.rl_next_input == "b = 2\n\n# ----\n\nb + 1"
