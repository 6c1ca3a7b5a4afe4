"""A notebook to be given away: with its own runs and no others, and without the keys that may stand in either.

What was masked has another chain from there on; the journal of the packed record says so, with the hash that the run
had before. Bytes of variables stay at home. This module types and prints nothing.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aether_nb.agent.releasing import without_values
from aether_nb.errors import UsageFault
from aether_nb.events.kinds import CallFinished, ContextComposed, Event, ModelAsked, RunPacked, RunStarted
from aether_nb.events.masking import masked, masked_event
from aether_nb.events.messages import ANY, Part
from aether_nb.store.log import JOURNAL, RunSummary
from aether_nb.store.place import FOLDER
from aether_nb.store.store import Store, open_store
from aether_nb.widgets.witness import noted

__all__ = ["Packed", "pack", "read_notebook"]

ALL = 100_000


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed: the file, the runs in it, and in how many of their events keys were masked."""

    file: Path
    runs: tuple[str, ...]
    masked: int
    notebook_masked: bool


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook as its file has it.

    Raises:
        UsageFault: It is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageFault(f"{path} cannot be read as a notebook.", f"{error}.", "Give an .ipynb file.") from error
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise UsageFault(f"{path} is no notebook.", "It has no cells.", "Give an .ipynb file.")
    return found


def pack(notebook: Path, store: Store, out: Path, keys: Collection[str], time: float) -> Packed:
    """Write a notebook and a record of its runs into one file.

    Args:
        notebook: The notebook's file.
        store: The record beside it.
        out: The zip to write; one that is there is replaced.
        keys: Keys that are known here; what looks like one is masked anyway.
        time: Now, in seconds since the epoch.

    Raises:
        UsageFault: The notebook cannot be read.
        StoreError: The record cannot be read.
    """
    content = read_notebook(notebook)
    runs = _runs_of(notebook, content, store)
    hidden = masked(content, keys)
    with tempfile.TemporaryDirectory(prefix="aether-pack-") as name:
        folder = Path(name) / FOLDER
        copy = open_store(folder, "aether pack", wal=False)
        count = sum(_copied(run.id, store, copy, keys, time) for run in runs)
        copy.log.close()
        part = out.with_name(f".{out.name}.part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(notebook.name, json.dumps(hidden, indent=1, ensure_ascii=False) + "\n")
            for file in sorted(folder.rglob("*")):
                if file.is_file() and not file.name.endswith(".lock"):
                    archive.write(file, f"{FOLDER}/{file.relative_to(folder)}")
        part.replace(out)
    return Packed(out, tuple(run.id for run in runs), count, hidden != content)


def _runs_of(notebook: Path, content: Mapping[str, Any], store: Store) -> list[RunSummary]:
    """The runs of this notebook, the oldest first: by its path, by the cell asked in, or because an output shows it."""
    cells = {str(cell.get("id")) for cell in content["cells"] if isinstance(cell, Mapping) and cell.get("id")}
    shown, place = {id for id, _ in noted(content)}, notebook.resolve()

    def here(run: RunSummary) -> bool:
        return run.cell in cells or run.id in shown or (bool(run.notebook) and Path(run.notebook).resolve() == place)

    return [run for run in reversed(store.log.runs(ALL)) if here(run)]


def _copied(run: str, store: Store, copy: Store, keys: Collection[str], time: float) -> int:
    """Copy a run, and write down where it came from; returns how many of its events had keys in them."""
    entries = list(store.log.read(run))
    hides = any(isinstance(entry.event, RunStarted) and entry.event.hide for entry in entries)
    events = [masked_event(_shareable(entry.event) if hides else entry.event, keys) for entry in entries]
    copy.log.append(run, 0, events, [entry.time for entry in entries])
    count = sum(event is not entry.event for event, entry in zip(events, entries, strict=True))
    count = count or int(copy.chain.head(run) != store.chain.head(run))  # written in an older form
    head = sum(1 for _ in copy.log.read(JOURNAL))
    copy.log.append(JOURNAL, head, (RunPacked(run, len(events), store.chain.head(run), count),), time)
    return count


def _shareable(event: Event) -> Event:
    """An event of a run with hidden columns, without what it shows: also what a model on this machine was told."""
    match without_values(event):
        case ContextComposed() as composed:
            kept = (tuple(part for part in each.parts if _names_only(part)) for each in composed.messages)
            told = zip(composed.messages, kept, strict=True)
            return replace(composed, messages=tuple(replace(message, parts=parts) for message, parts in told))
        case CallFinished() as finished:
            return replace(finished, parts=tuple(part for part in finished.parts if _names_only(part)))
        case ModelAsked() as asked:  # what is counted stays; a name may be a value, as in a pivot
            left = replace(asked.left, columns=()) if asked.left else None
            return replace(asked, left=left, sent=tuple(replace(one, columns=()) for one in asked.sent))
        case other:
            return other


def _names_only(part: Part) -> bool:
    """Whether a part holds words and names, and none of the names may be a value."""
    return part.data in ("text", "schema") and ANY not in part.columns
