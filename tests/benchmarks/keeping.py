"""What keeping a run's variables costs, as ratios to the bare work on the same data in the same process.

    python tests/benchmarks/keeping.py [--rows 1000000] [--rounds 7]

A frame of 11 columns of numbers (88 MB for a million rows), and the same with a column of texts. ``quick`` is what the
keeper adds to a call that took a millisecond: before it the variables it reads, after it those it changed. ``slow`` is
hashing and writing after a call of two seconds. The floors are SHA-256 over the buffers, and writing a Feather file.
Every figure is the median of its rounds; the exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather

from aether_nb.live.changes import compare, photograph
from aether_nb.live.keeping import Keeper, content_hash, load, save
from harness.keeping import MemoryBlobs

QUICK_TARGET = 10.0
"""Milliseconds that the keeper may add to a quick call."""


def frames(rows: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """The data."""
    random = np.random.default_rng(1)
    numbers = pd.DataFrame(random.random((rows, 11)), columns=[f"c{n}" for n in range(11)])
    yield "numbers", numbers
    yield "texts", numbers.assign(city=random.choice(["Rome", "Oslo", "Reykjavík", None], rows))


def median(function: Callable[[], Any], rounds: int) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        function()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def buffers(frame: pd.DataFrame) -> list[Any]:
    """The bytes of a frame as they lie in memory."""
    table = pa.Table.from_pandas(frame)
    return [memoryview(b) for column in table for chunk in column.chunks for b in chunk.buffers() if b is not None]


def bare_hash(pieces: list[Any]) -> str:
    """The least that hashing everything takes."""
    sha = hashlib.sha256()
    for piece in pieces:
        sha.update(piece)
    return sha.hexdigest()


def bare_write(frame: pd.DataFrame) -> int:
    """The least that writing takes."""
    out = io.BytesIO()
    pyarrow.feather.write_feather(frame, out, compression="lz4")
    return out.tell()


def keep_quick(frame: pd.DataFrame) -> None:
    """What the keeper adds to a quick call that reads one frame and changes another."""
    keeper = Keeper(MemoryBlobs())
    namespace = {"df": frame, "made": frame, "total": 1.0}
    keeper.read(namespace, "made = df; total = df.c0.sum()")
    keeper.keep(namespace, ["made", "total"], 0.001)


def keep_slow(frame: pd.DataFrame) -> None:
    """What it adds to a slow one: hash, bytes, and reading some of them again."""
    (kept,) = Keeper(MemoryBlobs()).keep({"made": frame}, ["made"], 4.0)
    assert kept.blob, kept.why


def rows_of(name: str, frame: pd.DataFrame, rounds: int) -> Iterator[tuple[str, float, float]]:
    """What is measured, and its floor (0: none)."""
    pieces = buffers(frame)
    namespace = {"df": frame, "made": frame}
    shot = photograph(namespace, ["df"])
    format, data = save(frame)
    hashing, writing = median(lambda: bare_hash(pieces), rounds), median(lambda: bare_write(frame), rounds)
    reading = median(lambda: pyarrow.feather.read_feather(pa.BufferReader(data)), rounds)
    yield f"{name} photographs", median(lambda: compare(shot, namespace), rounds), 0
    yield f"{name} quick", median(lambda: keep_quick(frame), rounds), 0
    yield f"{name} hash", median(lambda: content_hash(frame), rounds), hashing
    yield f"{name} save", median(lambda: save(frame), rounds), writing
    yield f"{name} load", median(lambda: load(format, data), rounds), reading
    yield f"{name} slow", median(lambda: keep_slow(frame), rounds), hashing + writing


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    missed = 0
    print(f"{'what':24} {'ms':>8} {'floor':>8} {'ratio':>6}")
    for name, frame in frames(options.rows):
        for what, ms, floor in rows_of(name, frame, options.rounds):
            ratio = f"{floor:8.1f} {ms / floor:6.2f}" if floor else ""
            missed += what.endswith("quick") and ms > QUICK_TARGET
            print(f"{what:24} {ms:8.1f} {ratio}".rstrip())
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
