"""Single values of Python's own as items of a table, and back: numbers, texts, bytes, dates, decimals, paths.

Only exact classes count. It does not know containers, nor any library.
"""

from __future__ import annotations

import base64
import datetime
import math
import pathlib
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aether_nb.live.keeping.limits import NotPossible

__all__ = ["ATOMS", "BACK", "other_atom", "zone_back", "zone_item"]

LARGEST = 64
"""Bits; larger numbers are written in hexadecimal, which takes no time that grows with the square."""
PATHS = ("PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")


def _int(value: int) -> Any:
    return value if value.bit_length() <= LARGEST else ["int", hex(value)]


def _str(value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:  # half a pair; JSON would put two halves together
        return ["str", value.encode("utf-8", "surrogatepass").hex()]
    return value


def _float(value: float) -> Any:
    return value if math.isfinite(value) else ["float", "nan" if value != value else repr(value)]


def _part(value: float) -> str:
    return "nan" if value != value else value.hex()


def zone_item(zone: Any) -> Any:
    """A time zone as an item.

    Raises:
        NotPossible: It is of another library.
    """
    if zone is None:
        return None
    if type(zone) is datetime.timezone:
        offset = datetime.timezone.utcoffset(zone, None)
        return ["fixed", *_duration(offset)[1:], datetime.timezone.tzname(zone, None)]
    zoneinfo = sys.modules.get("zoneinfo")
    if zoneinfo is not None and type(zone) is zoneinfo.ZoneInfo and zone.key is not None:
        return ["zone", zone.key]
    raise NotPossible("it holds a time zone that is not one of Python's own")


def zone_back(item: Any) -> Any:
    """The time zone of an item."""
    if item is None:
        return None
    if item[0] == "zone":
        from zoneinfo import ZoneInfo

        return ZoneInfo(item[1])
    offset = datetime.timedelta(*item[1:4])
    plain = datetime.timezone(offset)
    return plain if plain.tzname(None) == item[4] else datetime.timezone(offset, item[4])


def _time(value: Any) -> Any:
    return [type(value).__name__, value.replace(tzinfo=None).isoformat(), value.fold, zone_item(value.tzinfo)]


def _duration(value: datetime.timedelta) -> list[Any]:
    return ["timedelta", value.days, value.seconds, value.microseconds]


def _decimal(value: Decimal) -> Any:
    sign, digits, exponent = value.as_tuple()
    return ["decimal", sign, "".join(map(str, digits)), exponent]


def _slice(value: slice) -> Any:
    ends = [value.start, value.stop, value.step]
    if any(type(end) not in (int, type(None)) for end in ends):
        raise NotPossible("it holds a slice of something that is no number")
    return ["slice", *(None if end is None else hex(end) for end in ends)]


ATOMS: dict[type, Callable[[Any], Any]] = {
    type(None): lambda value: value,
    bool: lambda value: value,
    int: _int,
    float: _float,
    str: _str,
    complex: lambda value: ["complex", _part(value.real), _part(value.imag)],
    bytes: lambda value: ["bytes", base64.b64encode(value).decode("ascii")],
    bytearray: lambda value: ["bytearray", base64.b64encode(value).decode("ascii")],
    range: lambda value: ["range", hex(value.start), hex(value.stop), hex(value.step)],
    slice: _slice,
    type(...): lambda _: ["..."],
    datetime.date: lambda value: ["date", value.isoformat()],
    datetime.time: _time,
    datetime.datetime: _time,
    datetime.timedelta: _duration,
    datetime.timezone: lambda value: ["timezone", zone_item(value)],
    Decimal: _decimal,
}
"""Each class and how it is written."""


def other_atom(value: Any) -> list[Any] | None:
    """Fractions, UUIDs, time zones and paths, when their modules are loaded."""
    kind = type(value)
    held = {name: sys.modules.get(name) for name in ("fractions", "uuid", "zoneinfo")}
    if held["fractions"] and kind is held["fractions"].Fraction:
        return ["fraction", hex(value.numerator), hex(value.denominator)]
    if held["uuid"] and kind is held["uuid"].UUID:
        return ["uuid", value.hex]
    if held["zoneinfo"] and kind is held["zoneinfo"].ZoneInfo:
        return ["timezone", zone_item(value)]
    for name in PATHS:
        if kind is getattr(pathlib, name):
            return ["path", name, _str(str(value))]
    return None


def _back_fraction(item: list[Any]) -> Any:
    from fractions import Fraction

    return Fraction(int(item[1], 16), int(item[2], 16))


def _back_uuid(item: list[Any]) -> Any:
    from uuid import UUID

    return UUID(item[1])


def _back_str(item: Any) -> str:
    return item if isinstance(item, str) else bytes.fromhex(item[1]).decode("utf-8", "surrogatepass")


def _back_path(item: list[Any]) -> Any:
    if item[1] not in PATHS:
        raise NotPossible("it is no path")
    return getattr(pathlib, item[1])(_back_str(item[2]))


def _back_slice(item: list[Any]) -> slice:
    return slice(*(None if end is None else int(end, 16) for end in item[1:4]))


BACK: dict[str, Callable[[list[Any]], Any]] = {
    "int": lambda item: int(item[1], 16),
    "float": lambda item: float(item[1]),
    "str": _back_str,
    "complex": lambda item: complex(float.fromhex(item[1]), float.fromhex(item[2])),
    "bytes": lambda item: base64.b64decode(item[1], validate=True),
    "bytearray": lambda item: bytearray(base64.b64decode(item[1], validate=True)),
    "range": lambda item: range(*(int(end, 16) for end in item[1:4])),
    "slice": _back_slice,
    "...": lambda _: ...,
    "date": lambda item: datetime.date.fromisoformat(item[1]),
    "time": lambda item: datetime.time.fromisoformat(item[1]).replace(fold=item[2], tzinfo=zone_back(item[3])),
    "datetime": lambda item: datetime.datetime.fromisoformat(item[1]).replace(fold=item[2], tzinfo=zone_back(item[3])),
    "timedelta": lambda item: datetime.timedelta(*item[1:4]),
    "timezone": lambda item: zone_back(item[1]),
    "decimal": lambda item: Decimal((item[1], tuple(map(int, item[2])), item[3])),
    "fraction": _back_fraction,
    "uuid": _back_uuid,
    "path": _back_path,
}
"""Each tag and how its item is read."""
