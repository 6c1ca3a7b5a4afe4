"""Another process on the same store, which does what it is told line by line: ``with Beside(folder) as other``.

``other.say("take", "r", 1.0)`` answers with plain values, or with the name and the text of the error. Run as a script
it is that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from aether_nb.config.address import Address
from aether_nb.errors import AetherError
from aether_nb.events.kinds import CallBegun
from aether_nb.store.place import store_place
from aether_nb.store.store import open_store


class Beside:
    """That process; it is killed at the end."""

    def __init__(self, place: Path | Address, name: str = "another") -> None:
        command = [
            sys.executable,
            "-m",
            "harness.beside",
            place.plain if isinstance(place, Address) else str(place),
            name,
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def say(self, *words: Any) -> Any:
        """Tell it something; its answer."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self.process.stdin.close()
        self.process.stdout.close()


def obey(place: str, name: str) -> None:
    """Do what comes in, and say what came of it."""
    store = open_store(store_place(None, Path.cwd(), place), name)

    def leases(act: str, *arguments: Any) -> Any:
        holder = getattr(store.leases, act)(*arguments)
        return holder and [holder.name, holder.process, holder.since, holder.epoch, holder.alive]

    def forked() -> int:
        if (child := os.fork()) == 0:
            os.close(0)
            os.close(1)
            time.sleep(60)
            os._exit(0)
        return child

    for line in sys.stdin:
        match json.loads(line):
            case ["begin", run, head, epoch]:
                act = lambda run=run, head=head, epoch=epoch: len(  # noqa: E731
                    store.log.append(run, head, (CallBegun(f"c{head}", "h"),), 1.0, epoch)
                )
            case ["fork"]:
                act = forked
            case words:
                act = lambda words=words: leases(*words)  # noqa: E731
        try:
            answer = act()
        except AetherError as error:
            answer = {type(error).__name__: str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    obey(sys.argv[1], sys.argv[2])
