"""What all ``Signals`` have to keep, with the log that hears them. Subclass it, give a fixture ``store``."""

from __future__ import annotations

import threading

import pytest

from aether_nb.errors import AlreadyReceived, StoreError
from aether_nb.events import kinds as k
from aether_nb.store.signals import Signal, Signals

YES = Signal("r", "approve", "cli:anna", {"call_id": "a", "hash": "h", "ä": [1, 2.5, None]}, "s1", 5.0, "sealed")


def heard(id="s1", **more):
    """The event that a signal was received."""
    return k.SignalReceived(id, "approve", "cli:anna", **more)


class SignalsContract:
    """The laws of a letter box."""

    def test_it_is_a_letter_box(self, store):
        """The object has the methods that the contract names, and holds nothing for nobody."""
        assert isinstance(store.signals, Signals)
        assert store.signals.pending("nobody") == []

    def test_what_was_sent_is_there(self, store):
        """All of it comes out as it went in, until it was heard."""
        assert store.signals.send(YES)
        assert store.signals.pending("r") == [YES] == store.signals.pending("r")

    def test_the_same_signal_twice_is_one(self, store):
        """Sending may be repeated when nobody knows whether it arrived."""
        assert [store.signals.send(YES), store.signals.send(YES)] == [True, False]
        assert store.signals.pending("r") == [YES]

    def test_signals_keep_their_order(self, store):
        """That of sending, whatever the clocks and the names say."""
        sent = [Signal("r", "tell", "cell", {"text": str(n)}, f"s{9 - n}", float(9 - n)) for n in range(5)]
        assert all(map(store.signals.send, sent))
        assert store.signals.pending("r") == sent

    def test_a_heard_signal_is_gone(self, store):
        """Appending that it was received takes it out of the box, in the same transaction."""
        store.signals.send(YES)
        store.signals.send(Signal("r", "stop", "panel", id="s2"))
        store.log.append("r", 0, (heard(),), 1.0)
        assert [signal.id for signal in store.signals.pending("r")] == ["s2"]
        assert not store.signals.send(YES)

    def test_it_is_heard_once(self, store):
        """A second time is refused with all that came with it."""
        store.signals.send(YES)
        store.log.append("r", 0, (heard(),), 1.0)
        with pytest.raises(AlreadyReceived):
            store.log.append("r", 1, (k.RunParked("go"), heard()), 2.0)
        with pytest.raises(AlreadyReceived):
            store.log.append("r", 1, (heard("s3"), heard("s3")), 2.0)
        assert [entry.seq for entry in store.log.read("r")] == [1]
        assert store.log.append("r", 1, (heard("s3"),), 2.0)

    def test_one_that_was_never_sent_may_be_heard(self, store):
        """A click goes the short way; when it is delivered again later, it is not applied again."""
        store.log.append("r", 0, (heard(),), 1.0)
        assert not store.signals.send(YES)
        assert store.signals.pending("r") == []
        with pytest.raises(AlreadyReceived):
            store.log.append("r", 1, (heard(),), 2.0)

    def test_a_refused_append_hears_nothing(self, store):
        """When the append is refused for another reason, the signal still waits."""
        store.signals.send(YES)
        begun = k.CallBegun("a", "h")
        with pytest.raises(StoreError):
            store.log.append("r", 0, (heard(), begun, begun), 1.0)
        assert store.signals.pending("r") == [YES]

    def test_runs_have_boxes_of_their_own(self, store):
        """A fork copies what its source heard; that is no second hearing."""
        other = Signal("s", "approve", "cli:anna", {}, "s1")
        assert [store.signals.send(YES), store.signals.send(other)] == [True, True]
        store.log.append("r", 0, (heard(),), 1.0)
        assert (store.signals.pending("r"), store.signals.pending("s")) == ([], [other])
        store.log.append("s", 0, (heard(),), 1.0)
        assert store.signals.pending("s") == []

    @pytest.mark.parametrize("body", [{"x": object()}, {"x": float("nan")}, {1: 2, "a": 3}])
    def test_what_is_no_json_is_refused(self, store, body):
        """Nothing of it is kept, and the error says what is wrong with it."""
        with pytest.raises(StoreError) as caught:
            store.signals.send(Signal("r", "tell", "cell", body))
        assert "The signal 'tell' to run r cannot be sent." in caught.value.what
        assert store.signals.pending("r") == []

    def test_many_may_send_at_once(self, store):
        """Nothing is lost, and one that several send is kept once."""
        taken = []

        def send(n):
            taken.extend(store.signals.send(Signal("r", "tell", "cell", {}, id)) for id in ("same", f"own{n}"))

        threads = [threading.Thread(target=send, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (taken.count(True), len(store.signals.pending("r"))) == (7, 7)
