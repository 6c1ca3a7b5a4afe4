"""Where the knowledge of a project is, by its settings and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aether_nb.knowledge.place import is_remote

__all__ = ["INBOX", "knowledge_place", "storage_options"]

FOLDER = "knowledge"
INBOX = "inbox"
"""The folder beside it: what is dropped there is taken in by itself."""

CLOUDS = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_", "abfss": "AZURE_", "db": "LANCEDB_"}
"""By the scheme of an address, how the variables begin that say how it is reached."""


def knowledge_place(setting: str, store: Path) -> str | Path:
    """The folder or the address: what is set, else ``knowledge`` in the folder of the record.

    Args:
        setting: The setting ``knowledge``: a folder, ``s3://…``, ``gs://…``, ``az://…`` or ``db://…``; or empty.
        store: The folder of the record, ``.aether``; a relative setting is relative to the one it lies in.
    """
    if not setting:
        return store / FOLDER
    return setting if is_remote(setting) else store.parent / Path(setting).expanduser()


def storage_options(place: str | Path, environment: Mapping[str, str]) -> dict[str, str]:
    """How an object store is reached: the variables of its cloud, as its own programs read them; none for a folder."""
    if not is_remote(place):
        return {}
    begin = CLOUDS.get(str(place).partition("://")[0].lower(), "AWS_")
    return {name.lower(): value for name, value in environment.items() if name.startswith(begin) and value}
