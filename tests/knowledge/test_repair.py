"""A damaged newest version, lost indexes and places that cannot be written: said in our words, and repaired."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from aether_nb.errors import KnowledgeCorrupt, KnowledgeError, KnowledgeFull, KnowledgeReadOnly
from aether_nb.knowledge import faults, place
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document
from aether_nb.knowledge.repair import examine, repair
from harness.retrieval import Words


def filled(folder: Path) -> None:
    with Index.open(folder) as index:
        for number in range(3):
            index.put(Document(f"d{number}"), [Chunk(f"alpha {number}")])


def versions(folder: Path) -> list[Path]:
    return sorted((folder / "knowledge.lance" / "_versions").glob("*.manifest"))


def test_vectors_of_an_embedder_that_was_replaced_go_when_the_new_ones_are_there(tmp_path):
    """The doctor names them; repair drops them, and not before each chunk has a vector of the one that serves."""
    filled(tmp_path)
    for name in ("old", "new"):
        with Index.open(tmp_path, embedder=Words(name)) as index:
            for number in (2, 1):
                assert repair(index) == [] and examine(index)[1].state == "ok"
                waiting = index.unembedded(number)
                index.set_vectors([one.id for one in waiting], Words().embed([one.text for one in waiting]))
    with Index.open(tmp_path) as index:
        assert repair(index) == []  # nobody serves just now: that is no reason
    with Index.open(tmp_path, embedder=Words("new")) as index:
        (_, found, *_) = examine(index)
        assert found.state == "note" and "vectors of old take room, too" in found.said
        assert repair(index) == ["Vectors of knowledge that nobody uses any more are gone: old."]
        assert index.stats("knowledge")[0].embedders == ("new",) and index.stats("knowledge")[0].embedded == 3
        assert examine(index)[1].state == "ok" and repair(index) == []


@pytest.mark.parametrize("damage", ["empty", "half", "garbage"])
def test_a_damaged_newest_version_is_put_aside_and_the_one_before_holds(tmp_path, damage):
    """Opening says what is wrong and what to type; repair loses that one write and nothing else."""
    filled(tmp_path)
    newest = versions(tmp_path)[0]
    data = newest.read_bytes()
    newest.write_bytes({"empty": b"", "half": data[: len(data) // 2], "garbage": os.urandom(len(data))}[damage])
    with Index.open(tmp_path) as index:
        with pytest.raises(KnowledgeCorrupt, match="know doctor --repair"):
            index.text_search("alpha")
        assert [finding.state for finding in examine(index)] == ["ok", "broken", "ok", "ok"]
        (said,) = repair(index)
        assert "put aside" in said and len(list((tmp_path / "damaged").iterdir())) == 1
        assert [hit.text for hit in index.text_search("alpha")] == ["alpha 0", "alpha 1"]
        index.put(Document("d2"), [Chunk("alpha 2")])
        assert len(index.text_search("alpha")) == 3
        assert {finding.state for finding in examine(index)} == {"ok"}
        assert repair(index) == []


def test_lost_indexes_are_made_anew(tmp_path):
    """When the files of an index are gone a search says so, and repair makes the index again."""
    filled(tmp_path)
    with Index.open(tmp_path) as index:
        index.tidy()
    for part in (tmp_path / "knowledge.lance" / "_indices").iterdir():
        shutil.rmtree(part)
    with Index.open(tmp_path) as index:
        assert examine(index)[1].state == "broken"
        assert repair(index) == ["The indexes of knowledge were damaged and are made anew."]
        assert len(index.text_search("alpha")) == 3


def test_what_nothing_can_cure_is_said(tmp_path):
    """With every version damaged there is no one before; the error names the folder."""
    filled(tmp_path)
    for file in versions(tmp_path):
        file.write_bytes(b"")
    with Index.open(tmp_path) as index, pytest.raises(KnowledgeCorrupt, match="could not be opened"):
        repair(index)


def test_a_folder_without_hard_links_is_answered_by_one_of_the_cache(tmp_path, monkeypatch):
    """Where a commit cannot be made, knowledge goes to the user's cache, the same one each time, and says so."""
    monkeypatch.setattr(
        os, "link", lambda *_: (_ for _ in ()).throw(OSError(1, "Operation not permitted", "a", None, "b"))
    )
    with pytest.raises(KnowledgeError, match="neither"):
        place.find_place(tmp_path / "k", tmp_path / "cache")
    real = place._obstacle
    monkeypatch.setattr(place, "_obstacle", lambda folder: "" if "cache" in folder.parts else real(folder))
    with Index.open(tmp_path / "k", cache=tmp_path / "cache") as index:
        index.put(Document("d"), [Chunk("alpha")])
        assert "the file system has no hard links" in index.place.note
    monkeypatch.setattr(place, "_user_cache", lambda: tmp_path / "cache")
    with Index.open(tmp_path / "k") as index:
        assert len(index.text_search("alpha")) == 1
    assert place.holding(tmp_path / "k").parent == tmp_path / "cache"
    assert place.holding(tmp_path / "none") == tmp_path / "none"
    assert not (tmp_path / "k" / "knowledge.lance").exists()


def test_what_cannot_be_written_can_be_searched(tmp_path, monkeypatch):
    """A read-only folder is opened for searches; a write says that it is one."""
    filled(tmp_path)
    monkeypatch.setattr(place, "_obstacle", lambda _: "read-only file system")
    with Index.open(tmp_path) as index:
        assert len(index.text_search("alpha")) == 3
        for write in (lambda: index.put(Document("x"), []), lambda: index.remove([Document("d0").id])):
            with pytest.raises(KnowledgeReadOnly, match="read-only file system"):
                write()
        with pytest.raises(KnowledgeError, match="cannot be repaired"):
            repair(index)
        index.tidy()
        assert examine(index)[0].state == "note"


MOUNTS = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False)


@MOUNTS
def test_a_full_disk_loses_nothing_that_was_there(small_disk):
    """The write that does not fit is refused whole; what was there is found, and after freeing it goes on."""
    big = [Chunk(os.urandom(900).hex(), start=number) for number in range(1000)]
    with Index.open(small_disk / "k") as index:
        index.put(Document("first"), [Chunk("alpha")])
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"x" * 2_000_000)
        with pytest.raises(KnowledgeFull, match="disk is full"):
            index.put_all([(Document(f"d{number}"), big) for number in range(5)])
        kept = len(index.documents())
        assert len(index.text_search("alpha")) == 1
        ballast.unlink()
        index.put(Document("last"), [Chunk("omega")])
        assert len(index.documents()) == kept + 1 and len(index.text_search("omega")) == 1


@MOUNTS
def test_a_disk_that_is_mounted_for_reading_only_is_searched(small_disk, tmp_path):
    """A real read-only file system: searches work, writes say what it is, and what is new goes to the cache."""
    filled(small_disk / "k")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Index.open(small_disk / "k", cache=tmp_path / "cache") as index:
        assert len(index.text_search("alpha")) == 3
        with pytest.raises(KnowledgeReadOnly):
            index.put(Document("x"), [])
    with Index.open(small_disk / "other", cache=tmp_path / "cache") as index:
        index.put(Document("x"), [Chunk("alpha")])
        assert str(tmp_path / "cache") in index.place.uri


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("lance error: IO error: No space left on device (os error 28)", KnowledgeFull),
        ("Read-only file system (os error 30)", KnowledgeReadOnly),
        ("Invalid range 0..0", KnowledgeCorrupt),
        ("Generic S3 error: dispatch failure", KnowledgeError),
        ("something new", KnowledgeError),
    ],
)
def test_what_the_database_says_is_said_in_our_words(text, kind):
    """Bare errors of the database become ours, by what they tell; the original stays as the cause."""
    error = RuntimeError(text)
    with pytest.raises(KnowledgeError, match="could not be written") as caught:
        faults.attempt(lambda: (_ for _ in ()).throw(error), "place")
    assert type(caught.value) is kind and caught.value.__cause__ is error


def test_a_conflict_is_tried_again(monkeypatch):
    """Whoever commits second tries again after a moment, and gives up with an error that says so."""
    monkeypatch.setattr(faults.time, "sleep", lambda _: None)
    answers = iter([RuntimeError("Retryable commit conflict for version 3"), RuntimeError("Commit conflict"), "done"])

    def act() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert faults.attempt(act, "place") == "done"
    with pytest.raises(KnowledgeError, match="again and again"):
        faults.attempt(lambda: (_ for _ in ()).throw(RuntimeError("commit conflict")), "place")
