"""Where records lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_nb.store.place import store_folder


@pytest.mark.parametrize(
    ("notebook", "override", "folder"),
    [
        (Path("/n/a.ipynb"), None, Path("/n/.aether")),
        (None, None, Path("/work/.aether")),
        (None, "", Path("/work/.aether")),
        (Path("/n/a.ipynb"), "records", Path("/work/records")),
        (Path("/n/a.ipynb"), Path("/r"), Path("/r")),
        (None, "~/r", Path.home() / "r"),
    ],
)
def test_beside_the_notebook_else_here_unless_told(notebook, override, folder):
    """The notebook's folder comes before the working directory, and a setting before both."""
    expected = Path.home() / "r" if override == "~/r" else folder
    assert store_folder(notebook, Path("/work"), override) == expected


def test_asking_for_the_place_makes_nothing(tmp_path):
    """The folder appears with the first event, not before."""
    assert not store_folder(None, tmp_path).exists()
