"""Laws of events as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from aether_nb.errors import StoreCorrupt, StoreError, StoreNewer
from aether_nb.events import codec
from aether_nb.events.codec import decode, decode_all, encode
from aether_nb.events.kinds import (
    KINDS,
    CallBegun,
    CallFinished,
    CallProposed,
    Event,
    GateAnswered,
    LimitReached,
    ModelAsked,
    QuestionAsked,
    RunStarted,
)
from aether_nb.events.messages import Image, Text, ToolCall
from harness.events import any_event, json_values

bounded = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def proposed(arguments):
    """A call with these arguments."""
    return CallProposed(ToolCall("c", "t", arguments), "h", "low", "pure")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_back_as_it_was(kind):
    """Whatever an event holds, its bytes hold it too, and the same event gives the same bytes again."""

    @bounded
    @given(any_event(kind))
    def round_trip(event):
        payload = encode(event)
        back = decode(kind, event.version, payload)
        assert (back, type(back)) == (event, KINDS[kind])
        assert encode(back) == payload

    round_trip()


def test_the_bytes_are_canonical():
    """Keys are sorted, nothing is padded, and text is UTF-8 as it stands."""
    event = CallProposed(
        ToolCall("c1", "write_file", {"path": "ä.csv", "b": [1, 2.5, None, True]}), "h", "high", "external"
    )
    assert encode(event).decode() == (
        '{"altered":"","call":{"arguments":{"b":[1,2.5,null,true],"path":"ä.csv"},"id":"c1","name":"write_file"},'
        '"edited":false,"effect":"external","effect_text":"","floor":"","hash":"h","parallel":false,"path":"",'
        '"purpose":"","reasons":[],"risk":"high","rule":"","ruled":"","variables":[]}'
    )


@given(json_values().filter(lambda value: "e" not in str(value)))  # exponents are spelled in two ways
@bounded
def test_both_encoders_write_the_same_bytes(value):
    """The standard library's canonical JSON, also where the fast encoder cannot write what stands beside a value."""
    for more in ({}, {"half": "\udce9"}, {"long": 2**70}):
        payload = encode(proposed({"value": value, **more})).decode()
        written = json.loads(payload)
        assert payload == json.dumps(written, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        read = written["call"]["arguments"]
        assert read == {
            "value": json.loads(json.dumps(value)),
            **more,
            **({"half": "\ufffd"} if "half" in more else {}),
        }


@given(json_values())
@bounded
def test_the_order_in_which_arguments_came_does_not_matter(value):
    """Two equal events have equal bytes, however their mappings were built."""
    one = {"b": value, "a": 1}
    other = {"a": 1, "b": value}
    assert encode(proposed(one)) == encode(proposed(other))


def test_parts_of_a_message_keep_their_kind():
    """Text and pictures in one message are told apart when they are read."""
    parts = (Text("a", "rows", ("df.a",)), Image("image/png", "aGk="), Text("b"))
    event = CallFinished("c", parts, 0.5)
    assert decode("call.finished", 1, encode(event)) == event


def test_numbers_that_json_lacks_become_null_in_foreign_values():
    """NaN and infinity in a tool's outputs do not lose the event; they are written as null."""
    event = CallFinished("c", (), 0.5, ({"application/json": {"x": [float("nan"), 1.0, float("inf")]}},))
    assert decode("call.finished", 1, encode(event)) == CallFinished(
        "c", (), 0.5, ({"application/json": {"x": [None, 1.0, None]}},)
    )


def test_mappings_of_any_type_are_objects():
    """A read-only view of a dict is recorded like the dict, also where a number has to be mended in it."""
    for number, recorded in ((1.5, 1.5), (float("nan"), None)):
        call = ToolCall("c", "t", MappingProxyType({"x": MappingProxyType({"y": number})}))
        back = decode("call.proposed", 1, encode(CallProposed(call, "h", "low", "pure")))
        assert back == proposed({"x": {"y": recorded}})


def test_a_declared_number_must_be_finite():
    """A limit of NaN is a fault of ours and is refused, by name."""
    with pytest.raises(StoreError) as caught:
        encode(LimitReached("cost", float("nan"), 1.0))
    assert caught.value.what == "The event 'limit.reached' cannot be recorded."
    with pytest.raises(StoreError):
        encode(ModelAsked("m", float("inf")))  # type: ignore[arg-type]
    assert b'"used":' + b"1" * 400 in encode(LimitReached("cost", int("1" * 400), 1.0))


def test_members_of_enums_are_their_values_and_identities_are_text():
    """What Python has and JSON has not is written as what it stands for; a moment is a live object, and refused."""

    class Colour(Enum):
        RED = "red"

    id = UUID(int=7)
    outputs = json.loads(encode(CallFinished("c", (), 0.5, ({"a": Colour.RED, "b": id},))))["outputs"]
    assert outputs == [{"a": "red", "b": str(id)}]
    with pytest.raises(StoreError):
        encode(CallFinished("c", (), 0.5, ({"a": datetime(2026, 1, 1)},)))


def test_a_ctrl_c_while_a_field_is_read_is_not_lost():
    """An interrupt is no value that cannot be written."""

    class Slow(Mapping):
        def __getitem__(self, name):
            raise KeyboardInterrupt

        def __iter__(self):
            return iter("a")

        def __len__(self):
            return 1

    with pytest.raises(KeyboardInterrupt):
        encode(CallFinished("c", (), 0.5, (Slow(),)))


def test_half_a_surrogate_pair_is_replaced():
    """A file name that was no UTF-8 does not lose the event."""
    event = CallFinished("c", (Text("caf\udce9 \ud83d\ude00"),), 0.0)
    assert decode("call.finished", 1, encode(event)) == CallFinished("c", (Text("caf\ufffd \U0001f600"),), 0.0)


def test_what_is_no_json_value_is_refused_by_name():
    """A live object in an output is an error that names the event and the type, not a repr in the record."""
    with pytest.raises(StoreError) as caught:
        encode(CallFinished("c", (), 0.0, ({"x": object()},)))
    assert caught.value.what == "The event 'call.finished' cannot be recorded."
    assert "builtins.object is not one" in caught.value.why


@pytest.mark.parametrize(("levels", "whole"), [(20, True), (140, True), (160, True), (220, False), (600, False)])
def test_what_is_nested_deeply_can_be_read_again(levels, whole):
    """What is written is read: to the letter as deep as a reader goes, and what lies deeper is cut and says so."""
    value: object = "core"
    for n in range(levels):
        value = {"a": value} if n % 2 else [value]
    event = CallFinished("c", (), 0.0, ({"application/json": value},))
    kept, payload = codec.recorded(event)
    assert decode("call.finished", 1, payload) == kept
    assert (kept == event, b"core" in payload, codec.TOO_DEEP.encode() in payload) == (whole, whole, not whole)


def test_a_value_that_holds_itself_is_refused():
    """A circle in an output ends in our error, not in a crash."""
    circle: dict[str, object] = {}
    circle["self"] = circle
    with pytest.raises(StoreError):
        encode(CallFinished("c", (), 0.0, (circle,)))


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "Invalid JSON: EOF while parsing a value at line 1 column 0."),
        (b"[]", "Input should be an object."),
        (b'{"call_id":"c"}', "hash: Field required."),
        (b'{"call_id":1,"hash":"h"}', "call_id: Input should be a valid string."),
        (b'{"call_id":"c","hash":"\xff"}', None),
    ],
)
def test_bytes_that_are_no_such_event_are_refused(payload, why):
    """What comes from a file is checked: the error names the kind and the field and shows no value."""
    with pytest.raises(StoreCorrupt) as caught:
        decode("call.begun", 2, payload)
    assert caught.value.what == "The record holds an event 'call.begun' that cannot be read."
    assert why is None or caught.value.why == why


def test_many_are_read_as_each_is_read_alone(monkeypatch):
    """A long record is read at once, with the same events and the same errors; also what was never read before."""
    monkeypatch.setattr(codec, "_READERS", {})
    rows = [("call.begun", 1, b'{"call_id":"c","hash":"h"}'), ("call.begun", 2, encode(CallBegun("c", "h", 2)))]
    assert decode_all(rows * 2) == ([decode(*row) for row in rows * 2], None)
    read, error = decode_all([*rows, ("call.begun", 2, b"[]"), *rows])
    assert read == [decode(*row) for row in rows] and isinstance(error, StoreCorrupt)
    with pytest.raises(StoreNewer):
        decode_all([*rows, ("call.began", 1, b"{}")])


def test_a_word_outside_the_vocabulary_is_refused():
    """A risk that does not exist is no risk."""
    good = encode(proposed({}))
    with pytest.raises(StoreCorrupt):
        decode("call.proposed", 1, good.replace(b'"risk":"low"', b'"risk":"none"'))


@pytest.mark.parametrize(("kind", "version"), [("call.teleported", 1), ("call.begun", 3)])
def test_what_a_newer_version_wrote_is_named(kind, version):
    """An unknown kind and an unknown version say that an update is needed."""
    with pytest.raises(StoreNewer) as caught:
        decode(kind, version, b"{}")
    assert f"'{kind}' in version {version}" in caught.value.what


def test_old_versions_are_lifted_in_order(monkeypatch):
    """Each step of UPCASTS is taken once, from the recorded version up to today's."""

    @dataclass(frozen=True, slots=True)
    class Third(Event):
        kind: ClassVar[str] = "test.third"
        version: ClassVar[int] = 3
        names: tuple[str, ...]

    monkeypatch.setitem(KINDS, "test.third", Third)
    monkeypatch.setitem(codec.UPCASTS, ("test.third", 1), lambda old: {"name": old["n"]})
    monkeypatch.setitem(codec.UPCASTS, ("test.third", 2), lambda old: {"names": [old["name"]]})
    assert decode("test.third", 1, b'{"n":"a"}') == Third(("a",))
    assert decode("test.third", 2, b'{"name":"b"}') == Third(("b",))
    for version, payload, why in ((0, b"{}", "nothing is known of version 0."), (2, b"[]", "it is not an object.")):
        with pytest.raises(StoreCorrupt) as caught:
            decode("test.third", version, payload)
        assert caught.value.why == why


def test_every_older_version_can_be_lifted():
    """A kind in version n has a step from each version below n."""
    needed = {(name, old) for name, kind in KINDS.items() for old in range(1, kind.version)}
    assert needed == set(codec.UPCASTS)


def test_what_the_first_release_wrote_is_read():
    """Kinds that have got more fields are read from the time when they had fewer."""
    old = {
        "call.begun": b'{"call_id":"c","hash":"h"}',
        "gate.answered": b'{"by":"panel","call_id":"c","decision":"approve","hash":"h","lasts":"once","reason":""}',
        "question.asked": b'{"call_id":"","id":"q","limit":"","options":[],"text":"?"}',
        "run.started": b'{"model":"m","prompt":"p"}',
    }
    assert [decode(kind, 1, payload) for kind, payload in old.items()] == [
        CallBegun("c", "h"),
        GateAnswered("c", "h", "approve", "panel"),
        QuestionAsked("q", "?"),
        RunStarted("p", "m"),
    ]


def test_payloads_are_plain_json():
    """A log can be read without this package: each payload is one JSON object of the event's fields."""
    event = RunStarted("hi", "analyst")
    assert json.loads(encode(event))["limits"] == {"steps": 40, "seconds": 900.0, "tokens": 400000, "cost": 1.0}
    assert json.loads(encode(CallBegun("c", "h"))) == {"attempt": 1, "call_id": "c", "hash": "h"}
