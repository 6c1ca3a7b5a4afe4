"""What every ``Chain`` has to keep, with its log. Subclass it as ``Test…`` and give a fixture ``store``."""

from __future__ import annotations

import pytest

from aether_nb.errors import StoreTampered
from aether_nb.events import kinds as k
from aether_nb.events.codec import encode
from aether_nb.store.chain import Chain, Verdict, link, root

STARTED = k.RunStarted("how many rows?", "analyst")


class ChainContract:
    """The laws of a chain."""

    def payload(self, store, seq, event):
        """The bytes over which the hash of an event of ``r`` is: those that are kept."""
        return encode(event)

    def test_it_is_a_chain(self, store):
        """The object has the methods that the contract names; an unknown run is whole and has no head."""
        assert isinstance(store.chain, Chain)
        assert (store.chain.head("nobody"), store.chain.verify("nobody")) == ("", Verdict("nobody", 0, ""))

    def test_the_head_follows_from_the_events(self, store):
        """It is the hash of the last event over the one before, from the hash of the run's name on."""
        events = (STARTED, k.CallBegun("ä", "h"), k.RunEnded("done"))
        store.log.append("r", 0, events[:1], 1.5)
        store.log.append("r", 1, events[1:], 0.5)
        now = root("r")
        for seq, (time, event) in enumerate(zip((1.5, 0.5, 0.5), events, strict=True), 1):
            now = link(now, "r", seq, time, event.kind, event.version, self.payload(store, seq, event))
        assert store.chain.head("r") == now.hex()
        assert store.chain.verify("r") == Verdict("r", 3, now.hex())

    def test_what_was_written_is_confirmed(self, store):
        """By itself, and by any head that was noted on the way."""
        noted = []
        for head in range(4):
            store.log.append("r", head, (k.CallBegun(f"c{head}", "h"),), 1.0)
            noted.append(store.chain.head("r"))
        assert len(set(noted)) == 4
        for head in ("", *noted):
            assert store.chain.verify("r", head).ok
            store.chain.verify("r", head).confirm()

    def test_another_head_is_noticed(self, store):
        """What was noted elsewhere and is not in the record: the record was cut or written anew."""
        store.log.append("r", 0, (STARTED,), 1.0)
        store.log.append("s", 0, (STARTED,), 1.0)
        verdict = store.chain.verify("r", store.chain.head("s"))
        assert (verdict.ok, verdict.events, verdict.seq) == (False, 1, 1)
        with pytest.raises(StoreTampered) as caught:
            verdict.confirm()
        assert caught.value.what == "The record of run r is not what was written."
        assert caught.value.why == verdict.fault != ""

    @pytest.mark.parametrize("time", [0.0, -0.0, 1, -5.25, 1e300, 1_800_000_000.123456789])
    def test_any_time_is_kept_exactly(self, store, time):
        """Also a clock that went back, and one that says nothing."""
        store.log.append("r", 0, (STARTED,), 2.0)
        store.log.append("r", 1, (k.RunEnded("done"),), time)
        assert [entry.time for entry in store.log.read("r")] == [2.0, time]
        assert store.chain.verify("r").ok

    def test_each_event_has_its_hash(self, store):
        """The hashes of a run are there in order; the last one is the head. A beginning of one confirms, too."""
        store.log.append("r", 0, (STARTED, k.CallBegun("c", "h")), 1.0)
        store.log.append("r", 2, (k.RunEnded("done"),), 2.0)
        hashes = store.chain.hashes("r")
        assert (len(hashes), hashes[-1], store.chain.hashes("nobody")) == (3, store.chain.head("r"), [])
        assert store.chain.verify("r", hashes[0][:16]).ok
        assert not store.chain.verify("r", "0" * 16).ok

    def test_a_record_is_read_and_looked_at_at_once(self, store):
        """Its events are those that the log gives, and the verdict is the same."""
        store.log.append("r", 0, (STARTED, k.CallBegun("c", "h")), 1.0)
        assert store.chain.whole("r") == (list(store.log.read("r")), store.chain.verify("r"))
        assert store.chain.whole("nobody") == ([], Verdict("nobody", 0, ""))

    def test_a_copy_keeps_the_times_of_its_events(self, store):
        """Events may come with a time each; a run that was forked began when it was copied."""
        copied = (STARTED, k.RunEnded("done"), k.RunForked("other", 2))
        store.log.append("r", 0, copied, [1.0, 2.0, 9.0])
        assert [entry.time for entry in store.log.read("r")] == [1.0, 2.0, 9.0]
        (summary,) = store.log.runs()
        assert (summary.started, summary.outcome) == (9.0, None)
        assert store.chain.verify("r").ok
