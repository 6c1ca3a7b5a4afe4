"""A run that outlives its kernel, in a real JupyterLab: killed, announced, resumed, settled; parked and woken."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from harness.lab import ROOT, Lab, Notebook

ARTIFACTS = ROOT / "tests" / "artifacts"

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOAD = "%load_ext aether_nb"
TOOLS = """
import os, time
from aether_nb import ScriptedModel, register, tool
from aether_nb.events.messages import ToolCall

@tool(risk="high", effect="external")
def send_letter(to: str, text: str) -> str:
    \"\"\"Send a letter.\"\"\"
    with open("sent.txt", "a") as file:
        file.write(to + "\\n")
    while os.path.exists("slow"):
        time.sleep(0.1)
    return f"sent to {to}"

class Script:
    name = "script"
    async def stream(self, request):
        n = sum(bool(message.calls) for message in request.messages)
        call = ToolCall("", "send_letter", {"to": "anna@example.org", "text": "The figures are ready."})
        async for delta in ScriptedModel([[[call], "The letter is out."][n]], name="script").stream(request):
            yield delta

register("model", "script", Script)
print(os.getpid())
"""
ASK = "%%aether --model script\nTell Anna that the figures are ready"


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A page of a fresh browser."""
    with lab.browser(1180, 1500, scale=1.5) as page:
        yield page


def pictures(book: Notebook, name: str, place: Any) -> None:
    """A picture in each theme."""
    for theme in ("light", "dark"):
        book.theme(theme)  # type: ignore[arg-type]
        book.screenshot(ARTIFACTS / f"durable-{name}-{theme}.png", place)
    book.theme("light")


def shell(lab: Lab, *words: str) -> str:
    """What ``aether …`` prints in a shell in the notebook's folder, as the user whose kernels those are."""
    command = [sys.executable, "-m", "aether_nb", *words]
    done = subprocess.run(
        command, cwd=lab.work, env=lab.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


def test_a_run_survives_the_death_of_its_kernel(lab: Lab, page: Any) -> None:
    """SIGKILL in the midst of a letter: the new kernel announces the run, the card asks, and one click ends it well."""
    (lab.work / "slow").touch()
    book = lab.open(page, "killed.ipynb", [LOAD, TOOLS, ASK, "%aether resume"])
    book.run(0)
    book.run(1)
    pid = int(book.text(1).splitlines()[-1])
    book.start(2)
    page.get_by_test_id("gate-approve").click()
    page.wait_for_selector("[data-testid=call][data-status=running]")
    deadline = time.monotonic() + 20
    while not (lab.work / "sent.txt").exists():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
    os.kill(pid, signal.SIGKILL)
    (lab.work / "slow").unlink()
    page.get_by_role("button", name="Ok", exact=True).click()  # Lab says that the kernel died, and starts it anew
    book.wait_ready()
    book.run(0)
    announced = book.text(0).splitlines()[-1]
    assert re.fullmatch(
        r'aether: run \w{8} was interrupted \("Tell Anna that the figures are ready"\)\. Go on: %aether resume \w{8}',
        announced,
    )
    book.run(1)
    going = book.start(3)
    doubt = page.get_by_test_id("doubt")
    doubt.wait_for()
    assert "Nobody knows whether it acted" in doubt.inner_text()
    assert "anna@example.org" in page.get_by_test_id("code").last.inner_text()
    pictures(book, "doubt", page.get_by_test_id("aether-panel").last)
    assert [one.inner_text() for one in page.get_by_test_id("doubt-option").all()] == ["It ran", "Run it", "Skip"]
    page.get_by_test_id("doubt-option").first.click()
    book.wait(going)
    book.cell(3).get_by_text("The letter is out.").first.wait_for()
    assert (lab.work / "sent.txt").read_text() == "anna@example.org\n"
    book.cell(3).locator("summary").last.click()
    pictures(book, "settled", book.outputs(3).first)
    book.says(3, "It ran: settled in the panel")


@pytest.mark.subshell
def test_a_parked_run_is_woken_from_a_shell(lab: Lab, page: Any) -> None:
    """The picture of a parked run says how to go on; aether approve in a shell brings panel and answer."""
    book = lab.open(page, "parked.ipynb", [LOAD, TOOLS, ASK.replace("script", "script --park-after 2"), "1 + 1"])
    (lab.work / "sent.txt").unlink(missing_ok=True)
    book.run(0)
    book.run(1)
    book.run(2)
    book.cell(2).get_by_text("This run is parked").first.wait_for()
    assert page.get_by_test_id("aether-panel").count() == 0
    pictures(book, "parked", book.outputs(2).first)
    (lab.work / "slow").touch()
    said = shell(lab, "approve", "--yes")
    assert "Approved: send_letter." in said and "It has heard it." in said
    page.wait_for_selector("[data-testid=call][data-status=running]")
    page.get_by_test_id("tell").fill("Use euros, please")
    page.get_by_test_id("tell-send").click()
    pictures(book, "woken", page.get_by_test_id("aether-panel"))
    (lab.work / "slow").unlink()
    book.cell(2).get_by_text("The letter is out.").first.wait_for()
    book.says(2, "Use euros, please")
    pictures(book, "woken-ended", book.cell(2))  # the output itself is being replaced just now
    book.run(3)
    assert book.text(3) == "2"
    assert (lab.work / "sent.txt").read_text() == "anna@example.org\n"


def test_an_open_gate_is_answered_from_a_shell(lab: Lab, page: Any) -> None:
    """The panel shows who said yes and goes on; where there is only an input box, the run goes on without it."""
    (lab.work / "sent.txt").unlink(missing_ok=True)
    book = lab.open(page, "open.ipynb", [LOAD, TOOLS, ASK, "1 + 1"])
    book.run(0)
    book.run(1)
    going = book.start(2)
    page.get_by_test_id("gate").wait_for()
    page.get_by_test_id("pause").click()
    page.get_by_text("Pausing…").wait_for()
    shell(lab, "approve", "--yes")
    page.get_by_text("Paused in the panel.").wait_for()
    page.get_by_test_id("call-head").click()
    assert "from a terminal" in page.get_by_test_id("approval").inner_text()
    assert page.get_by_test_id("state").inner_text() == "Paused"
    pictures(book, "paused", page.get_by_test_id("aether-panel"))
    page.get_by_test_id("pause").click()
    book.wait(going)
    book.says(2, "Told to go on in the panel.")

    (lab.work / "aether.toml").write_text("panel = false\n")
    book = lab.open(page, "boxed.ipynb", [LOAD, TOOLS, ASK, "input('name? ')"])
    book.run(0)
    book.run(1)
    going = book.start(2)
    page.locator(".jp-Stdin-input").wait_for()
    shell(lab, "approve", "--yes")
    book.wait(going)
    book.says(2, "The letter is out.")
    pictures(book, "boxed", book.cell(2))
    book.cell(2).locator(".jp-Stdin-input").press("Enter")  # until then Lab runs no other cell
    going = book.start(3)
    box = book.cell(3).locator(".jp-Stdin-input")
    box.fill("ada")
    box.press("Enter")
    book.wait(going)
    book.says(3, "'ada'")
    (lab.work / "aether.toml").unlink()
