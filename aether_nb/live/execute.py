"""Running the agent's code in the user's namespace, on the main thread, as if in a cell; nothing of it shows.

What it prints, displays, returns and raises is collected and handed back. Prompt numbers, ``_``, ``Out``, the last
error and the input history stay the user's, and ``exit()`` ends nothing. What the code changes in the namespace, and
whether it may run at all, is for others to say.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tokenize
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aether_nb.live.capture import Bundle, Capture, Stage
from aether_nb.live.guard import Guard, armed
from aether_nb.live.interrupt import own_interrupt, uninterrupted
from aether_nb.live.tracebacks import CellName, one_line, trimmed

__all__ = ["Execution", "Executor", "OnOutput"]

OnOutput = Callable[[str, str], None]
"""Told of text as it arrives: the stream, ``stdout`` or ``stderr``, and the text. It must not raise."""

_PICTURES = ("image/", "application/vnd.plotly", "application/vnd.vega")


@dataclass(frozen=True, slots=True)
class Execution:
    """What became of a piece of code.

    Attributes:
        stdout: What it printed; the middle of a very long text is left out.
        stderr: What it printed to stderr.
        outputs: What it displayed, and its value, in order.
        value: The value of its last expression; None when there was none.
        has_value: Whether there was one.
        error_name: The error's class; empty when there was no error.
        error_text: The error in a line, ``KeyError: 'flipper'``.
        traceback: The error and the lines of code that led to it.
        interrupted: It was stopped from outside. An interrupt that it raised itself is an error of its own.
        exit_requested: It asked to end the kernel, which was not done.
    """

    stdout: str = ""
    stderr: str = ""
    outputs: tuple[Bundle, ...] = ()
    value: Any = None
    has_value: bool = False
    error_name: str = ""
    error_text: str = ""
    traceback: str = ""
    interrupted: bool = False
    exit_requested: bool = False

    @property
    def figures(self) -> tuple[Bundle, ...]:
        """The outputs that are pictures."""
        return tuple(bundle for bundle in self.outputs if any(mime.startswith(_PICTURES) for mime in bundle))


class Executor:
    """Runs code in the namespace of an IPython shell, a kernel's or any other.

    Args:
        shell: The shell.
        guard: Who watches over what the code does; it is set around the code alone, not around what others do then.
    """

    def __init__(self, shell: Any, guard: Guard | None = None) -> None:
        self._shell, self._guard = shell, guard

    def run(self, code: str, on_output: OnOutput | None = None) -> Execution | Awaitable[Execution]:
        """Run code; to be called on the main thread.

        Returns:
            What became of it; for code that awaits at its top level an awaitable of that, for the user's event loop.

        Raises:
            KeyboardInterrupt: It came between the lines of the code. Otherwise it is told by ``interrupted``.
        """
        transformed = self._transformed(code)
        if transformed is not None and self._shell.should_run_async(code, transformed_cell=transformed):
            return self._run_async(code, transformed, on_output)
        capture = Capture(on_output, quiet=_silenced(code))
        stage = Stage(self._shell, capture)
        try:
            try:
                uninterrupted(lambda: self._set(stage))
                result = self._shell.run_cell(code, store_history=False)
            finally:
                uninterrupted(stage.clear)
        finally:
            uninterrupted(stage.clear)  # again: an interrupt may have come just before the first
        return _execution(capture, result, self._shell.compile.format_code_name)

    async def _run_async(self, code: str, transformed: str, on_output: OnOutput | None) -> Execution:
        capture = Capture(on_output, quiet=_silenced(code))
        stage = Stage(self._shell, capture)
        try:
            try:
                uninterrupted(lambda: self._set(stage))
                result = await self._shell.run_cell_async(code, transformed_cell=transformed, store_history=False)
                _flush_figures()
            finally:
                uninterrupted(stage.clear)
        finally:
            uninterrupted(stage.clear)
        return _execution(capture, result, self._shell.compile.format_code_name)

    def _set(self, stage: Stage) -> None:
        """Set the stage, so that what IPython remembers of the user's last cell is the same afterwards."""
        for name in _OF_THE_SHELL:
            stage.keep(self._shell, name)
        for name in _OF_THE_LAST_ERROR:
            stage.keep(sys, name)
        stage.keep(self._shell.displayhook, "exec_result")
        stage.keep(self._shell, "run_code")
        self._shell.run_code = self._guarded(self._shell.run_code)
        stage.set()

    def _guarded(self, run_code: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def run(*args: Any, **more: Any) -> Any:
            with armed(self._guard):
                return await run_code(*args, **more)

        return run

    def _transformed(self, code: str) -> str | None:
        try:
            return str(self._shell.transform_cell(code))
        except Exception:  # noqa: BLE001  # not lost: run_cell transforms it again and reports
            return None


def _execution(capture: Capture, result: Any, cell_name: CellName) -> Execution:
    """What was captured, with what IPython says about it. It swallows even a KeyboardInterrupt into its result."""
    error = None if result is None else result.error_before_exec or result.error_in_exec
    for other in capture.shown_errors:
        if other is not error:  # one that did not end the code, such as a broken _repr_html_
            capture.write("stderr", f"{trimmed(other, cell_name)}\n")
    told = ("", "", "")
    if error is not None:
        told = (type(error).__name__, one_line(error), trimmed(error, cell_name))
    return Execution(
        stdout=_overwritten(str(capture.streams["stdout"])),
        stderr=_overwritten(str(capture.streams["stderr"])),
        outputs=tuple(capture.outputs),
        value=capture.value,
        has_value=capture.has_value,
        error_name=told[0],
        error_text=told[1],
        traceback=told[2],
        interrupted=(isinstance(error, KeyboardInterrupt) and not own_interrupt()) or _being_cancelled(error),
        exit_requested=capture.exit_requested or isinstance(error, SystemExit),
    )


def _being_cancelled(error: BaseException | None) -> bool:
    if not isinstance(error, asyncio.CancelledError):
        return False
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _silenced(code: str) -> bool:
    """Whether the code ends in a semicolon, by which people keep a value from being shown."""
    from IPython.core.displayhook import DisplayHook

    try:
        return bool(DisplayHook.semicolon_at_end_of_expression(code))
    except (tokenize.TokenError, SyntaxError):
        return False


def _overwritten(text: str) -> str:
    """Text as a terminal would show it where a carriage return takes a line back: the last of a progress bar."""
    return re.sub(r"[^\n]*\r(?!\n|$)", "", text) if "\r" in text else text


def _flush_figures() -> None:
    """Show the figures that are drawn but not shown: IPython does so after a cell, not after ``run_cell_async``."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None and "matplotlib.pyplot" in sys.modules:
        inline.flush_figures()


# What %debug, %tb and the prompt look at.
_OF_THE_SHELL = ("last_execution_result", "last_execution_succeeded", "_last_traceback")
_OF_THE_LAST_ERROR = ("last_type", "last_value", "last_traceback", "last_exc")
