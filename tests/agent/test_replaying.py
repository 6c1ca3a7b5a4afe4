"""Reading a record by the rules: it comes to the same state, whatever happened; where it does not, both are named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent import fitting
from aether_nb.agent.again import record_of
from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.fitting import Print, fits
from aether_nb.agent.replaying import confirm, replay
from aether_nb.agent.resuming import interrupted
from aether_nb.agent.run import Run
from aether_nb.errors import ReplayDiverged, WorldDiffers
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, Usage
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Result
from harness.agent import NO, YES, Script, Stage, call, here, look, resumed, send, stage


def entries_of(play: Stage) -> list[k.Entry]:
    """The record of a run."""
    return list(play.run.log.read(play.run.id))


def read(entries: Sequence[k.Entry]) -> Any:
    """Replay a record."""
    return asyncio.run(replay("run1", entries))


def numbered(events: Sequence[k.Event]) -> list[k.Entry]:
    """Events as a record, a second apart."""
    return [k.Entry("run1", n, float(n), event) for n, event in enumerate(events, 1)]


@tool(risk="low", effect="pure", where="loop", retries=2, backoff=0.0)
async def shaky() -> str:
    """Fail."""
    raise RuntimeError("shaky")


def tasks() -> Stage:
    """A run with a plan, calls side by side, gates, a call that is tried again, and an answer."""
    items = [{"title": "Look", "tool": "look"}, {"title": "Send", "tool": "send"}]
    replies = [
        [call("plan", items=items), call("look", what="a"), call("look", what="b")],
        [call("send", to="a"), call("send", to="b")],
        [call("shaky"), call("nonsense")],
        "Done.",
    ]
    person = Script([replace(YES, lasts="run"), NO] * 9, ["skip"] * 9)
    return stage(replies, tools=[look, send, shaky], person=person)


def test_nothing_is_asked_and_nothing_acts(tmp_path: Path) -> None:
    """A replay needs no model, no tool and no person; it shows every entry with its own number and time."""
    play = tasks()
    play.drive()
    seen: list[k.Entry] = []
    found = asyncio.run(replay("run1", entries_of(play), (seen.append,)))
    assert [entry for entry in seen if entry.event.stored] == entries_of(play)
    assert (found.state, found.events) == (play.run.state, len(entries_of(play)))
    assert (found.state.answer, len(play.model.requests)) == ("Done.", 4)


@pytest.mark.parametrize("fresh", [True, False])
def test_a_run_that_was_cut_anywhere_and_taken_up_is_replayed(fresh: bool) -> None:
    """Wherever its kernel died, the record with its second half is what the rules do; so is the first half alone."""
    whole = tasks()
    whole.drive()
    record = entries_of(whole)
    for at in range(2, len(record)):
        again = tasks()
        log = MemoryLog()
        for entry in record[:at]:
            log.append("run1", entry.seq - 1, (entry.event,), entry.time)
        assert read(list(log.read("run1"))).state == fold(record[:at])
        run = again.run = again.driver.run = again.driver.calls.run = Run(log, "run1", clock=lambda: 1010.0)
        run.catch_up()
        asked = sum(isinstance(entry.event, k.ModelAnswered) for entry in record[:at])
        del again.model._replies[:asked]
        run.append(k.LeaseTaken(2, "me"), k.RunResumed("me", fresh), *interrupted(run.state, fresh))
        assert again.drive().ended is not None, at


@pytest.mark.parametrize(
    ("changed", "seq"),
    [
        (lambda events: [e for e in events if e.kind != "model.asked"], 3),
        (lambda events: [e for e in events if e.kind != "call.proposed"], 5),
        (lambda events: [e for e in events if e.kind != "gate.answered"], 7),
        (lambda events: [e for e in events if e.kind != "call.begun"], 8),
        (lambda events: [e for e in events if e.kind != "call.finished"], 9),
        (lambda events: [*events[:2], events[4], *events[2:]], 3),
        (lambda events: [*events, k.ModelAsked("m", 3)], 13),
        (lambda events: [replace(e, hash="sha256:other") if e.kind == "call.begun" else e for e in events], 8),
        (lambda events: [replace(e, step=7) if e.kind == "model.asked" else e for e in events], 3),
        (lambda events: [replace(e, outcome="failed") if e.kind == "run.ended" else e for e in events[:-1]], 0),
        (lambda events: events[2:], 1),
        (lambda events: [*events[:8], k.CallFinished("other", (), 0.0), *events[8:]], 9),
        (lambda events: [*events[:5], k.QuestionAnswered("q", "yes", "panel"), *events[5:]], 6),
        (lambda events: [*events[:5], k.CallRetried("nobody", 1, "lost"), *events[5:]], 6),
        (lambda events: [*events[:2], k.RunResumed("me", True), k.CallRetried("nobody", 1, "lost")], 4),
    ],
)
def test_a_record_that_the_rules_would_not_have_made_diverges(changed: Callable[[Any], Any], seq: int) -> None:
    """The event at which they part is named, with the step that the rules say and the one that the record has."""
    play = stage([call("send", id="c1", to="a"), "ok"], tools=[send], person=Script([YES]))
    play.drive()
    entries = numbered(changed(play.stored))
    if not seq:
        assert read(entries).state.ended is None  # a record that ends early is whole as far as it goes
        return
    with pytest.raises(ReplayDiverged) as caught:
        read(entries)
    assert caught.value.seq == seq
    assert caught.value.what == f"Run run1 diverges from its record at event {seq}."
    assert caught.value.expected and caught.value.found
    assert caught.value.expected in caught.value.why and caught.value.found in caught.value.why


def test_other_rules_are_named_when_the_record_diverges() -> None:
    """A run of an older version is read by these rules; where that fails, both versions are said."""
    started = k.RunStarted("q", "m", versions={"next_step": "0"})
    with pytest.raises(ReplayDiverged, match=r"other rules \(0; these are"):
        read(numbered([started, k.ContextComposed(()), k.RunEnded("done")]))


def test_a_state_that_is_another_one_at_the_end_diverges(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end the fold of what was read is the fold of the record, byte for byte."""
    play = stage(["ok"])
    play.drive()
    monkeypatch.setattr("aether_nb.agent.replaying.fold", lambda entries: fold(list(entries)[:-1]))
    with pytest.raises(ReplayDiverged, match="ends in another state"):
        read(entries_of(play))


def test_a_step_is_known_by_its_kind_and_its_calls() -> None:
    """Calls at once are recorded one after the other; a call that was not among them is another step."""
    assert fits(Print("Act", ("a", "b")), Print("Act", ("b",)))
    assert not fits(Print("Act", ("a", "b")), Print("Act", ("c",)))
    assert not fits(Print("Act", ("a",)), Print("Gate", ("a",)))
    assert str(Print("Rest")) == "Rest"
    assert str(Print("Act", ("sha256:" + "0" * 64,), "send")) == "Act (send sha256:0000000000000000)"


def test_what_was_said_from_outside_is_part_of_the_record() -> None:
    """A word, a pause and a go, a yes by signal, a settled doubt, an answer, a Stop: each is read where it came."""
    proposed = k.CallProposed(call("send", id="c1", to="a"), "sha256:h", "medium", "external")
    asked = Message("assistant", (), (proposed.call,))
    opening = [k.RunStarted("q", "m"), k.ContextComposed((Message.of("user", "q"),))]
    sent = fold(numbered(opening)).sent
    reply = k.ModelAnswered("m", asked, Usage(cost=0.0), "tool_calls", 0.0)
    gate = [*opening, k.ModelAsked("m", 1, sent), reply, proposed, k.GateOpened("c1", "sha256:h")]
    yes = k.GateAnswered("c1", "sha256:h", "approve", "signal:me")
    doubt = k.QuestionAsked("d", "What became of it?", ("it ran",), "c1", doubt=True)
    ends = [k.CallFailed("c1", "stopped", stopped=True), k.RunEnded("cancelled", "Stopped.")]
    for events in (
        [*gate, k.SignalReceived("s", "approve", "me"), yes, k.CallBegun("c1", "sha256:h"), *ends],
        [*gate, k.SignalReceived("s", "deny", "me", used=False), yes, *ends],
        [*gate, k.SignalReceived("p", "plan", "me"), k.PlanRevised((k.PlanItem("Look"),), 0, "changed by you"), *ends],
        [*gate, k.NamespaceKept("", ()), k.RunParked("gate", "c1"), k.LeaseTaken(2, "me"), k.RunResumed("me", False)],
        [*gate, yes, k.CallBegun("c1", "sha256:h"), k.CallDoubtful("c1", "lost"), doubt, k.RunParked("question", "d")],
        [
            *gate, yes, k.CallBegun("c1", "sha256:h"), k.CallDoubtful("c1", "lost"), doubt,
            k.SignalReceived("s", "settle", "me"), k.QuestionAnswered("d", "it ran", "signal:me"),
            k.CallSettled("c1", "ran", "signal:me"), k.SignalReceived("p", "pause", "me"), k.RunParked("go"),
            k.RunResumed("me", False), k.SignalReceived("g", "go", "me"), *ends[1:],
        ],
        [
            *gate, yes, k.CallBegun("c1", "sha256:h"), k.QuestionAsked("i", "Which?", (), "c1"), k.LeaseTaken(2, "me"),
            k.RunResumed("me", True), k.QuestionAnswered("i", None, "policy:interrupted"), k.CallDoubtful("c1", "lost"),
            k.NamespaceRestored(("x",)), k.CallSettled("c1", "skip", "tool:on_doubt"), *ends[1:],
        ],
        [
            *gate, yes, k.CallBegun("c1", "sha256:h"), k.QuestionAsked("i", "Which?", (), "c1"),
            k.SignalReceived("s", "answer", "me"), k.QuestionAnswered("i", "red", "signal:me"),
            k.CallFinished("c1", (), 0.1), k.ModelSwitched("m", "n"), k.ModelFailed("n", "gone"),
            k.RunEnded("failed", "gone"),
        ],
        [
            *gate, k.RunParked("gate", "c1"), k.LeaseTaken(2, "me"), k.RunResumed("me", False),
            k.NamespaceKept("", ()), k.RunParked("gate", "c1"),
        ],
        [*gate, k.CallFailed("c1", "stopped", stopped=True)],
        [*gate, k.CallFailed("c1", "stopped", stopped=True), k.RunForked("other", 7, "", compared=True)],
        [*gate, yes, k.RunForked("other", 7, "", compared=True), *ends],
        [*gate, k.CallDoubtful("c1", "stopped"), *ends[1:]],
    ):  # fmt: skip
        entries = numbered(events)
        assert read(entries).state == fold(entries)


@pytest.mark.parametrize(
    ("beside", "at"),
    [
        ((k.KnowledgeRecalled("euros"),), 1),
        ((k.KnowledgeRecalled("euros"),), 12),
        ((k.FeedbackGiven("up", "panel"),), 12),
        ((k.UndoBegun("u1", ("c1",), "cell"), k.UndoDone("u1", ("c1",), "cell")), 12),
        ((k.UndoBegun("u1", ("c1",), "cell"),), 12),
    ],
)
def test_what_was_done_beside_the_steps_is_part_of_the_record(beside: tuple[k.Event, ...], at: int) -> None:
    """A fact that was remembered, a thumb, an undo, also one that was broken off: none of them is a step."""
    play = stage([call("send", id="c1", to="a"), "ok"], tools=[send], person=Script([YES]))
    play.drive()
    entries = numbered([*play.stored[:at], *beside, *play.stored[at:]])
    assert len(play.stored) == 12 and read(entries).state == fold(entries)


def test_every_kind_of_event_has_its_place_in_a_replay() -> None:
    """A kind that nobody has thought of would make a good record diverge."""
    made = {known for shape, _ in fitting._SHAPES.values() for known in shape}
    placed = made.union(fitting._OUTSIDE, fitting._APART, fitting._BESIDE, fitting._ENDS_CALL, fitting._IN_ACT)
    by_calls = {
        *(k.CallBegun, k.CallCoded, k.ChildSpawned, k.ChildEnded, k.FileWritten, k.NamespaceChanged),
        *(k.PlanMade, k.PlanRevised, k.SkillOpened, k.UndoLimited),
    }
    of_the_store = {"model.beside", "runs.packed", "runs.pruned"}  # they stand in its journal
    stored = {kind for kind in k.KINDS.values() if kind.stored}
    assert {kind.kind for kind in stored - placed - by_calls} == of_the_store


def test_a_doubt_that_a_tools_rule_settles_is_read() -> None:
    """Settling by the tool itself is a step of its own; so is the question that a person answered."""
    for how, asked in (("ran", []), ("skip", ["skip"])):
        play = stage([call("send", id="c1", to="a"), "ok"], tools=[send], person=Script([YES], list(asked)))
        run = play.run
        run.append(k.ModelAsked("m", 1, run.state.sent))
        message = Message("assistant", (), (call("send", id="c1", to="a"),))
        run.append(k.ModelAnswered("m", message, Usage(cost=0.0), "tool_calls", 0.0))
        del play.model._replies[0]
        run.append(k.CallProposed(call("send", id="c1", to="a"), "sha256:h", "medium", "external"))
        run.append(k.GateOpened("c1", "sha256:h"))
        run.append(k.GateAnswered("c1", "sha256:h", "approve", "panel"))
        run.append(k.CallBegun("c1", "sha256:h"))
        run.append(k.CallDoubtful("c1", "lost"))
        if not asked:
            run.append(k.CallSettled("c1", "ran", "tool:verify"))
        assert play.drive().calls["c1"].status == ("finished" if how == "ran" else "skipped")


# ---- confirm


def checking(found: Any, effect: str = "external") -> tuple[Stage, Calls]:
    """A run that sent something with a tool that can look whether it did."""

    async def verify(arguments: Any, context: Any) -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    @tool(risk="low", effect=effect, where="loop", on_doubt="verify", verify=verify)  # type: ignore[call-overload]
    async def post(to: str) -> str:
        """Post something."""
        return f"posted to {to}"

    play = stage([call("post", id="c1", to="a"), "ok"], tools=[post])
    play.drive()
    host = Host(SimpleNamespace(user_ns={}), Path("/nowhere"), here)
    return play, Calls(Run(MemoryLog(), "run1"), {"post": post}, host, Asking(()))


@pytest.mark.parametrize(
    ("found", "checked", "unchecked"),
    [
        (True, ("c1",), ()),
        (Result((Text("posted to a"),)), ("c1",), ()),
        (None, (), (("c1", "post: it could not be told"),)),
        (ValueError("no"), (), (("c1", "post: it could not be told"),)),
    ],
)
def test_an_effect_that_is_there_is_confirmed(found: Any, checked: Any, unchecked: Any) -> None:
    """What the tool finds as it was recorded is checked; what it cannot tell is listed as such."""
    play, calls = checking(found)
    told = asyncio.run(confirm(play.run.state, calls))
    assert (told.checked, told.unchecked) == (checked, unchecked)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (False, "post (c1): Post something: that is not there, though the record says that it was done"),
        (Result((Text("posted to b"),)), "post (c1): it came to 'posted to a' then and to 'posted to b' now"),
    ],
)
def test_a_world_that_differs_refuses(found: Any, said: str) -> None:
    """The call and what differs are named, as sentences and as values."""
    play, calls = checking(found)
    with pytest.raises(WorldDiffers) as caught:
        asyncio.run(confirm(play.run.state, calls))
    assert caught.value.differences == (said,)
    assert caught.value.why == said


def test_what_nobody_can_look_for_is_listed() -> None:
    """A call whose tool has no verify, or is not here, is named; one that did not act outside is left out."""
    play, _ = checking(True, "pure")
    play_two = stage([call("send", id="c2", to="a"), "ok"], tools=[send], person=Script([YES]))
    play_two.drive()
    host = Host(None, Path("/nowhere"), here)
    for tools, why in (({"send": send}, "send: its tool has no verify"), ({}, "send: its tool is not here")):
        calls = Calls(Run(MemoryLog(), "run1"), tools, host, Asking(()))
        assert asyncio.run(confirm(play_two.run.state, calls)).unchecked == (("c2", why),)
        assert asyncio.run(confirm(play.run.state, calls)).unchecked == ()


def test_a_record_without_a_beginning_is_no_run() -> None:
    """What is to be replayed has its first two events."""
    from aether_nb.errors import ModelError

    with pytest.raises(ModelError, match="holds no run"):
        record_of([])


def test_a_call_that_is_edited_after_its_run_was_parked_is_of_the_gate() -> None:
    """The gate was open already: the edit is the first that is said there, and the record is what the rules do."""
    play = stage([call("send", to="a"), "done"], tools=[send], park_after=0.02)
    play.drive()
    again = resumed(play, ["done"], tools=[send], person=Script([replace(YES, arguments={"to": "b"})]))
    assert again.drive().answer == "done"
    assert "sent to b" in again.told()
