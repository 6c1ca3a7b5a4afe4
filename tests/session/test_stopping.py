"""A stop said to a run that nobody holds: it is ended, by the rules of a stop at work, and can be replayed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aether_nb.agent.replaying import replay
from aether_nb.doing import signals as signal_verbs
from aether_nb.errors import LeaseHeld
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Usage
from aether_nb.session.signalling import Post, stand, word
from aether_nb.store.glance import left_behind
from aether_nb.store.seal import Sealer
from aether_nb.store.store import open_store
from harness.agent import call

OPENING = (k.RunStarted("q", "m"), k.ContextComposed((Message.of("user", "q"),)))
ASKED = k.ModelAsked("m", 1, fold(k.Entry("r", n, 1.0, event) for n, event in enumerate(OPENING, 1)).sent)
DOUBT = k.QuestionAsked("d", "What became of it?", ("it ran", "run it", "skip"), "c1", doubt=True)


@pytest.fixture
def post(tmp_path: Path) -> Any:
    """A record in a folder, and this user's key."""
    sealer = Sealer(tmp_path / "key")
    store = open_store(tmp_path / "record", "the test", sealer=sealer)
    yield Post(store, sealer, "cli:ada")
    store.log.close()


def begun(effect: k.Effect, *events: k.Event) -> tuple[k.Event, ...]:
    """A run with a call of that effect that has begun, and these events."""
    proposed = k.CallProposed(call("act", id="c1"), "sha256:h", "medium", effect)
    reply = k.ModelAnswered("m", Message("assistant", (), (proposed.call,)), Usage(cost=0.0), "tool_calls", 0.0)
    gate = (k.GateOpened("c1", "sha256:h"), k.GateAnswered("c1", "sha256:h", "approve", "panel"))
    return (*OPENING, ASKED, reply, proposed, *gate, k.CallBegun("c1", "sha256:h"), *events)


def stopped(post: Post, events: Sequence[k.Event]) -> Any:
    """The run ``r`` with these events, after a stop that nobody but who says it can hear."""
    post.store.log.append("r", 0, events, 1.0)
    one = stand(post.store, "r")
    signal = post.send("r", word("stop", one))
    received = signal_verbs.deliver(post, one, signal, 0.0)
    after = stand(post.store, "r")
    return after.state, signal_verbs.text(after, word("stop", one), heard=received)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        (begun("pure"), "failed"),
        (begun("namespace"), "failed"),
        (begun("idempotent"), "failed"),
        (begun("external"), "doubtful"),
        (begun("external", k.CallDoubtful("c1", "lost"), DOUBT), "doubtful"),
        (begun("external", k.CallDoubtful("c1", "lost"), DOUBT, k.RunParked("question", "d")), "doubtful"),
        (begun("external")[:-2], "failed"),
        ((*begun("external")[:-2], k.RunParked("gate", "c1")), "failed"),
        ((*OPENING, k.SignalReceived("p", "pause", "me"), k.RunParked("go")), None),
        (OPENING, None),
    ],
    ids=[
        "pure",
        "namespace",
        "idempotent",
        "external",
        "asked",
        "asked-parked",
        "gate",
        "gate-parked",
        "paused",
        "begun",
    ],
)
def test_what_stands_open_is_settled_and_the_run_has_ended(
    post: Post, events: tuple[k.Event, ...], status: str | None
) -> None:
    """What may have acted outside is in doubt and named, the rest has failed; nothing is left to be announced."""
    state, said = stopped(post, events)
    assert state.ended == k.RunEnded("cancelled", "Stopped by cli:ada.")
    assert [one.status for one in state.calls.values()] == ([status] if status else [])
    assert "It is ended (cancelled)." in said and ("Look whether these acted: act." in said) == (status == "doubtful")
    verdict = post.store.chain.verify("r")
    assert verdict.ok and verdict.own and left_behind(Path(post.store.place)) == []
    read = asyncio.run(replay("r", list(post.store.log.read("r"))))
    assert read.state.ended == state.ended
    assert post.store.signals.pending("r") == []


def test_who_holds_a_run_hears_a_stop_himself(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not ended over his head, also when he takes it up in that moment; and what is over stays as it ended."""
    post.store.log.append("r", 0, OPENING, 1.0)
    post.store.leases.take("r", 1.0)
    signal = post.send("r", word("stop", stand(post.store, "r")))
    assert post.end(signal) is None
    post.store.leases.release("r", 1)

    def taken(run: str, time: float, force: bool = False) -> Any:
        raise LeaseHeld("Run r is being advanced by another.")

    with monkeypatch.context() as patch:
        patch.setattr(type(post.store.leases), "take", lambda self, *said: taken(*said))
        assert post.end(signal) is None
    holder = post.store.leases.holder("r")
    assert holder is not None
    ended = (k.SignalReceived(signal.id, "stop", "cli:ada"), k.RunEnded("cancelled", "Stopped by cli:ada."))
    post.store.log.append("r", 2, ended, 2.0, holder.epoch)
    assert post.end(signal) == ended[0]
    assert [entry.event for entry in post.store.log.read("r")] == [*OPENING, *ended]
