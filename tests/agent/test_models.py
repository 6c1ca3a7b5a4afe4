"""Who is asked, step by step: swapped models, models that pause, what they note on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aether_nb.errors import ModelUnavailable
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Image, Message, Text, Usage
from aether_nb.events.state import sent
from aether_nb.models.base import Delta, Model, Reply, Request
from aether_nb.models.scripted import ScriptedModel
from harness.agent import call, look, stage


class Lines:
    """A model that yields what it was given, reply by reply."""

    name = "lines"

    def __init__(self, *replies: tuple[Delta, ...]) -> None:
        self.replies, self.requests = list(replies), list[Request]()

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        self.requests.append(request)
        for delta in self.replies.pop(0):
            yield delta


def test_a_model_may_be_swapped_between_two_steps() -> None:
    """Who is asked is decided anew at each step; the log says when it changes, and the history stays whole."""
    play = stage([], tools=[look])
    first, second = ScriptedModel([call("look", "c1")], "first"), ScriptedModel(["done"], "second")
    models: list[Model] = [first, second]
    play.driver.choose = lambda _: models.pop(0)
    state = play.drive()
    assert (state.answer, state.model) == ("done", "second")
    switches = [event for event in play.stored if isinstance(event, k.ModelSwitched)]
    assert switches == [k.ModelSwitched("aether:scripted", "first"), k.ModelSwitched("first", "second")]
    assert [message.role for message in second.requests[0].messages] == ["system", "user", "assistant", "tool"]


def test_a_model_that_cannot_be_chosen_ends_the_run() -> None:
    """When no model can be had for a step, the run fails with that error's own words."""
    play = stage([])

    def choose(_: Request) -> Model:
        raise ModelUnavailable("There is no model.", "It was taken away.", "%aether model NAME")

    play.driver.choose = choose
    assert play.drive().ended == k.RunEnded("failed", "There is no model.", "It was taken away.", "%aether model NAME")


def test_a_paused_reply_is_gone_on_with() -> None:
    """A reply that its provider paused is no answer: the same model is asked again, with the reply in the history."""
    begun = Reply(Message.of("assistant", "Half "), Usage(1, 1, 0.0), "pause")
    rest = Reply(Message.of("assistant", "whole."), Usage(1, 1, 0.0), "stop")
    silent = Reply(Message("assistant"), Usage(1, 1, 0.0), "pause")
    model = Lines((Delta(reply=begun),), (Delta(reply=silent),), (Delta(reply=rest),))
    play = stage([])
    play.driver.choose = lambda _: model
    state = play.drive()
    assert (state.answer, state.steps) == ("whole.", 3)
    assert model.requests[1].messages[-1] == begun.message


def test_notes_of_a_model_are_shown_and_those_of_a_reply_are_kept() -> None:
    """What a model says while it waits is transient; what a person should know of a reply stands in the log."""
    reply = Reply(Message.of("assistant", "hi"), Usage(1, 1, 0.0), "stop", "m-1", "acme", 2, ("It was mended.",))
    play = stage([])
    play.driver.choose = lambda _: Lines((Delta(note="waiting 2 s"), Delta(reply=reply)))
    play.drive()
    assert k.Progress("", 0, note="waiting 2 s") in [entry.event for entry in play.seen]
    (answered,) = [event for event in play.stored if isinstance(event, k.ModelAnswered)]
    assert (answered.model, answered.provider, answered.repairs, answered.notes) == (
        "m-1", "acme", 2, ("It was mended.",),
    )  # fmt: skip


def test_what_was_sent_is_counted_as_it_grows() -> None:
    """Counting message by message gives what counting all at once gives, and it is what ``model.asked`` says."""
    play = stage([call("look", "c1"), "done"], tools=[look])
    state = play.drive()
    assert state.sent == sent(state.messages)
    asked = [event for event in play.stored if isinstance(event, k.ModelAsked)]
    assert asked[1].sent == sent(fold(play.run.log.read("run1")).messages[:4])
    messages = [
        Message("user", (Text("ab", "rows", ("t.b", "t.a")), Image("image/png", "AA=="))),
        Message("tool", (Text("c", "rows", ("t.a",)), Text("d", "rows", ("t.c",)))),
    ]
    whole = (k.Sent("image", 1), k.Sent("rows", 4, ("t.a", "t.b", "t.c")))
    assert sent(messages) == sent(messages[1:], sent(messages[:1])) == whole
