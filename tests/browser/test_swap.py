"""Models in the panel, in a real JupyterLab: one takes over at a gate, one is waited for, one streams."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.lab import ARTIFACTS, Lab, Notebook
from harness.provider import Provider, provider

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST, SECOND, BROKEN = "openai:writer", "anthropic:claude-sonnet-5", "broken"
LOAD = f"""%load_ext aether_nb
from aether_nb import register
register("model", "{BROKEN}", lambda: 5)
%aether model {SECOND}
%aether model {FIRST}"""
ASK = "%%aether\nWhat is six times seven? Write it down."
GROWTH = """() => {
  window.aetherGrowth = [];
  const look = () => {
    const answer = document.querySelector('[data-testid="answer"]');
    const rest = document.querySelector('.aether-rest');
    const text = (answer?.innerText ?? '') + (rest?.innerText ?? '');
    if (text && text !== window.aetherGrowth.at(-1)) window.aetherGrowth.push(text);
    window.requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    """One model server for all tests of this file."""
    with provider() as server:
        yield server


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Path, server: Provider, lab_python: str) -> Iterator[Lab]:
    """A lab whose kernels find that server in the place of two providers."""
    keys = {
        "OPENAI_API_KEY": "sk-test-0123456789",
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-0123456789",
        "ANTHROPIC_BASE_URL": server.url,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    with Lab(tmp_path_factory.mktemp("lab"), chromium, lab_python, keys) as lab:
        yield lab


@pytest.fixture
def page(lab: Lab) -> Iterator[Any]:
    """A page of a fresh browser."""
    with lab.browser(scale=1.5) as page:
        yield page


def at_the_gate(lab: Lab, page: Any, name: str) -> tuple[Notebook, int]:
    """A run that waits for an approval."""
    (lab.work / "answer.txt").unlink(missing_ok=True)
    book = lab.open(page, name, [LOAD, ASK])
    book.run(0)
    run = book.start(1)
    page.get_by_test_id("gate").wait_for()
    return book, run


def pictures(book: Notebook, name: str) -> None:
    """What it looks like, in both themes."""
    for theme in ("light", "dark"):
        book.theme(theme)  # type: ignore[arg-type]
        book.screenshot(ARTIFACTS / f"{name}-{theme}.png")


def test_another_model_goes_on_from_an_open_gate(lab: Lab, page: Any, server: Provider) -> None:
    """Picked while the gate is open, the second model answers in its own format, with the whole history before it."""
    book, run = at_the_gate(lab, page, "swap.ipynb")
    picker, note = page.get_by_test_id("model"), page.get_by_test_id("note")
    assert picker.input_value() == FIRST
    assert picker.locator("option").all_inner_texts() == [FIRST, SECOND, BROKEN, "aether:analyst"]
    picker.select_option(SECOND)
    note.get_by_text(f"{SECOND} goes on from the next step.").wait_for()
    assert picker.input_value() == SECOND
    pictures(book, "swap-gate")
    server.pace = 0.5
    page.get_by_test_id("gate").get_by_role("button", name="Approve").click()
    page.get_by_text(f"From here on {SECOND} answers.").wait_for()
    assert picker.input_value() == SECOND
    pictures(book, "swap-on")
    server.pace = 0.0
    book.wait(run)
    book.cell(1).get_by_text("The answer is 42.").first.wait_for()
    pictures(book, "swap-done")
    book.says(1, f"From here on {SECOND} answers.")
    assert (lab.work / "answer.txt").read_text() == "42"
    first, last = server.bodies[-2:]
    assert (first["model"], last["model"]) == ("writer", "claude-sonnet-5")
    kinds = [part["type"] for message in last["messages"] for part in message["content"] if isinstance(part, dict)]
    assert ("tool_use" in kinds, "tool_result" in kinds) == (True, True)
    assert "What is six times seven? Write it down." in json.dumps(last["messages"])


def test_a_pick_that_cannot_be_had_is_said_and_the_run_goes_on(lab: Lab, page: Any, server: Provider) -> None:
    """A broken model is named with its reason in a line, the picker goes back, and the first model answers."""
    book, run = at_the_gate(lab, page, "broken.ipynb")
    picker = page.get_by_test_id("model")
    picker.select_option(BROKEN)
    page.get_by_test_id("note").get_by_text("What is registered as 'broken' is no model.").wait_for()
    page.wait_for_function("name => document.querySelector('[data-testid=model]').value === name", arg=FIRST)
    pictures(book, "swap-broken")
    page.get_by_test_id("gate").get_by_role("button", name="Approve").click()
    book.wait(run)
    book.cell(1).get_by_text("The answer is 42.").first.wait_for()
    assert server.bodies[-1]["model"] == "writer"


def test_a_busy_server_is_waited_for_in_sight(lab: Lab, page: Any, server: Provider) -> None:
    """A 429 with Retry-After: the panel says for how long it waits and why, and then the answer comes."""
    server.busy = 1
    book = lab.open(page, "busy.ipynb", [LOAD.replace(FIRST, "openai:tiny"), ASK])
    book.run(0)
    run = book.start(1)
    note = page.get_by_test_id("note").get_by_text("waiting 2 s")
    note.wait_for()
    pictures(book, "waiting")
    book.wait(run)
    book.cell(1).get_by_text("The answer is 42.").first.wait_for()
    assert server.busy == 0


def test_an_answer_appears_piece_by_piece(lab: Lab, page: Any, server: Provider) -> None:
    """Words that a server sends apart are seen apart."""
    server.pace = 0.2
    book = lab.open(page, "pieces.ipynb", [LOAD.replace(FIRST, "openai:tiny"), ASK])
    book.run(0)
    page.evaluate(GROWTH)
    book.run(1)
    server.pace = 0.0
    seen = [text.strip() for text in page.evaluate("() => window.aetherGrowth")]
    grown = [text for text in seen if "The answer is 42.".startswith(text)]
    assert len(grown) >= 3, seen
    assert grown == sorted(grown, key=len)
