"""What the index promises: whole documents in one write, found at once, once each, and by filters that are values."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from aether_nb.errors import KnowledgeError, KnowledgeNewer, VectorInvalid
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document, Where, document_id

NASTY = """x' OR '1'='1"; DROP TABLE knowledge; -- %_`\\ \x00 \ud800 naïve 機械 🙂"""


@dataclass(frozen=True)
class Letters:
    """An embedder that counts letters: enough to tell texts apart, and to know who was embedded."""

    id: str = "letters"
    dimensions: int = 4
    normalised: bool = False
    max_tokens: int = 100

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(text.count(letter)) + 0.01 for letter in "abcd"[: self.dimensions]] for text in texts]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / ".aether" / "knowledge", embedder=Letters()) as opened:
        yield opened


def doc(path: str = "a.md", **more: object) -> Document:
    return Document(path, **{"title": path, "kind": "markdown", "created": 10.0, "sha": "s1", **more})


def embed_all(index: Index) -> list[str]:
    waiting = index.unembedded(1000)
    if waiting:
        ids, texts, _ = zip(*waiting, strict=True)
        index.set_vectors(ids, index.embedder.embed(texts))
    return [one.text for one in waiting]


def test_a_document_comes_back_as_it_was_put_and_its_chunks_are_found_at_once(index):
    """What is put is kept whole, and found by its words before any vector was made."""
    document = doc(source="docs", tags=("x", "it's"), size=7, mtime_ns=9, meta={"uses": 2})
    index.put(document, [Chunk("alpha beta", "a.md > One", "One", 1, 4), Chunk("gamma", "a.md > Two", "Two", 5, 6)])
    assert index.documents() == [document]
    (hit,) = index.text_search("gamma")
    assert (hit.doc, hit.path, hit.scope, hit.start, hit.end, hit.text, hit.order) == (
        (document.id, "a.md", "Two", 5, 6, "gamma", 1)
    )
    assert hit.score > 0 and hit.legs == {"text": hit.score} and hit.tags == ("x", "it's")
    assert [hit.scope for hit in index.text_search("two")] == ["Two"], "the header is searched too"


def test_a_changed_document_is_replaced_and_what_did_not_change_keeps_its_vector(index):
    """Only what says something new is embedded again; what left is not found any more."""
    index.put(doc(), [Chunk("alpha", start=1, end=1), Chunk("beta", start=2, end=2)])
    assert embed_all(index) == ["alpha", "beta"]
    index.put(doc(sha="s2"), [Chunk("new", start=1, end=1), Chunk("beta", start=2, end=3)])
    assert embed_all(index) == ["new"]
    assert [(hit.text, hit.end, hit.sha) for hit in index.chunks(Where())] == [("new", 1, "s2"), ("beta", 3, "s2")]
    assert index.text_search("alpha") == []


def test_a_document_that_is_removed_leaves_nothing_and_another_stays(index):
    """Removal takes a document and its chunks together, and says how many there were."""
    index.put_all([(doc("a"), [Chunk("alpha")]), (doc("b"), [Chunk("alpha")])])
    assert index.remove([document_id("a"), document_id("never")]) == 1
    assert [hit.path for hit in index.text_search("alpha")] == ["b"]
    assert [document.path for document in index.documents()] == ["b"]


def test_the_same_text_twice_in_a_document_is_two_chunks_and_a_document_twice_in_a_batch_is_one(index):
    """Nothing is lost for looking like something else, and nothing is there twice."""
    index.put_all([(doc(), [Chunk("old")]), (doc(), [Chunk("same"), Chunk("same")])])
    assert [hit.text for hit in index.chunks(Where())] == ["same", "same"]
    assert len(index.documents()) == 1


def test_filters_are_values(index):
    """Each filter lets through what it names, whatever signs stand in it, and a quote opens nothing."""
    odd = doc(NASTY, source=NASTY, tags=(NASTY, "t"), kind="html", created=50.0, title=NASTY)
    index.put_all([(odd, [Chunk(f"alpha {NASTY}", NASTY, NASTY)]), (doc("b", tags=("tt",)), [Chunk("alpha")])])
    clean = NASTY.encode("utf-8", "replace").decode()

    def paths(**where: object) -> list[str]:
        return [hit.path for hit in index.text_search("alpha", 10, Where(**where))]

    for where in ({"source": (NASTY,)}, {"tag": (NASTY,)}, {"tag": ("t",)}, {"path": (NASTY,)}, {"kind": ("html",)}):
        assert paths(**where) == [clean]
    assert paths(after=20.0) == [clean]
    assert paths(before=20.0) == ["b"]
    assert paths(kind=("html", "markdown"), tag=("t", "tt"), source=("",)) == ["b"]
    assert paths(path=("' OR '1'='1",)) == []
    assert index.remove(["' OR '1'='1"]) == 0
    assert len(index.documents()) == 2
    (hit,) = index.text_search(NASTY, 1, Where(tag=(NASTY,)))
    assert hit.text == f"alpha {clean}"


def test_categories_are_apart(index):
    """A solution is not found among what was read."""
    index.put_all([(doc(category="solutions"), [Chunk("alpha")]), (doc(), [Chunk("alpha two")])])
    assert [hit.text for hit in index.text_search("alpha")] == ["alpha two"]
    assert [hit.text for hit in index.text_search("alpha", 5, Where("solutions"))] == ["alpha"]
    assert [(stats.category, stats.documents, stats.chunks) for stats in index.stats()] == [
        ("knowledge", 1, 1),
        ("solutions", 1, 1),
        ("memory", 0, 0),
    ]


def test_vectors_find_what_is_near(index):
    """The nearest comes first, with its cosine; what has no vector is passed over."""
    index.put(doc(), [Chunk("aaa"), Chunk("bbb")])
    embed_all(index)
    index.put(doc("b"), [Chunk("aaaa")])
    hits = index.vector_search([1.0, 0.0, 0.0, 0.0])
    assert [hit.text for hit in hits] == ["aaa", "bbb"]
    assert hits[0].score == pytest.approx(1.0, abs=1e-3) and hits[0].legs == {"vector": hits[0].score}


@pytest.mark.parametrize("bad", [[1.0], [float("nan")] * 4, [float("inf"), 0, 0, 0], [0.0] * 4, "no"])
def test_numbers_that_no_search_can_use_are_refused_by_name(index, bad):
    """Wrong length, NaN, infinity and zero never reach the store, neither to be kept nor to be searched for."""
    index.put(doc(), [Chunk("aaa")])
    (key,) = [hit.id for hit in index.chunks(Where())]
    with pytest.raises(VectorInvalid):
        index.vector_search(bad)
    with pytest.raises(VectorInvalid):
        index.set_vectors([key], [bad])
    assert len(index.unembedded()) == 1


def test_another_embedder_starts_anew_and_the_words_are_found_meanwhile(index, tmp_path):
    """Vectors of two embedders never mix; those that nobody uses can be dropped."""
    index.put(doc(), [Chunk("aaa")])
    embed_all(index)
    with Index.open(tmp_path / ".aether" / "knowledge", embedder=Letters("other", 3)) as other:
        assert other.vector_search([1.0, 0.0, 0.0]) == []
        assert [hit.text for hit in other.text_search("aaa")] == ["aaa"]
        assert embed_all(other) == ["aaa"]
        assert len(other.vector_search([1.0, 0.0, 0.0])) == 1
        assert other.stats()[0].embedders == ("letters", "other")
        assert len(index.vector_search([1.0, 0.0, 0.0, 0.0])) == 1, "the one before still has its own"
        assert other.drop_other_vectors() == 1
    assert index.unembedded() != []


def test_without_an_embedder_there_are_words_only(tmp_path):
    """No key and no weights: full text is what there is, and nothing is faked."""
    with Index.open(tmp_path / "k") as index:
        assert index.text_search("alpha") == [] and index.documents() == [] and index.fingerprints() == {}
        index.put(doc(), [Chunk("alpha")])
        assert index.unembedded() == [] and len(index.text_search("alpha")) == 1


def test_what_a_handle_sees_is_always_the_newest(tmp_path):
    """A handle that was opened before somebody else wrote neither doubles a row nor fails to delete one."""
    with Index.open(tmp_path / "k") as old, Index.open(tmp_path / "k") as new:
        old.put(doc("a"), [Chunk("alpha")])
        new.put(doc("b"), [Chunk("beta")])
        old.put(doc("b"), [Chunk("beta")])
        assert len(new.chunks(Where(path=("b",)))) == 1
        new.put(doc("c"), [Chunk("gamma")])
        assert old.remove([document_id("c")]) == 1
        assert new.text_search("gamma") == []


def test_many_single_writes_are_tidied_up(tmp_path, monkeypatch):
    """Hundreds of small writes leave few files, and lose nothing."""
    monkeypatch.setattr("aether_nb.knowledge.shelf.OLD", timedelta(milliseconds=1))
    with Index.open(tmp_path / "k") as index:
        for number in range(120):
            index.put(doc(f"d{number}"), [Chunk(f"word{number} common")])
        assert len(index.text_search("common", 500)) == 120
    files = list((tmp_path / "k" / "knowledge.lance" / "data").iterdir())
    assert len(files) < 80, len(files)


def test_a_table_of_an_older_version_gets_the_columns_it_lacks_and_a_newer_one_is_left_alone(tmp_path):
    """Columns are added in place; what a newer version wrote is not touched."""
    import lancedb

    from aether_nb.knowledge import tables

    schema = tables.schema()
    older = schema.remove(schema.get_field_index("meta")).with_metadata({"aether.format": "0"})
    db = lancedb.connect(tmp_path / "k")
    db.create_table("knowledge", schema=older)
    db.create_table("memory", schema=schema.with_metadata({"aether.format": "99"}))
    with Index.open(tmp_path / "k") as index:
        index.put(doc(meta={"a": 1}), [Chunk("alpha")])
        assert index.documents()[0].meta == {"a": 1}
        with pytest.raises(KnowledgeNewer, match="newer aether-nb"):
            index.put(replace(doc(), category="memory"), [])


def test_fingerprints_tell_what_is_known_of_each_file(index):
    """By path: when it was changed, how large it was, what its bytes hashed to."""
    index.put_all([(doc("a", mtime_ns=5, size=6, sha="x"), [Chunk("alpha")]), (doc("b", source="s"), [])])
    assert index.fingerprints() == {"a": (5, 6, "x", "", 0), "b": (0, 0, "s1", "s", 0)}
    index.restamp({document_id("a"): (7, 8)})
    assert index.fingerprints()["a"] == (7, 8, "x", "", 0) and len(index.text_search("alpha")) == 1
    assert index.fingerprints(Where(source=("s",))) == {"b": (0, 0, "s1", "s", 0)}


def test_what_was_asked_for_in_odd_ways_is_answered(index):
    """No query is an error: not an empty one, not one of signs, not one of a hundred thousand words."""
    index.put(doc(), [Chunk("alpha beta")])
    for query in ("", " ", "((((", '"', "*", "the", "a OR b", "\ud800", NASTY):
        index.text_search(query)
    assert len(index.text_search("alpha " * 100_000)) == 1
    assert index.text_search("alpha", 0) == [] == index.chunks(Where(), 0)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    """What cannot be opened says what is in the way."""
    (tmp_path / "k").write_text("x")
    with pytest.raises(KnowledgeError, match="is a file"):
        Index.open(tmp_path / "k")


def test_nothing_is_written_to_the_terminal(index, capfd):
    """A hundred searches by words and by vectors, with filters and without, and all that is written: not a word."""
    index.put_all([(doc(f"d{number}", tags=("t",)), [Chunk(f"aaa {number}")]) for number in range(30)])
    embed_all(index)
    for number in range(50):
        where = Where(tag=("t",)) if number % 2 else Where()
        assert index.text_search("aaa", 5, where) and index.vector_search([1.0, 0.0, 0.0, 0.0], 5, where)
    index.remove([document_id("d1")])
    index.tidy()
    assert capfd.readouterr() == ("", "")


def test_many_vectors_get_an_index_and_find_the_same(tmp_path, monkeypatch):
    """From some number of vectors on they are found by an index; what is nearest stays what it was."""
    monkeypatch.setattr("aether_nb.knowledge.shelf.MANY", 300)
    with Index.open(tmp_path / "k", embedder=Letters()) as index:
        index.put_all([(doc(f"d{n}"), [Chunk("a" * (n % 20) + "b" * (n // 20) + f" {n}")]) for n in range(400)])
        embed_all(index)
        before = [hit.path for hit in index.vector_search([1.0, 0.0, 0.0, 0.0], 5)]
        index.tidy()
        kinds = {entry.index_type for entry in index._shelves["knowledge"].reading().list_indices()}
        assert "IvfSq" in kinds
        assert [hit.path for hit in index.vector_search([1.0, 0.0, 0.0, 0.0], 5)] == before


def test_a_folder_that_was_taken_away_is_empty_and_can_be_filled_again(tmp_path):
    """Whoever deletes the folder while it is open gets no error of the database: it is as if nothing had been kept."""
    with Index.open(tmp_path / "k") as index:
        index.put(doc(), [Chunk("alpha")])
        shutil.rmtree(tmp_path / "k")
        assert index.text_search("alpha") == [] and index.documents() == []
        index.put(doc("b"), [Chunk("beta")])
        assert [hit.path for hit in index.text_search("beta")] == ["b"]
