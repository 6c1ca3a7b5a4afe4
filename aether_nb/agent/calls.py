"""Carrying out calls: judging them, running them, and saying what came of it as events.

The tools do the work; this module keeps the plan ticking, and turns every way in which a tool can fail into the event
that says so. It decides nothing about approval.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aether_nb.agent.approvals import riskiest, within
from aether_nb.agent.asking import Asking
from aether_nb.agent.calling import CallContext, Host, Trace
from aether_nb.agent.egress import Egress, words_of
from aether_nb.agent.offering import offered
from aether_nb.agent.releasing import classified, failure_released, released, shows
from aether_nb.agent.run import Run
from aether_nb.agent.scoping import kept_to
from aether_nb.errors import AetherError, EffectUnknown, FatalToolError, InterventionRequired, RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall, ToolSpec, arguments_hash
from aether_nb.events.state import Call
from aether_nb.tools.base import Assessment, PartlyDone, Result, Tool, Verify
from aether_nb.tools.function import bounded

if TYPE_CHECKING:
    from aether_nb.agent.hooking import Hooking

__all__ = ["Calls", "Happened", "Host"]

logger = logging.getLogger(__name__)

Happened: TypeAlias = k.Event | tuple[k.Event, ...]
"""Something that happened; several events that are only true together are recorded together."""


@dataclass
class Calls:
    """The tools of one run and the way they are used."""

    run: Run
    tools: Mapping[str, Tool]
    host: Host
    asking: Asking
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    traces: dict[str, Trace] = field(default_factory=dict)
    egress: Egress = field(default_factory=Egress)
    judged: dict[str, k.CallProposed] = field(default_factory=dict)
    """What was judged here last, by call. What only a record says was judged elsewhere, and does not count."""
    hooks: Hooking | None = None
    """Who may alter and refuse; None where nobody does."""

    def specs(self, reading: bool = False) -> tuple[ToolSpec, ...]:
        """What a model is told of the tools; ``reading``: only of those that never change anything."""
        offer = offered(self.tools, self.run.state)
        return tuple(tool.spec for tool in offer.values() if not reading or tool.reads)

    def _context(self, id: str, loop: asyncio.AbstractEventLoop | None = None) -> CallContext:
        return CallContext(id, self.host, self.run, self.asking, self.lock, self.traces, loop)

    # ---- judging

    def propose(self, call: ToolCall, edited: bool = False) -> Iterator[k.Event]:
        """Say what a call could do; one that cannot be made sense of is failed at once, for the model to mend."""
        try:
            yield self.judge(call, edited)
        except RepairableToolError as error:
            nonsense = arguments_hash(call.name, call.arguments)
            yield k.CallProposed(call, nonsense, "high", "external", ("it cannot be read",))
            yield k.CallFailed(call.id, error.what, error.why, error.hint)

    async def hooked(self, events: list[k.Event]) -> tuple[k.Event, ...]:
        """What was said of a call last, after the hooks have looked at it; what cannot be read is not theirs."""
        *before, last = events
        if self.hooks is None or not isinstance(last, k.CallProposed):
            return tuple(events)
        said, proposed = await self.hooks.before_tool(last, self.judge)
        self.judged[proposed.call.id] = proposed
        return (*before, *said, proposed)

    def judge(
        self, call: ToolCall, edited: bool = False, floor: k.Risk | Literal[""] = "", altered: str = ""
    ) -> k.CallProposed:
        """What this exact call could do.

        Args:
            call: The call.
            edited: Whether a person changed its arguments.
            floor: The least risk that a hook lets it have, beside what one has said of it before.
            altered: The hook that changed its arguments, likewise.

        Raises:
            RepairableToolError: There is no such tool, or its arguments are wrong.
        """
        tool = self.tools.get(call.name)
        if tool is None:
            near = get_close_matches(call.name, self.tools, 1) or sorted(self.tools)
            raise RepairableToolError(f"There is no tool {call.name!r}.", hint=f"There is: {', '.join(near)}.")
        context = self._context(call.id)
        arguments: Mapping[str, Any] = call.arguments
        purpose = ""
        try:
            arguments = dict(tool.check(call.arguments))
            purpose = tool.purpose(arguments)
            found = tool.assess(arguments, context)
        except RepairableToolError:
            raise
        except Exception as error:  # noqa: BLE001  # what cannot be judged is high: a person looks at it
            found = Assessment("high", "external", (f"it could not be judged ({type(error).__name__})",))
        if (before := self.run.state.calls.get(call.id)) is not None:
            floor, altered = riskiest(before.proposed.floor, floor), altered or before.proposed.altered
        if floor and riskiest(found.risk, floor) != found.risk:
            found = replace(found, risk=floor, reasons=(*found.reasons, f"a hook says that its risk is {floor}"))
        if altered:
            found = replace(found, reasons=(*found.reasons, f"the hook {altered} changed its arguments"))
        policy = within(self.host.policy, self.run.state.skills)
        ruling = policy.ruling(call.name, arguments, path=found.path, risk=found.risk)
        reads = found.effect == "pure" and found.risk == "low" and ruling.ruled in ("", "allow")
        proposed = self.judged[call.id] = k.CallProposed(
            ToolCall(call.id, call.name, arguments),
            arguments_hash(call.name, arguments),
            found.risk,
            found.effect,
            found.reasons,
            purpose,
            found.effect_text,
            found.path,
            parallel=(reads or found.beside) and tool.together and (tool.where != "main" or self.host.parallel),
            edited=edited,
            ruled=ruling.ruled,
            rule=ruling.rule,
            variables=found.variables,
            floor=floor,
            altered=altered,
        )
        return proposed

    # ---- acting

    def act(self, calls: tuple[Call, ...]) -> AsyncIterator[Happened]:
        """Carry out one call, or several at once; yields what happens in the order in which it happens.

        One that was asked about, or that only the record says was judged, is judged again first. Where that comes out
        differently, because a file or a variable has changed meanwhile, the call is proposed anew instead of being
        begun.
        """
        anew, ready = list[k.Event](), list[tuple[Call, int | None]]()
        for call in calls:
            if (again := self._judged_again(call)) is not None:
                anew += again
            else:
                ready.append((call, self._claim(call.name, [item for _, item in ready])))
        return self._together(anew, ready) if anew or len(ready) > 1 else self._one(*ready[0])

    def _judged_again(self, call: Call) -> list[k.Event] | None:
        """What has to be said of a call that is no longer what was judged; None when it still is."""
        if call.status != "approved" and self.judged.get(call.id) == call.proposed:
            return None  # it was judged here a moment ago, and nothing has happened since
        before = call.proposed
        events = list(self.propose(before.call, edited=before.edited))
        return None if events == [before] else events

    async def _together(self, anew: list[k.Event], ready: list[tuple[Call, int | None]]) -> AsyncIterator[Happened]:
        for proposed in anew:
            yield proposed
        happened: asyncio.Queue[tuple[Happened, asyncio.Event] | None] = asyncio.Queue()

        async def one(call: Call, item: int | None) -> None:
            try:
                async for event in self._one(call, item):
                    recorded = asyncio.Event()
                    happened.put_nowait((event, recorded))
                    await recorded.wait()  # that it begins is recorded before it does
            finally:
                happened.put_nowait(None)

        tasks = [asyncio.create_task(one(call, item)) for call, item in ready]
        try:
            running = len(tasks)
            while running:
                came = await happened.get()
                if came is None:
                    running -= 1
                else:
                    yield came[0]
                    came[1].set()
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, call: Call, item: int | None) -> AsyncIterator[Happened]:
        tool, run = self.tools[call.name], self.run
        care = tool.care
        longest = care.backoff * 2 ** (call.attempt - 2)  # a clock that was set back makes nobody wait for days
        if (wait := min(call.not_before - run.clock(), longest)) > 0:
            await asyncio.sleep(wait)
        yield (*self.start_item(item), k.CallBegun(call.id, call.proposed.hash, call.attempt))
        context = self._context(call.id, asyncio.get_running_loop())
        limits = [limit for limit in (run.state.seconds_left, care.timeout) if limit is not None]
        context.clock = asyncio.timeout(min(limits, default=None))
        begun = time.monotonic()
        self.traces[call.id] = Trace(begun)
        try:
            async with context.clock:
                result = await _ran(tool, call, context)
        except InterventionRequired as error:
            context.clock = None
            said = await context.ask(" ".join(part for part in (error.what, error.why, error.hint) if part))
            why = f"the user says: {said}" if said else "nobody was there to decide"
            yield k.CallFailed(call.id, error.what, why, seconds=time.monotonic() - begun)
        except Exception as error:  # noqa: BLE001  # a tool of anybody's: what it raises is for the model to read
            late = isinstance(error, TimeoutError) and context.clock is not None and context.clock.expired()
            by_tool = late and care.timeout is not None and care.timeout == min(limits)
            until = run.clock() + care.backoff * 2 ** (call.attempt - 1)
            context.clock = None
            events = failed(call, error, time.monotonic() - begun, late, tool, until, by_tool)
            if self.hooks is not None:
                events = await self.hooks.after_failure(call, events)
            events = kept_to(call.proposed, run.state, events)
            yield tuple([await failure_released(event, self.egress, context) for event in events])
        else:
            context.clock, seconds = None, time.monotonic() - begun
            said = words_of(run.state.messages) if self.egress.rules.hide else None
            result = classified(tool, result, self.host.touched.union(run.state.touched), said)
            if self.hooks is not None:
                result = await self.hooks.after_tool(call, result)
            result = await released(result, self.egress, context)
            done = (k.ItemFinished(item),) if item is not None else ()
            finished = k.CallFinished(call.id, result.parts, seconds, result.outputs)
            yield kept_to(call.proposed, run.state, (*result.events, finished, *done))

    async def verify(self, call: Call) -> bool | Result | None:
        """Whether a call in doubt acted, as far as its tool can tell; None when it cannot."""
        tool = self.tools[call.name]
        found = await self._looked(call, tool.care.verify)
        return classified(tool, found) if isinstance(found, Result) else found

    async def stands(self, call: Call) -> bool | Result | None:
        """Whether what a call did is still there as it was, as far as its tool can tell; None when it cannot."""
        care = self.tools[call.name].care
        return await self._looked(call, care.stands or care.verify)

    async def _looked(self, call: Call, look: Verify | None) -> bool | Result | None:
        if look is None:
            return None
        try:
            found = look(call.proposed.call.arguments, self._context(call.id, asyncio.get_running_loop()))
            return await found if inspect.isawaitable(found) else found
        except Exception:  # a verifier of anybody's: one that fails has told nothing, and a person is asked
            logger.exception("the verifier of %s failed", call.name)
            return None

    async def park(self) -> tuple[k.Event, ...]:
        """Write the variables of the run beside its record."""
        host = self.host
        if host.keeper is None:
            return ()
        keeper = host.keeper
        kept = await host.main(lambda: keeper.park(host.shell.user_ns))
        return (k.NamespaceKept("", kept),) if kept else ()

    def start_item(self, item: int | None) -> Iterator[k.Event]:
        """Say that work on an item of the plan begins, unless it has begun already."""
        if item is not None and self.run.state.plan[item].status == "pending":
            yield k.ItemStarted(item)

    def item(self, tool: str) -> int | None:
        """The item of the plan that a call of this tool works on: the first of its tool that is not done."""
        return self._claim(tool, [])

    def _claim(self, tool: str, taken: list[int | None]) -> int | None:
        for index, item in enumerate(self.run.state.plan):
            if item.status != "done" and item.item.tool == tool and index not in taken:
                return index
        return None


async def _ran(tool: Tool, call: Call, context: CallContext) -> Result:
    """What a tool gives. One that would end the program, or was cancelled by nobody here, has failed like any other."""
    try:
        return await tool.run(call.proposed.call.arguments, context)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1  # anything else is a text of its own, for a terminal
        raise RepairableToolError(f"{call.name} would have ended the program, with exit code {code}.") from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RepairableToolError(f"{call.name} waited for something that was cancelled.") from error


def failed(
    call: Call, error: Exception, seconds: float, late: bool, tool: Tool, until: float, by_tool: bool
) -> tuple[k.Event, ...]:
    """What is recorded of a call that raised.

    Args:
        call: The call.
        error: What it raised.
        seconds: How long it ran.
        late: Whether it took too long.
        tool: Its tool, which says what is done about failures.
        until: When it may begin again.
        by_tool: Whether it took longer than its tool allows; else the run's limit has come.
    """
    external, care, data = call.proposed.effect == "external", tool.care, shows(tool, error)
    if late and external:
        limit = f"{call.name} took longer than {care.timeout:g} s" if by_tool else "the limit of seconds came"
        return (k.CallDoubtful(call.id, f"{limit} while it was running; look whether it acted"),)
    if isinstance(error, EffectUnknown) and external:
        return (k.CallDoubtful(call.id, " ".join(part for part in (error.what, error.why) if part)),)
    final = isinstance(error, FatalToolError) or external or (late and not by_tool)
    what, why, hint = f"it took longer than {care.timeout:g} s" if by_tool else "", "", ""
    if not late:
        what, why, hint = _words(call, error)
    if not final and call.attempt <= care.retries:
        return (k.CallRetried(call.id, call.attempt, what, why, until),)
    if late and not by_tool:
        return (k.CallFailed(call.id, "stopped at the run's limit of seconds", seconds=seconds, stopped=True),)
    if isinstance(error, PartlyDone):
        return (*error.events, k.CallFailed(call.id, what, why, hint, seconds, outputs=error.outputs, data=data))
    return (k.CallFailed(call.id, what, why, hint, seconds, fatal=isinstance(error, FatalToolError), data=data),)


def _words(call: Call, error: Exception) -> tuple[str, str, str]:
    if isinstance(error, AetherError):
        return error.what, error.why, error.hint
    return bounded(f"{type(error).__name__}: {error}"), f"the tool {call.name} raised it", ""
