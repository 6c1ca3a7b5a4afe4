"""The picture that a notebook keeps."""

from __future__ import annotations

import re
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.widgets.blocks import View
from aether_nb.widgets.inks import AMBER, ink
from aether_nb.widgets.transcript import bundle, call_text, pictures
from aether_nb.widgets.view import view_of
from harness.golden import check
from harness.story import WORK, WRITE, call, entries, first_half, hash_of, hostile, picture, proposed, second_half

GOLDEN = Path(__file__).parent / "golden"
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script></pre></div>\"'`[x](javascript:alert(3))\x1b[2J\u202e"

KEPT = {
    "div",
    "span",
    "details",
    "summary",
    "pre",
    "b",
    "p",
    "strong",
    "em",
    "code",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
}
KEPT |= {"td", "a", "ul", "ol", "li", "br", "h1", "h2", "h3"}


class Page(HTMLParser):
    """Collects what a browser would make of a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.depth = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and its attributes."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.depth += tag != "br"

    def handle_endtag(self, tag: str) -> None:
        """Count what is closed."""
        self.depth -= tag != "br"


def test_flags_stand_on_every_face():
    """What deserves a second look is told after the changes, a warning in colour and never folded, a note quietly."""
    flags = k.Flag("fan-out", "2 rows became 3"), k.Flag("order", "the rows are in another order", warn=False)
    change = k.NamespaceChanged("call_3", (k.Change("t", "changed", "DataFrame", (), flags),))
    events = [proposed(WORK), k.CallBegun("call_3", "k"), change, k.CallFinished("call_3", (), 0.1)]
    made = bundle(view_of(entries(events)))
    below = f'</details><div style="margin-left:20px"><span style="{ink(AMBER)}">! t: fan-out: 2 rows became 3</span>'
    assert below in made["text/html"]  # however the card is folded
    assert '<span style="opacity:0.7">· t: order: the rows are in another order</span>' in made["text/html"]
    for text in ("! t: fan-out: 2 rows became 3", "· t: order: the rows are in another order"):
        assert text in made["text/plain"]


def test_a_query_is_shown_as_sql():
    """A query stands in its own lines and colours, not as a quoted text with signs for its line ends."""
    one = call("q", "query", sql="SELECT a\nFROM t", into="b")
    made = bundle(view_of(entries([proposed(one), k.CallBegun("q", "k"), k.CallFinished("q", (), 0.1)])))
    assert "```sql\nSELECT a\nFROM t\n```" in made["text/markdown"]
    assert "  | SELECT a\n  | FROM t\n" in made["text/plain"]
    assert ">SELECT </span>" in made["text/html"]


@pytest.mark.parametrize(("kind", "suffix"), [("text/html", "html"), ("text/markdown", "md"), ("text/plain", "txt")])
def test_golden(kind: str, suffix: str):
    """The whole story, as each of the three faces has it."""
    made = bundle(view_of(entries([*first_half(), *second_half()])))
    assert set(made) == {"text/html", "text/markdown", "text/plain"}
    check(GOLDEN / f"story.{suffix}", made[kind])


def test_answer_stands_apart_unless_asked_for():
    """In a notebook the answer is an output of its own; %aether show and text consoles get it here."""
    view = view_of(entries([*first_half(), *second_half()]))
    assert all("27.2 mm" not in text for text in bundle(view).values())
    assert all("27.2 mm" in text for text in bundle(view, with_answer=True).values())


def test_html_is_inert():
    """Whatever a model or a tool wrote, the HTML has only harmless elements, inline styles, and is closed properly."""
    page = Page(bundle(hostile(EVIL), with_answer=True)["text/html"])
    assert page.tags <= KEPT
    assert page.attributes <= {
        "style",
        "href",
        "title",
        "target",
        "rel",
        "role",
        "aria-label",
        "aria-level",
        "aria-hidden",
    }
    assert page.depth == 0


def test_text_moves_no_terminal():
    """No control character and no change of writing direction reaches a terminal or a diff."""
    text = bundle(hostile(EVIL))["text/plain"]
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text) == []


def test_markdown_is_text():
    """In the Markdown face nothing from outside becomes HTML or a link, even where HTML is allowed."""
    from markdown_it import MarkdownIt

    rendered = MarkdownIt("commonmark", {"html": True}).render(bundle(hostile(EVIL))["text/markdown"])
    page = Page(rendered)
    assert {"script", "img", "a"} & page.tags == set()


@pytest.mark.parametrize("case", ["long output", "many calls", "long fields", "many changes"])
def test_size_is_bounded(case: str):
    """Whatever a run printed or did, what the notebook keeps of it is under 200 kB."""
    if case == "long fields":
        view = hostile("<&x " * 50_000)
    else:
        count = 2_000 if case == "many calls" else 3
        output = "<&'\n" * (2_000 if case == "many calls" else 1_000_000)
        changes = tuple(k.Change(f"n{n}", "added", "int") for n in range(20_000 if case == "many changes" else 1))
        events: list[k.Event] = [k.RunStarted("p", "m")]
        for number in range(count):
            one = call(f"c{number}", "run_python", code="x = '<&'\n" * 300)
            events += [proposed(one), k.NamespaceChanged(one.id, changes)]
            events += [k.CallFinished(one.id, (Text(output),), 0.1, ({"text/plain": output},))]
        view = view_of(entries([*events, k.RunEnded("done")]))
    assert sum(len(text.encode()) for text in bundle(view, with_answer=True).values()) < 200_000


def test_long_output_says_what_is_missing():
    """Output is cut at 40 lines with a note of how many more there were."""
    one = call("c1", "run_python", code="pass")
    told = "[stdout]\n" + "\n".join(f"line {n}" for n in range(100))
    view = view_of(entries([k.RunStarted("p", "m"), proposed(one), k.CallFinished("c1", (Text(told),), 0.1)]))
    assert all(
        "line 39" in text and "line 40" not in text and "… 60 more lines" in text for text in bundle(view).values()
    )


def test_broken_off_run_is_told_as_such():
    """A run that never said it ended is a picture of something over: nothing runs in it, nobody is waited for."""
    running = call("c9", "run_python", code="while True: pass")
    events = [*first_half(), proposed(running), k.CallBegun("c9", hash_of(running)), proposed(call("c10", "later"))]
    view = view_of(entries([*events, k.QuestionAsked("q", "Which one?")]))
    before = deepcopy(view)
    for kind, text in bundle(view, broken_off="the record could not be written").items():
        assert "Broken off: the record could not be written" in text, kind
        assert [word for word in ("running", "Running", "waiting", "Waiting", " next") if word in text] == []
        assert (text.count("broken off"), text.count("not run"), "Not answered" in text) == (2, 1, True)
    assert bundle(view)["text/plain"].startswith("aether · Broken off · 4 steps")
    assert view == before


def test_run_that_never_began_leaves_nothing():
    """Of a run without any event there is nothing to be told."""
    assert bundle(View(run="7f3a9c"), broken_off="no disk") == {"text/plain": ""}


def test_ended_run_does_not_break_off():
    """A reason is only for a run that did not end; how one ended is never told otherwise."""
    view = view_of(entries([*first_half(), *second_half()]))
    assert bundle(view, broken_off="late trouble") == bundle(view)


def test_short_thought_is_said_in_its_row():
    """A thought of up to 120 characters stands in its row whole; a longer one is folded behind its beginning."""
    for size, folded in ((120, 0), (121, 1)):
        thought = ("why " * 40)[: size - 1] + "!"
        reply = Message("assistant", (), (), thinking=thought)
        events = [k.RunStarted("p", "m"), k.ModelAsked("m", 1), k.ModelAnswered("m", reply, Usage(), "stop", 0.1)]
        html = bundle(view_of(entries([*events, k.RunEnded("done")])))["text/html"]
        assert (thought in html, html.count("<details")) == (True, folded)


def test_half_characters_can_be_saved():
    """Half a character, which JSON can name and a file cannot hold, does not keep a run from being saved."""
    for text in bundle(hostile("a\ud800b"), with_answer=True).values():
        text.encode()


def test_open_gate_and_denial_are_told():
    """A saved run that was denied says so, with the reason, in all three faces."""
    events = [*first_half(), k.GateAnswered("call_4", hash_of(WRITE), "deny", "policy:deny", reason="nobody was there")]
    for text in bundle(view_of(entries(events))).values():
        assert "Denied by the policy deny" in text
        assert "nobody was there" in text


def test_one_call_is_told_whole():
    """A call that was cut in the picture is told with every line of its code and of what it said, and its approval."""
    code = "\n".join(f"x{n} = {n}" for n in range(90))
    one = call("c1", "run_python", code=code)
    told = "[stdout]\n" + "\n".join(f"line {n}\x1b[2J" for n in range(90))
    asked = [k.GateOpened("c1", hash_of(one)), k.GateAnswered("c1", hash_of(one), "approve", "panel")]
    view = view_of(entries([proposed(one), *asked, k.CallFinished("c1", (Text(told),), 0.1)]))
    said = call_text(view.cards[0])
    assert [line for line in (*code.splitlines(), "line 89", "Approved in the panel, once") if line not in said] == []
    assert "\x1b" not in said and "… " not in said


def test_pictures_of_a_run_are_found_again():
    """Its figures are given as outputs of their own, whole, in the order in which they were drawn."""
    view = view_of(entries([*first_half(), *second_half()]))
    assert pictures(view) == [{"image/png": picture(), "text/plain": "<Figure size 360x160>"}]
