"""Encrypting a record on a PostgreSQL server: the same laws, kept by the server's means."""

from __future__ import annotations

from contextlib import closing

import pytest

from aether_nb.config.address import Address
from aether_nb.errors import StoreError, StoreLocked
from aether_nb.events import kinds as k
from aether_nb.store.encrypting import decrypt, encrypt, rewrap, wrapped_key
from aether_nb.store.postgres.database import ServerTables
from aether_nb.store.prune import prune
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from aether_nb.store.table_signals import TableSignals
from aether_nb.store.tables import TableLog
from aether_nb.store.vault import new_key
from aether_nb.store.wrapping import unwrap, wrap

KEY = new_key()
WRAPPED = wrap(KEY, "first", "keyring", 1.0)
PLANTED = "the-planted-value-0417"


def contents(postgres):
    """Everything that the server would give to who may read all tables."""
    tables = ("runs", "events", "calls", "signals", "blobs")
    return "".join(str(row) for table in tables for row in postgres.ask(f"SELECT t::text FROM aether.{table} AS t"))


def test_all_is_sealed_on_a_server_and_opens_again(address, postgres):
    """What was there, and what comes; another secret opens the same; who has no key reads and cleans nothing."""
    store = open_store(address, "a test")
    hash = store.blobs.put(PLANTED.encode())
    store.log.append("r", 0, (k.RunStarted(PLANTED, "m"), k.CallBegun("a", "h")), 1.0)
    store.signals.send(Signal("r", "tell", "cli", {"text": PLANTED}, "s"))
    before = (list(store.log.read("r")), store.log.runs(), store.signals.pending("r"), store.ledger.calls("r"))
    hex_value = PLANTED.encode().hex()
    assert PLANTED in contents(postgres) and hex_value in contents(postgres)
    assert encrypt(address, WRAPPED, KEY) == (1, 1, 0)
    store = open_store(address, "a test", unlock=lambda _: KEY)
    store.log.append("r", 2, (k.RunEnded("failed", PLANTED),), 2.0)
    assert PLANTED not in contents(postgres) and hex_value not in contents(postgres)
    assert (store.blobs.get(hash), store.encrypted, store.chain.verify("r").ok) == (PLANTED.encode(), True, True)
    rewrap(address, wrap(KEY, "second", "keyring", 2.0, WRAPPED.id), KEY)
    assert unwrap(wrapped_key(address), "second") == KEY
    assert prune(address, 1.0, unlock=lambda _: KEY).runs == ()
    assert decrypt(address, WRAPPED, KEY) == (1, 1, 0)
    now = (list(store.log.read("r"))[:2], store.signals.pending("r"), store.ledger.calls("r"))
    assert now == (before[0], before[2], before[3]) and not store.encrypted
    assert store.blobs.get(hash) == PLANTED.encode()


def test_a_store_of_somebody_else_is_not_encrypted_from_here():
    """Whoever made it knows how its contents are kept."""
    with pytest.raises(StoreError, match="cannot be encrypted from here"):
        encrypt(Address("mine://host/runs"), WRAPPED, KEY)


def test_a_connection_from_before_is_refused_and_loses_nothing(address, postgres, monkeypatch):
    """It opens the record anew, with the key when somebody has it; who has none is told so."""
    from aether_nb.store.postgres import alone

    stale, keyless = ServerTables(address), ServerTables(address)
    stale.bring_key(lambda _: KEY)
    with closing(stale), closing(keyless):
        TableLog(stale).append("r", 0, (k.RunStarted("q", "m"),), 1.0)
        assert TableSignals(keyless).pending("r") == []
        with pytest.raises(StoreError, match="open elsewhere"):
            encrypt(address, WRAPPED, KEY)
        monkeypatch.setattr(alone, "_ALONE", "SELECT true")
        encrypt(address, WRAPPED, KEY)
        TableLog(stale).append("r", 1, (k.CallBegun("a", PLANTED),), 2.0)
        with pytest.raises(StoreLocked):
            TableSignals(keyless).send(Signal("r", "tell", "cli", {"text": PLANTED}, "s"))
        assert [entry.seq for entry in TableLog(stale).read("r")] == [1, 2]
    assert PLANTED not in contents(postgres)


def test_nothing_is_opened_while_somebody_else_has_it_open(address, postgres):
    """Decrypting is refused before any bytes are readable, and the record stays what it was."""
    hash = open_store(address, "a test").blobs.put(PLANTED.encode())
    encrypt(address, WRAPPED, KEY)
    other = ServerTables(address)
    with closing(other):
        assert TableSignals(other).pending("r") == []
        with pytest.raises(StoreError, match="open elsewhere"):
            decrypt(address, WRAPPED, KEY)
    assert PLANTED.encode().hex() not in contents(postgres) and wrapped_key(address) == WRAPPED
    assert open_store(address, "a test", unlock=lambda _: KEY).blobs.get(hash) == PLANTED.encode()
