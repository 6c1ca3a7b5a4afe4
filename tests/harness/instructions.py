"""What something costs, counted in instructions of Python: no clock is asked, and a busy machine changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import get_ident
from types import CodeType, FrameType
from typing import Any


def instructions(act: Callable[[], object]) -> int:
    """How many instructions of Python this thread executes for it; what is written in C counts as one."""
    return _monitored(act) if sys.version_info >= (3, 12) else _traced(act)


def _monitored(act: Callable[[], object]) -> int:
    """Since 3.12 a trace function is told of each instruction only where it has been before."""
    count, here, monitoring = 0, get_ident(), sys.monitoring

    def look_on(code: CodeType, offset: int) -> None:
        nonlocal count
        count += get_ident() == here

    each = monitoring.events.INSTRUCTION
    monitoring.use_tool_id(monitoring.PROFILER_ID, __name__)
    try:
        monitoring.register_callback(monitoring.PROFILER_ID, each, look_on)
        monitoring.set_events(monitoring.PROFILER_ID, each)
        act()
    finally:
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)
    return count


def _traced(act: Callable[[], object]) -> int:
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
