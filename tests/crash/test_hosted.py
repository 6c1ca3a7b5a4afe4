"""A foreign agent, hosted, is killed at any point of its run: it is run again from its start, nothing happens twice."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from harness.parallel import side_by_side
from harness.survival import Story, Teller, told, verdict

pytestmark = pytest.mark.crash

SAMPLE = ("in order, before it acts", "in order, after it acted", "after model.answered")
"""Where it is killed in the ordinary lane: before an effect, after it and before it is recorded, behind a reply."""


def to_be_killed(calm: Story, full: bool) -> list[int]:
    """The points: all of them, a third where nobody is there (that takes many more lives), or those of the sample."""
    if full:
        return list(range(0, len(calm.points), 1 if calm.person else 3))
    last = {name: n for n, name in enumerate(calm.points)}
    return [last[name] for name in SAMPLE]


@pytest.mark.parametrize(
    ("agent", "person"),
    [("guest", True), *(pytest.param(*one, marks=pytest.mark.full) for one in (("plain", True), ("guest", False)))],
)
def test_a_hosted_agent_killed_at_any_point_goes_on_as_if_nothing_had_been(
    teller: Teller, agent: str, person: bool, full: bool, figure: Callable[[str, str], None]
) -> None:
    """0 effects twice, 0 lost, every doubt said, no reply paid twice, and all the rest as if undisturbed."""
    began = time.monotonic()
    calm = teller.tell("calm", person, agent=agent)
    assert verdict(calm, calm) == []

    def killed(point: int) -> tuple[str, Story]:
        story = teller.tell(f"at {point}", person, [point], agent=agent)
        assert story.points[: point + 1] == calm.points[: point + 1], "the story is not the same each time"
        assert len(story.deaths) == 1
        return f"{point}: {calm.points[point]}", story

    stories = dict(side_by_side(killed, to_be_killed(calm, full)))
    wrong = {point: faults for point, story in stories.items() if (faults := verdict(story, calm))}
    said = told(list(stories.values()), time.monotonic() - began)
    print(f"\nhosted, {agent}: {said}")
    figure(f"killed at every point, hosted {agent}, {'somebody' if person else 'nobody'} there", said)
    assert wrong == {}
