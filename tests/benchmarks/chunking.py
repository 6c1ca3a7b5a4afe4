"""How code has to be cut so that it is found: windows of characters, whole lines, or definitions under a header.

The material is source code of installed packages without its docstrings. A docstring's first sentence is the question;
right is what shows the body of its function. All ways are searched as recall does, by words and vectors.

    python tests/benchmarks/chunking.py                 # some minutes on one core
    python tests/benchmarks/chunking.py --files 6

On 2026-11-30, 30 files with 127 questions (pandas 3.1.1, scipy 1.17.1, scikit-learn 1.9.1, lancedb 0.40.0):

    way                       chunks   first   among five   coverage
    windows of 1,000             486   0.362      0.724       0.587
    windows of 2,000             251   0.441      0.732       0.560
    definitions                  501   0.472      0.732       0.687
    definitions with header      501   0.449      0.772       0.721    <- what is done

With so few questions a difference of 0.03 in the first two says little; that of the coverage is large.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from aether_nb.knowledge import chunks, weights
from aether_nb.knowledge.embed import Local
from aether_nb.knowledge.fusing import fuse
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document, Embedder

FOLDERS = ("sklearn", "pandas/core", "scipy/stats", "scipy/optimize", "scipy/signal")
SHOWN = 5_000
"""Characters that a model is shown of what was found."""


class Asked(NamedTuple):
    """A question, and the lines that answer it."""

    question: str
    path: str
    first: int
    last: int


class File(NamedTuple):
    """Source code without its docstrings."""

    path: str
    text: str


Cut = Callable[[str, str], Sequence[Chunk]]


def material(count: int, each: int = 6) -> tuple[list[File], list[Asked]]:
    """So many files, and at most ``each`` questions about each of them."""
    files, asked = [], []
    for path in _paths(count):
        name = "/".join(path.parts[path.parts.index("site-packages") + 1 :])
        text, found = _bare(path.read_text(encoding="utf-8"))
        files.append(File(name, text))
        random.Random(3).shuffle(found)
        asked += [Asked(question, name, first, last) for question, first, last in found[:each]]
    return files, asked


def _paths(count: int) -> list[Path]:
    found = []
    for folder in FOLDERS:
        package, _, rest = folder.partition("/")
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        root = Path(spec.origin).parent / rest
        found += [p for p in sorted(root.rglob("*.py")) if "tests" not in p.parts and 15e3 < p.stat().st_size < 60e3]
    return sorted(random.Random(1).sample(found, min(count, len(found))))


def _bare(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The code without docstrings; and for each function with one: its first sentence, and the lines of its body."""
    tree, lines = ast.parse(text), text.splitlines()
    gone: set[int] = set()
    functions = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (told := ast.get_docstring(node)):
            first = node.body[0]
            assert first.end_lineno is not None
            gone |= set(range(first.lineno, first.end_lineno + 1))
            summary = " ".join(told.partition("\n\n")[0].split())
            if isinstance(node, ast.FunctionDef) and 30 <= len(summary) <= 200 and len(node.body) > 1:
                functions.append((summary, node.body[1].lineno, node.end_lineno or 0))
    kept = [number for number in range(1, len(lines) + 1) if number not in gone]
    place = {number: n for n, number in enumerate(kept, 1)}
    found = [(s, place.get(a, 0), place.get(b, 0)) for s, a, b in functions if b - a >= 7]
    return "\n".join(lines[number - 1] for number in kept), [one for one in found if one[1] and one[2]]


def windows(size: int) -> Cut:
    """Windows of so many characters, wherever they fall."""

    def cut(name: str, text: str) -> Iterator[Chunk]:
        for begin in range(0, len(text), size):
            piece = text[begin : begin + size]
            first = text.count("\n", 0, begin) + 1
            yield Chunk(piece, "", "", first, first + piece.count("\n"))

    return lambda name, text: list(cut(name, text))


def without_header(name: str, text: str) -> list[Chunk]:
    """As recall cuts code, without the header."""
    return [Chunk(chunk.text, "", "", chunk.start, chunk.end) for chunk in chunks.python(name, text)]


WAYS: dict[str, Cut] = {
    "windows of 1,000": windows(1_000),
    "windows of 2,000": windows(2_000),
    "definitions": without_header,
    "definitions with header": chunks.python,
}


class Quality(NamedTuple):
    """Chunks; how often a right one is first, or among five; how much of the body the first 5,000 characters show."""

    count: int
    first: float
    five: float
    coverage: float


def quality(files: Sequence[File], asked: Sequence[Asked], cut: Cut, embedder: Embedder, place: Path) -> Quality:
    """How well the answers are found when files are cut in this way."""
    with Index.open(place, embedder=embedder) as index:
        made = [(Document(file.path, kind="python"), list(cut(file.path, file.text))) for file in files]
        index.put_all(made)
        while rows := index.unembedded(256):
            index.set_vectors([row.id for row in rows], embedder.embed([row.text for row in rows]))
        index.tidy()
        first = five = shown = 0.0
        points = embedder.embed([one.question for one in asked])
        for one, point in zip(asked, points, strict=True):
            hits = fuse(index.text_search(one.question, 50), index.vector_search(point, 50))
            body = set(range(one.first, one.last + 1))
            seen = [body & set(range(hit.start, hit.end + 1)) if hit.path == one.path else set() for hit in hits]
            right = [len(lines) >= min(5, len(body) / 2) for lines in seen]
            first += right[0]
            five += any(right[:5])
            room, covered = SHOWN, set()
            for hit, lines in zip(hits, seen, strict=True):
                if room <= 0:
                    break
                covered |= lines
                room -= len(hit.text)
            shown += len(covered) / len(body)
    count = len(asked)
    return Quality(sum(len(parts) for _, parts in made), first / count, five / count, shown / count)


def measured(count: int) -> tuple[int, dict[str, Quality]]:
    """How many questions there are, and how good each way is.

    Raises:
        SystemExit: The weights of the local embedder are not installed.
    """
    folder = weights.find(os.environ, Path("nowhere"))
    if folder is None:
        raise SystemExit(f"The weights are missing: {weights.GET}")
    files, asked = material(count)
    with tempfile.TemporaryDirectory() as place:
        embedder = Local(folder)
        found = {
            name: quality(files, asked, cut, embedder, Path(place) / str(number))
            for number, (name, cut) in enumerate(WAYS.items())
        }
    return len(asked), found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=30, help="so many files")
    options = parser.parse_args()
    begun = time.process_time()
    count, found = measured(options.files)
    print(f"{options.files} files, {count} questions, {time.process_time() - begun:.0f} s of processor\n")
    print("| way | chunks | first | among five | coverage |\n|---|---|---|---|---|")
    for name, one in found.items():
        print(f"| {name} | {one.count} | {one.first:.3f} | {one.five:.3f} | {one.coverage:.3f} |")


if __name__ == "__main__":
    main()
