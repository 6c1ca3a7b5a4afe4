"""Tools that read, list and write files inside the workspace."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.function import declare
from aether_nb.tools.workspace import PRIVATE, inside

__all__ = ["list_files", "read_file", "write_file"]

MOST_BYTES = 200_000
"""How much of a file is read at once."""

MOST_FILES = 200
"""How many files are listed at once."""


@declare(risk="low", effect="pure", where="thread", title=lambda call: f"Read {call['path']}")
def read_file(path: str, context: Context, start: int = 1, lines: int = 200) -> Result:
    """Read a text file of the working folder, with line numbers.

    Args:
        path: The file, relative to the working folder.
        start: The first line, counted from 1.
        lines: How many lines at the most.
    """
    file = inside(context.workspace, path)
    try:
        with file.open("rb") as stream:
            head = stream.read(8192)
            if b"\0" in head:
                raise RepairableToolError(f"{path} is not a text file.", hint="Load it with run_python instead.")
            stream.seek(0)
            wanted = list(islice(stream, max(0, start - 1), max(0, start - 1) + max(1, lines)))
    except OSError as error:
        raise _unreadable(path, error) from error
    text, kept = "", 0
    for number, line in enumerate(wanted, max(1, start)):
        kept += len(line)
        if kept > MOST_BYTES:
            text += f"… cut at {MOST_BYTES:,} bytes; go on from line {number}\n"
            break
        text += f"{number:>5}  {line.decode('utf-8', 'replace').rstrip()}\n"
    return Result((Text(text or "(no such lines)", "rows"),))


@declare(risk="low", effect="pure", where="thread", title=lambda call: f"List {call['path']}")
def list_files(context: Context, path: str = ".", pattern: str = "*") -> str:
    """List the files of a folder in the working folder, with their sizes in bytes.

    Args:
        path: The folder, relative to the working folder.
        pattern: Which names, with * and ?.
    """
    folder = inside(context.workspace, path)
    if not folder.is_dir():
        raise RepairableToolError(f"{path} is no folder.", hint="List its parent with list_files.")
    if ".." in Path(pattern).parts or Path(pattern).is_absolute():
        raise RepairableToolError(f"{pattern} leaves the folder.", hint="Give the folder as path.")
    try:
        found = sorted(file for file in folder.glob(pattern) if file.name not in PRIVATE)
        rows = [f"{file.relative_to(folder)}{'/' if file.is_dir() else f'  {file.stat().st_size}'}" for file in found]
    except OSError as error:
        raise _unreadable(path, error) from error
    more = [f"… {len(rows) - MOST_FILES} more"] if len(rows) > MOST_FILES else []
    return "\n".join(rows[:MOST_FILES] + more) or "(nothing)"


def judge_write(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """Writing is medium; replacing a file that this run did not write is high."""
    file = inside(context.workspace, arguments["path"])
    if arguments["content"] is not None:
        given = f"{len(arguments['content'].encode()):,} bytes of text"
    else:
        given = f"the variable {arguments['variable']}"
    if file.exists() and str(file) not in context.written:
        reasons = (f"{arguments['path']} exists already ({file.stat().st_size:,} bytes) and is replaced",)
        return Assessment("high", "external", reasons, f"replaces {arguments['path']} with {given}", str(file))
    reasons = ("a new file is made in your folder",) if not file.exists() else ("this run wrote it before",)
    return Assessment("medium", "external", reasons, f"writes {given} to {arguments['path']}", str(file))


@declare(judge=judge_write, where="main", title=lambda call: f"Write {call['path']}")
def write_file(path: str, context: Context, content: str | None = None, variable: str | None = None) -> str:
    """Write a file in the working folder: a text, or a variable of the notebook (a table becomes CSV or JSON).

    Args:
        path: The file, relative to the working folder. Its folder is made when it is missing.
        content: The text to write.
        variable: The variable to write, instead of a text.
    """
    if (content is None) == (variable is None):
        raise RepairableToolError("write_file needs a text or a variable.", hint="Give exactly one of them.")
    file = inside(context.workspace, path)
    rows = ""
    if variable is not None:
        if variable not in context.shell.user_ns:
            raise RepairableToolError(f"There is no variable {variable!r}.", hint="Use list_variables.")
        value = context.shell.user_ns[variable]
        content = _as_text(value, file.suffix.lower())
        rows = f"{len(value):,} rows, " if hasattr(value, "to_csv") else ""
    assert content is not None
    size = _write(file, path, content)
    return f"wrote {path} ({rows}{size:,} bytes)"


def _as_text(value: Any, suffix: str) -> str:
    """A variable as the text of a file, by the file's suffix. A table keeps an index that says something."""
    if hasattr(value, "to_csv"):
        if suffix == ".json":
            return str(value.to_json(orient="split" if hasattr(value, "columns") else "index", date_format="iso"))
        plain = type(value.index).__name__ == "RangeIndex" and value.index.name is None
        return str(value.to_csv(index=not plain))
    if hasattr(value, "write_csv"):
        return str(value.write_json() if suffix == ".json" else value.write_csv())
    if suffix == ".json":
        import json

        try:
            return json.dumps(value, indent=2, ensure_ascii=False, default=str)
        except (TypeError, ValueError) as error:
            raise RepairableToolError("The variable cannot be written as JSON.", str(error)) from error
    return str(value)


def _write(file: Path, path: str, content: str) -> int:
    """Write beside, then put in place: a full disk never leaves half a file."""
    data = content.encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            mode = file.stat().st_mode if file.exists() else 0o666 & ~_umask()
            Path(name).chmod(mode)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        hint = "Free some space, or choose another folder."
        raise RepairableToolError(f"{path} could not be written.", error.strerror or str(error), hint) from error
    return len(data)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unreadable(path: str, error: OSError) -> RepairableToolError:
    return RepairableToolError(f"{path} cannot be read.", error.strerror or str(error), "Use list_files to look.")
