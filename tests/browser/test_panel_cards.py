"""Every card and control of the live panel in a real JupyterLab, each once, looked at by a checker of accessibility."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.lab import ARTIFACTS, ROOT, Lab, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = ROOT / "tests" / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
"""The checker; the tests of the panel's scripts fetch it."""

PLAY = """\
import asyncio, json
from IPython.display import Markdown, display
from harness.story import Stage
from harness.scene import ANSWER, until_the_gate, until_the_end
from aether_nb.events import kinds as k
from aether_nb.widgets.transcript import bundle

async def until(kind):
    while (await stage.until_clicked(60))["type"] != kind:
        pass

stage = Stage()
await stage.play(until_the_gate(), 0.005)
await until("gate")
await stage.play(until_the_end(), 0.002)
await until("stop")
await stage.play([k.RunEnded("done")], 0.002)
stage.panel.close(lambda: bundle(stage.panel.view))
display(Markdown(ANSWER))
await until("feedback")
print(json.dumps(stage.commands))"""

LOAD = """\
%load_ext aether_nb
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def write(name):
    return ToolCall("", "write_file", {"path": f"out/{name}.txt", "content": "kept"})
class Script:
    name = "script"
    async def stream(self, request):
        n = sum(bool(message.calls) for message in request.messages)
        reply = [[write("a")], [write("b")], [write("c")], "Written 1,344 bytes."][min(n, 3)]
        async for delta in ScriptedModel([reply], name="script").stream(request):
            yield delta
register("model", "script", Script)"""
RECORD = """\
session = get_ipython().aether_magics.session
for run in session.store.log.runs():
    for entry in session.store.log.read(run.id):
        if entry.event.kind in ("feedback.given", "grant.given", "grant.revoked", "signal.received"):
            print(entry.event.kind, getattr(entry.event, "value", ""), getattr(entry.event, "text", ""))
print(len(session.store.log.runs()), "runs")"""


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A fresh browser with a tall window."""
    with lab.browser(1180, 1700, scale=1.5) as opened:
        yield opened


def panel(page: Any) -> Any:
    """The live panel."""
    return page.get_by_test_id("aether-panel").last


def checked(page: Any, what: str = "aether-panel") -> None:
    """Nothing in it keeps anybody out, as far as a program can tell."""
    if AXE.is_file():
        page.evaluate(AXE.read_text())
        found = page.evaluate(
            "async what => (await axe.run(document.querySelector(`[data-testid=${what}]`))).violations"
            ".map(one => [one.impact, one.id, one.nodes.map(node => node.html.slice(0, 200))])",
            what,
        )
        assert found == []


def pictures(book: Notebook, page: Any, name: str, place: Any = None) -> None:
    """A picture in each theme, and nothing in either that keeps anybody out."""
    for theme in ("dark", "light"):
        book.theme(theme)  # type: ignore[arg-type]
        book.screenshot(ARTIFACTS / f"{name}-{theme}.png", place or panel(page))
        if place is None:
            checked(page)


def at_the_gate(book: Notebook, page: Any) -> None:
    """What can be looked at and changed while an edit of a file waits."""
    page.get_by_test_id("gate-diff").wait_for()
    pictures(book, page, "panel-gate")
    page.wait_for_function("() => document.title.startsWith('● ')")
    page.get_by_test_id("gauge").click()
    breakdown = page.get_by_test_id("breakdown")
    breakdown.wait_for()
    assert "84,200 of 128,000 tokens" in breakdown.inner_text()
    pictures(book, page, "panel-gauge")
    page.get_by_test_id("grants").click()
    page.get_by_test_id("grant").first.wait_for()
    checked(page)
    page.get_by_test_id("revoke").last.click()
    page.keyboard.press("Escape")
    assert page.get_by_test_id("drawer").is_hidden()
    page.get_by_test_id("plan-edit").click()
    page.get_by_test_id("plan-title").last.fill("Answer in one sentence")
    page.get_by_test_id("plan-up").last.click()
    checked(page)
    page.get_by_test_id("plan-save").click()
    page.get_by_test_id("gate-lasts").select_option("minutes")
    page.get_by_test_id("gate-scope").select_option("folder")
    page.get_by_test_id("gate-edit").click()
    page.get_by_test_id("edit-new").fill("27.2 millimetres")
    pictures(book, page, "panel-edit")
    page.get_by_test_id("gate-approve").click()


def test_every_card_and_control(lab: Lab, page: Any) -> None:
    """Gauge, yeses, plan, edit and answer are drawn and heard; the bar stays below the picture that is kept."""
    book = lab.open(page, "cards.ipynb", [PLAY])
    running = book.start(0)
    at_the_gate(book, page)
    page.get_by_test_id("thumb-up").wait_for()
    assert page.get_by_test_id("answer").locator("math").count() == 2
    pictures(book, page, "panel-answer")
    page.get_by_test_id("chip").last.click()
    card = page.get_by_test_id("call").nth(1)
    assert card.get_by_test_id("call-head").get_attribute("aria-expanded") == "true"
    assert card.get_by_test_id("unfold").inner_text() == "Show all 42 lines"
    checked(page)
    page.get_by_test_id("stop").click()
    page.get_by_test_id("remains").wait_for()
    checked(page, "remains")
    pictures(book, page, "panel-remains", book.cell(0).locator(".jp-Cell-outputWrapper"))
    page.get_by_test_id("ground").last.click()
    assert book.outputs(0).first.locator("details[open]").count() == 1
    page.get_by_test_id("thumb-down").click()
    book.wait(running)
    said = json.loads(book.text(0).splitlines()[-1])
    assert [one["type"] for one in said] == ["revoke", "plan", "gate", "stop", "feedback"]
    assert said[0]["id"] == "g2" and [one["title"] for one in said[1]["items"]][-2] == "Answer in one sentence"
    assert (said[2]["lasts"], said[2]["scope"]) == ("minutes", "folder")
    assert said[2]["arguments"]["new"] == "27.2 millimetres"
    assert not page.title().startswith("● ")


def test_what_is_clicked_reaches_the_run_and_its_record(lab: Lab, page: Any) -> None:
    """A yes for a folder spares further questions; a file is dropped; the answer is rated, and asked again below."""
    book = lab.open(page, "clicks.ipynb", [LOAD, "%%aether --model script\nWrite three files", RECORD])
    book.run(0)
    running = book.start(1)
    page.get_by_test_id("gate").wait_for()
    page.get_by_test_id("gate-lasts").select_option("run")
    page.get_by_test_id("gate-scope").select_option("folder")
    page.get_by_test_id("gate-approve").click()
    page.get_by_test_id("thumb-up").wait_for()  # in the bar below the picture: three files, one question
    book.wait(running)
    assert sorted(path.name for path in (lab.work / "out").iterdir()) == ["a.txt", "b.txt", "c.txt"]
    page.get_by_test_id("thumb-up").click()
    page.get_by_test_id("again").click()
    page.get_by_test_id("gate").wait_for()
    page.get_by_test_id("aether-panel").evaluate(DROP)
    page.get_by_test_id("note").get_by_text("data.csv is in the working folder (8 bytes).").wait_for()
    assert (lab.work / "data.csv").read_bytes() == b"a,b\n1,2\n"
    for _ in range(3):
        page.locator("[data-testid=gate-approve]:not([disabled])").click()
        page.wait_for_timeout(500)
    page.get_by_text("Written 1,344 bytes.").nth(1).wait_for()
    book.run(2)
    record = book.text(2)
    assert "feedback.given up" in record and "2 runs" in record
    assert "signal.received  I have put a file into the working folder: data.csv (8 bytes)." in record
    book.screenshot(ARTIFACTS / "panel-again.png", book.cell(1))


DROP = """panel => {
  const data = new DataTransfer();
  data.items.add(new File(["a,b\\n1,2\\n"], "data.csv"));
  for (const kind of ["dragover", "drop"])
    panel.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
