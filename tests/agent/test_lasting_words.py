"""Yeses with an end and a scope, and what is said while a run waits: a changed plan, a yes that is taken back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb.agent.asking import Answer
from aether_nb.agent.mail import Mail, heard
from aether_nb.agent.sealing import gate_events, signal_fields
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Image, Text
from aether_nb.events.state import Call, RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store, memory_store
from harness.agent import YES, Script, call, send, stage

FOR_MINUTES = Answer("approve", "panel", "minutes")
PROPOSED = k.CallProposed(call("write_file", "c1", path="a.csv"), "sha256:h", "medium", "external", path="/w/out/a.csv")


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    """This user's key."""
    return Sealer(tmp_path / "key")


@pytest.fixture
def store() -> Store:
    """A store in memory."""
    return memory_store()


def given(answer: Answer, proposed: k.CallProposed = PROPOSED) -> k.Grant:
    """The grant that an answer makes, said at 1000 s."""
    event = gate_events(proposed, answer, 1000.0)[1]
    assert isinstance(event, k.GrantGiven)
    return event.grant


def test_a_yes_covers_the_exact_call_or_the_folder_of_its_file() -> None:
    """A wider yes is wider only where the call names a file."""
    wide = Answer("approve", "panel", "run", scope="folder")
    assert given(Answer("approve", "panel", "run")).rule == "call:sha256:h"
    assert given(wide).rule == "folder:/w/out"
    pathless = k.CallProposed(call("send", "c1", to="a"), "sha256:h", "high", "external")
    assert given(wide, pathless).rule == "call:sha256:h"


def test_a_yes_for_minutes_says_when_it_is_over() -> None:
    """A quarter of an hour after it was said; the others have no end."""
    assert given(FOR_MINUTES).until == 1900.0
    assert given(Answer("approve", "panel", "notebook")).until == 0.0


def test_a_yes_from_elsewhere_is_no_longer_than_one_from_here(
    store: Store, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts from when it was said; a clock that runs ahead adds nothing, and nobody can change the time."""
    monkeypatch.setattr("aether_nb.agent.mail.time.time", lambda: 5000.0)
    play = stage([call("send", id="c1", to="a"), "ok"], tools=[send], person=Script([YES]))
    play.drive()
    gate = [*play.stored[: play.kinds.index("gate.opened") + 1]]
    state = fold(k.Entry("run1", n, 1.0, event) for n, event in enumerate(gate, 1))
    body = {"call_id": "c1", "hash": state.calls["c1"].proposed.hash, "lasts": "minutes"}
    for said, until in ((4000.0, 4900.0), (9e9, 5900.0)):
        signal = Signal("run1", "approve", "cli", body, "s1", time=said)
        given = heard(state, signal)[-1]
        assert isinstance(given, k.GrantGiven) and given.grant.until == until
    assert signal_fields(signal) != signal_fields(replace(signal, time=1.0))


def test_a_yes_whose_time_is_over_is_taken_back_before_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same call runs without a question within the time, and is asked about after it."""
    person, now = Script([FOR_MINUTES, YES]), [1000.0]
    monkeypatch.setattr("aether_nb.agent.driver.time.time", lambda: now[0])
    play = stage(
        [call("send", to="a"), call("send", to="a"), call("send", to="a"), "done"], tools=[send], person=person
    )
    asked = person.approve

    async def approve(one: Any) -> Answer:
        answer = await asked(one)
        now[0] += 1000.0 if len(person.asked) == 2 else 0.0
        return answer

    person.approve = approve  # type: ignore[method-assign]
    begun = play.run.append

    def append(*events: k.Event) -> Any:
        if sum(isinstance(event, k.CallFinished) for event in play.stored) == 2:
            now[0] = max(now[0], 2000.0)
        return begun(*events)

    play.run.append = append  # type: ignore[method-assign]
    assert asyncio.run(play.driver.drive()).answer == "done"
    answered = [event.by.partition(":")[0] for event in play.stored if isinstance(event, k.GateAnswered)]
    assert answered == ["panel", "grant", "panel"]
    assert [event.by for event in play.stored if isinstance(event, k.GrantRevoked)] == ["its time is over"]


def planned(*done: bool) -> RunState:
    """A run with a plan of three items."""
    items = tuple(k.PlanItem(title, "run_python") for title in ("Look", "Compute", "Write"))
    finished = [k.ItemFinished(index) for index, over in enumerate(done) if over]
    events = (k.RunStarted("q", "m"), k.PlanMade(items), *finished)
    return fold(k.Entry("r", n, 1.0, event) for n, event in enumerate(events, 1))


def test_a_person_changes_what_is_still_to_do() -> None:
    """What is done stays in front, whatever was sent; the rest is as the person wants it, and the model is told."""
    wanted = [
        {"title": "Look", "tool": ""},
        {"title": "Write", "tool": "write_file"},
        {"title": "Tell"},
        {"title": ""},
        3,
    ]
    received, revised = heard(planned(True), Signal("r", "plan", "panel", {"items": wanted}, "s1"))
    assert isinstance(revised, k.PlanRevised)
    assert [item.title for item in revised.items] == ["Look", "Write", "Tell"]
    assert (revised.done, revised.items[1].tool, received.used) == (1, "write_file", True)
    assert received.text == "The plan was changed by the user. Still to do: Write; Tell"


def test_an_emptied_plan_leaves_what_is_done() -> None:
    """Nothing to do is a plan, too; nothing at all is none."""
    received, revised = heard(planned(True), Signal("r", "plan", "panel", {"items": []}, "s1"))
    assert isinstance(revised, k.PlanRevised) and len(revised.items) == 1
    assert received.text.endswith("Still to do: nothing")
    for items in ([], "Look", None):
        assert [event.used for event in heard(planned(), Signal("r", "plan", "panel", {"items": items}, "s1"))] == [
            False
        ]  # type: ignore[attr-defined]


class Absent(Script):
    """Somebody who has left the desk: every question waits."""

    async def approve(self, call: Call) -> Answer:
        await asyncio.sleep(60)
        return YES


async def until(state: Callable[[], object]) -> None:
    """Wait until something is so."""
    while not state():  # noqa: ASYNC110  # nobody tells
        await asyncio.sleep(0.002)


def test_a_yes_is_taken_back_and_a_plan_changed_while_a_gate_is_open(store: Store, sealer: Sealer) -> None:
    """Neither waits for the gate: the panel shows it at once, and what was revoked is asked about again."""
    wishes = [call("send", to="a"), call("send", to="b"), call("send", to="a"), "done"]
    play = stage(wishes, log=store.log, tools=[send], person=Absent(), mail=Mail(store.signals, "run1", sealer, 0.005))

    def say(type: k.SignalType, **body: object) -> None:
        signal = Signal("run1", type, "panel", body, secrets.token_hex(4))
        store.signals.send(replace(signal, seal=sealer.seal(signal_fields(signal))))

    async def approve(calls: int, lasts: str = "once") -> None:
        await until(lambda: len(play.run.state.calls) == calls and play.run.state.gate)
        gate = play.run.state.gate
        say("approve", call_id=gate, hash=play.run.state.calls[gate].proposed.hash, lasts=lasts)

    async def scene() -> str:
        running = asyncio.ensure_future(play.driver.drive())
        await approve(1, "run")
        await until(lambda: len(play.run.state.calls) == 2 and play.run.state.gate)
        say("revoke", id=play.run.state.grants[0].id)
        say("plan", items=[{"title": "Tell"}])
        await until(lambda: play.run.state.plan and not play.run.state.grants)
        assert play.run.state.gate
        await approve(2)
        await approve(3)
        return (await running).answer

    assert asyncio.run(scene()) == "done"
    assert "Still to do: Tell" in "".join(message.text for message in play.model.requests[-1].messages)


def test_a_yes_that_was_never_given_cannot_be_taken_back() -> None:
    """The word is received and not used."""
    (received,) = heard(planned(), Signal("r", "revoke", "panel", {"id": "g9"}, "s1"))
    assert not received.used


PICTURE = {"mime": "image/png", "base64": "AAAA"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [(PICTURE, (Image("image/png", "AAAA"),)), ("x", ()), ({"mime": "image/png"}, ()), (PICTURE | {"mime": 1}, ())],
)
def test_a_picture_goes_to_the_model_with_the_words_that_it_came_with(said: Any, shown: tuple[Image, ...]) -> None:
    """What is no picture does not: a word from outside may hold anything."""
    entries = [k.Entry("r", 1, 0.0, k.RunStarted("p", "m"))]
    state = fold(entries)
    received = heard(state, Signal("r", "tell", "ada", {"text": "look", "picture": said}))
    state = fold([*entries, *(k.Entry("r", n, 0.0, event) for n, event in enumerate(received, 2))])
    assert state.messages[-1].parts == (Text("(said while you work) look"), *shown)
