"""How connections and open files are told: what they are, and to what; none is asked, read or moved.

Passwords are never among it. It does not know the namespace.
"""

from __future__ import annotations

import io
from typing import Any

from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import held, members
from aether_nb.live.describing.words import one_line, value_text

__all__ = ["engine", "file", "sqlite"]

BUFFERS = (io.BufferedReader, io.BufferedWriter, io.BufferedRandom)


def sqlite(value: Any, name: str, look: Look) -> Description:
    """A connection to SQLite."""
    return Description(f"{name}{', in a transaction' if value.in_transaction else ''}, not asked what it holds")


def engine(value: Any, name: str, look: Look) -> Description:
    """A database engine of SQLAlchemy: the kind of server and the database, and nothing that opens it."""
    url = held(value, "url")
    parts = [held(url, part) or _part(url, part) for part in ("drivername", "database")]
    told = "".join(f", {one_line(part, 100)}" for part in parts if type(part) is str)
    return Description(f"{name}{told}, not connected")


def _part(url: Any, part: str) -> Any:
    """A field of a tuple with names."""
    fields = members(type(url)).get("_fields", ())
    return tuple.__getitem__(url, fields.index(part)) if issubclass(type(url), tuple) and part in fields else None


def file(value: Any, name: str, look: Look) -> Description:
    """An open file: its name, and whether it is closed."""
    buffer = value.buffer if type(value) is io.TextIOWrapper else value
    raw = buffer.raw if type(buffer) in BUFFERS else buffer
    if type(raw) is not io.FileIO:
        return Description(name)
    called = value_text(raw.name, 200)
    return Description(f"{name} {called}, mode {raw.mode}, {'closed' if raw.closed else 'open'}, not read")
