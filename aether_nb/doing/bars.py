"""Bars that tell how far something is, and leave nothing in the process when they are gone."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["bar"]


def bar(**options: Any) -> tqdm[Any]:
    """A bar with these options of tqdm."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]  # not subscriptable when it runs
        monitor_interval = 0  # no thread that stays when the bar is gone

    Bar.set_lock(RLock())  # tqdm's own is one between processes, for which some systems start another one
    return Bar(**options)
