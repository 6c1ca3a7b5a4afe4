"""Words to a run: bound to what it waits for, sealed, refused where they fit nothing; and what wakes a parked run."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from aether_nb.agent.sealing import signal_fields
from aether_nb.doing import signals as signal_verbs
from aether_nb.errors import AetherError, OptionError, RunAmbiguous, SignalRefused
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.events.folds import fold
from aether_nb.events.state import RunState
from aether_nb.live.thread import AgentThread
from aether_nb.session.signalling import Post, named, stand, stands, wakes, word
from aether_nb.session.waking import Sleepers
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store, memory_store
from harness.lasting import DOUBT, SEND, answered, letter, lost
from harness.story import hash_of


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """A record in memory, and this user's key."""
    return Post(memory_store(), Sealer(tmp_path), "cli:ada")


def recorded(store: Store, run: str, *events: k.Event) -> None:
    """A run with these events."""
    store.log.append(run, 0, events, 1000.0)


BEGUN = (k.RunStarted("Tell Anna", "script", notebook="/a.ipynb"), answered(SEND))
GATE = (*BEGUN, letter(SEND), k.GateOpened("call_2", hash_of(SEND)))
QUESTION = (*BEGUN, k.QuestionAsked("q1", "Which?", ("left", "right")))
LIMIT = (*BEGUN, k.QuestionAsked("l1", "Go on?", ("go on", "stop here"), limit="steps"))
IN_DOUBT = (*lost(), k.CallDoubtful("call_2", "it was interrupted"), DOUBT)
PAUSED = (*BEGUN, k.SignalReceived("s", "pause", "panel"))
OVER = (*BEGUN, k.RunEnded("done"))


@pytest.mark.parametrize(("lasts", "covers"), [("notebook", "variables"), ("once", "variables"), ("run", "folder")])
def test_a_yes_is_wider_only_where_the_call_allows_it(post: Post, lasts: str, covers: str) -> None:
    """What it covers is said back; a yes for one call is for that call, and without a file there is no folder."""
    opened = k.GateOpened("call_2", hash_of(SEND))
    recorded(post.store, "aaaa1111", *BEGUN, replace(letter(SEND), variables=("df", "b")), opened)
    options = Namespace(run="", lasts=lasts, covers=covers)
    if (lasts, covers) == ("notebook", "variables"):
        _, said = signal_verbs.prepare("approve", options, post)
        assert said.told == "Approved: send_letter, for this notebook: whatever changes only df, b."
        assert (said.body["lasts"], said.body["scope"]) == ("notebook", "variables")
    else:
        with pytest.raises(OptionError, match="whatever changes only df, b"):
            signal_verbs.prepare("approve", options, post)


@pytest.mark.parametrize(
    ("events", "verb", "more", "body"),
    [
        (
            GATE,
            "approve",
            {"lasting": ("run", "call")},
            {"call_id": "call_2", "hash": hash_of(SEND), "lasts": "run", "scope": "call"},
        ),
        (GATE, "deny", {"text": "no"}, {"call_id": "call_2", "hash": hash_of(SEND), "text": "no"}),
        (QUESTION, "answer", {"text": "up"}, {"id": "q1", "text": "up"}),
        (QUESTION, "answer", {"text": "2"}, {"id": "q1", "text": "right"}),
        (LIMIT, "answer", {"text": "1"}, {"id": "l1", "text": "go on"}),
        (IN_DOUBT, "settle", {"how": "rerun"}, {"call_id": "call_2", "how": "rerun"}),
        (IN_DOUBT, "answer", {"text": "skip"}, {"id": DOUBT.id, "text": "skip"}),
        (BEGUN, "tell", {"text": "Use euros"}, {"text": "Use euros"}),
        (BEGUN, "pause", {}, {}),
        (PAUSED, "go", {}, {}),
        (GATE, "stop", {}, {}),
    ],
)
def test_word_is_bound_to_what_the_run_waits_for(
    post: Post, events: Sequence[k.Event], verb: str, more: dict[str, Any], body: dict[str, str]
) -> None:
    """A word carries the open call and its hash, the question or the doubt, and the seal of whoever says it."""
    recorded(post.store, "aaaa1111", *events)
    made = word(verb, named(post.store, verb, ""), **more)
    signal = post.send("aaaa1111", made)
    assert (signal.type, dict(signal.body), signal.by) == (verb, body, "cli:ada")
    assert post.store.signals.pending("aaaa1111") == [signal]
    assert post.sealer.verifies(signal_fields(signal), signal.seal)


@pytest.mark.parametrize(
    ("events", "verb", "what", "hint"),
    [
        (QUESTION, "approve", "Run aaaa1111 does not wait for a yes or a no.", "%aether answer aaaa1111 TEXT"),
        (
            GATE,
            "answer",
            "Run aaaa1111 does not wait for an answer.",
            "%aether approve aaaa1111 · %aether deny aaaa1111",
        ),
        (
            GATE,
            "settle",
            "Run aaaa1111 does not have a call in doubt.",
            "%aether approve aaaa1111 · %aether deny aaaa1111",
        ),
        (IN_DOUBT, "go", "Run aaaa1111 does not wait for a word to go on.", "%aether settle aaaa1111 ran"),
        (PAUSED, "deny", "Run aaaa1111 does not wait for a yes or a no.", "%aether go aaaa1111"),
        (BEGUN, "go", "Run aaaa1111 does not wait for a word to go on.", "%aether resume aaaa1111"),
        (OVER, "tell", "Run aaaa1111 has ended (done).", "Look at it: %aether show aaaa1111"),
        (
            (k.RunStarted("Count", "script", agent="counter"),),
            "tell",
            "Run aaaa1111 is worked on by counter, which is a function and does not hear you.",
            "%aether stop aaaa1111",
        ),
        (lost(), "settle", "Nobody has asked about a doubt in run aaaa1111 yet.", "%aether resume aaaa1111"),
    ],
)
def test_word_that_fits_nothing_is_refused(
    post: Post, events: Sequence[k.Event], verb: str, what: str, hint: str
) -> None:
    """The refusal says what the run waits for instead, and what to type; nothing is sent."""
    recorded(post.store, "aaaa1111", *events)
    with pytest.raises(SignalRefused) as caught:
        word(verb, named(post.store, verb, "aaaa"), text="x", how="ran")
    assert (caught.value.what, caught.value.hint) == (what, hint)
    assert post.store.signals.pending("aaaa1111") == []


@pytest.mark.parametrize(
    ("events", "verb", "more", "what"),
    [
        (LIMIT, "answer", {"text": "maybe"}, "'maybe' is no answer to that."),
        (QUESTION, "answer", {}, "There is no answer."),
        (IN_DOUBT, "answer", {"text": "4"}, "'4' is no answer to that."),
        (IN_DOUBT, "settle", {}, "It is not said what became of the call."),
        (BEGUN, "tell", {}, "There is nothing to tell."),
    ],
)
def test_words_that_are_missing_or_none_of_the_choices(
    post: Post, events: Sequence[k.Event], verb: str, more: dict[str, str], what: str
) -> None:
    """What has to be said besides is asked for, with the choices."""
    recorded(post.store, "aaaa1111", *events)
    with pytest.raises(OptionError) as caught:
        word(verb, named(post.store, verb, ""), **more)
    assert caught.value.what == what


def test_run_that_is_meant_is_the_only_one_that_waits(post: Post) -> None:
    """Without a name it is the one run of this notebook to which the word fits; none or several are listed."""
    recorded(post.store, "aaaa1111", *GATE)
    recorded(post.store, "bbbb2222", *QUESTION)
    recorded(post.store, "cccc3333", *OVER)
    assert named(post.store, "approve", "").state.run == "aaaa1111"
    assert named(post.store, "answer", "", "/a.ipynb").state.run == "bbbb2222"
    with pytest.raises(SignalRefused) as caught:
        named(post.store, "stop", "")
    assert caught.value.what == "Several runs are still at work."
    assert "aaaa1111  interrupted and waits for a yes or a no to send_letter" in caught.value.why
    assert "cccc3333" not in caught.value.why
    with pytest.raises(SignalRefused, match="No run waits for a yes or a no"):
        named(post.store, "approve", "", "/other.ipynb")
    post.store.leases.take("bbbb2222", 1000.0)
    assert named(post.store, "stop", "").state.run == "bbbb2222"
    with pytest.raises(AetherError, match="no run 'zz'"):
        named(post.store, "stop", "zz")


def test_how_runs_stand(post: Post) -> None:
    """At work or waiting where somebody holds it; parked or interrupted where nobody does."""
    parked = (*GATE, k.RunParked("gate", "call_2"))
    for run, events in {"a1": BEGUN, "b2": GATE, "c3": parked, "d4": BEGUN, "e5": OVER}.items():
        recorded(post.store, run, *events)
    post.store.leases.take("a1", 1000.0)
    post.store.leases.take("b2", 1000.0)
    words = {one.state.run: (one.word, one.waits_for) for one in stands(post.store)}
    assert words == {
        "a1": ("at work", ""),
        "b2": ("waits", "a yes or a no to send_letter"),
        "c3": ("parked", "a yes or a no to send_letter"),
        "d4": ("interrupted", ""),
    }


def test_first_word_of_a_text_may_be_the_run(post: Post) -> None:
    """The name of a run is no part of what is said, quotes around the whole are taken off, other words stay."""
    recorded(post.store, "aaaa1111", *BEGUN)
    told = [
        (["aaaa", "use", "euros"], "use euros"),
        (['"use', 'euros"'], "use euros"),
        (["don't", "use", '"aaaa"'], 'don\'t use "aaaa"'),
    ]
    for words, text in told:
        found, said = signal_verbs.prepare("tell", Namespace(text=words), post)
        assert (found.state.run, said.body["text"]) == ("aaaa1111", text)
    recorded(post.store, "bbbb2222", *IN_DOUBT)
    _, settled = signal_verbs.prepare("settle", Namespace(run="skip", how=""), post)
    assert settled.body["how"] == "skip"
    assert "anna@example.org" in signal_verbs.exact("settle", stand(post.store, "bbbb2222"))


def test_what_is_said_to_one_of_several_goes_to_no_other_run(post: Post) -> None:
    """Letters that begin several names are no word of the text; of a run and its children, the run is meant."""
    recorded(post.store, "aaaa1111", *BEGUN)
    recorded(post.store, child_of("aaaa1111", "s1"), *BEGUN)
    with post.store.leased("bbbb2222"):
        found, said = signal_verbs.prepare("tell", Namespace(text=["aaaa", "delete", "nothing"]), post)
        assert (found.state.run, said.body["text"]) == ("aaaa1111", "delete nothing")
        recorded(post.store, "aaaa3333", *BEGUN)
        for verb in ("tell", "answer"):
            with pytest.raises(RunAmbiguous, match="Several runs begin with 'aaaa'"):
                signal_verbs.prepare(verb, Namespace(text=["aaaa", "delete", "nothing"]), post)


def test_only_what_a_parked_run_waits_for_wakes_it(post: Post) -> None:
    """The fitting word and a Stop wake; a word for another call, a tell, and a forged word do not."""
    recorded(post.store, "aaaa1111", *GATE)
    at_gate = fold(post.store.log.read("aaaa1111"))

    def said(verb: k.SignalType, **body: str) -> Signal:
        signal = Signal("aaaa1111", verb, "x", body, id=verb)
        return replace(signal, seal=post.sealer.seal(signal_fields(signal)))

    yes = said("approve", call_id="call_2", hash=hash_of(SEND))
    assert wakes(at_gate, yes, post.sealer) and wakes(at_gate, said("stop"), post.sealer)
    assert not wakes(at_gate, replace(yes, seal="forged"), post.sealer)
    assert not wakes(at_gate, replace(yes, by="another"), post.sealer)
    others = [said("approve", call_id="call_2", hash="h"), said("answer", id="q1"), said("tell", text="x"), said("go")]
    assert not any(wakes(at_gate, other, post.sealer) for other in others)
    for events, signal in ((QUESTION, said("answer", id="q1")), (PAUSED, said("go"))):
        state = fold(k.Entry("aaaa1111", n, 1.0, event) for n, event in enumerate(events, 1))
        assert wakes(state, signal, post.sealer)
    doubt = fold(k.Entry("aaaa1111", n, 1.0, event) for n, event in enumerate(IN_DOUBT, 1))
    assert wakes(doubt, said("settle", call_id="call_2", how="ran"), post.sealer)


class Watched:
    """Sleepers on the loop of a test, with a run of which it is counted how often it was woken."""

    def __init__(self, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("aether_nb.session.waking.LOOK", 0.01)
        self.post, self.woken, self.busy, self.fails = post, 0, False, False
        recorded(post.store, "aaaa1111", *GATE, k.RunParked("gate", "call_2"))
        self.state = fold(post.store.log.read("aaaa1111"))
        loop = asyncio.get_running_loop()

        def submit(work: Any) -> Future[None]:
            return asyncio.run_coroutine_threadsafe(work, loop)

        self.sleepers = Sleepers(post.store, post.sealer, lambda: self.busy, submit)
        self.sleepers.add(self.state, self.wake)

    async def wake(self) -> RunState | None:
        self.woken += 1
        if self.fails:
            raise RuntimeError("no main thread")
        return self.state if self.woken == 1 else None

    async def while_(self, seconds: float = 0.1) -> int:
        """How often it was woken within a while."""
        await asyncio.sleep(seconds)
        return self.woken


async def test_sleeper_is_woken_by_its_word_and_lies_down_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens before the word, and while another run is at work; one that parks again is watched again."""
    watched = Watched(post, monkeypatch)
    assert await watched.while_() == 0 and "aaaa1111" in watched.sleepers
    watched.busy = True
    post.send("aaaa1111", word("approve", stand(post.store, "aaaa1111")))
    assert await watched.while_() == 0
    watched.busy = False
    assert await watched.while_() == 2  # the word lies there still: this wake did not hear it
    assert "aaaa1111" not in watched.sleepers


async def test_sleeper_that_somebody_took_up_is_let_go(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the run has gone on elsewhere it is no longer watched, whatever is said to it."""
    watched = Watched(post, monkeypatch)
    post.store.log.append("aaaa1111", watched.state.head, (k.RunResumed("elsewhere", fresh=True),), 1001.0)
    post.send("aaaa1111", word("stop", stand(post.store, "aaaa1111")))
    assert await watched.while_() == 0
    assert "aaaa1111" not in watched.sleepers


async def test_sleeper_that_cannot_be_woken_harms_nobody(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A wake that fails is noted, and the watch goes on for the others until there are none."""
    watched = Watched(post, monkeypatch)
    watched.fails = True
    post.send("aaaa1111", word("stop", stand(post.store, "aaaa1111")))
    assert await watched.while_() == 1
    assert "run aaaa1111 could not be woken" in caplog.text
    watched.fails = False
    watched.sleepers.add(watched.state, watched.wake)
    assert await watched.while_() >= 2


def test_a_run_that_hangs_keeps_no_other_asleep(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is awake the others wait; when its loop is left behind because it hangs, the next loop wakes them."""
    monkeypatch.setattr("aether_nb.session.waking.LOOK", 0.01)
    threads, woken = [AgentThread()], list[str]()
    hangs, begun, done = Event(), Event(), Event()
    sleepers = Sleepers(post.store, post.sealer, lambda: False, lambda work: threads[-1].submit(work))

    async def first() -> None:
        woken.append("aaaa1111")
        begun.set()
        hangs.wait(20)

    async def second() -> None:
        woken.append("bbbb2222")
        done.set()

    for run, wake in (("aaaa1111", first), ("bbbb2222", second)):
        recorded(post.store, run, *GATE, k.RunParked("gate", "call_2"))
        post.send(run, word("stop", stand(post.store, run)))
        sleepers.add(fold(post.store.log.read(run)), wake)
    assert begun.wait(5) and not done.wait(0.1)
    threads.append(AgentThread())
    sleepers.watch()
    assert done.wait(5) and woken == ["aaaa1111", "bbbb2222"]
    hangs.set()
    for thread in threads:
        thread.close()
