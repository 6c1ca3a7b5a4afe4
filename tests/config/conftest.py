"""What tests of settings share."""

from __future__ import annotations

import pytest

from aether_nb.config import FILE


@pytest.fixture
def project(tmp_path):
    """Writes the project's file and gives its folder."""

    def write(text):
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        return tmp_path

    return write
