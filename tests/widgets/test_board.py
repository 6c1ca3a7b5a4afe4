"""The page of figures: legible, told to who hears it, inert, readable without styles, and as text."""

from __future__ import annotations

import re
from datetime import date

import pytest

from aether_nb.events.board import Board, ModelLine, RunLine
from aether_nb.events.kinds import Grant
from aether_nb.widgets.board import Sheet, board_html, board_text, health, money
from harness.contrast import GROUNDS, SHAPES, WORDS, contrast, drawn, read
from harness.heard import Reader

DAY = date(2026, 11, 20)
EVIL = "<script>alert(1)</script>\x1b[2J"


def sheet(text: str = "How many?") -> Sheet:
    """Two models, one of which fails, runs of every outcome, a provider that is ready, and a yes."""
    good = ModelLine("acme:big", 3, 1, 400, 0.25, 0, 20.0, 10.0, text, [1.0, 2.0, 9.0])
    bad = ModelLine(text, 1, 2, 100, 0.0, 1, 10.0, 20.0, text, [])
    runs = [
        RunLine(f"r{n}", 1e9, 3.0, outcome, text, "", text, 100, 0.1, n % 2, parked)
        for n, (outcome, parked) in enumerate([("done", False), ("failed", False), ("", True), ("", False)] * 5)
    ]
    days = {date(2026, 11, 19): {"acme:big": 0.05}, DAY: {"acme:big": 0.2}}
    ready = [{"provider": "acme", "ready": True, "why": text}, {"provider": "other", "ready": False, "why": ""}]
    grant = Grant("g-1", text, text, "medium", "notebook", "panel")
    return Sheet(Board(days, runs, {"a": good, "b": bad}), "/home/ada/.aether", ready, ((grant, 0.0),))


def test_text() -> None:
    """Totals, days, models, runs, providers and yeses, in columns; what is not shown is counted."""
    text = board_text(sheet())
    assert "runs      20 (5 done, 5 failed, 5 parked, 5 not ended)" in text
    assert "spent     $0.25 (1 answer without a known price)" in text
    assert "2026-11-19 │▃█│ 2026-11-20" in text and "2026-11-20  $0.20" in text
    assert re.search(r"acme:big +3 +1 +2\.0 s +400 +\$0\.25 +ok again; failed", text)
    assert re.search(r"How many\? +1 +2 +100 +\$\? \(1 answer\) +failing: How many\?", text)
    assert "… 5 more: %aether runs" in text and "✓ acme" in text and "1 other not set up" in text
    assert "%aether grants --revoke g-1" in text


def test_nothing_is_said_to_be_nothing() -> None:
    """A record without runs has an empty page, not an empty output."""
    empty = Sheet(Board({DAY: {}}), "memory")
    for text in (board_text(empty), board_html(empty)):
        assert all(said in text for said in ("No model was asked.", "No run began.", "None."))
        assert "Spent by day" not in text


@pytest.mark.parametrize("place", GROUNDS)
def test_every_word_is_legible(place: str) -> None:
    """Words reach 4.5 to 1 and bars and signs 3 to 1, on white and on dark."""
    ground, text = map(read, GROUNDS[place])
    for style, _ in Reader(board_html(sheet())).styles:
        least = SHAPES if "display:inline-block;width:16px" in style else WORDS
        assert contrast(drawn(style, ground, text), ground) >= least, style
        if bar := re.search(r"background-color:(#\w{6})", style):
            assert contrast(read(bar[1]), ground) >= SHAPES


def test_who_hears_it_is_told() -> None:
    """Sections are headings, tables have names and headings, the bars are said with their days."""
    page = board_html(sheet())
    assert Reader(page).headings == [4, 5, 5, 5, 5, 5]
    assert 'aria-label="2026-11-19 $0.05; 2026-11-20 $0.20"' in page
    assert page.count('<th scope="col"') == 7 + 7 + 5 and page.count("<table aria-label=") == 3


def test_nothing_runs_and_nothing_escapes() -> None:
    """Whatever a model or a question was called, the page is inert and no terminal is moved."""
    page = board_html(sheet(EVIL))
    assert "<script" not in page and "<style" not in page and "\x1b" not in page and " class=" not in page
    assert "\x1b" not in board_text(sheet(EVIL))


def test_words_of_money_and_health() -> None:
    """A price that nobody knows is not zero; a model that answered since its failure is well again."""
    assert [money(0.0), money(1234.5), money(0.05), money(0.0, 2), money(0.5, 2)] == [
        "free",
        "$1,234.50",
        "$0.05",
        "$? (2 answers)",
        "$0.50 + $? (2)",
    ]
    assert health(ModelLine("m")) == "ok"
