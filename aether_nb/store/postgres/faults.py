"""What goes wrong with a PostgreSQL server, in words for people: its codes, and its sentences, as our errors.

No message holds a password. This module opens nothing.
"""

from __future__ import annotations

import re
import sys

from aether_nb.config.address import Address
from aether_nb.errors import StoreCorrupt, StoreError, StoreFull, StoreReadOnly

__all__ = ["faults", "not_installed", "store_fault"]

_FULL = {"53100", "53200", "54000"}
_SHUT = {"25006", "42501"}
_DAMAGED = {"3F000", "42P01", "42703", "XX001", "XX002"}
_BUSY = {"40001", "40P01", "55P03", "57014"}

GONE = "It goes on when the server answers again; nothing that was recorded is lost."

# Who cannot connect gets a sentence and no code: what it is about, and what to do. Servers may speak other languages;
# then the sentence itself is shown, with the general advice.
_REFUSALS = (
    (
        r"password authentication failed|no password supplied|authentication failed",
        "It does not accept the name or the password.",
        "Look at both: AETHER_STORE=postgresql://NAME:PASSWORD@HOST/DATABASE · or keep the password in ~/.pgpass",
    ),
    (
        r'database "(.*)" does not exist',
        "There is no database of that name.",
        "Make it: createdb {0} · or name another one: AETHER_STORE=postgresql://NAME@HOST/DATABASE",
    ),
    (
        r'role "(.*)" does not exist',
        "It knows nobody of that name.",
        "Make the name known: createuser {0} · or take another one: AETHER_STORE=postgresql://NAME@HOST/DATABASE",
    ),
    (
        r"too many c|remaining connection slots",
        "It has as many connections as it takes.",
        "Close notebooks that are not needed, or let it take more: max_connections",
    ),
    (
        r"no pg_hba.conf entry|permission denied for database",
        "It does not let this name in from here.",
        "Ask whoever runs it for a line in pg_hba.conf and for: GRANT CONNECT, CREATE ON DATABASE …",
    ),
)


def faults() -> tuple[type[Exception], ...]:
    """What a server, its client and the system raise, and what text that is no UTF-8 does, to be caught."""
    psycopg = sys.modules.get("psycopg")
    return (OSError, UnicodeEncodeError, OverflowError, *((psycopg.Error,) if psycopg else ()))


def store_fault(error: Exception, address: Address, gone: bool) -> StoreError:
    """The error to raise for this fault.

    Args:
        error: One of ``faults``.
        address: Where the server is.
        gone: Whether there is no connection to it.
    """
    code, said = getattr(error, "sqlstate", None) or "", _sentence(error)
    if code in _FULL:
        return StoreFull(
            f"The server is full: the record of this run cannot go on in {address}.",
            f"It says: {said} What was recorded before is kept.",
            "Free some space there and ask again, or name a folder: AETHER_STORE=<folder>",
        )
    if code in _SHUT:
        return StoreReadOnly(
            f"The record of runs cannot be written in {address}.",
            f"The server says: {said}",
            "Ask its owner for: GRANT CREATE ON DATABASE …; GRANT ALL ON SCHEMA aether, ALL TABLES IN SCHEMA aether "
            "TO … · or name a folder: AETHER_STORE=<folder>",
        )
    if code in _DAMAGED:
        return StoreCorrupt(
            f"The record of runs in {address} is damaged, or is none.",
            f"The server says: {said}",
            "Put a backup of the schema aether back, or move it away: ALTER SCHEMA aether RENAME TO aether_damaged",
        )
    if code in _BUSY:
        return StoreError(
            f"The record of runs in {address} is being written by another process.",
            f"It has not let go for some seconds ({said})",
            "Try again in a moment.",
        )
    if gone:
        return _unreached(said, address)
    return StoreError(f"The record of runs in {address} cannot be used.", said, "Look at it: aether doctor")


def not_installed(error: ImportError) -> StoreError:
    """The error when the client of PostgreSQL is not here."""
    return StoreError(
        "A record on a PostgreSQL server needs the package psycopg.",
        f"{error}.",
        "Install it: pip install 'aether-nb[postgres]'",
    )


def _unreached(said: str, address: Address) -> StoreError:
    for pattern, why, hint in _REFUSALS:
        if found := re.search(pattern, said):
            return StoreError(f"The record of runs in {address} cannot be opened.", why, hint.format(*found.groups()))
    return StoreError(f"The server {address} cannot be reached.", said, GONE)


def _sentence(error: Exception) -> str:
    """The first line of what was said, as a sentence."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    line = line.rpartition("FATAL:")[2].strip()
    return line if line.endswith(".") else f"{line}."
