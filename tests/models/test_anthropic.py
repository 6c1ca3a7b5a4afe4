"""A streamed reply of the Anthropic messages format: what is made of its events, the odd ones and the bad ones too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, Origin, ToolCall, Usage
from aether_nb.models.base import Delta, Reply
from harness.anthropic import HELLO, KEY, block, body, messages_model, reply_to, start, stop, stream, text, tool
from harness.loopback import Play, events, loopback


async def failed(play: Play) -> ModelUnavailable:
    """The error that an answer comes to."""
    async with loopback(play) as server:
        model = messages_model(server.url)
        with pytest.raises(ModelUnavailable) as caught:
            [delta async for delta in model.stream(HELLO)]
        await model.aclose()
    assert KEY not in str(caught.value) + repr(caught.value.__cause__)
    return caught.value


def call(arguments: dict[str, Any], number: int = 0) -> ToolCall:
    return ToolCall(f"toolu_{number}", "look", arguments)


async def test_text_thinking_and_calls_are_shown_as_they_come() -> None:
    """Each read gives what is new in it; the whole reply comes last, with the model's name and the provider's."""
    thought = block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "hm"})
    chunks = [start(), *thought, *text(1, "Let", " me"), *tool(2, '{"a"', ":1}"), *stop("tool_use")]
    async with loopback(Play([events(chunk, done=False) for chunk in chunks])) as server:
        model = messages_model(server.url)
        *shown, last = [delta async for delta in model.stream(HELLO)]
        await model.aclose()
    assert shown == [Delta(thinking="hm"), Delta("Let"), Delta(" me")] + [
        Delta(call=piece) for piece in ("look ", '{"a"', ":1}")
    ]
    kept = [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "Let me"},
        {"type": "tool_use", "id": "toolu_2", "name": "look"},
    ]
    message = Message.of(
        "assistant", "Let me", calls=(call({"a": 1}, 2),), thinking="hm", origin=Origin("anthropic", {"content": kept})
    )
    assert last == Delta(reply=Reply(message, Usage(), "tool_calls", "m", "anthropic"))


@pytest.mark.parametrize(
    ("pieces", "more", "arguments"),
    [
        ([], {}, {}),
        ([""], {}, {}),
        (["{}"], {}, {}),
        (["", '{"a": "é', '"}'], {}, {"a": "é"}),
        (['{"code": "one\ntwo"}'], {}, {"code": "one\ntwo"}),
        ([], {"input": {"a": 1}}, {"a": 1}),
        ([], {"input": None}, {}),
        (["null"], {}, {}),
    ],
)
async def test_the_input_of_a_call(pieces: list[str], more: dict[str, Any], arguments: dict[str, Any]) -> None:
    """A call's input comes in pieces, whole at its beginning, or not at all, which is an empty one."""
    reply = await reply_to(start(), *tool(0, *pieces, **more), *stop("tool_use"))
    assert (reply.message.calls, reply.finish) == ((call(arguments),), "tool_calls")


async def test_blocks_are_told_apart_by_their_numbers() -> None:
    """Pieces of several calls may come in turns; an id that is missing or stands twice is made anew."""
    begun = [next(iter(tool(number, id="same" if number else ""))) for number in range(3)]
    grown = [
        {"type": "content_block_delta", "index": number, "delta": {"type": "input_json_delta", "partial_json": piece}}
        for piece, number in [('{"n"', 0), ('{"n"', 1), (":0}", 0), (":1}", 1), ('{"n":2}', 2)]
    ]
    reply = await reply_to(start(), *begun, *grown, *stop("tool_use"))
    assert [each.arguments for each in reply.message.calls] == [{"n": 0}, {"n": 1}, {"n": 2}]
    ids = [each.id for each in reply.message.calls]
    assert ids[1] == "same" and len(set(ids)) == 3 and "" not in ids


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("something_new", "stop"),
        (None, "stop"),
    ],
)
async def test_reasons(reason: str | None, finish: str) -> None:
    """Every reason why a message ends has a name of ours; for an unknown one the blocks decide."""
    assert (await reply_to(start(), *text(0, "hi"), *stop(reason))).finish == finish


async def test_calls_count_whatever_the_reason() -> None:
    """A message that ends its turn and calls a tool all the same has called it."""
    assert (await reply_to(start(), *tool(0), *stop("end_turn"))).finish == "tool_calls"


async def test_a_refusal_says_why() -> None:
    """What the provider explains about a refusal is a note of the reply."""
    details = {"stop_reason": "refusal", "stop_details": {"type": "refusal", "explanation": "It may do harm."}}
    reply = await reply_to(start(), {"type": "message_delta", "delta": details, "usage": {}}, {"type": "message_stop"})
    assert (reply.finish, reply.notes, reply.message.text) == ("refusal", ("It may do harm.",), "")


async def test_a_refusal_in_the_middle_of_a_call() -> None:
    """Half a call that was refused is none, and no nonsense either: the provider's explanation stays."""
    end = {"stop_reason": "refusal", "stop_details": {"explanation": "It may do harm."}}
    told = {"type": "message_delta", "delta": end, "usage": {}}, {"type": "message_stop"}
    for half in (tool(0, '{"a": "x'), tool(0)):
        reply = await reply_to(start(), *half, *told)
        assert (reply.message.calls, reply.finish, reply.notes) == ((), "refusal", ("It may do harm.",))


async def test_a_call_that_the_limit_cut_off_is_left_out() -> None:
    """At the limit half a call is none; what was said before it stands."""
    reply = await reply_to(start(), *text(0, "hi"), *tool(1, '{"a": "x'), *stop("max_tokens"))
    assert (reply.message, reply.finish) == (Message.of("assistant", "hi"), "length")


async def test_thinking_that_the_limit_cut_off_is_not_sent_back() -> None:
    """Half a thought has no signature: it is for people to read only. Of servers that never sign it is kept."""
    thought = list(block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "hm"}))
    replies = [await reply_to(start(), *thought, *stop(reason)) for reason in ("max_tokens", "end_turn")]
    kept = Origin("anthropic", {"content": [{"type": "thinking", "thinking": "hm", "signature": ""}]})
    assert [(reply.message.thinking, reply.message.origin) for reply in replies] == [("hm", None), ("hm", kept)]


async def test_usage_is_what_was_counted_last() -> None:
    """Counts are running totals: the last one holds, one that is left out stays; cached input is input."""
    begun = start(input_tokens=5, cache_read_input_tokens=100, cache_creation_input_tokens=20, output_tokens=1)
    counted = {"output_tokens": 40, "output_tokens_details": {"thinking_tokens": 30}, "input_tokens": None}
    first = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 2}}
    last = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counted}
    reply = await reply_to(begun, *text(0, "hi"), first, last, {"type": "message_stop"})
    assert reply.usage == Usage(125, 40, None, 100, 20, 30)


async def test_a_pause_goes_back_with_all_that_the_provider_did() -> None:
    """A paused reply that says nothing is sent back whole, and what follows is joined to it."""
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    asked = block(0, search, {"type": "input_json_delta", "partial_json": '{"query":"x"}'})
    paused = await reply_to(start(), *asked, *stop("pause_turn"))
    assert paused.finish == "pause"
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [], "new": {"field": 1}}
    cited = {"type": "citations_delta", "citation": {"url": "u"}}
    answer = await reply_to(start(), *block(0, found), *block(1, {"type": "text", "text": "It is."}, cited), *stop("x"))
    sent = body((HELLO.messages[0], paused.message))["messages"][1:]
    assert sent == [{"role": "assistant", "content": [search | {"input": {"query": "x"}}]}]
    whole = (HELLO.messages[0], paused.message, answer.message, Message.of("user", "go on"))
    assert body(whole)["messages"][1]["content"] == [
        search | {"input": {"query": "x"}},
        found,
        {"type": "text", "text": "It is.", "citations": [{"url": "u"}]},
    ]
    assert body(whole, provider="elsewhere")["messages"][1]["content"] == "It is."


async def test_what_is_unknown_is_passed_over() -> None:
    """Pings, events and pieces that nobody knows do no harm, nor does a mark of another format."""
    odd: list[Any] = [
        {"type": "ping"},
        {"type": "news", "index": 7},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta", "text": "no"}},
        {"type": "content_block_delta", "index": 0, "delta": None},
        {"type": "content_block_start", "index": 5, "content_block": None},
        {"type": "message_delta", "delta": None, "usage": None},
    ]
    chunks = [start(), *odd, *text(0, "hi"), *odd, *stop("end_turn")]
    play = Play([events(*chunks[:-1]), events(chunks[-1])])
    async with loopback(play) as server:
        model = messages_model(server.url)
        *_, last = [delta async for delta in model.stream(HELLO)]
        await model.aclose()
    assert last.reply == Reply(Message.of("assistant", "hi"), Usage(), "stop", "m", "anthropic")


async def test_pieces_of_a_block_that_never_began() -> None:
    """Servers that leave out the beginning of a text are understood all the same."""
    piece = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}
    assert (await reply_to(piece, piece, *stop("end_turn"))).message == Message.of("assistant", "hihi")


async def test_an_answer_in_one_piece() -> None:
    """A server that does not stream though it was asked to is understood by its first character."""
    content = [{"type": "text", "text": "hi"}, {"type": "tool_use", "id": "toolu_0", "name": "look", "input": {"a": 1}}]
    message = {"type": "message", "model": "m", "content": content, "stop_reason": "tool_use", "usage": {}}
    play = Play([b" \n", json.dumps(message).encode()])
    async with loopback(play) as server:
        model = messages_model(server.url)
        shown, last = [delta async for delta in model.stream(HELLO)]
        await model.aclose()
    assert shown == Delta("hi", call='look {"a": 1}')
    assert last.reply == Reply(
        Message.of("assistant", "hi", calls=(call({"a": 1}),)), Usage(), "tool_calls", "m", "anthropic"
    )


ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.mark.parametrize("play", [stream(start(), *text(0, "hi"), ERROR), Play([json.dumps(ERROR).encode()])])
async def test_errors_inside_an_answer(play: Play) -> None:
    """An error in the middle of a stream, or in place of it, has a status, a code, and may be tried again."""
    error = await failed(play)
    assert (error.status, error.code, error.retryable) == (529, "overloaded_error", True)
    assert error.what == "anthropic:claude-x has a fault on its side."


@pytest.mark.parametrize(
    ("play", "what"),
    [
        (stream(start(), *text(0, "hi")), "The answer of anthropic:claude-x broke off."),
        (Play([b"<html>no</html>"]), "The answer of anthropic:claude-x cannot be read."),
        (Play([]), "The answer of anthropic:claude-x cannot be read."),
        (Play([b'{"choices": []}']), "The answer of anthropic:claude-x cannot be read."),
        (Play([b"data: {\n\n"]), "The answer of anthropic:claude-x cannot be read."),
        (Play([b"data: [1]\n\n"]), "The answer of anthropic:claude-x cannot be read."),
        (stream({"type": "message_stop"}), "The answer of anthropic:claude-x cannot be read."),
        (stream(start(), *tool(0, "{"), *stop("tool_use")), "The answer of anthropic:claude-x makes no sense."),
        (stream(start(), *tool(0, name=""), *stop("tool_use")), "The answer of anthropic:claude-x makes no sense."),
        (stream(start(), *stop("tool_use")), "The answer of anthropic:claude-x makes no sense."),
    ],
)
async def test_what_is_no_answer(play: Play, what: str) -> None:
    """What ends early, cannot be read or makes no sense is an error that says so, and no reply."""
    assert (await failed(play)).what == what


async def test_an_answer_is_whole_once_its_reason_came() -> None:
    """A connection that breaks between the reason and the end has lost nothing."""
    chunks = [start(), *text(0, "hi"), *list(stop("end_turn"))[:1]]
    async with loopback(Play([events(*chunks, done=False)], end="cut")) as server:
        model = messages_model(server.url)
        *_, last = [delta async for delta in model.stream(HELLO)]
        await model.aclose()
    assert last.reply is not None and last.reply.message.text == "hi"
