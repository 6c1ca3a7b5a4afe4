"""What the browser tests share: a JupyterLab for the tests of a file, unless that file has one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.lab import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Path) -> Iterator[Lab]:
    """One server for the tests of this file."""
    with Lab(tmp_path_factory.mktemp("lab"), chromium) as started:
        yield started
