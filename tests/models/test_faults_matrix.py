"""An answer that ends at each of its events, and one of which each field is something else: both formats."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.errors import ModelUnavailable
from aether_nb.models.base import Reply
from aether_nb.models.sending.http import HttpModel
from harness.faults import End, Raw, answer, hostile
from harness.formats import ANTHROPIC, FORMATS, OPENAI, Spoken, answered
from harness.recorded import FILE, MISSING

every_format = pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
every_sample = pytest.mark.parametrize(
    ("spoken", "sample"),
    [(spoken, sample) for spoken in FORMATS for sample in spoken.samples],
    ids=[f"{spoken.name}, {sample}" for spoken in FORMATS for sample in spoken.samples],
)

BROKE = ("The answer of test:m broke off.", 0, "", None, True)
NOTHING = ("The answer of test:m cannot be read.", 0, "", None, False)
"""A stream that properly ends before its first event is no stream."""

Outcome = Reply | tuple[str, int, str, float | None, bool]


async def outcome(model: HttpModel) -> Outcome:
    """The reply, or what the error is; a partial reply is neither."""
    async with asyncio.timeout(5):  # a guard against hanging
        try:
            return await answered(model)
        except ModelUnavailable as error:
            return error.what, error.status, error.code, error.retry_after, error.retryable


def fact(said: Outcome) -> Any:
    """What does not change with an end that got lost: usage may lie in it."""
    return (said.message, said.finish) if isinstance(said, Reply) else said


async def outcomes(spoken: Spoken, answers: list[Raw]) -> list[Outcome]:
    """What one and the same model makes of these answers, with a good one after each, which it takes."""
    queue = [each for raw in answers for each in (raw, answer(spoken.hi))]
    said = []
    async with hostile(*queue) as server:
        model = spoken.model(server.url)
        for _ in answers:
            said.append(await outcome(model))
            assert (await answered(model)).message.text == "hi"
        await model.aclose()
    return said


def cut(events: list[bytes], place: int, end: End) -> Raw:
    """The first events, and then this end."""
    return Raw(answer(events[:place], end="close").pieces, end)


def expected(spoken: Spoken, events: list[bytes], whole: Reply, *, proper: bool) -> list[Any]:
    """For each place at which the stream may end: an error before the event that says why it ended, else the reply."""
    first = [NOTHING if proper else BROKE]
    return first + [BROKE] * (len(events) - spoken.tail) + [(whole.message, whole.finish)] * spoken.tail


@every_sample
@pytest.mark.parametrize("end", ["close", "reset", "half"])
async def test_cut_at_each_event(spoken: Spoken, sample: str, end: End) -> None:
    """Wherever a connection breaks between two events there is an error, or the whole reply; never a part of one."""
    events = spoken.samples[sample]
    (whole,) = await outcomes(spoken, [answer(events)])
    assert isinstance(whole, Reply)
    said = await outcomes(spoken, [cut(events, place, end) for place in range(len(events) + 1)])
    assert [fact(each) for each in said] == expected(spoken, events, whole, proper=False)


@every_sample
async def test_ended_at_each_event(spoken: Spoken, sample: str) -> None:
    """The same holds when the body ends as a body should, only too early."""
    events = spoken.samples[sample]
    (whole,) = await outcomes(spoken, [answer(events)])
    assert isinstance(whole, Reply)
    said = await outcomes(spoken, [answer(events[:place]) for place in range(len(events) + 1)])
    assert [fact(each) for each in said] == expected(spoken, events, whole, proper=True)


@every_sample
async def test_cut_inside_each_event(spoken: Spoken, sample: str) -> None:
    """Half an event is none: cut inside, it counts as cut before."""
    events = spoken.samples[sample]
    (whole,) = await outcomes(spoken, [answer(events)])
    assert isinstance(whole, Reply)
    halves = [[*events[:place], events[place][: len(events[place]) // 2]] for place in range(len(events))]
    said = await outcomes(spoken, [cut(half, len(half), "close") for half in halves])
    assert [fact(each) for each in said] == expected(spoken, events, whole, proper=False)[:-1]


@every_sample
async def test_one_byte_at_a_time(spoken: Spoken, sample: str) -> None:
    """A stream that comes byte by byte says the same, with gzip around it too."""
    body = b"".join(spoken.samples[sample])
    bytewise = [[data[place : place + 1] for place in range(len(data))] for data in (body, gzip.compress(body))]
    answers = [answer(body), answer(bytewise[0]), answer(bytewise[1], headers={"content-encoding": "gzip"})]
    whole, *slow = await outcomes(spoken, answers)
    assert isinstance(whole, Reply)
    assert slow == [whole, whole]


ELSE: tuple[Any, ...] = (
    None,
    [],
    {},
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    [None],
    [[]],
    ["x"],
    {"x": None},
    [{}],
    "\ud800",
    10**400,
)


def changed(value: Any) -> Iterator[Any]:
    """A JSON value with one place in it, each in turn, left out or made something else."""
    yield from ELSE
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: kept for name, kept in value.items() if name != key}
            yield from ({**value, key: other} for other in changed(inner))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in changed(inner))


def read(spoken: Spoken, body: bytes, step: int = 1_000_000) -> Outcome:
    """What the format alone makes of a body that comes in steps, without a server: the same, faster by far."""
    model = spoken.model("http://127.0.0.1:9/v1")
    decoder = model.wire.decoder(model.endpoint, model.profile)
    try:
        pieces = [body[begin : begin + step] for begin in range(0, len(body), step)]
        said = "".join([decoder.feed(piece).text for piece in pieces if not decoder.done]) + decoder.close().text
        reply = decoder.reply()
    except ModelUnavailable as error:
        return error.what, error.status, error.code, error.retry_after, error.retryable
    # Blocks that take turns are shown as they come, and kept in order: nothing shown is lost.
    assert sorted(said) == sorted(reply.message.text) or reply.message.calls
    assert 0 <= reply.usage.tokens < 10**15
    return reply


@pytest.mark.parametrize(
    ("spoken", "sample"),
    [(spoken, sample) for spoken in FORMATS for sample in (*spoken.samples, "rich")],
    ids=[f"{spoken.name}, {sample}" for spoken in FORMATS for sample in (*spoken.samples, "rich")],
)
def test_each_field_is_something_else(spoken: Spoken, sample: str) -> None:
    """Whatever stands in any field of any event, there is a whole reply or a typed error, no fault of ours."""
    events = spoken.rich if sample == "rich" else spoken.samples[sample]
    count = 0
    for place, event in enumerate(events):
        _, mark, data = event.partition(b"data: ")
        if data.strip() == b"[DONE]":
            continue
        for other in changed(json.loads(data)):
            piece = mark + json.dumps(other).encode() + b"\n\n"
            body = b"".join([*events[:place], piece, *events[place + 1 :]])
            try:
                read(spoken, body)
            except Exception as error:
                raise AssertionError(f"{type(error).__name__}: {error}, on event {place}: {other}") from error
            count += 1
    assert count > 300


@every_format
def test_each_field_of_one_object_is_something_else(spoken: Spoken) -> None:
    """The same holds for an answer in one piece, an error in one piece, and an error in a stream."""
    error = {"type": "error", "error": {"type": "x", "code": 500, "message": "m", "metadata": {"raw": "r"}}}
    for value in (json.loads(spoken.plain), error):
        for other in changed(value):
            body = json.dumps(other).encode()
            for form in (body, b"data: " + body + b"\n\n"):
                try:
                    read(spoken, form)
                except Exception as fault:
                    raise AssertionError(f"{type(fault).__name__}: {fault}, on {form!r}") from fault


@every_sample
@given(st.data())
def test_damaged_bytes(spoken: Spoken, sample: str, data: st.DataObject) -> None:
    """Bytes that are lost, doubled or changed on the way, and cut anywhere, make a reply or a typed error."""
    body = b"".join(spoken.samples[sample])
    places = st.integers(0, len(body))
    for _ in range(data.draw(st.integers(1, 3))):
        begin, end = sorted((data.draw(places), data.draw(places)))
        other = data.draw(
            st.sampled_from([b"", body[begin:end] * 2, b"\n", b"\r", b"\xff", b"null", b'"', b"[", b"\x00"])
        )
        body = (
            body[:begin] + other + body[end:] if data.draw(st.booleans()) else body[:begin] + other + body[begin + 1 :]
        )
    read(spoken, body, data.draw(st.integers(1, 400)))


@every_format
async def test_null_everything(spoken: Spoken) -> None:
    """Events whose every field is null say nothing: alone they are no answer, between others they do no harm."""
    nulls = [
        b"data: " + json.dumps(dict.fromkeys(json.loads(event.partition(b"data: ")[2]))).encode() + b"\n\n"
        for event in spoken.samples["calls"]
        if b"[DONE]" not in event
    ]
    between = [piece for pair in zip(spoken.hi, nulls, strict=False) for piece in pair] + spoken.hi[len(nulls) :]
    alone, mixed = await outcomes(spoken, [answer(nulls), answer(between)])
    assert isinstance(alone, tuple)
    assert isinstance(mixed, Reply)
    assert mixed.message.text == "hi"


DEEP = {
    "openai": '{"choices": [{"delta": {"tool_calls": [{"function": {"name": "look", "arguments": {"x": %s}}}]}}]}',
    "anthropic": '{"type": "content_block_start",'
    ' "content_block": {"type": "tool_use", "name": "look", "input": {"x": %s}}}',
}


@every_format
@pytest.mark.parametrize("form", ["data: %s\n\n", "%s"], ids=["in an event", "in one piece"])
async def test_nested_about_too_deeply(spoken: Spoken, form: str) -> None:
    """Around the depth at which Python gives up, wherever in our code that happens, there is a typed error."""
    bodies = [(form % DEEP[spoken.name] % ("[" * depth + "]" * depth)).encode() for depth in range(930, 1000)]
    said = await outcomes(spoken, [answer(body) for body in bodies])  # any other error than a typed one is not caught
    assert said[-1] == NOTHING


def traffic(kind: str) -> list[dict[str, Any]]:
    """The recorded streams of a kind; nothing when the recordings are not here."""
    if not FILE.is_file():
        return []
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["kind"] == kind and row["status"] == 200 and row["stream"]]


@pytest.mark.full
@pytest.mark.skipif(not FILE.is_file(), reason=MISSING)
@pytest.mark.parametrize(
    ("spoken", "kind"), [(OPENAI, "openai-chat"), (ANTHROPIC, "anthropic-messages")], ids=["openai", "anthropic"]
)
async def test_recordings_cut_at_each_event(spoken: Spoken, kind: str) -> None:
    """Recorded streams, cut at each event: an error, until the whole reply is there."""
    rows = traffic(kind)
    assert rows
    for row in rows:
        events = [piece.encode() + b"\n\n" for piece in row["body"].split("\n\n") if piece.strip()]
        (whole,) = await outcomes(spoken, [answer(events)])
        assert isinstance(whole, Reply), row["id"]
        facts = []
        for place in range(len(events)):
            (said,) = await outcomes(spoken, [cut(events, place, "close")])
            facts.append(fact(said))
        errors = facts.index(fact(whole)) if fact(whole) in facts else len(facts)
        assert errors > 0, row["id"]
        assert facts == [BROKE] * errors + [fact(whole)] * (len(facts) - errors), row["id"]
