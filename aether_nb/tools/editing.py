"""Tools that change a part of a file, and that search in files, inside the workspace.

An edit says what stands there now: where that is not so, or stands there twice, nothing is changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError, WorkspaceError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Care, Context, Result
from aether_nb.tools.differences import difference
from aether_nb.tools.files import EXECUTED, put_in_place
from aether_nb.tools.function import declare
from aether_nb.tools.workspace import inside, looks_secret

__all__ = ["edit_file", "search_files"]

MOST_BYTES = 2_000_000
"""A file larger than that is neither edited nor searched."""
MOST_HITS = 100
LONGEST_LINE = 300
SECONDS = 10.0
"""How long a search takes at the most."""


def judge_edit(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """A change of a file is high risk: what was there is somebody's. The person sees the difference."""
    file = inside(context.workspace, arguments["path"])
    before = _text(file, arguments["path"])
    after = _edited(before, arguments)
    reasons: tuple[str, ...] = (f"{arguments['path']} is changed",)
    if file.suffix.lower() in EXECUTED:
        reasons = (*reasons, f"a {file.suffix} file may be executed later, by you or by a program")
    return Assessment("high", "external", reasons, difference(before, after, arguments["path"]), str(file))


async def edited(arguments: Mapping[str, Any], context: Context) -> bool | None:
    """Whether an edit that was interrupted has happened: its new text is there and the old one is not."""
    file = inside(context.workspace, arguments["path"])
    if not file.is_file():
        return None
    text, old, new = _text(file, arguments["path"]), arguments["old"], arguments["new"]
    if old in text and not (old in new and text.count(new) == text.count(old)):
        return False if new not in text or new in old else None
    return True if new and new in text else None


@declare(
    judge=judge_edit,
    where="main",
    title=lambda call: f"Edit {call['path']}",
    care=Care(on_doubt="verify", verify=edited),
)
def edit_file(path: str, old: str, new: str, context: Context, everywhere: bool = False) -> Result:
    """Change a part of a text file in the working folder: one text is replaced by another.

    Args:
        path: The file, relative to the working folder.
        old: What stands there now, exactly, with enough around it to be found once.
        new: What shall stand there.
        everywhere: Replace every place where it stands, not one.
    """
    file = inside(context.workspace, path)
    before = _text(file, path)
    arguments = {"path": path, "old": old, "new": new, "everywhere": everywhere}
    after = _edited(before, arguments)
    _, events = put_in_place(file, path, after, context, replaces=True)
    places = before.count(old) if everywhere else 1
    told = f"changed {path} in {places} place{'s' if places != 1 else ''}"
    return Result.of(told, outputs=({"text/plain": difference(before, after, path)},), events=events)


def _edited(before: str, arguments: Mapping[str, Any]) -> str:
    """The text after the edit.

    Raises:
        RepairableToolError: There is not exactly one place for it.
    """
    path, old, new = arguments["path"], arguments["old"], arguments["new"]
    if not old or old == new:
        raise RepairableToolError("This would change nothing.", hint="old is what stands there, new what shall.")
    found = before.count(old)
    if found == 0:
        hint = "Read the file again, and copy what stands there exactly, with its spaces."
        raise RepairableToolError(f"That text does not stand in {path}.", hint=hint)
    if found > 1 and not arguments.get("everywhere"):
        hint = "Give more of what stands around it, or everywhere=true."
        raise RepairableToolError(f"That text stands in {path} {found} times.", hint=hint)
    return before.replace(old, new)


def _text(file: Path, path: str) -> str:
    """A text file with its line ends as they are.

    Raises:
        RepairableToolError: It is missing, too large, or no text.
    """
    try:
        if not file.is_file():
            raise RepairableToolError(f"There is no file {path}.", hint="Use list_files to look.")
        if file.stat().st_size > MOST_BYTES:
            raise RepairableToolError(f"{path} is larger than {MOST_BYTES:,} bytes.", hint="Use run_python.")
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise RepairableToolError(f"{path} is no text in UTF-8.", str(error), "Use run_python.") from error
    except OSError as error:
        raise RepairableToolError(f"{path} cannot be read.", error.strerror or str(error)) from error


@declare(risk="low", effect="pure", where="thread", title=lambda call: f"Search for {call['pattern']}")
def search_files(
    pattern: str, context: Context, path: str = ".", names: str = "*", ignore_case: bool = False
) -> Result:
    """Search the text files of the working folder for a regular expression; says file, line number and line.

    Hidden files, large ones, and those that look like keys are left out.

    Args:
        pattern: The regular expression, as Python writes them. It has to match within one line.
        path: The folder to search in, with all folders below it.
        names: Which file names, with * and ?.
        ignore_case: Take capital and small letters for the same.
    """
    import regex

    try:
        wanted = regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise RepairableToolError(f"{pattern!r} is no regular expression.", str(error)) from error
    folder = inside(context.workspace, path)
    if not folder.exists():
        raise RepairableToolError(f"There is no {path}.", hint="Use list_files to look.")
    end, rows = time.monotonic() + SECONDS, list[str]()
    lines = ((file, number, line) for file in _files(folder, names, context.workspace) for number, line in _lines(file))
    try:
        for file, number, line in lines:
            # A pattern can take longer than the world has existed, for one line.
            if not wanted.search(line, timeout=max(end - time.monotonic(), 0.001), concurrent=True):
                continue
            if len(rows) == MOST_HITS:
                rows.append(f"… more than {MOST_HITS}; give a narrower pattern")
                break
            rows.append(f"{file.relative_to(context.workspace)}:{number}: {line.strip()[:LONGEST_LINE]}")
    except TimeoutError:
        rows.append(f"… stopped after {SECONDS:g} seconds; take a smaller folder or a simpler pattern")
    return Result((Text("\n".join(rows) or "(nothing found)", "rows"),))


def _files(folder: Path, names: str, workspace: Path) -> Iterator[Path]:
    """The files to search, in the order of their names; links are not followed out of the workspace."""
    if _may_be_searched(folder, workspace):
        yield folder
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__", "node_modules")))
        for file in sorted(Path(place, name) for name in files if Path(name).match(names)):
            if _may_be_searched(file, workspace):
                yield file


def _may_be_searched(file: Path, workspace: Path) -> bool:
    """Whether it is a file of the workspace, not a large one, and none that looks like a key: nobody is asked."""
    try:
        real = inside(workspace, str(file))
        return real.is_file() and real.stat().st_size <= MOST_BYTES and not looks_secret(real.name)
    except (WorkspaceError, OSError):
        return False


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file by number; none of a file that is no text."""
    try:
        data = file.read_bytes()
    except OSError:
        return
    if b"\0" not in data[:8192]:
        yield from enumerate(data.decode("utf-8", "replace").splitlines(), 1)
