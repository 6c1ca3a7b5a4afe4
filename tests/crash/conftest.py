"""One counting server and one nursery for all tests that kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.counting import CountingServer
from harness.nursery import Nursery
from harness.survival import Teller


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountingServer]:
    """Where effects are counted, in a process that nobody kills."""
    with CountingServer(tmp_path_factory.mktemp("counted")) as server:
        yield server


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where processes to be killed come from."""
    with Nursery(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


@pytest.fixture
def teller(nursery: Nursery, server: CountingServer, tmp_path: Path) -> Teller:
    """Tells stories in this test's own folder."""
    return Teller(nursery, server, tmp_path)
