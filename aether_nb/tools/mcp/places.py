"""Where servers are defined: one's own settings, a folder that is scanned, the project's files, other programs' files.

Every file may be missing, broken, or from a stranger. Reading starts nothing. Who may start what is not decided here.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aether_nb.tools.agreeing.definitions import SCRIPTS, Definition, read_entry, script

__all__ = ["Places", "defined"]

LARGEST = 4 * 1024 * 1024
"""Bytes of one file; the settings of some programs hold a lot besides."""

MOST = 100
"""Servers that one file, or the folder, may define."""

UP = 12
"""How many folders up the root of the project is looked for."""

COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.S)
TRAILING = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.S)


@dataclass(frozen=True)
class Places:
    """Where to look.

    Args:
        workspace: The folder of the project.
        scanned: The folder whose files define servers; ``.aether/mcp``.
        home: The user's home; None leaves out what other programs keep there.
        own: ``[mcp]`` of the user's own settings, by name, and where they lie.
        project: ``[mcp]`` of the project's settings, likewise.
    """

    workspace: Path
    scanned: Path
    home: Path | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    project: Mapping[str, Any] = field(default_factory=dict)
    own_file: str = "your aether.toml"
    project_file: str = "aether.toml"


def defined(places: Places) -> list[Definition]:
    """All servers, each name once: what is nearer to the user wins."""
    found: dict[str, Definition] = {}
    for definition in _all(places):
        found.setdefault(definition.name, definition)
    return list(found.values())


def _all(places: Places) -> Iterator[Definition]:
    for name, entry in places.own.items():
        yield read_entry(name, entry, places.own_file, "own")
    yield from _folder(places.scanned)
    for name, entry in places.project.items():
        yield read_entry(name, entry, places.project_file)
    for folder in _roots(places.workspace):
        for file, key in (
            (".mcp.json", "mcpServers"),
            (".cursor/mcp.json", "mcpServers"),
            (".vscode/mcp.json", "servers"),
        ):
            yield from _file(folder / file, key)
    if places.home is not None:
        for other in (places.home / ".claude.json", places.home / ".cursor" / "mcp.json", _desktop(places.home)):
            for one in _file(other, "mcpServers", str(places.workspace)):
                yield replace(one, scope="elsewhere")


def _roots(workspace: Path) -> list[Path]:
    """The workspace and, where it lies in a checkout, the folder of that."""
    for folder in (workspace, *workspace.parents[:UP]):
        if (folder / ".git").exists():
            return list(dict.fromkeys((workspace, folder)))
    return [workspace]


def _desktop(home: Path) -> Path:
    """Where Claude Desktop keeps its servers."""
    name = "claude_desktop_config.json"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Claude" / name
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", home / "AppData" / "Roaming")) / "Claude" / name
    return home / ".config" / "Claude" / name


def _folder(folder: Path) -> Iterator[Definition]:
    """The servers of the folder that is scanned: a file of JSON each, or a program each."""
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError:
        return
    for file in files[:MOST]:
        if file.suffix == ".json":
            yield from _file(file, "mcpServers")
        elif file.suffix in SCRIPTS and file.is_file():
            yield script(file, str(file))


def _file(file: Path, key: str, project: str = "") -> Iterator[Definition]:
    """The servers in a file; one that is a single entry goes by the file's name."""
    try:
        said = _read(file)
    except (OSError, ValueError, RecursionError) as error:
        yield Definition(f"{file.parent.name}/{file.name}", str(file), problem=f"the file cannot be read: {error}")
        return
    if said is None:
        return
    servers = said.get(key)
    if servers is None and ("command" in said or "url" in said):
        servers = {file.stem: said}
    for one in (_projects(said, project), servers):
        if isinstance(one, Mapping):
            for name, entry in list(one.items())[:MOST]:
                yield read_entry(str(name), entry, str(file))


def _projects(said: Mapping[str, Any], project: str) -> Any:
    """What a program's settings say of this project alone."""
    projects = said.get("projects") if project else None
    mine = projects.get(project) if isinstance(projects, Mapping) else None
    return mine.get("mcpServers") if isinstance(mine, Mapping) else None


def _read(file: Path) -> Mapping[str, Any] | None:
    """The object in a file of JSON, with or without comments; None when there is no file.

    Raises:
        ValueError: It is no such file, or too large.
        OSError: It cannot be read.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise ValueError("it is a folder, a pipe or a device")
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    text = content.decode("utf-8-sig")
    if not text.strip():
        return None
    try:
        said = json.loads(text)
    except ValueError:
        bare = COMMENT.sub(lambda match: match[1] or " ", text)
        said = json.loads(TRAILING.sub(lambda match: match[1] or "", bare))
    if not isinstance(said, Mapping):
        raise ValueError("it is no table")
    return said
