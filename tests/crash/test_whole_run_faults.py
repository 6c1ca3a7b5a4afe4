"""What disks, files and clocks do to a run that is worked on: it is said, the kernel lives, the run goes on later."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from aether_nb.errors import StoreError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text
from aether_nb.store.database import FILE
from aether_nb.store.place import FOLDER
from harness.points import held, wait_for
from harness.survival import Scene, Teller, killed_at, lived_on, verdict
from harness.worker import cell

pytestmark = pytest.mark.crash

ALIVE = "stock = globals().get('stock', 0)"
"""A cell after the one that failed."""


@contextmanager
def meanwhile(scene: Scene, place: str, *cells: str) -> Iterator[None]:
    """The block happens while the run stays at a place; afterwards the process goes on, and runs these cells too."""
    with ThreadPoolExecutor() as pool:
        sources = [cell(scene.job("ask")), *cells]
        done = pool.submit(scene.live, "ask", hold=place, until="go", cells=sources)
        wait_for(held(scene.folder / "go"))
        try:
            yield
        finally:
            (scene.folder / "go").touch()
            done.result()


def errors(scene: Scene) -> list[str]:
    """What each cell of the last process said."""
    said: list[str] = json.loads((scene.folder / "end.json").read_text())["errors"]
    return said


@pytest.mark.parametrize("place", ["in order, after it acted", "after model.asked", "after gate.answered"])
def test_a_disk_that_fills_in_the_middle_of_a_run(
    teller: Teller, disk: Callable[[Scene, str], None], place: str
) -> None:
    """The cell says that the disk is full, the kernel lives, and with room again the same run goes on to its end."""
    scene = teller.scene("full", True)
    disk(scene, "size=6m")
    ballast = scene.folder / FOLDER / "ballast"
    room = f"import pathlib; pathlib.Path({str(ballast)!r}).unlink()"
    with meanwhile(scene, place, ALIVE, room, "%aether resume"), pytest.raises(OSError, match="No space"):
        ballast.write_bytes(b"x" * 10_000_000)
    first, *rest = errors(scene)
    assert first.startswith("StoreFull: The disk is full: the record of this run cannot go on")
    assert rest == ["", "", ""]
    assert verdict(scene.story(1), teller.tell("undisturbed", True)) == []


def test_a_record_that_has_become_read_only_is_said_and_the_run_goes_on_when_it_is_not(
    teller: Teller, disk: Callable[[Scene, str], None]
) -> None:
    """Nothing is begun where nothing can be written."""
    scene = teller.scene("shut", True)
    disk(scene, "size=4m")
    calm = teller.tell("calm", True)
    assert not scene.live("ask", targets=[calm.points.index("in order, after it acted")])
    scene.store.log.close()
    place = str(scene.folder / FOLDER)
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    scene.live("resume", cells=["%aether resume", ALIVE])
    first, second = errors(scene)
    subprocess.run(["mount", "-o", "remount,rw", place], check=True)
    assert first.startswith("StoreReadOnly") and second == ""
    assert lived_on(scene) == []


def torn(record: bytes) -> bytes:
    """All pages but the first few are nonsense."""
    return record[: 4096 * 4] + b"\xff" * (len(record) - 4096 * 4)


def forged(record: bytes) -> bytes:
    """One word of what happened is another."""
    assert b"All is ordered" in record
    return record.replace(b"All is ordered", b"All is 0rdered")


@pytest.mark.parametrize(("damage", "said"), [(torn, "StoreCorrupt"), (forged, "StoreTampered")])
def test_a_damaged_page_is_said_and_nothing_is_done(
    teller: Teller, damage: Callable[[bytes], bytes], said: str
) -> None:
    """A record whose bytes were changed is not gone on with; when the right bytes are back it is."""
    scene = killed_at(teller, "in order, after it acted")
    scene.store.log.close()
    file, before = scene.folder / FOLDER / FILE, scene.counts
    right = file.read_bytes()
    file.write_bytes(damage(right))
    scene.live("resume", cells=["%aether resume", ALIVE])
    first, second = errors(scene)
    assert first.startswith(f"{said}: "), first
    assert second == ""
    assert scene.counts == before
    for other in file.parent.glob(f"{FILE}-*"):
        other.unlink()
    file.write_bytes(right)
    assert lived_on(scene) == []


BACK = """
from aether_nb.agent import run as module
made = module.Run.__init__
def earlier(self, *args, **more):
    made(self, *args, **more)
    clock, self.clock = self.clock, lambda: clock() - 86400
module.Run.__init__ = earlier
"""


@pytest.mark.parametrize("place", ["after call.retried", "in order, after it acted"])
def test_a_clock_that_was_set_back_between_two_kernels(teller: Teller, place: str) -> None:
    """Nothing waits for yesterday to end, no time is counted twice, and the chain holds."""
    scene = killed_at(teller, place)
    scene.live("resume", first=BACK)
    assert lived_on(scene) == []
    story = scene.story(2)
    assert 0 <= story.state.seconds < 60


def test_a_record_that_is_deleted_while_it_is_open(teller: Teller) -> None:
    """The run goes on in a new file that has all of it: nothing is lost and nothing is said."""
    scene = teller.scene("gone", True)
    with meanwhile(scene, "in order, after it acted", ALIVE):
        scene.store.log.close()
        for file in (scene.folder / FOLDER).glob(f"{FILE}*"):
            file.unlink()
    assert errors(scene) == ["", ""]
    assert verdict(scene.story(1), teller.tell("undisturbed", True)) == []


@pytest.mark.full
def test_a_run_among_two_gigabytes_of_others(teller: Teller, figure: Callable[[str, str], None]) -> None:
    """A record of 2 GB is gone on with like any other."""
    scene = killed_at(teller, "in order, after it acted")
    for n in range(200):
        said = tuple(k.CallFinished(f"c{m}", (Text("x" * 1_000_000),), 0.0) for m in range(10))
        scene.store.log.append(f"old{n}", 0, (k.RunStarted("old", "m"), *said, k.RunEnded("done")), float(n))
    size = (scene.folder / FOLDER / FILE).stat().st_size
    assert size > 2_000_000_000
    assert lived_on(scene) == []
    with pytest.raises(StoreError):
        scene.store.log.append("old0", 0, (k.RunEnded("done"),), 0.0)
    figure("a run resumed in a record of", f"{size / 1e9:.1f} GB")
