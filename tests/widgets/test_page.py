"""The HTML of a saved run: legible on every ground, told to who hears it, readable where styles are taken away."""

from __future__ import annotations

import re

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Text
from aether_nb.widgets import inks
from aether_nb.widgets.blocks import View
from aether_nb.widgets.page import html as drawn_html
from aether_nb.widgets.veil import veil
from aether_nb.widgets.view import view_of
from harness.contrast import GREY, GROUNDS, SHAPES, WORDS, contrast, drawn, mixed, read
from harness.heard import Reader
from harness.story import WRITE, call, entries, first_half, hash_of, proposed, second_half


def html(view: View) -> str:
    """The page of a run."""
    return drawn_html(view, veil(()))


def story() -> str:
    """A run with a failure, a warning, a gate and every kind of code."""
    flag = k.Flag("fan-out", "2 rows became 3")
    code = call("c8", "run_python", code="# why\n@tool\ndef f(n: int = 4) -> str:\n    return print('x', n) or True")
    told = [proposed(code), k.NamespaceChanged("c8", (k.Change("t", "changed", "DataFrame", (), (flag,)),))]
    half = [*first_half(), k.GateAnswered("call_4", hash_of(WRITE), "deny", "panel", reason="not now")]
    return html(view_of(entries([*half, *told, k.LimitReached("steps", 1, 1), k.RunEnded("failed", "It broke.")])))


@pytest.mark.parametrize("place", GROUNDS)
def test_every_word_is_legible(place: str):
    """Words reach 4.5 to 1 and signs 3 to 1, on white and on dark, in wells too, whatever ink they have."""
    ground, text = map(read, GROUNDS[place])
    styles = {(style, well) for style, well in Reader(story()).styles if "color" in style or "opacity" in style}
    assert len(styles) > 10
    for style, well in styles:
        under = mixed(GREY, ground, 0.1) if well else ground
        least = SHAPES if inks.MARK in style else WORDS
        assert contrast(drawn(style, under, text), under) >= least, (place, style)


@pytest.mark.parametrize("color", [inks.GREEN, inks.AMBER, inks.RED, inks.BLUE, inks.TEAL])
def test_every_ink_is_legible(color: str):
    """No ink is there that a page could not use, in a well or beside it; as a mark it stands out."""
    for ground, text in (map(read, pair) for pair in GROUNDS.values()):
        for under in (ground, mixed(GREY, ground, 0.1)):
            assert contrast(drawn(inks.ink(color), under, text), under) >= WORDS
        assert contrast(read(color), ground) >= SHAPES


def test_who_hears_it_is_told_every_state():
    """Signs are said as words once, and not where words beside them say the same; there are two levels of headings."""
    page = Reader(story())
    heard = " | ".join(page.heard)
    assert page.headings == [4, 5]
    assert heard.startswith("Failed | ") and " | Plan | done | Look at the penguins frame | " in heard
    assert " | done | run_python | " in heard and " | run_python | Mean flipper length by species | failed | " in heard
    assert not re.search(r"[✓✗‖▸–?]( \||$)", heard)
    assert re.search('role="group" aria-label="aether run 7f3a9c: Failed"', story())


def test_without_styles_it_is_still_a_page():
    """Where a page takes styles away, signs stand apart from words, the plan is a list, and names are bold."""
    bare = re.sub(r' style="[^"]*"', "", story())
    assert '<ul><li><span role="img" aria-label="done">✓</span> Look at the penguins frame&nbsp; ' in bare
    assert "<b>run_python</b>&nbsp; Mean flipper length by species&nbsp; <span>failed</span>" in bare
    assert "<b>It broke.</b>" in bare


def test_nothing_of_a_theme_is_needed():
    """No variable of a front end is used: the picture is the same in every page."""
    assert "var(" not in story() and "<style" not in story() and "class=" not in story()


def test_a_small_table_is_a_table_and_a_large_one_text():
    """What a call showed as a table is one in its card, cleaned; one that would fill the notebook is text."""
    page = html(view_of(entries([*first_half(), *second_half()])))
    assert "<th>Gentoo</th>" in page and "<style" not in page
    large = {"text/html": "<table>" + "<tr><td>1</td></tr>" * 1000 + "</table>", "text/plain": "1000 rows"}
    events = [proposed(call("c", "query", sql="x")), k.CallFinished("c", (Text(""),), 0.1, (large,))]
    assert "1000 rows</pre>" in html(view_of(entries(events)))


def test_an_approval_is_told_on_the_line_of_its_call():
    """Who approved what, for how long and when is read without unfolding anything, as on paper."""
    page = html(view_of(entries([*first_half(), *second_half()])))
    line = re.search(r"<summary[^>]*>(?:(?!</summary>).)*write_file.*?</summary>", page, re.DOTALL)
    assert line and "Approved in the panel, once · 2026-11-20 16:00:15" in line[0]


def test_what_is_cut_says_where_the_whole_is():
    """A call whose output or code was cut is named below, with what to type; nothing is said when nothing is."""
    long = "[stdout]\n" + "\n".join(f"line {n}" for n in range(60))
    events = [
        k.RunStarted("p", "m"),
        proposed(call("c", "run_python", code="x")),
        k.CallFinished("c", (Text(long),), 1),
    ]
    page = html(view_of(entries(events)))
    assert "… 20 more lines" in page
    assert "Cut in this picture: call 1. Whole: %aether show 7f3a9c --call 1" in page
    assert "Cut in this picture" not in html(view_of(entries([*first_half(), *second_half()])))


def test_in_markdown_the_page_stays_one_piece():
    """Converters put the HTML into Markdown, where an empty line would end it: code with empty lines has none."""
    from markdown_it import MarkdownIt

    one = call("c", "run_python", code="a = 1\n\n# no heading\n   \nb = 2")
    page = html(view_of(entries([proposed(one), k.CallFinished("c", (Text("[stdout]\nx\n\n- no list"),), 1)])))
    assert "\n\n" not in page and "a = " in page
    assert [token.type for token in MarkdownIt().parse(page)] == ["html_block"]


def test_what_the_answer_rests_on_is_told():
    """The numbers of the answer are named with the call in whose result they were found; without any, nothing is."""
    page = html(view_of(entries([*first_half(), *second_half()])))
    assert "<b>Numbers of the answer, found in</b>" in page
    assert re.search(r'>4 run_python</b>&nbsp; <span style="[^"]*">217\.2, 190\.0, ', page)
    assert "Numbers of the answer" not in story()
