"""What a browser may say."""

from __future__ import annotations

import pytest

from aether_nb.widgets.commands import read_command

GATE = {"type": "gate", "call_id": "c", "hash": "h", "decision": "deny", "lasts": "run", "reason": "no"}


def test_commands_that_can_be_read():
    """Known commands come out with their known fields and nothing else."""
    assert read_command({"type": "hello", "seq": 3, "x": 1}) == {"type": "hello"}
    assert read_command({"type": "stop", "run": "other"}) == {"type": "stop"}
    assert read_command({"type": "model", "name": "a:b", "key": "x"}) == {"type": "model", "name": "a:b"}
    assert read_command({"type": "question", "id": "1", "answer": "yes", "by": "me"}) == {
        "type": "question",
        "id": "1",
        "answer": "yes",
    }
    undo = {"type": "undo", "call": "c1", "id": "u1"}
    assert read_command(undo | {"by": "me"}) == undo | {"sure": ""}
    assert read_command(GATE | {"mid": "1", "admin": True}) == GATE
    assert read_command(GATE | {"arguments": {"path": "x"}}) == GATE | {"arguments": {"path": "x"}}


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "stop",
        {},
        {"type": ["stop"]},
        {"type": "run", "code": "1"},
        {"type": "model", "name": ""},
        {"type": "model", "name": 7},
        {"type": "question", "id": "", "answer": "x"},
        {"type": "question", "id": "1", "answer": None},
        {"type": "question", "id": "1", "answer": "x" * 30_000},
        {"type": "undo", "call": "c1", "id": ""},
        {"type": "undo", "call": "c1", "id": "c1", "sure": True},
        GATE | {"decision": "yes"},
        GATE | {"decision": ["approve"]},
        GATE | {"lasts": "forever"},
        GATE | {"hash": 7},
        GATE | {"hash": ""},
        GATE | {"arguments": "all"},
        GATE | {"arguments": None},
        GATE | {"arguments": {"x": float("nan")}},
        GATE | {"arguments": {"x": "y" * 2_000_000}},
        {"type": "gate", "decision": "approve"},
    ],
)
def test_commands_that_cannot_be_read(content: object):
    """Whatever else a browser sends is nothing: never a yes by accident."""
    assert read_command(content) is None
