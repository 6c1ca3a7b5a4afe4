"""A nursery of processes: it has everything imported and a shell ready, and forks a child for each job.

A child costs a twentieth of a kernel, and can be killed as one. The nursery itself never does a job, and has one thread
only. For each job it forks a keeper, which forks the child, waits for it, and says how it ended.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

SECONDS = 60
"""After this a child that hangs says where, and ends."""

KILLED = -signal.SIGKILL


class Nursery:
    """The nursery as a test sees it. A context: no child outlives it."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "nursery"
        self._log = folder / "nursery.txt"

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, str(self._socket)]
        path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command,
                env=os.environ | {"PYTHONPATH": path},
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n", self._log.read_text()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(self, job: Mapping[str, Any]) -> int:
        """Have a job done; the exit code of its process, negative when a signal ended it.

        ``kill_after`` seconds, when the job says so, its process is killed.
        """
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._socket))
            connection.sendall(json.dumps(job).encode() + b"\n")
            said = connection.makefile().readline()
        assert said, self._log.read_text()
        return int(said)


# ---- the process


def _serve(place: str, work: Callable[[Mapping[str, Any]], None]) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(place)
    server.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers say themselves how things went
    print("ready", flush=True)
    while True:
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            _keep(connection, work)
        connection.close()


def _keep(connection: socket.socket, work: Callable[[Mapping[str, Any]], None]) -> None:
    """Fork the child that does the job, wait for it, and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    job = json.loads(connection.makefile().readline())
    child = os.fork()
    if child == 0:
        connection.close()
        _live(job, work)
    if (delay := job.get("kill_after")) is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _live(job: Mapping[str, Any], work: Callable[[Mapping[str, Any]], None]) -> None:
    """Be the child: what is said goes to a file of the job's folder."""
    code = 1
    said = os.open(Path(job["folder"]) / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        work(job)
        code = 0
    except BaseException:  # noqa: BLE001  # the file says what it was
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Import what children need, and serve."""
    from harness import worker

    shell = worker.shell_without_kernel()
    gc.freeze()  # what is never collected is not copied for each child
    _serve(sys.argv[1], lambda job: worker.work(shell, job))


if __name__ == "__main__":
    main()
