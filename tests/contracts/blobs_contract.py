"""What all ``Blobs`` have to keep. Subclass it as ``Test…`` and give a fixture ``store``."""

from __future__ import annotations

import hashlib
import threading

import pytest

from aether_nb.errors import BlobMissing
from aether_nb.store.blobs import Blobs

NOWHERE = "0" * 64


class BlobsContract:
    """The laws of bytes by their hash."""

    def test_they_are_blobs(self, store):
        """The object has the methods that the contract names, and nothing is in it."""
        assert isinstance(store.blobs, Blobs)
        assert (list(store.blobs.hashes()), store.blobs.has(NOWHERE), store.blobs.drop(NOWHERE)) == ([], False, 0)

    @pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 1000], ids=len)
    def test_what_was_put_is_there_under_its_hash(self, store, data):
        """The hash is the SHA-256 of the bytes, in hexadecimal."""
        hash = store.blobs.put(data)
        assert hash == hashlib.sha256(data).hexdigest()
        assert (store.blobs.get(hash), store.blobs.has(hash)) == (data, True)
        assert list(store.blobs.hashes()) == [(hash, len(data))]

    def test_a_view_of_memory_is_kept_without_its_owner(self, store):
        """Bytes of an array can be handed over as they lie; changing the array later changes nothing."""
        array = bytearray(b"abcdefgh" * 4)
        hash = store.blobs.put(memoryview(array).cast("Q"))
        array[0] = 0
        assert store.blobs.get(hash) == b"abcdefgh" * 4

    def test_the_same_bytes_are_kept_once(self, store):
        """However often they are put in."""
        assert store.blobs.put(b"same") == store.blobs.put(bytearray(b"same"))
        assert [size for _, size in store.blobs.hashes()] == [4]

    def test_what_is_not_there_is_said(self, store):
        """The error names the beginning of the hash."""
        with pytest.raises(BlobMissing) as caught:
            store.blobs.get(NOWHERE)
        assert caught.value.what == "The bytes 0000000000000000… are not in this store."

    def test_what_is_dropped_is_gone(self, store):
        """It frees as much as it held, once; the rest stays, and it can be put in again."""
        hash, other = store.blobs.put(b"four"), store.blobs.put(b"other")
        assert [store.blobs.drop(hash), store.blobs.drop(hash)] == [4, 0]
        assert (store.blobs.has(hash), list(store.blobs.hashes())) == (False, [(other, 5)])
        assert store.blobs.put(b"four") == hash

    @pytest.mark.parametrize("hash", ["", "..", "../../runs.db", "a" * 63, "A" * 64, "g" * 64, "a/" * 32, "é" * 64])
    def test_what_is_no_hash_is_not_there(self, store, hash):
        """A record may have been written by anybody: its words never lead out of the folder."""
        with pytest.raises(BlobMissing):
            store.blobs.get(hash)
        assert (store.blobs.has(hash), store.blobs.drop(hash)) == (False, 0)

    def test_many_may_put_at_once(self, store):
        """Threads that keep the same bytes find them whole."""
        data = bytes(200_000)
        threads = [threading.Thread(target=store.blobs.put, args=(data,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(store.blobs.hashes()) == [(hashlib.sha256(data).hexdigest(), len(data))]
