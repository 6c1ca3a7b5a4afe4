"""What a browser may say."""

from __future__ import annotations

import pytest

from aether_nb.widgets.commands import read_command

GATE = {
    "type": "gate",
    "call_id": "c",
    "hash": "h",
    "decision": "deny",
    "lasts": "run",
    "scope": "call",
    "reason": "no",
}


def test_commands_that_can_be_read():
    """Known commands come out with their known fields and nothing else."""
    assert read_command({"type": "hello", "seq": 3, "x": 1}) == {"type": "hello", "seq": 3}
    for seq in ("3", None, True, 3.0):
        assert read_command({"type": "hello", "seq": seq}) == {"type": "hello", "seq": -1}
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
    assert read_command({name: value for name, value in GATE.items() if name != "scope"}) == GATE
    assert read_command(GATE | {"scope": "folder", "lasts": "minutes"}) == GATE | {
        "scope": "folder",
        "lasts": "minutes",
    }
    assert read_command(GATE | {"scope": "variables"}) == GATE | {"scope": "variables"}
    assert read_command({"type": "part", "name": "gauge", "x": 1}) == {"type": "part", "name": "gauge"}
    assert read_command({"type": "feedback", "value": "up"}) == {"type": "feedback", "value": "up"}
    assert read_command({"type": "revoke", "id": "g1"}) == {"type": "revoke", "id": "g1"}
    items = [{"title": " Look ", "tool": "query", "status": "done"}]
    assert read_command({"type": "plan", "items": items}) == {
        "type": "plan",
        "items": [{"title": "Look", "tool": "query"}],
    }
    drop = {"type": "drop", "id": "d", "name": "a.csv", "size": 3, "at": 0, "data": "YWJj"}
    assert read_command(drop | {"path": "/etc"}) == drop
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
        {"type": "part", "name": "panel"},
        {"type": "part", "name": ["gauge"]},
        {"type": "feedback", "value": "best"},
        {"type": "feedback", "value": ["up"]},
        {"type": "revoke", "id": ""},
        {"type": "plan", "items": "Look"},
        {"type": "plan", "items": [{"title": " "}]},
        {"type": "plan", "items": [{"title": "Look", "tool": 3}]},
        {"type": "plan", "items": ["Look"]},
        {"type": "plan", "items": [{"title": "Look"}] * 41},
        {"type": "drop", "id": "d", "name": "a", "size": 3, "at": 4, "data": ""},
        {"type": "drop", "id": "d", "name": "a", "size": 30_000_000, "at": 0, "data": ""},
        {"type": "drop", "id": "d", "name": "a", "size": 3, "at": True, "data": ""},
        {"type": "drop", "id": "d", "name": "", "size": 3, "at": 0, "data": ""},
        {"type": "drop", "id": "d", "name": "a", "size": 3, "at": 0, "data": "x" * 800_000},
        GATE | {"scope": "all"},
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
