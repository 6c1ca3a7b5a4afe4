"""Answers of a hundred megabytes: they end in a typed error before the memory does."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.faults import JSON, Raw, answer
from harness.formats import FORMATS, Spoken

MEGABYTE = 1024 * 1024
UNREADABLE = ("The answer of test:m cannot be read.", 0, False)
TOO_LARGE = ("The answer of test:m is too large.", 0, False)
FAULT = ("test:m has a fault on its side.", 502, True)


def hundred(piece: bytes) -> Iterator[bytes]:
    """A hundred megabytes, the same piece over and over."""
    return (piece for _ in range(100 * MEGABYTE // len(piece)))


def filled(piece: bytes) -> bytes:
    return piece * (64 * 1024 // len(piece))


def long_event(spoken: Spoken) -> bytes:
    """The event that says "Good ", with a thousand letters more; it would be a fine part of a fine answer."""
    (event,) = [event for event in spoken.samples["text"] if b"Good " in event]
    return event.replace(b"Good ", b"Good " + b"x" * 1000)


def squeezed() -> Iterator[bytes]:
    """A hundred megabytes that travel as a hundred kilobytes."""
    packer = zlib.compressobj(wbits=31)
    for piece in hundred(b"x" * MEGABYTE):
        yield packer.compress(piece)
    yield packer.flush()


LARGE: dict[str, tuple[Callable[[Spoken], Raw], tuple[str, int, bool]]] = {
    "one object": (lambda _: answer(_first(b'{"x": "', hundred(b"x" * 65536)), content_type=JSON), TOO_LARGE),
    "one line": (lambda _: answer(_first(b"data: ", hundred(b"x" * 65536))), UNREADABLE),
    "one event": (lambda _: answer(hundred(filled(b"data: " + b"x" * 1000 + b"\n"))), UNREADABLE),
    "many events": (lambda spoken: answer(hundred(filled(long_event(spoken)))), TOO_LARGE),
    "a page": (
        lambda _: answer(_first(b"<html>", hundred(filled(b"<p>" + b"x" * 1000 + b"\n"))), content_type="text/html"),
        UNREADABLE,
    ),
    "zeros": (lambda _: answer(hundred(b"\x00" * 65536)), UNREADABLE),
    "a refusal": (lambda _: answer(_first(b"<html>", hundred(b"x" * 65536)), 502, "text/html"), FAULT),
    "a squeezed line": (lambda _: answer(squeezed(), headers={"content-encoding": "gzip"}), UNREADABLE),
    "a squeezed refusal": (lambda _: answer(squeezed(), 502, headers={"content-encoding": "gzip"}), FAULT),
    "squeezed in one piece": (
        lambda _: answer(gzip.compress(b"x" * 100 * MEGABYTE), headers={"content-encoding": "gzip"}),
        TOO_LARGE,
    ),
}  # fmt: skip


def _first(begin: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield begin
    yield from rest


SAMPLE = ("one object", "one line", "one event", "a refusal", "a squeezed line")
"""What is tried each time; the others take seconds."""

MEASURED = f"""
import asyncio, json, sys, tracemalloc
sys.path[:0] = {[str(Path(__file__).parents[1])]!r}
from harness.faults import answer
from harness.formats import shape, suffered
from models.test_faults_large import FORMATS, LARGE
spoken = next(spoken for spoken in FORMATS if spoken.name == sys.argv[2])
raw = LARGE[sys.argv[1]][0](spoken)
asyncio.run(suffered(spoken, answer(status=502)))  # what is imported then is not counted
tracemalloc.start()
error = asyncio.run(suffered(spoken, raw, guard=60))  # counting what is allocated is slow
print(json.dumps([*shape(error), tracemalloc.get_traced_memory()[1]]))
"""
"""In a process of its own: threads that other tests have left behind allocate, too."""


@pytest.mark.slow
@pytest.mark.parametrize("spoken", FORMATS, ids=[spoken.name for spoken in FORMATS])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(name, expected, id=name, marks=() if name in SAMPLE else pytest.mark.full)
        for name, (_, expected) in LARGE.items()
    ],
)
def test_a_hundred_megabytes(name: str, expected: tuple[str, int, bool], spoken: Spoken) -> None:
    """What is too large is given up in time: it never lies in memory whole."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, name, spoken.name], capture_output=True, text=True, timeout=120, check=True
    )
    *error, peak = json.loads(done.stdout)
    assert tuple(error) == expected
    # One read of 64 KB is unpacked to as much as 64 MB before anybody can look at it.
    assert peak < (192 if "squeezed" in name else 64) * MEGABYTE
