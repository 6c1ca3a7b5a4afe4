"""What disks and files do to the log on disk, and what people are told of it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from aether_nb.errors import LogConflict, StoreCorrupt, StoreError, StoreFull, StoreNewer, StoreReadOnly
from aether_nb.events.kinds import CallBegun, CallFinished, Entry, RunEnded, RunStarted
from aether_nb.events.messages import Text
from aether_nb.store import schema
from aether_nb.store.schema import MIGRATIONS
from aether_nb.store.sqlite_log import SqliteLog

STARTED = RunStarted("how many rows?", "analyst")


# ---- the disk


def fill(log, run="r1"):
    """Append until the disk is full; the head that was reached, and the error."""
    head = log.append(run, 0, (STARTED,), 1.0)[-1].seq
    for _ in range(200):
        try:
            head = log.append(run, head, (CallFinished("c", (Text("x" * 20_000),), 0.1),), 1.0)[-1].seq
        except StoreError as error:
            return head, error
    raise AssertionError("the disk never filled")


def test_a_full_disk_is_said_and_loses_nothing(small_disk):
    """The error says what to do; what was recorded before can be read; with room again the run goes on."""
    place, mounted = small_disk
    if mounted:
        (place / "ballast").write_bytes(b"x" * 150_000)
    with closing(SqliteLog(place / ".aether")) as log:
        if not mounted:
            log.append("r0", 0, (STARTED,), 1.0)
            log.database._db.execute("PRAGMA max_page_count = 60")
        head, error = fill(log)
        assert type(error) is StoreFull
        assert error.why == "What was recorded before is kept."
        assert [entry.seq for entry in log.read("r1")] == list(range(1, head + 1))
        if mounted:
            (place / "ballast").unlink()
        else:
            log.database._db.execute("PRAGMA max_page_count = 1000")
        assert log.append("r1", head, (RunEnded("done"),), 2.0)[0].seq == head + 1


def test_a_disk_that_is_full_from_the_start_is_said(small_disk):
    """Where not even the folder's files fit, the error is the same."""
    place, mounted = small_disk
    if not mounted:
        pytest.skip("only root can mount a small disk")
    with pytest.raises(OSError, match="No space left"):
        (place / "ballast").write_bytes(b"x" * 600_000)
    with closing(SqliteLog(place / ".aether")) as log, pytest.raises(StoreFull):
        log.append("r1", 0, (STARTED,), 1.0)


def test_a_read_only_folder_is_said(tmp_path, read_only, nobody):
    """Where no folder can be made, the error names the place and the way out."""
    place = tmp_path / "shared"
    place.mkdir()
    read_only(place)
    with nobody(), pytest.raises(StoreReadOnly) as caught:
        SqliteLog(place / ".aether").append("r1", 0, (STARTED,), 1.0)
    assert caught.value.what == f"The record of runs cannot be opened for writing in {place / '.aether'}."
    assert caught.value.hint == "Name a folder of your own: AETHER_STORE=<folder>"


def test_a_record_in_a_read_only_folder_can_be_read(log, other, folder, read_only, nobody):
    """A record that came with somebody else's notebook is shown; writing to it is refused."""
    kept = log.append("r1", 0, (STARTED,), 1.0)
    log.close()
    read_only(folder)
    with nobody(), closing(other(log)) as second:
        assert (tuple(second.read("r1")), [summary.id for summary in second.runs()]) == (kept, ["r1"])
        with pytest.raises(StoreReadOnly):
            second.append("r1", 1, (RunEnded("done"),), 2.0)


def test_a_file_where_the_folder_should_be_is_said(tmp_path):
    """A file of that name is nobody's to remove; the error says that it is in the way."""
    (tmp_path / ".aether").write_text("mine")
    with pytest.raises(StoreError) as caught:
        SqliteLog(tmp_path / ".aether").append("r1", 0, (STARTED,), 1.0)
    assert ".aether" in caught.value.what
    assert (tmp_path / ".aether").read_text() == "mine"


# ---- the file


def test_a_file_deleted_while_open_loses_no_run_that_is_being_written(log, other, folder):
    """The run goes on in a new file with all its events; runs that had ended are gone, as the user wished."""
    log.append("old", 0, (STARTED, RunEnded("done")), 1.0)
    first = log.append("r1", 0, (STARTED,), 2.0)
    shutil.rmtree(folder)
    more = log.append("r1", 1, (CallBegun("a", "h"),), 3.0)
    with closing(other(log)) as second:
        assert tuple(second.read("r1")) == first + more
        assert [summary.id for summary in second.runs()] == ["r1"]
    assert (folder / ".gitignore").exists()


def test_a_file_put_in_its_place_is_not_overwritten(log, folder, tmp_path):
    """When a copy was put back meanwhile, what it says of the run counts."""
    log.append("r1", 0, (STARTED,), 1.0)
    log.close()
    shutil.copytree(folder, tmp_path / "copy")
    log.append("r1", 1, (CallBegun("a", "h"),), 2.0)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "copy", folder)
    with pytest.raises(LogConflict) as caught:
        log.append("r1", 2, (CallBegun("b", "h"),), 3.0)
    assert caught.value.what == "Run r1 is at event 1, not at 2."


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
@pytest.mark.parametrize("act", ["read", "append"])
def test_a_file_that_is_no_store_says_what_to_type(log, folder, content, act):
    """The file is left as it is, and the error gives the command that moves it away."""
    folder.mkdir(parents=True)
    log.file.write_bytes(content)
    with pytest.raises(StoreCorrupt) as caught:
        list(log.read("r1")) if act == "read" else log.append("r1", 0, (STARTED,), 1.0)
    assert caught.value.hint == f"Move it away and go on with a new one: mv {log.file} {log.file}.damaged"
    assert log.file.read_bytes() == content


def test_damage_inside_the_file_is_said(log):
    """Pages that were overwritten are noticed when they are read."""
    log.append("r1", 0, (STARTED,), 1.0)
    for head in range(1, 40):
        log.append("r1", head, (CallFinished("c", (Text("x" * 3000),), 0.1),), 1.0)
    log.close()
    whole = log.file.read_bytes()
    log.file.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    with pytest.raises(StoreCorrupt):
        list(log.read("r1"))


def test_a_payload_that_was_tampered_with_is_said(log):
    """An event whose text is no such event is an error when it is read, not before; its neighbours can be listed."""
    log.append("r1", 0, (STARTED, CallBegun("a", "h")), 1.0)
    log.close()
    with closing(sqlite3.connect(log.file, isolation_level=None)) as db:
        db.execute("UPDATE events SET payload = '{}' WHERE seq = 2")
    reader = log.read("r1")
    assert next(reader) == Entry("r1", 1, 1.0, STARTED)
    with pytest.raises(StoreCorrupt):
        next(reader)
    assert [summary.head for summary in log.runs()] == [2]


@pytest.mark.parametrize(
    ("column", "error"),
    [("time", StoreCorrupt), ("version", StoreNewer), ("kind", StoreNewer), ("payload", StoreCorrupt)],
)
def test_a_column_of_another_type_is_said(log, column, error):
    """SQLite keeps any value in any column; none of them gets as far as a fold."""
    log.append("r1", 0, (STARTED,), 1.0)
    log.database._db.execute(f"UPDATE events SET {column} = 'noon'")
    with pytest.raises(error):
        list(log.read("r1"))


def test_a_store_of_a_newer_version_is_refused(log):
    """A schema number above ours is neither read nor written."""
    log.append("r1", 0, (STARTED,), 1.0)
    log.close()
    with closing(sqlite3.connect(log.file)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    for act in (lambda: log.runs(), lambda: log.append("r1", 1, (RunEnded("done"),), 2.0)):
        with pytest.raises(StoreNewer):
            act()


def test_a_database_of_another_program_is_left_alone(log, folder):
    """A SQLite file with somebody else's tables gets none of ours."""
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(log.file)) as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreCorrupt) as caught:
        log.append("r1", 0, (STARTED,), 1.0)
    assert caught.value.what == f"{log.file} is a database of another program."
    with closing(sqlite3.connect(log.file)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_a_store_without_its_tables_is_said(log):
    """A file that is marked as ours and holds nothing of it is damaged."""
    log.append("r1", 0, (STARTED,), 1.0)
    log.close()
    with closing(sqlite3.connect(log.file)) as db:
        db.execute("DROP TABLE runs")
    for act in (lambda: log.runs(), lambda: log.append("r1", 1, (RunEnded("done"),), 2.0)):
        with pytest.raises(StoreCorrupt) as caught:
            act()
        assert caught.value.why == "SQLite says: no such table: runs."


def test_a_store_is_made_whole_or_not_at_all(log, monkeypatch):
    """When making the tables fails halfway, nothing of them stays, and the next attempt makes all of them."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", ((*MIGRATIONS[0], "CREATE NONSENSE"),))
        with pytest.raises(StoreError):
            log.append("r1", 0, (STARTED,), 1.0)
    with closing(sqlite3.connect(log.file)) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert log.append("r1", 0, (STARTED,), 1.0) == (Entry("r1", 1, 1.0, STARTED),)


def test_an_empty_file_becomes_a_store(log, folder):
    """A file that a killed process had only just made is taken up."""
    folder.mkdir(parents=True)
    log.file.touch()
    kept = log.append("r1", 0, (STARTED,), 1.0)
    assert tuple(log.read("r1")) == kept
