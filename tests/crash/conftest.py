"""One counting server and one nursery for all tests that kill."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aether_nb.store.place import FOLDER
from harness.counting import CountingServer
from harness.nursery import Nursery
from harness.survival import Scene, Teller


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


@pytest.fixture
def disk(teller: Teller, tmp_path: Path) -> Iterator[Callable[[Scene, str], None]]:
    """Mounts a small disk where a scene keeps its record, or mounts it anew in another way."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    mounted: list[Path] = []

    def mount(scene: Scene, how: str) -> None:
        place = scene.folder / FOLDER
        subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(place)], check=True)
        mounted.append(place)

    yield mount
    for place in set(mounted):
        subprocess.run(["umount", "-l", str(place)], check=True)
