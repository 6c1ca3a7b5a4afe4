"""An error told in the user's lines: no IPython, no library frames, no colours.

This module formats; it catches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import FrameSummary, StackSummary, TracebackException
from types import TracebackType

from aether_nb.live.installed import is_installed

__all__ = ["CELL", "one_line", "trimmed"]

CELL = "<aether>"
"""What the agent's code is called in a traceback."""

LIMIT = 6_000
"""How many characters of a traceback are kept."""

CellName = Callable[[str], tuple[str, str] | None]
"""What IPython calls the cell behind a file name: ``("Cell", "In[3]")``, or None when it is no cell."""


def one_line(error: BaseException) -> str:
    """``KeyError: 'flipper'``; for a syntax error, with the line where it is."""
    if isinstance(error, SyntaxError):
        place = f" (line {error.lineno})" if error.lineno else ""
        text = f"{error.msg}{place}"
    else:
        try:
            text = str(error)
        except Exception as broken:  # noqa: BLE001  # the user's class: whatever its __str__ does
            text = f"(its text cannot be made: {type(broken).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def trimmed(error: BaseException, cell_name: CellName = lambda _: None) -> str:
    """The traceback of an error that agent code raised, with the frames that a user would call their own.

    Args:
        error: The error.
        cell_name: Knows the user's cells; they are called ``In[3]`` instead of by a file that nobody can open.
    """
    told = TracebackException(type(error), error, error.__traceback__)
    _trim(told, _cell_name(error), cell_name, set())
    text = "".join(told.format()).rstrip()
    if len(text) > LIMIT:
        text = f"{text[: LIMIT // 2]}\n… {len(text) - LIMIT:,} characters left out …\n{text[-LIMIT // 2 :]}"
    return text


def _cell_name(error: BaseException) -> str:
    """The file name that IPython gave the code: that of the first frame below its own."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename
    inside = False
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name == "run_code":
            inside = True
        elif inside:
            return code.co_filename
        trace = trace.tb_next
    return ""


def _trim(told: TracebackException, cell: str, cell_name: CellName, seen: set[int]) -> None:
    if id(told) in seen:
        return
    seen.add(id(told))
    kept = StackSummary()
    for frame in told.stack:
        if frame.filename == cell:
            kept.append(_renamed(frame, CELL))
        elif users := cell_name(frame.filename):
            kept.append(_renamed(frame, users[1]))
        elif not (is_installed(frame.filename) or frame.filename.startswith(("<frozen", "<decorator"))):
            kept.append(frame)
    told.stack = kept if kept else None  # type: ignore[assignment]  # None leaves out the heading as well
    if getattr(told, "filename", None) == cell:
        told.filename = CELL
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _trim(other, cell, cell_name, seen)


def _renamed(frame: FrameSummary, name: str) -> FrameSummary:
    line = frame.line  # looked up under the old name, before it is forgotten
    return FrameSummary(name, frame.lineno or 0, frame.name, lookup_line=False, line=line)
