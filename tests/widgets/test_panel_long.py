"""What a panel costs in a long run, and what it sends to whoever looks again: what has changed, and no more."""

from __future__ import annotations

import random
from typing import Any

import pytest
from doing.test_long_runs import FEW, MANY, MOST, instructions

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.widgets.panel import Panel
from aether_nb.widgets.pending import added
from harness.panel import HELLO, Heard, View
from harness.story import call, entries, first_half, proposed
from harness.turns import STARTED, turn

LOOK = entries([k.RunStarted("p", "m"), k.ModelAsked("m", 1), k.ThinkingDelta("I look.")])


async def follow(panel: Panel, turns: int) -> None:
    """Let a run of so many turns pass, each event in a message of its own."""
    panel.receive(HELLO, "")
    for entry in entries([STARTED, *(event for number in range(turns) for event in turn(number + 1))]):
        panel.feed(entry)
        panel._flush()


async def test_a_long_run_is_shown_in_the_time_of_its_length():
    """A turn late in a run makes messages as small as an early one does, in as few instructions."""
    sizes, works = [], []
    for turns in (FEW, MANY):
        heard = Heard()
        await follow(heard.panel, turns)
        before = len(str(heard.messages))
        late = entries(turn(turns + 1))
        works.append(instructions(lambda late=late, panel=heard.panel: [_shown(panel, entry) for entry in late]))
        sizes.append(len(str(heard.messages)) - before)
        assert not any("order" in message for message in heard.messages)
    assert sizes[1] <= MOST * sizes[0]
    assert works[1] <= MOST * works[0]


def _shown(panel: Panel, entry: k.Entry) -> None:
    panel.feed(entry)
    panel._flush()


def test_what_is_new_is_told_from_what_has_moved():
    """The new blocks are known by what has changed; when one has gone or moved that is seen, however it happened."""
    luck, moved = random.Random(7), 0
    for _ in range(3_000):
        blocks: dict[str, Any] = dict.fromkeys("abcdef"[: luck.randrange(7)])
        told, parts = list(blocks), {"@header"}
        for id in luck.choices("abcdefghij", k=luck.randrange(4)):
            if luck.random() < 0.4:
                blocks.pop(id, None)
            if luck.random() < 0.7:
                blocks[id] = None
            parts.add(id)
        new = [id for id in blocks if id not in told]
        found = added(told, blocks, parts)
        assert found == (new if told + new == list(blocks) else None)
        moved += found is None
    assert 300 < moved < 2_700


async def test_blocks_that_come_go_and_move_stand_where_they_do_in_the_run(heard: Heard):
    """A view that follows the messages has the blocks of the run in their order, a thought that moved among them."""
    heard.panel.receive(HELLO, "")
    follower, orders = View(), 0
    whole = Message("assistant", (Text("Let me"),), (call("c", "look"),), thinking="I look.")
    answered = k.ModelAnswered("m", whole, Usage(), "stop", 1)
    moved = [k.ModelSwitched("m", "n", ""), answered, proposed(call("c", "look"))]
    gone = [k.ModelAsked("n", 2), k.ThinkingDelta("Well."), k.ModelSwitched("n", "m", ""), k.ModelAsked("m", 2)]
    for entry in [*LOOK, *entries([*moved, *gone, k.ThinkingDelta("Now."), k.ModelSwitched("m", "n", "")])]:
        _shown(heard.panel, entry)
    for message in heard.messages:
        follower.receive(message)
        orders += "order" in message
    assert (list(follower.blocks), orders) == (["n1", "t1", "w1", "c:c", "n2", "t2", "n3"], 2)


async def test_who_has_all_gets_a_short_answer(heard: Heard):
    """A view that is looked at again and has missed nothing is answered in a word, and goes on with the next change."""
    heard.panel.receive(HELLO, "")
    for entry in entries(first_half()):
        heard.panel.feed(entry)
    await heard.settle()
    heard.messages.clear()
    heard.panel.receive({"type": "hello", "seq": 1}, "")
    await heard.settle()
    assert heard.messages == [{"type": "pong"}]
    heard.panel.feed(k.Entry("r", 1, 0.0, k.TextDelta("Hel")))
    heard.panel.receive({"type": "hello", "seq": 1}, "")
    await heard.settle()
    assert [(one["type"], one["seq"], one["appends"][0]["text"]) for one in heard.messages[1:]] == [("delta", 2, "Hel")]


@pytest.mark.parametrize("seq", [{}, {"seq": -1}, {"seq": 0}, {"seq": 1}, {"seq": 3}, {"seq": "2"}, {"seq": True}])
async def test_whoever_may_have_missed_something_gets_everything(heard: Heard, seq: dict[str, object]):
    """A view that does not say that it has the last message, or says something odd, gets a snapshot."""
    heard.panel.receive(HELLO, "")
    for entry in LOOK[:2]:
        heard.panel.feed(entry)
        await heard.settle()
    heard.panel.receive({"type": "hello"} | seq, "")
    await heard.settle()
    assert [(one["type"], one["seq"]) for one in heard.messages] == [("snapshot", 1), ("delta", 2), ("snapshot", 3)]


async def test_a_message_that_failed_is_made_good_to_who_has_the_last(heard: Heard, monkeypatch: pytest.MonkeyPatch):
    """When something was lost before it had a number, no number says that nothing is missing."""
    heard.panel.receive(HELLO, "")
    _shown(heard.panel, LOOK[0])
    monkeypatch.setattr("aether_nb.widgets.panel.GATHER", 60)
    with monkeypatch.context() as patch:
        patch.setattr("aether_nb.widgets.wire.header", lambda view, now: 1 / 0)
        _shown(heard.panel, LOOK[1])
    heard.panel.receive({"type": "hello", "seq": 1}, "")
    heard.panel._flush()
    assert [(one["type"], one["seq"]) for one in heard.messages] == [("snapshot", 1), ("snapshot", 2)]
