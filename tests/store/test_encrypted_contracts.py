"""An encrypted store keeps all contracts: whoever has its key notices no difference."""

from __future__ import annotations

import shutil
from contextlib import closing

import pytest

from aether_nb.events.codec import encode
from aether_nb.store.encrypting import encrypt
from aether_nb.store.store import open_store
from aether_nb.store.vault import Vault, is_sealed, new_key
from aether_nb.store.wrapping import wrap
from contracts.across_contract import AcrossContract
from contracts.blobs_contract import BlobsContract
from contracts.chain_contract import ChainContract
from contracts.heads_contract import HeadsContract
from contracts.lease_contract import LeaseContract
from contracts.ledger_contract import LedgerContract
from contracts.log_contract import LogContract
from contracts.signals_contract import SignalsContract
from harness.forging import tables_of

KEY = new_key()
WRAPPED = wrap(KEY, "random", "keyring", 1.0)


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory):
    """A folder with an empty encrypted record."""
    folder = tmp_path_factory.mktemp("encrypted") / ".aether"
    encrypt(folder, WRAPPED, KEY)
    return folder


class Place:
    """Where an encrypted store is."""

    wal = True

    @pytest.fixture
    def place(self, encrypted, folder):
        """A folder."""
        return shutil.copytree(encrypted, folder)


class ServerPlace:
    """Where one is on a PostgreSQL server."""

    wal = True

    @pytest.fixture
    def place(self, address):
        """An address."""
        encrypt(address, WRAPPED, KEY)
        return address


class Encrypted(Place):
    """An encrypted store in a folder."""

    @pytest.fixture
    def store(self, place):
        """An empty one."""
        store = open_store(place, "a test", self.wal, unlock=lambda _: KEY)
        with closing(store.log):
            yield store

    @pytest.fixture
    def log(self, store):
        """Its log."""
        return store.log


class Ledger(LedgerContract):
    """The laws of ledgers, of one in which the hash of a call is a keyed one."""

    def kept(self, store, hash):
        """A word that only the key makes of it."""
        return Vault(KEY).word(hash)


class Chain(ChainContract):
    """The laws of chains, of one over sealed bytes."""

    def payload(self, store, seq, event):
        """What lies in the table: the event cannot be read in it."""
        query = "SELECT CAST(payload AS BLOB) FROM events WHERE run = 'r' AND seq = ?"
        ((payload,),) = tables_of(store).select(query, (seq,))
        assert is_sealed(payload) and encode(event) not in payload
        return payload


class Opened:
    """Opens one record as somebody; each is closed."""

    @pytest.fixture
    def opened(self, place):
        """See ``HeadsContract``."""
        stores = []

        def open_as(sealer):
            stores.append(open_store(place, "a test", self.wal, sealer, lambda _: KEY))
            return stores[-1]

        yield open_as
        for store in stores:
            store.log.close()


class EncryptedWithoutWal(Encrypted):
    """The same where machines share the folder."""

    wal = False


class EncryptedOnServer(ServerPlace, Encrypted):
    """An encrypted store on a PostgreSQL server."""


class TestBlobs(Encrypted, BlobsContract):
    """Laws of bytes."""


class TestSignals(Encrypted, SignalsContract):
    """Laws of letter boxes."""


class TestAcross(Encrypted, AcrossContract):
    """Laws of figures over all runs."""


@pytest.mark.full
class TestHeads(Opened, Place, HeadsContract):
    """Whose a run is."""


@pytest.mark.full
class TestLog(Encrypted, LogContract):
    """Laws of logs."""


@pytest.mark.full
class TestLedger(Encrypted, Ledger):
    """Laws of ledgers."""


@pytest.mark.full
class TestLeases(Encrypted, LeaseContract):
    """Laws of leases."""


@pytest.mark.full
class TestChain(Encrypted, Chain):
    """Laws of chains."""


@pytest.mark.full
class TestLogWithoutWal(EncryptedWithoutWal, LogContract):
    """Laws of logs, with a rollback journal."""


@pytest.mark.full
class TestServerLog(EncryptedOnServer, LogContract):
    """Laws of logs, on a server."""


@pytest.mark.full
class TestServerLedger(EncryptedOnServer, Ledger):
    """Laws of ledgers, on a server."""


@pytest.mark.full
class TestServerSignals(EncryptedOnServer, SignalsContract):
    """Laws of letter boxes, on a server."""


@pytest.mark.full
class TestServerLeases(EncryptedOnServer, LeaseContract):
    """Laws of leases, on a server."""


@pytest.mark.full
class TestServerBlobs(EncryptedOnServer, BlobsContract):
    """Laws of bytes, on a server."""


@pytest.mark.full
class TestServerChain(EncryptedOnServer, Chain):
    """Laws of chains, on a server."""


@pytest.mark.full
class TestServerHeads(Opened, ServerPlace, HeadsContract):
    """Whose a run is, on a server."""
