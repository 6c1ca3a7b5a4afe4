"""The ten events of a client's life, and whoever wants to hear of them.

Observers look; they change nothing, and what they do wrong is logged and breaks nothing. One bus may serve several
clients, on several threads and event loops. It does not know who emits.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias

from aether_nb.client.checks import plainly
from aether_nb.client.responses import Response
from aether_nb.errors import OptionError
from aether_nb.models.base import Request

__all__ = ["EVENTS", "Bus", "Lifecycle", "Observer"]

EVENTS = (
    "request.start",
    "request.complete",
    "request.error",
    "stream.start",
    "stream.chunk",
    "stream.complete",
    "stream.error",
    "tool.start",
    "tool.complete",
    "tool.error",
)
"""A request is one question to a model; a stream is all that ``stream`` gives, however many requests that takes."""

PATIENCE = 1.0
"""Seconds that an answer waits for observers that await something."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Something that happened in a client. What does not belong to the event is empty.

    Args:
        event: One of ``EVENTS``.
        id: What belongs together has the same one: a request, a stream, a call of a tool.
        model: Who is asked, as ``provider:model``.
        request: What the model gets to see (request.start).
        text: A piece of the answer (stream.chunk), or what a tool brought (tool.complete).
        thinking: A piece of the thinking (stream.chunk).
        response: The answer (request.complete, stream.complete).
        tool: The tool's name.
        arguments: The call's arguments.
        error: What went wrong.
        seconds: How long it took.
    """

    event: str
    id: str
    model: str = ""
    request: Request | None = None
    text: str = ""
    thinking: str = ""
    response: Response | None = None
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    seconds: float = 0.0


Observer: TypeAlias = Callable[[Lifecycle], Awaitable[None] | None]
"""A function, or an async one; the latter runs beside whatever goes on."""


class Bus:
    """Tells observers of events, each in the order in which they happened."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._observers: dict[str, tuple[Observer, ...]] = {}
        self._running: set[asyncio.Future[None]] = set()

    def on(self, event: str, observer: Observer) -> Callable[[], None]:
        """Let an observer hear of an event.

        Args:
            event: One of ``EVENTS``.
            observer: Called with each ``Lifecycle``.

        Returns:
            A function that takes the observer off again.

        Raises:
            OptionError: There is no such event, or the observer is no function.
        """
        if not callable(observer):
            raise OptionError(
                f"{plainly(observer)} cannot observe.", hint=f"Give a function: on({EVENTS[0]!r}, print)."
            )
        if event not in EVENTS:
            from difflib import get_close_matches

            near = get_close_matches(str(event), EVENTS, n=3, cutoff=0.4) or EVENTS
            raise OptionError(f"There is no event {event!r}.", hint=f"There is: {', '.join(near)}.")
        with self._lock:
            self._observers[event] = (*self._observers.get(event, ()), observer)

        def off() -> None:
            with self._lock:
                left = list(self._observers.get(event, ()))
                if observer in left:
                    left.remove(observer)
                self._observers[event] = tuple(left)

        return off

    def wanted(self, event: str) -> bool:
        """Whether anybody listens."""
        return bool(self._observers.get(event))

    def emit(self, happened: Lifecycle) -> None:
        """Tell the observers. Called where an event loop runs."""
        for observer in self._observers.get(happened.event, ()):
            try:
                told = observer(happened)
                if inspect.isawaitable(told):
                    self._follow(asyncio.ensure_future(_awaited(told, happened.event)))
            except KeyboardInterrupt:
                raise
            except BaseException:  # an observer is a guest: whatever it does, the answer goes on
                logger.exception("an observer of %s failed", happened.event)

    async def settle(self) -> None:
        """Wait a moment for async observers that this event loop still runs."""
        loop = asyncio.get_running_loop()
        if mine := [task for task in list(self._running) if task.get_loop() is loop]:
            await asyncio.wait(mine, timeout=PATIENCE)

    def _follow(self, task: asyncio.Future[None]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _awaited(told: Awaitable[None], event: str) -> None:
    try:
        await told
    except (Exception, SystemExit):  # see ``emit``
        logger.exception("an observer of %s failed", event)
