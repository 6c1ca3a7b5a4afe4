"""What counts of a record when a run goes on under another name or another user, and what is signed beside it."""

from __future__ import annotations

from pathlib import Path

from aether_nb.agent.resuming import following, taken_up
from aether_nb.agent.sealing import Signing, taken_back
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Usage
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from harness.agent import call

PROPOSED = k.CallProposed(call("send", "c1", to="a"), "sha256:h", "high", "namespace")
YES = k.GateAnswered("c1", "sha256:h", "approve", "panel")
GRANT = k.GrantGiven(k.Grant("g1", "send", "tool", "high", "run", "panel"))
REVOKED = k.GrantRevoked("g1", "policy:not given to this run by this user")
SAID = (k.LeaseTaken(2, "me"), k.RunResumed("me", True))


def run(*events: k.Event) -> RunState:
    """A run with these events after its start."""
    return fold(k.Entry("r", n, 1.0, event) for n, event in enumerate((k.RunStarted("q", "m"), *events), 1))


def test_every_yes_is_taken_back_that_has_not_been_used() -> None:
    """The call is asked about again and the grant is gone; a call that has acted is over."""
    assert taken_back(run(PROPOSED, YES, GRANT)) == (PROPOSED, REVOKED)
    assert taken_back(run(PROPOSED, YES, k.CallBegun("c1", "sha256:h"))) == ()
    assert taken_back(run(PROPOSED)) == taken_back(run()) == ()


def test_of_somebody_elses_run_nothing_counts_as_approved() -> None:
    """Not even a call that had begun there, which would be done again by itself in a run of one's own."""
    asked = k.ModelAnswered("m", Message("assistant", calls=(PROPOSED.call,)), Usage(), "tool_calls", 0.0)
    state = run(asked, PROPOSED, k.CallBegun("c1", "sha256:h"), GRANT)
    lost = k.CallRetried("c1", 1, "the kernel ended while it was running", lost=True)
    assert taken_up(state, SAID, fresh=True, own=True) == (*SAID, lost)
    assert taken_up(state, SAID, fresh=True, own=False) == (*SAID, lost, PROPOSED, REVOKED)


def test_what_will_be_recorded_is_looked_at_before_it_is() -> None:
    """A run with events that are not written yet is the run that it will be then."""
    assert following(run(PROPOSED), (YES, GRANT)) == run(PROPOSED, YES, GRANT)


def test_bytes_beside_the_record_are_signed_with_the_same_key(tmp_path: Path) -> None:
    """What this user wrote is known as his; what was changed, or written by somebody else, is not."""
    signing = Signing(Sealer(tmp_path / "key"))
    signature = signing.sign(b"pickle")
    assert signing.verifies(b"pickle", signature) and not signing.verifies(b"pickled", signature)
    assert not Signing(Sealer(tmp_path / "other")).verifies(b"pickle", signature)
