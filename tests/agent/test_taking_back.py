"""Taking a call back while its run is at work: heard between calls, done once, and the record of it can be replayed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent.asking import Answer
from aether_nb.agent.mail import Mail
from aether_nb.agent.sealing import signal_fields
from aether_nb.errors import StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.state import Call, RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store, memory_store
from aether_nb.tools.base import Assessment, Context
from harness.agent import YES, Script, Stage, call, look, send, stage

DONE = k.UndoDone("u1", ("c1",), "signal:panel", (k.Change("x", "changed"),))


@dataclass
class Slow(Script):
    """Somebody who answers when the test says so."""

    now: asyncio.Event = field(default_factory=asyncio.Event)

    async def approve(self, call: Call) -> Answer:
        self.asked.append(call)
        await self.now.wait()
        return YES

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        self.asked.append(question)
        await self.now.wait()
        return "stop here", "panel"


@dataclass
class Takes:
    """Who takes calls back, in place of a kernel: counts what came, and gives what the test wants."""

    gives: k.UndoDone | k.UndoShown = DONE
    come: list[Mapping[str, Any]] = field(default_factory=list)
    begun: Callable[[], Any] = lambda: None
    until: asyncio.Event | None = None

    async def __call__(self, signal: Signal) -> k.UndoDone | k.UndoShown:
        self.come.append(signal.body)
        self.begun()
        if self.until is not None:
            await self.until.wait()
        return self.gives


@pytest.fixture
def store() -> Store:
    """A store in memory."""
    return memory_store()


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    """This user's key."""
    return Sealer(tmp_path / "key")


def say(store: Store, sealer: Sealer | None, type: k.SignalType = "undo", name: str = "s1", **body: Any) -> bool:
    """Put a signal into the letter box of the run; without a seal when there is no key."""
    signal = Signal("run1", type, "panel", body or {"call": "c1", "id": "c1"}, name)
    return store.signals.send(replace(signal, seal=sealer.seal(signal_fields(signal)) if sealer else ""))


def playing(store: Store, sealer: Sealer, replies: Any, takes: Takes | None, **more: Any) -> Stage:
    """A run that hears signals, with somebody who takes its calls back."""
    play = stage(replies, log=store.log, mail=Mail(store.signals, "run1", sealer, poll=0.005), **more)
    play.driver.calls.host = replace(play.driver.calls.host, take_back=takes)
    return play


async def meanwhile(play: Stage, *sayings: Callable[[], Any]) -> RunState:
    """Drive a run; each saying waits until it returns something true, and is then over."""
    running = asyncio.create_task(play.driver.drive())
    for saying in sayings:
        while not running.done() and not saying():  # noqa: ASYNC110  # what is waited for has no event of its own
            await asyncio.sleep(0.002)
    state = await running
    assert (await _replayed(play)) == state
    return state


async def _replayed(play: Stage) -> RunState:
    from aether_nb.agent.replaying import replay

    return (await replay(play.run.id, list(play.run.log.read(play.run.id)))).state


def tail(play: Stage, first: type[k.Event]) -> list[str]:
    """The kinds of what was recorded from an event on."""
    places = [n for n, event in enumerate(play.stored) if isinstance(event, first)]
    return play.kinds[places[0] :]


def test_a_call_is_taken_back_while_a_gate_is_open(store: Store, sealer: Sealer) -> None:
    """The gate stays open and is asked about once; the model is told."""
    takes, person = Takes(), Slow()
    replies = [call("look"), call("send", to="a"), "done"]
    play = playing(store, sealer, replies, takes, tools=[look, send], person=person)
    steps = [
        lambda: play.run.state.gate and say(store, sealer),
        lambda: DONE in play.stored and (person.now.set() or True),
    ]
    assert asyncio.run(meanwhile(play, *steps)).answer == "done"
    assert takes.come == [{"call": "c1", "id": "c1"}]
    assert tail(play, k.GateOpened)[:4] == ["gate.opened", "signal.received", "undo.done", "gate.answered"]
    assert len(person.asked) == 1 and "took back what these calls had done: c1" in play.told()
    assert next(event for event in play.stored if isinstance(event, k.SignalReceived)).used
    assert store.signals.pending("run1") == []


def test_a_run_goes_on_only_when_what_is_taken_back_is_back(store: Store, sealer: Sealer) -> None:
    """A yes that comes in the midst of it waits: the call does not run over variables that are being put back."""
    person, until = Slow(), asyncio.Event()
    takes = Takes(until=until)
    play = playing(store, sealer, [call("send", to="a"), "done"], takes, tools=[send], person=person)

    def finish() -> bool:
        assert "gate.answered" not in play.kinds
        until.set()
        return True

    steps = [
        lambda: play.run.state.gate and say(store, sealer),
        lambda: bool(takes.come) and (person.now.set() or True),
        finish,
    ]
    assert asyncio.run(meanwhile(play, *steps)).answer == "done"
    assert tail(play, k.GateOpened)[1:4] == ["signal.received", "undo.done", "gate.answered"]


def test_a_call_is_taken_back_while_a_question_or_a_pause_stands(store: Store, sealer: Sealer) -> None:
    """Where a run waits for an answer, or for a word to go on, it is between calls as well."""
    takes, person = Takes(), Slow()
    replies = [call("look"), call("look"), "done"]
    play = playing(store, sealer, replies, takes, tools=[look], person=person, limits=k.Limits(steps=1))
    say(store, sealer, "pause", "p", text="")
    asyncio.run(play.driver.mail.come(lambda signal: True))  # type: ignore[union-attr]
    steps = [
        lambda: play.run.state.paused and say(store, sealer),
        lambda: DONE in play.stored and say(store, sealer, "go", "g", text=""),
        lambda: play.run.state.question and say(store, sealer, "undo", "s2", call="c1", id="u1"),
        lambda: play.kinds.count("undo.done") == 2 and (person.now.set() or True),
    ]
    assert asyncio.run(meanwhile(play, *steps)).ended is not None
    assert takes.come == [{"call": "c1", "id": "c1"}, {"call": "c1", "id": "u1"}]


def test_between_two_steps_what_comes_next_is_asked_anew_and_judged_again(store: Store, sealer: Sealer) -> None:
    """A call that was judged before is judged again: what it would do to other variables is another question."""
    judged = list[str]()

    def assess(arguments: Mapping[str, Any], context: Context) -> Assessment:
        judged.append(context.call_id)
        if len(judged) == 1:
            say(store, sealer)
            play.driver.mail.waiting = store.signals.pending("run1")  # type: ignore[union-attr]
        return Assessment("low", "pure")

    takes = Takes()
    noted = tool(where="loop", judge=assess)(_note)
    play = playing(store, sealer, [call("_note"), "done"], takes, tools=[noted])
    assert play.drive().answer == "done"
    assert len(judged) == 2 and len(takes.come) == 1
    assert tail(play, k.CallProposed)[:4] == ["call.proposed", "signal.received", "undo.done", "call.begun"]


async def _note() -> str:
    """Look at something."""
    return "noted"


def test_what_is_only_shown_leaves_no_trace_but_that_it_was_heard(store: Store, sealer: Sealer) -> None:
    """A question about what was changed since, or why it cannot be, is for the panel; the run goes on as it was."""
    shown = k.UndoShown("c1", "x was changed since", "s")
    play = playing(store, sealer, ["done"], Takes(shown))
    say(store, sealer)
    asyncio.run(play.driver.mail.come(lambda signal: True))  # type: ignore[union-attr]
    assert play.drive().answer == "done"
    assert "undo.done" not in play.kinds and play.kinds.count("signal.received") == 1
    assert [entry.event for entry in play.seen if isinstance(entry.event, k.UndoShown)] == [shown]


@pytest.mark.parametrize("sealed", [True, False])
def test_a_wish_that_nobody_can_fulfil_or_that_is_not_this_users_is_not_used(
    store: Store, sealer: Sealer, sealed: bool
) -> None:
    """Without a kernel there is nothing to take back; without this user's seal nothing is taken back."""
    takes = Takes()
    play = playing(store, sealer, ["done"], None if sealed else takes)
    say(store, sealer if sealed else None)
    asyncio.run(play.driver.mail.come(lambda signal: True))  # type: ignore[union-attr]
    assert play.drive().answer == "done"
    assert [event.used for event in play.stored if isinstance(event, k.SignalReceived)] == [False]
    assert takes.come == []


def test_what_could_not_be_recorded_is_looked_at_again(
    store: Store, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk while a gate is open ends nothing; the wish is still there at the next look."""
    person, takes = Slow(), Takes()
    play = playing(store, sealer, [call("send", to="a"), "done"], takes, tools=[send], person=person)
    append, full = play.run.append, [True]

    def failing(*events: k.Event) -> None:
        if DONE in events and full:
            full.clear()
            raise StoreFull("The disk is full.")
        append(*events)

    monkeypatch.setattr(play.run, "append", failing)
    steps = [
        lambda: play.run.state.gate and say(store, sealer),
        lambda: DONE in play.stored and (person.now.set() or True),
    ]
    assert asyncio.run(meanwhile(play, *steps)).answer == "done"
    assert len(takes.come) == 2 and play.kinds.count("undo.done") == 1
