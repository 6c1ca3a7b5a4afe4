"""The border: what a program passes is looked at once, and a wrong type is named with its argument."""

from __future__ import annotations

import asyncio
import logging
import math

import pytest

from aether_nb.client.face import Aether
from aether_nb.client.sessions import SqliteSessions
from aether_nb.errors import OptionError
from aether_nb.events.messages import ToolCall
from aether_nb.models.scripted import ScriptedModel
from aether_nb.tools.function import tool
from harness.client import ADD, add, scripted

MAKING = [
    ({"model": 5}, "model= cannot be 5 (int)."),
    ({"model": b"x"}, "model= cannot be b'x' (bytes)."),
    ({"model": "openai:m", "api_key": 123}, "api_key= cannot be of the type int."),
    ({"model": "openai:m", "base_url": 5}, "base_url= cannot be 5 (int)."),
    ({"provider": 5}, "provider= cannot be 5 (int)."),
    ({"timeout": "soon"}, "timeout= cannot be 'soon' (str)."),
    ({"system": 5}, "system= cannot be 5 (int)."),
    ({"tools": None}, "tools= cannot be None."),
    ({"tools": "add"}, "tools= cannot be 'add' (str)."),
    ({"tools": add}, "tools= cannot be <function add"),
    ({"tools": [int]}, "<class 'int'> (type) in tools= is no tool."),
    ({"store": 5}, "store= cannot be 5 (int)."),
    ({"bus": 5}, "bus= cannot be 5 (int)."),
    ({"approve": True}, "approve= cannot be True (bool)."),
]
OPTIONS = [
    ({"temperature": math.nan}, "temperature= cannot be nan (float)."),
    ({"temperature": -1}, "temperature= cannot be -1 (int)."),
    ({"top_p": 2}, "top_p= cannot be 2 (int)."),
    ({"max_tokens": "abc"}, "max_tokens= cannot be 'abc' (str)."),
    ({"max_tokens": 0}, "max_tokens= cannot be 0 (int)."),
    ({"max_tokens": True}, "max_tokens= cannot be True (bool)."),
    ({"stop": 5}, "stop= cannot be 5 (int)."),
    ({"stop": ["a", 5]}, "stop= cannot be ['a', 5] (list)."),
    ({"schema": 5}, "schema= cannot be 5 (int)."),
    ({"extra": "x"}, "extra= cannot be 'x' (str)."),
    ({"extra": {"x": math.inf}}, "extra= holds what JSON cannot say."),
    ({"effort": 5}, "effort= cannot be 5 (int)."),
]
CALL = [
    ({"limits": 5}, "limits= cannot be 5 (int)."),
    ({"system": 5}, "system= cannot be 5 (int)."),
    ({"model": 5}, "model= cannot be 5 (int)."),
    ({"tools": None}, "tools= cannot be None."),
    ({"as_": 42}, "as_= cannot be 42 (int)."),
]


@pytest.mark.parametrize(("wrong", "what"), [*MAKING, *OPTIONS])
def test_a_client_is_not_made_of_a_wrong_type(wrong, what):
    """The message names the argument and what was passed; a key is never shown."""
    with pytest.raises(OptionError) as caught:
        Aether(**wrong)
    assert caught.value.what.startswith(what)
    assert caught.value.hint.startswith(("Give ", "Use "))


@pytest.mark.parametrize(("wrong", "what"), [*OPTIONS, *CALL])
async def test_nobody_is_asked_with_a_wrong_type(wrong, what):
    """The same in a call, before a request is made."""
    ai, model = scripted("x")
    with pytest.raises(OptionError) as caught:
        await ai.ask("x", **wrong)
    assert (caught.value.what, model.requests) == (what, [])


@pytest.mark.parametrize("prompt", [None, 5, b"x", [None], {"role": "user"}])
async def test_a_question_is_a_text_or_messages(prompt):
    """Each way of asking says so, a conversation too."""
    ai, model = scripted("x")
    for ask in (ai.ask, ai.complete, ai.session().ask):
        with pytest.raises(OptionError, match=r"^The question cannot be "):
            await ask(prompt)
    assert model.requests == []


async def test_what_is_none_was_left_out():
    """Also where it is said in a call."""
    ai, model = scripted("x", stop=None, temperature=0.5)
    await ai.ask("x", extra=None, temperature=None)
    assert (model.requests[0].options.stop, model.requests[0].options.extra) == ((), {})


@pytest.mark.parametrize(
    ("error", "kind"), [(EOFError("no input"), "EOFError"), (SystemExit(3), "SystemExit"), (StopIteration(), "Runtime")]
)
@pytest.mark.parametrize("awaited", [False, True])
async def test_an_approve_that_raises_is_a_no(error, kind, awaited, caplog):
    """The call is refused, with a note; the run goes on."""

    @tool(risk="high")
    def wipe() -> str:
        """Wipe."""
        return "wiped"

    def plain(*_):
        raise error

    async def awaiting(*_):
        raise error

    ai, model = scripted(ToolCall("", "wipe", {}), "well", tools=[wipe], approve=awaiting if awaited else plain)
    with caplog.at_level(logging.WARNING):
        assert (await ai.ask("x")).text == "well"
    assert "wiped" not in model.requests[1].messages[-1].text
    assert any(note.startswith(f"wipe was refused: approve= raised {kind}") for note in caplog.messages)


@pytest.mark.parametrize("awaited", [False, True])
async def test_an_observer_that_ends_the_program_is_logged(awaited, caplog):
    """A guest does not stop the answer; Ctrl-C in it does."""
    ai, _ = scripted("a", "b")

    def plain(_):
        raise SystemExit(3)

    async def awaiting(_):
        raise SystemExit(3)

    off = ai.on("request.start", awaiting if awaited else plain)
    assert (await ai.ask("x")).text == "a"
    assert "an observer of request.start failed" in caplog.messages
    off()


def test_ctrl_c_in_an_observer_passes(threads):
    """Whoever pressed it means the program."""

    def pressed(_):
        raise KeyboardInterrupt

    ai, _ = scripted("a")
    ai.on("request.start", pressed)
    with pytest.raises(KeyboardInterrupt):
        ai.ask_sync("x")


def test_an_address_and_a_provider_in_one_name():
    """A provider's name before the colon says who is there; any other name is taken as it is."""
    url = "http://127.0.0.1:9/v1"

    async def opened(name):
        chooser = Aether(name, base_url=url, api_key="k")._chooser
        return (await chooser.open(None, chooser.settings)).profile

    seen = {
        name: asyncio.run(opened(name))
        for name in ("openai:gpt-5", "anthropic:claude-sonnet-5", "m", "qwen3:8b", "openai/gpt-oss-20b")
    }
    assert {name: (each.wire, each.model, each.base_url) for name, each in seen.items()} == {
        "openai:gpt-5": ("openai", "gpt-5", url),
        "anthropic:claude-sonnet-5": ("anthropic", "claude-sonnet-5", url),
        "m": ("openai", "m", url),
        "qwen3:8b": ("openai", "qwen3:8b", url),
        "openai/gpt-oss-20b": ("openai", "openai/gpt-oss-20b", url),
    }


def test_a_wrong_type_that_cannot_show_itself():
    """The message names its type, and is no error of its own."""

    class Shy:
        def __repr__(self):
            raise RuntimeError

    with pytest.raises(OptionError, match=r"^system= cannot be … \(Shy\)\."):
        Aether(ScriptedModel([ADD]), system=Shy())


@pytest.mark.parametrize("id", ["\ud800", ["a"], None, 5])
def test_a_conversation_has_a_name_that_every_store_can_keep(id):
    """It is refused where it is said, not by the store at the first answer."""
    ai, _ = scripted("x")
    with pytest.raises(OptionError, match="A conversation cannot be called"):
        ai.session(id)


@pytest.mark.parametrize("file", ["a\0b", "\ud800", 5, None])
def test_conversations_are_kept_in_a_file_that_there_can_be(file):
    """Said when the store is made."""
    with pytest.raises(OptionError, match="Conversations cannot be kept in"):
        SqliteSessions(file)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ((5, print), "There is no event 5."),
        ((["tool.start"], print), "There is no event ['tool.start']."),
        (("tool.start", 5), "5 (int) cannot observe."),
    ],
)
def test_only_a_function_observes_an_event_that_there_is(said, what):
    """What could never be called is refused now, and not logged at each event."""
    ai, _ = scripted("x")
    with pytest.raises(OptionError) as caught:
        ai.on(*said)
    assert caught.value.what == what
