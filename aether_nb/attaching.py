"""What a person gives along with words: a picture goes as a picture, any other file lies in the working folder.

A picture is what its bytes say. It goes to a model that sees pictures, else to the one for that role, else the model is
told that there was one; that is the business of whoever asks. This module knows no panel and no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from aether_nb.errors import OptionError, UsageFault, WorkspaceError
from aether_nb.events.messages import Image, Part, Text
from aether_nb.live.placing import place
from aether_nb.models.images import drawn, image
from aether_nb.tools.workspace import inside

__all__ = ["attached", "picture_in", "put"]

LARGEST_PICTURE = 5_000_000
"""Bytes of a picture that is shown to a model. A larger one is a file like any other."""

LARGEST_FILE = 20_000_000
"""Bytes of a file from elsewhere that is copied into the working folder."""


def picture_in(content: bytes) -> Image | None:
    """The picture that these bytes are; None for anything else, and for one that is too large to be shown."""
    if len(content) > LARGEST_PICTURE:
        return None
    try:
        return image(content, "this")
    except UsageFault:
        return None


def put(workspace: Path, name: str, content: bytes) -> Path:
    """Write a file into the working folder, under a name that is free.

    Args:
        workspace: The folder.
        name: What it is called elsewhere; only the last part counts.
        content: All of it.

    Raises:
        WorkspaceError: It may not lie there, or cannot be written.
    """
    bare = PureWindowsPath(PurePosixPath(name).name).name
    stem, suffix = Path(bare).stem, Path(bare).suffix
    for number in range(1, 100):
        file = inside(workspace, bare if number == 1 else f"{stem}-{number}{suffix}")
        try:
            place(file, content, new=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise WorkspaceError(f"{bare} cannot be written.", error.strerror or str(error)) from error
        return file
    raise WorkspaceError(f"{bare} is there a hundred times.", hint="Give it another name.")


def attached(typed: str, namespace: Mapping[str, Any], workspace: Path) -> tuple[Part, ...]:
    """What goes with a question, as it was typed: variables that hold a figure or a picture, and files. Main thread.

    Args:
        typed: Their names, with commas between them.
        namespace: The user's variables.
        workspace: The folder in which files are looked for, and into which those from elsewhere are copied.

    Raises:
        OptionError: There is no such thing.
        WorkspaceError: A file may not lie in the working folder.
    """
    parts: list[Part] = []
    for name in filter(None, (one.strip() for one in typed.split(","))):
        parts += _variable(name, namespace[name]) if name in namespace else _file(name, workspace)
    return tuple(parts)


def _variable(name: str, value: Any) -> list[Part]:
    content = value if isinstance(value, bytes) else drawn(value)
    picture = picture_in(content) if content else None
    if picture is None:
        why = f"{name} is no figure and no picture that a model can be shown."
        raise OptionError(f"{name} cannot be attached.", why, f"Mention it in the question: @{name}")
    return [Text(f"\n\nAttached picture: {name}\n"), picture]


def _file(name: str, workspace: Path) -> list[Part]:
    path = workspace / Path(name).expanduser()
    try:
        if not path.is_file():
            raise OptionError(f"There is no {name} to be attached.", "It is neither a variable nor a file.")
        if path.stat().st_size > LARGEST_FILE:
            why = "It is larger than 20 MB."
            raise OptionError(f"{name} cannot be attached.", why, "Put it into the working folder, and name it.")
        content = path.read_bytes()
    except OSError as error:
        raise OptionError(f"{name} cannot be read.", error.strerror or str(error)) from error
    if (picture := picture_in(content)) is not None:
        return [Text(f"\n\nAttached picture: {path.name}\n"), picture]
    there = path.resolve().is_relative_to(workspace.resolve())
    file = inside(workspace, str(path)) if there else put(workspace, path.name, content)
    return [Text(f"\n\nAttached file, in the working folder: {file.relative_to(workspace)} ({len(content):,} bytes)\n")]
