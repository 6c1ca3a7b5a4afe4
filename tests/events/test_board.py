"""What many runs did and cost."""

from __future__ import annotations

from datetime import date, datetime

from aether_nb.events import kinds as k
from aether_nb.events.board import KINDS, board, granted
from aether_nb.events.messages import Message, Usage

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12).timestamp()


def run(name: str, start: float, *events: k.Event) -> list[k.Entry]:
    """A run whose events are ten seconds apart."""
    return [k.Entry(name, n + 1, start + 10.0 * n, event) for n, event in enumerate(events)]


def said(model: str, cost: float | None, seconds: float = 1.0, provider: str = "") -> k.ModelAnswered:
    """An answer of a hundred tokens."""
    return k.ModelAnswered(model, Message.of("assistant", "x"), Usage(60, 40, cost), "stop", seconds, provider)


STARTED, DONE = k.RunStarted("how many?", "acme:big", notebook="a.ipynb"), k.RunEnded("done")


def test_spend_is_by_day_and_model():
    """Money goes to the day of the answer; days without any are there; an unknown price is counted and not guessed."""
    entries = [
        *run("a", NOON - 86_400, STARTED, said("big", 0.5, 2.0, "acme"), DONE),
        *run("b", NOON, STARTED, said("acme:big", 0.25, 4.0, "acme"), said("tiny", None), said("acme:big", 0.0), DONE),
        *run("c", NOON - 10 * 86_400, STARTED, said("acme:big", 8.0), DONE),
    ]
    found = board(entries, DAY, 3)
    assert found.days == {date(2026, 11, 18): {}, date(2026, 11, 19): {"acme:big": 0.5}, DAY: {"acme:big": 0.25}}
    big, tiny = found.models.values()
    assert (big.model, big.answered, big.tokens, big.cost, big.seconds) == ("acme:big", 4, 400, 8.75, 1.5)
    assert (tiny.model, tiny.cost, tiny.unpriced, tiny.seconds) == ("tiny", 0.0, 1, 1.0)
    assert (found.cost, found.tokens, found.unpriced) == (8.75, 500, 1)
    newest = found.runs[0]
    assert (newest.run, newest.cost, newest.tokens, newest.unpriced) == ("b", 0.25, 300, 1)


def test_a_model_that_fails_is_told():
    """How often, when last, and why then; one that never answered has no pace."""
    failed = (k.ModelFailed("acme:big", "It is down."), k.ModelFailed("acme:big", "No key."))
    line = board(run("a", NOON, STARTED, *failed, k.RunEnded("failed")), DAY, 1).models["acme:big"]
    assert (line.answered, line.failed, line.failure, line.last_failed) == (0, 2, "No key.", NOON + 20)
    assert (line.seconds, line.last) == (0.0, 0.0)
    again = [*run("a", NOON, STARTED, failed[1]), *run("b", NOON - 60, STARTED, failed[0])]
    assert board(again, DAY, 1).models["acme:big"].failure == "No key."  # the last one, in whichever run


def test_runs_are_told_with_outcome_and_time():
    """Newest first, by how they ended or where they stand; one whose beginning was not read is in no list."""
    parked, resumed = k.RunParked("gate", "c"), k.RunResumed("me", fresh=False)
    entries = [
        *run("a", NOON, STARTED, DONE),
        *run("b", NOON + 1, STARTED, parked),
        *run("c", NOON + 2, STARTED, parked, resumed),
        *run("d", NOON + 3, STARTED, parked, resumed, k.RunEnded("failed")),
        *run("e", NOON + 4, k.RunEnded("cancelled")),
    ]
    found = board(entries, DAY, 1)
    assert [(line.run, line.outcome, line.parked, line.seconds) for line in found.runs] == [
        ("d", "failed", False, 30.0),
        ("c", "", False, 20.0),
        ("b", "", True, 10.0),
        ("a", "done", False, 10.0),
    ]
    assert found.outcomes() == {"failed": 1, "not ended": 1, "parked": 1, "done": 1}
    assert (found.runs[0].prompt, found.runs[0].model, found.runs[0].notebook) == ("how many?", "acme:big", "a.ipynb")


def test_what_was_paid_once_is_counted_once():
    """The copied beginning of a fork, and the replies of a replay, belong to the run from which they come."""
    paid = said("acme:big", 1.0)
    fork = k.RunForked("a", 2, "c")
    again = k.ReplayBegun("a", "live", "acme:big", "c", 0.0)
    entries = [
        *run("a", NOON, STARTED, paid, DONE),
        *run("b", NOON, STARTED, paid, DONE, fork, said("acme:big", 0.25), DONE),
        *run("c", NOON, STARTED, again, paid, DONE),
    ]
    found = board(entries, DAY, 1)
    assert found.cost == 1.25 and found.models["acme:big"].answered == 2
    fork_line = next(line for line in found.runs if line.run == "b")
    assert (fork_line.started, fork_line.seconds, fork_line.outcome) == (NOON + 30, 20.0, "done")


def test_nothing_is_a_board_too():
    """A record without runs has its days and nothing else."""
    found = board([], DAY, 2)
    assert (len(found.days), found.runs, found.models, found.cost, found.outcomes()) == (2, [], {}, 0, {})


def test_yeses_that_stand():
    """What was given and not taken back, with the time; taking back what nobody gave changes nothing."""
    one, two = (k.Grant(id, "write_file", "tool", "medium", "notebook", "panel") for id in ("g1", "g2"))
    events = (k.GrantGiven(one), k.GrantGiven(two), k.GrantRevoked("g1", "the user"), k.GrantRevoked("g3", "x"), DONE)
    assert list(granted(run("journal", NOON, *events))) == [(two, NOON + 10.0)]


def test_the_kinds_are_kinds():
    """What is asked for under these names is what the fold looks at."""
    events = (STARTED, DONE, k.RunParked("gate"), k.RunResumed("me", fresh=False), k.RunForked("a", 1, "c"))
    more = (k.ReplayBegun("a", "live", "m", "c", 0.0), said("m", None), k.ModelFailed("m", "x"))
    assert sorted(KINDS) == sorted(event.kind for event in (*events, *more))
