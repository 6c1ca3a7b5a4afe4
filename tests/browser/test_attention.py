"""A person who looks elsewhere is told, and so is one whose kernel or connection is gone: in a real JupyterLab."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from harness.lab import ARTIFACTS, Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]

LOAD = """
%load_ext aether_nb
from aether_nb import ScriptedModel, register, tool
from aether_nb.events.messages import ToolCall
@tool(risk="high", effect="external")
def send_letter(to: str) -> str:
    "Send a letter."
    return f"sent to {to}"
calls = [ToolCall("", "send_letter", {"to": "anna"})]
register("model", "script", lambda: ScriptedModel([calls, "It is **sent**."], name="script"))
"""
ASK = "%%aether --model script\nWrite to Anna"

RECORDED = """
window.told = [];
window.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, options) { window.told.push([title, options.body]); }
};
window.away = false;
Object.defineProperty(document, "visibilityState", { get: () => (window.away ? "hidden" : "visible") });
"""
AWAY = """away => { window.away = away; document.dispatchEvent(new Event("visibilitychange")); }"""
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A page of a fresh browser, which remembers what people are notified of and may be looked away from."""
    with lab.browser(1180, 1100) as opened:
        opened.context.grant_permissions(["notifications"], origin=lab.url)
        opened.add_init_script(RECORDED)
        yield opened


def waiting(lab: Lab, page: Any, name: str, away: bool = False) -> tuple[Notebook, int]:
    """A notebook in which a run waits at its gate."""
    book = lab.open(page, name, [LOAD, ASK, "1 + 1"])
    book.run(0)
    page.evaluate(AWAY, away)
    running = book.start(1)
    page.get_by_test_id("gate-approve").wait_for()
    return book, running


def lost(page: Any) -> Any:
    """Where the panel says that nobody answers."""
    return page.get_by_test_id("lost")


def test_a_gate_marks_the_tab_and_notifies_who_looks_elsewhere(lab: Lab, page: Any) -> None:
    """Once, and the mark goes with the answer; who looks at the page is not notified."""
    book, running = waiting(lab, page, "away.ipynb", away=True)
    page.wait_for_function("() => document.title.startsWith('● ') && window.told.length === 1")
    title, body = page.evaluate("window.told[0]")
    assert (title, body) == ("aether waits for you", "send_letter: Send a letter")
    page.evaluate(AWAY, False)
    page.get_by_test_id("gate-approve").click()
    book.wait(running)
    page.wait_for_function("() => !document.title.startsWith('● ')")
    running = book.start(1)
    page.get_by_test_id("gate-approve").wait_for()
    page.wait_for_function("() => document.title.startsWith('● ')")
    page.get_by_test_id("gate-deny").click()
    book.wait(running)
    assert len(page.evaluate("window.told")) == 1


def test_a_kernel_that_was_restarted_is_said(lab: Lab, page: Any) -> None:
    """The panel says that nobody answers, and how to go on; that way leads to the end of the run."""
    book, _ = waiting(lab, page, "restarted.ipynb")
    run = page.get_by_test_id("aether-panel").get_attribute("data-run")
    page.evaluate(f"{KERNEL}.restart()")
    lost(page).get_by_text("The kernel does not answer.").wait_for(timeout=45_000)
    assert "%aether resume" in lost(page).inner_text()
    for theme in ("dark", "light"):
        book.theme(theme)
        book.screenshot(ARTIFACTS / f"restarted-{theme}.png", page.get_by_test_id("aether-panel"))
    assert run is None or run in lost(page).inner_text()


def test_a_server_that_hangs_is_said_and_so_is_its_return(lab: Lab, page: Any) -> None:
    """Nothing is lost meanwhile: the gate that was open is answered afterwards."""
    book, running = waiting(lab, page, "hangs.ipynb")
    assert lab.process is not None
    os.kill(lab.process, signal.SIGSTOP)
    try:
        lost(page).get_by_text("The kernel does not answer.").wait_for(timeout=60_000)
        assert "goes on by itself" in lost(page).inner_text()
    finally:
        os.kill(lab.process, signal.SIGCONT)
    lost(page).wait_for(state="hidden", timeout=45_000)
    page.get_by_test_id("gate-approve").click()
    book.wait(running)
    book.cell(1).get_by_text("It is sent.").first.wait_for()


def test_a_connection_that_broke_is_said_and_mended(lab: Lab, page: Any) -> None:
    """Offline it is said at once; when the socket is there again the panel has caught up, and the click counts."""
    book, running = waiting(lab, page, "offline.ipynb")
    page.context.set_offline(True)
    lost(page).get_by_text("This page is offline. The run goes on in the kernel.").wait_for()
    page.evaluate(f"{KERNEL}._ws.close()")
    page.wait_for_timeout(2000)
    page.context.set_offline(False)
    page.wait_for_function(f"() => {KERNEL}.connectionStatus === 'connected'", timeout=60_000)
    lost(page).wait_for(state="hidden", timeout=45_000)
    approve = page.get_by_test_id("gate-approve")
    approve.evaluate("button => button.click()")  # JupyterLab's own word about its server may lie over it
    book.wait(running)
    book.cell(1).get_by_text("It is sent.").first.wait_for()
