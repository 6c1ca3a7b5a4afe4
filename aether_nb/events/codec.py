"""Events as bytes and back: canonical JSON out, checked values in.

The same event always gives the same bytes: keys are sorted, nothing is padded, text stays as it is in UTF-8. So bytes
can be compared and hashed. Bytes come from a file that anybody may have written: they are checked against the declared
fields when they are read. A kind whose fields changed is lifted, version by version, through ``UPCASTS``. This module
does not know where the bytes are kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, TypeAlias

import orjson

from aether_nb.errors import StoreCorrupt, StoreError, StoreNewer
from aether_nb.events.kinds import KINDS, Event

__all__ = ["UPCASTS", "Upcast", "canonical", "decode", "decode_all", "encode", "recorded", "without_halves"]

Upcast: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""The fields of one version of a kind → those of the next."""


DEEPEST = 150
"""Levels of objects and lists that are recorded; a reader goes down to 200."""

TOO_DEEP = "(nested too deeply to be recorded)"


def _more(old: dict[str, Any]) -> dict[str, Any]:
    """The next version has fields more, each with a value for the time when it was not there."""
    return old


def _unsealed(old: dict[str, Any]) -> dict[str, Any]:
    """A seal over a part of a run counts for nothing: that of the run's head has taken its place."""
    return {name: value for name, value in old.items() if name != "seal"}


UPCASTS: dict[tuple[str, int], Upcast] = {
    ("call.begun", 1): _more,
    ("call.failed", 1): _more,
    ("call.proposed", 1): _more,
    ("call.proposed", 2): _more,
    ("gate.answered", 1): _more,
    ("grant.given", 1): _more,
    ("knowledge.recalled", 1): _more,
    ("model.asked", 1): _more,
    ("model.asked", 2): _more,
    ("namespace.changed", 1): _more,
    ("question.asked", 1): _more,
    ("run.ended", 1): _more,
    ("run.forked", 1): _more,
    ("run.started", 1): _more,
    ("gate.answered", 2): _unsealed,
    ("gate.answered", 3): _more,
    ("grant.given", 2): _more,
    ("signal.received", 1): _more,
    ("signal.received", 2): _more,
    ("run.ended", 2): _unsealed,
    ("run.started", 2): _unsealed,
    ("run.started", 3): _more,
    ("run.started", 4): _more,
    ("run.started", 5): _more,
    ("run.started", 6): _more,
}
"""How to lift a kind from that version to the next one, by ``(kind, version)``."""


def encode(event: Event) -> bytes:
    """The fields of an event as canonical JSON in UTF-8.

    Tools and models put values of their own into arguments and outputs. What JSON or UTF-8 cannot say there is written
    as its nearest safe neighbour: NaN and infinity as ``null``, half a surrogate pair as U+FFFD, a member of an enum as
    its value, a UUID as text. What lies more than 150 levels deep is cut.

    Raises:
        StoreError: A field holds something that is no JSON value, or a declared number is not finite.
    """
    return recorded(event)[1]


def recorded(event: Event) -> tuple[Event, bytes]:
    """An event as its record will have it, and its bytes: another one only where something of it has to be mended.

    Who goes on with the event that comes back goes on as somebody would who reads the record. NaN and infinity are
    left as they are: they stand in outputs, which decide nothing. What is nested more deeply than a reader goes is cut.

    Raises:
        StoreError: As for ``encode``.
    """
    try:
        payload = orjson.dumps(event, _as_json, _CANONICAL)
        if payload.count(b"[") + payload.count(b"{") <= DEEPEST or _can_be_read(payload):
            return event, payload
    except TypeError as error:  # half a pair, a number beyond 64 bits, a key that is no text, or what is no JSON at all
        if isinstance(error.__cause__, KeyboardInterrupt):  # it came while a field was read
            raise error.__cause__ from None
    payload = _encode_mended(event)
    return decode(event.kind, event.version, payload), payload


def canonical(value: object) -> bytes:
    """Any dataclass or JSON value in the same form: equal values give equal bytes, so that folds can be compared.

    Raises:
        ValueError: It holds a number that is not finite.
        TypeError: It holds something that is no JSON value.
    """
    return _utf8(_write_any(value))


def decode(kind: str, version: int, payload: bytes) -> Event:
    """The event that was recorded as these bytes.

    Raises:
        StoreNewer: The kind, or this version of it, is not known here: a newer aether-nb wrote it.
        StoreCorrupt: The bytes are not such an event.
    """
    read = _READERS.get((kind, version)) or _reader(kind, version)
    try:
        return read(payload)
    except ValueError as error:
        raise _unreadable(kind, error) from error


def decode_all(rows: Iterable[tuple[str, int, bytes]]) -> tuple[list[Event], StoreCorrupt | None]:
    """The events of rows of kind, version and bytes, each as ``decode`` reads it: a resume has ten thousand.

    Returns:
        Them, up to the first that cannot be read, and what is wrong with that one; None when all can.

    Raises:
        StoreNewer: One of them is not known here.
    """
    known, events = _READERS, list[Event]()
    for kind, version, payload in rows:
        try:
            events.append(known[kind, version](payload))
        except (KeyError, ValueError):
            try:
                events.append(decode(kind, version, payload))
            except StoreCorrupt as error:
                return events, error
    return events, None


def without_halves(text: str) -> str:
    """A text as UTF-8 can say it: half a surrogate pair is U+FFFD, both halves are the sign that they mean."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


# ---- out


def _as_json(value: object) -> dict[str, Any]:
    """The fields of a dataclass, and mappings of any type, as an object."""
    read = _FIELDS.get(type(value))
    if read is None and is_dataclass(value):
        read = _FIELDS[type(value)] = _fields_of(type(value))
    if read is not None:
        return read(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} is not one")


_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

_STANDARD: dict[str, Any] = {
    "ensure_ascii": False,
    "separators": (",", ":"),
    "sort_keys": True,
    "allow_nan": False,
}
_write = json.JSONEncoder(default=_as_json, **_STANDARD).encode
_write_any = json.JSONEncoder(
    default=lambda value: list(value) if isinstance(value, Sequence) else _as_json(value), **_STANDARD
).encode


_FIELDS: dict[type, Callable[[Any], dict[str, Any]]] = {}


def _fields_of(kind: Any) -> Callable[[Any], dict[str, Any]]:
    """What makes a dict of a dataclass: compiled, as its own ``__init__`` is, because a turn does so fifteen times."""
    items = []
    for name, type in sorted((field.name, str(field.type)) for field in fields(kind)):
        # The encoder would write null for a number that is not finite, and one of ours always is.
        items.append(f"{name!r}: finite(value.{name})" if type in _NUMBERS else f"{name!r}: value.{name}")
    read: Callable[[Any], dict[str, Any]] = eval(f"lambda value: {{{', '.join(items)}}}", {"finite": _finite})
    return read


_NUMBERS = ("float", "float | None", "int", "int | None")


def _finite(number: float | None) -> float | None:
    if isinstance(number, float) and not isfinite(number):
        raise ValueError(f"{number} is no number")
    return number


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return without_halves(text).encode()


def _encode_mended(event: Event) -> bytes:
    try:
        return _utf8(_write(_mended(event)))
    except (TypeError, ValueError, RecursionError) as error:
        raise _no_json(event, error) from error


def _mended(value: Any, above: tuple[int, ...] = ()) -> Any:
    """The same value with ``null`` for every number that is not finite, and words for what lies too deep.

    Among declared numbers there is none that is not finite. ``above`` are the objects that hold it.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isinstance(value, Mapping | list | tuple) and not is_dataclass(value):
        return value
    if id(value) in above:
        raise ValueError("a value holds itself")
    if len(above) >= DEEPEST:
        return TOO_DEEP
    above = (*above, id(value))
    if isinstance(value, list | tuple):
        return [_mended(inner, above) for inner in value]
    return {key: _mended(inner, above) for key, inner in _as_json(value).items()}


def _can_be_read(payload: bytes) -> bool:
    """Whether a reader goes as deep as it is nested; whatever writes it goes deeper."""
    from pydantic_core import from_json

    try:
        from_json(payload)
    except ValueError:
        return False
    return True


def _no_json(event: Event, error: Exception) -> StoreError:
    return StoreError(
        f"The event '{event.kind}' cannot be recorded.",
        f"Its fields must be JSON values: {error}.",
        "Whatever made it (a tool, a model) has to hand over plain values: text, finite numbers, lists and objects.",
    )


# ---- in


Reader: TypeAlias = Callable[[bytes], Event]
"""Makes an event out of its bytes; raises a ValueError when they are none."""

_READERS: dict[tuple[str, int], Reader] = {}


def _reader(kind: str, version: int) -> Reader:
    known = KINDS.get(kind)
    if known is None or not isinstance(version, int) or version > known.version:
        raise StoreNewer(
            f"The record holds the event '{kind}' in version {version}, which this aether-nb does not know.",
            "A newer version of aether-nb wrote it.",
            "Update it: %pip install -U aether-nb",
        )
    if version == known.version:
        read = _validator(known)
    else:
        today = _READERS.get((kind, known.version)) or _reader(kind, known.version)

        def read(payload: bytes) -> Event:
            return today(_lifted(kind, version, known.version, payload))

    _READERS[kind, version] = read
    return read


def _validator(known: type[Event]) -> Reader:
    from pydantic import TypeAdapter
    from pydantic_core import CoreConfig, SchemaValidator

    # The validator itself: a log of ten thousand events calls it ten thousand times, at the start of a resume.
    return SchemaValidator(_decided(TypeAdapter(known).core_schema), CoreConfig(strict=True)).validate_json


def _decided(schema: Any) -> Any:
    """The same schema, whose unions are the first member that fits: each has a field that no other one has."""
    if isinstance(schema, dict):
        first = {"mode": "left_to_right"} if schema.get("type") == "union" else {}
        return {name: _decided(value) for name, value in schema.items()} | first
    return [_decided(value) for value in schema] if isinstance(schema, list) else schema


def _lifted(kind: str, version: int, target: int, payload: bytes) -> bytes:
    values = json.loads(payload)
    if not isinstance(values, dict):
        raise ValueError("it is not an object")
    for step in range(version, target):
        lift = UPCASTS.get((kind, step))
        if lift is None:
            raise ValueError(f"nothing is known of version {step}")
        values = lift(values)
    return _write(values).encode()


def _unreadable(kind: str, error: ValueError) -> StoreCorrupt:
    return StoreCorrupt(
        f"The record holds an event '{kind}' that cannot be read.",
        _reason(error),
        "See which runs are whole: %aether verify",
    )


def _reason(error: ValueError) -> str:
    """What is wrong and where, without the values: they are the user's data."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return f"{error}."
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place + ': ' if place else ''}{first['msg']}."
