"""What people see of a run that outlives its cell and its kernel: one fold, four faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold as state_of
from aether_nb.widgets import lasting, wire, wording
from aether_nb.widgets.blocks import ENDED, Card, Note, View
from aether_nb.widgets.commands import read_command
from aether_nb.widgets.console import Console
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.view import view_of
from harness.golden import check
from harness.lasting import DOUBT, ELSEWHERE, PUT, SEND, doubted, finished, letter, lost, settled
from harness.story import START, entries, hash_of

GOLDEN = Path(__file__).parent / "golden"


def played(*events: k.Event, pace: float = 1.0) -> View:
    """The view after these events, a second apart."""
    return view_of(entries(events, pace=pace))


def card(view: View, id: str = "call_2") -> Card:
    """The card of a call."""
    block = view.blocks[f"c:{id}"]
    assert isinstance(block, Card)
    return block


def notes(view: View) -> list[tuple[str, str]]:
    """The run's remarks, with their tones."""
    return [(one.tone, one.failure.what) for one in view.blocks.values() if isinstance(one, Note)]


@pytest.mark.parametrize(("kind", "suffix"), [("text/html", "html"), ("text/markdown", "md"), ("text/plain", "txt")])
def test_parked_picture(kind: str, suffix: str):
    """The picture of a parked run tells all that happened, shows the call that waits, and says how to go on."""
    made = bundle(played(*lost(), *doubted(), *settled()))
    check(GOLDEN / f"parked.{suffix}", made[kind])


def test_console():
    """The same story to its end, as a terminal shows it."""
    pieces: list[str] = []
    console = Console(pieces.append)
    for entry in entries([*lost(), *doubted(), *settled(), *finished()]):
        console.feed(entry)
    check(GOLDEN / "lasting.console.txt", "".join(pieces))


def test_doubt_is_asked_on_the_card_of_its_call():
    """A call in doubt has the whole call, three ways out and no question of its own; an answer closes it."""
    view = played(*lost(), *doubted())
    asked = wire.block(card(view))
    assert asked["doubt"]["options"] == ["it ran", "run it", "skip"]
    assert asked["doubt"]["question"] == DOUBT.id
    assert "anna@example.org" in "".join(text for _, text in asked["code"])
    assert f"q:{DOUBT.id}" not in view.blocks
    assert (view.state, wording.state(view), asked["word"]) == ("PAUSED", "Waiting for you", "in doubt")
    after = wire.block(card(played(*lost(), *doubted(), *settled()[:3])))
    assert (after["status"], after["doubt"]) == ("finished", None)
    assert after["settled"].startswith("It ran: settled by ada from a terminal · ")


@pytest.mark.parametrize(
    ("how", "status", "word", "said"),
    [
        ("ran", "finished", "it ran, its result is lost", "It ran: settled"),
        ("rerun", "proposed", "next, again", "Run again: settled"),
        ("skip", "skipped", "left as it is", "Left as it is: settled"),
        ("fail", "failed", "failed", "The run was ended: settled"),
    ],
)
def test_how_a_doubt_ends(how: k.Settled, status: str, word: str, said: str):
    """Each way of settling leaves its own status and words, also where nobody had to be asked."""
    view = played(*lost(), k.CallDoubtful("call_2", "lost"), k.CallSettled("call_2", how, "tool:on_doubt"))
    shown = wire.block(card(view))
    assert (shown["status"], shown["word"]) == (status, word)
    assert shown["settled"].startswith(f"{said} by the tool's own rule")


def test_run_that_ends_in_doubt_says_so():
    """Stop while the question stands: the call stays in doubt, and nobody is asked any more."""
    view = played(*lost(), *doubted(), k.RunEnded("cancelled", "Stopped by the user."))
    doubt = card(view).doubt
    assert doubt is not None and (doubt.by, card(view).status) == (ENDED, "doubtful")
    assert wire.block(card(view))["settled"] == "Not settled: the run ended."
    assert view.waiting_since is None


def test_attempts_are_told():
    """A call that failed and is tried again says when; one that was lost says why it is done again."""
    view = played(*lost()[:6])
    assert wire.block(card(view, "call_1"))["tries"][0].startswith(
        "Attempt 1 failed: The server is busy. 503. The next"
    )
    again = played(*lost()[:6], k.CallRetried("call_1", 2, "the kernel ended while it was running", lost=True))
    assert wire.block(card(again, "call_1"))["tries"][1].startswith("Attempt 2 was lost: the kernel ended")
    assert card(again, "call_1").status == "proposed"


def test_time_without_a_holder_is_not_work():
    """What passes between the death of a kernel and its successor counts as waiting, for people and for the limit."""
    before = entries(lost(), pace=1.0)
    late = before[-1].time + 3600
    after = [k.Entry("7f3a9c", len(before) + n, late, event) for n, event in enumerate(doubted()[:2], 1)]
    view, state = view_of([*before, *after]), state_of([*before, *after])
    assert view.seconds(late) == view_of(before).seconds(before[-1].time)
    assert state.seconds == state_of(before).seconds
    assert notes(view)[0] == (
        "info",
        "Went on in another kernel after 1 h 0 min: letters.ipynb (process 42 on box), "
        "taken over from letters.ipynb (process 7 on box)",
    )


def test_what_the_restart_did_to_variables_is_told():
    """What is back is a quiet line, what is gone is a warning that says why; nothing to tell is not told."""
    view = played(*lost(), *doubted())
    told = [one for one in view.blocks.values() if isinstance(one, Note)][1:]
    assert [(one.tone, one.failure.what, one.failure.why) for one in told] == [
        ("info", "Back as they were: figures · made again: total", ""),
        ("limit", "Not as before the restart: model", "model is gone: it was larger than what is kept"),
    ]
    assert notes(played(*lost(), k.NamespaceRestored())) == []


def test_words_from_outside_are_shown_once():
    """What a person says to the model is a line of its own; pause and go are told; a late word says that it was."""
    view = played(*lost(), *doubted(), *settled())
    assert notes(view)[3:] == [
        ("said", "Bert too, please."),
        ("info", "A word said by ada from a terminal fitted nothing any more: approve."),
        ("info", "Paused by ada from a terminal."),
        ("info", "Told to go on in a cell."),
    ]


def test_pause_stops_the_clock():
    """Between pause and go the run waits, says that it is paused, and its time stands still."""
    view = played(*lost()[:3], k.SignalReceived("s", "pause", "panel"))
    assert (wording.state(view), view.state, wire.header(view, 0.0)["paused"]) == ("Paused", "PAUSED", True)
    assert view.seconds(START + 100) == 3.0
    gone_on = played(*lost()[:3], k.SignalReceived("s", "pause", "panel"), k.SignalReceived("t", "go", "panel"))
    assert (gone_on.paused, gone_on.state, gone_on.waited) == (False, "THINKING", 1.0)


def test_parked_run_says_what_it_waits_for():
    """A gate, a question, a doubt and a pause are each parked with the command that answers them."""
    gate = played(letter(SEND), k.GateOpened("call_2", hash_of(SEND)), k.RunParked("gate", "call_2"))
    question = played(*lost(), k.QuestionAsked("q1", "Which?"), k.RunParked("question", "q1"))
    doubt = played(*lost(), *doubted(), k.RunParked("question", DOUBT.id))
    paused = played(*lost()[:3], k.SignalReceived("s", "pause", "panel"), k.RunParked("go"))
    commands = ["approve 7f3a9c", "answer 7f3a9c TEXT", "settle 7f3a9c ran|rerun|skip", "go 7f3a9c"]
    for view, command in zip((gate, question, doubt, paused), commands, strict=True):
        waits = lasting.waits(view)
        assert waits is not None and f"%aether {command} (in a terminal: aether {command})" in waits.hint
        assert wording.state(view) == "Parked"
    assert lasting.waits(played(*lost())) is None


def test_parked_run_that_goes_on_is_at_work_again():
    """After it was resumed the picture is that of any run, and the same events always give it."""
    whole = [*lost(), *doubted(), *settled(), *finished()]
    view = played(*whole)
    assert (view.parked, view.outcome, view.answer) == (None, "done", "Both letters are out.")
    assert "Parked" not in bundle(view)["text/plain"]
    assert [one.status for one in view.cards] == ["finished"] * 3
    assert card(view, "call_1").name == PUT.name


def test_fork_says_where_it_came_from():
    """A fork of an ended run is at work, and names its source."""
    view = played(*lost()[:8], k.RunEnded("done"), k.RunForked("aaaa1111", 8))
    assert (view.outcome, view.ended) == (None, None)
    assert notes(view) == [("info", "From here on this is a run of its own: a fork of aaaa1111 at its event 8.")]


@pytest.mark.parametrize(
    ("content", "command"),
    [
        ({"type": "tell", "text": " use euros "}, {"type": "tell", "text": "use euros"}),
        ({"type": "tell", "text": " "}, None),
        ({"type": "tell", "text": 3}, None),
        ({"type": "pause", "more": 1}, {"type": "pause"}),
        ({"type": "go"}, {"type": "go"}),
    ],
)
def test_panel_may_tell_pause_and_go_on(content: object, command: object):
    """The panel's words to a run are read like its other commands: known fields, or nothing."""
    assert read_command(content) == command


def test_holder_is_named_without_its_folders():
    """People are told the notebook's name and the process, not the whole path."""
    assert lasting.holder(ELSEWHERE) == "letters.ipynb (process 42 on box)"
    assert lasting.holder("process 7 on box") == "process 7 on box"
