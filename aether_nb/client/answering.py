"""How a client answers: one request, or a run of the agent's loop, as a whole or in pieces.

It puts together what was said in a call, what the client holds, and what is set. The loop itself is the agent's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from aether_nb import plugins
from aether_nb.agent.egress import Egress, Rules
from aether_nb.agent.run import Run
from aether_nb.client.bus import Bus, Lifecycle
from aether_nb.client.choosing import Chooser
from aether_nb.client.observed import Observed
from aether_nb.client.offering import Approve, Program, gathered, registered
from aether_nb.client.prompts import Prompt, Said, conversation, options_of
from aether_nb.client.responses import Chunk, Response, Tally, response_of
from aether_nb.client.running import Feed
from aether_nb.client.structured import Shape, Unfit, shape
from aether_nb.client.work import Question, Work, Writing, worked_by
from aether_nb.config import Settings
from aether_nb.errors import AnswerInvalid, ModelError, ModelUnavailable, OptionError, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text
from aether_nb.models.base import Model, Options, Request, closing
from aether_nb.models.router import blind
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Tool

if TYPE_CHECKING:
    from aether_nb.live.undo import RunPoints
    from aether_nb.session.hooked import Hooked

__all__ = ["DEEPEST", "Answerer"]

DEEPEST = 16
"""How many answers may wait for one another: a tool asks, whose tool asks, … More is a tool that asks itself."""

_depth: ContextVar[int] = ContextVar("_depth", default=0)

logger = logging.getLogger(__name__)


@dataclass
class Answerer:
    """What a client holds, and the ways in which it answers.

    Args:
        chooser: Which model is asked.
        bus: Who is told.
        tools: What models may use.
        system: The rules.
        approve: Decides about calls that the program's yes does not cover.
        options: How to answer, where a call does not say.
        tally: Counts what it takes.
    """

    chooser: Chooser
    bus: Bus
    tools: dict[str, Tool]
    system: str
    approve: Approve | None
    options: Mapping[str, Any]
    tally: Tally = field(default_factory=Tally)

    @cached_property
    def hooked(self) -> Hooked:
        """Who may alter and refuse what happens in its runs; made when there is somebody."""
        from aether_nb.session.hooked import Hooked

        return Hooked(Path.cwd)

    async def complete(self, prompt: Prompt, said: Said) -> Response:
        """One answer to one request."""
        settings = self.chooser.settings
        observed = await self._observed(said, settings)
        messages = await conversation(prompt, self._rules(said), (), said.images)
        specs = tuple(tool.spec for tool in (self.tools | gathered(said.tools)).values())
        try:
            request = Request(messages, specs, self._options(said), stream=False)
            request, _ = Egress(_rules(settings)).outgoing(request, observed)
            return await _one(observed, request, settings.max_seconds)
        finally:
            await self.bus.settle()

    async def answer(
        self,
        prompt: Prompt,
        said: Said,
        history: tuple[Message, ...] = (),
        *,
        run: Run | None = None,
        stream: bool = False,
        undo: RunPoints | None = None,
    ) -> tuple[Response, Any]:
        """The answer to a question, after all the tools that it takes.

        Args:
            prompt: The question, or a conversation that ends with one.
            said: What was said in the call.
            history: What was said before.
            run: The run that works on it, where somebody watches it; a new one else.
            stream: Whether models are asked to answer piece by piece.
            undo: Where what its tools change is kept, where somebody may want to take it back.

        Returns:
            The response, and its value of the type that was asked for.

        Raises:
            UsageFault: A tool asks, whose tool asks, and so on, without an end.
        """
        if stream and said.as_ is not None:
            raise OptionError("as_= needs the whole answer, which is checked.", hint="Use ask(prompt, as_=…).")
        shaped = None if said.as_ is None else shape(said.as_)
        settings = self.chooser.settings
        hooked = self.hooked if settings.hooks or plugins.found("hook") else None
        observed = await self._observed(said, settings)
        messages = await conversation(prompt, self._rules(said), history, said.images)
        question = self._question(said, settings, messages, shaped, stream)
        run = run or Run(MemoryLog(checked=False))
        try:
            with _deeper():
                person = Program(self.approve, run)
                choice = self._choice(said, observed)
                response = await Work(run, question, choice, observed, person, self.bus, undo, hooked).done()
                if shaped is not None:
                    return await self._valued(shaped, question, observed, run, response)
                return response, response.text if said.as_ is str else response
        finally:
            await self.bus.settle()

    async def chunks(
        self, prompt: Prompt, said: Said, history: tuple[Message, ...] = ()
    ) -> AsyncGenerator[Chunk, None]:
        """The same in pieces; leaving stops the run."""
        if said.agent is not None:
            raise OptionError("The answer of an agent= has no pieces.", "", "Follow its events: run(task, agent=…)")
        run, feed, writing, id = Run(MemoryLog(checked=False)), Feed(), Writing(), token_hex(4)
        run.watchers.append(feed.put)
        self.bus.emit(Lifecycle("stream.start", id))
        task = asyncio.create_task(self.answer(prompt, said, history, run=run, stream=True))
        task.add_done_callback(feed.close)
        try:
            async for entries in feed.entries():
                for chunk in writing.chunks(entries):
                    self._show(id, run, chunk)
                    yield chunk
            response, _ = await task
        except BaseException as error:
            task.cancel()  # whoever read has left, or the run has failed
            await asyncio.gather(task, return_exceptions=True)
            self.bus.emit(Lifecycle("stream.error", id, run.state.model, error=error))
            await self.bus.settle()
            raise
        self.bus.emit(Lifecycle("stream.complete", id, run.state.model, response=response))
        yield Chunk(response=response)
        await self.bus.settle()

    # ---- putting together

    async def _observed(self, said: Said, settings: Settings) -> Observed:
        return Observed(await self.chooser.open(said.model, settings), self.bus, self.tally)

    def _rules(self, said: Said) -> str:
        return self.system if said.system is None else said.system

    def _options(self, said: Said) -> Options:
        return options_of({**self.options, **said.options})

    def _choice(self, said: Said, observed: Observed) -> Callable[[Request], Model]:
        """Says which model is asked next: the call's, else the client's own, which may be swapped meanwhile.

        One that sees no pictures hands a request that has some to the model for that, when there is one.
        """
        first, wanted = observed.inner, self.chooser.wanted

        def choose(request: Request) -> Model:
            swapped = said.model is None and self.chooser.wanted is not wanted
            model = self.chooser.at_once(None, self.chooser.settings) if swapped else first
            if blind(model, request) and (eyes := self.chooser.settings.vision_model):
                return self.chooser.at_once(eyes, self.chooser.settings)
            return model

        return choose

    def _question(
        self, said: Said, settings: Settings, messages: tuple[Message, ...], shaped: Shape | None, stream: bool
    ) -> Question:
        options = self._options(said)
        if shaped is not None:
            *before, last = messages
            messages = (*before, replace(last, parts=(*last.parts, Text(f"\n\n{shaped.words}"))))
            options = replace(options, schema=shaped.schema)
        limits = k.Limits(settings.max_steps, settings.max_seconds, settings.max_tokens, settings.max_cost)
        tools = registered() | self.tools | gathered(said.tools)
        question = Question(messages, tools, options, settings.mode, said.limits or limits, stream, _rules(settings))
        return question if said.agent is None else worked_by(said.agent, question)

    async def _valued(
        self, shaped: Shape, question: Question, observed: Observed, run: Run, response: Response
    ) -> tuple[Response, Any]:
        """The value of an answer; one that does not fit is repaired once, with the precise reason.

        Raises:
            AnswerInvalid: It does not fit even then.
        """
        try:
            return response, shaped.read(response.text)
        except Unfit as unfit:
            told = Message.of("user", f"Your answer cannot be used: {unfit}\n\n{shaped.words}")
        # The history may hold calls, and some servers want their tools declared with them.
        specs = tuple(tool.spec for tool in question.tools.values())
        options = replace(question.options, tool_choice="none" if specs else "")
        request = Request((*run.state.messages, told), specs, options, stream=False)
        request, _ = Egress(question.rules).outgoing(request, observed, run.state.unlimited)
        mended = await _one(observed, request, question.limits.seconds)
        usage = response.usage.plus(mended.usage)
        try:
            return replace(mended, usage=usage, tool_calls=response.tool_calls), shaped.read(mended.text)
        except Unfit as unfit:
            why = "It was cut off at its longest." if mended.finish_reason == "length" else str(unfit)
            invalid = AnswerInvalid(
                f"The answer of {observed.name} is no {shaped.title}, also after one repair.",
                why,
                "Look at the error's .answer, ask in other words, or ask for a simpler type.",
            )
            invalid.answer = mended.text
            raise invalid from unfit

    def _show(self, id: str, run: Run, chunk: Chunk) -> None:
        if (chunk.text or chunk.thinking) and self.bus.wanted("stream.chunk"):
            piece = Lifecycle("stream.chunk", id, run.state.model, text=chunk.text, thinking=chunk.thinking)
            self.bus.emit(piece)


def _rules(settings: Settings) -> Rules:
    """What of the data a program's tools bring may leave; what it says itself is its own word."""
    return Rules(settings.data, settings.hide)


@contextmanager
def _deeper() -> Iterator[None]:
    """One answer more that others may be waiting for."""
    depth = _depth.get()
    if depth >= DEEPEST:
        why = f"{depth} answers wait for one another: a tool asks a model that uses a tool that asks, and so on."
        raise UsageFault("A tool asks itself too deep.", why, "Give the question inside the tool other tools, or none.")
    token = _depth.set(depth + 1)
    try:
        yield
    finally:
        _depth.reset(token)


async def _one(observed: Observed, request: Request, seconds: float | None) -> Response:
    """One request to a model, which has that long for all of its answer.

    Raises:
        ModelUnavailable: It took longer.
    """
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline, closing(observed.stream(request)) as deltas:
            async for _ in deltas:
                pass
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise ModelUnavailable(
            f"The answer of {observed.name} was not whole after {seconds:g} seconds.",
            "That is the longest that a run may take.",
            "Ask again, or allow more: AETHER_MAX_SECONDS",
            retryable=True,
        ) from error
    if observed.reply is None:
        name = observed.name
        raise ModelError(f"The model {name} ended its answer before it was whole.", hint="Ask again.")
    return response_of(observed.reply, observed.name)
