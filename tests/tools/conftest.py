"""The shell in which tools are tried."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    """One shell for each file, without a history on the disk."""
    return InteractiveShell(config=Config(HistoryManager={"enabled": False}))
