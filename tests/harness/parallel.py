"""Several things at a time, as many as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T, R = TypeVar("T"), TypeVar("R")


def side_by_side(do: Callable[[T], R], each: Iterable[T]) -> list[R]:
    """Do it for each; the results in order."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(do, each))
