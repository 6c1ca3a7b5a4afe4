"""What a page's main thread did while it was traced: how long each task kept it, and whose task it was.

On a busy machine a task of 10 ms may take 80 by the clock, so that both are told: ``cpu`` is the thread's own time, by
which a page is judged, and ``wall`` what a person sees. Knows Chromium's traces, and the names of the panel's methods.
"""

from __future__ import annotations

import bisect
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel", "blink.user_timing"]
"""What has to be traced."""

SPAN = "aether-panel"
"""The name of the spans in which a script under test ran."""

BUDGET = 50.0
"""Milliseconds that a task may keep the thread: a longer one is felt."""

SPANS = """
for (const name of ["receive", "drawDue", "drawBlock"]) {
  const plain = Panel.prototype[name];
  Panel.prototype[name] = function (...all) {
    const start = performance.now();
    plain.apply(this, all);
    performance.measure("aether-panel", { start });
  };
}
"""
"""Behind the panel's own script: what it does when it is told or clicked is a span. Its clock is not."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the main thread, in milliseconds.

    ``script`` is what of ``cpu`` passed in the script under test; ``frame`` whether the task laid out and painted.
    ``ours``: the script ran in it, or it is the frame that shows what the script did.
    """

    cpu: float
    wall: float
    script: float
    frame: bool
    ours: bool


def tasks(trace: bytes) -> list[Task]:
    """The tasks of the thread that ran the page's scripts, in order."""
    events = json.loads(trace)["traceEvents"]
    calls = Counter((one["pid"], one["tid"]) for one in events if one["name"] == "FunctionCall")
    main = calls.most_common(1)[0][0]
    here = [one for one in events if (one["pid"], one["tid"]) == main]
    painted = sorted(one["ts"] for one in here if one["name"] in ("Layerize", "Paint"))
    spans = _spans(here)
    found, shown = [], True
    for one in sorted((one for one in here if one["name"].endswith("::RunTask") and "tdur" in one), key=_begin):
        begin, end = one["ts"], one["ts"] + one["dur"]
        inside = sum(min(end, last) - max(begin, first) for first, last in spans if first < end and last > begin)
        frame = bisect.bisect_left(painted, begin) < bisect.bisect_left(painted, end)
        cpu = one["tdur"] / 1000
        ours = inside > 0 or (frame and not shown)
        found.append(Task(cpu, one["dur"] / 1000, cpu * inside / max(1, one["dur"]), frame, ours))
        shown = frame or (shown and not inside)
    return found


def late(page: Any, said: str) -> tuple[float, float]:
    """Milliseconds from the last token until the page heard of it, and until it was painted.

    Args:
        page: The page; ``streams.SEEN`` was in the script of what showed the token.
        said: What ``streams.said`` printed in the cell.
    """
    last = json.loads(said.splitlines()[-1])[0] * 1000
    heard, painted = page.evaluate("() => [window.aetherHeard, window.aetherPainted]")
    return heard - last, painted - last


def _begin(event: dict[str, Any]) -> float:
    return float(event["ts"])


def _spans(events: Sequence[dict[str, Any]]) -> list[tuple[float, float]]:
    """When the script under test ran: what it measured, where spans that touch are one."""
    spans: list[tuple[float, float]] = []
    for one in sorted((one for one in events if one["name"] == SPAN and one["ph"] == "b"), key=_begin):
        first, last = one["ts"], one["args"]["callTime"]
        if spans and first <= spans[-1][1]:
            before = spans.pop()
            first, last = before[0], max(last, before[1])
        spans.append((first, last))
    return spans


def over(found: Sequence[Task]) -> int:
    """How many of these tasks keep the thread longer than the budget."""
    return sum(one.cpu > BUDGET for one in found)


def frame(found: Sequence[Task]) -> float:
    """What a frame costs as a rule: the median of those that laid out and painted, in milliseconds of the thread."""
    return statistics.median([one.cpu for one in found if one.frame] or [0.0])


def told(found: Sequence[Task]) -> str:
    """These tasks in a line: frames, and what is over the budget, by the thread's own time and by the clock."""
    longest = max((one.cpu for one in found), default=0)
    clock = max((one.wall for one in found), default=0)
    script = max((one.script for one in found), default=0)
    return (
        f"{sum(one.frame for one in found)} frames of {frame(found):.1f} ms;"
        f" longest task {longest:.0f} ms (by the clock {clock:.0f}), of script at most {script:.0f};"
        f" over 50 ms: {over(found)} (by the clock {sum(one.wall > BUDGET for one in found)});"
        f" {sum(one.cpu for one in found):.0f} ms in all"
    )
