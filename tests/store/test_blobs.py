"""Bytes as files: what disks, other processes and strangers do to them."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys

import pytest

from aether_nb.errors import BlobMissing, StoreCorrupt, StoreFull, StoreReadOnly
from aether_nb.store import folder_blobs as subject
from aether_nb.store import points
from aether_nb.store.folder_blobs import FolderBlobs

DATA = b"some bytes" * 100


@pytest.fixture
def blobs(tmp_path):
    """Blobs in a folder that is not there yet."""
    return FolderBlobs(tmp_path / ".aether")


def files(blobs):
    """All files below the folder."""
    return [path for path in blobs.folder.rglob("*") if path.is_file()]


def test_a_blob_is_a_file_under_its_hash(blobs):
    """So that it can be found without us; nothing is made by looking."""
    hash = hashlib.sha256(DATA).hexdigest()
    assert (blobs.has(hash), blobs.folder.exists()) == (False, False)
    assert blobs.put(DATA) == hash
    assert files(blobs) == [blobs.folder / hash[:2] / hash[2:]]
    assert files(blobs)[0].read_bytes() == DATA


def test_what_was_changed_on_the_disk_is_not_handed_out(blobs):
    """The error names the file and the command that removes it."""
    hash = blobs.put(DATA)
    (file,) = files(blobs)
    file.write_bytes(DATA[:-1] + b"!")
    with pytest.raises(StoreCorrupt) as caught:
        blobs.get(hash)
    assert caught.value.hint.endswith(f"rm {file}")


def test_a_file_that_was_cut_is_written_again(blobs):
    """A power cut may leave a name without its bytes; putting them in once more mends it."""
    hash = blobs.put(DATA)
    files(blobs)[0].write_bytes(b"")
    assert blobs.put(DATA) == hash
    assert blobs.get(hash) == DATA


@pytest.mark.parametrize("where", ["before blob", "fsync"])
def test_a_full_disk_keeps_nothing_of_it(blobs, monkeypatch, where):
    """Neither the file nor a part of it."""

    def full(*arguments):
        if arguments[0] == where or where == "fsync":
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(*((points, "reached", full) if where != "fsync" else (subject.os, "fsync", full)))
        with pytest.raises(StoreFull):
            blobs.put(DATA)
    assert files(blobs) == []
    assert blobs.get(blobs.put(DATA)) == DATA


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    """A file in the way of the folder, for reading and writing alike."""
    (tmp_path / ".aether").write_text("mine")
    blobs = FolderBlobs(tmp_path / ".aether")
    with pytest.raises(StoreReadOnly):
        blobs.put(DATA)
    with pytest.raises(StoreReadOnly):
        blobs.get("0" * 64)


def test_a_blob_that_cannot_be_removed_is_said(blobs, monkeypatch):
    """And one that somebody else removes at the same moment is simply gone."""
    hash = blobs.put(DATA)
    for error, answer in ((PermissionError(13, "Permission denied"), StoreReadOnly), (FileNotFoundError(), 0)):

        def refused(path, error=error):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(subject.Path, "unlink", refused)
            if answer == 0:
                assert blobs.drop(hash) == 0
            else:
                with pytest.raises(answer):
                    blobs.drop(hash)


def test_strange_files_are_not_ours(blobs):
    """What lies there under another kind of name is neither listed nor touched."""
    hash = blobs.put(DATA)
    (blobs.folder / "ab").mkdir(exist_ok=True)
    (blobs.folder / "ab" / "notes.txt").write_text("mine")
    assert list(blobs.hashes()) == [(hash, len(DATA))]
    assert list(blobs.untouched(2e10)) == [hash]
    assert (blobs.folder / "ab" / "notes.txt").exists()


def test_what_is_put_in_again_is_not_forgotten(blobs):
    """Bytes that were kept long ago and are kept once more count as new; half a file of a killed writer is removed."""
    hash, other = blobs.put(DATA), blobs.put(b"other")
    for file in files(blobs):
        os.utime(file, (1000, 1000))
    half = blobs.folder / hash[:2] / f"{hash[2:]}.0123.part"
    half.write_bytes(b"ha")
    blobs.put(DATA)
    assert list(blobs.untouched(2000.0)) == [other]
    assert half.exists()
    os.utime(half, (1000, 1000))
    assert list(blobs.untouched(2000.0)) == [other]
    assert not half.exists()


KILLED = """
import os, sys
from pathlib import Path
from aether_nb.store import points
from aether_nb.store.folder_blobs import FolderBlobs
points.reached = lambda name: name == sys.argv[2] and os._exit(9)
FolderBlobs(Path(sys.argv[1])).put(b"some bytes" * 100)
"""


@pytest.mark.crash
@pytest.mark.parametrize(("point", "there"), [("before blob", False), ("after blob", True)])
def test_a_killed_writer_leaves_a_whole_blob_or_none(blobs, point, there):
    """Before it has its name it is not there; after, all of it is. Putting it in again works either way."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(blobs.folder.parent), point], check=False)
    assert done.returncode == 9
    hash = hashlib.sha256(DATA).hexdigest()
    assert blobs.has(hash) is there
    if not there:
        with pytest.raises(BlobMissing):
            blobs.get(hash)
    assert blobs.get(blobs.put(DATA)) == DATA
