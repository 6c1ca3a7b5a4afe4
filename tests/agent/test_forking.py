"""Where a run may be forked, and what of its variables is not as it was."""

from __future__ import annotations

import pytest

from aether_nb.agent.forking import compared, fork_point, made_of
from aether_nb.errors import OptionError
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message
from harness.agent import YES, Script, call, send, stage


def record() -> list[k.Entry]:
    """A run with one call that was asked about."""
    play = stage([call("send", id="c1", to="a"), "ok"], tools=[send], person=Script([YES]))
    play.drive()
    return list(play.run.log.read("run1"))


def test_a_fork_begins_where_nothing_is_under_way() -> None:
    """The last event by itself, the one that is named, or the nearest one before it at which no call runs."""
    entries = record()
    kinds = [entry.event.kind for entry in entries]
    assert fork_point(entries, 0) == len(entries)
    begun, finished = kinds.index("call.begun") + 1, kinds.index("call.finished") + 1
    assert fork_point(entries, finished) == finished
    assert fork_point(entries, begun) == begun - 1


@pytest.mark.parametrize(
    ("at", "what"), [(99, "The run has no event 99."), (1, "The run cannot be forked at event 1.")]
)
def test_where_a_run_cannot_be_forked_is_said(at: int, what: str) -> None:
    """Beyond its end, and before it had begun; what to type is said."""
    with pytest.raises(OptionError) as caught:
        fork_point(record(), at)
    assert caught.value.what == what


def test_variables_are_compared_with_what_the_record_knows() -> None:
    """Missing, changed, the same, untold: by content hash; a name that the run took away again is no matter."""
    kept = [k.Kept(name, "int", f"sha256:{name}") for name in "abcd"] + [k.Kept("e", "int")]
    events = [k.NamespaceKept("c1", tuple(kept)), k.NamespaceChanged("c2", (k.Change("d", "removed"),))]
    events.append(k.NamespaceChanged("c3", (k.Change("a", "changed"),)))
    events.append(k.RunEnded("done"))  # what says nothing of variables changes nothing
    made = made_of([k.Entry("r", n, 1.0, event) for n, event in enumerate(events, 1)])
    assert set(made) == {"a", "b", "c"}
    missing, differs = compared(made, lambda name: name != "a", lambda name, hash: None if name == "c" else False)
    assert missing == (k.Gone("a", "it is not in this kernel"),)
    assert differs == (k.Gone("b", "its content has changed since"),)


def test_a_model_is_told_what_a_fork_changes() -> None:
    """It reads that this is a fork, that variables are as they are now, or which ones are not as they were."""
    entries = record()

    def told(forked: k.RunForked) -> Message:
        return fold([k.Entry("f", len(entries) + 1, 2000.0, forked)], fold(entries)).messages[-1]

    assert "as they are in the kernel now" in told(k.RunForked("run1", 9)).text
    gone = k.RunForked("run1", 9, "", (k.Gone("x", "no kernel"),), (k.Gone("y", "changed"),), compared=True)
    assert told(gone).text.splitlines()[1:] == ["x is gone: no kernel", "y is not what it was: changed"]
    state = fold([k.Entry("f", len(entries) + 1, 2000.0, gone)], fold(entries))
    assert (state.ended, state.answered, state.declined_limit) == (None, False, "")


def test_a_fork_is_not_charged_for_the_time_since_its_source() -> None:
    """Nobody worked between the event at which it begins and the copy: a fork of an old run has all its seconds."""
    entries = [k.Entry("f", 1, 10.0, k.RunStarted("q", "m")), k.Entry("f", 2, 12.0, k.PlanMade(()))]
    forked = fold([k.Entry("f", 3, 90_000.0, k.RunForked("r", 2))], fold(entries))
    assert forked.seconds == 2.0
