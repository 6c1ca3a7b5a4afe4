"""Amnesia: after each event a run forgets all that it knows in memory, and reads it out of its log again.

When it has ended its record is replayed by the rules. ``startup`` makes every kernel and terminal that is started from
an IPython folder do so, whatever test starts it. What was compared is written to a file, a line for each time:
``same``, or the fields that were not; ``replayed``, or where the record and the rules part.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

VARIABLE = "AETHER_TEST_AMNESIA"
"""The file; with it all kernels of a test session forget."""


def startup(ipython: Path) -> None:
    """Make whatever starts from this IPython folder forget. Leaves no name in anybody's namespace."""
    folder = ipython / "profile_default" / "startup"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "00-amnesia.py").write_text(f"__import__('runpy').run_path({__file__!r}, run_name='startup')\n")


def install(file: Path) -> None:
    """Make the runs of this process forget."""
    from aether_nb.agent.replaying import replay
    from aether_nb.agent.run import Run
    from aether_nb.events import folds
    from aether_nb.events.kinds import RunEnded

    append, here = Run.append, threading.local()

    def replayed(id: str, entries: Any) -> str:
        here.reading = True  # this thread ends with it
        try:
            asyncio.run(replay(id, entries))
        except Exception as error:  # noqa: BLE001  # whatever it is, the test shows it
            return f"{type(error).__name__}: {error}".replace("\n", " ")
        return "replayed"

    def forgetful(self: Any, *events: Any) -> None:
        append(self, *events)
        if hasattr(here, "reading"):
            return
        self.flush()
        known, self.state = self.state, folds.fold(self.log.read(self.id))
        other = [name for name, value in vars(known).items() if value != getattr(self.state, name)]
        with file.open("a") as out:
            out.write(f"{' '.join(other) or 'same'}\n")
            if isinstance(events[-1], RunEnded):
                with ThreadPoolExecutor(1) as beside:  # the loop of this thread is at work
                    out.write(f"{beside.submit(replayed, self.id, list(self.log.read(self.id))).result()}\n")

    Run.append = forgetful  # type: ignore[method-assign]


if __name__ == "startup":
    install(Path(os.environ[VARIABLE]))
