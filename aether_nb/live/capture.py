"""Catching what code prints and shows, without catching what others print and show meanwhile.

Stand-ins take the places of ``sys.stdout``, ``sys.stderr``, ``sys.displayhook`` and of a few parts of the IPython
shell. They look at one context variable: where a capture is current they collect, everywhere else (the user's threads,
callbacks of widgets) they pass on to what they stand for. This module does not run anything.
"""

from __future__ import annotations

import base64
import inspect
import json
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

__all__ = ["Bundle", "Capture", "Stage", "Text"]

Bundle: TypeAlias = Mapping[str, Any]
"""One output in several forms, by MIME type. Values are JSON; binary ones are base64."""

TEXT_LIMIT = 200_000
"""How many characters of a stream are kept: the first half and the last."""

BUNDLE_LIMIT = 4_000_000
"""How many characters an output may have."""

OUTPUT_LIMIT = 100
"""How many outputs are kept."""

T = TypeVar("T")

_current: ContextVar[Capture | None] = ContextVar("aether_capture", default=None)


class Text:
    """A stream's text as it comes in, of which the middle is dropped when it is too long."""

    def __init__(self, limit: int = TEXT_LIMIT) -> None:
        self._half = limit // 2
        self._head: list[str] = []
        self._head_size = 0
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._cut = 0

    @property
    def overflowing(self) -> bool:
        """Whether something had to be dropped."""
        return self._cut > 0

    def write(self, text: str) -> None:
        """Add text."""
        if room := self._half - self._head_size:
            self._head.append(text[:room])
            self._head_size += len(self._head[-1])
            text = text[room:]
        if not text:
            return
        self._cut += max(len(text) - self._half, 0)
        self._tail.append(text[-self._half :])
        self._tail_size += len(self._tail[-1])
        while self._tail_size > self._half:
            surplus = self._tail_size - self._half
            first = self._tail.popleft()
            if len(first) > surplus:
                self._tail.appendleft(first[surplus:])
            dropped = min(len(first), surplus)
            self._tail_size -= dropped
            self._cut += dropped

    def __str__(self) -> str:
        note = f"\n… {self._cut:,} characters left out …\n" if self._cut else ""
        return "".join([*self._head, note, *self._tail])


class Capture:
    """What one piece of code printed and showed, as it happens.

    Args:
        on_output: Told of text as it arrives, with its stream, ``stdout`` or ``stderr``. It must not raise.
        quiet: The value of the last expression is not wanted.
    """

    def __init__(self, on_output: Callable[[str, str], None] | None = None, quiet: bool = False) -> None:
        self._on_output = on_output
        self.quiet = quiet
        self.streams = {"stdout": Text(), "stderr": Text()}
        self.outputs: list[Bundle] = []
        self._ids: dict[str, int] = {}
        self._clear_next = False
        self.value: Any = None
        self.has_value = False
        self.exit_requested = False
        self.shown_errors: list[BaseException] = []
        self.closed = False

    def write(self, stream: str, text: str) -> None:
        """Something was printed."""
        self._clear_if_due()
        whole = self.streams[stream]
        before = whole.overflowing
        whole.write(text)
        if self._on_output is None or before or not text:
            return
        self._on_output(stream, "\n… more than is shown here …\n" if whole.overflowing else text)

    def show(self, data: Bundle, display_id: str | None = None) -> None:
        """Something was displayed."""
        self._clear_if_due()
        if len(self.outputs) < OUTPUT_LIMIT:
            if display_id is not None:
                self._ids[display_id] = len(self.outputs)
            self.outputs.append(clean(data))
        elif len(self.outputs) == OUTPUT_LIMIT:
            self.outputs.append({"text/plain": f"… more than {OUTPUT_LIMIT} outputs; the rest was not kept"})

    def update(self, data: Bundle, display_id: str | None) -> bool:
        """Replace an output in its place; False when it was not made here."""
        place = self._ids.get(display_id or "")
        if place is None:
            return False
        self._clear_if_due()
        if place < len(self.outputs):
            self.outputs[place] = clean(data)
        return True

    def clear(self, wait: bool) -> None:
        """Forget what was shown and printed so far: now, or when the next thing comes."""
        self._clear_next = wait
        if not wait:
            self.outputs.clear()
            self._ids.clear()
            self.streams = {"stdout": Text(), "stderr": Text()}

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self.clear(wait=False)


def clean(data: Bundle) -> Bundle:
    """The bundle as plain JSON, or a note when it is too large to keep."""
    plain: dict[str, Any] = {}
    size = 0
    for mime, value in data.items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        if isinstance(value, str):
            size += len(value)
        else:
            text = json.dumps(value, default=str)
            size += len(text)
            value = json.loads(text)
        plain[mime] = value
    if size > BUNDLE_LIMIT:
        return {"text/plain": f"an output of {size / 1e6:.1f} MB was not kept ({', '.join(sorted(plain))})"}
    return plain


def uncaptured(function: Callable[[], T]) -> T:
    """Call a function that speaks to the person, in the middle of code whose output is collected."""
    before = _current.set(None)
    try:
        return function()
    finally:
        _current.reset(before)


def _collecting() -> Capture | None:
    capture = _current.get()
    return None if capture is None or capture.closed else capture


class _Stream:
    """Stands for ``sys.stdout`` or ``sys.stderr``. A logging handler may keep it for good: it then passes on."""

    def __init__(self, name: str, original: Any) -> None:
        self._name, self._original = name, original

    def write(self, text: str) -> int:
        capture = _collecting()
        if capture is None:
            return 0 if self._original is None else int(self._original.write(text) or 0)
        capture.write(self._name, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._original is not None and _collecting() is None:
            self._original.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


class _Publisher:
    """Stands for ``shell.display_pub``."""

    def __init__(self, original: Any) -> None:
        self._original = original

    @property
    def is_publishing(self) -> bool:
        # IPython records what a cell prints while this is False; what is collected here is not the cell's.
        return True if _collecting() else bool(getattr(self._original, "is_publishing", False))

    def publish(self, data: Bundle, metadata: Any = None, *args: Any, **more: Any) -> None:
        capture = _collecting()
        if capture is not None:
            display_id = (more.get("transient") or {}).get("display_id")
            if not more.get("update"):
                capture.show(data, display_id)
                return
            if capture.update(data, display_id):
                return
        self._original.publish(data, metadata, *args, **more)

    def clear_output(self, wait: bool = False) -> None:
        capture = _collecting()
        if capture is None:
            self._original.clear_output(wait)
        else:
            capture.clear(wait)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _displayhook(shell: Any, original: Callable[[Any], Any]) -> Callable[[Any], None]:
    def show_value(value: Any) -> None:
        capture = _collecting()
        if capture is None:
            original(value)
        elif value is not None and not capture.quiet:
            capture.value, capture.has_value = value, True
            data, _ = shell.display_formatter.format(value)
            if data:  # an object that displays itself has done so
                capture.show(data)

    return show_value


def _showtraceback(original: Callable[..., Any]) -> Callable[..., None]:
    def collect(kind: type[BaseException], error: BaseException, lines: list[str], *rest: Any) -> None:
        capture = _collecting()
        if capture is None:
            original(kind, error, lines, *rest)
        else:
            capture.shown_errors.append(error)

    return collect


def _ask_exit(original: Callable[[], Any]) -> Callable[[], None]:
    def note() -> None:
        capture = _collecting()
        if capture is None:
            original()
        else:
            capture.exit_requested = True

    return note


class Stage:
    """The place where code runs apart from the user's own cells: stand-ins in place, and its capture current.

    Whoever calls ``set`` calls ``clear``, whatever happens between; to clear twice is to clear once.
    """

    def __init__(self, shell: Any, capture: Capture) -> None:
        self._shell, self._capture = shell, capture
        self._undo = ExitStack()

    def set(self) -> None:
        """Put the stand-ins in place."""
        shell = self._shell
        # First: with no cell running, these would put the real displayhook back over ours.
        self._undo.enter_context(shell.builtin_trap)
        self._undo.enter_context(shell.display_trap)
        self._replace(sys, "stdout", _Stream("stdout", sys.stdout))
        self._replace(sys, "stderr", _Stream("stderr", sys.stderr))
        self._replace(sys, "displayhook", _displayhook(shell, sys.displayhook))
        self._replace(shell, "display_pub", _Publisher(shell.display_pub))
        self._replace(shell, "_showtraceback", _showtraceback(shell._showtraceback))
        self._replace(shell, "ask_exit", _ask_exit(getattr(shell, "ask_exit", lambda: None)))  # a plain shell has none
        self._undo.callback(_current.reset, _current.set(self._capture))

    def clear(self) -> None:
        """Put everything back."""
        self._capture.closed = True
        self._undo.close()

    def keep(self, owner: Any, name: str) -> None:
        """Let an attribute be as it is now when the stage is cleared: its value, or that it was not there."""
        trait = inspect.isdatadescriptor(inspect.getattr_static(type(owner), name, None))
        if trait or name in vars(owner):
            self._undo.callback(setattr, owner, name, getattr(owner, name))
        else:
            self._undo.callback(_forget, owner, name)

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self.keep(owner, name)
        setattr(owner, name, value)


def _forget(owner: Any, name: str) -> None:
    if name in vars(owner):
        delattr(owner, name)
