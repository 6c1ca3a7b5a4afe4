"""The public double follows its script to the letter, and says so when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb.errors import ModelError, ModelUnavailable
from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.models.base import Delta, Model, Reply, Request
from aether_nb.models.scripted import FakeProvider, Say, ScriptedModel

ASKED = Request((Message.of("user", "hi"),))
FREE = Usage(cost=0.0)
LOOK = ToolCall("c", "look", {"x": 1})


async def streamed(model: Model, request: Request = ASKED) -> tuple[list[Delta], Reply]:
    *deltas, last = [delta async for delta in model.stream(request)]
    assert last.reply is not None
    return deltas, last.reply


def text(message: str, **more: Any) -> Message:
    return Message.of("assistant", message, **more)


LINES: dict[str, tuple[Any, Reply]] = {
    "a text": ("hello there", Reply(text("hello there"), FREE, "stop", "aether:scripted")),
    "a message": (text("a", thinking="b"), Reply(text("a", thinking="b"), FREE, "stop", "aether:scripted")),
    "a call": (LOOK, Reply(text("", calls=(LOOK,)), FREE, "tool_calls", "aether:scripted")),
    "calls": (
        [LOOK, ToolCall("", "list", {})],
        Reply(text("", calls=(LOOK, ToolCall("call_1", "list", {}))), FREE, "tool_calls", "aether:scripted"),
    ),
    "all at once": (
        Say("t", LOOK, "th", Usage(3, 4, 0.5)),
        Reply(text("t", calls=(LOOK,), thinking="th"), Usage(3, 4, 0.5), "tool_calls", "aether:scripted"),
    ),
    "a function": (
        lambda request: f"you said {request.messages[-1].text}",
        Reply(text("you said hi"), FREE, "stop", "aether:scripted"),
    ),
    "nothing": ("", Reply(text(""), FREE, "stop", "aether:scripted")),
}


@pytest.mark.parametrize(("line", "reply"), LINES.values(), ids=LINES.keys())
async def test_what_a_line_may_be(line: Any, reply: Reply) -> None:
    """A line is a text, a message, one call or several, all at once, or a function of the request."""
    model = ScriptedModel([line])
    assert (await streamed(model))[1] == reply
    assert model.requests == [ASKED]
    model.assert_complete()


async def test_it_streams_in_pieces() -> None:
    """Thinking, text and calls come word by word in this order; joined, they are the reply."""
    said = "one  two\n\n```python\nx\n```\n"
    deltas, reply = await streamed(ScriptedModel([Say(said, [LOOK, LOOK], " hm  well")], delay=0.0001))
    assert [delta.thinking for delta in deltas if delta.thinking] == [" hm ", " well"]
    assert "".join(delta.text for delta in deltas) == said == reply.message.text
    assert "".join(delta.call for delta in deltas) == 'look {"x": 1}\nlook {"x": 1}'
    assert max(len((delta.text + delta.thinking + delta.call).split()) for delta in deltas) == 1


@pytest.mark.parametrize("error", [ModelUnavailable("gone", "cable", "plug it in"), RuntimeError("boom")])
async def test_errors_are_raised(error: Exception) -> None:
    """An error in the script is raised as it is, also one that a function returns; the script then goes on."""
    model = ScriptedModel([error, lambda _: error, "after"])
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            await streamed(model)
        assert caught.value is error
    assert (await streamed(model))[1].message.text == "after"


async def test_ids_are_new_to_the_conversation() -> None:
    """Ids that the script leaves out differ from each other and from those that the request already has."""
    call = ToolCall("", "look", {})
    model = ScriptedModel([[call, ToolCall("call_2", "look", {}), call], call])
    first = (await streamed(model, Request((text("", calls=(ToolCall("call_1", "look", {}),)),))))[1].message
    second = (await streamed(model, Request((first,))))[1].message
    assert [call.id for call in first.calls + second.calls] == ["call_3", "call_2", "call_4", "call_5"]


async def test_a_script_that_ends_too_early() -> None:
    """Being asked once more than foreseen is an error that says how often, and what to do."""
    model = FakeProvider(["only"], name="aether:test")
    await streamed(model)
    with pytest.raises(ModelError) as caught:
        await streamed(model)
    assert (caught.value.what, caught.value.why, caught.value.hint) == (
        "The script of aether:test has no line for request 2.",
        "It has 1 line, and all of them were said.",
        "Give ScriptedModel one line for each time it is asked.",
    )


async def test_a_script_that_was_not_finished() -> None:
    """What was never said is counted, and the next of it is named."""
    model = ScriptedModel(["a", "b", "c"])
    await streamed(model)
    with pytest.raises(AssertionError) as caught:
        model.assert_complete()
    assert str(caught.value) == "aether:scripted was asked once; never said: 2 lines, the next is 'b'"


@pytest.mark.parametrize("line", [7, [], ["text"], None])
async def test_a_line_that_nobody_can_say(line: Any) -> None:
    """Anything else in a script is refused by its type."""
    with pytest.raises(ModelError) as caught:
        await streamed(ScriptedModel([line]))
    assert caught.value.what == f"A line of a script is a {type(line).__name__}, which nobody can say."


def test_it_is_a_model() -> None:
    """It has the face of a Model and the name it was given."""
    model = ScriptedModel([], name="aether:double")
    assert isinstance(model, Model)
    assert model.name == "aether:double"
