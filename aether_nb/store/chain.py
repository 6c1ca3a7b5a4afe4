"""The chain that events form: each carries a hash over itself and the hash before it, so that no change goes unseen.

``link`` makes a hash, ``verify`` looks at all rows of a run in one pass and says what is wrong and where. Who can write
the file can write a whole new chain: a hash that was noted outside of it, as in the notebook, is the second witness.
This module knows bytes, and that they are events to somebody.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, Protocol, runtime_checkable

from aether_nb.errors import StoreTampered
from aether_nb.events.kinds import Entry

__all__ = ["Chain", "Link", "Verdict", "link", "link_of", "root", "verify"]

_FRAME = struct.Struct(">qdqIIQ")
"""Number, time and version as exact bytes, then the lengths of the name, the kind and the payload."""


class Link(NamedTuple):
    """A row as it lies in the store. Anybody may have written it: nothing is sure of its types."""

    seq: Any
    time: Any
    kind: Any
    version: Any
    payload: Any
    prev: Any
    hash: Any


def root(run: str) -> bytes:
    """What the first event of a run follows: the hash of its name."""
    return sha256(b"aether-nb run\0" + run.encode(errors="surrogatepass")).digest()


def link(prev: bytes, run: str, seq: int, time: float, kind: str, version: int, payload: bytes) -> bytes:
    """The hash of an event. Every field is framed by its length, so that no two events hash the same bytes.

    Args:
        prev: The hash of the event before it, or ``root(run)``.
        run: The run's whole id.
        seq: The number of the event.
        time: When it happened.
        kind: Its kind.
        version: The version of that kind.
        payload: The bytes of its fields, exactly as they are kept.
    """
    name, word = _bytes(run), _bytes(kind)
    frame = _FRAME.pack(seq, time, version, len(name), len(word), len(payload))
    return sha256(b"".join((prev, frame, name, word, payload))).digest()


def link_of(run: str, row: tuple[Any, ...], seq: int) -> bytes | None:
    """The hash that a row would have as event ``seq``; None when it is no event at all."""
    _, time, kind, version, payload, prev, _ = row
    try:  # anybody may have written it
        return link(prev, run, seq, time, kind, version, payload) if isinstance(time, float) else None
    except (AttributeError, TypeError, struct.error):
        return None


@lru_cache(256)
def _bytes(name: str) -> bytes:
    """A run's id or a kind, of which a log of ten thousand events has a dozen."""
    return name.encode(errors="surrogatepass")


REACH = 10_000
"""How many numbers beyond its place are tried to find out which event a row was."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of looking at a run's record.

    ``events`` is how many are whole, ``head`` the hash of the last of them in hexadecimal. ``fault`` says in a sentence
    what is wrong, ``seq`` with which event; both are empty when all is as it was written. ``own``: all of it is, and
    this user's key has sealed its last event: he wrote all of it, or has said that he goes on with it.
    """

    run: str
    events: int
    head: str
    fault: str = ""
    seq: int = 0
    own: bool = False

    @property
    def ok(self) -> bool:
        """Whether the record is what was written."""
        return not self.fault

    def confirm(self) -> None:
        """Go on only when the record is what was written.

        Raises:
            StoreTampered: It is not.
        """
        if self.fault:
            hint = f"Look at what is whole, and do not resume it: %aether trace {self.run}" if self.events else ""
            raise StoreTampered(f"The record of run {self.run} is not what was written.", self.fault, hint)

    @property
    def warning(self) -> str:
        """What is said below a record that is shown as far as it is whole; empty when all is."""
        return f"The record is not what was written: {self.fault} What is shown came before that." if self.fault else ""


@runtime_checkable
class Chain(Protocol):
    """What a log can say of its own truth."""

    def head(self, run: str) -> str:
        """The hash of a run's last event in hexadecimal; empty for an unknown run."""

    def hashes(self, run: str) -> list[str]:
        """The hashes of a run's events in hexadecimal, in order, as they are written there; see ``verify``."""

    def verify(self, run: str, noted: str = "") -> Verdict:
        """Look at all of a run.

        ``noted`` is a head that was written down elsewhere, or the beginning of one; it may be an older one.
        """

    def whole(self, run: str) -> tuple[list[Entry], Verdict]:
        """What is whole of a run's record, and can be read, and what came of looking whether it is what was written.

        Raises:
            StoreNewer: A newer aether-nb wrote it.
        """


def verify(run: str, rows: Iterable[tuple[Any, ...]], head: int, last: bytes, noted: str = "") -> Verdict:
    """Look at the rows of a run, in the order of their numbers.

    Args:
        run: The run's whole id.
        rows: All of its rows, with the columns of a ``Link``.
        head: How many events it has by its own line in the list of runs.
        last: The hash of the last one by that line.
        noted: A head that was written down elsewhere, or its beginning; empty when there is none.
    """
    now, count, seen = root(run), 0, not noted
    rows = iter(rows)
    for row in rows:
        hash = link_of(run, row, count + 1)
        if hash is None or hash != row[6] or row[5] != now or row[0] != count + 1:
            seq, fault = _named(run, list(map(Link._make, (row, *rows))), count + 1, now, head)
            return Verdict(run, count, _hex(now, count), fault, seq)
        now, count = hash, count + 1
        seen = seen or now.hex().startswith(noted)
    seq, fault = _end(count, now, head, last, seen)
    return Verdict(run, count, _hex(now, count), fault, seq)


def _hex(hash: bytes, count: int) -> str:
    return hash.hex() if count else ""


def _end(count: int, now: bytes, head: int, last: bytes, seen: bool) -> tuple[int, str]:
    """What is wrong with a chain that is whole in itself, by what others say of its end."""
    if count < head:
        return count + 1, f"It is cut off: {_events(count + 1, head)} removed from its end."
    if count > head:
        return head + 1, f"Event {head + 1} was inserted: the run had ended at event {head}."
    if count and now != last:
        return count, f"Event {count} was changed: the list of runs knows it by another hash."
    if not seen:
        return count, "It was cut off or written anew: the hash that was noted elsewhere is in it nowhere."
    return 0, ""


def _named(run: str, rest: list[Link], due: int, now: bytes, head: int) -> tuple[int, str]:
    """What happened where event ``due`` should follow the hash ``now``; ``rest`` are the rows from there on."""
    row, most = rest[0], due + len(rest) + min(max(head - due, 0), REACH)
    was = _written_as(run, row, most)
    belongs = any(other.prev == now and _written_as(run, other, most) is not None for other in rest[1:])
    if was is None:
        if belongs or due > head:
            return due, f"Event {row.seq} was inserted."
        return due, f"Event {row.seq} was changed."
    if was < due:
        return due, f"Event {row.seq} was inserted: it is a copy of event {was}."
    if belongs:
        return due, f"The order was changed: event {row.seq} was written as event {was}."
    if row.prev == now:
        return due, f"The order was changed: event {was} has the number {row.seq} now."
    if was > due:
        return due, f"{_events(due, was - 1).capitalize()} removed."
    if due == 1:
        return 1, "Event 1 was changed: it was written for another run."
    return due - 1, f"Event {due - 1} was changed: event {due} was written after another one."


def _events(first: int, last: int) -> str:
    return f"event {first} was" if first == last else f"events {first} to {last} were"


def _fits(run: str, row: Link, seq: int) -> bool:
    hash = link_of(run, row, seq)
    return hash is not None and hash == row.hash


def _written_as(run: str, row: Link, most: int) -> int | None:
    """The number under which a row was written, found by its hash; None when it was not written so at all."""
    likely = (row.seq,) if isinstance(row.seq, int) else ()
    return next((seq for seq in (*likely, *range(1, most + 1)) if _fits(run, row, seq)), None)
