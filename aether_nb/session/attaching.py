"""What a person gives along with words: a picture goes as a picture, any other file lies in the working folder.

A picture is what its bytes say. It goes to a model that sees pictures, else to the one for that role, else the model is
told that there was one; that is the business of whoever asks. This module knows no panel and no run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from aether_nb.config.home import expanded
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
    """Write a file into the working folder, under a name that is free; one there with these bytes serves as it is.

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
        if _holds(file, content):
            return file
        try:
            place(file, content, new=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise WorkspaceError(f"{bare} cannot be written.", error.strerror or str(error)) from error
        return file
    raise WorkspaceError(f"{bare} is there a hundred times.", hint="Give it another name.")


def _holds(file: Path, content: bytes) -> bool:
    """Whether a file has exactly these bytes; one that cannot be read counts as another."""
    try:
        return file.is_file() and file.stat().st_size == len(content) and file.read_bytes() == content
    except OSError:
        return False


@dataclass(frozen=True)
class _File:
    """A file that was found, with its bytes; ``there`` says whether it lies in the working folder already."""

    path: Path
    content: bytes
    there: bool


def attached(typed: str, namespace: Mapping[str, Any], workspace: Path) -> tuple[Part, ...]:
    """What goes with a question, as it was typed: variables that hold a figure or a picture, and files. Main thread.

    All of it is looked at before anything is copied: a wrong name leaves nothing behind.

    Args:
        typed: Their names, with commas between them.
        namespace: The user's variables.
        workspace: The folder in which files are looked for, and into which those from elsewhere are copied.

    Raises:
        OptionError: There is no such thing.
        WorkspaceError: A file may not lie in the working folder.
    """
    names = filter(None, (one.strip() for one in typed.split(",")))
    found = [_variable(name, namespace[name]) if name in namespace else _file(name, workspace) for name in names]
    return tuple(part for one in found for part in (_placed(one, workspace) if isinstance(one, _File) else one))


def _variable(name: str, value: Any) -> list[Part]:
    content = value if isinstance(value, bytes) else drawn(value)
    picture = picture_in(content) if content else None
    if picture is None:
        why = f"{name} is no figure and no picture that a model can be shown."
        raise OptionError(f"{name} cannot be attached.", why, f"Mention it in the question: @{name}")
    return [Text(f"\n\nAttached picture: {name}\n"), picture]


def _file(name: str, workspace: Path) -> list[Part] | _File:
    """The picture that a file is; any other file as it was found.

    Raises:
        OptionError: There is none, or it cannot be read.
        WorkspaceError: It may not lie in the working folder.
    """
    path = workspace / expanded(name)
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
    file = inside(workspace, str(path) if there else path.name)
    return _File(file if there else path, content, there)


def _placed(found: _File, workspace: Path) -> list[Part]:
    """What is said of a file that lies in the working folder, or is copied into it."""
    file = found.path if found.there else put(workspace, found.path.name, found.content)
    size = len(found.content)
    return [Text(f"\n\nAttached file, in the working folder: {file.relative_to(workspace)} ({size:,} bytes)\n")]
