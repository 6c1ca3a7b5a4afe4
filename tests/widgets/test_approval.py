"""What a person sees before a yes at a terminal."""

from __future__ import annotations

import pytest

from aether_nb.events import kinds as k
from aether_nb.widgets.approval import gate_text
from harness.story import WRITE, call, proposed

UNSEEN = ["\x00", "\x1b", "\x7f", "\x9b", "\xad", "\u061c", "\u200b", "\u200d", "\u202e", "\u2066", "\u2028", "\u3164"]
UNSEEN += ["\ufe01", "\ufeff", "\ud800", "\U000e0041", "\U000e0101"]


def test_everything_is_said_in_order():
    """Tool, purpose, code as code, other arguments as JSON, risk, effect, path and reasons: each whole, risk last."""
    one = call("c1", "run_python", code="import os\n\nos.remove('a')\n", purpose="Tidy up", timeout=None, note="")
    event = proposed(
        one,
        risk="high",
        effect="external",
        reasons=("it deletes a file", "It cannot be undone."),
        effect_text="runs this code in your notebook's namespace",
        path="/home/ada/a",
    )
    assert gate_text(event) == (
        "▸ run_python · Tidy up\n"
        "  | import os\n"
        "  |\n"
        "  | os.remove('a')\n"
        "  |\n"
        '  | {"timeout": null, "note": ""}\n'
        "  High risk\n"
        "  Runs this code in your notebook's namespace\n"
        "  /home/ada/a\n"
        "  It deletes a file\n"
        "  It cannot be undone."
    )


def test_nothing_is_cut():
    """Neither the last of many lines, nor the end of a long one, nor any long field is left out."""
    code = "\n".join([*(f"line_{n} = {n}" for n in range(3_000)), f"x = '{'y' * 5_000}END'"])
    long = {name: f"{name} {'z' * 3_000} END {name}" for name in ("purpose", "effect_text", "path")}
    reasons = tuple(f"Reason {n} {'r' * 500} END" for n in range(50))
    text = gate_text(proposed(call("c1", "run_python", code=code), risk="high", reasons=reasons, **long))
    assert all(f"  | {line}" in text.split("\n") for line in code.split("\n"))
    assert [name for name, value in long.items() if value.casefold() not in text.casefold()] == []
    assert [reason for reason in reasons if reason not in text] == []
    assert "…" not in text


@pytest.mark.parametrize("letter", UNSEEN, ids=lambda letter: f"{ord(letter):x}")
def test_what_cannot_be_seen_is_written_out(letter: str):
    """Controls, formats, directions, fillers, tags and halves are shown by their number wherever they hide."""
    evil = f"a{letter}b"
    one = call("c1", "run_python", code=f"x = '{evil}'", extra=evil)
    text = gate_text(proposed(one, purpose=evil, effect_text=evil, path=evil, reasons=(evil,)))
    number = ord(letter)
    written = f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
    assert letter not in text
    assert text.count(written) == 6
    text.encode()


def test_no_field_can_pass_for_another():
    """Line ends in a purpose, a path or a reason are written out: a model cannot add a line that says low risk."""
    lie = "ok\n  Low risk\r\n\tfine"
    text = gate_text(proposed(WRITE, risk="high", purpose=lie, effect_text=lie, path=lie, reasons=(lie,)))
    assert [line for line in text.split("\n") if line.strip() == "Low risk"] == []
    assert len(text.split("\n")) == 6


def test_a_call_without_arguments_is_its_name():
    """A call that takes nothing is asked about with its name and its risk."""
    one = call("c1", "reset")
    assert gate_text(k.CallProposed(one, "h", "medium", "namespace")) == "▸ reset\n  Medium risk\n  Runs reset"
