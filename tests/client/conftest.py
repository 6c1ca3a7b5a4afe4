"""A client of a script, without anything of the environment's."""

from __future__ import annotations

import pytest

from aether_nb.client import blocking


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """No key, no address and no project's file reach a test."""
    import os

    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_BASE_URL", "_TOKEN")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def threads():
    """The threads of the sync twins, which this test leaves behind closed."""
    yield blocking.started
    for thread in blocking.started():
        thread.close()
