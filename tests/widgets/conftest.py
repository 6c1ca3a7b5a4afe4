"""What the tests of the face share: one time zone, so that times are the same everywhere, and a panel that is heard."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harness.panel import Heard


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    """Local time is UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def heard() -> Heard:
    """A panel nobody has looked at yet."""
    return Heard()
