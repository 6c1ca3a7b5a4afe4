"""What every ``Ledger`` has to keep, with the log that writes it. Subclass it, give a fixture ``store``."""

from __future__ import annotations

import random
import threading
from dataclasses import replace

import pytest

from aether_nb.errors import AlreadyBegun, LogConflict
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, ToolCall
from aether_nb.store.ledger import CallRow, Ledger

FINISHED = k.CallFinished("a", (Text("done"),), 0.1)
FAILED = k.CallFailed("a", "no")
BEGUN = k.CallBegun("a", "h")
DOUBTFUL = k.CallDoubtful("a", "it was stopped")
APPROVED = k.GateAnswered("a", "h", "approve", "panel")
DENIED = k.GateAnswered("a", "h", "deny", "panel")
RETRIED = k.CallRetried("a", 1, "no answer")


def proposed(call="a", hash="h", tool="shell", effect="external", **more):
    """A call that the model proposes."""
    return k.CallProposed(ToolCall(call, tool, {}), hash, "high", effect, **more)


SAID = (
    *(
        proposed(),
        proposed(),
        proposed(hash="i", tool="mail"),
        BEGUN,
        BEGUN,
        FINISHED,
        FAILED,
        APPROVED,
        DENIED,
        RETRIED,
    ),
    *(k.CallBegun("a", "h", 2), k.GateOpened("a", "h"), proposed("b", effect="pure"), k.CallBegun("b", "j")),
    k.CallFinished("b", (), 0.1),
)
"""What may be said of two calls."""


def settled(how):
    """A doubt that a person ended."""
    return k.CallSettled("a", how, "panel")


class LedgerContract:
    """The laws of a ledger."""

    def kept(self, store, hash):
        """The hash of a call as the ledger has it: itself; an encrypted store has another word for it."""
        return hash

    @pytest.fixture
    def add(self, store):
        """Appends events to the run ``r``, one transaction each."""

        def add(*events, run="r", epoch=0):
            for event in events:
                head = max((entry.seq for entry in store.log.read(run)), default=0)
                store.log.append(run, head, (event,), 1.0, epoch)
            return store.ledger.calls(run)

        return add

    def test_it_is_a_ledger(self, store):
        """The object has the methods that the contract names, and knows no calls of nobody."""
        assert isinstance(store.ledger, Ledger)
        assert (store.ledger.calls("nobody"), store.ledger.begun("nobody")) == ([], [])

    def test_a_proposal_makes_a_row(self, store, add):
        """It holds the tool, the effect and the hash of the exact call, and nothing has begun."""
        assert add(proposed()) == [CallRow("r", "a", 1, "shell", "proposed", "external", self.kept(store, "h"))]

    @pytest.mark.parametrize(
        ("events", "state"),
        [
            ([APPROVED], "approved"),
            ([DENIED], "skipped"),
            ([BEGUN], "begun"),
            ([APPROVED, BEGUN], "begun"),
            ([BEGUN, FINISHED], "finished"),
            ([BEGUN, FAILED], "failed"),
            ([FAILED], "failed"),
            ([BEGUN, RETRIED], "failed"),
            ([BEGUN, DOUBTFUL], "doubtful"),
            ([BEGUN, DOUBTFUL, settled("ran")], "finished"),
            ([BEGUN, DOUBTFUL, settled("rerun")], "failed"),
            ([BEGUN, DOUBTFUL, settled("skip")], "skipped"),
            ([BEGUN, DOUBTFUL, settled("fail")], "failed"),
            ([k.GateAnswered("a", "other", "approve", "panel")], "proposed"),
            ([BEGUN, APPROVED], "begun"),
            ([DENIED, APPROVED], "skipped"),
            ([BEGUN, proposed(hash="new")], "begun"),
            ([k.NamespaceChanged("a", ())], "proposed"),
        ],
    )
    def test_the_state_follows_from_the_events(self, add, events, state):
        """Each event gives its state; an answer counts only for the exact call that is open."""
        assert [row.state for row in add(proposed(), *events)] == [state]

    def test_a_call_is_proposed_anew_until_it_begins(self, store, add):
        """What a person edited replaces what was proposed, and has to be approved again."""
        rows = add(proposed(), APPROVED, proposed(hash="new", effect="pure", edited=True))
        assert rows == [CallRow("r", "a", 1, "shell", "proposed", "pure", self.kept(store, "new"))]

    def test_what_happens_to_unknown_calls_is_no_error(self, add):
        """A call that failed before it was proposed, as one of an unknown tool, leaves no row."""
        assert add(FAILED, DOUBTFUL, APPROVED, RETRIED) == []

    def test_beginning_says_where_and_under_which_lease(self, store, add):
        """The row of an attempt names its event and its epoch; it is in doubt until it ends."""
        epoch = store.leases.take("r", 1.0).epoch
        rows = add(proposed(), BEGUN, epoch=epoch)
        row = CallRow("r", "a", 1, "shell", "begun", "external", self.kept(store, "h"), epoch, 2)
        assert rows == [row] == store.ledger.begun("r")
        add(FINISHED, epoch=epoch)
        assert store.ledger.begun("r") == []

    @pytest.mark.parametrize(
        "before", [[BEGUN], [BEGUN, FINISHED], [BEGUN, FAILED], [BEGUN, DOUBTFUL], [BEGUN, DOUBTFUL, settled("rerun")]]
    )
    def test_no_attempt_begins_twice(self, store, add, before):
        """Whatever became of it, the same attempt is refused, and nothing of the append is kept."""
        kept = add(proposed(), *before), list(store.log.read("r"))
        with pytest.raises(AlreadyBegun) as caught:
            store.log.append("r", len(kept[1]), (k.RunParked("go"), BEGUN), 2.0)
        assert caught.value.what == "Call a has begun before."
        assert (store.ledger.calls("r"), list(store.log.read("r"))) == kept

    def test_what_was_denied_does_not_begin(self, store, add):
        """A no is not overtaken by whoever did not hear it."""
        add(proposed(), DENIED)
        with pytest.raises(AlreadyBegun) as caught:
            store.log.append("r", 2, (BEGUN,), 2.0)
        assert caught.value.what == "Call a cannot begin."

    def test_what_was_never_proposed_begins_once(self, store, add):
        """Nothing is known of it, so it is taken to act outside."""
        assert add(BEGUN) == [CallRow("r", "a", 1, "", "begun", "external", self.kept(store, "h"), 0, 1)]
        with pytest.raises(AlreadyBegun):
            store.log.append("r", 1, (BEGUN,), 2.0)

    @pytest.mark.parametrize("over", [[FAILED], [RETRIED], [DOUBTFUL, settled("rerun")]])
    def test_the_next_attempt_begins_when_one_has_failed(self, add, over):
        """It has a row of its own beside the first, with the same tool and effect; and it begins once."""
        again = k.CallBegun("a", "h", attempt=2)
        rows = add(proposed(), BEGUN, *over, again)
        assert [(row.attempt, row.state, row.tool, row.effect) for row in rows] == [
            (1, "failed", "shell", "external"),
            (2, "begun", "shell", "external"),
        ]
        with pytest.raises(AlreadyBegun):
            add(again)
        assert [row.state for row in add(FINISHED)] == ["failed", "finished"]

    @pytest.mark.parametrize("before", [[], [BEGUN], [BEGUN, FINISHED], [BEGUN, DOUBTFUL]])
    def test_the_next_attempt_waits_for_the_one_before(self, add, before):
        """As long as an attempt may still run, or has done its work, there is no second one."""
        add(proposed(), *before)
        with pytest.raises(AlreadyBegun) as caught:
            add(k.CallBegun("a", "h", attempt=2))
        assert (caught.value.what, caught.value.why) == (
            "Attempt 2 of call a cannot begin.",
            "Attempt 1 has not failed.",
        )

    def test_a_retry_names_its_attempt(self, add):
        """That attempt has failed, and no other."""
        rows = add(proposed(), BEGUN, RETRIED, k.CallBegun("a", "h", 2), k.CallRetried("a", 2, "again"))
        assert [row.state for row in rows] == ["failed", "failed"]
        assert [row.state for row in add(k.CallBegun("a", "h", 3), k.CallRetried("a", 7, "?"))] == [
            "failed",
            "failed",
            "begun",
        ]

    def test_calls_come_in_the_order_of_their_proposals(self, add):
        """With all attempts of a call together, whatever their ids."""
        first, later = k.CallBegun("z", "h"), k.CallBegun("z", "h", 2)
        rows = add(proposed("z"), proposed("m"), proposed("b"), first, k.CallFailed("z", "no"), proposed("c"), later)
        assert [(row.call, row.attempt) for row in rows] == [("z", 1), ("z", 2), ("m", 1), ("b", 1), ("c", 1)]

    def test_runs_have_ledgers_of_their_own(self, store, add):
        """The same call id in another run, as in a fork, is another call."""
        add(proposed(), BEGUN)
        rows = add(proposed(), BEGUN, FINISHED, run="s")
        assert ([row.state for row in store.ledger.calls("r")], [row.state for row in rows]) == (
            ["begun"],
            ["finished"],
        )

    def test_several_events_in_one_append(self, store):
        """A call may be proposed, approved and begun at once."""
        store.log.append("r", 0, (proposed(), APPROVED, BEGUN), 1.0)
        row = CallRow("r", "a", 1, "shell", "begun", "external", self.kept(store, "h"), 0, 3)
        assert store.ledger.begun("r") == [row]

    @pytest.mark.parametrize("seed", range(60))
    def test_together_or_one_by_one_it_comes_to_the_same(self, store, add, seed):
        """Whatever is said of calls, in whatever order: what is refused alone is refused with all that came with it."""
        said = random.Random(seed)
        events = said.choices(SAID, k=said.randint(2, 6))
        before = said.choices(SAID, k=seed % 2)
        try:
            add(*before, *events, run="alone")
        except AlreadyBegun:
            expected = None
        else:
            expected = [replace(row, run="together") for row in store.ledger.calls("alone")]
        try:
            rows = add(*before, run="together")
        except AlreadyBegun:
            assert expected is None
            return
        if expected is None:
            with pytest.raises(AlreadyBegun):
                store.log.append("together", len(before), events, 1.0)
            assert store.ledger.calls("together") == rows
        else:
            store.log.append("together", len(before), events, 1.0)
            assert store.ledger.calls("together") == expected

    def test_of_many_who_begin_one_may(self, store, add):
        """When threads race to begin the same attempt, it is given to one of them, whatever head they believe in."""
        add(proposed())
        won, refused = [], []

        def race():
            for head in range(1, 12):
                try:
                    store.log.append("r", head, (BEGUN,), 1.0)
                except LogConflict as error:
                    refused.append(type(error))
                else:
                    won.append(head)

        threads = [threading.Thread(target=race) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (won, set(refused), len(refused)) == ([1], {AlreadyBegun, LogConflict}, 65)
