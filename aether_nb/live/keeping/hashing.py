"""Content hashes: the same for the same content in every process, whatever names and addresses it has.

``sha256:…`` is of the whole content, ``sample:…`` of a part of something that is too large to look at all of it; an
empty one says that it cannot be told. Nothing lazy is computed, no generator is used up, and no code of a class that is
not known is run.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

from aether_nb.live.describing.figures import positions
from aether_nb.live.keeping import arrows, numpys, pandases, polarses
from aether_nb.live.keeping.atoms import zone_item
from aether_nb.live.keeping.digest import Digest
from aether_nb.live.keeping.limits import Clock, NotPossible, TooMuch
from aether_nb.live.keeping.objects import class_path
from aether_nb.live.keeping.plain import Encoder, written
from aether_nb.live.keeping.recognised import library_class

__all__ = ["content_hash", "fingerprint", "matches", "single_item"]

WHOLE, SAMPLE = "sha256:", "sample:"
SAMPLING, SAMPLED = 0.15, 1_000_000
"""Seconds that a sample may take, and bytes that any value in it may have. It takes a thousandth of a second or two,
unless what stands at the places is itself large, or Python collects its garbage meanwhile."""
DEPTH = 20
"""Values within values of libraries: a frame in a dict in a column of a frame."""
ROWS, COLUMNS, TEXT = 256, 200, 4_096


def content_hash(value: object, budget: Clock | None = None) -> str:
    """The hash of what a value holds, empty when it cannot be told.

    Args:
        value: Any value.
        budget: What there is time for; without one, all that it takes.
    """
    return fingerprint(value, budget or Clock())[0]


def fingerprint(value: object, clock: Clock) -> tuple[str, str]:
    """The hash of what a value holds, and when there is none, why."""
    return _guarded(value, clock, SAMPLE) if clock.left <= 0 else _guarded(value, clock, "")


def matches(value: object, hash: str, budget: Clock | None = None) -> bool | None:
    """Whether a value holds what this hash was made of; None when that cannot be told."""
    if not hash:
        return None
    only = SAMPLE if hash.startswith(SAMPLE) else WHOLE
    found, _ = _guarded(value, budget or Clock(), only)
    return found == hash if found else None


def _guarded(value: object, clock: Clock, only: str) -> tuple[str, str]:
    """As ``only`` says: the whole, a sample, or the one and else the other."""
    try:
        if only != SAMPLE:
            try:
                return WHOLE + whole(value, clock), ""
            except TooMuch as much:
                if only == WHOLE:
                    return "", str(much)
        return SAMPLE + _sample(value, Clock.of(SAMPLING, SAMPLED)), ""
    except (TooMuch, NotPossible) as reason:
        return "", str(reason)
    except RecursionError:
        return "", "it is nested too deeply"
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # noqa: BLE001 - whatever a value does, even the panic of a library
        return "", f"it could not be looked into ({type(problem).__name__})"


def whole(value: Any, clock: Clock, depth: int = 0) -> str:
    """The hexadecimal hash of all that a value holds.

    Raises:
        TooMuch: There is no time for it.
        NotPossible: It holds something that has no content of its own.
    """
    clock.check()
    if depth > DEPTH:
        raise NotPossible("it is nested too deeply")
    digest = Digest(clock, depth)
    kind = library_class(value)
    digest.text(kind)
    match kind:
        case "numpy.ndarray":
            numpys.add_array(digest, value, _items)
        case "pandas.DataFrame":
            pandases.add_frame(digest, value, _items)
        case "pandas.Series":
            pandases.add_series(digest, value, _items)
        case "pandas.Index":
            pandases.add_index(digest, value, _items)
        case "polars.DataFrame":
            polarses.add_frame(digest, value, _items)
        case "polars.Series":
            polarses.add_series(digest, value, _items)
        case "pyarrow.Table":
            arrows.add_table(digest, value, _items)
        case _:
            _items(digest, value)
    return digest.hexdigest()


def _items(digest: Digest, value: Any) -> None:
    """Add Python objects to a hash."""

    def embed(inner: Any) -> list[Any] | None:
        kind = library_class(inner)
        if not kind:
            return None
        return single_item(kind, inner) or ["library", whole(inner, digest.clock, digest.depth + 1)]

    digest.data(written(Encoder(digest.clock, embed, objects=True).document(value)))


def single_item(kind: str, value: Any) -> list[Any] | None:
    """A single value of a library as an item of a table; None for what holds many."""
    if kind == "numpy.generic":
        return numpys.single_item(value)
    if kind in {"pandas.Timestamp", "pandas.Timedelta", "pandas.Period", "pandas.NAType", "pandas.NaTType"}:
        return pandases.single_item(value, zone_item)
    return None


# ---- samples


def _sample(value: Any, clock: Clock) -> str:
    """The hexadecimal hash of a part of a large value: its size, its types, and what stands at some places."""
    kind, taken = library_class(value) or class_path(type(value)), None
    match kind:
        case "numpy.ndarray":
            size: Any = (str(value.dtype), value.shape)
            taken = value.reshape(-1)[positions(value.size)] if value.flags.c_contiguous else _spread(value)
        case "pandas.DataFrame":
            size = (value.shape, [str(dtype) for dtype in value.dtypes[:COLUMNS]])
            taken = value.iloc[positions(len(value), ROWS), :COLUMNS]
        case "pandas.Series":
            size, taken = len(value), value.iloc[positions(len(value), ROWS)]
        case "pandas.Index":
            size, taken = len(value), value.take(positions(len(value), ROWS))
        case "polars.DataFrame":
            size, taken = value.shape, value[positions(len(value), ROWS), :COLUMNS]
        case "polars.Series":
            size, taken = len(value), value[positions(len(value), ROWS)]
        case "pyarrow.Table":
            size = value.shape
            taken = value.select(list(range(min(COLUMNS, value.num_columns)))).take(positions(len(value), ROWS))
        case _:
            size, taken = _part(value)
    made = written([kind, str(size)]) + bytes.fromhex(whole(taken, clock))
    return hashlib.sha256(made).hexdigest()


def _spread(array: Any) -> Any:
    return array[tuple(slice(None, None, max(1, length // 8)) for length in array.shape)]


def _part(value: Any) -> tuple[int, Any]:
    """The size of one of Python's own values and a part of it; what has no parts in order is whole or nothing."""
    kind = type(value)
    if kind in (str, bytes, bytearray):
        middle = len(value) // 2
        return len(value), [value[:TEXT], value[middle : middle + TEXT], value[-TEXT:]]
    if kind in (list, tuple):
        return len(value), [value[at] for at in positions(len(value), ROWS)]
    if kind is dict:
        return len(value), list(islice(value.items(), ROWS))
    return 0, [value]
