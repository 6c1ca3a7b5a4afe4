"""Driving a run that a hosted agent works on: the same loop, in which a function and not a model says what comes next.

The function runs beside the loop and wants one thing after the other. What it wants is first looked for in the record,
in order; only what is not there is done, by the driver. So a run that begins, one that goes on after a kill and a fork
are one path. This module does not know where functions come from.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, TypeVar

from aether_nb.agent.calls import Happened
from aether_nb.agent.driver import Driver
from aether_nb.agent.hosting import AsyncHouse, Heard, House, Prompt, Told
from aether_nb.agent.naming import unique
from aether_nb.agent.requesting import Asked
from aether_nb.agent.wording import Wording, plain
from aether_nb.errors import AgentDrifted, OptionError, RepairableToolError, StoreError
from aether_nb.events import kinds as k
from aether_nb.events.demands import calls_hash
from aether_nb.events.folds import fold, line
from aether_nb.events.messages import Message, ToolCall, ToolSpec
from aether_nb.events.state import Demand, RunState

__all__ = ["Hosted", "Performance"]

T = TypeVar("T")


_GONE_ON = (k.ModelAsked, k.AgentSaid, k.LeaseTaken, k.RunResumed, k.RunForked)
"""What no run opens with."""


@dataclass
class Want:
    """One thing that the function wants: a reply to ``asked``, or what becomes of ``calls``; else it is at its end.

    ``words`` say it to people. ``error`` is what the function raised.
    """

    hash: str
    words: str
    asked: Asked | None = None
    calls: tuple[ToolCall, ...] = ()
    answer: str = ""
    error: BaseException | None = None
    got: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Hosted(Driver):
    """Drives a run whose next step is said by a function. Its other arguments are those of ``Driver``.

    Args:
        function: Of a ``House``, or an async one of an ``AsyncHouse``.
    """

    def __init__(self, function: Callable[..., Any], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.performance = Performance(function, self)

    async def drive(self) -> RunState:
        """See ``Driver``; the function ends with it."""
        try:
            return await super().drive()
        finally:
            await self.performance.close()

    async def _ask(self, tools: tuple[ToolSpec, ...]) -> AsyncIterator[Happened]:
        state, started = self.run.state, self.run.state.started
        assert started is not None
        self.run.flush()  # what it is told next, it may act on
        try:
            async with asyncio.timeout(state.seconds_left):
                want = await self.performance.next(state)
        except TimeoutError:
            async for event in self._pause("seconds"):
                yield event
            return
        if want.error is not None:
            yield _failed(started.agent, want.error, state, silent=bool(self.egress.rules.hide))
        elif want.asked is not None:
            async for event in self._asked(want.asked):
                yield event
        else:
            message = unique(Message.of("assistant", want.answer, calls=want.calls), state.calls)
            yield k.AgentSaid(started.agent, message, state.steps + 1)


def _failed(agent: str, error: BaseException, state: RunState, silent: bool) -> k.ModelFailed:
    """That the function broke off. What was paid for until then can be gone on with when it is mended.

    ``silent``: columns are hidden, and what it says could show one of them.
    """
    what = f"The agent {agent} broke off with {type(error).__name__}."
    again = f"Mend it, run its cell, and go on from here: %aether fork {state.run} --at {state.head} --anyway"
    why = "Columns are hidden, and its words could show one of them." if silent else str(error)
    return k.ModelFailed(f"agent:{agent}", what, why, again if state.demands else "")


class Performance:
    """A function that is being run for one run.

    Args:
        function: The function.
        driver: Whose run it works on.
    """

    def __init__(self, function: Callable[..., Any], driver: Driver) -> None:
        self.function, self.driver, self.run = function, driver, driver.run
        self.place = 0
        """How much of the record it has been told."""
        self._wants: asyncio.Queue[Want] = asyncio.Queue()
        self._next: Want | None = None
        self._open: list[Want] = []
        self._work: asyncio.Task[None] | None = None
        self._wording = Wording(driver.calls, driver.egress, driver.options, driver.stream)
        self._closed = False

    async def next(self, state: RunState) -> Want:
        """What the function wants and has not got; until then it is told what the record has.

        Raises:
            AgentDrifted: It wants something else than it wanted there.
        """
        if self._work is None:
            self._begin(state)
        while True:
            want = self._next = self._next or await self._wants.get()
            if self.place == len(state.demands):
                return want
            demand = state.demands[self.place]
            if want.hash != demand.hash:
                raise self._drifted(want, demand, state)
            self.place += 1
            if want.asked is not None or want.calls:
                self._next = None  # its end stays, whatever is said afterwards
                self._tell(want, demand, state)

    def _begin(self, state: RunState) -> None:
        self._loop = asyncio.get_running_loop()
        started = state.started
        assert started is not None
        # The same each time: as it was before anything was wanted, or taken up again.
        opened = takewhile(lambda entry: not isinstance(entry.event, _GONE_ON), self.run.log.read(self.run.id))
        opening = tuple(fold(opened).messages)
        self._wording.known(opening)
        inside = (self, started.prompt, opening, started.tools)
        called = getattr(self.function, "__call__", None)  # noqa: B004  # an object may have an async one
        if inspect.iscoroutinefunction(self.function) or inspect.iscoroutinefunction(called):
            work = self.function(AsyncHouse(*inside))
        else:
            work = self._beside(House(*inside))
        self._work = self._loop.create_task(self._worked(work))

    async def _worked(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            value = await work
        except BaseException as error:  # an agent of anybody's: whatever it raises ends its run, calmly
            if self._closed:
                raise
            self._wants.put_nowait(Want("", f"it raises {type(error).__name__}", error=error))
        else:
            answer = "Done." if value is None else str(value)
            self._wants.put_nowait(Want(calls_hash((), answer), f"it answers {answer[:80]!r}", answer=answer))

    async def _beside(self, house: House) -> Any:
        """Run a plain function on a thread of its own, which ends nothing when it cannot be stopped."""
        done: asyncio.Future[tuple[Any, BaseException | None]] = self._loop.create_future()

        def settle(came: tuple[Any, BaseException | None]) -> None:
            if not done.done():
                done.set_result(came)

        def work() -> None:
            came: tuple[Any, BaseException | None]
            try:
                came = self.function(house), None
            except BaseException as error:  # noqa: BLE001  # raised where it is awaited
                came = None, error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(settle, came)

        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(work,), name="aether-hosted", daemon=True).start()
        value, error = await done
        if error is not None:
            raise error
        if inspect.iscoroutine(value):
            value.close()
            raise OptionError("It is a plain function that gives a coroutine.", "", "Write it with async def.")
        return value

    def _tell(self, want: Want, demand: Demand, state: RunState) -> None:
        """Give the function what it wanted, as the record has it."""
        if want.got.done():  # whoever wanted it was stopped meanwhile
            return
        if demand.reply is not None:
            message = demand.reply.message
            self._wording.heard(message, demand.near)
            want.got.set_result(Heard(message, demand.reply.model))
            return
        (call,) = demand.calls
        (wanted,) = want.calls
        message = next(one for one in reversed(state.messages) if one.call_id == call.id)
        told = Told(message.parts, state.calls[call.id].status == "finished", wanted.id)
        self._wording.told(told)
        want.got.set_result(told)

    def _drifted(self, want: Want, demand: Demand, state: RunState) -> AgentDrifted:
        started = state.started
        assert started is not None
        if demand.reply is not None:
            then = f"it asked a model (request {demand.hash[7:15]})"
        elif demand.calls:
            then = f"it called {line(demand.calls[0], 'recorded').rpartition(':')[0]}"
        else:
            then = "it answered"
        what = f"The agent {started.agent} takes another way than run {state.run} has recorded."
        why = (
            f"At its demand {self.place + 1}, {then}; now {want.words}. Between two uses of the house it must do the "
            "same each time. Nothing was done."
        )
        anew = f"or ask anew: %%aether --as-agent {started.agent}"
        return AgentDrifted(what, why, f"Mend it and go on: %aether resume {state.run} --anyway · {anew}")

    # ---- what a house does

    async def model(self, messages: Prompt, tools: bool | Iterable[str], options: Mapping[str, Any]) -> Heard:
        """See ``House.model``."""
        brought = any(demand.calls or demand.near for demand in self.run.state.demands[: self.place])
        what = self._wording.request(messages, tools, options, brought)
        words = f"it asks a model {what.request.messages[-1].text[-80:]!r} (request {what.hash[7:15]})"
        heard: Heard = await self._want(Want(what.hash, words, asked=what))
        return heard

    async def call(self, tool: str | ToolCall, arguments: Mapping[str, Any]) -> Told:
        """See ``House.call``."""
        own = isinstance(tool, str)
        call = ToolCall("", tool, arguments) if isinstance(tool, str) else tool
        call = ToolCall(call.id, call.name, plain(call.name, call.arguments))
        words = f"it calls {line(call, 'now').rpartition(':')[0]}"
        told: Told = await self._want(Want(calls_hash((call,)), words, calls=(call,)))
        if own and not told.ok:
            raise RepairableToolError(f"{call.name}: {told.removeprefix('error: ')}")
        return told

    async def _want(self, want: Want) -> Any:
        if self._closed:
            raise asyncio.CancelledError
        self._open = [*(one for one in self._open if not one.got.done()), want]
        self._wants.put_nowait(want)
        return await want.got

    def say(self, text: str) -> None:
        """Show a line, unless it was shown when this was recorded. May be called from any thread."""
        if self.place == len(self.run.state.demands):
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._show, text)

    def _show(self, text: str) -> None:
        with suppress(StoreError):  # whoever records next is told
            self.run.append(k.Progress("", 0, note=text))

    def blocking(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait on the function's own thread.

        Raises:
            asyncio.CancelledError: The run is not worked on any more.
        """
        if self._closed:
            work.close()
            raise asyncio.CancelledError  # not an Exception: a function cannot take it for a failure
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except concurrent.futures.CancelledError as error:
            raise asyncio.CancelledError from error

    async def close(self) -> None:
        """End the function. One on a thread that waits for nothing goes on by itself, and can do nothing here."""
        self._closed = True
        for want in self._open:
            want.got.cancel()
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
