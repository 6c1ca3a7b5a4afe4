"""The loop: what comes next is done, until nothing does. To drive a run, to replay it, to go on with it: all pass here.

Who does a step is handed in as a performer: the driver acts, a replay reads the record. This module acts on nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from aether_nb.agent.calls import Happened
from aether_nb.agent.run import Run
from aether_nb.agent.steps import Step

__all__ = ["Performer", "advance"]


class Performer(Protocol):
    """Who does the steps of a run."""

    def next(self) -> Step | None:
        """What comes next by ``next_step``, after all that came from outside was taken in; None when nothing does."""

    def perform(self, step: Step) -> AsyncIterator[Happened]:
        """Do one step; yields what happens, as it happens."""


async def advance(run: Run, performer: Performer) -> None:
    """Do one step after the other until there is none."""
    while (step := performer.next()) is not None:
        async for happened in performer.perform(step):
            run.append(*happened) if isinstance(happened, tuple) else run.append(happened)
