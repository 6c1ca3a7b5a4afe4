"""What of an encrypted store's rows is sealed, and the place that each content is bound to.

Sealed are the payload of every event, the prompt in the list of runs, the body of every signal, and the bytes of blobs.
The hash of a call is a keyed one: it is compared and never read. Names, kinds, numbers, times and the states of calls
stay readable: by them rows are found. This module knows no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.store.rows import Row
from aether_nb.store.vault import Vault

__all__ = [
    "PAYLOAD",
    "event_place",
    "opened_prompt",
    "opened_row",
    "prompt_place",
    "sealed_payloads",
    "signal_place",
    "worded",
]

PAYLOAD = 4
"""The column of the payload in every row of ``events`` that is read."""


def event_place(run: str, seq: Any, kind: Any) -> tuple[str, ...]:
    """Where the payload of an event lies: no other event of any run has this place."""
    return ("event", run, str(seq), str(kind))


def prompt_place(run: str) -> tuple[str, ...]:
    """Where the prompt of a run lies in the list of runs."""
    return ("prompt", run)


def signal_place(run: str, id: str) -> tuple[str, ...]:
    """Where the body of a signal lies."""
    return ("signal", run, id)


def sealed_payloads(vault: Vault, entries: Sequence[k.Entry], payloads: Iterable[bytes]) -> list[bytes]:
    """The payloads of events that are being appended, each sealed for its place."""
    placed = zip(entries, payloads, strict=True)
    return [vault.seal(payload, *event_place(entry.run, entry.seq, entry.event.kind)) for entry, payload in placed]


def opened_row(vault: Vault, run: str, row: Row) -> Row:
    """A row that begins with number, time, kind, version and payload of an event, with that payload as it was encoded.

    Raises:
        StoreCorrupt: It was not sealed for this place.
    """
    seq, _, kind, _, payload = row[: PAYLOAD + 1]
    return (*row[:PAYLOAD], vault.open(payload, *event_place(run, seq, kind)), *row[PAYLOAD + 1 :])


def opened_prompt(vault: Vault, run: str, prompt: str) -> str:
    """The prompt of a run as it was typed.

    Raises:
        StoreCorrupt: It was not sealed for this run.
    """
    return vault.open_text(prompt, *prompt_place(run))


def worded(vault: Vault, entries: Sequence[k.Entry]) -> list[k.Entry]:
    """The same entries for the ledger, with a keyed hash for that of a call: who knows the call cannot find it."""
    return [entry._replace(event=_worded(vault, entry.event)) for entry in entries]


def _worded(vault: Vault, event: k.Event) -> k.Event:
    if isinstance(event, k.CallProposed | k.CallBegun | k.GateAnswered) and event.hash:
        return replace(event, hash=vault.word(event.hash))
    return event
