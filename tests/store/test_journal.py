"""The journal of a store: several write there, each behind the others, and nobody's words are lost."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.store.journal import Journal
from aether_nb.store.log import JOURNAL
from aether_nb.store.memory import MemoryLog


def said(purpose: str) -> k.Beside:
    """A request that was made beside a conversation."""
    return k.Beside(purpose, "m", k.Left("a"))


def test_writers_who_do_not_know_of_each_other_write_behind_each_other() -> None:
    """Each remembers where it ended, and looks again when somebody else has gone on."""
    log = MemoryLog()
    one, other = Journal(log), Journal(log)
    for number, journal in enumerate((one, one, other, one, other)):
        journal.note((said(f"n{number}"),), float(number))
    assert [entry.event for entry in log.read(JOURNAL)] == [said(f"n{number}") for number in range(5)]
