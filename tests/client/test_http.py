"""Clients that speak to a server: both formats, with a tool and a stream, and the twins on their own thread."""

from __future__ import annotations

import asyncio
import json

import pytest

from aether_nb.client.face import Aether
from aether_nb.errors import ModelError, ModelUnavailable
from harness.client import add
from harness.loopback import Play, events, loopback, says

CALL = {"index": 0, "id": "c1", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}}
USED = {"prompt_tokens": 10, "completion_tokens": 5}
OPENAI = (
    Play([events(says(tool_calls=[CALL]), says(finish="tool_calls", usage=USED))]),
    Play([events(says(content="It is "), says(content="3."), says(finish="stop", usage=USED))]),
)


def block(index, start, *deltas):
    """The events of one content block."""
    return (
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    )


def message(stop, *content):
    """An Anthropic answer as the events of its stream."""
    told = [
        {
            "type": "message_start",
            "message": {"id": "m", "model": "m", "role": "assistant", "content": [], "usage": {"input_tokens": 10}},
        },
        *content,
        {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
    return Play([f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in told])


ANTHROPIC = (
    message(
        "tool_use",
        *block(
            0,
            {"type": "tool_use", "id": "c1", "name": "add", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"a": 1, "b": 2}'},
        ),
    ),
    message(
        "end_turn",
        *block(
            0,
            {"type": "text", "text": ""},
            {"type": "text_delta", "text": "It is "},
            {"type": "text_delta", "text": "3."},
        ),
    ),
)


@pytest.mark.parametrize(
    ("provider", "plays", "result"),
    [
        ("openai", OPENAI, {"role": "tool", "tool_call_id": "c1", "content": "3"}),
        ("anthropic", ANTHROPIC, {"type": "tool_result", "tool_use_id": "c1"}),
    ],
)
async def test_one_tool_and_one_streamed_answer(provider, plays, result):
    """Through each format's real client: the tool's result is sent, the answer streams, usage adds up."""
    async with (
        loopback(*plays) as server,
        Aether("m", provider=provider, base_url=server.url, api_key="k", tools=[add]) as ai,
    ):
        chunks = [chunk async for chunk in ai.stream("1+2?")]
    assert "".join(chunk.text for chunk in chunks) == "It is 3."
    response = chunks[-1].response
    assert (response.text, response.provider, response.usage.tokens) == ("It is 3.", provider, 30)
    sent = server.asked[1].json["messages"][-1]
    sent = sent if provider == "openai" else sent["content"][0]
    assert sent.items() >= result.items()
    assert [asked.json["stream"] for asked in server.asked] == [True, True]


async def test_tools_as_text():
    """The third format: tools are described in the prompt, and the call is read out of the text."""
    call = '```tool_call\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n```'
    asks = Play([events(says(content=call), says(finish="stop", usage=USED))])
    async with (
        loopback(asks, OPENAI[1]) as server,
        Aether("m", base_url=server.url, tool_format="text", tools=[add]) as ai,
    ):
        answer = await ai.ask("1+2?")
    assert (answer.text, [dict(made.arguments) for made in answer.tool_calls]) == ("It is 3.", [{"a": 1, "b": 2}])
    assert ["tools" in asked.json for asked in server.asked] == [False, False]


async def test_a_server_of_this_machine_needs_no_configuration(monkeypatch):
    """Without a key and without a name the model of a local server answers, and it is looked for once."""
    listed = {"object": "list", "data": [{"id": "qwen3:8b"}]}
    models = Play([json.dumps(listed).encode()], content_type="application/json")
    async with loopback(models, OPENAI[1], OPENAI[1]) as server, Aether() as ai:
        monkeypatch.setenv("OLLAMA_BASE_URL", server.url)
        answers = [await ai.complete("x"), await ai.complete("y")]
    assert [(answer.text, answer.provider) for answer in answers] == [("It is 3.", "ollama")] * 2
    assert [asked.line for asked in server.asked] == [
        "GET /v1/models HTTP/1.1",
        *["POST /v1/chat/completions HTTP/1.1"] * 2,
    ]
    assert server.asked[1].json["model"] == "qwen3:8b"


async def test_a_server_without_a_row():
    """A model at an address: complete, and the key that was given goes there."""
    async with loopback(OPENAI[1]) as server, Aether("m", base_url=server.url, api_key="k", wrappers=False) as ai:
        answer = await ai.complete("x")
    (asked,) = server.asked
    assert (answer.text, asked.headers["authorization"], asked.json["stream"]) == ("It is 3.", "Bearer k", False)


async def test_the_twins_speak_http_too():
    """On their own thread, beside the caller's loop, with connections of their own that are closed from here."""
    async with loopback(*OPENAI, OPENAI[1]) as server:
        ai = Aether("m", base_url=server.url, tools=[add])
        assert str(await asyncio.to_thread(ai.ask_sync, "1+2?")) == "It is 3."
        assert str(await ai.complete("again")) == "It is 3."
        await ai.aclose()
    assert [asked.connection for asked in server.asked] == [1, 1, 2]


async def test_an_answer_from_before():
    """With ``cache`` the same request is answered without the server, by another client too, and costs nothing."""
    async with loopback(OPENAI[1]) as server:
        for tokens in (15, 0):
            async with Aether("m", base_url=server.url, cache=True) as ai:
                answer = await ai.complete("x")
                assert (answer.text, answer.usage.tokens) == ("It is 3.", tokens)
    assert len(server.asked) == 1


async def test_leaving_a_stream_hangs_up():
    """The server notices at once that nobody listens."""
    play = Play([events(says(content="one "), done=False)], end="never")
    async with loopback(play) as server, Aether("m", base_url=server.url) as ai:
        stream = ai.stream_text("x")
        assert await anext(stream) == "one "
        await stream.aclose()
        await asyncio.wait_for(server.left.wait(), 10)


async def test_what_the_environment_says_is_read_at_the_call(monkeypatch):
    """A client that was made before the variables were set uses them."""
    ai = Aether()
    async with loopback(OPENAI[1]) as server, ai:
        monkeypatch.setenv("AETHER_MODEL", f"m@{server.url}")
        assert (await ai.complete("x")).text == "It is 3."


async def test_a_refusal_is_the_models_own_error():
    """Status and reason reach the program through the loop."""
    play = Play([b'{"error": {"message": "no such model"}}'], status=404, content_type="application/json")
    async with loopback(play) as server, Aether("m", base_url=server.url) as ai:
        with pytest.raises(ModelUnavailable) as caught:
            await ai.ask("x")
    assert (caught.value.status, "no such model" in caught.value.why) == (404, True)


async def test_a_refusal_in_the_middle_of_a_call_is_told_as_one():
    """It is asked once; ask says who refused and why, complete has the reason and the explanation."""
    use = {"type": "tool_use", "id": "c1", "name": "add", "input": {}}
    half = block(0, use, {"type": "input_json_delta", "partial_json": '{"a": 1'})
    end = {"stop_reason": "refusal", "stop_details": {"explanation": "It may do harm."}}
    told = ({"type": "message_delta", "delta": end}, {"type": "message_stop"})
    began = {"type": "message_start", "message": {"id": "m", "model": "m", "role": "assistant", "content": []}}
    play = Play([f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in (began, *half, *told)])
    async with (
        loopback(play, play) as server,
        Aether("m", provider="anthropic", base_url=server.url, api_key="k", tools=[add]) as ai,
    ):
        with pytest.raises(ModelError, match=r"refused to answer\. It may do harm\."):
            await ai.ask("x")
        answer = await ai.complete("x")
    assert (answer.finish_reason, answer.notes, answer.tool_calls) == ("refusal", ("It may do harm.",), ())
    assert len(server.asked) == 2
