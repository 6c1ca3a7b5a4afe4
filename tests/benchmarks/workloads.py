"""What is measured: the work of each benchmark, its target, and the tools it uses. Knows no client and no server.

A workload is a script for the model server: so many turns of tool calls, then a final text. The script stands in the
URL, so a client needs nothing but a base address. Only the standard library is used here: peers import it too, in
environments of their own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

MODEL = "script"
NAP = 0.05
"""Seconds that a slow tool takes."""


@dataclass(frozen=True)
class Workload:
    """One benchmark.

    Args:
        name: How it is called on the command line.
        what: The work, in words.
        turns: Turns of tool calls before the final text.
        calls: Tool calls in each of them.
        tokens: Pieces of the final text.
        delay: Milliseconds between two pieces.
        stream: Whether the answers are streamed.
        offers: Tools are offered, though the script calls none.
        tool: Which function is called: quick, or slow on a thread or in the loop.
        threads: A plain function runs on a thread, as it does when nobody says otherwise; else it was declared to be
            quick, by ``where="loop"``. The floor calls a single one directly in both cases.
        rounds: How often it is measured unless said otherwise.
        figure: What counts: CPU seconds or seconds of wall time.
        target: What ours may cost, as a ratio to the floor.
        cold: Each measurement is a process of its own: import, build, first request, exit.
    """

    name: str
    what: str
    turns: int = 0
    calls: int = 1
    tokens: int = 5
    delay: int = 0
    stream: bool = False
    offers: bool = False
    tool: Literal["add", "async add", "nap", "async nap"] = "add"
    threads: bool = False
    rounds: int = 9
    figure: Literal["cpu", "wall"] = "cpu"
    target: float = 1.4
    cold: bool = False

    @property
    def requests(self) -> int:
        """How many requests the work takes."""
        return self.turns + 1

    @property
    def offered(self) -> bool:
        """Whether the model is offered the tool."""
        return self.offers or self.turns > 0

    @property
    def made(self) -> int:
        """How many tool calls the work takes."""
        return self.turns * self.calls

    def path(self, session: str, verify: bool = False) -> str:
        """The script as a path of the model server, up to where a format's own path begins."""
        return (
            f"/s/{session}/t{self.turns}-p{self.calls}-f{self.tokens}-d{self.delay}-o{int(self.offered)}-v{int(verify)}"
        )

    def scaled(self, by: float) -> Workload:
        """The same work with fewer turns and tokens."""
        turns = max(1, round(self.turns * by)) if self.turns else 0
        return replace(self, turns=turns, tokens=max(2, round(self.tokens * by)))

    def with_rounds(self, rounds: int | None) -> Workload:
        """The same work, measured so often; as often as usual when nothing is said."""
        return replace(self, rounds=rounds or self.rounds)

    def plain(self) -> dict[str, Any]:
        """As JSON values, for a worker."""
        return asdict(self)


WORKLOADS = (
    Workload("W0", "1 answer of 5 tokens, warm"),
    Workload("W1", "500 tokens, streamed", tokens=500, stream=True, target=1.3),
    Workload("W2", "20 tool turns, a function declared quick", turns=20),
    Workload("W2t", "20 tool turns, a function on a thread", turns=20, threads=True, target=2.0),
    Workload("W2a", "20 tool turns, async function", turns=20, tool="async add"),
    Workload("W2s", "20 tool turns, streamed", turns=20, stream=True),
    Workload("W3", "100 tool turns", turns=100, rounds=7),
    Workload("W4", "8 parallel 50 ms tools, plain", 1, 8, tool="nap", threads=True, figure="wall", target=1.08),
    Workload("W4a", "8 parallel 50 ms tools, async functions", 1, 8, tool="async nap", figure="wall", target=1.08),
    Workload("W5", "10,000 tokens, streamed", tokens=10_000, stream=True, rounds=7, target=1.3),
    Workload("W5t", "the same with a tool offered", tokens=10_000, stream=True, offers=True, rounds=7, target=1.3),
    Workload("W5d", "2,000 tokens 1 ms apart", tokens=2_000, delay=1, stream=True, rounds=5, target=1.15),
    Workload("W6", "cold process: import, build, first answer", rounds=7, figure="wall", target=2.0, cold=True),
)

DURABLE_MORE = 0.2
"""How much more than a workload's target a run on disk may cost: 1.6 times the floor instead of 1.4."""

SLOPE_TARGET = 5.0
"""Microseconds of CPU by which a request may get dearer with each turn before it."""

FIRST_TARGET = 1.0
"""Milliseconds by which the first token may come later than the floor's."""

PEAK_TARGET = 50.0
"""Megabytes of a cold process at its peak."""


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def async_add(a: int, b: int) -> int:
    """Add two numbers in the loop."""
    return a + b


def nap(a: int, b: int) -> int:
    """Add two numbers, slowly."""
    time.sleep(NAP)
    return a + b


async def async_nap(a: int, b: int) -> int:
    """Add two numbers, slowly, in the loop."""
    await asyncio.sleep(NAP)
    return a + b


FUNCTIONS: dict[str, Callable[..., Any]] = {"add": add, "async add": async_add, "nap": nap, "async nap": async_nap}
for function in FUNCTIONS.values():
    function.__name__ = "add"  # the script calls them all by this name

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


def pieces(tokens: int) -> list[str]:
    """The final text as the server cuts it."""
    return [f"word{n % 1000} " for n in range(tokens)]
