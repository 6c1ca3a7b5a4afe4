"""Two kernels and one run: one advances it, the other is told so, and whoever was taken over writes no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from harness.points import held, wait_for
from harness.survival import Scene, Teller, killed_at, lived_on, settled, verdict

pytestmark = pytest.mark.crash


def error(scene: Scene, name: str) -> str:
    """What the cell of a process said."""
    said: str = json.loads((scene.folder / name).read_text())["error"]
    return said


@contextmanager
def someone_else(scene: Scene, place: str) -> Iterator[None]:
    """A kernel that goes on with the run and stays at a place; it goes on when the block is left."""
    with ThreadPoolExecutor() as pool:
        other = pool.submit(scene.live, "resume", hold=place, until="go", end="other.json")
        try:
            wait_for(held(scene.folder / "go"))
            yield
        finally:
            (scene.folder / "go").touch()
            other.result()


def test_of_two_that_go_on_at_once_one_does(teller: Teller, full: bool, figure: Callable[[str, str], None]) -> None:
    """Started together, over and over, from wherever a run was left: one advances it and nothing happens twice."""
    calm = teller.tell("calm", True)
    points = range(7, len(calm.points) - 2, 1 if full else 12)
    told = {"LeaseHeld": 0, "ResumeRefused": 0, "SignalRefused": 0, "": 0}  # held, or ended meanwhile
    for point in points:
        scene = teller.scene(f"at {point}", True)
        assert not scene.live("ask", targets=[point])
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name, scene=scene: scene.live("resume", end=name), ("one.json", "two.json")))
        errors = sorted(error(scene, name).partition(":")[0] for name in ("one.json", "two.json"))
        assert errors[0] == "", "neither of them went on"
        told[errors[1]] += 1
        wrong = verdict(scene.story(3), calm)
        assert wrong == [], calm.points[point]
    assert told[""] == 0, "both of them went on"
    figure("two kernels on one run at once", f"{len(points)} rounds, nothing twice, the loser told {told}")


def test_whoever_takes_a_run_over_goes_on_and_the_other_is_refused(teller: Teller) -> None:
    """Between two steps: the new one does the rest, the old one's next write is refused, and it says by whom."""
    scene = killed_at(teller, "after plan.made+call.finished")
    with someone_else(scene, "in run_python, after it acted"):
        scene.live("resume", more="--take", end="mine.json")
        assert (error(scene, "mine.json"), scene.next()) == ("", "nothing")
    said = error(scene, "other.json")
    assert said.startswith(f"LeaseLost: Run {scene.run} was taken over. {scene.folder} (process ")
    assert "and advances it now" in said
    assert verdict(scene.story(3), teller.tell("undisturbed", True)) == []


def test_a_call_that_the_old_one_is_at_is_not_made_again_because_it_has_not_acted_yet(teller: Teller) -> None:
    """What a tool sees of the world while another kernel is still at the call proves nothing: a person is asked."""
    scene = killed_at(teller, "after question.answered")
    with someone_else(scene, "in pay, before it acts"):
        scene.live("resume", more="--take", end="mine.json", person=False, park=True)
        state = fold(scene.store.log.read(scene.run))
        assert state.question is not None
        assert state.question.doubt
        assert "another kernel" in state.question.text
        assert scene.counts.effects("pay") == 0
    assert scene.counts.effects("pay") == 1, "the old one was at it, and could not be stopped"
    assert error(scene, "other.json").startswith("LeaseLost")
    assert lived_on(scene) == []
    assert settled(scene) == [("ran", "terminal")]


def test_the_log_says_who_took_the_run_from_whom(teller: Teller) -> None:
    """A takeover is a fact of the run: by whom, from whom, and whether the one before had let go."""
    scene = killed_at(teller, "after plan.made+call.finished")
    with someone_else(scene, "in order, before it acts"):
        scene.live("resume", more="--take", person=False, park=True)
    taken = [entry.event for entry in scene.store.log.read(scene.run) if isinstance(entry.event, k.LeaseTaken)]
    assert [event.forced for event in taken] == [False, True]
    assert [event.epoch for event in taken] == [2, 3]
    assert all(str(scene.folder) in event.before for event in taken)
