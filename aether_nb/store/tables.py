"""The log in tables: ``runs`` and ``events``, and the chain that the events form.

An append is one transaction: who may write is checked, the events are linked to the last one, and what follows from
them for calls and signals is written with them, and so is the seal of the new head. A head is sealed only where the one
before it was: so the seal of the last one says that this user has written all of them. This module does not know what
events mean, nor which database keeps them.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from aether_nb.errors import StoreCorrupt, StoreError, StoreLocked, StoreNewer
from aether_nb.events.codec import decode, decode_all, encode, recorded
from aether_nb.events.kinds import Entry, Event
from aether_nb.store.chain import Verdict, link, root, verify
from aether_nb.store.contents import (
    opened_prompt,
    opened_row,
    prompt_place,
    sealed_payloads,
    worded,
)
from aether_nb.store.derived import derive
from aether_nb.store.log import JOURNAL, RunSummary, Times, begun_at, check_head, check_stored, choose_run, times_of
from aether_nb.store.processes import this_process
from aether_nb.store.rows import Connection, Row, Tables
from aether_nb.store.rules import SUMMED, adopts, lease_lost, wants_disk
from aether_nb.store.seal import Sealer
from aether_nb.store.vault import Vault

__all__ = ["TableLog"]

_SUMMARY = "id, started, prompt, model, head, outcome, notebook, cell, parked"
_PUT_RUN = f"""
    INSERT INTO runs ({_SUMMARY}, chain, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in (*_SUMMARY.split(", "), "chain", "seal"))}
"""
_MOVE_HEAD = "UPDATE runs SET head = ?, chain = ?, seal = ? WHERE id = ?"
_PUT_EVENT = """
    INSERT INTO events (run, seq, time, kind, version, payload, prev, hash)
    VALUES (?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?)
"""
_PUT_SEALED = _PUT_EVENT.replace("CAST(? AS TEXT)", "?")
_GET_PLACE = """
    SELECT r.head, r.chain, r.seal, l.epoch, l.process
    FROM (SELECT ? AS run) AS this LEFT JOIN runs AS r ON r.id = this.run LEFT JOIN leases AS l ON l.run = this.run
"""
_GET_HOLDER = "SELECT holder, since FROM leases WHERE run = ?"
_GET_RUN = f"SELECT {_SUMMARY} FROM runs WHERE id = ?"
# Bytes, not text: what is damaged must reach the codec, which can say what is wrong with it.
_GET_EVENTS = (
    "SELECT seq, time, kind, version, CAST(payload AS BLOB) FROM events WHERE run = ? AND seq > ? ORDER BY seq"
)
_GET_KINDS = """
    SELECT run, seq, time, kind, version, CAST(payload AS BLOB) FROM events
    WHERE time >= ? AND kind IN ({}) ORDER BY run, seq
"""
_GET_LINKS = "SELECT seq, time, kind, version, CAST(payload AS BLOB), prev, hash FROM events WHERE run = ? ORDER BY seq"
_GET_HASHES = "SELECT CAST(hash AS BLOB) FROM events WHERE run = ? ORDER BY seq"
_GET_RUNS = f"SELECT {_SUMMARY} FROM runs WHERE id <> '{JOURNAL}' ORDER BY started DESC, id LIMIT ?"
_GET_IDS = "SELECT id FROM runs WHERE substr(id, 1, ?) = ? ORDER BY id <> ?, length(id), started DESC, id LIMIT 100"
_GET_EFFECT = "SELECT effect FROM calls WHERE run = ? AND call = ? ORDER BY attempt DESC LIMIT 1"
_GET_CHAIN = "SELECT head, chain, seal FROM runs WHERE id = ?"

_LOOK = "See which runs are whole: %aether verify"

_entry = partial(tuple.__new__, Entry)  # half the price of ``Entry(…)``, ten thousand times a resume


class TableLog:
    """A ``Log`` and its ``Chain`` in tables that calls, signals and leases share.

    Args:
        tables: Those tables.
        sealer: The key with which heads are sealed; None: nothing that is written is anybody's own.
    """

    def __init__(self, tables: Tables, sealer: Sealer | None = None) -> None:
        self._tables = tables
        self._sealer = sealer
        self._mine: dict[str, tuple[int, bytes, str]] = {}
        """The heads that were sealed here last: what is still there needs no second look."""

    def append(
        self, run: str, expected_head: int, events: Sequence[Event], time: Times, epoch: int = 0
    ) -> tuple[Entry, ...]:
        """See ``Log.append``."""
        check_stored(events)
        told = [recorded(event) for event in events]
        events, payloads = [event for event, _ in told], [payload for _, payload in told]
        # SQLite keeps no negative zero, and the chain is over what is kept.
        moments = [float(moment) + 0.0 for moment in times_of(time, len(events))]
        placed = enumerate(zip(moments, events, strict=True), expected_head + 1)
        entries = tuple([_entry((run, seq, moment, event)) for seq, (moment, event) in placed])
        lasting = self._tables.always_lasts or wants_disk(events, lambda call: self._effect(run, call))

        def act(db: Connection) -> None:
            head, chain, seal, now, process = db.execute(_GET_PLACE, (run,)).fetchone()
            if epoch != (now or 0) or (now and process != this_process()):
                # It is not the newest holder, or its process only copied the memory of the one that is.
                raise lease_lost(run, epoch, now or 0, *(db.execute(_GET_HOLDER, (run,)).fetchone() or ("", 0.0)))
            check_head(run, expected_head, head or 0)
            if entries:
                own = not head or self._is_own(run, head, chain, seal) or adopts(events)
                self._put(db, entries, payloads, chain or root(run), epoch, own)

        self._tables.write([event.kind for event in events], act, run, lasting)
        return entries

    def read(self, run: str, after: int = 0) -> Iterator[Entry]:
        """See ``Log.read``."""
        rows = self._tables.select(_GET_EVENTS, (run, after))
        vault = self._tables.vault if rows else None
        opened = rows if vault is None else map(partial(opened_row, vault, run), rows)
        for seq, time, kind, version, payload in opened:
            if not isinstance(time, float):
                raise StoreCorrupt(f"Event {seq} of run {run} is damaged.", "Its time is no number.", _LOOK)
            yield _entry((run, seq, time, decode(kind, version, payload)))

    def runs(self, limit: int = 50) -> list[RunSummary]:
        """See ``Log.runs``."""
        rows = self._tables.select(_GET_RUNS, (limit,))
        vault = self._tables.vault if rows else None
        return [_summary(row, vault) for row in rows]

    def of_kinds(self, kinds: Collection[str], since: float = 0.0) -> Iterator[Entry]:
        """See ``Across.of_kinds``."""
        query = _GET_KINDS.format(", ".join("?" * len(kinds)))
        rows = self._tables.select(query, (since, *kinds))
        vault = self._tables.vault if rows else None
        for run, *row in rows:
            with suppress(StoreCorrupt, StoreNewer):
                seq, time, kind, version, payload = opened_row(vault, run, tuple(row)) if vault else row
                yield _entry((run, seq, time, decode(kind, version, payload)))

    def resolve(self, prefix: str) -> str:
        """See ``Log.resolve``."""
        matches = [row[0] for row in self._tables.select(_GET_IDS, (len(prefix), prefix, prefix)) if row[0] != JOURNAL]
        others = [] if prefix and len(matches) == 1 else [summary.id for summary in self.runs(200)]
        return choose_run(prefix, matches, others)

    def close(self) -> None:
        """See ``Log.close``."""
        self._tables.close()

    def head(self, run: str) -> str:
        """See ``Chain.head``."""
        return self._line(run)[1].hex()

    def hashes(self, run: str) -> list[str]:
        """See ``Chain.hashes``."""
        return [hash.hex() for (hash,) in self._tables.select(_GET_HASHES, (run,))]

    def verify(self, run: str, noted: str = "") -> Verdict:
        """See ``Chain.verify``."""
        rows, verdict = self._verified(run, noted)
        with suppress(StoreLocked):  # the chain is over what lies there, so that it can be looked at without the key
            rows, opened = self._looked_into(run, rows, verdict)
            if noted and verdict.events and not verdict.ok and noted_before(run, rows, noted):
                return self.verify(run)
            return opened
        return verdict

    def whole(self, run: str) -> tuple[list[Entry], Verdict]:
        """See ``Chain.whole``."""
        with _uncollected():
            rows, verdict = self._looked_into(run, *self._verified(run))
            del rows[verdict.events :]
            events, error = decode_all([row[2:5] for row in rows])
            if error is not None:
                verdict = _unreadable(run, rows, len(events), error)
            return [_entry((run, row[0], row[1], event)) for row, event in zip(rows, events, strict=False)], verdict

    def _verified(self, run: str, noted: str = "") -> tuple[list[Row], Verdict]:
        line, rows = self._line(run), self._tables.select(_GET_LINKS, (run,))
        while line != (now := self._line(run)):  # somebody appends meanwhile
            line, rows = now, self._tables.select(_GET_LINKS, (run,))
        head, chain, seal = line
        verdict = verify(run, rows, head, chain, noted)
        try:
            return rows, replace(verdict, own=verdict.ok and self._is_own(run, head, chain, seal))
        except StoreError:  # a key that cannot be used makes nobody's record unreadable; who writes is told
            return rows, verdict

    def _looked_into(self, run: str, rows: list[Row], verdict: Verdict) -> tuple[list[Row], Verdict]:
        """The rows of an encrypted record opened as far as it is whole, and what is found when one does not open."""
        vault = self._tables.vault if rows else None
        if vault is None:
            return rows, verdict
        opened: list[Row] = []
        for row in rows[: verdict.events]:
            try:
                opened.append(opened_row(vault, run, row))
            except StoreCorrupt as error:
                seq, head = row[0], rows[len(opened) - 1][6].hex() if opened else ""
                fault = f"Event {seq} does not open. {error.why}"
                return opened, Verdict(run, len(opened), head, fault, seq)
        return opened, verdict

    def put(self, db: Connection, run: str, event: Event, time: float) -> None:
        """Append an event after the last one, whatever it is, inside a transaction that does more than that."""
        head, chain, seal = db.execute(_GET_CHAIN, (run,)).fetchone() or (0, root(run), "")
        own = not head or self._is_own(run, head, chain, seal)
        self._put(db, (Entry(run, head + 1, time, event),), [encode(event)], chain, 0, own)

    def _put(
        self, db: Connection, entries: Sequence[Entry], payloads: Sequence[bytes], prev: bytes, epoch: int, own: bool
    ) -> None:
        run, last = entries[0].run, entries[-1].seq
        summed = entries[0].seq == 1
        vault, put = self._tables.vault, _PUT_EVENT
        if vault is not None:
            payloads, put = sealed_payloads(vault, entries, payloads), _PUT_SEALED
        for (_, seq, time, event), payload in zip(entries, payloads, strict=True):
            hash = link(prev, run, seq, time, event.kind, event.version, payload)
            db.execute(put, (run, seq, time, event.kind, event.version, payload, prev, hash))
            prev = hash
            summed = summed or event.kind in SUMMED
        derive(db, entries if vault is None else worded(vault, entries), epoch)
        seal = ""
        if own and self._sealer is not None:
            seal = self._sealer.seal(head_fields(run, last, prev))
            self._mine[run] = (last, prev, seal)
        if summed:
            row = db.execute(_GET_RUN, (run,)).fetchone()
            summary = _summary(row, vault) if row else RunSummary(run, begun_at(entries))
            db.execute(_PUT_RUN, (*_row(summary.after([entry.event for entry in entries]), vault), prev, seal))
        else:
            db.execute(_MOVE_HEAD, (last, prev, seal, run))

    def _is_own(self, run: str, head: int, chain: bytes, seal: str) -> bool:
        """Whether this user's key has sealed a head."""
        if self._mine.get(run) == (head, chain, seal):
            return True
        sealer, whole = self._sealer, isinstance(seal, str) and bool(seal)  # anybody may have written it
        return sealer is not None and whole and sealer.verifies(head_fields(run, head, chain), seal)

    def _line(self, run: str) -> tuple[int, bytes, str]:
        """A run's number of events, its last hash and the seal of both, as the list of runs has them."""
        head, chain, seal = next(iter(self._tables.select(_GET_CHAIN, (run,))), (0, b"", ""))
        return head, chain, seal

    def _effect(self, run: str, call: str) -> str | None:
        return next((row[0] for row in self._tables.select(_GET_EFFECT, (run, call))), None)


def head_fields(run: str, head: int, chain: bytes) -> tuple[str, ...]:
    """What the seal of a run's head binds: how many events it has, and the hash of the last, which follows from all."""
    return ("head", f"{head} {chain.hex()} {run}")


def _unreadable(run: str, rows: Sequence[Row], count: int, error: StoreCorrupt) -> Verdict:
    """What is found of a record of which only so many events can be read."""
    seq, head = rows[count][0], rows[count - 1][6].hex() if count else ""
    return Verdict(run, count, head, f"Event {seq} cannot be read. {error.why}", seq)


@contextmanager
def _uncollected() -> Iterator[None]:
    """While a long log is read nothing becomes garbage: to look for it again and again is a tenth of the time."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def noted_before(run: str, rows: Sequence[Row], noted: str) -> bool:
    """Whether a head was noted before the record was encrypted: then it is one of the events as they were encoded."""
    prev = root(run)
    for seq, time, kind, version, payload, *_ in rows:
        prev = link(prev, run, seq, time, kind, version, payload)
        if prev.hex().startswith(noted):
            return True
    return False


def _summary(row: Row, vault: Vault | None) -> RunSummary:
    summary = RunSummary(*row[:8], *map(bool, row[8:]))
    return summary if vault is None else replace(summary, prompt=opened_prompt(vault, summary.id, summary.prompt))


def _row(summary: RunSummary, vault: Vault | None) -> Row:
    prompt = summary.prompt.replace("\0", "�")  # no text in PostgreSQL holds it; the event itself does
    return (
        summary.id,
        summary.started,
        prompt if vault is None else vault.seal_text(prompt, *prompt_place(summary.id)),
        summary.model,
        summary.head,
        summary.outcome,
        summary.notebook,
        summary.cell,
        int(summary.parked),
    )
