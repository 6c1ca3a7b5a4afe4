"""A store that is encrypted from now on, one that is not any more, and one whose key is wrapped anew.

All rows change in one transaction, which also puts the wrapped key there, so a process that is killed leaves a store of
the one kind or of the other. What follows can be done again: bytes are sealed one after the other, each removed only
when its sealed ones are there, and the file is written anew, so that nothing readable is left between its rows. Until
then the key's row says ``sealing``. Nobody else may have the store open meanwhile. This module asks nobody for a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aether_nb.config.address import POSTGRES, Address
from aether_nb.errors import StoreCorrupt, StoreError
from aether_nb.store.database import Database
from aether_nb.store.folder_blobs import FolderBlobs
from aether_nb.store.guards import guard_file, guard_server, open_elsewhere
from aether_nb.store.rewriting import Rewriting, Rewritten
from aether_nb.store.rows import Connection, Tables
from aether_nb.store.seal import Sealer
from aether_nb.store.sealed_blobs import Keeping, clear, seal_all, sealed_names, unseal_all
from aether_nb.store.table_leases import TableLeases
from aether_nb.store.vault import Vault
from aether_nb.store.wrapping import GET_WRAPPED, PUT_WRAPPED, Wrapped

if TYPE_CHECKING:
    from aether_nb.store.postgres.database import ServerTables

__all__ = ["Changed", "decrypt", "encrypt", "rewrap", "wrapped_key"]

_REWRAP = "UPDATE keys SET source = ?, salt = ?, cost = ?, wrapped = ?, since = ? WHERE id = ?"
_STATE = "UPDATE keys SET state = ? WHERE id = ?"
_UNCLEAN = "UPDATE keys SET state = 'sealing'"
_FORGET = "DELETE FROM keys"
_LEASES = "SELECT run FROM leases ORDER BY run"


class Changed(NamedTuple):
    """What came of it: how many runs were rewritten, and how many blobs; how many contents did not open, of either."""

    runs: int
    blobs: int
    damaged: int = 0


class _Work(NamedTuple):
    """A store that nobody else has open."""

    tables: Tables
    blobs: Keeping
    lock: Callable[[Connection], None]
    guard: Callable[[Connection, bool | None], None]
    clean: Callable[[], None]
    """Leaves nothing of what was overwritten."""


def wrapped_key(place: Path | Address) -> Wrapped | None:
    """The wrapped key of a store, which needs no secret; None when it is not encrypted, or not there.

    Raises:
        StoreError: The store cannot be read.
    """
    tables = _tables(place)
    try:
        rows = tables.select(GET_WRAPPED)
    finally:
        tables.close()
    return Wrapped(*rows[0]) if rows else None


def encrypt(place: Path | Address, wrapped: Wrapped, key: bytes, sealer: Sealer | None = None) -> Changed:
    """Encrypt a store, or finish what was begun: what is done already is not done again.

    Args:
        place: The record's folder, or its server; it need not exist.
        wrapped: The wrapped key that is put there; of a store that is encrypted already, the one it has.
        key: The data key in it.
        sealer: This user's key, for the heads of runs.

    Raises:
        StoreError: Somebody works with the store, it has another key by now, or it cannot be written. Nothing readable
            was lost.
    """
    vault = Vault(key)
    with _alone(place, key) as work:
        left = sealed_names(work.blobs)  # when nothing is encrypted yet: by a key that is gone

        def act(db: Connection) -> int | None:
            work.lock(db)
            if wrapped.state == "sealing" or db.execute(GET_WRAPPED).fetchall():
                _check_key(db, wrapped)
                return None
            count = Rewriting(vault, True, sealer).all(db).runs
            db.execute(PUT_WRAPPED, wrapped._replace(state="sealing"))
            work.guard(db, True)
            return count

        runs = work.tables.write(("encrypt",), act)
        if runs is not None:
            clear(work.blobs, left)
        blobs = _seal_rest(work, vault, wrapped)
    return Changed(runs or 0, blobs)


def decrypt(place: Path | Address, wrapped: Wrapped, key: bytes, sealer: Sealer | None = None) -> Changed:
    """Open everything for good. Sealed bytes are removed when nothing speaks of them any more; see ``encrypt``.

    What is damaged does not hinder it: it is counted. When it is refused, what had been opened is sealed again.

    Raises:
        StoreError: Somebody works with the store, or it has another key by now.
        StoreCorrupt: Nothing in it opens with this key, which stays there.
    """
    vault = Vault(key)
    with _alone(place, key) as work:

        def begin(db: Connection) -> None:
            work.lock(db)
            _check_key(db, wrapped)
            db.execute(_UNCLEAN)

        def act(db: Connection) -> Rewritten:
            work.lock(db)
            _check_key(db, wrapped)
            if set(sealed_names(work.blobs)) - set(names):
                raise open_elsewhere()  # and bytes were put in, which nobody has opened
            work.guard(db, None)
            done = Rewriting(vault, False, sealer).all(db)
            if done.damaged and not done.opened:
                raise _nothing_opens()
            db.execute(_FORGET)
            work.guard(db, False)
            return done

        # From here on something is readable: ``encrypt`` would have to seal it again.
        work.tables.write(("opening",), begin)
        names = sealed_names(work.blobs)
        blobs = unseal_all(work.blobs, vault, names)
        try:
            done = work.tables.write(("decrypt",), act)
        except StoreError:
            _seal_rest(work, vault, wrapped)
            raise
        clear(work.blobs, names)
        work.clean()
    return Changed(done.runs, blobs, done.damaged + len(names) - blobs)


def rewrap(place: Path | Address, wrapped: Wrapped, key: bytes) -> None:
    """Let another secret open the store, and the one before not any more. No row of a run changes.

    Args:
        place: The record's folder, or its server.
        wrapped: The same data key, wrapped by the new secret.
        key: That data key.

    Raises:
        StoreError: Somebody works with the store, or it has another key by now.
    """
    row = (wrapped.source, wrapped.salt, wrapped.cost, wrapped.wrapped, wrapped.since, wrapped.id)
    with _alone(place, key) as work:

        def act(db: Connection) -> None:
            db.execute(_REWRAP, row)  # which waits for whoever changes the row, and finds none of another id
            _check_key(db, wrapped)

        work.tables.write(("rewrap",), act)
        work.clean()


# ---- what each of them does


def _check_key(db: Connection, wrapped: Wrapped) -> None:
    """That the store still has the key which was looked at before somebody was asked for its secret."""
    if [id for id, *_ in db.execute(GET_WRAPPED).fetchall()] != [wrapped.id]:
        raise StoreError(
            "The key of this record is another one now.",
            "It was encrypted or decrypted elsewhere meanwhile. Nothing was changed here.",
            "Do the same again.",
        )


def _seal_rest(work: _Work, vault: Vault, wrapped: Wrapped) -> int:
    """Seal the bytes that are readable, leave nothing of them, and note that this is done."""
    blobs = seal_all(work.blobs, vault)
    work.clean()
    work.tables.write(("encrypted",), lambda db: db.execute(_STATE, ("sealed", wrapped.id)))
    return blobs


def _nothing_opens() -> StoreCorrupt:
    return StoreCorrupt(
        "This record was not opened for good.",
        "Nothing in it opens with its key, so the key stays: without it nothing ever would.",
        "See what is whole: %aether verify. Bring the record back from a copy.",
    )


# ---- nobody else


def _tables(place: Path | Address) -> Database | ServerTables:
    if not isinstance(place, Address):
        return Database(place)
    if place.scheme not in POSTGRES:
        raise StoreError(f"Runs in {place} cannot be encrypted from here.", "Whoever made this store knows how.")
    from aether_nb.store.postgres.database import server_tables

    return server_tables(place)


@contextmanager
def _alone(place: Path | Address, key: bytes) -> Iterator[_Work]:
    """A store that no other process has open; on a server from the first look at its rows to the commit."""
    tables = _tables(place)
    tables.bring_key(lambda _: key)
    try:
        _check_leases(tables)
        if isinstance(tables, Database):
            with tables.alone():
                yield _Work(tables, FolderBlobs(tables.folder), lambda _: None, guard_file, tables.shrink)
        else:
            from aether_nb.store.postgres.alone import be_alone, written_anew
            from aether_nb.store.postgres.blobs import ServerBlobs

            yield _Work(tables, ServerBlobs(tables), be_alone, guard_server, partial(written_anew, tables))
    finally:
        tables.close()


def _check_leases(tables: Tables) -> None:
    leases = TableLeases(tables)
    for (run,) in tables.select(_LEASES):
        if (holder := leases.holder(run)) is not None and holder.alive:
            raise StoreError(
                f"Run {run} is at work.",
                f"{holder.name} holds it, and would go on writing while everything is rewritten.",
                f"Wait until it has ended, or stop it: %aether stop {run}",
            )
