"""The guard in a real JupyterLab: code waits inside open() while a person reads the question and clicks."""

from __future__ import annotations

import pytest

from harness.lab import ARTIFACTS, Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOAD = """\
%load_ext aether_nb
import os
from pathlib import Path
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def keep(name):
    Path("..", name).write_text("kept")
code = "try:\\n    keep('first.txt')\\nexcept PermissionError as error:\\n    print(error)\\nkeep('second.txt')"
calls = [ToolCall("", "run_python", {"code": code, "purpose": "Keep two files"})]
register("model", "script", lambda: ScriptedModel([calls, "Both were tried."], name="script"))"""
ASK = "%%aether --model script --mode auto\nKeep the files"


@pytest.mark.subshell
def test_code_waits_for_a_click(lab: Lab) -> None:
    """The first file is refused by a click, the second allowed, while the kernel is blocked in the very same call."""
    with lab.browser(1180, 1500, scale=1.5) as page:
        book = lab.open(page, "guard.ipynb", [LOAD, ASK])
        book.run(0)
        running = book.start(1)
        question = page.get_by_test_id("question-option")
        question.first.wait_for()
        assert "first.txt" in page.get_by_test_id("aether-panel").inner_text()
        for theme in ("light", "dark"):
            book.theme(theme)
            book.screenshot(ARTIFACTS / f"guard-{theme}.png", page.get_by_test_id("aether-panel"))
        assert book.running(running)
        question.last.click()
        page.wait_for_function("document.body.innerText.includes('second.txt. What it was approved for')")
        assert book.running(running)
        page.get_by_test_id("question-option").filter(has_text="yes").first.click()
        book.wait(running)
        assert not (lab.work.parent / "first.txt").exists()
        assert (lab.work.parent / "second.txt").read_text() == "kept"
        said = page.locator(".jp-OutputArea-output").filter(has_text="Both were tried.")
        said.first.wait_for()  # it is painted a moment after the cell has ended
