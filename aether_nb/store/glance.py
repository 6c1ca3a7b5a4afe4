"""A glance at a record: which runs nobody goes on with, and whether it is encrypted, without opening the store.

For the moment at which the extension is loaded: the standard library alone, small queries, no event decoded, nothing
written. What cannot be read is no reason to say anything: the store itself says what is wrong with it, when it is used.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from aether_nb.store.wrapping import Wrapped

__all__ = ["Left", "left_behind", "wrapped_in"]

FILE = "runs.db"

_OPEN = """
    SELECT r.id, substr(r.prompt, 1, 200), r.parked, coalesce(l.epoch, 0)
    FROM runs AS r LEFT JOIN leases AS l ON l.run = r.id
    WHERE r.outcome IS NULL AND r.id <> 'journal' AND (? = '' OR r.notebook IN ('', ?))
    ORDER BY r.started DESC, r.id LIMIT 20
"""
_PARKED = "SELECT payload FROM events WHERE run = ? AND kind = 'run.parked' ORDER BY seq DESC LIMIT 1"
_TOOL = "SELECT tool FROM calls WHERE run = ? AND call = ? ORDER BY attempt DESC LIMIT 1"


class Left(NamedTuple):
    """A run that somebody left. ``waits_for`` says what a parked one waits for; of one that broke off it is empty."""

    run: str
    prompt: str
    waits_for: str = ""


def left_behind(folder: Path, notebook: str = "") -> list[Left]:
    """The runs in a folder's record that wait for somebody to go on with them, newest first.

    Args:
        folder: Where the record lies; it need not exist.
        notebook: Only runs of this notebook, and those of which no notebook is known; all when empty.
    """
    file = folder.absolute() / FILE
    if not file.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=0.2)) as db:
            rows = db.execute(_OPEN, (notebook, notebook)).fetchall()
            free = [row for row in rows if not (row[3] and _is_held(folder, row[0], row[3]))]
            return [
                Left(run, _readable(prompt), _waits_for(db, run) if parked else "") for run, prompt, parked, _ in free
            ]
    except (sqlite3.Error, OSError, ValueError):
        return []


def wrapped_in(folder: Path) -> Wrapped | None:
    """The wrapped key of a folder's record; None when that is not encrypted, or cannot be read.

    Args:
        folder: Where the record lies; it need not exist.
    """
    from aether_nb.store.wrapping import GET_WRAPPED, Wrapped

    try:
        with closing(sqlite3.connect(f"{(folder.absolute() / FILE).as_uri()}?mode=ro", uri=True, timeout=0.2)) as db:
            row = db.execute(GET_WRAPPED).fetchone()
    except (sqlite3.Error, ValueError):
        return None
    return Wrapped(*row) if row else None


def _is_held(folder: Path, run: str, epoch: int) -> bool:
    from aether_nb.store.locks import lock_file

    return lock_file(folder).is_held(run, epoch)


def _readable(prompt: str) -> str:
    """The prompt of a run; of an encrypted record nothing is said."""
    from aether_nb.store.vault import is_sealed

    return "encrypted" if is_sealed(prompt) else prompt


def _waits_for(db: sqlite3.Connection, run: str) -> str:
    found = db.execute(_PARKED, (run,)).fetchone()
    if found and isinstance(found[0], bytes):  # sealed: there is no key at a glance
        return "what its record says"
    parked = json.loads(found[0]) if found else {}
    if parked.get("waits_for") == "gate":
        tool = db.execute(_TOOL, (run, parked.get("id"))).fetchone()
        return f"a yes or a no to {tool[0]}" if tool else "a yes or a no"
    return "an answer" if parked.get("waits_for") == "question" else "a word to go on"
