"""What the record costs; measured, written down, and never a reason to fail."""

from __future__ import annotations

import statistics
import time
from contextlib import closing

import pytest

from aether_nb.events.codec import decode, encode
from aether_nb.events.kinds import CallBegun, CallFinished, RunStarted
from aether_nb.events.messages import Text
from aether_nb.store.sqlite import SqliteLog

pytestmark = pytest.mark.full

EVENTS = {
    "call.begun, 60 bytes": CallBegun("c1", "sha256:0123456789abcdef"),
    "call.finished, 600 bytes": CallFinished("c1", (Text("a,b\n" * 110),), 0.2),
}


def microseconds(act, rounds):
    """The median and the 99th percentile of that many calls."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter_ns()
        act()
        times.append((time.perf_counter_ns() - begun) / 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


@pytest.mark.parametrize("name", EVENTS)
def test_the_cost_of_bytes(name, figure):
    """Encoding and decoding an event is measured on what it gives back whole."""
    event = EVENTS[name]
    payload = encode(event)
    assert decode(event.kind, 1, payload) == event
    figure(f"encode {name}", "{:.1f} µs, p99 {:.1f}".format(*microseconds(lambda: encode(event), 20_000)))
    figure(
        f"decode {name}", "{:.1f} µs, p99 {:.1f}".format(*microseconds(lambda: decode(event.kind, 1, payload), 20_000))
    )


@pytest.mark.parametrize("together", [1, 4])
def test_the_cost_of_an_append(tmp_path, figure, together):
    """Appending is measured on a log that holds all of it afterwards; so is reading it back."""
    event = EVENTS["call.finished, 600 bytes"]
    with closing(SqliteLog(tmp_path / "log")) as log:
        head = log.append("r1", 0, (RunStarted("q", "m"),), 0.0)[-1].seq

        def append():
            nonlocal head
            head = log.append("r1", head, (event,) * together, 1.0)[-1].seq

        cost = microseconds(append, 2_000)
        begun = time.perf_counter()
        assert [entry.seq for entry in log.read("r1")] == list(range(1, 2_000 * together + 2))
        seconds = time.perf_counter() - begun
    figure(f"append and commit {together} of 600 bytes", "{:.0f} µs, p99 {:.0f}".format(*cost))
    figure(f"read {2_000 * together + 1} events", f"{seconds * 1000:.0f} ms")
