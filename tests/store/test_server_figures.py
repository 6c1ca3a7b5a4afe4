"""What a record on a server costs; measured, written down, and never a reason to fail."""

from __future__ import annotations

import statistics
import time

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.messages import Text

pytestmark = pytest.mark.full


def median(act, rounds):
    """The median of that many calls, in microseconds."""
    times = []
    for number in range(rounds):
        begun = time.perf_counter_ns()
        act(number)
        times.append((time.perf_counter_ns() - begun) / 1000)
    return f"{statistics.median(times):.0f} µs"


def test_the_cost_of_a_server(server_store, figure):
    """Appending, leasing, looking and bytes, on a server of this machine that does not wait for its disk."""
    log, leases, blobs = server_store.log, server_store.leases, server_store.blobs
    log.append("r", 0, (k.RunStarted("q", "m"),), 1.0)
    event = k.CallFinished("c1", (Text("a,b\n" * 110),), 0.2)
    figure("server: append 600 bytes", median(lambda n: log.append("r", n + 1, (event,), 1.0), 500))
    figure("server: look for signals", median(lambda n: server_store.signals.pending("r"), 500))
    figure("server: take a lease", median(lambda n: leases.take(f"s{n}", 1.0), 200))
    figure("server: look at a holder", median(lambda n: leases.holder("s1"), 500))
    data = bytes(range(256)) * 40_000
    figure("server: put 10 MB", median(lambda n: blobs.put(data + bytes([n])), 5))
    hash = next(blobs.hashes())[0]
    figure("server: get 10 MB", median(lambda n: blobs.get(hash), 5))
    begun = time.perf_counter()
    assert (len(list(log.read("r"))), log.runs()[0].head) == (501, 501)
    figure("server: read 501 events", f"{(time.perf_counter() - begun) * 1000:.1f} ms")
