"""Keys of providers: where one is found, and where one is kept that was typed.

A key comes from the environment, else from the system's keyring, else from a file that only its user can read. One that
is kept belongs to an address (scheme, host, port), and is found for that address alone. What is known about a kept key
besides its value stands in a small file of its own, so that the keyring, which may be locked, is asked only when there
is something to get. A value is never part of a text that this module makes: not of an error, not of a ``repr``.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from aether_nb.errors import ConfigError
from aether_nb.models.catalogue.rows import NAME, Row
from aether_nb.models.endpoints.address import origin
from aether_nb.models.endpoints.headers import is_sendable
from aether_nb.models.endpoints.profile import Profile

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = [
    "Kept",
    "Key",
    "find",
    "folder",
    "forget",
    "forget_secret",
    "is_kept",
    "keep",
    "keep_secret",
    "known",
    "names",
    "secret",
]

T = TypeVar("T")

NOTHING: Mapping[str, str] = {}

SERVICE = "aether-nb"

KEYRING = "the system's keyring"

PATIENCE = 3.0
"""Seconds that the keyring may take: a locked one waits for a person who may not be there."""

UNLOCKING = 15.0
"""Seconds for somebody who just typed a key, and is there to unlock it."""

LARGEST = 64 * 1024
"""No key's file has more bytes."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key, and where it was found. Both are empty when there is none; ``note`` then says what stood in the way."""

    value: str = field(default="", repr=False)
    source: str = ""
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.value)


class Kept(NamedTuple):
    """That a key is kept: for whom, for which address, and where. Never the key."""

    provider: str
    address: str
    where: str


def find(home: Row | Profile, environment: Mapping[str, str]) -> Key:
    """The key for an address.

    Args:
        home: Who is asked, and where: its ``key_variables`` are those of its address.
        environment: The environment's variables.

    Raises:
        ConfigError: The key's file can be read by others, or it is damaged.
    """
    for variable in home.key_variables:
        if value := environment.get(variable, "").strip():
            return Key(value, variable)
    provider, address = _place(home, environment)
    if not NAME.fullmatch(provider) or (record := _record(provider)) is None:
        return Key()
    if record["address"] != address:
        return Key(note=f"The key that is kept for {provider} belongs to {record['address']}.")
    if value := record.get("key", ""):
        return Key(value, str(_file(provider)))
    kept = _patiently(lambda keyring: keyring.get_password(SERVICE, _entry(provider, address)) or "", PATIENCE)
    if kept:
        return Key(kept, KEYRING)
    why = "is locked, or it does not answer" if kept is None else "does not have it any more"
    return Key(note=f"A key is kept for {provider}, but {KEYRING} {why}.")


def keep(home: Row | Profile, value: str, environment: Mapping[str, str] = NOTHING) -> str:
    """Keep a key for an address; an earlier one of its provider is replaced.

    Args:
        home: Whose key it is, and where that is.
        value: The key.
        environment: The environment's variables, for the address of a row.

    Returns:
        Where it is kept: the system's keyring, or the path of a file.

    Raises:
        ConfigError: It can be no key, nobody has that address, or nothing can be written.
    """
    value = value.strip()
    provider, address = _place(home, environment)
    if not is_sendable(value):
        why = "A key has letters, digits and signs, and no spaces."
        raise ConfigError("That is no key.", why, f"Copy it again, then: %aether key {provider}")
    if not NAME.fullmatch(provider) or not address:
        raise ConfigError(
            f"No key can be kept for {provider}.",
            "A key is kept for a provider that has a name and an address.",
            "Give it both in your own aether.toml: [providers.NAME] with a base_url",
        )
    if os.path.lexists(_file(provider)):
        _drop(provider, PATIENCE)

    if keep_secret(_entry(provider, address), value):
        _write(provider, {"address": address})
        return KEYRING
    _write(provider, {"address": address, "key": value})
    return str(_file(provider))


def forget(provider: str) -> bool:
    """Forget the key that is kept for a provider; whether there was one. Variables stay as they are.

    Raises:
        ConfigError: It cannot be removed, or the keyring does not let go of it.
    """
    if not NAME.fullmatch(provider) or not os.path.lexists(_file(provider)):
        return False
    if entry := _drop(provider, UNLOCKING):
        raise ConfigError(
            f"The key of {provider} is not used any more, and still in {KEYRING}.",
            "It is locked, or it does not answer.",
            f"Remove it there: service {SERVICE}, name '{entry}'",
        )
    return True


def _drop(provider: str, seconds: float) -> str:
    """Remove what is kept; the name under which the keyring still has it, when it does not let go."""
    file, record = _file(provider), None
    with contextlib.suppress(ConfigError):  # a record that cannot be trusted is removed all the same
        record = _record(provider)
    with _told(f"The key of {provider} cannot be removed."):
        file.unlink(missing_ok=True)
    if record is None:
        return ""
    entry = _entry(provider, record["address"])

    def gone(keyring: KeyringBackend) -> bool:
        if keyring.get_password(SERVICE, entry) is not None:
            keyring.delete_password(SERVICE, entry)
        return True

    # Also when the file has the key: a keyring that was too slow may have it all the same.
    removed = _patiently(gone, PATIENCE if "key" in record else seconds)
    return "" if removed or "key" in record else entry


def is_kept(home: Row | Profile, environment: Mapping[str, str]) -> bool:
    """Whether a key is kept for this very address. The keyring is not asked."""
    provider, address = _place(home, environment)
    try:
        return provider in names() and (record := _record(provider)) is not None and record["address"] == address
    except ConfigError:  # whoever opens it is told
        return True


def names() -> tuple[str, ...]:
    """The providers for which a key is kept. Only names of files are looked at."""
    return tuple(sorted(file.stem for file in folder().glob("*.json") if NAME.fullmatch(file.stem)))


def known() -> list[Kept]:
    """What is kept.

    Raises:
        ConfigError: A key's file can be read by others, or it is damaged.
    """
    records = ((name, _record(name)) for name in names())
    return [
        Kept(name, record["address"], str(_file(name)) if "key" in record else KEYRING)
        for name, record in records
        if record is not None
    ]


def folder() -> Path:
    """The folder of what is kept, whether it exists or not."""
    from platformdirs import user_data_path

    return user_data_path("aether-nb", appauthor=False) / "keys"


def secret(entry: str) -> str:
    """What the keyring keeps under a name that is no provider's; empty when there is nothing, or no keyring answers."""
    return _patiently(lambda keyring: keyring.get_password(SERVICE, entry) or "", PATIENCE) or ""


def keep_secret(entry: str, value: str) -> bool:
    """Let the keyring keep something under such a name; False when there is none that does. No file ever has it."""

    def set_and_read(keyring: KeyringBackend) -> bool:
        keyring.set_password(SERVICE, entry, value)
        return keyring.get_password(SERVICE, entry) == value

    return bool(_patiently(set_and_read, UNLOCKING))


def forget_secret(entry: str) -> None:
    """Let the keyring forget such a name, when it has it."""
    _patiently(lambda keyring: keyring.delete_password(SERVICE, entry), PATIENCE)


def _place(home: Row | Profile, environment: Mapping[str, str]) -> tuple[str, str]:
    """Who is asked, and the place that the key is for, spelled in one way; no place when the address is none."""
    name, address = (home.name, home.address(environment)) if isinstance(home, Row) else (home.provider, home.base_url)
    place = origin(address)
    return name, f"{place.scheme}://{place.host}:{place.port}" if place else ""


# ---- the keyring


def _entry(provider: str, address: str) -> str:
    """The name of a key in the keyring. The address is part of it: another one finds nothing."""
    return f"{provider} at {address}"


def _backend() -> KeyringBackend:
    """The keyring of the system.

    Raises:
        LookupError: There is none that keeps a secret.
    """
    import keyring
    from keyring.core import recommended

    backend = keyring.get_keyring()
    if not recommended(backend):
        raise LookupError
    return backend


def _patiently(work: Callable[[KeyringBackend], T], seconds: float) -> T | None:
    """What the keyring answers; None when there is none, when it refuses, or when it lets one wait too long."""
    answers: list[T] = []

    def ask() -> None:
        # A keyring fails in the ways of its system: a missing bus, a closed prompt, a broken library.
        with contextlib.suppress(Exception):
            answers.append(work(_backend()))

    thread = Thread(target=ask, name="aether-keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None


# ---- the files


def _file(provider: str) -> Path:
    return folder() / f"{provider}.json"


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell a failure of the file system as one of ours."""
    try:
        yield
    except OSError as error:
        raise ConfigError(
            what, f"{folder()}: {error.strerror or error}.", "Make the folder yours, then try again."
        ) from error


def _record(provider: str) -> dict[str, str] | None:
    """What is kept about a provider; None when nothing is."""
    file = _file(provider)
    with _told(f"The key of {provider} cannot be read."):
        try:
            handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as stream:
            about = os.fstat(handle)
            if os.name == "posix" and (stat.S_IMODE(about.st_mode) & 0o077 or about.st_uid != os.geteuid()):
                raise ConfigError(
                    f"The key of {provider} is not used: others could have read or changed it.",
                    f"{file} is open to more than you.",
                    f"Keep it anew: %aether key {provider}",
                )
            content = stream.read(LARGEST)
    try:
        record = json.loads(content)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not all(isinstance(record.get(name, ""), str) for name in ("address", "key")):
        raise ConfigError(f"The key of {provider} cannot be read.", f"{file} is damaged.", f"%aether key {provider}")
    return {"address": "", **record}


def _write(provider: str, record: Mapping[str, str]) -> None:
    """Write a provider's file whole or not at all, for its user alone from the first byte on."""
    file = _file(provider)
    part = file.with_suffix(f".{os.getpid()}.part")
    with _told(f"The key of {provider} cannot be kept."):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(dict(record), stream)
                stream.flush()
                os.fsync(handle)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
