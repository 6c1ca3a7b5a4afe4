"""How the data key of an encrypted store is kept in it: wrapped, so that only a secret which lies elsewhere opens it.

The secret is a passphrase, or random words that a keyring keeps. It is stretched by scrypt and wraps the data key with
AES-256-GCM; another secret wraps the same data key anew, and no row changes. This module does not know where secrets
come from.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from aether_nb.errors import StoreCorrupt
from aether_nb.store.vault import Vault

__all__ = ["GET_WRAPPED", "PUT_WRAPPED", "RANDOM_COST", "TYPED_COST", "Unlock", "Wrapped", "unwrap", "wrap"]

TYPED_COST = 2**16
"""Of scrypt, for what a person made up: 64 MB and some tenths of a second for each guess."""

RANDOM_COST = 2
"""For 32 random bytes, which nobody guesses."""

LARGEST_COST = 2**20
"""A record that came from somebody else may not ask for more."""

BLOCK = 8


class Wrapped(NamedTuple):
    """A data key as the store keeps it: one row of the table ``keys``.

    Args:
        id: The name of the data key, random; it stays when another secret wraps it.
        state: ``sealing`` while what was written before is still being cleared away, then ``sealed``.
        source: Where the secret comes from: ``environment``, ``keyring`` or ``passphrase``.
        salt: Random bytes that are mixed into the secret.
        cost: How often the secret is stretched, a power of two.
        wrapped: The sealed data key.
        since: When it was wrapped, in seconds since the epoch.
    """

    id: str
    state: str
    source: str
    salt: bytes
    cost: int
    wrapped: bytes
    since: float


Unlock: TypeAlias = Callable[[Wrapped], bytes]
"""Finds the secret of a store and gives its data key. Raises StoreLocked when nobody has it."""

GET_WRAPPED = "SELECT id, state, source, salt, cost, wrapped, since FROM keys"
PUT_WRAPPED = "INSERT INTO keys (id, state, source, salt, cost, wrapped, since) VALUES (?, ?, ?, ?, ?, ?, ?)"


def wrap(key: bytes, secret: str, source: str, since: float, id: str = "") -> Wrapped:
    """Wrap a data key.

    Args:
        key: The data key.
        secret: What will open it.
        source: Where the secret lies; what a keyring keeps is taken to be random.
        since: Now, in seconds since the epoch.
        id: The name of the data key; a new one when it is empty.
    """
    id, salt = id or secrets.token_hex(8), secrets.token_bytes(16)
    cost = RANDOM_COST if source == "keyring" else TYPED_COST
    return Wrapped(id, "sealed", source, salt, cost, _lock(secret, salt, cost).seal(key, "key", id), since)


def unwrap(wrapped: Wrapped, secret: str) -> bytes | None:
    """The data key; None when this is not the secret.

    Raises:
        StoreCorrupt: The row is damaged.
    """
    cost = wrapped.cost
    if not isinstance(cost, int) or not 2 <= cost <= LARGEST_COST or cost & (cost - 1):
        raise StoreCorrupt(
            "The key of this record is damaged.",
            "It asks for work that no key of ours needs.",
            "Bring the record back from a copy.",
        )
    try:
        return _lock(secret, wrapped.salt, cost).open(wrapped.wrapped, "key", wrapped.id)
    except StoreCorrupt:
        return None


def _lock(secret: str, salt: bytes, cost: int) -> Vault:
    """What only this secret opens."""
    room = 256 * BLOCK * cost + 2**20
    words = secret.encode(errors="surrogatepass")
    return Vault(hashlib.scrypt(words, salt=salt, n=cost, r=BLOCK, p=1, maxmem=room, dklen=32))
