"""Where the knowledge of a project is, by its settings and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aether_nb.config.home import expanded
from aether_nb.knowledge.place import is_remote

__all__ = ["INBOX", "knowledge_place", "storage_options"]

FOLDER = "knowledge"
INBOX = "inbox"
"""The folder beside it: what is dropped there is taken in by itself."""

CLOUDS = {"s3": "AWS_", "s3+ddb": "AWS_", "gs": "GOOGLE_", "az": "AZURE_", "abfss": "AZURE_"}
"""By the scheme of an address, how the variables begin that say how it is reached."""

HOSTED = {"LANCEDB_REGION": "region", "LANCEDB_HOST": "host_override"}
"""What LanceDB's cloud wants to be told beside the key, which it reads itself from LANCEDB_API_KEY."""


def knowledge_place(setting: str, store: Path) -> str | Path:
    """The folder or the address: what is set, else ``knowledge`` in the folder of the record.

    Args:
        setting: The setting ``knowledge``: a folder, ``s3://…``, ``gs://…``, ``az://…`` or ``db://…``; or empty.
        store: The folder of the record, ``.aether``; a relative setting is relative to the one it lies in.
    """
    if not setting:
        return store / FOLDER
    return setting if is_remote(setting) else store.parent / expanded(setting)


def storage_options(place: str | Path, environment: Mapping[str, str]) -> dict[str, str]:
    """How an object store is reached: the variables of its cloud, as its own programs read them; none for a folder."""
    scheme = str(place).partition("://")[0].lower() if is_remote(place) else ""
    if scheme == "db":
        return {name: environment[variable] for variable, name in HOSTED.items() if environment.get(variable)}
    begin = CLOUDS.get(scheme)
    return {name.lower(): value for name, value in environment.items() if begin and name.startswith(begin) and value}
