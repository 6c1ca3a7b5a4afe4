"""Ours on the same work, in four variants; ``speed.py`` starts it.

- ``model``: the bare model over HTTP in a loop of this file, no wrappers.
- ``stack``: the same loop around the model as a name opens it: retry, breaker, cost, fallbacks.
- ``aether``: the programmer's face; its events, hooks and costs are on.
- ``durable``: the agent's own driver with the log on disk, as a notebook's run has it.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from worker import Contender, Job, Outcome, serve
from workloads import FUNCTIONS, MODEL

from aether_nb import tool
from aether_nb.client.responses import Response
from aether_nb.events.kinds import Limits
from aether_nb.events.messages import Message, ToolCall
from aether_nb.models.base import Model, Reply, Request
from aether_nb.models.router import open_model
from aether_nb.tools.base import Where
from aether_nb.tools.function import FunctionTool

LIMITS = Limits(steps=None, seconds=None, tokens=None, cost=None)


def offered(job: Job) -> tuple[FunctionTool, ...]:
    """The tools of a workload."""
    function = FUNCTIONS[job.workload.tool]
    where: Where = "main" if job.workload.threads else "loop"
    return (tool(risk="low", effect="pure", where=where)(function),) if job.workload.offered else ()


def opened(job: Job, *, wrappers: bool) -> Model:
    """The model behind the script."""
    return open_model(f"{job.wire}:{MODEL}", {}, base_url=f"{job.url}/v1", api_key="k", wrappers=wrappers)


class Loop:
    """The shortest loop around a model."""

    def __init__(self, job: Job, model: Model) -> None:
        self.workload, self.model = job.workload, model
        self.function: Callable[..., Any] = FUNCTIONS[job.workload.tool]
        self.specs = tuple(each.spec for each in offered(job))

    async def run(self, prompt: str) -> Outcome:
        """See ``Contender.run``."""
        messages: tuple[Message, ...] = (Message.of("user", prompt),)
        made, first = 0, None
        while True:
            reply: Reply | None = None
            async for delta in self.model.stream(Request(messages, self.specs, stream=self.workload.stream)):
                if first is None and delta.text:
                    first = time.perf_counter()
                reply = delta.reply or reply
            assert reply is not None
            message = reply.message
            if not message.calls:
                return Outcome(message.text, made, first)
            beside = len(message.calls) > 1
            found = await asyncio.gather(*(self.call(call, beside) for call in message.calls))
            results = zip(message.calls, found, strict=True)
            messages += (message, *(Message.of("tool", str(value), call_id=call.id) for call, value in results))
            made += len(message.calls)

    async def call(self, call: ToolCall, beside: bool) -> Any:
        """Call the tool; ``beside``: a plain function on a thread."""
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**call.arguments)
        return await asyncio.to_thread(self.function, **call.arguments) if beside else self.function(**call.arguments)


class Face:
    """``Aether`` as a program uses it."""

    def __init__(self, job: Job) -> None:
        from aether_nb import Aether

        self.workload = job.workload
        self.client = Aether(MODEL, provider=job.wire, base_url=f"{job.url}/v1", api_key="k", tools=offered(job))

    async def run(self, prompt: str) -> Outcome:
        """See ``Contender.run``."""
        if not self.workload.stream:
            response = await self.client.ask(prompt, limits=LIMITS)
            return Outcome(response.text, len(response.tool_calls))
        first: float | None = None
        answer: Response | None = None
        async for chunk in self.client.stream(prompt, limits=LIMITS):
            if first is None and chunk.text:
                first = time.perf_counter()
            answer = chunk.response or answer
        assert answer is not None
        return Outcome(answer.text, len(answer.tool_calls), first)


class Durable:
    """The driver with its record on disk: log, ledger, chain, lease, letter box and seals."""

    def __init__(self, job: Job) -> None:
        from aether_nb.store.seal import Sealer
        from aether_nb.store.store import open_store

        self.workload, self.tools = job.workload, {each.name: each for each in offered(job)}
        self.model = opened(job, wrappers=True)
        self.folder = TemporaryDirectory(ignore_cleanup_errors=True)
        self.sealer = Sealer(Path(self.folder.name) / "key")
        self.store = open_store(Path(self.folder.name), sealer=self.sealer)

    async def run(self, prompt: str) -> Outcome:
        """See ``Contender.run``."""
        from aether_nb.agent.asking import Asking, Nobody
        from aether_nb.agent.calls import Calls
        from aether_nb.agent.driver import Driver
        from aether_nb.agent.mail import Mail
        from aether_nb.agent.run import Run, new_id
        from aether_nb.agent.waiting import Waiting
        from aether_nb.client.offering import host
        from aether_nb.events import kinds as k

        times: list[float] = []

        def watch(entry: k.Entry) -> None:
            if not times and isinstance(entry.event, k.TextDelta):
                times.append(time.perf_counter())

        id, asking = new_id(), Asking([Nobody("deny")])
        lease = self.store.leases.take(id, time.time())
        run = Run(self.store.log, id, (watch,), epoch=lease.epoch)
        started = k.RunStarted(prompt, self.model.name, "ask", LIMITS, tuple(self.tools))
        run.append(started, k.ContextComposed((Message.of("user", prompt),)))
        calls = Calls(run, self.tools, host(), asking)
        waiting = Waiting(asking, Mail(self.store.signals, id, self.sealer))
        driver = Driver(run, lambda _: self.model, calls, waiting, stream=self.workload.stream)
        state = await driver.drive()
        self.store.leases.release(id, lease.epoch)
        return Outcome(state.answer, len(state.calls), times[0] if times else None)


async def open_one(job: Job) -> Contender:
    """The contender for a job."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(16))  # as the floor has it
    match job.variant:
        case "aether":
            return Face(job)
        case "durable":
            return Durable(job)
        case variant:
            return Loop(job, opened(job, wrappers=variant == "stack"))


if __name__ == "__main__":
    serve(open_one)
