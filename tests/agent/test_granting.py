"""Yeses that last for a notebook: they count in its later kernels, for this user, until they are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb.agent.granting import Grants
from aether_nb.errors import LogConflict
from aether_nb.events import kinds as k
from aether_nb.store.journal import TRIES
from aether_nb.store.log import JOURNAL
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store, open_store
from harness.forging import forge

YES = k.Grant("g1", "send", "call:sha256:h", "medium", "notebook", "panel")
OTHER = k.Grant("g2", "look", "call:sha256:i", "low", "notebook", "terminal")


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A record in a folder."""
    store = open_store(tmp_path / "record", sealer=Sealer(tmp_path / "key"))
    yield store
    store.log.close()


@pytest.fixture
def grants(store: Store, tmp_path: Path) -> Grants:
    """The yeses of a notebook."""
    return Grants(store, Sealer(tmp_path / "key"), "/a.ipynb", lambda: 1.0)


def test_a_yes_counts_in_a_later_kernel_until_it_is_taken_back(grants: Grants) -> None:
    """Given, kept and revoked; what is revoked is known by its name."""
    assert grants.standing() == []
    grants.keep(YES, OTHER)
    assert grants.standing() == [YES, OTHER]
    grants.revoke("g1")
    assert replace(grants).standing() == [OTHER]
    assert grants.store.chain.verify(JOURNAL).ok and grants.store.log.runs() == []


def test_it_counts_for_this_notebook_and_this_user_only(grants: Grants, tmp_path: Path) -> None:
    """Another notebook in the same folder has not got it, nor has whoever gets the record; without a name it ends."""
    grants.keep(YES)
    assert replace(grants, notebook="/b.ipynb").standing() == []
    assert replace(grants, sealer=Sealer(tmp_path / "theirs")).standing() == []
    nameless = replace(grants, notebook="")
    nameless.keep(OTHER)
    nameless.revoke("g1")
    assert nameless.standing() == [] and grants.standing() == [YES]


@pytest.mark.parametrize(
    "change",
    [
        lambda events: [replace(event, grant=replace(event.grant, risk="high")) for event in events],
        lambda events: [replace(event, grant=replace(event.grant, rule="tool")) for event in events],
        lambda events: [replace(event, seal="") for event in events],
        lambda events: [k.GrantGiven(OTHER, events[0].seal)],
    ],
    ids=["riskier", "wider", "unsealed", "other"],
)
def test_a_yes_that_was_changed_counts_for_nothing(grants: Grants, change: Any) -> None:
    """Whoever writes the journal anew can take a yes away, and give none."""
    grants.keep(YES)
    forge(grants.store, JOURNAL, change)
    assert grants.standing() == []


def test_a_journal_that_is_not_whole_gives_nothing(grants: Grants) -> None:
    """A yes that was taken back does not come back by cutting the journal off."""
    grants.keep(YES)
    grants.revoke("g1")
    tables = grants.store.log._tables  # type: ignore[attr-defined]
    tables.write(("cut",), lambda db: db.execute("DELETE FROM events WHERE seq = 2"))
    assert grants.standing() == []


def test_a_run_that_goes_on_loses_what_was_taken_back_meanwhile(grants: Grants) -> None:
    """Where the journal is not whole nobody knows what that was: it loses all that was to last longer than itself."""
    own = k.Grant("g3", "send", "tool", "high", "run", "panel")
    grants.keep(YES, OTHER)
    assert list(grants.taken_back((YES, OTHER, own))) == []
    grants.revoke("g1")
    assert list(grants.taken_back((YES, OTHER, own))) == [k.GrantRevoked("g1", "the user")]
    tables = grants.store.log._tables  # type: ignore[attr-defined]
    tables.write(("cut",), lambda db: db.execute("DELETE FROM events WHERE run = 'journal' AND seq = 3"))
    gone = "policy:the journal of yeses is not whole"
    assert list(grants.taken_back((YES, OTHER, own))) == [k.GrantRevoked("g1", gone), k.GrantRevoked("g2", gone)]


def test_two_kernels_that_keep_at_once_both_do(grants: Grants, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is second tries again, behind what the other wrote; not for ever."""
    append, refused = type(grants.store.log).append, list[int]()

    def contested(self: Any, run: str, head: int, events: Sequence[k.Event], *more: Any) -> Any:
        if len(refused) < limit:
            refused.append(head)
            raise LogConflict("Somebody else was faster.")
        return append(self, run, head, events, *more)

    limit = TRIES - 1
    monkeypatch.setattr(type(grants.store.log), "append", contested)
    grants.keep(YES)
    assert len(refused) == limit and grants.standing() == [YES]
    refused.clear()
    limit = TRIES
    with pytest.raises(LogConflict):
        grants.keep(OTHER)
