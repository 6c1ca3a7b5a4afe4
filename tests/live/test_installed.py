"""Whose a file of code is: what was installed, in whatever place, is nobody's own."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import aether_nb
from aether_nb.live.installed import is_installed


@pytest.mark.parametrize(
    "file",
    [
        json.__file__,
        pd.__file__,
        aether_nb.__file__,
        "/usr/lib/python3/dist-packages/IPython/core/interactiveshell.py",
        str(Path("/home/ann/.local/lib/python3.11/site-packages/mine/core.py")),
    ],
)
def test_what_was_installed_anywhere_is_nobodys_own(file: str) -> None:
    """Python's, this package's, and what lies in another environment's folder that is on the path."""
    assert is_installed(file)


@pytest.mark.parametrize("file", ["/home/ann/work/model.py", "<aether>", "", "/home/ann/site-packages-notes/model.py"])
def test_what_a_person_wrote_is_his_own(file: str) -> None:
    """A file beside the notebook is read in a traceback, and its objects are looked into."""
    assert not is_installed(file)
