"""Rows of a whole store sealed, or opened again, inside one transaction: all of them, or none.

The chain is over what lies in the store, so it is linked anew. What was not whole before is not whole after it, either:
its fault stays where it was. A run that this user's key had sealed is sealed by it again. This module opens nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from aether_nb.errors import StoreCorrupt
from aether_nb.events.kinds import CallBegun, CallProposed
from aether_nb.store.chain import link_of, root, verify
from aether_nb.store.contents import event_place, prompt_place, signal_place
from aether_nb.store.rows import Connection, Row
from aether_nb.store.seal import Sealer
from aether_nb.store.tables import head_fields
from aether_nb.store.vault import Vault

__all__ = ["Rewriting", "Rewritten"]

_RUNS = "SELECT id, head, chain, seal, prompt FROM runs ORDER BY id"
_LINKS = "SELECT seq, time, kind, version, CAST(payload AS BLOB), prev, hash FROM events WHERE run = ? ORDER BY seq"
_PUT_SEALED = "UPDATE events SET payload = ?, prev = ?, hash = ? WHERE run = ? AND seq = ?"
_PUT_OPENED = "UPDATE events SET payload = CAST(? AS TEXT), prev = ?, hash = ? WHERE run = ? AND seq = ?"
_PUT_RUN = "UPDATE runs SET prompt = ?, chain = ?, seal = ? WHERE id = ?"
_HASHES = "SELECT DISTINCT run, hash FROM calls WHERE hash <> '' AND run = ?"
_PUT_HASH = "UPDATE calls SET hash = ? WHERE run = ? AND hash = ?"
_SIGNALS = "SELECT run, id, body FROM signals WHERE body <> '{}'"
_PUT_BODY = "UPDATE signals SET body = ? WHERE run = ? AND id = ?"

NONE = bytes(32)
"""A hash that no event has."""


class Rewritten(NamedTuple):
    """How many runs were rewritten; how many contents opened, and how many did not."""

    runs: int
    opened: int
    damaged: int


@dataclass
class Rewriting:
    """One pass over the rows of a store.

    Args:
        vault: What seals, and opens.
        sealing: Whether rows are sealed; else they are opened.
        sealer: This user's key, for the heads of runs.
    """

    vault: Vault
    sealing: bool
    sealer: Sealer | None
    _opened: int = field(default=0, init=False)
    _damaged: int = field(default=0, init=False)

    def all(self, db: Connection) -> Rewritten:
        """Rewrite everything."""
        runs = db.execute(_RUNS).fetchall()
        for run in runs:
            self._run(db, *run)
        for run, id, body in db.execute(_SIGNALS).fetchall():
            db.execute(_PUT_BODY, (self._text(body, signal_place(run, id)), run, id))
        return Rewritten(len(runs), self._opened, self._damaged)

    def _run(self, db: Connection, run: str, head: int, chain: bytes, seal: str, prompt: str) -> None:
        rows = db.execute(_LINKS, (run,)).fetchall()
        verdict = verify(run, rows, head, chain)
        prev, put, hashes = root(run), _PUT_SEALED if self.sealing else _PUT_OPENED, set()
        for place, row in enumerate(rows):
            payload, whole = self._payload(run, row)
            if row[2] in (CallProposed.kind, CallBegun.kind):
                hashes.add(_hash_in(row[4] if self.sealing else payload))
            hash = link_of(run, (*row[:4], payload, prev, b""), row[0]) or NONE
            hash = hash if whole and (verdict.ok or place != verdict.events) else NONE
            db.execute(put, (payload, prev, hash, run, row[0]))
            prev = hash
        new = prev if verdict.ok else NONE
        own = self.sealer is not None and bool(seal) and self.sealer.verifies(head_fields(run, head, chain), seal)
        seal = self.sealer.seal(head_fields(run, head, new)) if self.sealer and own and verdict.ok else ""
        db.execute(_PUT_RUN, (self._text(prompt, prompt_place(run)), new, seal, run))
        self._calls(db, run, hashes)

    def _payload(self, run: str, row: Row) -> tuple[bytes, bool]:
        """The payload as it is to lie there; one that does not open stays as it is, and counts as not whole."""
        place = event_place(run, row[0], row[2])
        if self.sealing:
            return self.vault.seal(row[4], *place), True
        try:
            payload = self.vault.open(row[4], *place)
        except StoreCorrupt:
            self._damaged += 1
            return row[4], False
        self._opened += 1
        return payload, True

    def _text(self, text: str, place: tuple[str, ...]) -> str:
        """The same for a text; one that does not open is nothing that could be shown."""
        if self.sealing:
            return self.vault.seal_text(text, *place)
        try:
            opened = self.vault.open_text(text, *place)
        except StoreCorrupt:
            self._damaged += 1
            return "{}" if place[0] == "signal" else ""
        self._opened += 1
        return opened

    def _calls(self, db: Connection, run: str, hashes: set[str]) -> None:
        """The hashes of calls in the ledger: keyed ones do not open, and are known by the events that hold them."""
        known = {self.vault.word(hash): hash for hash in hashes}
        for _, hash in db.execute(_HASHES, (run,)).fetchall():
            db.execute(_PUT_HASH, (self.vault.word(hash) if self.sealing else known.get(hash, hash), run, hash))


def _hash_in(payload: bytes) -> str:
    """The hash of a call in an event that proposes or begins it; empty where none can be read."""
    try:
        found = json.loads(payload)
    except ValueError:
        return ""
    hash = found.get("hash") if isinstance(found, dict) else ""
    return hash if isinstance(hash, str) else ""
