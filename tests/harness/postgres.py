"""A PostgreSQL server for tests, in a folder of its own: ``with Server(binaries()) as server``.

It is the server of the system, run by the user ``postgres`` when the tests are run by root, which it refuses to serve.
It listens on this machine only and does not wait for its disk: no test pulls the plug of the machine.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from aether_nb.config.address import Address

PASSWORD = "p/w @%:é"
"""One that cannot stand in an address as it is."""


def binaries() -> Path | None:
    """Where the programs of a server are; None when there is none."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


class Server:
    """That server. Its superuser is ``anna``, with ``PASSWORD``; its database is ``runs``.

    Args:
        programs: Where ``initdb`` and ``pg_ctl`` are.
    """

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = Path(tempfile.mkdtemp(prefix="aether-postgres-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            self._as = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._admin: psycopg.Connection[Any] | None = None

    def address(self, user: str = "anna", password: str = PASSWORD, database: str = "runs", query: str = "") -> Address:
        """Where a database of it is.."""
        return Address(f"postgresql://{user}:{quote(password, '')}@127.0.0.1:{self.port}/{database}{query}")

    def ask(self, query: str, database: str = "") -> list[tuple[Any, ...]]:
        """What it answers to a statement of the superuser, in a database of that name or by the lasting connection."""
        if database:
            with psycopg.connect(self.address(database=database).plain, autocommit=True) as db:
                return _rows(db.execute(query))
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.address().plain, autocommit=True)
            self._admin.execute("SET lock_timeout = '10s'")
        return _rows(self._admin.execute(query))

    def forgets(self, name: str) -> bool:
        """Whether no connection of that name is left, or will be in a moment."""
        deadline = time.monotonic() + 5
        query = f"SELECT 1 FROM pg_stat_activity WHERE application_name = '{name}'"
        while (left := self.ask(query)) and time.monotonic() < deadline:
            time.sleep(0.01)
        return not left

    def empty(self) -> None:
        """Take away what an earlier test has left, with its connections."""
        self.hang_up()
        self.ask("DROP SCHEMA IF EXISTS aether CASCADE")

    def hang_up(self) -> None:
        """End all connections but this one."""
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'runs'"
        self.ask(f"SELECT pg_terminate_backend(pid, 5000) {others}")

    def on_disk(self, folder: Path, name: str) -> None:
        """Make a database of that name in a folder, which may be a disk of its own; the log of the server is not."""
        place = folder / "data"
        place.mkdir()
        if self._as:
            os.chown(place, self._as["user"], self._as["group"])
        self.ask(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        self.ask(f"CREATE DATABASE {name} TABLESPACE {name}")

    def off_disk(self, name: str) -> None:
        """Take it away again."""
        self.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.ask(f"DROP TABLESPACE IF EXISTS {name}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-w", "-s", "-l", "log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``immediate`` is a crash."""
        if self._admin is not None:
            self._admin.close()
        self._run("pg_ctl", "-D", "data", "-w", "-s", "-m", mode, "stop")

    def __enter__(self) -> Server:
        (self.folder / "password").write_text(PASSWORD, encoding="utf-8")
        (self.folder / "password").chmod(0o644)
        how = ("-A", "scram-sha-256", "--pwfile=password", "-U", "anna", "-E", "UTF8", "--locale=C", "-N")
        self._run("initdb", "-D", "data", *how)
        self.start()
        self.ask("CREATE DATABASE runs", "postgres")
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(subprocess.CalledProcessError):  # a test has stopped it, and failed
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        # Its output goes nowhere: the server would keep a pipe open as long as it lives.
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, cwd=self.folder, env=environment, check=True, **quiet, **self._as)


def _rows(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []
