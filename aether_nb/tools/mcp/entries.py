"""What ``mcp add`` writes into the folder that is scanned, and how an entry is taken out of a file there again.

A file may be the user's own, with other servers, notes and programs in it: only what was written here is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aether_nb.errors import OptionError, StoreError
from aether_nb.live.placing import place
from aether_nb.tools.agreeing.definitions import Definition

__all__ = ["take_out", "without", "write"]


def write(folder: Path, name: str, entry: Mapping[str, Any]) -> Path:
    """Write the file of one server, for its user alone: an entry may hold a key.

    Raises:
        StoreError: It cannot be written.
    """
    file, ignored = folder / f"{name}.json", folder.parent / ".gitignore"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not ignored.exists():  # what lies in our folder is never committed by accident
            ignored.write_text("*\n", encoding="utf-8")
        place(file, _as_added(name, entry), new=True, private=True)
    except OSError as error:
        raise StoreError(f"{file} cannot be written.", f"{error}.") from error
    return file


def without(one: Definition, folder: Path) -> bytes | None:
    """What a server's file holds without it; None when nothing would be left of a file that ``write`` has written.

    Raises:
        OptionError: It is no entry that can be taken out here; the user has to do that.
    """
    file = Path(one.source)
    if file.parent != folder or file.is_symlink():
        raise _not_ours(one, f"{one.name} is defined in {file}, which is not ours to change.", "Take it out there")
    if file.suffix != ".json":
        raise _not_ours(one, f"{one.name} is your own program {file}.", "Take the file away yourself")
    try:
        content = file.read_bytes()
        said = json.loads(content)
        entry = said["mcpServers"][one.name]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # it may have comments, which would be lost
        raise _not_ours(one, f"{file} is not written as mcp add writes it.", "Take it out there") from None
    if file.stem == one.name and content == _as_added(one.name, entry):
        return None
    del said["mcpServers"][one.name]
    return _as_text(said)


def take_out(file: Path, rest: bytes | None) -> None:
    """Leave of a file what ``without`` has found.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        if rest is None:
            file.unlink(missing_ok=True)
        else:
            place(file, rest)
    except OSError as error:
        raise StoreError(f"{file} cannot be changed.", f"{error}.") from error


def _as_added(name: str, entry: Any) -> bytes:
    return _as_text({"mcpServers": {name: entry}})


def _as_text(said: Any) -> bytes:
    return json.dumps(said, indent=2).encode()


def _not_ours(one: Definition, what: str, hint: str) -> OptionError:
    return OptionError(what, "", hint if one.problem else f"{hint}; or only: mcp disable {one.name}")
