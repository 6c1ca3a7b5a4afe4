"""Server-sent events, cut anywhere."""

from __future__ import annotations

import pytest

from aether_nb.models.formats.sse import EventDecoder

BODY = (
    "\ufeffdata: zero\r\n: a comment\r\n\r\n"
    "event: message\r\nid: 1\r\ndata: one\r\n\r\n"
    "data: two\r\ndata:  lines\n\n"
    "data: é ✓ 漢字 🙂\r\r"
    "retry: 5\ndata\ndata:\n\n"
    "data: last"
).encode()
EVENTS = ["zero", "one", "two\n lines", "é ✓ 漢字 🙂", "\n", "last"]


def decoded(pieces: list[bytes]) -> list[str]:
    decoder = EventDecoder()
    return [data for piece in pieces for data in decoder.feed(piece)] + decoder.close()


def test_every_kind_of_line() -> None:
    """Comments, fields, several data lines, all three line ends and a missing last empty line are understood."""
    assert decoded([BODY]) == EVENTS


def test_cut_at_every_byte() -> None:
    """The events are the same wherever the bytes are cut, in two pieces and byte by byte."""
    ways = [decoded([BODY[:place], BODY[place:]]) for place in range(len(BODY) + 1)]
    assert ways == [EVENTS] * len(ways)
    assert decoded([BODY[place : place + 1] for place in range(len(BODY))]) == EVENTS


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([b"data: \xff\n\n"], "a piece of it is no UTF-8 (invalid start byte at byte 0)"),
        ([b"data: " + b"x" * 100], "one event has more than 64 bytes"),
        ([b"data: 0123456789\n"] * 6, "one event has more than 64 bytes"),
    ],
)
def test_what_is_no_event(pieces: list[bytes], message: str) -> None:
    """Bytes that are no UTF-8, and events without an end, are refused before they fill the memory."""
    decoder = EventDecoder(largest=64)
    *before, last = pieces
    assert [decoder.feed(piece) for piece in before] == [[]] * len(before)
    with pytest.raises(ValueError) as caught:
        decoder.feed(last)
    assert str(caught.value) == message


def test_bare_json_between_events() -> None:
    """An error that a gateway puts into a stream as a line of its own is an event like the others."""
    body = b'data: one\n\n{"error": "gone"}\n'
    assert decoded([body]) == decoded([body[:5], body[5:]]) == ["one", '{"error": "gone"}']


def test_whole_events_as_they_come() -> None:
    """Pieces that are whole events, among others that are not, come out in order."""
    pieces = [
        b"data: a\n\n",
        b"data: b\n\ndata: c\n\n",
        b"data: d\n",
        b"data: e\n\n",
        b"data: f\r\n\r\n",
        b"data: \n\n",
    ]
    assert decoded(pieces) == ["a", "b", "c", "d\ne", "f", ""]
