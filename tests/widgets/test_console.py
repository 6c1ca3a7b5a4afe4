"""A run as text while it happens."""

from __future__ import annotations

from pathlib import Path

from aether_nb.events import kinds as k
from aether_nb.events.messages import Text
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
