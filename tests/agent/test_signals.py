"""Words from outside: what a run hears, when it is parked, and that a word counts once and only from this user."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent.asking import Answer, Asking
from aether_nb.agent.mail import Mail, heard
from aether_nb.agent.run import Run
from aether_nb.agent.sealing import signal_fields
from aether_nb.agent.waiting import Waiting
from aether_nb.errors import StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import Call, RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store, memory_store
from aether_nb.tools.base import Context
from harness.agent import YES, Script, Stage, call, look, resumed, send, stage


class Absent(Script):
    """Somebody who has left the desk: every question waits."""

    async def approve(self, call: Call) -> Answer:
        self.asked.append(call)
        await asyncio.sleep(60)
        return YES

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        self.asked.append(question)
        await asyncio.sleep(60)
        return None, "panel"


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    """This user's key."""
    return Sealer(tmp_path / "key")


@pytest.fixture
def store() -> Store:
    """A store in memory."""
    return memory_store()


def say(store: Store, sealer: Sealer, type: k.SignalType, name: str = "s1", **body: Any) -> bool:
    """Put a sealed signal into the letter box of the run."""
    signal = Signal("run1", type, "cli:anna", body, name)
    return store.signals.send(replace(signal, seal=sealer.seal(signal_fields(signal))))


def mail(store: Store, sealer: Sealer) -> Mail:
    """The run's letter box, looked into often."""
    return Mail(store.signals, "run1", sealer, poll=0.005)


def look_into(play: Stage) -> None:
    """Let a run find what lies in its letter box before it does anything."""
    assert play.driver.mail is not None
    asyncio.run(play.driver.mail.come(lambda signal: True))


def waiting(store: Store, sealer: Sealer, replies: Any, **more: Any) -> Stage:
    """A run that hears signals and whose person never answers."""
    more.setdefault("person", Absent())
    return stage(replies, log=store.log, mail=mail(store, sealer), **more)


def open_gate(play: Stage) -> Mapping[str, Any]:
    """What a signal has to name so that it means the gate that is open."""
    state = play.run.state
    return {"call_id": state.gate, "hash": state.calls[state.gate].proposed.hash}


async def meanwhile(play: Stage, *sayings: Any) -> RunState:
    """Drive a run; each saying waits until it returns something true, and is then over."""
    running = asyncio.create_task(play.driver.drive())
    for saying in sayings:
        while not running.done() and not saying():  # noqa: ASYNC110  # what is waited for has no event of its own
            await asyncio.sleep(0.002)
    return await running


def signals(play: Stage) -> list[tuple[str, bool]]:
    """What was received, and whether it was used."""
    return [(event.type, event.used) for event in play.stored if isinstance(event, k.SignalReceived)]


@pytest.mark.parametrize(("type", "told"), [("approve", "sent to a"), ("deny", "denied by the user: not today")])
def test_a_gate_is_answered_from_outside(store: Store, sealer: Sealer, type: k.SignalType, told: str) -> None:
    """While somebody is asked at the panel, a yes or a no from elsewhere counts just the same, and says who it was."""
    play = waiting(store, sealer, [call("send", to="a"), "done"], tools=[send])
    said = lambda: play.run.state.gate and say(store, sealer, type, text="not today", **open_gate(play))  # noqa: E731
    assert asyncio.run(meanwhile(play, said)).answer == "done"
    answered = next(event for event in play.stored if isinstance(event, k.GateAnswered))
    assert (play.told(), answered.by, answered.decision) == (told, "signal:cli:anna", type)
    assert store.signals.pending("run1") == [] and signals(play) == [(type, True)]


@pytest.mark.parametrize(("first", "last", "told"), [("approve", "deny", "denied"), ("deny", "approve", "sent to a")])
def test_of_two_words_to_one_gate_the_last_counts(
    store: Store, sealer: Sealer, first: k.SignalType, last: k.SignalType, told: str
) -> None:
    """Who says yes and then no, before the run has heard either, has said no; and the other way round."""
    play = waiting(store, sealer, [call("send", to="a"), "done"], tools=[send], park_after=0.02)
    play.drive()
    for type in (first, last):
        say(store, sealer, type, type, **open_gate(play))
    again = resumed(play, ["done"], tools=[send], person=Absent(), mail=mail(store, sealer))
    assert again.drive().answer == "done"
    assert again.told().startswith(told) and signals(again) == [(last, True), (first, False)]


def test_a_yes_for_longer_is_a_grant_from_outside_too(store: Store, sealer: Sealer) -> None:
    """The second call of the same kind is not asked about."""
    play = waiting(store, sealer, [call("send", to="a"), call("send", to="a"), "done"], tools=[send])
    said = lambda: play.run.state.gate and say(store, sealer, "approve", lasts="run", **open_gate(play))  # noqa: E731
    assert asyncio.run(meanwhile(play, said)).answer == "done"
    assert [event.by for event in play.stored if isinstance(event, k.GateAnswered)][1].startswith("grant:")


def test_a_yes_for_another_call_counts_for_nothing(store: Store, sealer: Sealer) -> None:
    """A signal is bound to the exact call: one with another hash, or with a foreign seal, is kept and not used."""
    play = waiting(store, sealer, [call("send", to="a"), "done"], tools=[send])
    other = Sealer(sealer.file.parent.parent / "other")

    def wrong() -> bool:
        return bool(play.run.state.gate) and say(store, sealer, "approve", "w", call_id="call_1", hash="sha256:other")

    def foreign() -> bool:
        return say(store, other, "approve", "f", **open_gate(play))

    right = lambda: say(store, sealer, "approve", "r", **open_gate(play))  # noqa: E731
    assert asyncio.run(meanwhile(play, wrong, foreign, right)).answer == "done"
    assert sorted(signals(play)) == [("approve", False), ("approve", False), ("approve", True)]


def test_a_question_is_answered_from_outside(store: Store, sealer: Sealer) -> None:
    """The answer goes to the call that asked."""
    limit = k.Limits(steps=1)
    play = waiting(store, sealer, [call("look"), "done"], tools=[look], limits=limit)

    def said() -> bool:
        question = play.run.state.question
        return question is not None and say(store, sealer, "answer", id=question.id, text="go on")

    assert asyncio.run(meanwhile(play, said)).answer == "done"


@pytest.mark.parametrize(
    ("type", "body", "status"),
    [
        ("settle", {"call_id": "call_1", "how": "skip"}, "skipped"),
        ("settle", {"call_id": "call_1", "how": "ran"}, "finished"),
        ("settle", {"call_id": "call_1", "how": "nonsense"}, "skipped"),
        ("answer", {"text": "it ran"}, "finished"),
    ],
)
def test_a_doubt_is_settled_from_outside(
    store: Store, sealer: Sealer, type: k.SignalType, body: dict[str, str], status: str
) -> None:
    """What became of a call may be said from a terminal; what is no answer repeats nothing."""

    @tool(risk="low", effect="external", where="loop", timeout=0.01)
    async def act() -> str:
        """Never end."""
        await asyncio.sleep(60)
        return ""

    play = waiting(store, sealer, [call("act"), "done"], tools=[act])

    def said() -> bool:
        question = play.run.state.question
        named = {"id": question.id} if question is not None and type == "answer" else {}
        return question is not None and say(store, sealer, type, **body, **named)

    state = asyncio.run(meanwhile(play, said))
    assert (state.answer, state.calls["call_1"].status) == ("done", status)


def test_a_call_that_asks_hears_an_answer_from_outside_but_only_this_users(store: Store, sealer: Sealer) -> None:
    """A word without this user's seal is kept in the record and does not answer, whatever it says; his own does."""
    heard_by_tool: list[str | None] = []

    @tool(risk="low", effect="pure", where="loop")
    async def choose(context: Context) -> str:
        """Ask which one."""
        heard_by_tool.append(await context.ask("Which?"))
        return str(heard_by_tool[-1])

    offer = [call("choose"), "done"]
    play = waiting(store, sealer, offer, tools=[choose])
    play.driver.calls.asking = play.driver.waiting.within(play.run)
    other = Sealer(sealer.file.parent.parent / "other")

    def said(by: Sealer, name: str, text: str) -> bool:
        question = play.run.state.question
        return question is not None and say(store, by, "answer", name, id=question.id, text=text)

    foreign, mine = (lambda: said(other, "f", "all of them")), (lambda: said(sealer, "m", "the first"))
    assert asyncio.run(meanwhile(play, foreign, lambda: bool(signals(play)), mine)).answer == "done"
    assert heard_by_tool == ["the first"]
    assert signals(play) == [("answer", False), ("answer", True)]
    answers = [event for event in play.stored if isinstance(event, k.QuestionAnswered)]
    assert [(event.answer, event.by) for event in answers] == [("the first", "signal:cli:anna")]
    assert play.replayed().state == play.run.state


def test_a_call_that_asks_where_nobody_can_send_words_asks_who_is_there(store: Store, sealer: Sealer) -> None:
    """Without a letter box the people are asked themselves; with one, whoever is there still comes first."""
    asking = Asking([Script(answers=["one"])])
    assert Waiting(asking).within(Run(store.log)) is asking
    within = Waiting(asking, mail(store, sealer)).within(Run(store.log))
    assert asyncio.run(within.answer(k.QuestionAsked("q", "Which?"))) == ("one", "panel")


def test_what_is_told_reaches_the_model_between_two_calls(store: Store, sealer: Sealer) -> None:
    """A word never stands between a call and its result; it comes right after, once."""
    said: list[bool] = []

    @tool(risk="low", effect="pure", where="loop")
    async def work() -> str:
        """Work while the user speaks."""
        said.append(say(store, sealer, "tell", text="only Rome"))
        said.append(say(store, sealer, "tell", text="only Rome"))  # the same letter, delivered twice
        await asyncio.sleep(0.05)
        return "worked"

    play = waiting(store, sealer, [[call("work"), call("look")], "done"], tools=[work, look])
    assert play.drive().answer == "done" and said == [True, False]
    told = [message.text for message in play.model.requests[1].messages[-3:]]
    assert (sorted(told[:2]), told[2]) == (["saw it", "worked"], "(said while you work) only Rome")


def test_what_is_told_after_the_answer_is_answered_too(store: Store, sealer: Sealer) -> None:
    """A word that comes before the run has ended makes it think again."""
    say(store, sealer, "tell", text="wait")
    play = waiting(store, sealer, ["first", "second"])
    play.run.append(k.ModelAsked("m", 1, play.run.state.sent))
    look_into(play)
    assert play.drive().answer in ("first", "second")
    assert any("(said while you work) wait" in message.text for message in play.run.state.messages)


def test_a_paused_run_does_nothing_until_it_may_go_on(store: Store, sealer: Sealer) -> None:
    """Pause holds it between two steps; go lets it go."""
    say(store, sealer, "pause", "p")
    play = waiting(store, sealer, ["done"])
    look_into(play)
    paused = lambda: play.run.state.paused and say(store, sealer, "go", "g")  # noqa: E731
    assert asyncio.run(meanwhile(play, paused)).answer == "done"
    assert signals(play) == [("pause", True), ("go", True)]


def test_a_stop_that_waits_already_ends_the_run_at_once(store: Store, sealer: Sealer) -> None:
    """It was said while nobody held the run: whoever takes it up is stopped."""
    say(store, sealer, "stop")
    play = waiting(store, sealer, [call("look"), "never"], tools=[look])
    look_into(play)
    assert play.drive().ended == k.RunEnded("cancelled", "Stopped by cli:anna.")


def test_whoever_is_there_answers_before_a_letter_comes(store: Store, sealer: Sealer) -> None:
    """A letter box changes nothing for the person at the panel."""
    play = waiting(store, sealer, [call("send", to="a"), "done"], tools=[send], person=Script([YES]))
    assert play.drive().answer == "done" and signals(play) == []


def test_stop_from_outside_ends_the_run(store: Store, sealer: Sealer) -> None:
    """It is heard while a tool runs, and the log says who it was; a foreign one is not obeyed."""
    begun = asyncio.Event()

    @tool(risk="low", effect="pure", where="loop")
    async def hang() -> str:
        """Never end."""
        begun.set()
        await asyncio.sleep(60)
        return ""

    play = waiting(store, sealer, [call("hang"), "never"], tools=[hang])
    other = Sealer(sealer.file.parent.parent / "other")
    foreign = lambda: begun.is_set() and say(store, other, "stop", "f")  # noqa: E731
    state = asyncio.run(meanwhile(play, foreign, lambda: say(store, sealer, "stop", "s")))
    assert state.ended == k.RunEnded("cancelled", "Stopped by cli:anna.")
    assert signals(play) == [("stop", True)]
    assert [signal.id for signal in store.signals.pending("run1")] == ["f"]


def test_a_stop_that_could_not_be_recorded_is_heard_at_the_next_look(store: Store, sealer: Sealer) -> None:
    """A disk that is full for a moment does not make a run deaf."""
    begun = asyncio.Event()

    @tool(risk="low", effect="pure", where="loop")
    async def hang() -> str:
        """Never end."""
        begun.set()
        await asyncio.sleep(60)
        return ""

    play = waiting(store, sealer, [call("hang"), "never"], tools=[hang])
    append, failed = play.run.append, list[k.Event]()

    def full_once(*events: k.Event) -> None:
        if isinstance(events[0], k.SignalReceived) and not failed:
            failed.append(events[0])
            raise StoreFull("The disk is full.")
        append(*events)

    play.run.append = full_once  # type: ignore[method-assign]
    state = asyncio.run(meanwhile(play, lambda: begun.is_set() and say(store, sealer, "stop")))
    assert failed and state.ended == k.RunEnded("cancelled", "Stopped by cli:anna.")


@pytest.mark.parametrize("type", ["approve", "deny", "answer", "settle"])
def test_a_signal_that_fits_nothing_is_received_and_not_used(type: k.SignalType) -> None:
    """Whoever comes too late is told so by the record, and changes nothing."""
    state = fold([k.Entry("run1", 1, 1.0, k.RunStarted("q", "m"))])
    events = heard(state, Signal("run1", type, "cli:anna", {"call_id": "c", "hash": "h", "id": "q"}, "s"))
    assert events == (k.SignalReceived("s", type, "cli:anna", used=False),)
    assert fold([k.Entry("run1", 2, 2.0, events[0])], state) == replace(state, head=2, last_time=2.0, seconds=1.0)


# ---- parking


def test_a_run_that_waits_too_long_is_parked_and_goes_on_later(store: Store, sealer: Sealer) -> None:
    """The loop ends at the open gate with nothing held; taken up again, the same gate is asked about, once."""
    play = waiting(store, sealer, [call("send", to="a"), "done"], tools=[send], park_after=0.02)
    state = play.drive()
    assert (state.parked, state.ended) == (k.RunParked("gate", "call_1"), None)
    again = resumed(play, ["done"], tools=[send], person=Script([YES]))
    assert again.drive().answer == "done"
    assert again.kinds.count("gate.opened") == 1 and again.kinds.count("call.begun") == 1


def test_nobody_there_parks_instead_of_refusing(store: Store, sealer: Sealer) -> None:
    """A policy's no only says that nobody is there: who may park waits for a signal instead."""
    play = waiting(store, sealer, [call("send", to="a"), "done"], tools=[send], person=None, park_after=0.02)
    play.driver.waiting.asking.people = []
    assert play.drive().parked == k.RunParked("gate", "call_1")
    quiet = stage([call("send", to="a"), "done"], tools=[send], park_after=0.02)
    assert quiet.drive().parked == k.RunParked("gate", "call_1")


def test_a_question_and_a_pause_may_be_parked_too(store: Store, sealer: Sealer) -> None:
    """Whatever a run waits for, it need not be held."""
    limit = k.Limits(steps=1)
    play = waiting(store, sealer, [call("look"), "done"], tools=[look], limits=limit, park_after=0.02)
    parked = play.drive().parked
    assert parked is not None and parked.waits_for == "question"
    other = memory_store()
    say(other, sealer, "pause")
    held = waiting(other, sealer, ["done"], park_after=0.02)
    look_into(held)
    assert held.drive().parked == k.RunParked("go")
    alone = stage(["done"], park_after=0.02)
    alone.run.append(k.SignalReceived("x", "pause", "panel"))
    assert alone.drive().parked == k.RunParked("go")


def test_variables_are_written_before_a_run_is_parked() -> None:
    """Its kernel may end while it waits: what it made is put beside the record in the same breath."""

    class Keeps:
        def read(self, namespace: Any, code: str) -> tuple[k.Kept, ...]:
            return ()

        def keep(self, namespace: Any, names: Any, seconds_taken: float, *, again: bool) -> tuple[k.Kept, ...]:
            return ()

        def park(self, namespace: Mapping[str, object]) -> tuple[k.Kept, ...]:
            return (k.Kept("df", "DataFrame"),)

    play = stage([call("send", to="a")], tools=[send], park_after=0.0, keeper=Keeps())
    play.drive()
    assert play.stored[-2:] == [k.NamespaceKept("", (k.Kept("df", "DataFrame"),)), k.RunParked("gate", "call_1")]
