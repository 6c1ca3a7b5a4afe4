"""Tools that read, list and write files inside the workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError, WorkspaceError
from aether_nb.events.kinds import Event
from aether_nb.events.messages import Text
from aether_nb.live.placing import place
from aether_nb.tools.base import Assessment, Care, Context, Result
from aether_nb.tools.differences import to_file
from aether_nb.tools.function import declare
from aether_nb.tools.workspace import inside, looks_secret

__all__ = ["EXECUTED", "list_files", "put_in_place", "read_file", "write_file"]

MOST_BYTES = 200_000
"""How much of a file is read at once."""

MOST_FILES = 200
"""How many files are listed at once."""

EXECUTED = (".py", ".pth", ".so", ".dll", ".pyd", ".sh", ".bat", ".cmd", ".ps1", ".ipynb", ".toml", ".cfg", ".ini")
"""Files that Python, a shell or a tool may run or obey later, without anybody thinking of who wrote them."""

BINARY = (".xlsx", ".xls", ".parquet", ".feather", ".pkl", ".pickle", ".npy", ".npz", ".h5", ".png", ".pdf", ".zip")
"""Formats that a text cannot be."""


def judge_read(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """Reading is harmless, but for a file that looks like a key: what is read goes to the model."""
    file = inside(context.workspace, arguments["path"])
    if looks_secret(file.name):
        reasons = (f"{file.name} looks like a key or a password; what is in it would go to the model",)
        return Assessment("high", "external", reasons, f"reads {arguments['path']}", str(file))
    return Assessment("low", "pure", path=str(file))


@declare(judge=judge_read, where="thread", title=lambda call: f"Read {call['path']}")
def read_file(path: str, context: Context, start: int = 1, lines: int = 200) -> Result:
    """Read a text file of the working folder, with line numbers.

    Args:
        path: The file, relative to the working folder.
        start: The first line, counted from 1.
        lines: How many lines at the most.
    """
    file = inside(context.workspace, path)
    text, room = "", MOST_BYTES
    try:
        with file.open("rb") as stream:
            if b"\0" in stream.read(8192):
                raise RepairableToolError(f"{path} is not a text file.", hint="Load it with run_python instead.")
            stream.seek(0)
            for number in range(1, max(1, start) + max(1, lines)):
                line = stream.readline(MOST_BYTES)
                if not line:
                    break
                if number < start:
                    continue
                room -= len(line)
                if room < 0:
                    text += f"… cut at {MOST_BYTES:,} bytes; go on from line {number}\n"
                    break
                text += f"{number:>5}  {line.decode('utf-8', 'replace').rstrip()}\n"
    except OSError as error:
        raise _unreadable(path, error) from error
    return Result((Text(text or "(no such lines)", "rows"),))


@declare(risk="low", effect="pure", where="thread", title=lambda call: f"List {call['path']}")
def list_files(context: Context, path: str = ".", pattern: str = "*") -> str:
    """List the files of a folder in the working folder, with their sizes in bytes. Hidden ones are left out.

    Args:
        path: The folder, relative to the working folder.
        pattern: Which names, with * and ?.
    """
    folder = inside(context.workspace, path)
    if not folder.is_dir():
        raise RepairableToolError(f"{path} is no folder.", hint="List its parent with list_files.")
    if ".." in Path(pattern).parts or Path(pattern).is_absolute():
        raise RepairableToolError(f"{pattern} leaves the folder.", hint="Give the folder as path.")
    rows: list[str] = []
    try:
        for file in folder.glob(pattern):
            if len(rows) == MOST_FILES:
                rows.append(f"… more than {MOST_FILES}; give a narrower pattern")
                break
            if (row := _listed(file, folder, context.workspace)) is not None:
                rows.append(row)
    except (OSError, ValueError) as error:
        raise RepairableToolError(
            f"{path} cannot be listed by {pattern!r}.", str(error), "Try the pattern *."
        ) from error
    return "\n".join(sorted(rows)) or "(nothing)"


def _listed(file: Path, folder: Path, workspace: Path) -> str | None:
    """One row of a listing; None for what is hidden, lies outside, or points nowhere."""
    name = file.relative_to(folder)
    try:
        inside(workspace, str(file))
        size = file.stat().st_size
    except (WorkspaceError, OSError):
        return None
    return f"{name}/" if file.is_dir() else f"{name}  {size}"


def judge_write(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """A new file is medium risk; one that replaces another, or that something may execute later, is high.

    Of a text that replaces another the person sees the difference.
    """
    file = inside(context.workspace, arguments["path"])
    content, variable = arguments.get("content"), arguments.get("variable")
    given = f"the variable {variable}" if content is None else f"{len(content.encode()):,} bytes of text"
    runs, there = file.suffix.lower() in EXECUTED, os.path.lexists(file)
    reasons: tuple[str, ...] = ()
    if there:
        reasons = (f"{arguments['path']} exists already ({file.stat().st_size:,} bytes) and is replaced",)
    if runs:
        reasons += (f"a {file.suffix} file may be executed later, by you or by a program",)
    shown = to_file(file, content, arguments["path"]) if there and content is not None else ""
    what = f"replaces {arguments['path']} with {given}" if there else f"writes {given} to {arguments['path']}"
    if not reasons:
        return Assessment("medium", "external", ("a new file is made in your folder",), what, str(file))
    return Assessment("high", "external", reasons, shown or what, str(file))


async def stands(arguments: Mapping[str, Any], context: Context) -> bool | None:
    """Whether the file still holds what was written; of a variable that is gone it cannot be told."""
    return await context.main(lambda: _stands(arguments, context))


def _stands(arguments: Mapping[str, Any], context: Context) -> bool | None:
    if arguments.get("content") is None and str(arguments.get("variable")) not in context.shell.user_ns:
        return None
    return bool(_wrote(arguments, context))


async def wrote(arguments: Mapping[str, Any], context: Context) -> bool | None:
    """Whether a write that was interrupted has happened: files are put in place whole, or not at all.

    A file that holds something else may have been changed since by somebody; that is for a person to tell.
    """
    return await context.main(lambda: _wrote(arguments, context))


def _wrote(arguments: Mapping[str, Any], context: Context) -> bool | None:
    file = inside(context.workspace, arguments["path"])
    if not os.path.lexists(file):
        return False
    content, variable = arguments.get("content"), str(arguments.get("variable"))
    if content is None:
        if variable not in context.shell.user_ns:
            return None
        content = _as_text(context.shell.user_ns[variable], variable, file.suffix.lower())
    return True if file.read_bytes() == str(content).encode() else None


@declare(
    judge=judge_write,
    where="main",
    title=lambda call: f"Write {call['path']}",
    care=Care(on_doubt="verify", verify=wrote, stands=stands),
)
def write_file(path: str, context: Context, content: str | None = None, variable: str | None = None) -> Result:
    """Write a file in the working folder: a text, or a variable of the notebook (a table becomes CSV or JSON).

    Args:
        path: The file, relative to the working folder. Its folder is made when it is missing.
        content: The text to write.
        variable: The variable to write, instead of a text.
    """
    if (content is None) == (variable is None):
        raise RepairableToolError("write_file needs a text or a variable.", hint="Give exactly one of them.")
    file = inside(context.workspace, path)
    replaces = os.path.lexists(file)
    rows, changed = "", to_file(file, content, path) if content is not None else ""
    if variable is not None:
        if variable not in context.shell.user_ns:
            raise RepairableToolError(f"There is no variable {variable!r}.", hint="Use list_variables.")
        value = context.shell.user_ns[variable]
        content = _as_text(value, variable, file.suffix.lower())
        rows = f"{len(value):,} rows, " if hasattr(value, "to_csv") else ""
    assert content is not None
    size, events = put_in_place(file, path, content, context, replaces)
    outputs = ({"text/plain": changed},) if changed else ()
    return Result.of(f"wrote {path} ({rows}{size:,} bytes)", outputs=outputs, events=events)


def _as_text(value: Any, name: str, suffix: str) -> str:
    """A variable as the text of a file, by the file's suffix. A table keeps an index that says something."""
    table = hasattr(value, "to_csv") or hasattr(value, "write_csv")
    if suffix in BINARY or (table and suffix not in ("", ".csv", ".tsv", ".txt", ".json")):
        hint = "Write a .csv or .json file, or a text."
        raise RepairableToolError(f"{name} cannot be written as a {suffix} file by this tool.", hint=hint)
    if table:
        return _table(value, suffix)
    if suffix == ".json":
        import json

        try:
            return json.dumps(value, indent=2, ensure_ascii=False, default=str)
        except (TypeError, ValueError) as error:
            raise RepairableToolError(f"{name} cannot be written as JSON.", str(error)) from error
    return str(value)


def _table(value: Any, suffix: str) -> str:
    separator = "\t" if suffix == ".tsv" else ","
    if hasattr(value, "write_csv"):
        return str(value.write_json() if suffix == ".json" else value.write_csv(separator=separator))
    if suffix == ".json":
        return str(value.to_json(orient="split" if hasattr(value, "columns") else "index", date_format="iso"))
    plain = type(value.index).__name__ == "RangeIndex" and value.index.name is None
    return str(value.to_csv(index=not plain, sep=separator))


def put_in_place(
    file: Path, path: str, content: str, context: Context, replaces: bool
) -> tuple[int, tuple[Event, ...]]:
    """Write a file such that it can be taken back.

    Args:
        file: The file, as ``inside`` has resolved it.
        path: What the model called it, for errors.
        content: The whole text.
        context: Who keeps what was there before.
        replaces: It was there when this was decided; one that was not is made new, so that a file which has appeared
            since is never replaced.

    Returns:
        Its size in bytes, and what is to be recorded.

    Raises:
        RepairableToolError: It cannot be written; what was there is still there.
    """
    undo = context.undo
    earlier = undo.file(file) if undo is not None else None
    size = _write(file, path, content, replaces)
    return size, (undo.wrote(context.call_id, earlier),) if undo is not None else ()


def _write(file: Path, path: str, content: str, replaces: bool) -> int:
    """Write beside, then put in place: a full disk never leaves half a file."""
    data = content.encode()
    try:
        place(file, data, new=not replaces)
    except FileExistsError as error:
        raise RepairableToolError(f"{path} has appeared meanwhile and was left alone.", hint="Ask again.") from error
    except OSError as error:
        hint = "Free some space, or choose another folder."
        raise RepairableToolError(f"{path} could not be written.", error.strerror or str(error), hint) from error
    return len(data)


def _unreadable(path: str, error: OSError) -> RepairableToolError:
    return RepairableToolError(f"{path} cannot be read.", error.strerror or str(error), "Use list_files to look.")
