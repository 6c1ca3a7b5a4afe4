"""What a saved notebook must not hold: the keys that stood in what a run read, printed or was told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Part, Text
from aether_nb.tools.editing import search_files
from aether_nb.tools.files import read_file
from aether_nb.widgets import plain
from aether_nb.widgets.console import Console
from aether_nb.widgets.published import answer_bundle
from aether_nb.widgets.transcript import bundle, call_text
from aether_nb.widgets.veil import veil
from aether_nb.widgets.view import view_of
from harness.panel import HELLO, Heard
from harness.story import call, entries, hash_of, hostile, picture, proposed
from harness.tools import ToolContext, use

KNOWN = "swordfish-in-the-vault"
"""A key that only the environment knows to be one."""

PLANTED = (
    f"db_password = 'q8Zr!kD2vLw9' sk-proj-{'a1B2' * 8} AKIAIOSFODNN7EXAMPLE https://ada:hush0Tail@db.example {KNOWN}"
)
KEYS = ("q8Zr!kD2vLw9", "a1B2a1B2", "AKIAIOSFODNN7EXAMPLE", "hush0Tail", KNOWN)


def held(text: str) -> list[str]:
    """The planted keys that a text holds."""
    return [key for key in KEYS if key in text]


def test_no_face_of_a_saved_run_holds_a_key():
    """Wherever a key stood (question, plan, code, output, error, answer), none of the three faces has it."""
    assert held(PLANTED) == list(KEYS)
    for kind, text in bundle(hostile(PLANTED), with_answer=True, keys=(KNOWN,)).items():
        assert held(text) == [], kind
        assert "***" in text
    assert [held(text) for text in answer_bundle(PLANTED, (KNOWN,)).values()] == [[], []]


def test_a_call_that_waits_and_one_that_is_shown_whole_hold_none_either():
    """Nor does the picture of a parked run, whose call stands in it whole, nor one call with nothing cut."""
    code = "x = 1\n" * 8_000 + PLANTED
    one = call("c1", "run_python", code=code)
    events = [k.RunStarted("p", "m"), proposed(one), k.GateOpened("c1", hash_of(one)), k.RunParked("gate", "c1")]
    view = view_of(entries(events))
    assert [held(text) for text in bundle(view, keys=(KNOWN,)).values()] == [[], [], []]
    whole = call_text(view.cards[0], (KNOWN,))
    assert held(whole) == [] and whole.count("\n") > 8_000


@pytest.fixture
def brought(tmp_path: Path) -> list[tuple[Part, ...]]:
    """What a search for keys and a look at their file bring: the tools themselves hide nothing."""
    (tmp_path / "settings.py").write_text(PLANTED)
    context = ToolContext(tmp_path)
    results = [use(search_files, context, pattern="password"), use(read_file, context, path="settings.py")]
    assert all(held(result.parts[0].text) for result in results)
    return [result.parts for result in results]


async def test_no_message_of_a_live_panel_holds_a_key(brought: list[tuple[Part, ...]]) -> None:
    """Whatever a search or a file brought, a call printed, a question or an answer said; piece by piece or whole."""
    heard = Heard()
    heard.panel._keys = (KNOWN,)
    heard.panel.receive(HELLO, "view")
    events = [
        k.RunStarted(PLANTED, "m"),
        *(proposed(call(f"c{n}", name, path="settings.py")) for n, name in enumerate(("search_files", "read_file"))),
        k.CallBegun("c0", "h"),
        k.OutputDelta("c0", PLANTED),
        k.CallFinished("c0", brought[0], 0.1),
        k.CallFinished("c1", brought[1], 0.1),
        k.TextDelta(f"It says {PLANTED}\n\nand so on."),
    ]
    for entry in entries(events):
        heard.panel.feed(entry)
        await heard.settle()
    heard.panel.receive(HELLO, "view")
    await heard.settle()
    said = json.dumps(heard.messages)
    assert held(said) == [] and said.count("***") > len(KEYS)
    assert {block["name"] for message in heard.messages for block in message.get("blocks", ()) if "name" in block} == {
        "search_files",
        "read_file",
    }


async def test_a_call_that_is_asked_about_is_shown_as_it_is() -> None:
    """A yes is to exactly that; once it is answered, its key is hidden."""
    one, heard = call("c1", "shell", command=f"login --token {KNOWN}"), Heard()
    heard.panel._keys = (KNOWN,)
    heard.panel.receive(HELLO, "view")
    for entry in entries([k.RunStarted("p", "m"), proposed(one), k.GateOpened("c1", hash_of(one))]):
        heard.panel.feed(entry)
    await heard.settle()
    assert KNOWN in json.dumps(heard.messages[-1])
    heard.panel.feed(entries([k.GateAnswered("c1", hash_of(one), "approve", "panel")])[0])
    await heard.settle()
    assert KNOWN not in json.dumps(heard.messages[-1]) and heard.messages[-1]["blocks"]


def test_a_picture_is_left_as_it_is():
    """The bytes of a figure look like a key and are none."""
    one = k.CallFinished("c1", (Text(""),), 0.1, ({"image/png": picture(), "text/plain": PLANTED},))
    card = view_of(entries([proposed(call("c1", "plot")), one])).cards[0]
    hidden = veil(())(card)
    assert hidden.outputs[0]["image/png"] == picture() and held(hidden.outputs[0]["text/plain"]) == [KNOWN]
    assert held(card.outputs[0]["text/plain"]) == list(KEYS)  # the view itself is left alone
    assert plain.pictured(hidden.outputs[0])


def test_the_console_shows_a_key_only_to_who_approves_it():
    """Where a run is shown as lines, keys are unreadable, but for a gate: what is approved is seen as it is."""
    one = call("c1", "run_python", code=PLANTED)
    begun = [k.RunStarted("p", "m"), proposed(one)]
    asked = [*begun, k.GateOpened("c1", hash_of(one))]
    rest = [k.CallBegun("c1", "h"), k.OutputDelta("c1", PLANTED), k.CallFinished("c1", (Text(PLANTED),), 0.1)]

    def written(*events: k.Event) -> str:
        pieces: list[str] = []
        console = Console(pieces.append, (KNOWN,))
        for entry in entries(events):
            console.feed(entry)
        return "".join(pieces)

    assert held(written(*begun, *rest, k.RunEnded("failed", PLANTED))) == []
    assert held(written(*asked)) == list(KEYS)


def test_a_long_run_is_veiled_in_time_that_does_not_grow_with_it():
    """Only what is drawn is looked at: a thousand calls that printed 50 MB cost little."""
    output = "some words of a log, and 12345 numbers\n" * 1_300
    events: list[k.Event] = [k.RunStarted("p", "m")]
    for number in range(1_000):
        one = call(f"c{number}", "run_python", code="x = 1\n" * 50)
        events += [proposed(one), k.CallFinished(one.id, (Text(output),), 0.1, ({"text/plain": output},))]
    view = view_of(entries([*events, k.RunEnded("done")]))
    began = time.process_time()
    bundle(view)
    assert time.process_time() - began < 5
