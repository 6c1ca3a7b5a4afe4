"""A model that is offered tools natively is served in words as soon as that turns out to be its way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from aether_nb.errors import ModelUnavailable, ToolsRefused, ToolUseFailed
from aether_nb.events.messages import Message, Origin, ToolCall, Usage
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.models.words.native import NativeTools
from aether_nb.models.words.text import TextTools
from harness.chat import chat
from harness.formats import ANTHROPIC, OPENAI, Spoken, sse
from harness.loopback import Play, events, loopback, says
from harness.worded import USED, Got, Plays, block, got, request

CALL = ToolCall("c1", "look", {"what": "sales"})
TAGGED = '<tool_call>\n{"name": "look", "arguments": {"what": "sales"}}\n</tool_call>'
LOOKED = [("look", {"what": "sales"})]
REFUSED = "test:m takes no tools; they are described in the prompt from now on."
WRITES = "test:m writes its tool calls as text; they are described in the prompt from now on."
REPAIRING = "A tool call could not be read; the model is asked to write it again."


def worded(asked: Request) -> Request:
    """The request as a model without tools gets it."""
    return TextTools(Plays([])).worded(asked)


def failed(generation: str) -> ToolUseFailed:
    error = ToolUseFailed("It wrote a call that cannot be read.", status=400)
    error.generation = generation
    return error


async def test_native_tools_stay_native() -> None:
    """A model that calls tools in its own way is sent them in its own way, and its reply is handed on as it is."""
    reply = Reply(Message.of("assistant", "So. ", calls=(CALL,), origin=Origin("test", {"a": 1})), USED, "tool_calls")
    inner = Plays([reply, "There are 3.\n"])
    model = NativeTools(inner)
    assert (await got(model, request())).reply == reply
    assert (await got(model, request())).shown == "There are 3.\n"
    assert (inner.requests, model.tools) == ([request(), request()], "native")


async def test_refused_tools_are_described() -> None:
    """A server that refuses tools is asked again at once, in words, and is never offered tools again."""
    inner = Plays([ToolsRefused("no"), block(), "There are 3."])
    model = NativeTools(inner)
    first, second = await got(model, request()), await got(model, request())
    assert inner.requests == [request(), worded(request()), worded(request())]
    assert (first.calls, first.notes, first.reply.notes) == (LOOKED, [REFUSED], (REFUSED,))
    assert (second.shown, second.notes, second.reply.notes) == ("There are 3.", [], ())
    assert model.tools == "text"


async def test_a_late_refusal_is_an_error_once() -> None:
    """Nothing is asked again when something was shown; the next request goes in words."""

    class Late(Plays):
        async def stream(self, request: Request) -> AsyncIterator[Delta]:
            if not self.requests:
                self.requests.append(request)
                yield Delta(text="So")
                raise ToolsRefused("no")
            async for delta in super().stream(request):
                yield delta

    inner = Late(["There are 3."])
    model = NativeTools(inner)
    with pytest.raises(ToolsRefused):
        await got(model, request())
    await got(model, request())
    assert inner.requests == [request(), worded(request())]


@pytest.mark.parametrize("answer", [TAGGED, block(), '{"name": "look", "arguments": {"what": "sales"}}'])
async def test_calls_in_the_text_are_taken(answer: str) -> None:
    """A native model that writes its calls as text is understood, and served in words from then on."""
    inner = Plays([answer, "There are 3."])
    model = NativeTools(inner)
    first = await got(model, request())
    assert (first.shown, first.calls, first.reply.finish) == ("", LOOKED, "tool_calls")
    assert (first.notes, first.reply.notes, first.reply.repairs) == ([WRITES], (WRITES,), 0)
    await got(model, request())
    assert inner.requests == [request(), worded(request())]


async def test_calls_that_stand_twice_count_once() -> None:
    """Where a server reads the calls and leaves their markup in the text, its own calls count; the text is cleaned."""
    reply = Reply(Message.of("assistant", f"So.\n{TAGGED}", calls=(CALL,)), USED, "tool_calls")
    answer = await got(NativeTools(Plays([reply])), request())
    assert answer == Got("So.", [], replace(reply, message=Message.of("assistant", "So.", calls=(CALL,))))


async def test_unreadable_calls_in_the_text_are_asked_for_again() -> None:
    """The model is asked once more, in words; only when that makes calls it is served so from then on."""
    inner = Plays(["So.\n<tool_call>\nlook(sales)\n</tool_call>", block()])
    model = NativeTools(inner)
    answer = await got(model, request())
    assert (answer.shown, answer.calls, answer.reply.repairs, answer.notes) == ("So.", LOOKED, 1, [REPAIRING])
    assert (answer.reply.notes, answer.reply.usage, model.tools) == ((WRITES,), Usage(20, 10, 0.5), "text")
    model = NativeTools(Plays(["<tool_call>\nlook(sales)\n</tool_call>", "There are 3."]))
    assert ((await got(model, request())).shown, model.tools) == ("There are 3.", "native")


async def test_a_cut_call_in_the_text_is_left_out() -> None:
    """At the length limit half a call is neither shown nor asked for again."""
    cut = Reply(Message.of("assistant", f"So.\n{TAGGED[:40]}"), USED, "length")
    answer = await got(NativeTools(Plays([cut])), request())
    left_out = "A tool call that could not be read was left out."
    assert answer.reply == replace(cut, message=Message.of("assistant", "So."), notes=(left_out,))


@pytest.mark.parametrize("asked", [request(tools=()), request(tool_choice="none")])
async def test_without_tools_nothing_is_read(asked: Request) -> None:
    """Where no tool may be called, the answer is handed on to the letter."""
    inner = Plays([TAGGED])
    assert (await got(NativeTools(inner), asked)).shown == TAGGED
    assert inner.requests == [asked]


# ---- a provider that cannot read its model's call


async def test_a_failed_generation_is_read() -> None:
    """A call that only the provider could not read is taken from what the model wrote; nothing is asked again."""
    inner = Plays([failed('<function=look={"what": "sales"}</function>')])
    model = NativeTools(inner)
    answer = await got(model, request())
    assert (answer.calls, answer.reply.finish, answer.reply.repairs, answer.reply.usage) == (
        LOOKED,
        "tool_calls",
        0,
        Usage(),
    )
    assert answer.reply.notes == ("The provider could not read a tool call; it was read from what the model wrote.",)
    assert (len(inner.requests), model.tools) == (1, "native")


async def test_an_unreadable_generation_is_repaired() -> None:
    """The model is told what was wrong and asked once more, in its own way."""
    good = Reply(Message.of("assistant", "", calls=(CALL,), origin=Origin("test", {"a": 1})), USED, "tool_calls")
    inner = Plays([failed("<function=look>what=sales"), good])
    answer = await got(NativeTools(inner), request())
    assert answer == Got("", [REPAIRING], replace(good, repairs=1))
    wrong = (
        "Your tool call could not be read: it is not in the form of one. Call the tool again in the usual way, with "
        "arguments that are one valid JSON object and follow the tool's schema."
    )
    said = (Message.of("assistant", "<function=look>what=sales"), Message.of("user", wrong))
    assert inner.requests == [request(), request(*said)]


async def test_two_failed_generations_are_an_error() -> None:
    """The second failure is read like the first, and is an error when it says nothing either."""
    answer = await got(NativeTools(Plays([failed(""), failed(TAGGED)])), request())
    assert (answer.calls, answer.reply.repairs) == (LOOKED, 1)
    with pytest.raises(ToolUseFailed):
        await got(NativeTools(Plays([failed(""), failed("hm")])), request())


# ---- over HTTP


async def test_a_server_that_refuses_tools_is_served() -> None:
    """A refusal as vLLM sends it leads to a request without tools in words, and to the same call."""
    refusal = (
        b'{"object":"error","message":"\\"auto\\" tool choice requires --enable-auto-tool-choice and '
        b'--tool-call-parser to be set","type":"BadRequestError","param":null,"code":400}'
    )
    answers = [Play([refusal], 400, "application/json"), Play([events(says(content=block(), finish="stop"))])]
    async with loopback(*answers) as server:
        model = NativeTools(chat(server.url))
        answer = await got(model, request())
        await model.aclose()
    assert answer.calls == LOOKED
    first, second = [asked.json for asked in server.asked]
    assert [tool["function"]["name"] for tool in first["tools"]] == ["look", "send"]
    assert second == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [
            {"role": "system", "content": worded(request()).messages[0].text},
            {"role": "user", "content": "What is in sales?"},
        ],
    }


async def test_a_server_that_hands_markup_on_is_understood() -> None:
    """Tags in the content, as llama.cpp sends them, are a call, wherever the stream cuts them."""
    pieces = [says(content=TAGGED[place : place + 4]) for place in range(0, len(TAGGED), 4)]
    async with loopback(Play([events(*pieces, says(finish="stop"))])) as server:
        model = NativeTools(chat(server.url))
        answer = await got(model, request())
        await model.aclose()
    assert (answer.shown, answer.calls, answer.reply.finish) == ("", LOOKED, "tool_calls")


async def test_leaving_early_lets_go_of_the_connection() -> None:
    """Whoever stops listening in the middle of an answer hangs up at once, through both wrappers."""
    for wrap in (NativeTools, TextTools):
        async with loopback(Play([events(says(content="a b c"), done=False)], end="never")) as server:
            model = wrap(chat(server.url))
            stream = model.stream(request())
            assert (await anext(stream)).text == "a b c"
            await stream.aclose()  # type: ignore[attr-defined]
            await server.left.wait()
            await model.aclose()


async def test_other_failures_are_the_inner_models() -> None:
    """What has nothing to do with tools is handed on."""
    with pytest.raises(ModelUnavailable, match="away"):
        await got(NativeTools(Plays([ModelUnavailable("It is away.")])), request())


def spoiled(wire: str, arguments: str, ends: Sequence[str] = ("tool_calls", "tool_use")) -> Play:
    """An answer whose call has these arguments, and why it ends in each of the two formats."""
    if wire == "openai":
        call = {"index": 0, "id": "c", "function": {"name": "look", "arguments": arguments}}
        return Play([events(says(tool_calls=[call]), says(finish=ends[0]))])
    use = {"type": "tool_use", "id": "c", "name": "look", "input": {}}
    told = {"type": "input_json_delta", "partial_json": arguments}
    return Play(
        sse(
            {"type": "message_start", "message": {"model": "m"}},
            {"type": "content_block_start", "index": 0, "content_block": use},
            {"type": "content_block_delta", "index": 0, "delta": told},
            {"type": "message_delta", "delta": {"stop_reason": ends[1]}},
            {"type": "message_stop"},
        )
    )


@pytest.mark.parametrize("spoken", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
async def test_arguments_that_are_no_json(spoken: Spoken) -> None:
    """A call with broken arguments is written again once, with what is wrong with it; alone the model says so."""
    bad, good = spoiled(spoken.name, '{"what": sales}'), spoiled(spoken.name, '{"what": "sales"}')
    async with loopback(bad, good, bad, bad, bad) as server:
        model = spoken.model(server.url)
        answer = await got(NativeTools(model), request())
        assert (answer.calls, answer.reply.repairs, answer.notes) == (LOOKED, 1, [REPAIRING])
        told = json.dumps(server.asked[1].json["messages"][-2:])
        assert '{\\"what\\": sales}' in told and "could not be read: it is no valid JSON" in told
        with pytest.raises(ToolUseFailed):
            await got(NativeTools(model), request())
        assert len(server.asked) == 4
        with pytest.raises(ToolUseFailed) as caught:
            await got(model, request())
        await model.aclose()
    error = caught.value
    written = '<tool_call>\n{"name": "look", "arguments": {"what": sales}}\n</tool_call>'
    assert (error.what, error.generation, error.retryable) == ("The answer of test:m makes no sense.", written, False)
    assert error.why.startswith("The arguments for look are no JSON (")


@pytest.mark.parametrize(
    ("spoken", "end", "finish"),
    [
        (OPENAI, "length", "length"),
        (OPENAI, "content_filter", "content_filter"),
        (ANTHROPIC, "max_tokens", "length"),
        (ANTHROPIC, "refusal", "refusal"),
    ],
)
async def test_arguments_that_are_cut_off(spoken: Spoken, end: str, finish: str) -> None:
    """A call in which the limit or a refusal came is left out. Nothing is asked again: it would be sent once more."""
    async with loopback(spoiled(spoken.name, '{"what": "sa', (end, end))) as server:
        model = spoken.model(server.url)
        answer = await got(NativeTools(model), request())
        await model.aclose()
    assert (answer.calls, answer.reply.finish, len(server.asked)) == ([], finish, 1)
