"""Undo in a real JupyterLab: a call is taken back by a click on its card, while its run waits at a gate."""

from __future__ import annotations

import pytest

from harness.lab import ARTIFACTS, Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOAD = """\
%load_ext aether_nb
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
import pandas as pd
orders = pd.DataFrame({"city": ["Oslo", "Rome", "Rome"], "sales": [10, 20, 30]})
kept = orders
def code(text, purpose):
    return ToolCall("", "run_python", {"code": text, "purpose": purpose})
replies = [
    [code("orders.drop(index=0, inplace=True)", "Leave Oslo out")],
    [code("orders['rows'] = len(orders)", "Count what is left")],
    "Oslo is left out.",
]
register("model", "script", lambda: ScriptedModel(replies, name="script"))"""
ASK = "%%aether --model script --mode ask\nLeave Oslo out"


def test_a_call_is_taken_back_by_a_click_while_the_next_one_waits(lab: Lab) -> None:
    """Undo, Redo, Undo while the gate stays open; then the next call works on the variable as it was."""
    with lab.browser(1180, 1500, scale=1.5) as page:
        book = lab.open(page, "undo.ipynb", [LOAD, ASK, "print(len(orders), orders is kept, max(orders['rows']))"])
        book.run(0)
        running = book.start(1)
        page.get_by_test_id("gate-approve").click()
        card = page.get_by_test_id("call").first
        page.wait_for_function("() => document.querySelectorAll('[data-testid=call]').length === 2")
        card.get_by_test_id("call-head").click()
        undo = card.get_by_test_id("undo")
        for theme in ("light", "dark"):
            book.theme(theme)
            book.screenshot(ARTIFACTS / f"undo-{theme}.png", page.get_by_test_id("aether-panel"))
        for word, next in (("Undo", "Redo"), ("Redo", "Undo"), ("Undo", "Redo")):
            undo.filter(has_text=word).click()
            undo.filter(has_text=next).wait_for()
        assert "↩ undone" in card.inner_text()
        book.screenshot(ARTIFACTS / "undone-dark.png", page.get_by_test_id("aether-panel"))
        assert book.running(running)
        page.get_by_test_id("gate-approve").click()
        book.wait(running)
        book.outputs(1).get_by_text("%aether undo --run").first.wait_for(state="attached")  # in its folded record
        book.run(2)
        assert book.text(2) == "3 True 3"


def test_what_a_later_call_built_on_it_is_shown_before_it_is_taken_away(lab: Lab) -> None:
    """The first click changes nothing and shows what is in conflict; only agreeing to that takes it back."""
    with lab.browser(1180, 1500, scale=1.5) as page:
        load = LOAD.replace('    "Oslo', "    [code(\"orders['more'] = 1\", 'Go on')],\n    \"Oslo")
        book = lab.open(page, "conflict.ipynb", [load, ASK, "print(len(orders), list(orders))"])
        book.run(0)
        running = book.start(1)
        for count in (1, 2, 3):
            page.wait_for_function(f"() => document.querySelectorAll('[data-testid=call]').length === {count}")
            if count < 3:
                page.locator("[data-testid=gate-approve]:not([disabled])").click()
        card = page.get_by_test_id("call").first
        card.get_by_test_id("call-head").click()
        card.get_by_test_id("undo").click()
        shown = card.get_by_test_id("undo-text")
        shown.wait_for()
        assert "In conflict" in shown.inner_text()
        for theme in ("light", "dark"):
            book.theme(theme)
            book.screenshot(ARTIFACTS / f"undo-conflict-{theme}.png", page.get_by_test_id("aether-panel"))
        card.get_by_test_id("undo-sure").click()
        card.get_by_test_id("undo").filter(has_text="Redo").wait_for()
        page.locator("[data-testid=gate-deny]:not([disabled])").click()
        book.wait(running)
        book.run(2)
        assert book.text(2) == "3 ['city', 'sales']"
