"""The rows that follow from events: those of the ledger, and which signals were heard. Written with the events.

Each is written inside the transaction that appends its event; whether a call may begin is decided by one statement,
which writes all that is appended of the call together. This module opens nothing; what events mean is said by
``rules``.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NoReturn

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
# A call of which nothing was written before, or at most that it was proposed.
_BEGIN_ANEW = f"""
    INSERT INTO calls (run, call, attempt, tool, state, effect, hash, epoch, begun, proposed)
    VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run, call, attempt) DO UPDATE
    SET tool = excluded.tool, state = excluded.state, effect = excluded.effect, hash = excluded.hash,
        epoch = excluded.epoch, begun = excluded.begun
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


def derive(db: Connection, entries: Sequence[k.Entry], epoch: int) -> None:
    """Write what follows from events that are being appended together under a lease of that epoch.

    Raises:
        AlreadyBegun: One begins an attempt of a call that may not begin.
        AlreadyReceived: One receives a signal that was applied before.
    """
    done: set[int] = set()
    coming = defaultdict[str, deque[k.Entry]](deque)  # by call: a run may be appended as a whole
    for entry in entries:
        coming[_call_of(entry.event)].append(entry)
    for entry in entries:
        event = entry.event
        coming[_call_of(event)].popleft()
        if entry.seq in done:
            continue
        if isinstance(event, k.CallProposed) and (rest := _begun_with_it(coming[event.call.id])):
            _begin_anew(db, entry, event, rest, epoch)
            done.update(other.seq for other in rest)
        elif write := _WRITERS.get(event.kind):
            write(db, entry, event, epoch)
        elif change := move(event):
            row = (entry.run, change.call, change.to, change.attempt)
            if change.hash:
                db.execute(_ANSWER, (*row, change.hash))
            else:
                db.execute(_MOVE, row)


def _begun_with_it(after: deque[k.Entry]) -> list[k.Entry]:
    """What follows a call's proposal, where that is its begin, or its begin and its result; else nothing."""
    begun = after[0].event if after else None
    if not isinstance(begun, k.CallBegun) or begun.attempt != 1:
        return []
    return list(after) if [entry.event.kind for entry in islice(after, 1, 3)] in ([], [k.CallFinished.kind]) else []


def _call_of(event: Any) -> str:
    return event.call.id if isinstance(event, k.CallProposed) else getattr(event, "call_id", "")


def _begin_anew(db: Connection, entry: k.Entry, event: k.CallProposed, rest: Sequence[k.Entry], epoch: int) -> None:
    call, state = event.call, "begun" if len(rest) == 1 else "finished"
    begun: Any = rest[0].event
    row = (entry.run, call.id, call.name, state, event.effect, begun.hash, epoch, rest[0].seq, entry.seq)
    if db.execute(_BEGIN_ANEW, row).rowcount != 1:
        _refuse(db, entry.run, call.id, 1)


def _propose(db: Connection, entry: k.Entry, event: k.CallProposed, epoch: int) -> None:
    call = event.call
    db.execute(_PROPOSE, (entry.run, call.id, call.name, event.effect, event.hash, entry.seq))


def _begin(db: Connection, entry: k.Entry, event: k.CallBegun, epoch: int) -> None:
    row = (entry.run, event.call_id, event.attempt, event.hash, epoch, entry.seq)
    if db.execute(_BEGIN, row).rowcount != 1:
        _refuse(db, entry.run, event.call_id, event.attempt)


def _refuse(db: Connection, run: str, call: str, attempt: int) -> NoReturn:
    state = db.execute(_STATE, (run, call, attempt)).fetchone()
    raise not_begun(run, call, attempt, state and state[0])


def _hear(db: Connection, entry: k.Entry, event: k.SignalReceived, epoch: int) -> None:
    row = (entry.run, event.id, entry.time, event.type, event.by, entry.seq)
    if db.execute(_HEAR, row).rowcount != 1:
        raise received_twice(entry.run, event.id)


_WRITERS: dict[str, Callable[[Connection, k.Entry, Any, int], None]] = {
    k.CallProposed.kind: _propose,
    k.CallBegun.kind: _begin,
    k.SignalReceived.kind: _hear,
}
