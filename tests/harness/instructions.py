"""What something costs, counted in instructions of Python: no clock is asked, and a busy machine changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def instructions(act: Callable[[], object]) -> int:
    """How many instructions of Python this executes; what is written in C counts as one."""
    count = 0

    def look_on(frame: FrameType, what: str, argument: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += what == "opcode"
        return look_on

    before = sys.gettrace()
    sys.settrace(look_on)
    try:
        act()
    finally:
        sys.settrace(before)
    return count
