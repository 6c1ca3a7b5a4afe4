"""What the guard costs ordinary code, as ratios to the same work without it.

    python tests/benchmarks/guard.py [--rounds 40]

Each workload runs with nothing, with the hook in place and asleep (as in the user's own cells), and with a guard that
watches. A hook cannot be taken away, so each of the three is a fork of one process, and they take turns: the fastest
CPU time of each counts. ``events`` is how many audit events the workload makes, and ``hook`` the share of its time that
so many calls of the hook take at the most: that figure is steady on a busy machine, where the ratios are not. The exit
code is 1 when it is over the target.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd

from aether_nb.live.guard import Agreement, Guard, armed
from aether_nb.live.reading import Announced

TARGET = 0.03
"""By how much longer ordinary code may take."""
CALLS = 20_000
"""So many events are raised to see what one of them costs."""

WAYS = ("bare", "asleep", "awake")
GUARD = Guard(Agreement(Announced(), os.path.realpath("."), lambda risk, path: False), lambda *_: None, {})

FRAME = pd.DataFrame({"key": np.arange(200_000) % 1000, "value": np.random.default_rng(0).random(200_000)})
MODULES = ("xml.dom.minidom", "unittest.mock", "http.cookiejar", "pydoc", "mailbox", "turtle", "tarfile", "imaplib")


def groupby() -> None:
    """A table is grouped, several times."""
    for _ in range(5):
        FRAME.groupby("key")["value"].agg(["mean", "std", "max"])


def loop() -> None:
    """Plain Python, with calls, dictionaries and exceptions."""
    found: dict[int, int] = {}
    for n in range(150_000):
        try:
            found[n % 97] = found.get(n % 97, 0) + abs(n - 7)
        except KeyError:
            found.clear()


def imports() -> None:
    """Modules are imported anew."""
    for name in MODULES:
        for loaded in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
            del sys.modules[loaded]
        try:
            importlib.import_module(name)
        except ImportError:
            continue


def reads() -> None:
    """A table is read from a file."""
    for _ in range(20):
        pd.read_csv(__file__, sep="\0", engine="c", names=["line"], quoting=3, on_bad_lines="skip")


WORKLOADS: tuple[Callable[[], None], ...] = (groupby, loop, imports, reads)


def taken(work: Callable[[], None]) -> float:
    """CPU seconds of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def forked(work: Callable[[], None], way: str) -> float:
    """The fastest CPU seconds of three rounds in a fork of this process; the first one only warms it up."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        with armed(None if way == "bare" else GUARD):
            if way == "awake":
                found = min([taken(work) for _ in range(4)][1:])
        if way != "awake":
            found = min([taken(work) for _ in range(4)][1:])
        os.write(writer, repr(found).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return float(said)


def events(work: Callable[[], None]) -> int:
    """How many audit events a workload makes; counted in a fork."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        work()
        seen: list[str] = []
        sys.addaudithook(lambda event, _: seen.append(event))
        work()
        os.write(writer, str(len(seen)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return int(said)


def many() -> None:
    """Events of the dearest kind that ordinary code makes: a file is opened to be read."""
    for _ in range(CALLS):
        sys.audit("open", "name", "r", 0)


def main() -> int:
    """Measure, print, and say whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    missed = 0
    least = {way: min(forked(many, way) for _ in range(9)) for way in ("bare", "awake")}
    cost = (least["awake"] - least["bare"]) / CALLS
    print(f"one event costs {cost * 1e6:.2f} µs")
    print(f"{'workload':10} {'events':>7} {'bare ms':>9} {'asleep':>8} {'awake':>8} {'hook':>7}")
    for work in WORKLOADS:
        best = dict.fromkeys(WAYS, float("inf"))
        for turn in range(rounds):
            for way in WAYS[turn % 3 :] + WAYS[: turn % 3]:
                best[way] = min(best[way], forked(work, way))
        ratios = [best[way] / best["bare"] for way in WAYS[1:]]
        count = events(work)
        share = count * cost / best["bare"]
        missed += share > TARGET
        figures = f"{count:7} {best['bare'] * 1000:9.2f} {ratios[0]:8.3f} {ratios[1]:8.3f} {share:7.2%}"
        print(f"{work.__name__:10} {figures}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
