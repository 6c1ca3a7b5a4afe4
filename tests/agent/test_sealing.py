"""Seals: what a person said counts only with his own key, and whose record a run is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aether_nb.agent.sealing import Signing, begun_here, recorded_here, sealed, sealed_end, sealed_start, unsealed
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.store.seal import Sealer
from harness.agent import call


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    """This user's key."""
    return Sealer(tmp_path / "key")


def test_an_end_is_bound_to_all_that_was_recorded_before_it(sealer: Sealer) -> None:
    """It is this user's own for the same run, outcome and last hash, and for nothing else."""
    end = sealed_end("r", k.RunEnded("done"), "abc", sealer)
    assert recorded_here("r", end, "abc", sealer)
    assert not any(recorded_here(run, end, before, sealer) for run, before in (("s", "abc"), ("r", "abd"), ("r", "")))
    assert not recorded_here("r", replace(end, outcome="failed"), "abc", sealer)


def test_a_yes_that_this_user_did_not_give_is_asked_for_again(sealer: Sealer) -> None:
    """A record that came from elsewhere brings its approvals and grants as pictures only."""
    proposed = k.CallProposed(call("send", "c1", to="a"), "sha256:h", "medium", "external")
    grant = k.Grant("g1", "send", "tool", "high", "run", "panel")
    yes = k.GateAnswered("c1", "sha256:h", "approve", "panel")
    given = k.GrantGiven(grant)
    for seals, taken in (
        (sealer, ()),
        (
            Sealer(sealer.file.parent.parent / "other"),
            (proposed, k.GrantRevoked("g1", "policy:not sealed by this user")),
        ),
        (None, (proposed, k.GrantRevoked("g1", "policy:not sealed by this user"))),
    ):
        events = (k.RunStarted("q", "m"), proposed, sealed("r", yes, seals), sealed("r", given, seals))
        entries = [k.Entry("r", n, float(n), event) for n, event in enumerate(events, 1)]
        assert unsealed(fold(entries), entries, sealer) == taken
    used = [
        *entries,
        k.Entry("r", 5, 5.0, k.CallBegun("c1", "sha256:h")),
        k.Entry("r", 6, 6.0, k.GrantRevoked("g1", "x")),
    ]
    assert unsealed(fold(used), used, sealer) == ()  # it has acted already: nothing to take back


def test_a_seal_of_a_yes_fits_that_yes_only(sealer: Sealer) -> None:
    """Another run, another call, another word: none of them has this seal."""
    yes = k.GateAnswered("c1", "sha256:h", "approve", "panel")
    seals = {
        sealed(run, event, sealer).seal
        for run, event in (
            ("r1", yes),
            ("r2", yes),
            ("r1", replace(yes, call_id="c2")),
            ("r1", replace(yes, hash="sha256:i")),
            ("r1", replace(yes, decision="deny")),
            ("r1", replace(yes, lasts="run")),
        )
    }
    assert len(seals) == 6


def test_bytes_beside_the_record_are_signed_with_the_same_key(sealer: Sealer) -> None:
    """What this user wrote is known as his; what was changed, or written by somebody else, is not."""
    signing = Signing(sealer)
    signature = signing.sign(b"pickle")
    assert signing.verifies(b"pickle", signature) and not signing.verifies(b"pickled", signature)
    assert not Signing(Sealer(sealer.file.parent.parent / "other")).verifies(b"pickle", signature)


def test_of_somebody_elses_run_nothing_counts_as_approved_without_this_users_yes(sealer: Sealer) -> None:
    """A call that only had begun there, or was settled there, is no approved one here; with a sealed yes it is."""
    proposed = k.CallProposed(call("send", "c1", to="a"), "sha256:h", "high", "namespace")
    again = k.CallRetried("c1", 1, "the kernel ended", lost=True)
    begun = (k.RunStarted("q", "m"), proposed, k.CallBegun("c1", "sha256:h"), again)
    entries = [k.Entry("r", n, float(n), event) for n, event in enumerate(begun, 1)]
    assert unsealed(fold(entries), entries, sealer, own=False) == (proposed,)
    assert unsealed(fold(entries), entries, sealer, own=True) == ()
    yes = sealed("r", k.GateAnswered("c1", "sha256:h", "approve", "panel"), sealer)
    said = [*entries[:2], k.Entry("r", 3, 3.0, yes), *(one._replace(seq=one.seq + 1) for one in entries[2:])]
    assert unsealed(fold(said), said, sealer, own=False) == ()


def test_who_began_a_run_is_told_by_the_seal_of_its_beginning(sealer: Sealer) -> None:
    """It is this user's with his key, also when it was forked; not when what was asked, or how freely, is changed."""
    limits = k.Limits(seconds=900, tokens=None)  # a whole number, which the record gives back as it was declared
    started = sealed_start("r", k.RunStarted("q", "m", limits=limits), sealer)
    record = [k.Entry("r", 1, 1.0, started), k.Entry("r", 2, 2.0, k.RunEnded("done"))]
    assert begun_here(record, sealer)
    read = replace(started, limits=replace(limits, seconds=900.0))
    assert begun_here([k.Entry("r", 1, 1.0, read)], sealer)
    copies = [k.Entry("f", n, 3.0, event) for n, event in enumerate((started, k.RunForked("r", 1)), 1)]
    assert begun_here([*copies, k.Entry("f", 3, 4.0, k.RunForked("other", 2))], sealer)
    assert not begun_here(copies[:1], sealer)
    for changed in (replace(started, mode="auto"), replace(started, prompt="x"), replace(started, seal="")):
        assert not begun_here([k.Entry("r", 1, 1.0, changed)], sealer)
    assert not begun_here(record, Sealer(sealer.file.parent.parent / "other"))
    assert not begun_here(record[1:], sealer)
