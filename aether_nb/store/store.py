"""A whole store: log, chain, ledger, signals, leases and blobs that belong together, and the ways to get one.

Where it is says which way: a folder, or what stands before ``://`` in its address. Each is registered under that name:
``register("store", "mine", opened)``, where ``opened(place, name, sealer)`` gives a ``Store``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb import plugins
from aether_nb.config.address import POSTGRES, Address, is_address
from aether_nb.errors import OptionError, StoreError, StoreLocked
from aether_nb.events.folds import fold
from aether_nb.events.kinds import Entry
from aether_nb.events.state import RunState
from aether_nb.store.across import Across
from aether_nb.store.blobs import Blobs
from aether_nb.store.chain import Chain
from aether_nb.store.database import Database
from aether_nb.store.folder_blobs import FolderBlobs
from aether_nb.store.lease import Holder, Leases
from aether_nb.store.ledger import Ledger
from aether_nb.store.log import Log
from aether_nb.store.memory import MemoryLog
from aether_nb.store.memory_parts import MemoryBlobs, MemoryLeases, MemorySignals
from aether_nb.store.processes import this_process
from aether_nb.store.rows import Tables
from aether_nb.store.rules import held
from aether_nb.store.seal import Sealer
from aether_nb.store.sealed_blobs import SealedBlobs
from aether_nb.store.signals import Signals
from aether_nb.store.sqlite_log import SqliteLog
from aether_nb.store.table_leases import TableLeases
from aether_nb.store.table_ledger import TableLedger
from aether_nb.store.table_signals import TableSignals
from aether_nb.store.wrapping import Unlock

__all__ = ["Store", "fit", "memory_store", "open_store", "plug"]

FOLDER = "folder"
"""The name under which the store in a folder is registered."""


Opener: TypeAlias = Callable[[Any, str, Sealer | None], "Store"]


@dataclass(frozen=True, slots=True)
class Store:
    """The parts of one store. ``log.close()`` lets go of its file or its server; it opens itself again."""

    log: Log
    chain: Chain
    ledger: Ledger
    signals: Signals
    leases: Leases
    blobs: Blobs
    across: Across
    place: str = "memory"
    """Where it is, for people; no password is in it."""
    tables: Tables | None = None
    """Those of a store on disk or on a server."""

    @property
    def encrypted(self) -> bool:
        """Whether its contents are sealed; whether anybody here has the key is another question."""
        try:
            return self.tables is not None and self.tables.vault is not None
        except StoreLocked:
            return True

    def unlocked_by(self, unlock: Unlock | None) -> Store:
        """The same store, for which this finds the key when it is needed; None: whoever finds it now."""
        if unlock is not None and self.tables is not None:
            self.tables.bring_key(unlock)
        return self

    def whole(self, run: str) -> tuple[list[Entry], bool]:
        """A run's record, and whether this user has written all of it.

        Raises:
            StoreTampered: It is not what was written.
        """
        entries, verdict = self.chain.whole(run)
        verdict.confirm()
        return entries, verdict.own

    def state(self, run: str) -> RunState | None:
        """How the run of exactly this name stands; None when there is none."""
        entries = list(self.log.read(run))
        return fold(entries) if entries else None

    def last_holder(self, run: str, force: bool = False) -> Holder | None:
        """Who held a run last; None when nobody ever did.

        Raises:
            LeaseHeld: He is at it; with ``force`` that is no reason. It is said before anything is prepared.
        """
        holder = self.leases.holder(run)
        if holder is not None and holder.alive and not force:
            raise held(run, holder.name, holder.since, here=holder.process == this_process())
        return holder

    @contextmanager
    def leased(self, run: str, force: bool = False) -> Iterator[Holder]:
        """Be the one who advances a run, and let go of it whatever becomes of it.

        Raises:
            LeaseHeld: Somebody does, here or elsewhere; ``force`` takes it over.
        """
        lease = self.leases.take(run, time.time(), force)
        try:
            yield lease
        finally:
            self.leases.release(run, lease.epoch)


def open_store(
    place: Path | Address,
    name: str = "",
    wal: bool | None = None,
    sealer: Sealer | None = None,
    unlock: Unlock | None = None,
) -> Store:
    """The store in a folder, or at an address. Nothing is made, and nobody asked, before it is used.

    Args:
        place: Where it is; it need not exist.
        name: What people call this process: its notebook, or the command that was typed.
        wal: Whether the file keeps a write-ahead log; None: where that is safe.
        sealer: This user's key, which seals what is written; without it nothing that is written is anybody's own.
        unlock: Finds the key when the record turns out to be encrypted; without it, nobody has it.

    Raises:
        StoreError: No store is registered for such an address.
    """
    if not isinstance(place, Address):
        opened: Opener = plugins.found("store", plugged=False)[FOLDER]
        store = opened(place, name, sealer) if wal is None else _folder_store(place, name, sealer, wal)
        return store.unlocked_by(unlock)
    known: dict[str, Opener] = plugins.found("store")
    if place.scheme not in known:
        raise StoreError(
            f"There is no store for {place}.",
            f"There are stores in folders, and for {', '.join(f'{one}://' for one in known if one != FOLDER)}.",
            f'Before %load_ext aether_nb: register("store", "{place.scheme}", …), or install the package that does.',
        )
    return known[place.scheme](place, name, sealer).unlocked_by(unlock)


def plug(house: plugins.House) -> None:
    """Bring in the stores that are built in."""
    house.register("store", FOLDER, _folder_store)
    for scheme in POSTGRES:
        house.register("store", scheme, _server_store)


def fit(name: str, thing: Any) -> Opener:
    """The function that opens a store, which a thing is: of the place, the process's name, and the user's sealer.

    Raises:
        OptionError: It is none, or its name cannot stand before ``://``.
    """
    if name != name.lower() or not is_address(f"{name}://"):
        raise OptionError(f"{name!r} cannot stand before :// in an address.", "", 'register("store", "mine", opened)')
    if not callable(thing):
        what = f"What is registered as the store {name!r} is none."
        raise OptionError(what, f"It is a {type(thing).__name__}.", "Give a function that opens one.")
    opened: Opener = thing
    return opened


def _folder_store(place: Path, name: str, sealer: Sealer | None, wal: bool | None = None) -> Store:
    database = Database(place, wal)
    log = SqliteLog(database, sealer)
    return Store(
        log,
        log,
        TableLedger(database),
        TableSignals(database),
        TableLeases(database, name),
        SealedBlobs(database, FolderBlobs(database.folder)),
        log,
        str(database.folder),
        database,
    )


def _server_store(address: Address, name: str, sealer: Sealer | None) -> Store:
    from aether_nb.store.postgres.blobs import ServerBlobs
    from aether_nb.store.postgres.database import server_tables
    from aether_nb.store.tables import TableLog

    tables = server_tables(address)
    log = TableLog(tables, sealer)
    return Store(
        log,
        log,
        TableLedger(tables),
        TableSignals(tables),
        TableLeases(tables, name),
        SealedBlobs(tables, ServerBlobs(tables)),
        log,
        str(address),
        tables,
    )


def memory_store(sealer: Sealer | None = None) -> Store:
    """A store that lives as long as it is held; see ``open_store``."""
    signals, leases = MemorySignals(), MemoryLeases()
    log = MemoryLog(True, signals, leases, own=sealer is not None)
    return Store(log, log, log, signals, leases, MemoryBlobs(), log)
