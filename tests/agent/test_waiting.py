"""Waiting for somebody: who is there is found out before a clock runs, and nobody's no does not close what was open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent.again import Recalled
from aether_nb.agent.asking import Answer, Asking, Nobody
from aether_nb.agent.mail import Mail
from aether_nb.agent.sealing import signal_fields
from aether_nb.agent.waiting import Waiting
from aether_nb.events import kinds as k
from aether_nb.events.state import Call
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import memory_store
from harness.agent import YES, Script, call, look, send, stage

CALL = Call(k.CallProposed(call("send", id="c1"), "sha256:h", "medium", "external"))
QUESTION = k.QuestionAsked("q1", "Which?")
DOUBT = k.QuestionAsked("d", "What became of it?", ("it ran",), "c1", doubt=True)


class Late(Script):
    """A panel whose view takes a while to appear, or does not appear at all."""

    def __init__(self, appears: bool, *gates: Answer) -> None:
        super().__init__(list(gates))
        self.appears = appears

    async def present(self) -> bool:
        await asyncio.sleep(0.05)
        return self.appears


@dataclass
class Leaving(Script):
    """Somebody who closes the panel at a question; that is noticed after a while."""

    async def approve(self, call: Call) -> Answer:
        await asyncio.sleep(0.05)
        return Answer("deny", "policy:closed")


@pytest.fixture
def mail(tmp_path: Path) -> Mail:
    """An empty letter box."""
    return Mail(memory_store().signals, "run1", Sealer(tmp_path), poll=0.005)


def letter(mail: Mail, type: k.SignalType, **body: Any) -> None:
    """Something that was said before."""
    signal = Signal("run1", type, "cli:ada", body, "s1")
    mail.signals.send(replace(signal, seal=mail.sealer.seal(signal_fields(signal))))


def test_a_policy_is_asked_however_short_the_time_is(mail: Mail) -> None:
    """The clock runs from when it is known who is there: a yes that AETHER_APPROVE gives is given."""
    waiting = Waiting(Asking([Late(False), Nobody("auto")]), mail, park_after=0.0)
    said = asyncio.run(waiting.approve(CALL))
    assert isinstance(said, Answer) and (said.decision, said.by) == ("approve", "policy:auto")
    high = Call(replace(CALL.proposed, risk="high"))
    assert asyncio.run(waiting.approve(high)) is None
    late = Waiting(Asking([Late(True, YES), Nobody("deny")]), mail, park_after=0.0)
    assert asyncio.run(late.approve(CALL)) == YES


def test_nobodys_no_closes_nothing_that_was_open(mail: Mail) -> None:
    """A gate, a question, a doubt and a pause of a run that was taken up stay open after a while."""
    waiting = Waiting(Asking([Nobody("deny")]), mail, unasked=0.02)
    assert asyncio.run(waiting.approve(CALL)) is None
    assert asyncio.run(waiting.answer(QUESTION)) is None
    assert asyncio.run(waiting.answer(DOUBT)) is None
    assert asyncio.run(waiting.go()) is None
    deaf = Waiting(Asking([Nobody("deny")]), None, unasked=0.02)
    assert asyncio.run(deaf.approve(CALL)) is None


def test_what_was_said_before_is_heard_where_nobody_is(mail: Mail) -> None:
    """A yes in the letter box lets such a run go on."""
    letter(mail, "approve", call_id="c1", hash="sha256:h")
    said = asyncio.run(Waiting(Asking([Nobody("deny")]), mail, unasked=5.0).approve(CALL))
    assert isinstance(said, Signal) and said.type == "approve"


def test_a_run_that_begins_gets_nobodys_no(mail: Mail) -> None:
    """Nobody there means no, where nothing says otherwise."""
    said = asyncio.run(Waiting(Asking([Nobody("deny")]), mail).approve(CALL))
    assert isinstance(said, Answer) and said.decision == "deny"
    assert asyncio.run(Waiting(Asking([Nobody("deny")]), mail).answer(QUESTION)) == (None, "policy:deny")


def test_who_is_there_has_as_long_as_he_likes(mail: Mail) -> None:
    """The short wait is for where nobody is; somebody who leaves is nobody from then on."""

    class Slow(Script):
        async def approve(self, call: Call) -> Answer:
            await asyncio.sleep(0.1)
            return YES

    assert asyncio.run(Waiting(Asking([Slow()]), mail, unasked=0.01).approve(CALL)) == YES
    assert asyncio.run(Waiting(Asking([Leaving()]), mail, unasked=0.01).approve(CALL)) is None
    assert asyncio.run(Waiting(Asking([Leaving()]), mail, park_after=0.2, unasked=0.01).approve(CALL)) is None


def test_who_performs_a_record_again_is_asked_like_anybody(mail: Mail) -> None:
    """The record answers for calls that ask; whether a person is there is found out as always."""
    nobody = Recalled(Asking([Nobody("deny")]), SimpleNamespace(calls={}))  # type: ignore[arg-type]  # of no call
    assert not asyncio.run(nobody.somebody())
    assert asyncio.run(Waiting(nobody, mail, unasked=0.01).approve(CALL)) is None


def test_a_run_that_is_taken_up_where_nobody_is_lies_parked_again() -> None:
    """Whole runs: at the gate, at a limit, and paused; none of them has ended, and none waits for ever."""
    for replies, limits, waits in (
        ([call("send", to="a"), "done"], k.Limits(), "gate"),
        ([call("look"), "done"], k.Limits(steps=1), "question"),
    ):
        play = stage(replies, tools=[send, look], limits=limits)
        play.driver.waiting.unasked = 0.01
        state = play.drive()
        assert state.ended is None and state.parked is not None and state.parked.waits_for == waits
    store = memory_store()
    paused = stage(["done"], log=store.log, mail=Mail(store.signals, "run1", Sealer(Path("/nowhere")), poll=0.005))
    paused.driver.waiting.unasked = 0.01
    paused.run.append(k.SignalReceived("x", "pause", "panel"))
    assert paused.drive().parked == k.RunParked("go")


def test_a_stop_leaves_a_doubt_a_doubt() -> None:
    """A call of which nobody knows whether it acted is not called failed because the run was stopped."""

    @tool(risk="low", effect="external", where="loop")
    async def act() -> str:
        """Act."""
        raise AssertionError

    play = stage([], tools=[act])
    proposed = k.CallProposed(call("act", id="c1"), "sha256:h", "low", "external")
    play.run.append(k.ModelAsked("m", 1), proposed, k.CallBegun("c1", "sha256:h"), k.CallDoubtful("c1", "lost"))
    play.run.state = replace(play.run.state, open=("c1",))
    play.driver._end(k.RunEnded("cancelled", "Stopped."))
    assert play.run.state.calls["c1"].status == "doubtful"
    assert play.kinds[-2:] == ["call.doubtful", "run.ended"]
