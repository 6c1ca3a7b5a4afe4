"""Python's audit hook: there once and for all, and of interest only to the agent's code.

A hook cannot be taken away again, so it is put in place when such code runs for the first time, and costs next to
nothing afterwards: of most events it only looks at the name. A guard is set in a context (PEP 567), so that tasks which
the code has started are watched and those of the user's are not. What the code runs in a context of its own is known by
the frame from which the code runs; what it leaves behind to run later finds its guard when the call is over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import get_ident
from types import FrameType
from typing import Any

from aether_nb.live.guard.attempts import WATCHED, only_reads
from aether_nb.live.guard.watch import Guard

__all__ = ["armed"]

_guard: ContextVar[Guard | None] = ContextVar("aether_guard", default=None)
_EVENTS = frozenset({*WATCHED, "tempfile.mkstemp", "tempfile.mkdtemp"})
_running: list[tuple[FrameType, Guard]] = []
"""The guards whose code runs now, each with the frame from which it runs."""
_installed = _asleep = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS and not _asleep:
        if event == "open" and only_reads(*args):
            return
        guard = _guard.get()
        if guard is None and _running:
            guard = _around()
        if guard is not None and guard.thread == get_ident():
            guard.sees(event, args, over=not any(guard is other for _, other in _running))


def _around() -> Guard | None:
    """The guard of the code from which this is called, in whatever context; None when others call."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        for known, guard in _running:
            if known is frame:
                return guard
        frame = frame.f_back
    return None


@contextmanager
def armed(guard: Guard | None) -> Iterator[None]:
    """Let a guard watch over the code that runs inside, on this thread; None watches over nothing.

    A process that the code forks off is not watched: there is nobody in it who could be asked.
    """
    if guard is None:
        yield
        return
    _install()
    before = _guard.set(guard)
    _running.append((sys._getframe(2), guard))  # above this generator and what enters it
    try:
        yield
    finally:
        _running.pop(next(at for at, (_, other) in enumerate(_running) if other is guard))
        _guard.reset(before)


def _install() -> None:
    global _installed
    if not _installed:
        _installed = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_sleep)
        sys.addaudithook(_hook)


def _sleep() -> None:
    global _asleep
    _asleep = True
