"""A run is killed at every point of its life, before and after each commit and inside its tools; it goes on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

import pytest

from aether_nb.events.kinds import KINDS
from harness.counting import CountingServer
from harness.nursery import Nursery
from harness.parallel import side_by_side
from harness.survival import Story, Teller, told, verdict

pytestmark = pytest.mark.crash

STORE = Path(__file__).parents[2] / "aether_nb" / "store"

DESK, EACH, AWAY = "at the desk", "at the desk, each commit by itself", "nobody there"
IN_TOOLS, IN_TOOLS_AWAY = "inside tools", "inside tools, nobody there"
STORIES: dict[str, tuple[bool, tuple[str, ...], bool]] = {
    DESK: (True, (), False),
    EACH: (True, (), True),
    AWAY: (False, (), False),
    IN_TOOLS: (
        True,
        (
            "in run_python, after it acted",
            "in put_price, after it acted",
            "in order, after it acted",
            "after question.asked",  # what became of the order
            "after question.asked",  # the run's own
            "in pay, after it acted",
        ),
        False,
    ),
    IN_TOOLS_AWAY: (
        False,
        ("in write_file, before it acts", "in order, before it acts", "in pay, before it acts"),
        False,
    ),
}
"""Whether somebody is at the keyboard, where the process is killed anyhow, whether each event is recorded by itself."""

KNOWN = set(
    """
    blob lease schema signal
    call.begun call.begun+question.asked call.finished call.finished+item.finished
    call.finished+item.finished+call.proposed+call.begun call.finished+limit.reached call.proposed call.retried
    call.settled file.written+call.finished gate.answered item.finished item.started+call.begun
    item.started+gate.opened lease.taken+run.resumed lease.taken+run.resumed+call.doubtful
    lease.taken+run.resumed+call.retried lease.taken+run.resumed+question.answered+call.retried limit.reached
    model.answered model.answered+call.proposed+call.begun model.answered+call.proposed+gate.answered
    model.answered+call.proposed+item.started+call.begun model.answered+call.proposed+item.started+gate.opened
    model.answered+item.finished+run.ended model.asked namespace.changed+namespace.kept+call.finished
    namespace.changed+namespace.kept+call.finished+model.asked namespace.kept+run.parked namespace.restored
    plan.made+call.finished question.answered question.answered+call.settled question.asked run.ended
    run.started+context.composed+grant.given signal.received signal.received+gate.answered
    signal.received+question.answered signal.received+question.answered+call.settled
    """.split()
)
"""Everything that is committed in these stories. A new name means: somebody has looked at what a death there does."""

SHIFTED = {
    "call.begun+call.finished+item.finished+call.proposed+call.begun": "like call.finished+item.finished+call.proposed"
    "+call.begun: a call that only reads begins again",
    "call.begun+plan.made+call.finished": "like plan.made+call.finished: it begins again",
    "call.finished+model.asked": "like call.finished+limit.reached: the limit of steps came before, for a death while a"
    " model is asked costs a step",
}
"""What is committed only where somebody goes on after a death."""

NEVER = {
    "moved": "the file is deleted while it is open: tests/crash/test_whole_run_faults.py",
    "prune": "no run is advanced by it: tests/store",
    **dict.fromkeys(
        ("alone", "encrypt", "encrypted", "opening", "decrypt", "rewrap"),
        "nobody else has the record open: whoever does it is killed at each of them in tests/store/test_encrypting.py",
    ),
}
"""What the store commits and no run does."""

EXEMPT = {
    "agent.said": "of a hosted agent: tests/crash/test_hosted.py",
    "call.coded": "in one commit with call.finished",
    "call.failed": "like call.finished: a call's last word",
    "child.ended": "a call that is done again reads it from the child, says it once: tests/session/test_delegating.py",
    "child.spawned": "a call that is done again has the same child: tests/session/test_delegating.py",
    "feedback.given": "said of a run that has ended",
    "grant.revoked": "in one commit with run.resumed, when a seal is not right: tests/agent",
    "hook.took": "in one commit with what it speaks of, or said again when it was lost: tests/agent/test_hooks.py",
    "instructions.found": "in one commit with model.asked: whoever asks again looks again",
    "knowledge.recalled": "in one commit with run.started or with call.finished",
    "model.beside": "of the store's own journal, about a request that is over",
    "model.failed": "the run ends with it, or is resumed and asks again",
    "model.switched": "in one commit with model.asked, which says the same again",
    "profile.routed": "in one commit with run.started",
    "plan.revised": "like plan.made, from the same tool",
    "replay.begun": "in one commit with run.started",
    "replay.drifted": "says something of a call that is over",
    "run.forked": "the first commit of another run",
    "runs.packed": "of the journal of a copy",
    "runs.pruned": "of the store's own journal",
    "skill.opened": "in one commit with call.finished",
    "undo.begun": "before undo.done, and like it",
    "undo.done": "a person asks for it after a call is over: it has tests of its own",
    "undo.limited": "in one commit with call.finished",
}
"""Stored kinds of events that these stories do not have, and why no death around them is different."""


Calm: TypeAlias = Callable[[str], tuple[Story, list[int]]]


@pytest.fixture(scope="module")
def calm(nursery: Nursery, server: CountingServer, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """Each story as it is when nobody is killed, told once."""
    return cache(partial(discovered, Teller(nursery, server, tmp_path_factory.mktemp("calm"))))


def discovered(teller: Teller, name: str) -> tuple[Story, list[int]]:
    """A story of which nobody has died but where it belongs to the story, and the points at which that was."""
    person, places, each = STORIES[name]
    fixed: list[int] = []
    story = teller.tell(f"{name} 0", person, each=each)
    for n, place in enumerate(places, 1):
        fixed.append(story.points.index(place, max(fixed, default=-1) + 1))
        story = teller.tell(f"{name} {n}", person, fixed, each=each)
        assert len(story.deaths) == n
    return story, fixed


def to_be_killed(calm: Calm, name: str, full: bool) -> list[int]:
    """Where a story is to be killed now.

    At the desk that is everywhere. The other stories are killed where no other one is (where nobody is there, from
    where it is no more what happens at the desk; where it dies inside a tool, until the next reply is asked for), at
    each sixth or ninth point; all the rest is killed in the full lane.
    """
    story, fixed = calm(name)
    if full or name == DESK:
        return list(range(min(fixed, default=-1) + 1, len(story.points)))
    if not fixed:
        desk, _ = calm(DESK)
        first = next(n for n, (one, other) in enumerate(zip(story.points, desk.points, strict=False)) if one != other)
        return list(range(first, len(story.points), 6))
    asked = [n for n, point in enumerate(story.points) if point.startswith("before ") and point.endswith("model.asked")]
    windows = [range(n + 1, next(later for later in asked if later > n) + 1) for n in fixed]
    return sorted({n for window in windows for n in window} - set(fixed))[::9]


@pytest.mark.parametrize("name", STORIES)
def test_killed_at_any_point_a_run_goes_on_as_if_nothing_had_been(
    teller: Teller, calm: Calm, name: str, full: bool, figure: Callable[[str, str], None]
) -> None:
    """0 effects twice, 0 lost, every doubt said, no reply paid twice, and the same answer, files and variables."""
    began = time.monotonic()
    person, _, each = STORIES[name]
    (quiet, fixed), (undisturbed, _) = calm(name), calm(DESK if person else AWAY)
    points = to_be_killed(calm, name, full)
    assert verdict(quiet, undisturbed) == []

    def killed(point: int) -> tuple[str, Story]:
        targets = [n for n in fixed if n < point] + [point]
        story = teller.tell(f"at {point}", person, targets, each=each)
        assert story.points[: point + 1] == quiet.points[: point + 1], "the story is not the same each time"
        assert len(story.deaths) == len(targets)
        return f"{point}: {quiet.points[point]}", story

    stories = dict(side_by_side(killed, points))
    wrong = {point: faults for point, story in stories.items() if (faults := verdict(story, undisturbed))}
    said = told(list(stories.values()), time.monotonic() - began)
    print(f"\n{name}: {said}")
    figure(f"killed at every point, {name}", said)
    assert wrong == {}
    new = {name for story in stories.values() for name in commits(story)} - KNOWN - set(SHIFTED)
    assert new == set(), "there is a new commit: see what a death there does, and write it down in KNOWN"


def commits(story: Story) -> set[str]:
    """What was committed in a story."""
    return {point.partition(" ")[2] for point in story.points if not point.startswith("in ")}


def test_no_commit_is_unknown(calm: Calm) -> None:
    """What is committed is known by name: a new commit, or an event that no story has, is looked at by somebody."""
    stories = side_by_side(calm, STORIES)
    names = {name for story, _ in stories for name in commits(story)}
    assert names == KNOWN
    words = set(
        re.findall(r'(?:\.write\(|committed\(db, )\("(\w+)",\)', "".join(map(Path.read_text, STORE.glob("*.py"))))
    )
    assert words - set(NEVER) == {name for name in names if re.fullmatch(r"\w+", name)} - {"blob"}
    happened = {kind for name in names for kind in name.split("+")}
    stored = {name for name, kind in KINDS.items() if kind.stored}
    assert stored - happened == set(EXEMPT), "an event that no story has: add it to the errand, or say why not"
