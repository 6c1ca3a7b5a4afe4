"""The log on disk: the contract, and what other threads, kernels and a kill do to it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from aether_nb.errors import LogConflict, StoreError
from aether_nb.events.kinds import CallBegun, Entry, RunEnded, RunStarted
from aether_nb.store import database, tables
from aether_nb.store.sqlite_log import SqliteLog

STARTED = RunStarted("how many rows?", "analyst")


def test_nothing_is_made_by_looking(log, tmp_path):
    """Reading a store that does not exist leaves no folder behind."""
    assert (list(log.read("r1")), log.runs()) == ([], [])
    assert list(tmp_path.iterdir()) == []


def test_the_folder_keeps_itself_out_of_git(log, folder):
    """The folder is made with the first event, together with a .gitignore that covers all of it."""
    log.append("r1", 0, (STARTED,), 1.0)
    assert (folder / ".gitignore").read_text() == "*\n"


def test_a_folder_of_the_users_own_gets_no_gitignore(folder):
    """Where the folder existed before, git is the user's business."""
    folder.mkdir(parents=True)
    with closing(SqliteLog(folder)) as log:
        log.append("r1", 0, (STARTED,), 1.0)
    assert not (folder / ".gitignore").exists()


def test_another_kernel_reads_the_same(log, other):
    """What one log has appended, another on the same file sees at once."""
    kept = log.append("r1", 0, (STARTED, CallBegun("a", "h")), 1.0)
    with closing(other(log)) as second:
        assert (tuple(second.read("r1")), second.runs()) == (kept, log.runs())


def test_two_kernels_cannot_write_the_same_event(log, other):
    """Of two logs that saw the same head, the second is refused."""
    log.append("r1", 0, (STARTED,), 1.0)
    with closing(other(log)) as second:
        second.append("r1", 1, (CallBegun("a", "h"),), 2.0)
    with pytest.raises(LogConflict):
        log.append("r1", 1, (CallBegun("b", "h"),), 2.0)


def test_a_writer_that_holds_on_is_named_busy(log, other, monkeypatch):
    """A file that another process keeps locked is an error that says to try again."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    log.append("r1", 0, (STARTED,), 1.0)
    with closing(sqlite3.connect(log.file, isolation_level=None)) as holder, closing(other(log)) as second:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught:
            second.append("r1", 1, (RunEnded("done"),), 2.0)
    assert caught.value.hint == "Try again in a moment."


@pytest.mark.parametrize("again", range(8))
def test_many_may_make_the_store_at_once(folder, again):
    """Kernels that start together in an empty folder find one store, and none of them fails, however they meet."""
    logs = [SqliteLog(folder) for _ in range(8)]
    start = threading.Barrier(len(logs))

    def begin(number):
        start.wait()
        return logs[number].append(f"r{number}", 0, (STARTED,), 1.0)

    with ThreadPoolExecutor(len(logs)) as pool:
        entries = [entry for appended in pool.map(begin, range(len(logs))) for entry in appended]
    assert entries == [Entry(f"r{number}", 1, 1.0, STARTED) for number in range(len(logs))]
    assert [len(log.runs()) for log in logs] == [len(logs)] * len(logs)
    for log in logs:
        log.close()


def test_an_interrupt_inside_a_commit_leaves_the_run_whole(log, monkeypatch):
    """Ctrl-C between two statements undoes all of the append; the next one goes through."""
    kept = log.append("r1", 0, (STARTED,), 1.0)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tables, "_row", interrupted)
        with pytest.raises(KeyboardInterrupt):
            log.append("r1", 1, (RunEnded("done"),), 2.0)
    assert tuple(log.read("r1")) == kept
    assert log.append("r1", 1, (RunEnded("done"),), 3.0) == (Entry("r1", 2, 3.0, RunEnded("done")),)


def test_a_log_can_be_read_without_this_package(log):
    """One table, one row an event, JSON as text: SQLite alone answers questions about a run."""
    log.append("r1", 0, (STARTED,), 1.0)
    with closing(sqlite3.connect(log.file)) as db:
        rows = db.execute("SELECT seq, kind, version, json_extract(payload, '$.prompt') FROM events").fetchall()
    assert rows == [(1, "run.started", 7, "how many rows?")]


# ---- the process dies


WRITER = """
import sys
from pathlib import Path
from aether_nb.events.kinds import CallBegun, RunStarted
from aether_nb.store.sqlite_log import SqliteLog

log = SqliteLog(Path(sys.argv[1]))
log.append("r1", 0, (RunStarted("count", "m"),), 1.0)
head = 1
while True:
    head = log.append("r1", head, (CallBegun(f"c{head}", "h"), CallBegun(f"d{head}", "h")), 1.0)[-1].seq
    print(head, flush=True)
"""


@pytest.mark.crash
@pytest.mark.parametrize("after", [1, 3, 20, 60])
def test_what_was_committed_survives_a_kill(log, folder, after):
    """A writer killed by SIGKILL in the middle of its work loses nothing it had appended, and leaves no half of it."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True) as writer:
        lines = [writer.stdout.readline() for _ in range(after)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    told = max(int(line) for line in lines if line.endswith("\n"))
    entries = list(log.read("r1"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert len(entries) >= told
    assert len(entries) % 2 == 1
    with closing(sqlite3.connect(log.file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert log.append("r1", len(entries), (RunEnded("done"),), 2.0)[0].seq == len(entries) + 1
