"""What is kept is found at once by its words and a little later by its meaning; nothing kept costs nothing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.knowledge.embed import Chosen
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.library import Library
from aether_nb.knowledge.material import Category, Chunk, Document, Where
from harness.retrieval import DIMENSIONS, Words

TEXTS = {
    "guide.md": ("Merge two tables with merge, on a key that both have.", "Plot a line with plot."),
    "paper.pdf": ("Bread rises when yeast makes gas.",),
}


def put(library: Library, category: Category = "knowledge", **texts: Sequence[str]) -> None:
    """Keep documents, with a chunk for each text."""
    for name, parts in (texts or TEXTS).items():
        sha = hashlib.sha256("".join(parts).encode()).hexdigest()
        document = Document(name, name, sha=sha, category=category, tags=("old",) if name == "paper.pdf" else ())
        chunks = [Chunk(text, f"{name} > part", "part", n, n) for n, text in enumerate(parts, 1)]
        library.do(lambda index, document=document, chunks=chunks: index.put(document, chunks))


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def library(tmp_path: Path, words: Words) -> Iterator[Library]:
    opened = Library(str(tmp_path / ".aether" / "knowledge"), tmp_path, lambda: Chosen(words, "By words and meaning."))
    yield opened
    opened.close()


def test_nothing_kept_imports_nothing(tmp_path: Path) -> None:
    """Where no folder is, asking costs no import of LanceDB, and makes none."""
    code = f"""
import asyncio, sys
from pathlib import Path
from aether_nb.knowledge.embed import Chosen
from aether_nb.knowledge.library import Library
library = Library({str(tmp_path / "knowledge")!r}, Path({str(tmp_path)!r}), lambda: Chosen(None, ""))
assert not library.holds() and not library.holds("solutions")
assert asyncio.run(library.recall("anything")).how == ("Nothing is kept yet.",)
library.close()
assert not {{"lancedb", "pyarrow", "numpy"}} & set(sys.modules), sorted(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert not (tmp_path / "knowledge").exists()


async def test_found_by_words_at_once_and_by_meaning_later(library: Library, words: Words) -> None:
    """The first search waits for no vector; it sets off the making of them, and says how far that is."""
    put(library)
    first = await library.recall("merge tables")
    assert [(hit.path, hit.start, hit.legs.keys()) for hit in first.hits] == [("guide.md", 1, {"text"})]
    assert any(line.startswith("0% of what is kept") for line in first.how)
    assert library.filled(30)
    assert library.counted() == (3, 3)
    second = await library.recall("merge tables")
    assert second.hits[0].legs.keys() == {"text", "vector"}
    assert not any("of what is kept" in line for line in second.how)
    assert library.standing() == ["By words and meaning."]
    assert "guide.md > part\nPlot a line with plot." in words.given
    given = len(words.given)
    put(library)  # what says the same keeps its vectors
    library.fill()
    assert library.filled(30)
    assert len(words.given) == given


async def test_filters_leave_the_rest_out(library: Library) -> None:
    """By path, by tag, by kind, by time: what does not fit is not found, however well it answers."""
    put(library)
    for where in (Where(path=("guide.md",)), Where(kind=("pdf",)), Where(tag=("new",)), Where(after=1.0)):
        assert (await library.recall("bread and yeast", where)).hits == ()
    (hit,) = (await library.recall("bread and yeast", Where(tag=("old",)))).hits
    assert hit.path == "paper.pdf"
    assert (await library.recall("bread and yeast", Where("solutions"))).how == ("Nothing is kept yet.",)


def test_another_embedder_makes_its_own_vectors(library: Library, tmp_path: Path) -> None:
    """Vectors of two embedders are never compared: the new one's are made behind, the old ones stay until then."""
    put(library)
    library.fill()
    assert library.filled(30)
    library.close()
    other = Words("words-2")
    library.choose = lambda: Chosen(other, "By others.")
    assert library.counted() == (3, 0)
    assert library.standing()[1].startswith("0 of 3 chunks have vectors; the others get theirs")
    library.fill()
    assert library.filled(30)
    assert library.counted() == (3, 3)
    assert len(other.given) == 3


class Slow(Words):
    """Waits before each batch until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.begun.set()
        assert self.go.wait(30)
        return super().embed(texts)


async def test_making_vectors_can_be_stopped_and_does_not_stop_anybody(tmp_path: Path) -> None:
    """While vectors are made what is kept can be searched; a stop keeps those that are there, the rest come later."""
    slow = Slow()
    library = Library(str(tmp_path / "knowledge"), tmp_path, lambda: Chosen(slow, "Slowly."))
    put(library, long=[f"text number {n}" for n in range(80)])
    library.fill()
    assert slow.begun.wait(30)
    assert library.standing()[1] == "0 of 80 chunks have vectors; the others get theirs just now."
    hits = library.do(lambda index: index.text_search("number 7"))
    assert hits
    stopping = threading.Thread(target=library.cancel)
    stopping.start()
    slow.go.set()
    stopping.join(30)
    assert library.counted() == (80, 32)
    library.fill()
    assert library.filled(30)
    assert library.counted() == (80, 80)
    library.close()


def test_vectors_are_made_in_batches_and_written_many_at_a_time(
    library: Library, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write is twice the one before, up to 512: some are found soon, and thousands cost few writes."""
    made, written = list[int](), list[int]()
    embed, write = words.embed, Index.set_vectors
    monkeypatch.setattr(words, "embed", lambda texts: made.append(len(texts)) or embed(texts))
    monkeypatch.setattr(
        Index, "set_vectors", lambda self, ids, *rest: written.append(len(ids)) or write(self, ids, *rest)
    )
    put(library, long=[f"text number {n}" for n in range(1_200)])
    library.fill()
    assert library.filled(60)
    assert library.counted() == (1_200, 1_200)
    assert written == [32, 64, 128, 256, 512, 208]
    assert max(made) == 32


@pytest.mark.parametrize("bad", [[], [[0.0] * DIMENSIONS] * 32], ids=["none", "zeros"])
def test_what_was_made_before_one_that_cannot_be_used_is_kept(
    bad: list[list[float]], library: Library, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is no good is said, and takes nothing along of what was made before it."""
    embed, batches = words.embed, list[int]()

    def spoilt(texts: Sequence[str]) -> list[list[float]]:
        batches.append(len(texts))
        return embed(texts) if len(batches) < 3 else bad

    monkeypatch.setattr(words, "embed", spoilt)
    put(library, long=[f"text number {n}" for n in range(96)])
    library.fill()
    assert library.filled(30)
    assert library.counted() == (96, 64)
    assert batches == [32, 32, 32]
    assert library.trouble


def test_a_server_that_fails_is_said(library: Library, words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where vectors cannot be made the words serve, and the reason is told until it works again."""
    put(library)

    def fails(texts: Sequence[str]) -> list[list[float]]:
        raise ModelUnavailable("tiny fell silent.", "Nothing came.")

    monkeypatch.setattr(words, "embed", fails)
    library.fill()
    assert library.filled(30)
    assert library.standing()[-1] == "Vectors are not made: tiny fell silent. Nothing came."
    monkeypatch.undo()
    library.fill()
    assert library.filled(30)
    assert library.standing() == ["By words and meaning."]


async def test_a_source_that_changed_is_known(library: Library, tmp_path: Path) -> None:
    """A file is compared with what was read of it, byte by byte; one that is gone has changed, a web page has not."""
    file = tmp_path / "guide.md"
    file.write_text("".join(TEXTS["guide.md"]))
    put(library)
    (hit,) = (await library.recall("merge tables")).hits
    assert not library.is_changed(hit)
    file.write_text("Something else.")
    assert library.is_changed(hit)
    file.unlink()
    assert library.is_changed(hit)
    put(library, **{"https://example.org/guide.html": ("Merge three tables",)})
    found = await library.recall("merge three tables", Where(path=("https://example.org/guide.html",)))
    assert not library.is_changed(found.hits[0])


async def test_without_an_embedder_words_serve(tmp_path: Path) -> None:
    """The honest default: what is kept is found by its words, and nothing is said of vectors that nobody makes."""
    library = Library(str(tmp_path / "knowledge"), tmp_path, lambda: Chosen(None, "By words alone."))
    put(library)
    found = await library.recall("merge tables")
    assert [hit.path for hit in found.hits] == ["guide.md"]
    assert found.how == ("1 of 1 candidates passed by their scores.",)
    library.fill()
    assert library.filled(30)
    assert library.standing() == ["By words alone."]
    library.close()
