"""The secret of an encrypted store: where it is found, and where a new one is put.

It comes from the variable AETHER_STORE_KEY, else from the system's keyring, else from somebody who types it; what it
opens is kept in this process alone. No secret is ever part of a text that is made here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

from aether_nb.errors import StoreLocked, UsageFault
from aether_nb.models.catalogue import keys
from aether_nb.store.wrapping import Unlock, Wrapped, unwrap, wrap

__all__ = ["NEXT", "VARIABLE", "Chosen", "asking", "choose", "forget_secret", "unlock", "unlock_with"]

VARIABLE = "AETHER_STORE_KEY"

NEXT = "AETHER_STORE_KEY_NEW"
"""The variable in which a new secret is handed over when the old one stands in ``VARIABLE``."""

SHORTEST = 8
"""So many letters has a passphrase at least."""

TRIES = 3

_OPENED: dict[str, bytes] = {}
"""The data keys that this process has, by their names."""


class Chosen(NamedTuple):
    """A new wrapped key, and its data key."""

    wrapped: Wrapped
    key: bytes


def unlock(wrapped: Wrapped) -> bytes:
    """The data key of a store, without asking anybody.

    Raises:
        StoreLocked: Its secret is neither in the environment nor in the keyring, nor was it typed in this process.
    """
    if key := _OPENED.get(wrapped.id):
        return key
    typed = os.environ.get(VARIABLE, "")
    if typed and (key := unlock_with(wrapped, typed)):
        return key
    if wrapped.source == "keyring" and (kept := keys.secret(_entry(wrapped))) and (key := unlock_with(wrapped, kept)):
        return key
    raise _locked(wrapped, bool(typed))


def unlock_with(wrapped: Wrapped, secret: str) -> bytes | None:
    """The data key when this is the secret; it is remembered as long as the process lives."""
    key = unwrap(wrapped, secret)
    if key is not None:
        _OPENED[wrapped.id] = key
    return key


def asking(read: Callable[[str], str]) -> Unlock:
    """The same, but somebody is asked where a passphrase can help.

    Args:
        read: Shows a question and returns what was typed, without showing it.
    """

    def find(wrapped: Wrapped) -> bytes:
        try:
            return unlock(wrapped)
        except StoreLocked:
            if wrapped.source == "keyring":
                raise
            for _ in range(TRIES):
                typed = read("Passphrase of the encrypted record (it is not shown): ").strip()
                if not typed:
                    break
                if key := unlock_with(wrapped, typed):
                    return key
            raise

    return find


def choose(
    key: bytes, since: float, read: Callable[[str], str] | None, typed: bool = False, before: Wrapped | None = None
) -> Chosen:
    """Take a new secret for a data key, and put it where it will be found.

    Args:
        key: The data key.
        since: Now, in seconds since the epoch.
        read: Asks somebody, without showing what is typed; None: nobody is there.
        typed: Whether only a passphrase will do.
        before: The wrapped key until now, when the secret is changed.

    Raises:
        UsageFault: Nobody is there to type one, or what was typed is none; or the secret stands in a variable, and
            it is not said where the next one shall.
    """
    id = before.id if before else ""
    variable = NEXT if before else VARIABLE
    if not typed and (said := _strong(os.environ, variable)):
        return _chosen(wrap(key, said, "environment", since, id), key)
    if not typed and before is not None and before.source == "environment":
        raise UsageFault(
            f"The key of this record is what {VARIABLE} holds, and the next one is not there.",
            "Kept in the keyring of this machine it would not open the record elsewhere.",
            f"Set {NEXT} to it; or a passphrase: --rotate --passphrase",
        )
    if not typed:
        made = secrets.token_hex(32)
        wrapped = wrap(key, made, "keyring", since, id)
        if keys.keep_secret(_entry(wrapped), made):
            return _chosen(wrapped, key)
    if read is None:
        raise UsageFault(
            "There is no key for this record.",
            f"{variable} is not set, the system has no keyring that answers, and nobody can type a passphrase.",
            f"Set {variable}, or type it in a terminal: aether encrypt",
        )
    return _chosen(wrap(key, _typed_twice(read), "passphrase", since, id), key)


def forget_secret(wrapped: Wrapped) -> None:
    """Let the keyring forget a secret that opens nothing any more."""
    if wrapped.source == "keyring":
        keys.forget_secret(_entry(wrapped))


def _chosen(wrapped: Wrapped, key: bytes) -> Chosen:
    _OPENED[wrapped.id] = key
    return Chosen(wrapped, key)


def _strong(environment: Mapping[str, str], variable: str) -> str:
    said = environment.get(variable, "")
    if said and len(said) < SHORTEST:
        raise UsageFault(
            f"{variable} is too short.",
            f"A key of fewer than {SHORTEST} letters is guessed.",
            f"Make one: export {variable}=$(python -c 'import secrets; print(secrets.token_hex(32))')",
        )
    return said


def _typed_twice(read: Callable[[str], str]) -> str:
    first = read(f"Passphrase, at least {SHORTEST} letters (it is not shown, and cannot be found again): ").strip()
    if len(first) < SHORTEST:
        why = f"It has fewer than {SHORTEST} letters."
        raise UsageFault("That is no passphrase.", why, "Type the same again with a longer one.")
    if read("The same again: ").strip() != first:
        raise UsageFault("These are two passphrases.", "They are not the same.", "Type the command again.")
    return first


def _entry(wrapped: Wrapped) -> str:
    """The name of a secret in the keyring. Each secret has its own, so that a new one does not replace the old."""
    return f"record {wrapped.id} {wrapped.salt.hex()[:8]}"


def _locked(wrapped: Wrapped, was_said: bool) -> StoreLocked:
    wrong = f"{VARIABLE} is set, and is not its key. " if was_said else ""
    if wrapped.source == "keyring":
        why = f"{wrong}Its key is in the keyring of the system on which it was encrypted, which does not give it here."
        return StoreLocked("This record is encrypted.", why, "Unlock that keyring, and do the same again.")
    why = f"{wrong}Its key is {'a passphrase' if wrapped.source == 'passphrase' else 'what ' + VARIABLE + ' held'}."
    return StoreLocked(
        "This record is encrypted.",
        why,
        f"In a notebook: %aether unlock · or set {VARIABLE} where the kernel, or the command, is started",
    )
