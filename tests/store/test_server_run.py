"""A whole run on a server: one process dies in the middle of an effect, another one goes on; nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from aether_nb import tool
from aether_nb.errors import LeaseHeld, LeaseLost
from aether_nb.events import kinds as k
from harness.agent import Clock, Script, look, resumed

pytestmark = pytest.mark.crash

FIRST = """
import os, signal, sys
from pathlib import Path
from aether_nb import tool
from aether_nb.config.address import Address
from aether_nb.store.store import open_store
from harness.agent import call, look, stage

@tool(risk="low", effect="external", where="loop")
async def pay(to: str) -> str:
    "Pay somebody."
    with Path(sys.argv[2]).open("a") as paid:
        paid.write(f"{to}\\n")
    os.kill(os.getpid(), signal.SIGKILL)

store = open_store(Address(sys.argv[1]), "first")
play = stage([call("look"), call("pay", to="anna")], tools=[look, pay], log=store.log)
play.run.epoch = store.leases.take("run1", 1.0).epoch
print("go", flush=True)
sys.stdin.readline()
play.drive()
"""


class Under:
    """A log that is written under a lease."""

    def __init__(self, log, epoch):
        self.read, self._log, self._epoch = log.read, log, epoch

    def append(self, run, head, events, time, epoch=0):
        return self._log.append(run, head, events, time, self._epoch)


@tool(risk="low", effect="external", where="loop")
async def pay(to: str) -> str:
    """Pay somebody."""
    raise AssertionError(f"{to} would be paid twice")


def test_a_run_goes_on_in_another_process_and_nothing_is_done_twice(address, server_store, tmp_path):
    """Who looks on is refused while the first one lives; after its death the call in doubt is asked about, not done."""
    paid = tmp_path / "paid"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.Popen(
        [sys.executable, "-c", FIRST, address.plain, str(paid)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout.readline() == "go\n"
    with pytest.raises(LeaseHeld):
        server_store.leases.take("run1", 2.0)
    first.communicate("\n", timeout=60)
    assert (first.returncode, paid.read_text()) == (-signal.SIGKILL, "anna\n")
    assert [row.state for row in server_store.ledger.calls("run1")] == ["finished", "begun"]
    deadline = time.monotonic() + 5
    while server_store.leases.holder("run1").alive and time.monotonic() < deadline:
        time.sleep(0.01)
    epoch = server_store.leases.take("run1", 3.0).epoch
    log = Under(server_store.log, epoch)
    left = SimpleNamespace(run=SimpleNamespace(log=log, id="run1"), clock=Clock())
    person = Script(answers=["it ran"])
    again = resumed(left, ["paid"], tools=[look, pay], person=person)
    state = again.drive()
    assert (epoch, state.answer, paid.read_text(), len(person.asked)) == (2, "paid", "anna\n", 1)
    assert [row.state for row in server_store.ledger.calls("run1")] == ["finished", "finished"]
    assert [summary.outcome for summary in server_store.log.runs()] == ["done"]
    assert server_store.chain.verify("run1").ok
    with pytest.raises(LeaseLost):
        server_store.log.append("run1", state.head, (k.RunParked("go"),), 4.0, 1)
