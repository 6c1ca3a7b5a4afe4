"""Python's audit hook: there once and for all, awake only while the agent's code runs.

A hook cannot be taken away again, so it is put in place when such code runs for the first time, and costs next to
nothing afterwards: while no guard is set it looks at one number. A guard is set in a context (PEP 567), so that tasks
which the code has started are watched and those of the user's are not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import get_ident
from typing import Any

from aether_nb.live.guard.attempts import WATCHED, only_reads
from aether_nb.live.guard.watch import Guard

__all__ = ["armed"]

_guard: ContextVar[Guard | None] = ContextVar("aether_guard", default=None)
_EVENTS = frozenset({*WATCHED, "tempfile.mkstemp", "tempfile.mkdtemp"})
_awake = 0
_installed = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _awake > 0 and event in _EVENTS:
        if event == "open" and only_reads(*args):
            return
        guard = _guard.get()
        if guard is not None and guard.thread == get_ident():
            guard.sees(event, args)


@contextmanager
def armed(guard: Guard | None) -> Iterator[None]:
    """Let a guard watch over the code that runs inside, on this thread; None watches over nothing.

    A process that the code forks off is not watched: there is nobody in it who could be asked.
    """
    global _awake
    if guard is None:
        yield
        return
    _install()
    before = _guard.set(guard)
    _awake += 1
    try:
        yield
    finally:
        _awake -= 1
        _guard.reset(before)


def _install() -> None:
    global _installed
    if not _installed:
        _installed = True
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_sleep)
        sys.addaudithook(_hook)


def _sleep() -> None:
    global _awake
    _awake = -(1 << 30)  # whatever was armed before the fork is not counted down to less than nothing
