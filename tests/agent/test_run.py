"""A run in the hand: when its events are written, and what becomes of those that wait for others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from aether_nb.agent.run import AT_ONCE, Run
from aether_nb.errors import StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.store.store import Store, memory_store

CALL = ToolCall("c1", "look", {})


def proposed(effect: k.Effect = "pure") -> k.CallProposed:
    """A call that was looked at."""
    return k.CallProposed(CALL, "h", "low", effect)


class Counting:
    """A log that counts its commits, and is full when it is told to be."""

    def __init__(self, store: Store) -> None:
        self.store, self.commits, self.full = store, list[list[str]](), False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store.log, name)

    def append(self, run: str, head: int, events: Sequence[k.Event], time: float, epoch: int = 0) -> Any:
        if self.full:
            raise StoreFull("The disk is full.")
        self.commits.append([event.kind for event in events])
        return self.store.log.append(run, head, events, time, epoch)


def begun(seen: list[k.Entry]) -> tuple[Run, Counting]:
    """A leased run that has asked its model and got a call."""
    store = memory_store()
    log = Counting(store)
    run = Run(log, "r1", (seen.append,), epoch=store.leases.take("r1", 1.0).epoch)
    reply = k.ModelAnswered("m", Message("assistant", calls=(CALL,)), Usage(), "tool_calls", 0.1)
    run.append(k.RunStarted("q", "m"), reply)
    log.commits.clear()
    return run, log


async def test_what_only_announces_is_written_with_what_follows() -> None:
    """A call that only reads costs one commit; nobody is shown anything before it is written, and then all in order."""
    seen: list[k.Entry] = []
    run, log = begun(seen)
    seen.clear()
    run.append(proposed())
    run.append(k.ItemStarted(0), k.CallBegun("c1", "h"))
    assert (log.commits, seen, run.state.calls["c1"].status) == ([], [], "begun")
    run.append(k.CallFinished("c1", (), 0.1), k.ItemFinished(0))
    assert (log.commits, seen, run.state.calls["c1"].status) == ([], [], "finished")
    run.append(k.ModelAsked("m", 2))
    kinds = ["call.proposed", "item.started", "call.begun", "call.finished", "item.finished", "model.asked"]
    assert log.commits == [kinds]
    assert [entry.event.kind for entry in seen if entry.event.stored] == kinds
    assert run.state == fold(log.read("r1"))


@pytest.mark.parametrize("effect", ["namespace", "idempotent", "external"])
async def test_what_may_leave_a_trace_is_written_before_it_begins(effect: k.Effect) -> None:
    """The intent is on the disk before anything outside, or any variable, can change; so is the end of what acts."""
    run, log = begun([])
    run.append(proposed(effect))
    run.append(k.CallBegun("c1", "h"))
    assert log.commits == [["call.proposed", "call.begun"]]
    run.append(k.CallFinished("c1", (), 0.1))
    run.append(k.ModelAsked("m", 2))
    ended = [["call.finished", "model.asked"]] if effect == "namespace" else [["call.finished"], ["model.asked"]]
    assert log.commits[1:] == ended  # variables die with the process: so may the word that they were changed


async def test_a_reply_is_written_with_what_is_done_about_it() -> None:
    """A turn that only reads is one commit, from the reply to the next question; one that acts has two."""
    run, log = begun([])
    for n, seconds in enumerate((0.001, 0.001, 1.0, 0.001)):
        call = ToolCall(f"d{n}", "look", {})
        run.append(k.ModelAnswered("m", Message("assistant", calls=(call,)), Usage(), "tool_calls", 0.1))
        run.append(k.CallProposed(call, "h", "low", "pure"))
        run.append(k.CallBegun(call.id, "h"))
        run.append(k.CallFinished(call.id, (), seconds))
        run.append(k.ModelAsked("m", n + 2))
    first, whole = ["model.answered", "call.proposed", "call.begun"], ["call.finished", "model.asked"]
    assert log.commits == [first, whole, [*first, *whole], [*first, *whole], first, whole], "it had been slow once"


async def test_what_a_call_says_that_nobody_knows_is_written_at_once() -> None:
    """Where it is not known what a call may do, its events wait for nothing."""
    run, log = begun([])
    run.append(k.NamespaceChanged("nobody", ()))
    assert log.commits == [["namespace.changed"]]


@pytest.mark.parametrize("effect", ["pure", "external"])
async def test_what_no_record_can_hold_is_mended_before_it_counts(effect: k.Effect) -> None:
    """Half a character in a reply or in a result: the run goes on with what somebody will find who resumes it."""
    run, log = begun([])
    call = ToolCall("c1", "look", {"name": "caf\udce9"})
    run.append(k.ModelAnswered("m", Message.of("assistant", "Half \ud83d", calls=(call,)), Usage(), "tool_calls", 0.1))
    assert run.state.messages[-1].calls[0].arguments == {"name": "caf\ufffd"}, "it is judged by what is recorded"
    run.append(k.CallProposed(run.state.messages[-1].calls[0], "h", "low", effect))
    run.append(k.CallBegun("c1", "h"))
    run.append(k.CallFinished("c1", (Text("\udce9t\ud83d\ude00"),), 0.1))
    run.append(k.ModelAsked("m", 2))
    assert [message.text for message in run.state.messages] == ["", "Half \ufffd", "\ufffdt\U0001f600"]
    assert run.state == fold(log.read("r1"))


async def test_each_event_keeps_its_own_time() -> None:
    """What waited for others happened when it did, not when it was written; a watcher sees the state of that moment."""
    store, moments, seen = memory_store(), iter([1.0, 2.0, 3.0, 4.0]), list[tuple[str, float, bool]]()

    def watch(entry: k.Entry) -> None:
        if entry.event.stored:
            seen.append((entry.event.kind, entry.time, "c1" in run.state.calls))

    run = Run(store.log, "r1", (watch,), lambda: next(moments), store.leases.take("r1", 1.0).epoch)
    run.append(k.RunStarted("q", "m"))
    run.append(proposed())
    run.append(k.CallBegun("c1", "h"))
    run.append(k.ModelAsked("m", 2))
    assert seen == [
        ("run.started", 1.0, False),
        ("call.proposed", 2.0, True),
        ("call.begun", 3.0, True),
        ("model.asked", 4.0, True),
    ]
    assert run.state == fold(store.log.read("r1"))


async def test_what_is_not_followed_is_written_by_itself() -> None:
    """A call that takes its time is seen while it runs; so is one whose output comes before its end."""
    seen: list[k.Entry] = []
    run, log = begun(seen)
    run.append(proposed())
    await asyncio.sleep(AT_ONCE * 4)
    assert log.commits == [["call.proposed"]]
    run.append(k.CallBegun("c1", "h"))
    run.append(k.OutputDelta("c1", "…"))
    assert log.commits[1:] == [["call.begun"]]
    assert [entry.event.kind for entry in seen][-1] == "output.delta"


async def test_what_came_later_has_its_own_time() -> None:
    """One timer serves several turns: it writes nothing before its time, and nothing stays behind it."""
    run, log = begun([])
    run.append(proposed())
    run.flush()
    run.append(k.CallBegun("c1", "h"))
    loop = asyncio.get_running_loop()
    run._since = loop.time() + 0.05
    run._flush_by_itself(loop)  # as when the time of the first one is over
    assert log.commits == [["call.proposed"]]
    await asyncio.sleep(0.05 + AT_ONCE * 4)
    assert log.commits == [["call.proposed"], ["call.begun"]]


def test_a_run_outlives_its_loop() -> None:
    """What is taken in under another loop is written by itself, too: the timer of the one before is gone with it."""

    async def begin() -> tuple[Run, Any]:
        run, log = begun([])
        run.append(proposed())
        run.flush()
        return run, log

    async def go_on() -> None:
        run.append(k.CallBegun("c1", "h"))
        await asyncio.sleep(AT_ONCE * 4)

    run, log = asyncio.run(begin())
    asyncio.run(go_on())
    assert log.commits == [["call.proposed"], ["call.begun"]]


async def test_what_could_not_be_written_did_not_happen() -> None:
    """The state goes back to what is recorded, and whoever appends next is told."""
    run, log = begun([])
    before, log.full = run.state, True
    run.append(proposed())
    await asyncio.sleep(AT_ONCE * 4)
    assert run.state == before
    log.full = False
    with pytest.raises(StoreFull):
        run.append(k.CallBegun("c1", "h"))
    run.flush()
    assert run.state == fold(log.read("r1"))


async def test_who_goes_by_what_was_announced_may_not_go_on_without_it() -> None:
    """A commit that fails takes with it what was announced; though the disk has room again, nothing follows it."""
    run, log = begun([])
    before = run.state
    run.append(proposed())
    run.append(k.CallBegun("c1", "h"))
    log.full = True
    with pytest.raises(StoreFull):
        run.append(k.OutputDelta("c1", "…"))  # shown from a callback of the loop, whose errors reach nobody
    log.full = False
    with pytest.raises(StoreFull):
        run.append(k.CallFinished("c1", (), 0.1))
    assert run.state == before == fold(log.read("r1"))


async def test_what_was_read_already_is_not_read_again() -> None:
    """A run is taken up from entries in the hand and what its log has behind them: each is folded and shown once."""
    _, log = begun([])
    entries, seen = list(log.read("r1")), list[k.Entry]()
    for known in (entries, entries[:1], []):
        seen.clear()
        run = Run(log, "r1", (seen.append,))
        run.catch_up(known)
        assert [entry for entry in seen if entry.event.stored] == entries
        assert run.state == fold(entries)
