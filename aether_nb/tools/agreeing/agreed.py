"""What the user has said about servers and hooks: that one may be started, that its word counts, that it may not.

Kept in the folder of the user's own settings, where nobody else writes, under the fingerprint of what exactly was
agreed to. So a folder that came from somebody can start nothing by itself, and a command that has changed is asked
about again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from aether_nb.errors import StoreError
from aether_nb.live.placing import place
from aether_nb.tools.agreeing.definitions import Definition

__all__ = ["Agreements", "Say"]

Say: TypeAlias = Literal["on", "trusted", "off", "unasked"]
"""It may be started; what it says of its tools counts, too; it may not be started; nobody has said anything."""

LARGEST = 1024 * 1024


@dataclass(frozen=True)
class Agreements:
    """The decisions of one user.

    Args:
        folder: That of the user's own settings.
        workspace: The project's folder.
        file: Where they are kept there.
    """

    folder: Path
    workspace: Path
    file: str = "mcp.json"

    def said(self, definition: Definition) -> Say:
        """What was said of exactly this command or address. One's own settings are one's own word."""
        row = self._rows().get(definition.fingerprint(self.workspace))
        said: Say | None = row.get("say") if isinstance(row, Mapping) else None
        if said in ("on", "trusted", "off"):
            return said
        if definition.off:
            return "off"
        return ("trusted" if definition.trusted else "on") if definition.scope == "own" else "unasked"

    def say(self, definition: Definition, word: Say) -> None:
        """Keep a decision; ``unasked`` forgets it.

        Raises:
            StoreError: It cannot be written.
        """
        rows = self._rows()
        key = definition.fingerprint(self.workspace)
        if word == "unasked":
            rows.pop(key, None)
        else:
            what = {"name": definition.name, "what": definition.what, "folder": str(self.workspace)}
            rows[key] = {"say": word, **what, "time": time.time()}
        try:
            place(self._file, json.dumps(rows, indent=1, ensure_ascii=False).encode(), private=True)
        except OSError as error:
            what_failed = f"{self._file}, which keeps what you have agreed to, cannot be written."
            raise StoreError(what_failed, f"{error}.", "Make its folder yours to write.") from error

    @property
    def _file(self) -> Path:
        return self.folder / self.file

    def _rows(self) -> dict[str, Any]:
        """What was said, by fingerprint; a file that cannot be read says nothing, and so starts nothing."""
        try:
            with self._file.open("rb") as opened:
                rows = json.loads(opened.read(LARGEST))
        except (OSError, ValueError):
            return {}
        return rows if isinstance(rows, dict) else {}
