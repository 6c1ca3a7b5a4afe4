"""Two who change the same record, and records in which something is damaged: no key is lost while it opens anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from aether_nb.errors import StoreCorrupt, StoreError
from aether_nb.events import kinds as k
from aether_nb.store import encrypting
from aether_nb.store.encrypting import Changed, decrypt, encrypt, rewrap, wrapped_key
from aether_nb.store.folder_blobs import FolderBlobs
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from aether_nb.store.vault import Vault, new_key
from aether_nb.store.wrapping import wrap
from harness.forging import tables_of

KEY, OTHER = new_key(), new_key()
WRAPPED, ANOTHER = wrap(KEY, "first", "keyring", 1.0), wrap(OTHER, "other", "keyring", 2.0)


def opened(folder, key=KEY, **more):
    """The record as somebody who has this key sees it."""
    return open_store(folder, "a test", unlock=lambda _: key, **more)


@pytest.fixture
def bytes_kept(folder):
    """A record with a run and with bytes; their hash."""
    with closing(open_store(folder).log) as log:
        log.append("r", 0, (k.RunStarted("q", "m"), k.RunEnded("done")), 1.0)
    return open_store(folder).blobs.put(b"kept" * 9)


def still_whole(folder, key, hash):
    """Whether all that was kept opens with this key."""
    store = opened(folder, key)
    with closing(store.log):
        return len(list(store.log.read("r"))) == 2 and store.blobs.get(hash) == b"kept" * 9


def test_who_finds_it_encrypted_meanwhile_seals_nothing(folder, bytes_kept):
    """Another was faster, and has sealed no bytes yet: they are not sealed with a key that is stored nowhere."""
    encrypt(folder, ANOTHER, OTHER)
    opened(folder, OTHER).log.close()
    FolderBlobs(folder).put(b"not sealed yet")
    with pytest.raises(StoreError, match="another one now"):
        encrypt(folder, WRAPPED, KEY)
    assert wrapped_key(folder).id == ANOTHER.id and still_whole(folder, OTHER, bytes_kept)
    assert FolderBlobs(folder).get(next(FolderBlobs(folder).hashes())[0]) == b"not sealed yet"


def test_what_was_begun_is_not_finished_when_it_was_decrypted_meanwhile(folder, bytes_kept):
    """The keyring has forgotten that key: to encrypt with it again would lock everybody out."""
    encrypt(folder, WRAPPED, KEY)
    seen = WRAPPED._replace(state="sealing")
    decrypt(folder, WRAPPED, KEY)
    with pytest.raises(StoreError, match="another one now"):
        encrypt(folder, seen, KEY)
    assert wrapped_key(folder) is None


def test_an_old_key_neither_opens_nor_is_replaced(folder, bytes_kept):
    """It was decrypted and encrypted anew while somebody typed: the new key stays, and opens everything."""
    encrypt(folder, ANOTHER, OTHER)
    for act in (
        lambda: decrypt(folder, WRAPPED, KEY),
        lambda: rewrap(folder, wrap(KEY, "x", "keyring", 3.0, WRAPPED.id), KEY),
    ):
        with pytest.raises(StoreError, match="another one now"):
            act()
        assert wrapped_key(folder) == ANOTHER
    assert still_whole(folder, OTHER, bytes_kept)


def test_a_key_that_opens_nothing_is_not_dropped(folder, bytes_kept):
    """Whatever the reason is: without it nothing would ever open. What had been opened for it is sealed again."""
    encrypt(folder, WRAPPED, KEY)
    store = opened(folder)
    for statement in ("UPDATE events SET payload = x'0102'", "UPDATE runs SET prompt = 'x'"):
        tables_of(store).write(("forged",), lambda db, statement=statement: db.execute(statement))
    store.log.close()
    with pytest.raises(StoreCorrupt, match="not opened for good"):
        decrypt(folder, WRAPPED, KEY)
    assert wrapped_key(folder) == WRAPPED
    assert list(FolderBlobs(folder).hashes()) == [] and opened(folder).blobs.get(bytes_kept) == b"kept" * 9


def test_what_is_damaged_does_not_hinder(folder, bytes_kept):
    """One row and one file are lost and counted; the rest is readable, and bytes that do not open are not listed."""
    damaged = open_store(folder).blobs.put(b"a flipped bit")
    encrypt(folder, WRAPPED, KEY)
    store = opened(folder)
    tables_of(store).write(("forged",), lambda db: db.execute("UPDATE events SET payload = x'0102' WHERE seq = 2"))
    store.log.close()
    assert len(list(folder.rglob("*.sealed"))) == 2
    (file,) = [f for f in folder.rglob("*.sealed") if f.stat().st_size == len(b"a flipped bit") + 29]
    file.write_bytes(file.read_bytes()[:-1] + bytes([file.read_bytes()[-1] ^ 1]))
    assert [hash for hash, _ in opened(folder).blobs.hashes()] == [bytes_kept]
    assert decrypt(folder, WRAPPED, KEY) == Changed(1, 1, 2)
    store = open_store(folder)
    assert (store.blobs.get(bytes_kept), store.blobs.has(damaged)) == (b"kept" * 9, False)
    assert not list(folder.rglob("*.sealed"))


def test_bytes_of_a_key_that_is_gone_are_cleared(folder, bytes_kept):
    """Who was killed while decrypting left them: they are in nobody's way afterwards."""
    vault, name = Vault(OTHER), "ab" * 32 + ".sealed"
    FolderBlobs(folder).keep(name, 29, lambda: vault.seal(b"", "blob", name))
    assert encrypt(folder, WRAPPED, KEY) == Changed(1, 1)
    assert not FolderBlobs(folder).has(name) and still_whole(folder, KEY, bytes_kept)
    assert decrypt(folder, WRAPPED, KEY) == Changed(1, 1)


def test_bytes_that_came_meanwhile_are_not_left_sealed(folder, bytes_kept, monkeypatch):
    """Where others can come in between, the key stays as long as bytes are sealed that nobody has opened."""
    encrypt(folder, WRAPPED, KEY)
    unseal = encrypting.unseal_all

    def slowly(shelf, vault, names):
        done = unseal(shelf, vault, names)
        late.append(open_store_put(folder, vault))
        return done

    def open_store_put(folder, vault):
        name = vault.word("late") + ".sealed"
        FolderBlobs(folder).keep(name, 33, lambda: vault.seal(b"late", "blob", name))
        return name

    late: list[str] = []
    monkeypatch.setattr(encrypting, "unseal_all", slowly)
    with pytest.raises(StoreError, match="open elsewhere"):
        decrypt(folder, WRAPPED, KEY)
    assert wrapped_key(folder) == WRAPPED and list(FolderBlobs(folder).hashes()) == []
    assert FolderBlobs(folder).has(late[0]) and still_whole(folder, KEY, bytes_kept)


def test_without_a_log_bytes_are_sealed_as_the_record_is_now(folder):
    """A process that has it open notices that it was encrypted, and that it is not any more."""
    stale = opened(folder, wal=False)
    stale.log.append("r", 0, (k.RunStarted("q", "m"),), 1.0)
    encrypt(folder, WRAPPED, KEY)
    stale.blobs.put(b"after encrypt")
    assert list(FolderBlobs(folder).hashes()) == []
    decrypt(folder, WRAPPED, KEY)
    hash = stale.blobs.put(b"after decrypt")
    assert FolderBlobs(folder).get(hash) == b"after decrypt" and not list(folder.rglob("*.sealed"))
    stale.log.close()


@pytest.mark.parametrize("by", ["a run", "another key", "a letter"])
def test_a_record_that_lost_its_file_is_not_mixed_with_another(folder, by):
    """Neither is the new record made half an encrypted one, nor are sealed rows put where their key is not."""
    encrypt(folder, WRAPPED, KEY)
    lost = opened(folder)
    with closing(lost.log):
        lost.log.append("r", 0, (k.RunStarted("q", "m"),), 1.0)
        for file in folder.glob("runs.db*"):
            file.unlink()
        if by == "another key":
            encrypt(folder, ANOTHER, OTHER)
        else:
            store = open_store(folder)
            if by == "a letter":
                store.signals.send(Signal("r", "tell", "cli", {"text": "plain"}, "s"))
            else:
                store.log.append("new", 0, (k.RunStarted("plain", "m"),), 1.0)
            store.log.close()
        for _ in range(2):
            with pytest.raises(StoreError, match="Another record lies in the place"):
                lost.log.append("r", 1, (k.RunEnded("done"),), 2.0)
        assert lost.encrypted and [entry.seq for entry in lost.log.read("r")] == [1]
        (folder / "runs.db").rename(folder / "new.db")
        lost.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert len(list(opened(folder).log.read("r"))) == 2
    with closing(sqlite3.connect(folder / "new.db")) as db:
        assert db.execute("SELECT count(*) FROM runs WHERE id = 'r'").fetchone() == (0,)


def test_readable_rows_are_not_put_into_an_encrypted_record(folder):
    """A run of a record that lost its file ends there, with an error: it is not lost without a word."""
    lost = open_store(folder)
    with closing(lost.log):
        lost.log.append("r", 0, (k.RunStarted("q", "m"),), 1.0)
        for file in folder.glob("runs.db*"):
            file.unlink()
        encrypt(folder, WRAPPED, KEY)
        with pytest.raises(StoreError, match="has another key"):
            lost.log.append("r", 1, (k.RunEnded("done"),), 2.0)
        assert [entry.seq for entry in lost.log.read("r")] == [1]


def test_what_is_too_large_to_be_sealed_is_said():
    """The cipher takes less than 2 GiB at once; zeros that nobody has touched take no memory."""
    import mmap

    with mmap.mmap(-1, 2**31) as large, pytest.raises(StoreError, match="2,147,483,648 bytes"):
        Vault(KEY).seal(memoryview(large), "blob")
