"""What seals the contents of an encrypted store: each with a nonce of its own, and bound to the place where it lies.

Contents are sealed with AES-256-GCM by a data key that is random and never changes; the place (the run and number of an
event, the address of bytes) is authenticated with them, so a row that was moved does not open. Words that have to be
compared without being read, such as the hash of a call, are replaced by a keyed hash. The library ``cryptography`` is
imported when a vault is made. This module does not know who has the key, nor what is sealed.
"""

from __future__ import annotations

import base64
import hmac
import os

from aether_nb.errors import StoreCorrupt, StoreError

__all__ = ["GROWTH", "KEY_BYTES", "MARK", "Vault", "is_sealed", "new_key"]

KEY_BYTES = 32

MARK = b"\x01"
"""What sealed bytes begin with. No JSON does, so what is sealed is told from what is not."""

NONCE_BYTES, TAG_BYTES = 12, 16

GROWTH = len(MARK) + NONCE_BYTES + TAG_BYTES
"""By how many bytes something grows when it is sealed."""


def new_key() -> bytes:
    """A random data key of 32 bytes."""
    return os.urandom(KEY_BYTES)


def is_sealed(content: bytes | str) -> bool:
    """Whether something was sealed, by whatever key."""
    return content.startswith(MARK) if isinstance(content, bytes) else content.startswith(MARK.decode())


class Vault:
    """Seals and opens with one data key. May be used from any thread.

    Args:
        key: The data key, of ``KEY_BYTES``. What encrypts and what hashes are different keys that are made from it.

    Raises:
        StoreError: The library that encrypts is not installed.
    """

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise StoreError(
                "This record is encrypted, or is to be, and what encrypts is not installed.",
                "It needs the library cryptography.",
                "%pip install 'aether-nb[encryption]'",
            ) from error
        self._cipher = AESGCM(_made_from(key, b"contents"))
        self._refused = InvalidTag
        self._words = hmac.new(_made_from(key, b"words"), digestmod="sha256")

    def seal(self, content: bytes | memoryview, *place: str) -> bytes:
        """Content for one place; twice the same gives different bytes.

        Args:
            content: What is sealed.
            place: The words that say where it will lie, in order.

        Raises:
            StoreError: It has 2 GiB or more.
        """
        nonce = os.urandom(NONCE_BYTES)
        try:
            return MARK + nonce + self._cipher.encrypt(nonce, content, _framed(place))
        except OverflowError:
            size = memoryview(content).nbytes
            what = f"Something of {size:,} bytes cannot be kept in an encrypted record."
            raise StoreError(what, "What is sealed at once has less than 2 GiB.", "Keep it in parts.") from None

    def open(self, sealed: bytes, *place: str) -> bytes:
        """What was sealed for exactly this place.

        Raises:
            StoreCorrupt: It was changed, it was sealed for another place or with another key, or it is not sealed.
        """
        nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if not is_sealed(sealed) or len(rest) < TAG_BYTES:
            raise _not_ours(place, "It is not sealed, and everything in an encrypted record is.")
        try:
            return bytes(self._cipher.decrypt(nonce, rest, _framed(place)))
        except self._refused:
            raise _not_ours(place, "It was changed, or sealed for another place or with another key.") from None

    def seal_text(self, text: str, *place: str) -> str:
        """The same for a text, in letters that every database keeps."""
        sealed = self.seal(text.encode(errors="surrogatepass"), *place)
        return MARK.decode() + base64.b64encode(sealed[1:]).decode()

    def open_text(self, sealed: str, *place: str) -> str:
        """See ``open``."""
        try:
            content = MARK + base64.b64decode(sealed[1:]) if is_sealed(sealed) else b""
        except ValueError:
            content = MARK
        return self.open(content, *place).decode(errors="surrogatepass")

    def word(self, word: str) -> str:
        """What stands for a word: the same for the same one, 64 hexadecimal digits that say nothing without the key."""
        state = self._words.copy()
        state.update(word.encode(errors="surrogatepass"))
        return state.hexdigest()


def _made_from(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"aether-nb store: " + purpose, "sha256")


def _framed(place: tuple[str, ...]) -> bytes:
    """Every word with its length before it, so that no two places are the same bytes."""
    words = [word.encode(errors="surrogatepass") for word in place]
    return b"".join(len(word).to_bytes(8, "big") + word for word in words)


def _not_ours(place: tuple[str, ...], why: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"What lies at {' '.join(place)[:80]} cannot be opened.", why, "See which runs are whole: %aether verify"
    )
