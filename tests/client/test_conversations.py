"""Conversations: what is kept of a turn, what is not, and that turns do not run into each other."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb.client.face import Aether
from aether_nb.client.sessions import MemorySessions, SqliteSessions
from aether_nb.errors import ModelError, UsageFault
from aether_nb.events.messages import Image, Message
from aether_nb.models.scripted import Say, ScriptedModel
from aether_nb.tools.function import tool
from harness.client import ADD, add, scripted


def said(messages):
    """Roles and texts."""
    return [(message.role, message.text) for message in messages]


async def test_a_question_knows_of_the_ones_before():
    """The model gets the rules, the earlier turns, and the question."""
    ai, model = scripted("one", "two", system="Be brief.")
    talk = ai.session("a")
    await talk.ask("first?")
    assert str(await talk.ask("second?")) == "two"
    assert said(model.requests[1].messages) == [
        ("system", "Be brief."),
        ("user", "first?"),
        ("assistant", "one"),
        ("user", "second?"),
    ]


async def test_tool_turns_and_thinking_stay_out():
    """Only question and answer are kept, although the model used a tool and thought."""
    ai, _ = scripted(Say("let me see", ADD, thinking="hm"), Say("It is 3.", thinking="so"), tools=[add])
    talk = ai.session("a")
    await talk.ask("1+2?")
    assert await talk.messages() == (Message.of("user", "1+2?"), Message.of("assistant", "It is 3."))


async def test_a_failed_turn_leaves_no_trace():
    """The question of a turn that failed is not kept, and the next one goes on from before."""
    ai, _ = scripted("one", ModelError("No."), "three")
    talk = ai.session("a")
    await talk.ask("first?")
    with pytest.raises(ModelError):
        await talk.ask("second?")
    assert said(await talk.messages()) == [("user", "first?"), ("assistant", "one")]
    await talk.ask("third?")
    assert len(await talk.messages()) == 4


async def test_a_stream_is_kept_when_it_is_over_and_not_when_it_is_left():
    """A stream that somebody leaves rolls back; one that is read to its end is a turn."""
    ai, _ = scripted("one two three", "four five")
    talk = ai.session("a")
    stream = talk.stream_text("first?")
    assert await anext(stream) == "one "
    await stream.aclose()
    assert await talk.messages() == ()
    assert [text async for text in talk.stream_text("second?")] == ["four ", "five"]
    assert said(await talk.messages()) == [("user", "second?"), ("assistant", "four five")]


async def test_turns_come_one_after_the_other():
    """Three questions at once are three turns, in the order of asking."""
    ai, model = scripted("1", "2", "3", delay=0.001)
    talk = ai.session("a")
    answers = await asyncio.gather(*(talk.ask(word) for word in ("a", "b", "c")))
    assert [str(answer) for answer in answers] == ["1", "2", "3"]
    assert [len(request.messages) for request in model.requests] == [1, 3, 5]
    assert [text for role, text in said(await talk.messages()) if role == "user"] == ["a", "b", "c"]


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "sqlite"])
async def test_clients_that_share_a_store_take_turns(tmp_path, on_disk):
    """Two clients, one conversation, and one of them asks on another thread: no turn is lost."""
    shared = MemorySessions()

    def store():
        return SqliteSessions(tmp_path / "s.db") if on_disk else shared

    clients = [Aether(ScriptedModel(["x"] * 4, delay=0.001), store=store()) for _ in range(2)]
    here = [client.session("a").ask(f"here {n}") for n in range(2) for client in clients]
    there = [asyncio.to_thread(client.session("a").ask_sync, f"there {n}") for n in range(2) for client in clients]
    await asyncio.gather(*here, *there)
    kept = said(await clients[0].session("a").messages())
    asked = sorted(text for role, text in kept if role == "user")
    assert asked == sorted(f"{where} {n}" for where in ("here", "there") for n in range(2) for _ in clients)
    assert [role for role, _ in kept] == ["user", "assistant"] * 8


async def test_who_gives_up_waiting_does_not_hold_up_the_others():
    """A question that is cancelled while it waits is not asked; the one behind it is."""
    ai, model = scripted("1", "2", delay=0.01)
    talk = ai.session("a")
    first, second, third = (asyncio.create_task(talk.ask(word)) for word in ("a", "b", "c"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, third)
    with pytest.raises(asyncio.CancelledError):
        await second
    assert len(model.requests) == 2


async def test_a_tool_cannot_wait_for_its_own_conversation():
    """A tool that asks in the conversation whose turn it belongs to is told so instead of hanging."""

    @tool(risk="low", effect="pure")
    async def again() -> str:
        """Ask again."""
        with pytest.raises(UsageFault) as caught:
            await talk.ask("inside")
        return caught.value.what

    from aether_nb.events.messages import ToolCall

    ai, model = scripted(ToolCall("", "again", {}), "done", tools=[again])
    talk = ai.session("a")
    await talk.ask("x")
    assert model.requests[1].messages[-1].text == "A conversation would wait for itself."


async def test_conversations_are_apart_and_can_be_forgotten():
    """Each id has its own history; clear forgets one of them."""
    ai, _ = scripted("1", "2")
    await ai.session("a").ask("to a")
    await ai.session("b").ask("to b")
    await ai.session("a").clear()
    assert (await ai.session("a").messages(), said(await ai.session("b").messages())) == (
        (),
        [("user", "to b"), ("assistant", "2")],
    )


async def test_pictures_and_values_belong_to_the_turn():
    """A picture is kept with its question; the words that ask for a type are not."""
    ai, _ = scripted('{"value": 7}')
    picture = Image("image/png", "aGk=")
    assert await ai.session("a").ask("how many?", images=picture, as_=int) == 7
    question, answer = await ai.session("a").messages()
    assert (question.parts[1:], question.text, answer.text) == ((picture,), "how many?", '{"value": 7}')


def test_without_await(threads):
    """The sync twins of a conversation share its history."""
    ai, model = scripted("one", "two three")
    talk = ai.session("a")
    talk.ask_sync("first?")
    assert list(talk.stream_text_sync("second?")) == ["two ", "three"]
    assert len(model.requests[1].messages) == 3
