"""A run of 200 calls keeps the page's main thread no longer than a person feels, and its last token is painted soon.

In a real JupyterLab. Tasks are traced and judged by the thread's own time, so that a busy machine does not tell of
itself; tests/benchmarks/panel.py prints more.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import pytest

from harness.lab import Lab, Notebook
from harness.mainthread import CATEGORIES, late, over, tasks, told

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.full]

SETUP = """\
from harness.streams import Stage, TOKENS, answer, ends, many, said, watched
watched()
stage = Stage("cards")"""
TWICE = SETUP + '\nstage.panel.display("again")'
CELLS = [TWICE, "await many(stage)", "await answer(stage, 200, TOKENS[-600:], 201)", "await ends(stage, TOKENS[-100:])"]
ENDS = "await said(await ends(stage, TOKENS[:99] + TOKENS[-1:]), 0.0)"
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


def test_the_last_token_waits_for_nothing_that_the_end_makes(lab: Lab) -> None:
    """Of a run of 200 calls that ends at once: within 100 ms of its arrival at the kernel it is painted.

    By the clock, as a rule of five notebooks: a machine that has other work may delay one or two.
    """
    painted = []
    with lab.browser() as page:
        for name in "abcde":
            book = lab.open(page, f"ending-{name}.ipynb", [SETUP, CELLS[1], ENDS])
            book.run(0)
            book.run(1)
            page.wait_for_function(DRAWN, arg=200, polling=250)
            page.evaluate("() => document.querySelector('.aether-tail').scrollIntoView({ block: 'center' })")
            number = book.start(2)
            page.wait_for_function("number => window.aetherRuns[number]", arg=number, polling=250)
            painted.append(late(page, book.text(2))[1])
    assert statistics.median(painted) <= 100, painted
