"""The live panel in a real JupyterLab: it is painted while the cell runs, and clicks reach the run meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.lab import ARTIFACTS, Lab, Notebook, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLAY = """\
import asyncio, json
from harness.story import Stage, first_half, second_half
from aether_nb.widgets.transcript import bundle

stage = Stage()
await stage.play(first_half(), 0.03)
await stage.until_clicked()
"""

GO_ON = """\
await stage.play(second_half(), 0.02)
await asyncio.sleep(3)
stage.panel.close(bundle(stage.panel.view))
"""

REPORT = """\
print(json.dumps({"commands": stage.commands, "hellos": stage.hellos, "sent": stage.sent}))"""

WATCH = """() => {
  window.paints = [];
  const look = () => {
    const panel = document.querySelector('[data-testid=aether-panel]');
    const text = panel ? panel.innerText.replace(/\\d+:\\d\\d/g, '') : '';
    if (text && text !== window.paints.at(-1)) window.paints.push(text);
    requestAnimationFrame(look);
  };
  look();
}"""

GATE_SENT = {"type": "gate", "call_id": "call_4", "decision": "approve", "lasts": "once", "reason": ""}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Path) -> Iterator[Lab]:
    """One server for the tests of this file."""
    with Lab(tmp_path_factory.mktemp("lab"), chromium) as started:
        yield started


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A fresh browser with a tall window, so that a whole run is on screen."""
    with lab.browser(1180, 1700, scale=1.5) as opened:
        yield opened


def panel(page: Any) -> Any:
    """The live panel's locator."""
    return page.get_by_test_id("aether-panel")


def saved_outputs(path: Path, index: int) -> list[dict[str, Any]]:
    """The outputs of a cell in a saved notebook."""
    outputs: list[dict[str, Any]] = json.loads(path.read_text())["cells"][index]["outputs"]
    return outputs


def test_story(lab: Lab, page: Any):
    """A run is painted step by step; Approve is clicked while the cell runs; the saved notebook shows it all."""
    page.add_init_script(f"({WATCH})()")
    book = lab.open(page, "story.ipynb", [PLAY + GO_ON + REPORT])
    running = book.start(0)
    page.get_by_test_id("gate").wait_for()
    for theme in ("light", "dark"):
        book.theme(theme)
        book.screenshot(ARTIFACTS / f"gate-{theme}.png", panel(page))
    book.theme("light")

    assert book.running(running)
    page.get_by_test_id("gate-approve").click()
    page.wait_for_selector("[data-testid=aether-panel][data-state=ENDED]")
    assert book.running(running)
    book.screenshot(ARTIFACTS / "ended-light.png", panel(page))
    book.theme("dark")
    book.screenshot(ARTIFACTS / "ended-dark.png", panel(page))
    book.theme("light")
    book.wait(running)

    assert len(page.evaluate("window.paints")) >= 5
    report = json.loads(book.text(0).splitlines()[-1])
    assert [command | {"hash": ""} for command in report["commands"]] == [GATE_SENT | {"hash": ""}]
    assert report["sent"] == list(range(1, len(report["sent"]) + 1))
    assert report["hellos"] == 1

    assert panel(page).count() == 0
    book.screenshot(ARTIFACTS / "static-light.png", book.outputs(0).first)
    book.save()
    kept = saved_outputs(lab.work / "story.ipynb", 0)[0]["data"]
    assert sorted(kept) == ["text/html", "text/markdown", "text/plain"]


def test_untrusted_copy(lab: Lab, page: Any):
    """A notebook from somebody else, unsigned, shows the kept run with every one of its styles."""
    html = _kept_html()
    write_notebook(lab.work / "copy.ipynb", ["None"])
    content = json.loads((lab.work / "copy.ipynb").read_text())
    data = {"text/html": html, "text/plain": "no HTML"}
    content["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
    (lab.work / "copy.ipynb").write_text(json.dumps(content))
    book = lab.open(page, "copy.ipynb")
    output = book.outputs(0).first
    output.locator("summary").nth(3).click()
    for theme in ("light", "dark"):
        book.theme(theme)
        book.screenshot(ARTIFACTS / f"copy-{theme}.png", output)
    wanted = page.evaluate(STYLES_OF_TEXT, html)
    found = output.evaluate(f"node => ({STYLES})(node)")
    assert found == wanted


def _kept_html() -> str:
    from aether_nb.widgets.transcript import bundle
    from aether_nb.widgets.view import view_of
    from harness.story import entries, first_half, second_half

    return bundle(view_of(entries([*first_half(), *second_half()])))["text/html"]


STYLES = "node => [...node.querySelectorAll('[style]')].map(one => [...one.style].join(' '))"
STYLES_OF_TEXT = f"""html => ({STYLES})(new DOMParser().parseFromString(html, 'text/html').body)"""


def test_keyboard(lab: Lab, page: Any):
    """With the gate in focus a, e and d answer it, and typing in it never reaches the notebook's own shortcuts."""
    book = lab.open(page, "keys.ipynb", [PLAY + REPORT, "1"])
    running = book.start(0)
    gate = page.get_by_test_id("gate")
    gate.wait_for()
    page.get_by_test_id("gate-reason").click()
    page.keyboard.type("abdxy")
    gate.focus()
    page.keyboard.press("e")
    page.keyboard.type("/tmp/")
    gate.focus()
    page.keyboard.press("d")
    book.wait(running)
    report = json.loads(book.text(0).splitlines()[-1])
    assert [(one["decision"], one["reason"], one.get("arguments")) for one in report["commands"]] == [
        ("deny", "abdxy", None)
    ]
    assert _cells(book) == 2


def _cells(book: Notebook) -> int:
    return int(book.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").count())


def test_reload(lab: Lab, page: Any):
    """A page that is reloaded in the middle of a run says hello again and goes on from there."""
    book = lab.open(page, "reload.ipynb", [PLAY, REPORT])
    book.start(0)
    page.get_by_test_id("gate").wait_for()
    book.save()
    page.reload()
    page.get_by_test_id("gate").wait_for()
    page.get_by_test_id("gate-approve").click()
    book.wait_ready()
    book.run(1)
    report = json.loads(book.text(1))
    assert (report["hellos"], [one["decision"] for one in report["commands"]]) == (2, ["approve"])


def test_narrow(lab: Lab):
    """In a narrow window nothing is cut off and every control of the gate can be reached."""
    with lab.browser(560, 1500) as page:
        book = lab.open(page, "narrow.ipynb", [PLAY])
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
        running = book.start(0)
        page.get_by_test_id("gate").wait_for()
        book.screenshot(ARTIFACTS / "gate-narrow.png", panel(page))
        wide = panel(page).evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide == 0
        page.get_by_test_id("gate-approve").click()
        book.wait(running)
