"""A log on disk, another one on the same file, disks that are full or shut, and an empty database on a server."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from contextlib import closing, contextmanager

import pytest

from aether_nb.events.kinds import RunStarted
from aether_nb.store.sqlite_log import SqliteLog
from aether_nb.store.store import open_store


@pytest.fixture
def folder(tmp_path):
    """Where a record would lie; nothing is there yet."""
    return tmp_path / "notebooks" / ".aether"


@pytest.fixture
def log(folder):
    """A log in that folder."""
    log = SqliteLog(folder)
    yield log
    log.close()


@pytest.fixture
def other():
    """Opens a second log on the same file, as another kernel would have it."""
    opened = []

    def open_beside(log):
        opened.append(SqliteLog(log.folder))
        return opened[-1]

    yield open_beside
    for log in opened:
        log.close()


@contextmanager
def _disk(place, size):
    """A small disk in a folder; False where none can be mounted."""
    mounted = False
    if os.geteuid() == 0 and (mount := shutil.which("mount")):
        command = [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 512 kB where one can be mounted; elsewhere SQLite is told that it has as little."""
    place = tmp_path / "small"
    place.mkdir()
    with _disk(place, "512k") as mounted:
        yield place, mounted


@contextmanager
def _nobody():
    """Without the rights of root, for whom no folder is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def nobody():
    """Gives the context in which even root can write nothing that is shut."""
    return _nobody


@pytest.fixture
def read_only(tmp_path):
    """Shuts a folder and its files against writing; the folders above it, pytest's own, are opened for reading."""
    above = [folder for folder in (tmp_path, *tmp_path.parents) if "pytest-of-" in str(folder)]
    modes = {folder: stat.S_IMODE(folder.stat().st_mode) for folder in above}

    def shut(place):
        for folder, mode in modes.items():
            folder.chmod(mode | 0o055)
        for path in (*place.rglob("*"), place):
            modes.setdefault(path, stat.S_IMODE(path.stat().st_mode))
            path.chmod(0o555 if path.is_dir() else 0o444)

    yield shut
    for path, mode in modes.items():
        if path.exists():
            path.chmod(mode)


@pytest.fixture
def address(postgres, request):
    """Where a record would be on a server; nothing is there yet. Each test has an address, so a connection, of its own.

    The name that its connections have there tells them apart.
    """
    postgres.empty()
    return postgres.address(query=f"?application_name={id(request)}")


@pytest.fixture
def server_store(address):
    """A store there."""
    store = open_store(address, "a.ipynb")
    with closing(store.log):
        yield store


@pytest.fixture
def server_run(server_store):
    """The same with one event of a run ``r`` in it."""
    server_store.log.append("r", 0, (RunStarted("how many rows?", "analyst"),), 1.0)
    return server_store


@pytest.fixture
def small_database(postgres):
    """The address of a database on a disk of its own, of 12 MB, and that disk's folder."""
    place = postgres.folder / "small"
    place.mkdir()
    with _disk(place, "12m") as mounted:
        if not mounted:
            pytest.skip("only root can mount a small disk")
        postgres.on_disk(place, "small")
        yield postgres.address(database="small"), place
        postgres.off_disk("small")
