"""What ``encrypt``, ``decrypt`` and ``unlock`` do, in a notebook and in a terminal alike.

Each gives back a text. Where the record is and how to talk with whoever types are handed in.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from aether_nb.config.address import Address
from aether_nb.errors import OptionError, UsageFault
from aether_nb.session.unlocking import NEXT, VARIABLE, asking, choose, forget_secret, unlock
from aether_nb.store.encrypting import decrypt as opened_for_good
from aether_nb.store.encrypting import encrypt as encrypted
from aether_nb.store.encrypting import rewrap, wrapped_key
from aether_nb.store.seal import Sealer
from aether_nb.store.vault import new_key
from aether_nb.store.wrapping import Wrapped
from aether_nb.widgets.wording import count

__all__ = ["decrypt", "encrypt", "readable_note", "unlocked"]

Read = Callable[[str], str]

READABLE = {
    "knowledge": "what was added with know add",
    "memory": "facts, and the logs of days",
    "inbox": "files that wait to be read",
    "logs": "what servers of tools said",
}
"""Folders beside the record that hold words and are not sealed."""

CACHES = {"replies.sqlite": "replies of models", "looked.sqlite": "the text of scanned pages"}
"""Files beside the record that save a second request: beside one that is encrypted they are kept in memory."""

WHERE = {
    "environment": f"what {VARIABLE} held",
    "keyring": "in the system's keyring: a copy of the record elsewhere does not open with it",
    "passphrase": "the passphrase",
}


def encrypt(options: argparse.Namespace, place: Path | Address, beside: Path, sealer: Sealer, read: Read | None) -> str:
    """Encrypt a record, finish what was begun, or give it another key.

    Args:
        options: What was typed.
        place: The record.
        beside: The folder that is ours on this machine.
        sealer: This user's key.
        read: Asks somebody, without showing what is typed; None: nobody is there.

    Raises:
        AetherError: Somebody works with it, its key is not here, or none can be had.
    """
    before = wrapped_key(place)
    if options.rotate:
        return _rotated(options, place, before, read)
    if before is not None and before.state == "sealed":
        said = f"This record is encrypted already; its key is {WHERE.get(before.source, before.source)}."
        return "\n".join([f"{said} Another key: %aether encrypt --rotate", *_caches_removed(beside)])
    if before is not None:
        wrapped, key = before, _key_of(before, read)
    else:
        wrapped, key = choose(new_key(), time.time(), read, options.passphrase)
    done = encrypted(place, wrapped, key, sealer)
    said = f"Encrypted: {count(done.runs, 'run')} and {count(done.blobs, 'blob')}. Its key is "
    lost = f"{said}{WHERE[wrapped.source]}. Whoever loses it loses the record."
    return "\n".join([lost, *_caches_removed(beside), *_left_readable(beside)])


def decrypt(place: Path | Address, sealer: Sealer, read: Read | None) -> str:
    """Make an encrypted record readable again.

    Raises:
        AetherError: It is not encrypted, its key is not here, or somebody works with it.
    """
    wrapped = _need(wrapped_key(place))
    done = opened_for_good(place, wrapped, _key_of(wrapped, read), sealer)
    forget_secret(wrapped)
    said = f"Readable again: {count(done.runs, 'run')} and {count(done.blobs, 'blob')}."
    damaged = f" Damaged, and lost: {count(done.damaged, 'content')} that did not open. %aether verify"
    return said + damaged * bool(done.damaged)


def unlocked(place: Path | Address, read: Read | None) -> str:
    """Take the passphrase of an encrypted record, for as long as this process lives.

    Raises:
        AetherError: It is not encrypted, or what was typed does not open it.
    """
    wrapped = _need(wrapped_key(place))
    _key_of(wrapped, read)
    return "The record is open until this kernel ends."


def readable_note(encrypted: bool, what: str) -> str:
    """What is said when something is kept beside an encrypted record; empty when it is not encrypted."""
    return f"The record is encrypted and {what} is not: it lies readable on the disk." if encrypted else ""


def _rotated(options: argparse.Namespace, place: Path | Address, before: Wrapped | None, read: Read | None) -> str:
    wrapped = _need(before)
    if wrapped.state != "sealed":
        raise OptionError("This record is not encrypted to its end yet.", "", "First: %aether encrypt")
    new, key = choose(_key_of(wrapped, read), time.time(), read, options.passphrase, wrapped)
    rewrap(place, new, key)
    forget_secret(wrapped)
    where = f"what {NEXT} holds: set {VARIABLE} to it now" if new.source == "environment" else WHERE[new.source]
    kept = "What was sealed stays as it is: whoever has the old key and an old copy can open that copy."
    return f"The record has another key: {where}. {kept}"


def _key_of(wrapped: Wrapped, read: Read | None) -> bytes:
    return unlock(wrapped) if read is None else asking(read)(wrapped)


def _need(wrapped: Wrapped | None) -> Wrapped:
    if wrapped is None:
        raise UsageFault("This record is not encrypted.", "Its contents are readable.", "%aether encrypt")
    return wrapped


def _caches_removed(beside: Path) -> list[str]:
    """What was kept to save a second request, and is removed: it can be had again."""
    there = [f"{name} ({what})" for name, what in CACHES.items() if (beside / name).exists()]
    for file in [file for name in CACHES for file in beside.glob(f"{name}*")]:
        file.unlink(missing_ok=True)
    return [f"Removed, and kept in memory from now on: {', '.join(there)}."] if there else []


def _left_readable(beside: Path) -> list[str]:
    """What beside the record stays readable, as far as there is any."""
    there = [f"{name} ({what})" for name, what in READABLE.items() if any((beside / name).glob("*"))]
    lines = [f"Not sealed, and readable as before: {', '.join(there)}."] if there else []
    return [*lines, "Notebooks are not sealed either: an output shows what it shows. %aether help encryption"]
