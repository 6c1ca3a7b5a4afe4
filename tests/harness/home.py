"""A user's home with nothing in it: no settings, no keyring, no keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aether_nb.models.catalogue import discovery

FOLDERS = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")


def bare(folder: Path) -> dict[str, str]:
    """The environment of a process there: this one's, with everything that could say which model serves taken out."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_BASE_URL"))}
    kept |= {name: str(folder) for name in FOLDERS}
    return kept | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "TERM": "dumb"}


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give local servers as long as they need to be found: a machine that is busy with other tests proves nothing."""
    monkeypatch.setattr(discovery.find_local, "__defaults__", (10.0, None))
