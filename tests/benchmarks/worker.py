"""The process in which one contender works: it takes jobs, a line of JSON each, and says what they cost.

A contender is opened once for each variant and address and then asked again and again, as in a kernel that lives long.
The clock runs around the public call that a user makes. Only the standard library is used here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workloads import Workload


@dataclass
class Outcome:
    """What the work came to: the final text, how many tool calls were made, and when the first text came.

    ``first`` is a time of ``time.perf_counter``; None when the answer came in one piece.
    """

    text: str
    calls: int = 0
    first: float | None = None


class Contender(Protocol):
    """Who does the work."""

    async def run(self, prompt: str) -> Outcome:
        """Do it once."""


@dataclass(frozen=True)
class Job:
    """What a worker is to do: which variant of its contender, where the script is, and what is asked."""

    variant: str
    url: str
    wire: str
    prompt: str
    workload: Workload

    @classmethod
    def of(cls, line: str) -> Job:
        """Read one from JSON."""
        values = json.loads(line)
        return cls(**{**values, "workload": Workload(**values["workload"])})


Open = Callable[[Job], Awaitable[Contender]]


def peak() -> float:
    """The most memory that this process had, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # resource's own figure includes what the parent had before this program began
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


async def measured(contender: Contender, prompt: str) -> dict[str, Any]:
    """Do the work once, and say what it cost."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = await contender.run(prompt)
    cpu, ended = time.process_time() - cpu, time.perf_counter()
    first = None if outcome.first is None else outcome.first - wall
    told = {"text": outcome.text, "calls": outcome.calls, "first": first, "peak": peak()}
    return told | {"cpu": cpu, "wall": ended - wall}


def serve(open_one: Open) -> None:
    """Work until there are no more jobs; with a job on the command line do that one and end.

    Args:
        open_one: Makes the contender for a job.
    """
    answers = sys.stdout
    opened: dict[tuple[str, str], Contender] = {}

    async def work(job: Job) -> dict[str, Any]:
        key = (job.variant, job.url)
        if key not in opened:
            opened[key] = await open_one(job)
        return await measured(opened[key], job.prompt)

    with asyncio.Runner() as runner, contextlib.redirect_stdout(sys.stderr):
        for line in sys.argv[1:] or sys.stdin:
            try:
                told = runner.run(work(Job.of(line)))
            except Exception as error:  # noqa: BLE001  # whatever a contender raises is its result
                told = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(told), file=answers, flush=True)
