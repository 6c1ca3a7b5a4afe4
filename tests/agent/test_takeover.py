"""Another kernel, another clock, a letter box that is shut: what a run that is taken up believes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent.asking import Answer
from aether_nb.agent.mail import Mail
from aether_nb.agent.resuming import owes_variables
from aether_nb.agent.sealing import signal_fields
from aether_nb.agent.waiting import Waiting
from aether_nb.errors import StoreError
from aether_nb.events import kinds as k
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import memory_store
from aether_nb.tools.base import Context
from harness.agent import YES, Script, call, look, resumed, send, stage


class Died(BaseException):
    """The kernel ended here."""


def numbered(*events: k.Event) -> list[k.Entry]:
    """A record."""
    return [k.Entry("run1", n, float(n), event) for n, event in enumerate(events, 1)]


def test_variables_are_owed_until_they_are_restored() -> None:
    """A new kernel owes them until it says what came of restoring; a resume in the same kernel changes nothing."""
    fresh, same, restored = k.RunResumed("a", True), k.RunResumed("a", False), k.NamespaceRestored()
    other = k.RunParked("go")
    assert not owes_variables(numbered(same))
    assert owes_variables(numbered(fresh))
    assert owes_variables(numbered(fresh, other, same))
    assert not owes_variables(numbered(fresh, same, restored, same))


@pytest.mark.parametrize("forced", [False, True])
def test_what_a_tool_sees_while_another_kernel_may_be_at_the_call_proves_nothing(
    forced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a takeover from a living kernel 'it has not acted' is no reason to act: a person is asked."""
    acted: list[str] = []

    @tool(risk="low", where="loop", on_doubt="verify", verify=lambda arguments, context: False, name="act")
    async def act(context: Context) -> str:
        """Act."""
        acted.append(context.call_id)
        if len(acted) == 1:
            raise Died
        return "acted"

    play = stage([call("act")], tools=[act])
    monkeypatch.setattr(play.driver, "_end", lambda end: None)
    with pytest.raises(Died):
        play.drive()
    play.run.append(k.LeaseTaken(2, "here", "there", forced=forced))
    person = Script(answers=["it ran"])
    again = resumed(play, ["done"], tools=[act], person=person)
    assert again.drive().answer == "done"
    assert len(acted) == (1 if forced else 2)
    assert ["another kernel" in question.text for question in person.asked] == ([True] if forced else [])


def test_a_clock_that_was_set_back_makes_no_retry_wait_for_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call waits for its backoff at most, whatever the time was when it was to begin."""

    @tool(risk="low", effect="pure", where="loop", retries=1, backoff=0.0, name="act")
    async def act(context: Context) -> str:
        """Act."""
        return "acted"

    play = stage([call("act")], tools=[act])
    calls = play.driver.calls

    def proposed() -> Any:
        return next(iter(play.run.state.calls.values()))

    original = play.run.append

    def append(*events: k.Event) -> None:
        original(*events)
        if isinstance(events[-1], k.CallBegun) and events[-1].attempt == 1:
            original(k.CallRetried(proposed().id, 1, "it failed", until=play.clock.now + 86400))
            raise Died

    monkeypatch.setattr(play.run, "append", append)
    monkeypatch.setattr(play.driver, "_end", lambda end: None)
    with pytest.raises(Died):
        play.drive()
    assert calls.run.state.calls[proposed().id].not_before > play.clock.now + 80000
    assert resumed(play, ["done"], tools=[act]).drive().answer == "done"


def test_a_stop_by_a_stranger_is_heard_between_two_steps_and_does_nothing(tmp_path: Path) -> None:
    """It is recorded where any other word is, so that the record can be replayed; the run goes on."""
    store, mine, theirs = memory_store(), Sealer(tmp_path / "mine"), Sealer(tmp_path / "theirs")
    signal = Signal("run1", "stop", "cli:eve", {}, "s1")
    store.signals.send(replace(signal, seal=theirs.seal(signal_fields(signal))))
    play = stage([call("look"), "done"], tools=[look], log=store.log)
    play.driver.mail = play.driver.waiting.mail = Mail(store.signals, "run1", mine, poll=0.0)
    assert play.drive().answer == "done"
    place = play.kinds.index("signal.received")
    assert play.kinds[place - 1] not in ("model.asked", "call.begun")


class Shut:
    """A letter box that cannot be opened at first."""

    def __init__(self) -> None:
        self.looks = 0

    def pending(self, run: str) -> list[Signal]:
        self.looks += 1
        if self.looks < 3:
            raise StoreError("It is being written.")
        return []


def test_a_letter_box_that_cannot_be_opened_just_now_ends_nothing(tmp_path: Path) -> None:
    """It is looked into again."""
    box = Shut()
    play = stage([call("look"), "done"], tools=[look])
    mail = Mail(box, "run1", Sealer(tmp_path), poll=0.0)  # type: ignore[arg-type]  # nobody sends
    play.driver.mail = play.driver.waiting.mail = mail
    assert play.drive().answer == "done"
    assert box.looks >= 3


@pytest.mark.parametrize("said", [YES, Answer("deny", "panel")])
def test_what_is_said_at_once_counts_however_short_the_time_is(said: Answer, tmp_path: Path) -> None:
    """A run that is parked after no time at all hears what somebody says who is there."""
    play = stage([call("send", to="a"), "done"], tools=[send], person=Script([said]))
    mail = Mail(memory_store().signals, "run1", Sealer(tmp_path), poll=0.005)
    play.driver.waiting = Waiting(play.driver.waiting.asking, mail, park_after=0.0)
    state = play.drive()
    assert state.answer == "done"
    assert state.parked is None


def test_a_signal_that_lies_there_counts_however_short_the_time_is(tmp_path: Path) -> None:
    """A yes that came before is taken in instead of parking the run for it."""
    store, sealer = memory_store(), Sealer(tmp_path)
    play = stage([call("send", to="a"), "done"], tools=[send], log=store.log)
    mail = Mail(store.signals, "run1", sealer, poll=0.005)
    play.driver.waiting, play.driver.mail = Waiting(play.driver.waiting.asking, mail, park_after=0.0), mail
    assert play.drive().parked is not None
    proposed = next(event for event in play.stored if isinstance(event, k.CallProposed))
    signal = Signal("run1", "approve", "cli:anna", {"call_id": proposed.call.id, "hash": proposed.hash}, "s1")
    store.signals.send(replace(signal, seal=sealer.seal(signal_fields(signal))))
    again = resumed(play, ["done"], tools=[send], mail=mail, park_after=0.0)
    assert again.drive().answer == "done"
