"""A notebook whose runs are recorded on a PostgreSQL server, in a real kernel."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aether_nb.store.store import open_store
from harness.kernel import Kernel
from harness.postgres import Server

pytestmark = pytest.mark.kernel

LOAD = """
%load_ext aether_nb
import pandas as pd
df = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})
"""


def test_a_cell_is_recorded_on_a_server(postgres: Server, tmp_path: Path) -> None:
    """Its run is there for every machine, whole; the kernel let go of it, and nothing shows the password."""
    postgres.empty()
    address = postgres.address()
    with Kernel(Path(sys.executable), {"AETHER_STORE": address.plain}, tmp_path) as kernel:
        assert kernel.run(LOAD).status == "ok"
        cell = kernel.run("%%aether\nWhat is the mean of sales by city?")
        assert cell.status == "ok", cell.error
        status = kernel.run("%aether").text()
        assert f"record   {address}" in status
        assert address.plain not in status
        assert "What is the mean" in kernel.run("%aether runs").text()
    store = open_store(address)
    (summary,) = store.log.runs()
    assert (summary.outcome, store.chain.verify(summary.id).ok) == ("done", True)
    holder = store.leases.holder(summary.id)
    assert holder is not None and not holder.alive
    store.log.close()
    assert not (tmp_path / ".aether" / "runs.db").exists()
