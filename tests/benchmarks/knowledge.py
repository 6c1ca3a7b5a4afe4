"""What keeping and finding costs, beside the bare database on the same rows in the same process.

    python tests/benchmarks/knowledge.py [--scale 1.0] [--rounds 5]

``import``: 10,000 chunks of 500 documents are put into an index, without vectors; the floor adds the same rows to a
table of LanceDB with the same indexes. ``again``: 13,000 unchanged files are imported a second time; the figure is CPU
time, of all threads. ``search``: 100,000 chunks of 600 characters with vectors of 384 numbers are searched by words for
the ten best, and by words and vectors fifty deep each, as an answer's search does; the figure is the median over
queries of the best of their rounds. Every figure is printed with its target; the exit code is 1 when one is missed at
full scale.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aether_nb.knowledge import tables
from aether_nb.knowledge.importing import Importer
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document

SYLLABLES = [f"{a}{b}" for a in "bdfgklmnprstvz" for b in "aeiou"]
WORDS = [f"{one}{two}{end}" for one in SYLLABLES for two in SYLLABLES for end in ("n", "rk", "st", "mp")]
OFTEN = list(accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))
"""Words of a made-up language, as unevenly used as those of a true one."""


class Figure(NamedTuple):
    """What was measured, and what it may be."""

    name: str
    value: float
    target: float
    unit: str
    floor: float = 0.0


class Numbers(NamedTuple):
    """An embedder that is only asked who it is."""

    id: str = "numbers"
    dimensions: int = 384
    normalised: bool = True
    max_tokens: int = 256

    def embed(self, texts: Sequence[str]) -> Any:
        """Numbers that mean nothing, and are the same each time."""
        found = np.random.default_rng(len(texts)).normal(size=(len(texts), self.dimensions)).astype("float32")
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def documents(chunks: int, each: int = 20) -> list[tuple[Document, list[Chunk]]]:
    """Documents of chunks of about 600 characters."""
    chance = random.Random(1)
    return [
        (
            Document(f"docs/d{number}.md", created=1.0, sha=str(number)),
            [
                Chunk(
                    " ".join(chance.choices(WORDS, cum_weights=OFTEN, k=100)),
                    f"d{number} > part {part}",
                    start=part + 1,
                )
                for part in range(each)
            ],
        )
        for number in range(chunks // each)
    ]


def taken(do: Callable[[], object]) -> float:
    """Seconds of CPU, of all threads."""
    begun = time.process_time()
    do()
    return time.process_time() - begun


def best(do: Callable[[], object], rounds: int) -> float:
    """Milliseconds, the least of some rounds: what others do on the machine only adds to it."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        do()
        times.append((time.perf_counter() - begun) * 1000)
    return min(times)


def imported(home: Path, scale: float, rounds: int) -> Figure:
    """Putting in, as a ratio to adding the same rows; both end tidied up, so that both can be searched fast."""
    import lancedb
    from lancedb.index import FTS, BTree

    data = documents(int(10_000 * scale))
    batches = [data[start : start + 100] for start in range(0, len(data), 100)]
    ours, theirs = [], []
    for number in range(rounds):
        with Index.open(home / f"ours{number}") as index:
            index.put(Document("first"), [])

            def put(index: Index = index) -> None:
                for batch in batches:
                    index.put_all(batch)
                index.tidy()

            ours.append(taken(put))
        db = lancedb.connect(home / f"theirs{number}", read_consistency_interval=timedelta(0))
        table = db.create_table("knowledge", schema=tables.schema())
        for column, config in {"body": FTS(with_position=True), "id": BTree(), "doc": BTree()}.items():
            table.create_index(column, config=config)
        table.add(tables.rows_of([(Document("first"), [])]))
        rows = [tables.rows_of(batch) for batch in batches]

        def add(table: Any = table, rows: Any = rows) -> None:
            for batch in rows:
                table.add(batch)
            table.optimize()

        theirs.append(taken(add))
    floor = statistics.median(theirs)
    return Figure("import", statistics.median(ours) / floor, 2.0, "× the floor", floor)


def again(home: Path, scale: float, rounds: int) -> Figure:
    """A second import of what did not change."""
    folder = home / "files"
    for number in range(int(13_000 * scale)):
        file = folder / f"part{number // 100}" / f"file {number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# File {number}\n\nwords of {number}\n")
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("".join(f"*.x{number}\nbuild{number}/\n" for number in range(10)))
    time.sleep(0.1)  # older than the tick within which a time is not believed
    with Index.open(home / "again") as index:
        Importer(index, home).add(folder)
        times = [taken(lambda: Importer(index, home).add(folder)) for _ in range(rounds)]
    return Figure("again", statistics.median(times), 0.5, "s of CPU")


def searched(home: Path, scale: float, rounds: int) -> list[Figure]:
    """Searches of a large index, by words, by vectors, and by both."""
    embedder, count = Numbers(), int(100_000 * scale)
    with Index.open(home / "large", embedder=embedder) as index:
        data = documents(count)
        for start in range(0, len(data), 500):
            index.put_all(data[start : start + 500])
        while waiting := index.unembedded(5000):
            index.set_vectors([one.id for one in waiting], embedder.embed([one.text for one in waiting]))
        index.tidy()
        chance = random.Random(2)
        queries = [" ".join(chance.choices(WORDS, cum_weights=OFTEN, k=4)) for _ in range(40)]
        points = embedder.embed(queries)
        found: dict[str, list[float]] = {"words": [], "both": []}
        for query, point in zip(queries, points, strict=True):
            found["words"].append(best(lambda query=query: index.text_search(query, 10), rounds))
            deep = best(lambda query=query: index.text_search(query, 50), rounds)
            found["both"].append(deep + best(lambda point=point: index.vector_search(point, 50), rounds))
    targets = {"words": 10.0, "both": 80.0}
    return [Figure(f"search, {name}", statistics.median(times), targets[name], "ms") for name, times in found.items()]


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="the share of the rows and files")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="aether-knowledge-"))
    try:
        figures = [imported(home, options.scale, options.rounds), again(home, options.scale, options.rounds)]
        figures += searched(home, options.scale, options.rounds)
    finally:
        shutil.rmtree(home)
    for figure in figures:
        print(f"{figure.name:<14} {figure.value:8.2f} {figure.unit:<12} at most {figure.target}")
    return int(options.scale >= 1 and any(figure.value > figure.target for figure in figures))


if __name__ == "__main__":
    os.environ.setdefault("LANCEDB_LOG", "error")
    sys.exit(main())
