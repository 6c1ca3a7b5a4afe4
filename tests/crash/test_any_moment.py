"""Killed at any moment: not at a commit, but whenever the clock says so, again and again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from harness.parallel import side_by_side
from harness.survival import Story, Teller, told, verdict

pytestmark = pytest.mark.crash

DEATHS = 3
"""How often one run is killed at most."""


def killed_at_random(teller: Teller, kills: int, seconds: float) -> list[Story]:
    """Stories with so many deaths at least, each at a moment drawn by lot within the time that a life takes."""
    lot = random.Random(20261129)
    stories: list[Story] = []

    def one(n: int) -> Story:
        own = random.Random(seeds[n])
        return teller.tell(
            f"run {n}", own.random() < 0.7, delays=lambda life: own.uniform(0, seconds) if life < DEATHS else None
        )

    while (done := sum(len(story.deaths) for story in stories)) < kills:
        numbers = range(len(stories), len(stories) + max(4, (kills - done) // DEATHS))
        seeds = {n: lot.random() for n in numbers}
        stories += side_by_side(one, numbers)
    return stories


@pytest.mark.parametrize("kills", [20, pytest.param(500, marks=pytest.mark.full)])
def test_killed_at_any_moment_nothing_happens_twice_and_nothing_is_lost(
    teller: Teller, kills: int, figure: Callable[[str, str], None]
) -> None:
    """Whenever its process dies, up to three times a run: 0 effects twice, 0 lost, all the rest as if undisturbed."""
    began = time.monotonic()
    calm = {True: teller.tell("calm", True), False: teller.tell("calm, nobody there", False)}
    life = time.monotonic() - began
    stories = killed_at_random(teller, kills, life / calm[False].lives)
    wrong = {story.run: faults for story in stories if (faults := verdict(story, calm[story.person]))}
    said = told(stories, time.monotonic() - began)
    print(f"\nat any moment: {said}")
    figure(f"killed at any moment, {kills} times", said)
    assert wrong == {}
