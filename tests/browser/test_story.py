"""The story of the first cell, in a real JupyterLab: a question, clicks while it runs, and what the notebook keeps."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.lab import ROOT, Lab, Notebook

ARTIFACTS = ROOT / "tests" / "artifacts"
LOAD = "%load_ext aether_nb"
DATA = 'import pandas as pd\npenguins = pd.read_csv("penguins.csv")'
STORY = "%%aether\nWhich species differ most in flipper length? Plot it and write the summary table to summary.csv"
SCRIPT = """
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
calls = [ToolCall("", "run_python", {"code": CODE})]
register("model", "script", lambda: ScriptedModel([calls, "done"], name="script", delay=DELAY))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Path, lab_python: str) -> Iterator[Lab]:
    """One server for all tests of this file."""
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    with Lab(tmp_path_factory.mktemp("lab"), chromium, lab_python, inline) as lab:
        shutil.copy(ROOT / "notebooks" / "data" / "penguins.csv", lab.work)
        yield lab


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A page of a fresh browser."""
    with lab.browser(scale=1.5) as page:
        yield page


pytestmark = [pytest.mark.browser, pytest.mark.slow]


def ready(lab: Lab, page: Any, name: str, *cells: str, app: Any = "lab") -> Notebook:
    """Open a notebook with these cells behind the extension and the data, and run those two."""
    (lab.work / "summary.csv").unlink(missing_ok=True)
    book = lab.open(page, name, [LOAD, DATA, *cells], app)
    book.run(0)
    book.run(1)
    return book


def saved(lab: Lab, name: str) -> dict[str, Any]:
    """The notebook as it lies on disk."""
    book: dict[str, Any] = json.loads((lab.work / name).read_text())
    return book


def outputs(cell: dict[str, Any]) -> list[set[str]]:
    """The MIME types of each of a cell's outputs."""
    return [set(output.get("data", {})) for output in cell["outputs"]]


def watch_paints(page: Any) -> None:
    """Count how often the panel looks different from the frame before, until it is gone."""
    page.evaluate(
        """() => {
          window.aetherPaints = [];
          const look = () => {
            const panel = document.querySelector('[data-testid="aether-panel"]');
            const text = panel ? panel.innerText.replace(/[0-9.:]+ ?s/g, '') : '';
            if (text && text !== window.aetherPaints.at(-1)) window.aetherPaints.push(text);
            window.requestAnimationFrame(look);
          };
          look();
        }"""
    )


def test_approve_is_clicked_while_the_cell_runs_and_the_notebook_keeps_the_run(lab: Lab, page: Any) -> None:
    """The whole story: panel, gate, click during the run, answer, figure, file; saved and read without a kernel."""
    book = ready(lab, page, "story.ipynb", STORY)
    book.says(0, "aether:analyst serves")
    watch_paints(page)
    run = book.start(2)
    gate = page.get_by_test_id("gate")
    gate.wait_for()
    assert book.running(run)
    assert not (lab.work / "summary.csv").exists()
    assert len(page.evaluate("() => window.aetherPaints")) >= 2
    assert page.get_by_test_id("plan-item").count() >= 3
    for theme in ("light", "dark"):
        book.theme(theme)
        book.screenshot(ARTIFACTS / f"story-gate-{theme}.png")
    gate.get_by_role("button", name="Approve").click()
    book.wait(run)
    book.cell(2).get_by_text("differ most").first.wait_for()
    assert (lab.work / "summary.csv").read_text().startswith("species,")
    for theme in ("light", "dark"):
        book.theme(theme)
        book.screenshot(ARTIFACTS / f"story-done-{theme}.png")
    book.says(2, "Gentoo")
    book.save()
    kept = outputs(saved(lab, "story.ipynb")["cells"][2])
    assert {"text/html", "text/markdown", "text/plain"} in kept
    assert {"text/markdown", "text/plain"} in kept
    assert any("image/png" in types for types in kept)
    assert not any("widget-view" in kind for types in kept for kind in types)
    book.command("kernelmenu:shutdown")
    page.reload()
    page.get_by_text("Approved in the panel").first.wait_for(state="attached")
    book.screenshot(ARTIFACTS / "story-reopened.png")


def test_the_saved_notebook_reads_well_as_html(lab: Lab) -> None:
    """nbconvert shows the run's plan, its cards, who approved what, and the answer, with no widget in it."""
    source = lab.work / "story.ipynb"
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", str(source)], check=True, capture_output=True)
    html = source.with_suffix(".html").read_text()
    for text in ("write_file", "Approved in the panel", "Gentoo"):
        assert text in html
    assert "application/vnd.jupyter.widget-view+json" not in html


def test_deny_with_a_reason_reaches_the_answer_and_nothing_is_written(lab: Lab, page: Any) -> None:
    """A denied write is not done; the run goes on and says so."""
    book = ready(lab, page, "deny.ipynb", STORY)
    run = book.start(2)
    gate = page.get_by_test_id("gate")
    gate.wait_for()
    page.get_by_test_id("gate-reason").fill("I want to look first")
    gate.get_by_role("button", name="Deny").click()
    book.wait(run)
    book.outputs(2).get_by_text("differ most").first.wait_for()  # the question itself says so too
    assert not (lab.work / "summary.csv").exists()
    book.says(2, "Gentoo", "I want to look first")


STOPS = [("kernel", "streaming"), ("kernel", "computing"), ("panel", "waiting"), ("panel", "streaming")]
"""Those of the full lane."""


@pytest.mark.parametrize(
    ("stop", "what"),
    [("kernel", "waiting"), ("panel", "computing"), *(pytest.param(*one, marks=pytest.mark.full) for one in STOPS)],
)
def test_stop_ends_a_run_and_leaves_everything_sound(lab: Lab, page: Any, stop: str, what: str) -> None:
    """Stop ends the cell while it waits, streams or computes; kernel and variables live, and the next cell runs."""
    code = "while True: pass" if what == "computing" else "print('x' * 10)"
    delay = 0.2 if what == "streaming" else 0
    script = SCRIPT.replace("CODE", repr(code)).replace("DELAY", str(delay))
    question = STORY if what == "waiting" else "%%aether --model script\nGo on for ever"
    book = ready(lab, page, f"stop-{stop}-{what}.ipynb", script, question, "print(len(penguins))", "%aether runs")
    book.run(2)
    run = book.start(3)
    if what == "waiting":
        page.get_by_test_id("gate").wait_for()
    elif what == "streaming":
        page.get_by_test_id("state").wait_for()
        page.wait_for_timeout(600)
    else:
        page.get_by_test_id("call").wait_for()
        page.wait_for_timeout(600)
    assert book.running(run)
    if stop == "kernel":
        book.interrupt()
    else:
        page.get_by_test_id("stop").click()
        if what == "computing" and lab.older:  # ipykernel 6 reads no click meanwhile: the kernel's own Stop serves
            page.wait_for_timeout(2000)
            assert book.running(run)
            book.interrupt()
    book.wait(run, 10)
    book.says(3, "the run was stopped")
    book.run(4)
    assert book.text(4) == "344"
    book.run(5)
    book.says(5, "cancelled")


@pytest.mark.subshell
def test_a_page_loaded_anew_at_the_gate_goes_on_and_keeps_the_answer(lab: Lab, page: Any) -> None:
    """Saved and reloaded in the middle of a run the panel comes back, the click counts, and the answer stands in it."""
    book = ready(lab, page, "reload.ipynb", STORY)
    book.start(2)
    page.get_by_test_id("gate").wait_for()
    book.save()
    page.reload()
    gate = page.get_by_test_id("gate")
    gate.wait_for()
    gate.get_by_role("button", name="Approve").click()
    page.get_by_test_id("answer").get_by_text("differ most").wait_for()
    assert (lab.work / "summary.csv").exists()


def test_what_a_model_writes_loads_nothing_from_elsewhere(lab: Lab, page: Any) -> None:
    """Pictures and tags in an answer are no requests: neither while it streams nor when it stands below the cell."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = "![a](http://exfil.example/a.png) <img src='http://exfil.example/b.png'> **done**"
    script = SCRIPT.replace('[calls, "done"]', repr([answer])).replace("CODE", "''").replace("DELAY", "0.01")
    book = ready(lab, page, "remote.ipynb", script, "%%aether --model script\nHello")
    book.run(2)
    book.run(3)
    page.wait_for_timeout(1000)
    book.says(3, "done")
    assert [url for url in asked if "exfil" in url] == []


@pytest.mark.parametrize("app", ["notebook", pytest.param("simple", marks=pytest.mark.full)])
def test_elsewhere_it_shows_the_same_and_clicks_work(lab: Lab, page: Any, app: Any) -> None:
    """In Notebook 7, and in JupyterLab's simple mode, the gate is clicked while the cell runs, as in JupyterLab."""
    book = ready(lab, page, f"{app}.ipynb", STORY, app=app)
    run = book.start(2)
    gate = page.get_by_test_id("gate")
    gate.wait_for()
    gate.get_by_role("button", name="Approve").click()
    book.wait(run)
    assert (lab.work / "summary.csv").exists()
    book.screenshot(ARTIFACTS / f"story-{app}.png")
