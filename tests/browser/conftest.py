"""What the browser tests share: a JupyterLab for the tests of a file, unless that file has one of its own.

Where ``AETHER_TEST_LAB44`` names the Python of an environment with JupyterLab 4.4 and ipykernel 6.29 (``tests/full``
makes one), the tests run there a second time, but for those marked ``subshell``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.lab import Lab


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a test run in each JupyterLab that there is."""
    older = os.environ.get("AETHER_TEST_LAB44")
    if older and "lab_python" in metafunc.fixturenames and not metafunc.definition.get_closest_marker("subshell"):
        pythons = [pytest.param(sys.executable, id="newest"), pytest.param(older, id="lab44")]
        metafunc.parametrize("lab_python", pythons, indirect=True, scope="module")


@pytest.fixture(scope="module")
def lab_python(request: pytest.FixtureRequest) -> str:
    """The interpreter whose JupyterLab is started."""
    return str(getattr(request, "param", sys.executable))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Path, lab_python: str) -> Iterator[Lab]:
    """One server for the tests of this file."""
    with Lab(tmp_path_factory.mktemp("lab"), chromium, lab_python) as started:
        yield started
