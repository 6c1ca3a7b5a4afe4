"""A run in the background and a cell that is changed, in a real JupyterLab: clicked while other cells run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness.lab import ROOT, Lab

ARTIFACTS = ROOT / "tests" / "artifacts"

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]

LOAD = """
%load_ext aether_nb
import time
from aether_nb import ScriptedModel, register, tool
from aether_nb.events.messages import ToolCall
@tool(risk="high", effect="external")
def send_letter(to: str) -> str:
    "Send a letter."
    return f"sent to {to}"
def use(name, **arguments):
    return ToolCall("", name, arguments)
replies = [use("run_python", code="made = 5"), use("send_letter", to="anna"), "all **done**"]
register("model", "slow", lambda: ScriptedModel(replies, name="slow", delay=0.05))
code = "total = sum(range(10))"
register("model", "ed", lambda: ScriptedModel([use("change_cell", code=code), "Shorter."], name="ed"))
"""
ASK = "%%aether --bg -o said --model slow\nWork on it"
EDIT = "%aether edit --model ed shorter\ntotal = 0\nfor i in range(10):\n    total += i"
SOURCES = "window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"


def test_a_run_goes_on_behind_its_cell_and_a_cell_is_replaced(lab: Lab, page: Any) -> None:
    """The gate of a background run is clicked while another cell runs; the cell that asks for an edit gets its code."""
    book = lab.open(page, "apart.ipynb", [LOAD, ASK, "time.sleep(3); print('slept')", "print(said, made)", EDIT])
    book.run(0)
    book.run(1)
    book.says(1, "goes on in the background")
    page.get_by_test_id("gate-approve").wait_for()
    sleeping = book.start(2)
    page.get_by_test_id("gate-approve").click()
    assert book.running(sleeping)
    book.wait(sleeping)
    book.cell(1).get_by_text("said is bound to the answer").wait_for()
    book.says(1, "all done")
    assert book.text(2) == "slept"
    book.screenshot(ARTIFACTS / "background.png", book.outputs(1).first)
    book.run(3)
    assert book.text(3).strip() == "all **done** 5"
    editing = book.start(4)
    page.get_by_test_id("gate-approve").wait_for()
    assert "+total = sum(range(10))" in page.get_by_test_id("gate-diff").inner_text()
    book.screenshot(ARTIFACTS / "edit.png", page.get_by_test_id("aether-panel").last)
    page.get_by_test_id("gate-approve").click()
    book.wait(editing)
    assert page.evaluate(SOURCES)[4] == "total = sum(range(10))"


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A page of a fresh browser."""
    with lab.browser(1180, 1500) as page:
        yield page
