"""The rows that follow from events: those of the ledger, and which signals were heard. Written with the events.

Each is written inside the transaction that appends its event; whether a call may begin is decided by one statement.
This module opens nothing; what events mean is said by ``rules``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.store.rows import Connection
from aether_nb.store.rules import OPEN, move, not_begun, received_twice

__all__ = ["derive"]

_OPEN = f"({', '.join(repr(state) for state in OPEN)})"

_PROPOSE = f"""
    INSERT INTO calls (run, call, attempt, tool, state, effect, hash, epoch, begun, proposed)
    VALUES (?, ?, 1, ?, 'proposed', ?, ?, 0, 0, ?)
    ON CONFLICT (run, call, attempt) DO UPDATE
    SET tool = excluded.tool, state = 'proposed', effect = excluded.effect, hash = excluded.hash
    WHERE calls.state IN {_OPEN}
"""
# What was never proposed is taken to act outside. A later attempt needs the one before it to have failed.
_BEGIN = f"""
    INSERT INTO calls (run, call, attempt, tool, state, effect, hash, epoch, begun, proposed)
    SELECT ?1, ?2, ?3, coalesce(first.tool, ''), 'begun', coalesce(first.effect, 'external'), ?4, ?5, ?6,
        coalesce(first.proposed, ?6)
    FROM (SELECT 1) AS one LEFT JOIN calls AS first ON first.run = ?1 AND first.call = ?2 AND first.attempt = 1
    WHERE ?3 = 1 OR EXISTS (
        SELECT 1 FROM calls WHERE run = ?1 AND call = ?2 AND attempt = ?3 - 1 AND state = 'failed'
    )
    ON CONFLICT (run, call, attempt) DO UPDATE
    SET state = 'begun', hash = excluded.hash, epoch = excluded.epoch, begun = excluded.begun
    WHERE calls.state IN {_OPEN}
"""
_STATE = "SELECT state FROM calls WHERE run = ? AND call = ? AND attempt = ?"
_MOVE = """
    UPDATE calls SET state = ?3 WHERE run = ?1 AND call = ?2 AND attempt = coalesce(
        nullif(?4, 0), (SELECT max(attempt) FROM calls WHERE run = ?1 AND call = ?2)
    )
"""
_ANSWER = f"{_MOVE} AND state = 'proposed' AND hash = ?5"
_HEAR = """
    INSERT INTO signals (run, id, time, type, by, body, seal, applied) VALUES (?, ?, ?, ?, ?, '{}', '', ?)
    ON CONFLICT (run, id) DO UPDATE SET applied = excluded.applied WHERE signals.applied = 0
"""


def derive(db: Connection, entry: k.Entry, epoch: int) -> None:
    """Write what follows from an event that is being appended under a lease of that epoch.

    Raises:
        AlreadyBegun: It begins an attempt of a call that may not begin.
        AlreadyReceived: It receives a signal that was applied before.
    """
    write = _WRITERS.get(entry.event.kind)
    if write:
        write(db, entry, entry.event, epoch)
    elif change := move(entry.event):
        row = (entry.run, change.call, change.to, change.attempt)
        if change.hash:
            db.execute(_ANSWER, (*row, change.hash))
        else:
            db.execute(_MOVE, row)


def _propose(db: Connection, entry: k.Entry, event: k.CallProposed, epoch: int) -> None:
    call = event.call
    db.execute(_PROPOSE, (entry.run, call.id, call.name, event.effect, event.hash, entry.seq))


def _begin(db: Connection, entry: k.Entry, event: k.CallBegun, epoch: int) -> None:
    row = (entry.run, event.call_id, event.attempt, event.hash, epoch, entry.seq)
    if db.execute(_BEGIN, row).rowcount != 1:
        state = db.execute(_STATE, row[:3]).fetchone()
        raise not_begun(*row[:3], state and state[0])


def _hear(db: Connection, entry: k.Entry, event: k.SignalReceived, epoch: int) -> None:
    row = (entry.run, event.id, entry.time, event.type, event.by, entry.seq)
    if db.execute(_HEAR, row).rowcount != 1:
        raise received_twice(entry.run, event.id)


_WRITERS: dict[str, Callable[[Connection, k.Entry, Any, int], None]] = {
    k.CallProposed.kind: _propose,
    k.CallBegun.kind: _begin,
    k.SignalReceived.kind: _hear,
}
