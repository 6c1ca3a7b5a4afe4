"""A process that imports a folder, and may be killed on its way.

    python importer.py PLACE FOLDER            imports, and says what it did
    python importer.py PLACE FOLDER count      the same, and says how many points there were
    python importer.py PLACE FOLDER call N     is killed at the Nth call or return inside the room of knowledge
    python importer.py PLACE FOLDER file N     is killed as soon as the Nth new file lies in the place
    python importer.py                         does such lines from stdin, each in a child of its own, and says when

Batches are small, so that an import of a few files is several writes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

ROOM = f"{os.sep}aether_nb{os.sep}knowledge{os.sep}"
WRITERS = ("index.py", "shelf.py", "importing.py", "faults.py")


def die() -> None:
    """What a person's kill -9 is."""
    os.kill(os.getpid(), signal.SIGKILL)


class Points:
    """Counts calls and returns of what writes; ends the process at one of them."""

    def __init__(self, last: int) -> None:
        self.count, self.last = 0, last

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """A call or a return, anywhere."""
        name = frame.f_code.co_filename
        if event in ("call", "return") and ROOM in name and name.endswith(WRITERS):
            self.count += 1
            if self.count == self.last:
                die()


def files(place: Path) -> set[str]:
    """The files of the tables, those included that are only being written."""
    return {f"{folder}{os.sep}{name}" for folder, _, names in os.walk(place) for name in names}


def kill_at_file(place: Path, last: int, before: set[str]) -> None:
    """Look again and again, as fast as it goes; end the process when so many new files are there."""
    while len(files(place) - before) < last:
        pass
    die()


def main(place: str, folder: str, how: str = "", number: str = "0") -> None:
    """Import a folder into a place."""
    from aether_nb.knowledge import importing
    from aether_nb.knowledge.index import Index
    from aether_nb.knowledge.setting import storage_options

    importing.BATCH = 6
    points = Points(int(number) if how == "call" else 0)
    with Index.open(place, options=storage_options(place, os.environ)) as index:
        before = files(Path(place))
        if how == "file":
            threading.Thread(target=kill_at_file, args=(Path(place), int(number), before), daemon=True).start()
        if how in ("call", "count"):
            sys.setprofile(points)
        importer = importing.Importer(index, Path(folder).parent)
        importer.add(folder)
        sys.setprofile(None)
        report, made = importer.report, len(files(Path(place)) - before)
    told = {"calls": points.count, "files": made, "added": report.added, "changed": report.changed}
    print(json.dumps({**told, "unchanged": report.unchanged, "removed": report.removed}))


def serve() -> None:
    """Do what lines of stdin say. What is slow to import is imported once; a child that is killed ends nobody else."""
    import warnings

    import lancedb  # noqa: F401  imported here, used in children

    warnings.simplefilter("ignore")  # that a process with LanceDB in it forks
    for line in sys.stdin:
        if not (child := os.fork()):
            main(*json.loads(line))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"killed": os.WIFSIGNALED(status)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:]) if sys.argv[1:] else serve()
