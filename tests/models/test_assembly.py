"""A chat completion, put together from whatever pieces a server makes of it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.models.base import Reply
from aether_nb.models.endpoints.endpoint import Endpoint
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.openai import OpenAIFormat
from harness import recorded
from harness.loopback import cut, events, says

ENDPOINT = Endpoint("openai:m", "http://host/v1")
PROFILE = Profile("openai", "m", "http://host/v1")
needs_recordings = pytest.mark.skipif(not recorded.FILE.is_file(), reason=recorded.MISSING)


def assembled(pieces: Any) -> tuple[Reply, str, str]:
    """The reply, and the text and thinking of all deltas."""
    body = OpenAIFormat().decoder(ENDPOINT, PROFILE)
    deltas = [body.feed(piece) for piece in pieces]
    deltas.append(body.close())
    return body.reply(), "".join(delta.text for delta in deltas), "".join(delta.thinking for delta in deltas)


def summary(reply: Reply, expected: dict[str, Any]) -> dict[str, Any]:
    """A reply in the form of ``recorded.said``; an id that the server did not give is left empty."""
    calls = [(call.id, call.name, call.arguments) for call in reply.message.calls]
    for place, call in enumerate(expected["calls"][: len(calls)]):
        if call[0] == "" and calls[place][0].startswith("call_"):
            calls[place] = ("", *calls[place][1:])
    return {
        "text": reply.message.text,
        "thinking": reply.message.thinking,
        "calls": calls,
        "finish": reply.finish,
        "usage": (reply.usage.input_tokens, reply.usage.output_tokens),
    }


@needs_recordings
def test_recordings_byte_by_byte() -> None:
    """Every recorded completion says the same when each byte comes alone, and so crosses every border there is."""
    rows = recorded.chats()
    expected = {row["id"]: recorded.said(row) for row in rows}
    got = {}
    for row in rows:
        data = row["body"].encode()
        reply, _, _ = assembled(data[place : place + 1] for place in range(len(data)))
        got[row["id"]] = summary(reply, expected[row["id"]])
    assert got == expected


@needs_recordings
@pytest.mark.full
def test_recordings_at_every_border() -> None:
    """Every recorded stream says the same when it comes in two pieces, cut at any border; long ones at 400 of them."""
    chance = random.Random(3)
    for row in recorded.chats(stream=True):
        data, said = row["body"].encode(), recorded.said(row)
        borders = range(1, len(data))
        for place in borders if len(data) < 8000 else chance.sample(borders, 400):
            reply, text, thinking = assembled([data[:place], data[place:]])
            assert (summary(reply, said), text, thinking) == (said, said["text"], said["thinking"])


@needs_recordings
def test_recordings_at_random_borders() -> None:
    """Every recorded stream, cut at random, shows as deltas exactly the text and thinking that its reply has."""
    rows = recorded.chats(stream=True)
    chance = random.Random(7)
    for row in rows:
        data = row["body"].encode()
        places = chance.sample(range(len(data)), k=min(60, len(data) // 2))
        reply, text, thinking = assembled(cut(data, places))
        said = recorded.said(row)
        assert (summary(reply, said), text, thinking) == (said, said["text"], said["thinking"])


def called(index: int | None = None, id: str | None = None, name: str | None = None, text: str | None = None) -> Any:
    """One entry of ``tool_calls``; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", text)) if value is not None}
    entry = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return says(tool_calls=[entry | {"function": function}])


A1 = ToolCall("a", "look", {"x": 1})
B2 = ToolCall("b", "look", {"x": 2})
CALLS = {
    "numbered": (
        [called(0, "a", "look", ""), called(1, "b", "look", ""), called(0, text='{"x":'), called(1, text='{"x":2}'),
         called(0, text="1}")],
        (A1, B2),
    ),
    "numbered, id and name repeated in each piece": (
        [called(0, "a", "look", '{"x"'), called(0, "a", "look", ":1}"), called(0, "a", "look", ""),
         called(1, "b", "look", '{"x":2}')],
        (A1, B2),
    ),
    "whole calls that are all numbered 0": ([called(0, "a", "look", '{"x":1}'), called(0, "b", "look", '{"x":2}')],
                                            (A1, B2)),
    "no numbers, pieces follow their id": (
        [called(None, "a", "look", '{"x"'), called(None, None, None, ":1}"), called(None, "b", "look", ""),
         called(None, "b", None, '{"x":2}')],
        (A1, B2),
    ),
    "no numbers, ids repeated": (
        [called(None, "a", "look", '{"x"'), called(None, "a", "look", ":1}"), called(None, "b", "look", '{"x":2}')],
        (A1, B2),
    ),
    "no numbers, a new id for each piece": (
        [called(None, "a", "look", '{"x"'), called(None, "z", None, ":1}"), called(None, "b", "look", '{"x":2}')],
        (ToolCall("z", "look", {"x": 1}), B2),
    ),
    "empty arguments": ([called(0, "a", "list", ""), called(1, "b", "list")],
                        (ToolCall("a", "list", {}), ToolCall("b", "list", {}))),
    "null arguments": ([called(0, "a", "list", "null")], (ToolCall("a", "list", {}),)),
    "arguments as an object": (
        [says(tool_calls=[{"id": "a", "function": {"name": "look", "arguments": {"x": 1}}}])], (A1,)),
    "a line break inside a string": ([called(0, "a", "run", '{"code":"a\nb"}')],
                                     (ToolCall("a", "run", {"code": "a\nb"}),)),
    "in the field of old": (
        [says(function_call={"name": "look", "arguments": ""}), says(function_call={"arguments": '{"x":1}'}),
         says(finish="function_call")], (ToolCall("", "look", {"x": 1}),)),
    "finish reason stop, and a text before": (
        [says(content="  "), called(0, "a", "look", '{"x":1}')], (A1,)),
    "nulls and strangers among the calls": (
        [says(tool_calls=None), says(tool_calls=[None, 7]), called(0, "a", "look", '{"x":1}')], (A1,)),
}  # fmt: skip


@pytest.mark.parametrize(("chunks", "calls"), CALLS.values(), ids=CALLS.keys())
def test_calls_by_every_habit(chunks: list[Any], calls: tuple[ToolCall, ...]) -> None:
    """Calls come out right whether servers number them, name them, repeat themselves or send each whole."""
    reply, _, _ = assembled([events(*chunks, says(finish="stop"))])
    made = tuple(replace(call, id=known.id) if known.id == "" else call
                 for call, known in zip(reply.message.calls, calls, strict=True))  # fmt: skip
    reply = replace(reply, message=replace(reply.message, calls=made))
    assert reply == Reply(Message("assistant", calls=calls), Usage(), "tool_calls", "m", "openai")


def test_ids_that_are_missing_or_repeated_are_made() -> None:
    """Every call has an id of its own, also when the server gives none or the same twice."""
    whole = [called(None, None, "look", '{"x":1}'), called(None, None, "look", '{"x":2}')]
    twice = [called(0, "a", "look", '{"x":1}'), called(1, "a", "look", '{"x":2}')]
    bits = ['{"x"', ":1}", '{"x":', "2}"]
    for chunks in (whole, twice, [called(None, None, "look", bit) for bit in bits]):
        calls = assembled([events(*chunks)])[0].message.calls
        assert [call.arguments for call in calls] == [{"x": 1}, {"x": 2}]
        assert len({call.id for call in calls} - {""}) == 2


FINISHES = {
    "stop": ([says(content="hi", finish="stop")], "hi", "stop"),
    "none, but the closing mark": ([says(content="hi")], "hi", "stop"),
    "an unknown word": ([says(content="hi", finish="eos")], "hi", "stop"),
    "length": ([says(content="hi", finish="length")], "hi", "length"),
    "content filter": ([says(content="hi", finish="content_filter")], "hi", "content_filter"),
    "other words for length": ([says(content="hi", finish="model_length")], "hi", "length"),
    "other words for a filter": ([says(content="hi", finish="SAFETY")], "hi", "content_filter"),
    "a filter that leaves nothing": ([says(finish="content_filter")], "", "content_filter"),
    "calls announced behind a text": ([says(content="hi", finish="tool_calls")], "hi", "stop"),
    "a refusal": ([says(refusal="I "), says(refusal="won't", finish="stop")], "I won't", "refusal"),
    "null choices and deltas": (
        [{"choices": None}, {"choices": [{"delta": None}]}, {"choices": []}, says(content="hi")], "hi", "stop"),
    "a call cut off by the limit": (
        [says(content="hi"), called(0, "a", "look", '{"x'), says(finish="length")], "hi", "length"),
    "a call of which the limit left the name": ([called(0, "a", "look", ""), says(finish="length")], "", "length"),
    "a call of which the limit left the number": ([called(0, "a"), says(finish="length")], "", "length"),
    "a call cut off by a filter": (
        [says(content="hi"), called(0, "a", "look", '{"x'), says(finish="content_filter")], "hi", "content_filter"),
    "a refusal in a call": (
        [called(0, "a", "look", '{"x'), says(refusal="I won't"), says(finish="stop")], "I won't", "refusal"),
}  # fmt: skip


@pytest.mark.parametrize(("chunks", "text", "finish"), FINISHES.values(), ids=FINISHES.keys())
def test_why_a_reply_ended(chunks: list[Any], text: str, finish: str) -> None:
    """The reason is the server's where it says more than the parts do, else it follows from the parts."""
    reply, shown, _ = assembled([events(*chunks)])
    assert (reply.message.text, shown, reply.finish, reply.message.calls) == (text, text, finish, ())


def test_the_last_usage_counts() -> None:
    """Running totals are replaced, never added up; a usage behind the last choice counts too."""
    totals = [{"prompt_tokens": 9, "completion_tokens": n} for n in (1, 2)]
    last = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}
    reply, _, _ = assembled([events(says(content="a", usage=totals[0]), says(content="b", usage=totals[1]), last)])
    assert reply == Reply(Message.of("assistant", "ab"), Usage(9, 3, None), "stop", "m", "openai")


def test_a_blank_before_calls_is_no_text() -> None:
    """Line breaks that some models write before a call are not part of the answer."""
    reply, _, _ = assembled([events(says(content="\n\n"), called(0, "a", "look", '{"x":1}'))])
    assert reply.message == Message("assistant", calls=(A1,))


def test_the_calls_as_they_are_shown() -> None:
    """What is shown of calls taking shape is each name once and then its arguments as they come."""
    body = OpenAIFormat().decoder(ENDPOINT, PROFILE)
    chunks = [called(0, "a", "look", ""), called(0, text='{"x":'), called(0, text="1}"), called(1, "b", "list", "{}")]
    assert [body.feed(events(chunk, done=False)).call for chunk in chunks] == ["look ", '{"x":', "1}", "\nlist {}"]


def test_no_closing_mark_and_no_last_line() -> None:
    """A stream that ends after its finish reason is whole, without [DONE] and without an empty line."""
    data = events(says(content="hi"), says(content="!", finish="stop"), done=False).rstrip()
    reply, text, _ = assembled([data])
    assert (reply.message.text, text, reply.finish) == ("hi!", "hi!", "stop")


BAD = {
    "half a stream": (
        events(says(content="hi"), done=False),
        ("The answer of openai:m broke off.", "host: the connection ended in the middle of the answer."),
    ),
    "half an event": (
        events(says(content="hi"), says(content="!"), done=False)[:-9],
        ("The answer of openai:m broke off.", "host: the connection ended in the middle of the answer."),
    ),
    "nothing": (b"", ("The answer of openai:m cannot be read.", "host: it is empty.")),
    "a web page": (
        b"<html>\n<body>Sign in</body>",
        (
            "The answer of openai:m cannot be read.",
            "host: it is no stream of events. It begins with: <html> <body>Sign in</body>",
        ),
    ),
    "no choice": (events({"id": "x"}), ("The answer of openai:m cannot be read.", "host: it contains no choice.")),
    "a list": (b"[1]", ("The answer of openai:m cannot be read.", "host: a piece of it is no JSON object. It begins "
                        "with: [1]")),
    "an error in the stream": (
        events(says(content="hi"), {"error": {"code": 429, "message": "slow down"}}),
        ("openai:m takes no more requests for now.", "host reported an error 429: slow down"),
    ),
    "an error instead of the stream": (
        b'{"error": {"type": "model_not_found", "message": "no such model"}}',
        ("openai:m was not found.", "host reported an error model_not_found: no such model"),
    ),
    "an error in a choice": (
        events({"choices": [{"error": {"code": 502, "message": "upstream is gone"}}]}),
        ("openai:m has a fault on its side.", "host reported an error 502: upstream is gone"),
    ),
    "the finish reason error": (
        events(says(content="hi", finish="error")),
        ("openai:m has a fault on its side.",
         "host reported an error: it stopped with error and gave no other reason"),
    ),
    "an error in a list": (
        b'[{"error": {"code": 503, "message": "later", "status": "UNAVAILABLE"}}]',
        ("openai:m has a fault on its side.", "host reported an error 503: later"),
    ),
    "an error as a line of its own": (
        events(says(content="hi"), done=False) + b'{"error": {"code": 503, "message": "later"}}\n',
        ("openai:m has a fault on its side.", "host reported an error 503: later"),
    ),
    "a failure as the finish reason": (
        events(says(content="hi", finish="insufficient_system_resource")),
        ("openai:m has a fault on its side.",
         "host reported an error: it stopped with insufficient_system_resource and gave no other reason"),
    ),
    "calls announced, none sent": (
        events(says(finish="tool_calls")),
        ("The answer of openai:m makes no sense.", "It announced a tool call and sent none."),
    ),
    "a call without a name": (
        events(called(0, "a", None, "{}")),
        ("The answer of openai:m makes no sense.", "It calls a tool without saying which."),
    ),
    "arguments that are no object": (
        events(called(0, "a", "look", "[1]")),
        ("The answer of openai:m makes no sense.", "The arguments for look are no JSON object: [1]."),
    ),
    "arguments without an end": (
        events(called(0, "a", "look", '{"x": ')),
        ("The answer of openai:m makes no sense.",
         'The arguments for look are no JSON (Expecting value: line 1 column 7 (char 6)): {"x":.'),
    ),
    "arguments that go down for ever": (
        events(called(0, "a", "look", '{"x":' * 101 + "1" + "}" * 101)),
        ("The answer of openai:m makes no sense.",
         "The arguments for look are no JSON (nested too deeply): " + ('{"x":' * 101)[:344] + "…."),
    ),
    "nonsense, not as deep": (
        b'{"choices": ' + b"[" * 101 + b"]" * 101 + b"}",
        ("The answer of openai:m cannot be read.",
         'host: a piece of it is no JSON (nested too deeply). It begins with: {"choices": ' + "[" * 101 + "]" * 101
         + "}"),
    ),
    "deep nonsense": (
        b"data: " + b"[" * 100_000 + b"\n\n",
        ("The answer of openai:m cannot be read.",
         "host: a piece of it is no JSON (nested too deeply). It begins with: " + "[" * 400 + "…"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "told"), BAD.values(), ids=BAD.keys())
def test_what_is_no_answer(data: bytes, told: tuple[str, str]) -> None:
    """What cannot become a reply is a typed error that names the model and says what came; nothing is half kept."""
    with pytest.raises(ModelUnavailable) as caught:
        assembled([data])
    assert (caught.value.what, caught.value.why) == told
    assert caught.value.hint != ""


@pytest.mark.parametrize("name", ["\x1b[2Jm", "a\nb", "m" * 201, 7])
def test_a_name_that_cannot_be_shown(name: Any) -> None:
    """What a server calls its model is shown to people: signs that steer a terminal are none of it."""
    assert (
        assembled([events({"model": name, "choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]})])[
            0
        ].model
        == ""
    )


def test_arguments_may_be_deep() -> None:
    """Arguments with a hundred levels are arguments, and brackets inside a text are no levels."""
    deep = '{"x":' * 100 + json.dumps("[" * 200) + "}" * 100
    reply, _, _ = assembled([events(called(0, "a", "look", deep))])
    assert json.dumps(reply.message.calls[0].arguments, separators=(",", ":")) == deep


@pytest.mark.parametrize("before", [b"\n\n", b" \r\n\t", b"data:  ", b"data:\t"])
def test_white_space_before_an_answer(before: bytes) -> None:
    """Some servers send empty lines while one waits, others blanks before the JSON: neither is part of it."""
    said = json.dumps(says(content="hi", finish="stop")).encode()
    assert assembled([before + said + b"\n\n"])[0].message.text == "hi"


def test_a_completion_in_one_piece() -> None:
    """A server that does not stream is understood, and its text is shown all the same."""
    message = {"role": "assistant", "content": "hi", "tool_calls": None}
    whole = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
    reply, text, _ = assembled([b" \n", json.dumps(whole).encode()])
    assert (reply, text) == (Reply(Message.of("assistant", "hi"), Usage(3, 0), "stop", "m", "openai"), "hi")
