"""Bytes of a store that may be encrypted: sealed where it is, as they are where it is not.

Who puts bytes in gets the hash of what they are, as ever: it stands in the record, which is sealed. Where the bytes
lie, they are sealed and bound to that hash, under a name that only the key makes out of it: a name says nothing of what
is in a file, and the same bytes are still kept once. What was put in before the store was encrypted is found until it
has been sealed. This module does not know where bytes lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Protocol

from aether_nb.errors import BlobMissing, StoreCorrupt
from aether_nb.store.blobs import HASH, SEALED, Blobs, Shelf, blob_missing
from aether_nb.store.rows import Tables
from aether_nb.store.vault import GROWTH, Vault

__all__ = ["Keeping", "SealedBlobs", "clear", "name_of", "seal_all", "sealed_names", "unseal_all"]


class Keeping(Blobs, Shelf, Protocol):
    """Where bytes lie, and as whose they are handed out when nothing is sealed."""


class SealedBlobs:
    """``Blobs`` of a store whose tables say whether it is encrypted.

    Args:
        tables: Those tables.
        plain: Where the bytes lie.
    """

    def __init__(self, tables: Tables, plain: Keeping) -> None:
        self._tables = tables
        self.plain = plain

    def put(self, data: bytes | memoryview) -> str:
        """See ``Blobs.put``."""
        vault = self._tables.vault
        return self.plain.put(data) if vault is None else _put(self.plain, vault, data)

    def get(self, hash: str) -> bytes:
        """See ``Blobs.get``."""
        vault = self._tables.vault
        if vault is None:
            return self.plain.get(hash)
        try:
            return _get(self.plain, vault, hash)
        except BlobMissing:
            return self.plain.get(hash)

    def has(self, hash: str) -> bool:
        """See ``Blobs.has``."""
        return any(self.plain.has(name) for name in self._names(hash))

    def drop(self, hash: str) -> int:
        """See ``Blobs.drop``."""
        freed = [size - GROWTH * name.endswith(SEALED) for name in self._names(hash) if (size := self.plain.drop(name))]
        return sum(freed)

    def hashes(self) -> Iterator[tuple[str, int]]:
        """See ``Blobs.hashes``. A sealed one is opened for it: its name does not tell its hash.

        One that does not open has none: it is damaged, or was sealed with a key that is gone.
        """
        yield from self.plain.hashes()
        if (vault := self._tables.vault) is None:
            return
        for name in sealed_names(self.plain):
            with suppress(StoreCorrupt):
                data = _opened(self.plain, vault, name)
                yield sha256(data).hexdigest(), len(data)

    def _names(self, hash: str) -> list[str]:
        """The names under which these bytes may lie."""
        if not HASH.fullmatch(hash):
            return []
        vault = self._tables.vault
        return [hash] if vault is None else [name_of(vault, hash), hash]


def name_of(vault: Vault, hash: str) -> str:
    """The name of sealed bytes."""
    return vault.word(f"blob {hash}") + SEALED


def seal_all(shelf: Keeping, vault: Vault) -> int:
    """Seal the bytes that are not: each is removed only when the sealed ones are there. Returns how many there were."""
    plain = [hash for hash, _ in shelf.hashes()]
    for hash in plain:
        _put(shelf, vault, shelf.get(hash))
        shelf.drop(hash)
    return len(plain)


def sealed_names(shelf: Shelf) -> list[str]:
    """The names of bytes that are sealed, by whatever key."""
    return [name for name, _ in shelf.names() if name.endswith(SEALED)]


def unseal_all(shelf: Keeping, vault: Vault, names: Sequence[str]) -> int:
    """Keep sealed bytes as they are, too; ``clear`` takes the sealed ones away. Returns how many opened."""
    opened = 0
    for name in names:
        try:
            data = _opened(shelf, vault, name)
        except StoreCorrupt:
            continue
        shelf.put(data)
        opened += 1
    return opened


def clear(shelf: Keeping, names: Sequence[str]) -> None:
    """Take sealed bytes away."""
    for name in names:
        shelf.drop(name)


def _put(shelf: Shelf, vault: Vault, data: bytes | memoryview) -> str:
    hash = sha256(data).hexdigest()
    name, size = name_of(vault, hash), memoryview(data).nbytes + GROWTH
    shelf.keep(name, size, lambda: vault.seal(memoryview(data).cast("B"), "blob", name))
    return hash


def _get(shelf: Shelf, vault: Vault, hash: str) -> bytes:
    if not HASH.fullmatch(hash):
        raise blob_missing(hash)
    return _opened(shelf, vault, name_of(vault, hash))


def _opened(shelf: Shelf, vault: Vault, name: str) -> bytes:
    """The bytes of that name. It is made from their hash by the key, so no others can be put in their place."""
    try:
        return vault.open(shelf.fetch(name), "blob", name)
    except StoreCorrupt as error:
        raise StoreCorrupt(
            f"The sealed bytes {name[:16]}… are not those that were kept.",
            error.why,
            "Run the cell or the step again that made what they held.",
        ) from None
