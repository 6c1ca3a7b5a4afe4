"""A client of a server is killed at each point of each commit: what stays is whole, and the run is free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from aether_nb.events import kinds as k
from aether_nb.store.signals import Signal

pytestmark = pytest.mark.crash

CLIENT = """
import os, signal, sys
from aether_nb.config.address import Address
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.store import points
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store

def kill(name):
    print(name, flush=True)
    if name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

points.reached = kill
store = open_store(Address(sys.argv[1]), "client")
epoch = store.leases.take("r", 1.0).epoch
head = 0
for events in (
    (k.RunStarted("q", "m"),),
    (k.CallProposed(ToolCall("a", "t", {}), "h", "high", "external"),),
    (k.GateAnswered("a", "h", "approve", "panel"), k.CallBegun("a", "h")),
    (k.SignalReceived("s1", "tell", "cell"), k.CallFinished("a", (), 0.1)),
):
    head = store.log.append("r", head, events, 1.0, epoch)[-1].seq
    if head == 1:
        store.signals.send(Signal("r", "tell", "cell", {"text": "b"}, "s1"))
        store.blobs.put(b"bytes" * 1000)
store.leases.release("r", 1)
store.log.close()
"""

COMMITS = (
    "schema",
    "lease",
    "run.started",
    "signal",
    "blob",
    "call.proposed",
    "gate.answered+call.begun",
    "signal.received+call.finished",
)
POINTS = [f"{side} {commit}" for commit in COMMITS for side in ("before", "after")]


def run_client(address, point):
    """What the client passed by, and how it ended."""
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, address.plain, point], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout.splitlines(), done.returncode


def freed(store):
    """Whether nobody holds the run, or will not in a moment: the server has to hear that the client is gone."""
    deadline = time.monotonic() + 5
    while (holder := store.leases.holder("r")) and holder.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    return holder is None or not holder.alive


def test_these_are_all_points(address):
    """A client that nobody kills passes by each of them, in this order."""
    assert run_client(address, "") == (POINTS, 0)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_leaves_all_of_a_commit_or_nothing(address, server_store, point):
    """Before a commit nothing of it is there, after it all; events, ledger, signals, lease and bytes agree."""
    passed, code = run_client(address, point)
    assert (passed, code) == (POINTS[: POINTS.index(point) + 1], -signal.SIGKILL)
    assert freed(server_store)
    done = [name.partition(" ")[2] for name in passed if name.startswith("after")]
    kinds = [entry.event.kind for entry in server_store.log.read("r")]
    assert kinds == [kind for commit in done if "." in commit for kind in commit.split("+")]
    assert server_store.chain.verify("r").ok
    states = {"call.proposed": "proposed", "call.begun": "begun", "call.finished": "finished"}
    expected = [states[kind] for kind in kinds if kind in states][-1:]
    assert [row.state for row in server_store.ledger.calls("r")] == expected
    waiting = "signal" in done and "signal.received" not in kinds
    assert [each.id for each in server_store.signals.pending("r")] == (["s1"] if waiting else [])
    assert [size for _, size in server_store.blobs.hashes()] == ([5000] if "blob" in done else [])
    epoch = server_store.leases.take("r", 2.0).epoch
    assert epoch == ("lease" in done) + 1
    assert server_store.log.append("r", len(kinds), (k.RunEnded("failed"),), 3.0, epoch)
    assert server_store.signals.send(Signal("r", "tell", "cell", {"text": "b"}, "s1")) != ("signal" in done)


def test_a_kill_at_any_moment_loses_nothing_that_was_said(address, server_store):
    """A writer that is killed in the middle of its work keeps all that it was told is kept, and no half of anything."""
    code = (
        "import sys\n"
        "from aether_nb.config.address import Address\n"
        "from aether_nb.events.kinds import CallBegun\n"
        "from aether_nb.store.store import open_store\n"
        "log, head = open_store(Address(sys.argv[1])).log, 0\n"
        "while True:\n"
        "    head = log.append('r', head, (CallBegun(f'c{head}', 'h'), CallBegun(f'd{head}', 'h')), 1.0)[-1].seq\n"
        "    print(head, flush=True)\n"
    )
    command = [sys.executable, "-c", code, address.plain]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        lines = [writer.stdout.readline() for _ in range(40)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.readlines()
    told = max(int(line) for line in lines if line.endswith("\n"))
    entries = list(server_store.log.read("r"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert (len(entries) >= told, len(entries) % 2, server_store.chain.verify("r").ok) == (True, 0, True)
    assert len(server_store.ledger.begun("r")) == len(entries)
