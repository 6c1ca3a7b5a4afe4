"""Long expected texts, kept as files beside the tests: compared whole, written anew on request and then reviewed."""

from __future__ import annotations

import os
from pathlib import Path


def check(path: Path, text: str) -> None:
    """Compare a text with the file that holds what it should be.

    With ``AETHER_TEST_GOLDEN=write`` the file is written instead, and the difference is for people to read.
    """
    if os.environ.get("AETHER_TEST_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
