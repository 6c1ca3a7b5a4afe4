"""Somebody who can write the record of another one, and knows how it is made: he leaves a chain that is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aether_nb.events.codec import encode
from aether_nb.events.kinds import Event
from aether_nb.store.chain import link, root
from aether_nb.store.contents import event_place
from aether_nb.store.store import Store

__all__ = ["forge", "tables_of"]

_PUT = """
    INSERT INTO events (run, seq, time, kind, version, payload, prev, hash)
    VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?)
"""
_PUT_SEALED = _PUT.replace("CAST(? AS TEXT)", "?")


def tables_of(store: Store) -> Any:
    """The tables of a store on disk or on a server."""
    return store.log._tables  # type: ignore[attr-defined]  # what a forger opens is no part of the contract


def forge(store: Store, run: str, change: Callable[[list[Event]], Sequence[Event]]) -> None:
    """Write the events of a run anew, with their chain; what else its line says, a seal too, stays as it was.

    Args:
        store: The record.
        run: The run's whole id.
        change: What is there → what shall be there.
    """
    entries = list(store.log.read(run))
    times = [entry.time for entry in entries]
    events = list(change([entry.event for entry in entries]))

    def act(db: Any) -> None:
        db.execute("DELETE FROM events WHERE run = ?", (run,))
        prev = root(run)
        for seq, event in enumerate(events, 1):
            time = times[min(seq, len(times)) - 1]
            vault, payload = tables_of(store).vault, encode(event)
            if vault is not None:  # one who even has the key
                payload = vault.seal(payload, *event_place(run, seq, event.kind))
            fields = (time, event.kind, event.version, payload)
            hash = link(prev, run, seq, *fields)
            db.execute(_PUT_SEALED if vault else _PUT, (run, seq, *fields, prev, hash))
            prev = hash
        db.execute("UPDATE runs SET head = ?, chain = ? WHERE id = ?", (len(events), prev, run))

    tables_of(store).write(("forged",), act, run)
