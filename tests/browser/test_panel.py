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
await asyncio.sleep(6)
stage.panel.close(lambda: bundle(stage.panel.view))
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

GATE_SENT = {"type": "gate", "call_id": "call_4", "decision": "approve", "lasts": "once", "scope": "call"}
GATE_SENT["reason"] = ""


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A fresh browser with a tall window, so that a whole run is on screen."""
    with lab.browser(1180, 1700, scale=1.5) as opened:
        yield opened


def panel(page: Any) -> Any:
    """The live panel's locator."""
    return page.get_by_test_id("aether-panel")


def reported(book: Notebook, cell: int) -> dict[str, Any]:
    """What a cell printed last; it is painted a moment after the cell has ended."""
    line = book.outputs(cell).get_by_text('{"commands"').last
    line.wait_for()
    found: dict[str, Any] = json.loads(line.inner_text().splitlines()[-1])
    return found


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
    report = reported(book, 0)
    assert [command | {"hash": ""} for command in report["commands"]] == [GATE_SENT | {"hash": ""}]
    assert report["sent"] == list(range(1, len(report["sent"]) + 1))
    assert report["hellos"] == 1

    assert panel(page).count() == 0
    book.screenshot(ARTIFACTS / "static-light.png", book.outputs(0).first)
    book.save()
    kept = saved_outputs(lab.work / "story.ipynb", 0)[0]["data"]
    assert sorted(kept) == ["text/html", "text/markdown", "text/plain"]


def test_untrusted_copy(lab: Lab, page: Any):
    """A notebook from somebody else, unsigned, shows the kept run with its styles, but for the colours of words.

    JupyterLab takes out a colour that is mixed; signs keep theirs.
    """
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
    assert _uncoloured(found) == _uncoloured(wanted)


def _uncoloured(styles: list[str]) -> list[str]:
    """The names of styles, node by node, without that of words' colour; nodes that have no other are left out."""
    bare = (" ".join(name for name in names.split() if name != "color") for names in styles)
    return [names for names in bare if names]


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
    page.get_by_test_id("edit-path").wait_for()
    page.keyboard.type("/tmp/")
    gate.focus()
    page.keyboard.press("d")
    book.wait(running)
    report = reported(book, 0)
    assert [(one["decision"], one["reason"], one.get("arguments")) for one in report["commands"]] == [
        ("deny", "abdxy", None)
    ]
    assert _cells(book) == 2


def _cells(book: Notebook) -> int:
    return int(book.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").count())


LONG = """\
import asyncio, json
from aether_nb.events import kinds as k
from harness.story import Stage, call, hash_of, proposed

hidden = "x = 1" + " " * 400 + "; import shutil; shutil.rmtree('/')"
code = "\\n".join([*(f"step_{n} = {n}" for n in range(60)), hidden])
one = call("c1", "run_python", code=code, purpose="Tidy up", retries=3)
stage = Stage()
asked = proposed(one, risk="high", effect="external", effect_text="runs this code", reasons=("it deletes files",))
await stage.play([k.RunStarted("Tidy up", "m"), asked, k.GateOpened("c1", hash_of(one))], 0.03)
for _ in range(2):
    await stage.until_clicked()
    await stage.play([k.Progress("c1", 0, note="Your edit cannot be used. retries must be at most 2.")], 0.03)
await stage.until_clicked()
"""


def test_long_call_and_refused_edit(lab: Lab, page: Any):
    """All of a long call can be read before a yes, and an edit that cannot be used is told, kept and sent again."""
    book = lab.open(page, "long.ipynb", [LONG + REPORT])
    running = book.start(0)
    gate = page.get_by_test_id("gate")
    gate.wait_for()
    code = panel(page).get_by_test_id("code").first
    assert code.inner_text().count("\n") == 60
    assert code.evaluate("node => node.scrollWidth - node.clientWidth") == 0
    code.evaluate("node => node.scrollTo(0, node.scrollHeight)")
    page.get_by_test_id("gate-edit").click()
    editor = page.get_by_test_id("edit-code")
    assert editor.evaluate("node => [node.scrollTop, node.scrollWidth - node.clientWidth]") == [0, 0]
    page.get_by_test_id("edit-retries").fill("4")
    for _ in range(2):
        page.get_by_test_id("gate-approve").click()
        page.wait_for_selector("[data-testid=gate-approve]:not([disabled])")
        assert "at most 2" in page.get_by_test_id("gate-refused").inner_text()
        assert page.get_by_test_id("edit-retries").input_value() == "4"
    for theme in ("dark", "light"):
        book.theme(theme)
        book.screenshot(ARTIFACTS / f"gate-refused-{theme}.png", panel(page))
    page.get_by_test_id("edit-retries").fill("2")
    page.get_by_test_id("gate-approve").click()
    book.wait(running)
    report = reported(book, 0)
    assert [one["arguments"]["retries"] for one in report["commands"]] == [4, 4, 2]


@pytest.mark.subshell
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
    report = reported(book, 1)
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
