"""Where records lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_nb.config.address import Address
from aether_nb.store.place import as_setting, store_folder, store_place


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


SERVER = "postgresql://anna:secret@db.example/runs"


def test_a_server_is_named_in_the_place_of_a_folder():
    """An address is one whether it is read from a setting or handed on; what only this machine needs lies here."""
    assert store_place(None, Path("/work"), SERVER) == Address(SERVER)
    address = Address(SERVER)
    assert store_place(None, Path("/work"), address) is address
    assert store_place(Path("/n/a.ipynb"), Path("/work"), "") == Path("/n/.aether")
    assert store_folder(None, Path("/work"), SERVER) == Path("/work/.aether")


def test_another_process_finds_the_same_place():
    """A folder is handed on by its whole path, a server with the password that people are not shown."""
    assert as_setting(Path("records")) == str(Path("records").absolute())
    assert as_setting(Address(SERVER)) == SERVER
