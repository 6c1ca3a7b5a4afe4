"""What else may happen between a death and the end: a tool that is gone, a restoring that is stopped, a second word."""

from __future__ import annotations

import json

import pytest

from aether_nb.events import kinds as k
from harness.survival import Scene, Teller, killed_at, lived_on

pytestmark = pytest.mark.crash

STOP_RESTORING = """
from unittest import mock
stopped = mock.patch("aether_nb.session.conversation.restore", side_effect=KeyboardInterrupt)
stopped.start()
"""


def kinds(scene: Scene) -> list[str]:
    """The kinds of all that happened."""
    return [entry.event.kind for entry in scene.store.log.read(scene.run)]


def test_variables_come_back_though_restoring_them_was_stopped(teller: Teller) -> None:
    """Stop while variables are made again breaks nothing off: the next resume in the same kernel makes them."""
    scene = killed_at(teller, "before model.asked", skip=3)
    scene.live("resume", cells=[STOP_RESTORING, "%aether resume", "stopped.stop()", "%aether resume"])
    assert kinds(scene).count("namespace.restored") == 1
    assert lived_on(scene) == []


@pytest.mark.parametrize("place", ["in put_price, before it acts", "in order, before it acts", "before call.begun"])
def test_a_tool_that_is_gone_is_refused_and_with_anyway_the_model_is_told(teller: Teller, place: str) -> None:
    """A run whose tool was not defined again is refused by name; --anyway tells the model and ends nothing."""
    scene = killed_at(teller, place, skip=3 if place == "before call.begun" else 0, each=True)
    gone = ("order", "put_price")
    scene.live("resume", without=gone)
    said = json.loads((scene.folder / "end.json").read_text())["error"]
    assert said.startswith("ResumeRefused") and "order, put_price" in said
    scene.live("resume", without=gone, more="--anyway")
    assert scene.next() == "nothing"
    ended = [entry.event for entry in scene.store.log.read(scene.run)][-1]
    assert isinstance(ended, k.RunEnded)
    assert ended.outcome == "done"
    assert scene.counts.effects("order") == 0
