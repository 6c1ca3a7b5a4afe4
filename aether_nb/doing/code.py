"""What both faces do with the code of a run: show it as cells, write it to a file, look whether it makes the same.

Functions of a store and of what was typed. How code is run again stands in ``reproducing``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aether_nb.doing.packing import read_notebook
from aether_nb.doing.reproducing import Spare, reproduce
from aether_nb.errors import AetherError, UsageFault
from aether_nb.events.coding import RunCode, code_of, one_line
from aether_nb.events.kinds import Entry, Kept, NamespaceKept, RunEnded, RunStarted
from aether_nb.store.store import Store
from aether_nb.typed import meant

__all__ = ["cell_of_run", "cells_before", "code_in", "exported", "users_part", "verified_code"]

RECENT = 100
"""In how many runs bytes of a variable are looked for."""

MARK = "# [aether]"
"""How a cell that holds the code of a run begins."""


def code_in(store: Store, run: str) -> tuple[RunCode, list[Entry]]:
    """The code of a run, and its log.

    Raises:
        UsageFault: It has none.
        StoreTampered: Its record is not what was written.
    """
    entries, verdict = store.chain.whole(run)
    verdict.confirm()
    code = code_of(entries)
    if not code.pieces:
        why = "It answered without code." if entries else ""
        raise UsageFault(f"Run {run} has no code.", why, f"Look at it: %aether show {run}")
    return code, entries


def cell_of_run(code: RunCode) -> str:
    """The code of a run as one cell, marked as such."""
    return f"{_head(code)}\n\n{code.text}\n"


def _head(code: RunCode) -> str:
    lines = [f"{MARK} {one_line(code.prompt)}", f"# run {code.run} · %aether show {code.run}"]
    if code.needs:
        lines.append(f"# needs {_needs(code.needs)}")
    lines += [f"# a tool wrote {one_line(path)}; no code here does" for path in code.files]
    return "\n".join(lines)


def _needs(needs: Iterable[Kept]) -> str:
    return ", ".join(f"{kept.name} ({kept.cell})" if kept.cell else kept.name for kept in needs)


# ---- export


def exported(store: Store, options: argparse.Namespace, last: str = "", folder: Path | None = None) -> str:
    """Write the code of a run as a notebook or a script, a cell for each item of its plan.

    Raises:
        UsageFault: No file was named, or it exists already.
    """
    run, out = options.run, options.out
    if not out and run.endswith((".ipynb", ".py")):
        run, out = "", run
    if not out.endswith((".ipynb", ".py")):
        raise UsageFault("It is not said where the code goes.", "", "%aether export RUN code.ipynb · or code.py")
    code, _ = code_in(store, store.log.resolve(meant(run, last)))
    file = (folder or Path.cwd()) / out
    text = _as_notebook(code) if out.endswith(".ipynb") else _as_script(code)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageFault(f"{out} exists already.", "It was left as it is.", "Give another name.") from None
    except OSError as error:
        raise UsageFault(f"{out} cannot be written.", f"{error.strerror}.", "Give another folder.") from error
    count = len(code.items)
    return f"Wrote {out}: {count} {'cell' if count == 1 else 'cells'} of run {code.run}."


def _as_script(code: RunCode) -> str:
    blocks = [_head(code), *(["\n".join(code.imports)] if code.imports else [])]
    blocks += [f"# %% {one_line(title)}".rstrip() + f"\n{text}" for title, text in code.items]
    return "\n\n".join(blocks) + "\n"


def _as_notebook(code: RunCode) -> str:
    cells = [_cell("markdown", _head(code).replace("\n# ", "  \n").removeprefix("# "))]
    cells += [_cell("code", "\n".join(code.imports))] if code.imports else []
    cells += [_cell("code", f"# {one_line(title)}\n{text}" if title else text) for title, text in code.items]
    for number, cell in enumerate(cells):
        cell["id"] = f"{code.run}-{number}"
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def _cell(kind: str, text: str) -> dict[str, Any]:
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": text, **more}


# ---- verify-code


def verified_code(
    store: Store,
    run: str,
    options: argparse.Namespace,
    before: Sequence[str] | None = None,
    spare: Spare = lambda _: None,
) -> tuple[str, bool]:
    """Run the code of a run in a fresh kernel; what came of it, and whether it made the same.

    Args:
        store: The record.
        run: The run's whole id.
        options: What was typed.
        before: The user's cells before it; those of the saved notebook when None.
        spare: Finds a variable that the record has not kept.

    Raises:
        UsageFault: Somebody else recorded it, and nobody said to run it all the same; or there is no code.
    """
    code, entries = code_in(store, run)
    if not any(isinstance(entry.event, RunEnded) for entry in entries):
        raise UsageFault(f"Run {run} has not ended.", "", f"Let it end first: %aether trace {run}")
    if not options.anyway and not store.chain.verify(run).own:
        why = "Its code would be run here, in a kernel of yours."
        raise UsageFault(
            f"Run {run} was not recorded by you.", why, f"Look at it first; then: %aether verify-code {run} --anyway"
        )
    started = entries[0].event
    assert isinstance(started, RunStarted)
    folder = Path(started.workspace or ".")
    cells = cells_before(started.notebook, started.cell, code.prompt) if before is None else before

    def kept(wanted: Kept) -> tuple[str, bytes] | None:
        return _kept(store, wanted) or spare(wanted)

    found = reproduce(code, cells, kept, folder if folder.is_dir() else Path.cwd(), options.outside)
    ok = found.outcome == "reproduces"
    return (json.dumps(asdict(found), indent=2) if options.json else found.text), ok


def cells_before(notebook: str, cell: str, prompt: str) -> list[str]:
    """The code cells of a saved notebook that stand before the cell of a run; none when that cannot be found."""
    file = Path(notebook)
    if not notebook or not file.is_file():
        return []
    found: list[str] = []
    for one in read_notebook(file).get("cells", []):
        text = "".join(one.get("source", ""))
        if one.get("id") == cell or (text.startswith("%%aether") and prompt in text):
            return found
        if one.get("cell_type") == "code" and (own_code := users_part(text)):
            found.append(own_code)
    return []


def users_part(cell: str) -> str:
    """What of a cell is the user's code: without what speaks to an agent; empty when nothing is left."""
    if cell.lstrip().startswith("%%aether"):
        return ""
    lines = [line for line in cell.splitlines() if not line.lstrip().startswith(("%aether", "%load_ext aether_nb"))]
    return "\n".join(lines).strip()


def _kept(store: Store, wanted: Kept) -> tuple[str, bytes] | None:
    """The bytes of a variable that any recent run has kept, by the hash of its content."""
    if not wanted.hash.startswith("sha256:"):
        return None
    for run in store.log.runs(RECENT):
        for entry in store.log.read(run.id):
            if isinstance(entry.event, NamespaceKept):
                for kept in entry.event.kept:
                    if kept.hash == wanted.hash and kept.type == wanted.type and kept.blob:
                        try:
                            return kept.format, store.blobs.get(kept.blob)
                        except AetherError:  # it has been cleaned away: another run may have it still
                            continue
    return None
