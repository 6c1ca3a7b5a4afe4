"""Deaths, signals, failures, retries and people, in any order: what holds whatever happens."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aether_nb.agent.replaying import replay
from aether_nb.events import folds
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState
from harness.interleaving import NAMES, RUN, Tape, World
from harness.survival import LEDGER

TAPES = st.lists(st.integers(0, 59), max_size=250)
SCRIPTS = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), min_size=1, max_size=5)


def lived(tape: list[int], script: list[list[str]]) -> World:
    """A run to which all that is on the tape has happened, and which has come to its end."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Tape(list(tape)), script, Path(folder))
        while world.tape.numbers and world.lives < 30 and not world.state.ended:
            world.live()
            if world.tape.choose((False, True)):
                world.speak()
        if not world.entries:
            world.live()
        world.settle_down()
    return world


def events(world: World, kind: type[k.Event], call: str = "") -> list[k.Event]:
    """All events of a kind, or those that speak of a call."""
    found = [entry.event for entry in world.entries if isinstance(entry.event, kind)]
    return [event for event in found if not call or getattr(event, "call_id", "") == call]


@settings(
    max_examples=3000 if os.environ.get("AETHER_TEST_FULL") == "1" else 250,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(tape=TAPES, script=SCRIPTS)
def test_whatever_happens_nothing_external_happens_twice_and_every_run_can_end(
    tape: list[int], script: list[list[str]]
) -> None:
    """Only a person's run it repeats an external call; what was denied never runs; signals count once; folds agree."""
    world = lived(tape, script)
    nothing_twice(world)
    nobody_unasked(world)
    signals_once(world)
    folds_agree(world, len(tape))
    assert world.state.ended is not None
    unanswered = sum(world.asked.values()) - len(events(world, k.ModelAnswered))
    assert unanswered <= world.deaths + (world.state.ended.outcome != "done"), "a reply was paid twice"


def nothing_twice(world: World) -> None:
    """An external call acts once, and once more for each time that a person says so."""
    for call in world.state.calls.values():
        if call.proposed.effect == "external":
            said = [event for event in events(world, k.CallSettled, call.id) if event.how == "rerun"]
            persons = [event for event in said if not event.by.startswith("tool:")]
            assert world.acted[call.id] <= 1 + len(persons), (call.name, world.acted[call.id])


def nobody_unasked(world: World) -> None:
    """What needs a yes begins after one for exactly that call, and never after a no."""
    for call in world.state.calls.values():
        if call.proposed.risk != "low":
            answers: list[str] = []
            for entry in world.entries:
                if isinstance(entry.event, k.GateAnswered) and entry.event.call_id == call.id:
                    answers.append(entry.event.decision if entry.event.hash == call.proposed.hash else "other")
                if isinstance(entry.event, k.CallBegun) and entry.event.call_id == call.id:
                    assert answers and set(answers) == {"approve"}, answers


def signals_once(world: World) -> None:
    """Each signal is received once at most, and one that this user did not seal does nothing."""
    received = events(world, k.SignalReceived)
    assert max(Counter(event.id for event in received).values(), default=0) <= 1
    assert not [event for event in received if event.used and event.id in world.foreign]
    assert not {event.id for event in received} & {signal.id for signal in world.store.signals.pending(RUN)}


def folds_agree(world: World, seed: int) -> None:
    """All at once, step by step, or a beginning and the rest: the same state; and the ledger says the same of calls."""
    entries = world.entries
    stepped = RunState()
    for entry in entries:
        stepped = folds.step(stepped, entry)
    cut = seed % (len(entries) + 1)
    assert folds.fold(entries) == stepped == folds.fold(entries[cut:], folds.fold(entries[:cut]))
    rows = {row.call: row.state for row in world.store.ledger.calls(RUN)}
    assert rows == {call.id: LEDGER.get(call.status, call.status) for call in stepped.calls.values()}
    assert world.store.chain.verify(RUN).ok
    assert asyncio.run(replay(RUN, list(entries))).state == stepped  # every step is what the rules say
