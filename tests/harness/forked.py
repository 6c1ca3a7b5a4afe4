"""Something done in a forked child, as workers of joblib and multiprocessing are made; also to its sudden end."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

from aether_nb.errors import StoreError
from aether_nb.store import points


def in_a_fork(act: Callable[[], Any]) -> str:
    """What ``act`` returned in a forked child, as text; or what it raised."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            said = repr(act())
        except Exception as error:  # noqa: BLE001  # the parent is told
            said = type(error).__name__ if isinstance(error, StoreError) else traceback.format_exc()
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as out:
        said = out.read()
    os.waitpid(child, 0)
    return said


def killed_at(point: str, act: Callable[[], Any]) -> bool:
    """Whether a forked child that does this has come to that point, and was killed there."""
    if (child := os.fork()) == 0:
        try:
            points.reached = lambda name: name == point and os.kill(os.getpid(), signal.SIGKILL)
            act()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
