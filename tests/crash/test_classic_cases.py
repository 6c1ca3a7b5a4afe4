"""The four cases that every durable engine has to answer for, by name, and the ways in which a doubt is settled."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from aether_nb.events import kinds as k
from harness.points import held, wait_for
from harness.survival import Teller, killed_at, lived_on, settled, verdict

pytestmark = pytest.mark.crash


def test_killed_before_the_tool(teller: Teller) -> None:
    """The call had begun and had not acted: the person who looks says run it, and it happens once."""
    scene = killed_at(teller, "in order, before it acts")
    assert scene.counts.effects("order") == 0
    assert lived_on(scene) == []
    assert settled(scene) == [("rerun", "terminal")]


def test_killed_after_the_tool_before_its_record(teller: Teller) -> None:
    """The call had acted and nobody wrote it down: the person who looks says it ran, and it does not happen again."""
    scene = killed_at(teller, "in order, after it acted")
    assert scene.counts.effects("order") == 1
    *_, last = scene.store.log.read(scene.run)
    assert isinstance(last.event, k.CallBegun)
    assert lived_on(scene) == []
    assert settled(scene) == [("ran", "terminal")]


@pytest.mark.parametrize(("place", "how"), [("in pay, before it acts", "rerun"), ("in pay, after it acted", "ran")])
def test_a_tool_that_can_look_settles_its_own_doubt(teller: Teller, place: str, how: str) -> None:
    """A call whose tool can ask the world whether it acted needs no person, and happens once."""
    scene = killed_at(teller, place)
    assert lived_on(scene) == []
    assert settled(scene) == [(how, "tool:verify")]


def test_nobody_to_ask_about_a_doubt_means_that_it_stays_open(teller: Teller) -> None:
    """Where nobody is there a call in doubt is never repeated, and nobody's no is not taken for an answer."""
    scene = killed_at(teller, "in order, before it acts")
    scene.live("resume", person=False, park=False)
    assert settled(scene) == []
    *_, last = scene.store.log.read(scene.run)
    assert isinstance(last.event, k.RunParked)
    assert scene.counts.effects("order") == 0


def test_two_workers_on_one_step(teller: Teller) -> None:
    """Of two kernels that go on with a run one acts; the other is told who advances it and since when."""
    scene = killed_at(teller, "after gate.answered")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(scene.live, "resume", hold="in order, before it acts", until="go", end="first.json")
        wait_for(held(scene.folder / "go"))
        scene.live("resume", end="second.json")
        (scene.folder / "go").touch()
        first.result()
    refused = json.loads((scene.folder / "second.json").read_text())["error"]
    assert refused.startswith(f"LeaseHeld: Run {scene.run} is being advanced by {scene.folder} (process ")
    assert "It took the run at 2" in refused and "--take" in refused
    assert json.loads((scene.folder / "first.json").read_text())["error"] == ""
    assert verdict(scene.story(3), teller.tell("undisturbed", True)) == []


def test_replay_restores_the_output(teller: Teller) -> None:
    """A run that was killed and went on is read from its record: the same answer, and nothing happens in the world."""
    scene = killed_at(teller, "in order, after it acted")
    assert lived_on(scene) == []
    before, heads = scene.counts, scene.store.log.runs()
    scene.live("replay", cells=[f"%aether replay {scene.run}"], end="replayed.json")
    assert json.loads((scene.folder / "replayed.json").read_text())["error"] == ""
    assert scene.said().count("Rate 22, for Anna, stock 42.") >= 2
    assert (scene.counts, scene.store.log.runs()) == (before, heads)
