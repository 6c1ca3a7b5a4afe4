"""A run as text while it happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.widgets import plain
from aether_nb.widgets.console import Console
from harness.golden import check
from harness.story import WORK, WRITE, call, entries, first_half, hash_of, proposed, second_half

GOLDEN = Path(__file__).parent / "golden"


def written(*events: k.Event) -> str:
    """What the console writes of these events."""
    pieces: list[str] = []
    console = Console(pieces.append)
    for entry in entries(events):
        console.feed(entry)
    return "".join(pieces)


def test_golden():
    """The whole story, as a terminal shows it."""
    check(GOLDEN / "console.txt", written(*first_half(), *second_half("terminal")))


def test_output_is_written_as_it_comes():
    """Printed pieces appear at once, indented by line, and are not repeated when the call is over."""
    begun = [k.RunStarted("p", "m"), proposed(WORK, purpose="go"), k.CallBegun("call_3", hash_of(WORK))]
    before = written(*begun)
    deltas = [k.OutputDelta("call_3", "a"), k.OutputDelta("call_3", "b\nc"), k.OutputDelta("call_3", "\x1b[31m\n")]
    assert written(*begun, *deltas).removeprefix(before) == "  ab\n  c\n"
    finished = k.CallFinished("call_3", (Text("[stdout]\nab\nc"),), 0.5)
    assert written(*begun, *deltas, finished).removeprefix(before) == "  ab\n  c\n  ✓ 0.5 s\n"


def test_questions_limits_and_ends():
    """Questions with their options and answers, a limit, and a run that failed are all told."""
    text = written(
        k.RunStarted("p", "m"),
        proposed(call("c0", "ask_user", question="Which one?")),
        k.QuestionAsked("1", "Which one?", ("left", "right"), "c0"),
        k.QuestionAnswered("1", "left", "terminal"),
        k.LimitReached("steps", 40, 40),
        k.RunEnded("failed", "It broke.", "Because.", "Type this."),
    )
    assert text == (
        "aether · m · run 7f3a9c\n"
        "\n? Which one?\n  (left / right)\n  → left (in the terminal)\n"
        "\n! The limit of 40 steps was reached.\n  Used so far: 40 steps.\n"
        "\n✗ It broke.\n  Because.\nNext: Type this.\n"
        "\naether · Failed · 1.0 s · 0 steps · 1 call · m · run 7f3a9c\n"
    )


def test_gate_shows_the_whole_call():
    """What waits for a yes is written whole, however long; a call that needs none is cut as ever."""
    lines = [f"line_{n} = {'x' * 300}" for n in range(100)]
    long = call("c1", "run_python", code="\n".join(lines))
    asked = written(k.RunStarted("p", "m"), proposed(long, risk="high"), k.GateOpened("c1", hash_of(long)))
    assert asked.splitlines()[2:-2] == ["▸ run_python · " + lines[0][:120], *(f"  | {line}" for line in lines)]
    begun = written(k.RunStarted("p", "m"), proposed(long), k.CallBegun("c1", hash_of(long)))
    assert begun.splitlines()[-1] == "  | … 60 more lines"


def test_refused_edit_is_told():
    """An edit that cannot be used is answered with why, each time; a note of a running call is not taken for one."""
    asked = [k.RunStarted("p", "m"), proposed(WRITE), k.GateOpened("call_4", hash_of(WRITE))]
    refused = k.Progress("call_4", 0, note="Your edit cannot be used. \x1b[2Jpath is missing")
    added = written(*asked, refused, refused).removeprefix(written(*asked))
    assert added == "  ! Your edit cannot be used. path is missing\n" * 2
    running = [*asked, refused, k.GateAnswered("call_4", hash_of(WRITE), "approve", "terminal")]
    assert written(*running, k.Progress("call_4", 1, note="half")) == written(*running)


@pytest.mark.parametrize("evil", ["\x1b[2J\x1b]0;title\x07\x9b1m\u202e", "\ud800"])
def test_no_escape_sequence_reaches_the_terminal(evil: str):
    """Whatever a model or a tool says, nothing of it commands the terminal, and all of it can be encoded."""
    odd = call("c1", f"tool{evil}", code=evil, path=evil)
    text = written(
        k.RunStarted(evil, evil),
        k.PlanMade((k.PlanItem(f"a{evil}", f"b{evil}"),)),
        k.ModelAsked(evil, 1),
        k.ModelAnswered(evil, Message("assistant", (Text(f"say{evil}"),), (odd,)), Usage(), "stop", 0.1),
        proposed(odd, purpose=evil, effect_text=evil, path=evil, reasons=(evil,)),
        k.GateOpened("c1", hash_of(odd)),
        k.Progress("c1", 0, note=evil),
        k.GateAnswered("c1", hash_of(odd), "approve", evil, reason=evil),
        k.CallBegun("c1", hash_of(odd)),
        k.OutputDelta("c1", evil),
        k.NamespaceChanged("c1", (k.Change(evil, "added", evil, (evil,)),)),
        k.CallFinished("c1", (Text(evil),), 0.1, ({"text/plain": evil},)),
        proposed(WORK, purpose=evil),
        k.CallFailed("call_3", evil, evil, evil),
        k.QuestionAsked("q", evil, (evil,)),
        k.QuestionAnswered("q", evil, evil),
        k.ModelFailed(evil, evil, evil, evil),
        k.RunEnded("failed", evil, evil, evil),
    )
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text) == []
    assert plain.clean(evil) in ("", "\ufffd")


def test_denied_call_is_not_begun():
    """A gate is shown with its risk and effect, and the answer with its reason."""
    text = written(
        k.RunStarted("p", "m"),
        proposed(WRITE, risk="high", effect_text="deletes everything"),
        k.GateOpened("call_4", hash_of(WRITE)),
        k.GateAnswered("call_4", hash_of(WRITE), "deny", "terminal", reason="no"),
    )
    assert text.splitlines()[-4:] == [
        '  | {"path": "summary.csv", "variable": "summary"}',
        "  High risk",
        "  Deletes everything",
        "  Denied in the terminal · 2026-11-20 16:00:00 after 0.2 s: no",
    ]
