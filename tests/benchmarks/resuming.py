"""What it costs to read a run again: ours against what SQLite, ``json`` and ``hashlib`` take for the same bytes.

    python tests/benchmarks/resuming.py
    python tests/benchmarks/resuming.py --events 1000 --rounds 25

The floor selects the rows, hashes each with the hash before it, parses it into dicts and puts them into one dict that
stands for the state. Ours verifies the chain, names what is wrong with it, checks each event against its declared
fields, makes typed values and folds them. What a kernel does besides is told apart from it, without a target: it shows
each event in a panel, and plans how the variables come back. All take turns in one process, with the file in the
system's cache; the figure is the CPU time of the quickest round. When the targets were set the floor took 4.8 ms for
1,000 and 37.5 ms for 10,000 events, and ours was to take 10 and 50 ms at the most: so the targets are ratios.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from aether_nb.agent.run import Run
from aether_nb.events.folds import fold
from aether_nb.events.state import RunState
from aether_nb.live.keeping import plan_restore
from aether_nb.store.store import Store, open_store
from aether_nb.widgets.blocks import View
from aether_nb.widgets.view import fold as show
from harness.turns import recorded

TARGETS = {1_000: 10 / 4.8, 10_000: 50 / 37.5}
FRAME = struct.Struct(">qdI")


def ours(store: Store) -> RunState:
    """Read, verify, check and fold."""
    return fold(store.whole("r")[0])


def in_a_kernel(store: Store) -> View:
    """The same for somebody who looks on, and the plan of the variables."""
    view = View()
    entries = store.whole("r")[0]
    Run(store.log, "r", [lambda entry: show(view, entry)]).catch_up(entries)
    plan_restore(entries)
    return view


def bare(db: sqlite3.Connection) -> dict[str, Any]:
    """The same bytes, read and added up without a look at what they are."""
    hash = b""
    state: dict[str, Any] = {"messages": [], "calls": {}, "tokens": 0, "head": 0}
    rows = db.execute("SELECT seq, time, kind, version, CAST(payload AS BLOB) FROM events ORDER BY seq").fetchall()
    for seq, moment, kind, version, payload in rows:
        hash = sha256(hash + FRAME.pack(seq, moment, version) + kind.encode() + payload).digest()
        event = json.loads(payload)
        match kind:
            case "model.answered":
                state["messages"].append(event["message"])
                state["tokens"] += event["usage"]["input_tokens"] + event["usage"]["output_tokens"]
            case "call.proposed":
                state["calls"][event["call"]["id"]] = {"call": event["call"], "status": "proposed"}
            case "call.begun":
                state["calls"][event["call_id"]]["status"] = "begun"
            case "call.finished":
                state["calls"][event["call_id"]]["status"] = "finished"
                state["messages"].append({"role": "tool", "parts": event["parts"]})
        state["head"] = seq
    return state


def quickest(acts: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """The CPU seconds of the quickest round of each; they take turns."""
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(rounds):
        for act, taken in zip(acts, times, strict=True):
            gc.collect()
            begun = time.process_time()
            came = act()
            taken.append(time.process_time() - begun)
            del came
    return [min(taken) for taken in times]


def measure(events: int, rounds: int) -> str:
    """One line: what each took, and its ratio to the floor."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = open_store(Path(folder))
        with closing(store.log), closing(sqlite3.connect(Path(folder) / "runs.db")) as db:
            head = recorded(store.log, "r", events)
            state, floor = ours(store), bare(db)
            assert (state.head, len(state.calls), len(state.messages)) == (
                floor["head"],
                len(floor["calls"]),
                len(floor["messages"]),
            )
            least, cost, shown = quickest([lambda: bare(db), lambda: ours(store), lambda: in_a_kernel(store)], rounds)
    ratio, target = cost / least, TARGETS.get(events)
    said = "" if target is None else f"  ≤ {target:.2f}  {'yes' if ratio <= target else 'NO'}"
    kernel = f"  in a kernel {shown * 1e3:6.1f} ms  ratio {shown / least:.2f}"
    return f"{head:>7,} events  floor {least * 1e3:6.1f} ms  ours {cost * 1e3:6.1f} ms  ratio {ratio:.2f}{said}{kernel}"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, action="append", help="how many; may be repeated (1000 and 10000)")
    parser.add_argument("--rounds", type=int, default=15)
    said = parser.parse_args(argv)
    for events in said.events or list(TARGETS):
        print(measure(events, said.rounds), flush=True)


if __name__ == "__main__":
    main()
