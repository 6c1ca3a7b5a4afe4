"""A run of 200 calls keeps the page's main thread no longer than a person feels: traced in a real JupyterLab.

Judged by the thread's own time, so that a busy machine does not tell of itself; tests/benchmarks/panel.py prints more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.lab import Lab, Notebook
from harness.mainthread import CATEGORIES, over, tasks, told

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]

SETUP = """\
from harness.streams import Stage, TOKENS, answer, ends, many, watched
watched()
stage = Stage("cards")
stage.panel.display("again")"""
CELLS = [SETUP, "await many(stage)", "await answer(stage, 200, TOKENS[-600:], 201)", "await ends(stage, TOKENS[-100:])"]
DRAWN = "count => document.querySelectorAll('[data-testid=call-head]').length === count"


def opened(page: Any) -> None:
    """Open and shut a card in the middle of the run."""
    for _ in range(2):
        page.evaluate("() => document.querySelectorAll('[data-testid=call-head]')[100].click()")
        page.wait_for_timeout(200)


def reloaded(page: Any, book: Notebook) -> None:
    """Load the page anew, until both views have all their cards."""
    book.save()
    book.reload()
    page.wait_for_function(DRAWN, arg=400, polling=250)


def test_no_task_of_ours_is_felt(lab: Lab) -> None:
    """200 cards in two views: as they come, while an answer streams, opened, loaded anew, ended: no task over 50 ms."""
    with lab.browser() as page:
        book = lab.open(page, "frames.ipynb", CELLS)
        book.run(0)
        works: dict[str, Callable[[], object]] = {
            "as they come": lambda: book.run(1),
            "while an answer streams": lambda: book.run(2),
            "opened": lambda: opened(page),
            "loaded anew": lambda: reloaded(page, book),
            "ended": lambda: book.run(3),
        }
        felt = {}
        for name, work in works.items():
            page.context.browser.start_tracing(page=page, categories=CATEGORIES)
            work()
            ours = [one for one in tasks(page.context.browser.stop_tracing()) if one.ours]
            assert ours, name
            felt |= {name: told(ours)} if over(ours) else {}
        assert felt == {}
