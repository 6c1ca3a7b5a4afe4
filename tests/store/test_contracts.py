"""All stores keep all contracts: in a folder, with either journal, in memory, and on a PostgreSQL server."""

from __future__ import annotations

from contextlib import closing

import pytest

from aether_nb.store.store import memory_store, open_store
from contracts.blobs_contract import BlobsContract
from contracts.chain_contract import ChainContract
from contracts.heads_contract import HeadsContract
from contracts.lease_contract import LeaseContract
from contracts.ledger_contract import LedgerContract
from contracts.log_contract import LogContract
from contracts.signals_contract import SignalsContract


class InMemory:
    """A store in memory."""

    @pytest.fixture
    def store(self):
        """An empty one."""
        return memory_store()

    @pytest.fixture
    def log(self, store):
        """Its log."""
        return store.log


class OnDisk(InMemory):
    """A store in a folder, with a write-ahead log."""

    wal = True

    @pytest.fixture
    def store(self, folder):
        """An empty one."""
        store = open_store(folder, "a test", self.wal)
        with closing(store.log):
            yield store


class WithoutWal(OnDisk):
    """A store in a folder that other machines share."""

    wal = False


class OnServer(InMemory):
    """A store on a PostgreSQL server."""

    @pytest.fixture
    def store(self, server_store):
        """An empty one."""
        return server_store


class Opened:
    """Opens one record as somebody; each is closed."""

    wal = True

    @pytest.fixture
    def place(self, folder):
        """Where it is."""
        return folder

    @pytest.fixture
    def opened(self, place):
        """See ``HeadsContract``."""
        stores = []

        def open_as(sealer):
            stores.append(open_store(place, "a test", self.wal, sealer))
            return stores[-1]

        yield open_as
        for store in stores:
            store.log.close()


class OpenedOnServer(Opened):
    """The same on a PostgreSQL server."""

    @pytest.fixture
    def place(self, address):
        """Where it is."""
        return address


class TestHeads(Opened, HeadsContract):
    """Whose a run is."""


class TestHeadsWithoutWal(Opened, HeadsContract):
    """Whose a run is, with a rollback journal."""

    wal = False


class TestServerHeads(OpenedOnServer, HeadsContract):
    """Whose a run is, on a server."""


class TestMemoryLog(InMemory, LogContract):
    """Laws of logs."""


class TestMemoryLedger(InMemory, LedgerContract):
    """Laws of ledgers."""


class TestMemorySignals(InMemory, SignalsContract):
    """Laws of letter boxes."""


class TestMemoryLeases(InMemory, LeaseContract):
    """Laws of leases."""


class TestMemoryBlobs(InMemory, BlobsContract):
    """Laws of bytes."""


class TestMemoryChain(InMemory, ChainContract):
    """Laws of chains."""


class TestLog(OnDisk, LogContract):
    """Laws of logs."""


class TestLedger(OnDisk, LedgerContract):
    """Laws of ledgers."""


class TestSignals(OnDisk, SignalsContract):
    """Laws of letter boxes."""


class TestLeases(OnDisk, LeaseContract):
    """Laws of leases."""


class TestBlobs(OnDisk, BlobsContract):
    """Laws of bytes."""


class TestChain(OnDisk, ChainContract):
    """Laws of chains."""


class TestLogWithoutWal(WithoutWal, LogContract):
    """Laws of logs, with a rollback journal."""


class TestLedgerWithoutWal(WithoutWal, LedgerContract):
    """Laws of ledgers, with a rollback journal."""


class TestServerLog(OnServer, LogContract):
    """Laws of logs, on a server."""


class TestServerLedger(OnServer, LedgerContract):
    """Laws of ledgers, on a server."""


class TestServerSignals(OnServer, SignalsContract):
    """Laws of letter boxes, on a server."""


class TestServerLeases(OnServer, LeaseContract):
    """Laws of leases, on a server."""


class TestServerBlobs(OnServer, BlobsContract):
    """Laws of bytes, on a server."""


class TestServerChain(OnServer, ChainContract):
    """Laws of chains, on a server."""
