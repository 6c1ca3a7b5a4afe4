"""What both faces do with the whole record: explain, audit, pack and clean it.

Functions of a store and of what was typed; each returns what is to be said. What stands in a report is the business of
``audits``, what is packed that of ``packing``, what may be dropped that of ``store``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from aether_nb.config.address import Address
from aether_nb.doing import audits
from aether_nb.doing.packing import pack
from aether_nb.errors import OptionError, RunNotFound
from aether_nb.events.children import above
from aether_nb.events.kinds import Entry
from aether_nb.events.masking import known_keys
from aether_nb.session.unlocking import unlock
from aether_nb.store.chain import Verdict
from aether_nb.store.log import RunSummary
from aether_nb.store.prune import Pruned, prune
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store
from aether_nb.typed import whole
from aether_nb.widgets.veil import veiled_text
from aether_nb.widgets.wording import count

__all__ = ["audited", "explained", "packed", "pruned"]

ALL = 100_000
DAY = 86_400.0
LOOKED = 50
"""So many runs are looked through for the last failure."""

SIZES = {"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}


def explained(store: Store, run: str = "", notebook: str = "") -> str:
    """Why something failed: in this run, or in the newest run of this notebook in which anything did."""
    if run:
        return _why(store, store.log.resolve(run))
    for summary in store.log.runs(LOOKED):
        if notebook and summary.notebook and summary.notebook != notebook:
            continue
        if audits.failure_of(store.chain.whole(summary.id)[0]) is not None:
            return _why(store, summary.id)
    return "Nothing failed in the runs that are recorded here."


def _why(store: Store, run: str) -> str:
    entries, verdict = store.chain.whole(run)
    if not entries:
        verdict.confirm()
    told = "\n".join(filter(None, (audits.why_text(entries), verdict.warning)))
    return veiled_text(told, known_keys(os.environ))


# ---- audit


def audited(store: Store, options: argparse.Namespace) -> str:
    """A report of one run, or of those of some days; written to a file when one is named."""
    chosen = _chosen(store, options)
    whole = [_audited(store, summary.id) for summary in reversed(chosen)]
    as_json = options.json or options.out.endswith(".json")
    text = (
        json.dumps([audits.audit_values(*one) for one in whole], indent=2) + "\n"
        if as_json
        else audits.audit_markdown(whole, time.time())
    )
    text = veiled_text(text, known_keys(os.environ))
    if not options.out:
        return text.rstrip("\n")
    Path(options.out).write_text(text, encoding="utf-8")
    return f"{count(len(whole), 'run')} in {options.out}"


def _audited(store: Store, run: str) -> tuple[list[Entry], list[str], Verdict]:
    entries, verdict = store.chain.whole(run)
    return entries, store.chain.hashes(run)[: len(entries)], verdict


def _chosen(store: Store, options: argparse.Namespace) -> list[RunSummary]:
    runs = store.log.runs(ALL)
    if options.run:
        if options.since or options.until:
            raise OptionError("A run and days cannot be asked for together.", hint="aether audit RUN")
        run = store.log.resolve(options.run)
        return [summary for summary in runs if summary.id == run]
    since = _day(options.since) if options.since else 0.0
    until = _day(options.until) + DAY if options.until else float("inf")
    found = [summary for summary in runs if since <= summary.started < until]
    if not found:
        raise RunNotFound("No run was recorded in these days.", "", "See them all: %aether runs")
    return found


def _day(text: str) -> float:
    """The beginning of a day, in seconds since the epoch."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").timestamp()
    except ValueError as error:
        raise OptionError(f"{text!r} is no date.", hint="Write it as 2026-01-31.") from error


# ---- pack


def packed(store: Store, options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str:
    """Write a notebook and its runs into a zip, without the keys that stand in them."""
    if not options.notebook:
        raise OptionError("No notebook is named.", hint="aether pack NOTEBOOK.ipynb")
    if store.encrypted and not options.readable:
        why = "What is packed is given away, so it is written readable, with keys masked as ever."
        raise OptionError(
            "This record is encrypted.", why, f"If you mean it: aether pack {options.notebook} --readable"
        )
    notebook = Path(options.notebook)
    if not notebook.name or (options.out and not Path(options.out).name):
        raise OptionError(f"{options.out or notebook} is no file.", hint="aether pack NOTEBOOK.ipynb --out FILE.zip")
    out = Path(options.out) if options.out else notebook.with_suffix(".zip")
    done = pack(notebook, store, out, known_keys(environment), time.time())
    keys = f"Keys were masked in {count(done.masked, 'event')}" + (
        " and in the notebook." if done.notebook_masked else "."
    )
    said = [f"{done.file}: {notebook.name} with {count(len(done.runs), 'run')}."]
    if done.masked or done.notebook_masked:
        said.append(f"{keys} A masked run has another chain from there on; the packed record says so.")
    said.append("Bytes of variables are not in it. Data that was shown to a model is: look before you give it away.")
    return "\n".join(said)


# ---- prune


def pruned(
    store: Store, place: Path | Address, options: argparse.Namespace, now: float, sealer: Sealer | None = None
) -> str:
    """Drop ended runs: older ones, the oldest of a record that is too large, all but the newest.

    On a server only this user's: those that his key has sealed, and those that nobody's has.
    """
    if not (options.older or options.larger or options.keep):
        why = "Runs are dropped for good; the journal keeps their hashes."
        raise OptionError("--prune does not say which runs.", why, "aether runs --prune --older 30")
    before = now - timedelta(days=_number(options.older, "--older 30")).total_seconds() if options.older else None
    largest = _size(options.larger) if options.larger else None
    why = "asked for: " + " ".join(f"{name} {value}" for name, value in _said(options))
    if not options.keep:
        return _told(prune(place, now, before=before, largest=largest, why=why, sealer=sealer, unlock=unlock))
    if largest is not None:
        raise OptionError("--keep and --larger cannot be asked for together.", hint="aether runs --prune --keep 20")
    old = _spare(store.log.runs(ALL), _number(options.keep, "--keep 20"), before)
    return _told(prune(place, now, runs=old, why=why, sealer=sealer, unlock=unlock))


def _spare(runs: list[RunSummary], keep: int, before: float | None) -> list[str]:
    """All ended runs but the newest. One that works for another counts as that one's, and goes and stays with it."""
    known = {run.id for run in runs}
    asked = [run for run in runs if run.outcome is not None and above(run.id).isdisjoint(known)]
    old = {run.id for run in asked[keep:] if before is None or run.started < before}
    return [run.id for run in runs if run.outcome is not None and not old.isdisjoint({run.id, *above(run.id)})]


def _said(options: argparse.Namespace) -> list[tuple[str, str]]:
    return [(f"--{name}", value) for name in ("older", "larger", "keep") if (value := getattr(options, name))]


def _told(done: Pruned) -> str:
    lines = [
        f"{count(len(done.runs), 'run')} dropped, {done.freed / 1e6:.1f} MB freed. Their hashes are in the journal."
    ]
    if done.unshrunk:
        lines.append("A run is at work here, so the file keeps its size; the room in it is used before it grows.")
    lines += [f"  kept {run}: {why}" for run, why in done.spared.items()]
    return "\n".join(lines)


def _number(text: str, hint: str) -> int:
    found = whole(text, 0, timedelta.max.days)
    if found is None:
        raise OptionError(f"{text!r} is no number.", hint=f"aether runs --prune {hint}")
    return found


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)\s*([A-Za-z]*)", text)
    if found is None or found[2].upper() not in SIZES:
        raise OptionError(f"{text!r} is no size.", hint="aether runs --prune --larger 200MB")
    return int(float(found[1]) * SIZES[found[2].upper()])
