"""What people see of the model: who answers, what it says while it waits, who took over."""

from __future__ import annotations

import asyncio

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Usage
from aether_nb.widgets import plain, wire
from aether_nb.widgets.blocks import TAIL, Failure, Note, Touch
from aether_nb.widgets.console import Console
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.view import fold, view_of
from harness.panel import HELLO, Heard
from harness.story import entries

WAITING = k.Progress("", 0, note="waiting 2 s: api.test answered 429")
STARTED = k.RunStarted("why?", "acme:small")
SWITCHED = k.ModelSwitched("acme:small", "acme:large")


def answered(*notes: str) -> k.ModelAnswered:
    return k.ModelAnswered("m", Message.of("assistant", "hi"), Usage(1, 1, 0.0), "stop", 0.1, notes=notes)


def test_what_a_model_says_while_it_waits_goes_when_it_speaks():
    """A waiting model's note stands in the tail until its first words, and nothing of it is kept."""
    view = view_of(entries([STARTED, k.ModelAsked("acme:small", 1), WAITING]))
    assert wire.tail(view, "", "")["note"] == WAITING.note
    (entry,) = entries([k.TextDelta("h")])
    assert fold(view, entry)[:2] == [Touch(TAIL), Touch(TAIL, "draft", "h")]
    assert (view.note, view.draft) == ("", "h")
    view = view_of(entries([STARTED, k.ModelAsked("acme:small", 1), WAITING, k.ThinkingDelta("hm")]))
    assert view.note == ""
    view = view_of(entries([STARTED, k.ModelAsked("acme:small", 1), WAITING, k.RunEnded("cancelled")]))
    assert view.note == ""


def test_a_swap_is_a_remark_and_the_header_names_the_new_model():
    """Whoever goes on with a run is named in the header, and the flow says from where on."""
    view = view_of(entries([STARTED, SWITCHED, k.ModelAsked("acme:large", 1)]))
    remark = Note("n1", "info", Failure("From here on acme:large answers."))
    assert (view.model, view.blocks) == ("acme:large", {"n1": remark})
    assert plain.block(remark) == ["· From here on acme:large answers."]


def test_the_notes_of_a_reply_are_kept():
    """What a person should know of how an answer came to be stands in the picture that the notebook keeps."""
    view = view_of(
        entries([STARTED, k.ModelAsked("acme:small", 1), answered("It takes no tools."), k.RunEnded("done")])
    )
    for text in bundle(view).values():
        assert "It takes no tools." in text


def test_a_terminal_says_what_a_model_waits_for_and_who_took_over():
    """Lines of text tell the same: the wait, and the swap."""
    lines: list[str] = []
    console = Console(lines.append)
    for entry in entries([STARTED, k.ModelAsked("acme:small", 1), WAITING, SWITCHED]):
        console.feed(entry)
    assert "  · waiting 2 s: api.test answered 429\n" in "".join(lines)
    assert "· From here on acme:large answers." in "".join(lines)


async def test_the_panel_offers_the_models_it_was_given():
    """The header carries the choices, and a pick comes back as a command with the name and nothing else."""
    heard = Heard(("acme:small", "acme:large"))
    for entry in entries([STARTED]):
        heard.panel.feed(entry)
    heard.panel.receive(HELLO, "")
    await heard.settle()
    assert heard.messages[-1]["header"]["choices"] == ["acme:small", "acme:large"]
    heard.panel.receive({"type": "model", "name": "acme:large", "x": 1}, "")
    await asyncio.sleep(0)
    assert heard.commands == [{"type": "model", "name": "acme:large"}]


async def test_the_picker_shows_what_was_chosen_until_the_next_step():
    """A pick stands in the header at once, one that cannot be had goes back, and the next step shows who answers."""
    heard = Heard(("acme:small", "acme:large"))
    heard.panel.receive(HELLO, "")

    async def shown() -> str:
        await heard.settle()
        return heard.messages[-1]["header"]["chosen"]

    for entry in entries([STARTED]):
        heard.panel.feed(entry)
    assert await shown() == "acme:small"
    heard.panel.choose("acme:large")
    assert await shown() == "acme:large"
    heard.panel.choose("")
    assert await shown() == "acme:small"
    heard.panel.choose("acme:large")
    for entry in entries([SWITCHED, k.ModelAsked("acme:vision", 2)]):
        heard.panel.feed(entry)
    assert await shown() == "acme:vision"


def test_a_remark_is_kept_calmly():
    """Who took over is told in a quiet line, not as a failure; a limit and a failure stand out."""
    view = view_of(entries([STARTED, SWITCHED, k.ModelAsked("acme:large", 1), answered(), k.RunEnded("done")]))
    kept = bundle(view)
    assert "*From here on acme:large answers.*" in kept["text/markdown"].splitlines()
    assert "border-left" not in kept["text/html"]
    view = view_of(entries([STARTED, k.LimitReached("steps", 40, 40), k.RunEnded("cancelled")]))
    assert "border-left" in bundle(view)["text/html"]


def test_nothing_that_was_used_is_not_told():
    """Before the first answer there is no price to show."""
    view = view_of(entries([STARTED, k.ModelAsked("acme:small", 1)]))
    assert wire.header(view, 0.0)["usage"] == ""
    assert plain.figures(view)[:2] == ["1 step", "0 calls"]
