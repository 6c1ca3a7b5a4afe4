"""Carrying out calls: judging them, running them, and saying what came of it as events.

The tools do the work; this module hands each running call its context, keeps the plan ticking, and turns every way in
which a tool can fail into the event that says so. It decides nothing about approval.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

from aether_nb.agent.asking import Asking
from aether_nb.agent.run import Run
from aether_nb.errors import AetherError, FatalToolError, InterventionRequired, RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.folds import Call
from aether_nb.events.messages import ToolCall, ToolSpec, arguments_hash
from aether_nb.tools.base import Assessment, PartlyDone, Tool

__all__ = ["Calls", "Host"]

T = TypeVar("T")


@dataclass(frozen=True)
class Host:
    """What the cell gives to the tools of one run: its shell, its folder, and its main thread.

    ``main`` runs a function on the user's main thread and awaits there what it returns.
    """

    shell: Any
    workspace: Path
    main: Callable[[Callable[[], Any]], Awaitable[Any]]


@dataclass
class CallContext:
    """The ``Context`` of one running call."""

    call_id: str
    host: Host
    run: Run
    asking: Asking
    lock: asyncio.Lock
    loop: asyncio.AbstractEventLoop | None = None
    gathering: threading.Lock = field(default_factory=threading.Lock)
    gathered: list[k.Event] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        """The folder inside which files may be touched."""
        return self.host.workspace

    @property
    def shell(self) -> Any:
        """The IPython shell whose namespace the tools work on."""
        return self.host.shell

    @property
    def plan(self) -> tuple[k.PlanItem, ...]:
        """The plan as it stands."""
        return tuple(item.item for item in self.run.state.plan)

    @property
    def made(self) -> tuple[str, ...]:
        """The names that this run has added to the namespace."""
        return self.run.state.made

    @property
    def written(self) -> tuple[str, ...]:
        """The files that calls of this run have written."""
        calls = self.run.state.calls.values()
        return tuple(c.proposed.path for c in calls if c.status == "finished" and c.proposed.effect == "external")

    async def ask(self, text: str, options: tuple[str, ...] = ()) -> str | None:
        """Ask the person; calls that run side by side ask one after the other."""
        async with self.lock:
            question = k.QuestionAsked(f"{self.call_id}-{self.run.state.head}", text, options, self.call_id)
            self.run.append(question)
            answer, by = await self.asking.answer(question)
            self.run.append(k.QuestionAnswered(question.id, answer, by))
            return answer

    def emit(self, event: k.Event) -> None:
        """Show a transient event, from whichever thread; one wake-up of the loop shows all that has gathered."""
        assert self.loop is not None
        with self.gathering:
            self.gathered.append(event)
            first = len(self.gathered) == 1
        if first:
            self.loop.call_soon_threadsafe(self._show)

    def _show(self) -> None:
        with self.gathering:
            events, self.gathered = self.gathered, []
        for event in joined(events):
            self.run.append(event)

    async def main(self, function: Callable[[], T | Awaitable[T]]) -> T:
        """Run on the user's main thread."""
        result: T = await self.host.main(function)
        return result


def joined(events: Iterable[k.Event]) -> Iterator[k.Event]:
    """The same events, with neighbouring pieces of one stream's output put together."""
    for (kind, _), group in groupby(events, lambda event: (event.kind, getattr(event, "stream", ""))):
        pieces = list(group)
        if kind == k.OutputDelta.kind and isinstance(pieces[0], k.OutputDelta):
            yield replace(pieces[0], text="".join(piece.text for piece in pieces if isinstance(piece, k.OutputDelta)))
        else:
            yield from pieces


@dataclass
class Calls:
    """The tools of one run and the way they are used."""

    run: Run
    tools: Mapping[str, Tool]
    host: Host
    asking: Asking
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def specs(self, reading: bool = False) -> tuple[ToolSpec, ...]:
        """What a model is told of the tools; ``reading``: only of those that never change anything."""
        return tuple(tool.spec for tool in self.tools.values() if not reading or tool.reads)

    def _context(self, id: str, loop: asyncio.AbstractEventLoop | None = None) -> CallContext:
        return CallContext(id, self.host, self.run, self.asking, self.lock, loop)

    # ---- judging

    def propose(self, call: ToolCall) -> Iterator[k.Event]:
        """Say what a call could do; one that cannot be made sense of is failed at once, for the model to mend."""
        try:
            yield self.judge(call)
        except RepairableToolError as error:
            nonsense = arguments_hash(call.name, call.arguments)
            yield k.CallProposed(call, nonsense, "high", "external", ("it cannot be read",))
            yield k.CallFailed(call.id, error.what, error.why, error.hint)

    def judge(self, call: ToolCall, edited: bool = False) -> k.CallProposed:
        """What this exact call could do.

        Raises:
            RepairableToolError: There is no such tool, or its arguments are wrong.
        """
        tool = self.tools.get(call.name)
        if tool is None:
            near = get_close_matches(call.name, self.tools, 1) or sorted(self.tools)
            raise RepairableToolError(f"There is no tool {call.name!r}.", hint=f"There is: {', '.join(near)}.")
        arguments = dict(tool.check(call.arguments))
        context = self._context(call.id)
        try:
            found = tool.assess(arguments, context)
        except RepairableToolError:
            raise
        except Exception as error:  # noqa: BLE001  # what cannot be judged is high: a person looks at it
            found = Assessment("high", "external", (f"it could not be judged ({type(error).__name__})",))
        reads = found.effect == "pure" and found.risk == "low"
        return k.CallProposed(
            ToolCall(call.id, call.name, arguments),
            arguments_hash(call.name, arguments),
            found.risk,
            found.effect,
            found.reasons,
            tool.purpose(arguments),
            found.effect_text,
            found.path,
            parallel=reads and tool.together and tool.where != "main",
            edited=edited,
        )

    # ---- acting

    async def act(self, calls: tuple[Call, ...]) -> AsyncIterator[k.Event]:
        """Carry out one call, or several at once; yields what happens in the order in which it happens."""
        if len(calls) == 1:
            async for event in self._one(calls[0]):
                yield event
            return
        happened: asyncio.Queue[k.Event | None] = asyncio.Queue()

        async def one(call: Call) -> None:
            try:
                async for event in self._one(call):
                    happened.put_nowait(event)
            finally:
                happened.put_nowait(None)

        tasks = [asyncio.create_task(one(call)) for call in calls]
        try:
            running = len(tasks)
            while running:
                came = await happened.get()
                if came is None:
                    running -= 1
                else:
                    yield came
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, call: Call) -> AsyncIterator[k.Event]:
        for event in self.start_item(call.name):
            yield event
        item = self._item(call.name)
        yield k.CallBegun(call.id, call.proposed.hash)
        context = self._context(call.id, asyncio.get_running_loop())
        begun = time.monotonic()
        try:
            result = await self.tools[call.name].run(call.proposed.call.arguments, context)
        except InterventionRequired as error:
            said = await context.ask(" ".join(part for part in (error.what, error.why, error.hint) if part))
            why = f"the user says: {said}" if said else "nobody was there to decide"
            yield k.CallFailed(call.id, error.what, why, seconds=time.monotonic() - begun)
        except PartlyDone as error:
            for event in error.events:
                yield event
            seconds = time.monotonic() - begun
            yield k.CallFailed(call.id, error.what, error.why, error.hint, seconds, outputs=error.outputs)
        except FatalToolError as error:
            yield k.CallFailed(call.id, error.what, error.why, error.hint, time.monotonic() - begun)
            yield k.RunEnded("failed", error.what, error.why, error.hint)
        except AetherError as error:
            yield k.CallFailed(call.id, error.what, error.why, error.hint, time.monotonic() - begun)
        except Exception as error:  # noqa: BLE001  # a tool of anybody's: what it raises is for the model to read
            what = f"{type(error).__name__}: {error}"
            yield k.CallFailed(call.id, what, f"the tool {call.name} raised it", seconds=time.monotonic() - begun)
        else:
            for event in result.events:
                yield event
            yield k.CallFinished(call.id, result.parts, time.monotonic() - begun, result.outputs)
            if item is not None:
                yield k.ItemFinished(item)

    def start_item(self, tool: str) -> Iterator[k.Event]:
        """Say that work on an item of the plan begins, unless it has begun already."""
        item = self._item(tool)
        if item is not None and self.run.state.plan[item].status == "pending":
            yield k.ItemStarted(item)

    def _item(self, tool: str) -> int | None:
        """The item of the plan that this call works on: the first one of its tool that is not done."""
        for index, item in enumerate(self.run.state.plan):
            if item.status != "done" and item.item.tool == tool:
                return index
        return None
