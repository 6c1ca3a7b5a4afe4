"""``Aether``: the programmer's face.

    from aether_nb import Aether

    ai = Aether()                                   # or Aether("openai:gpt-5-mini", tools=[weather])
    answer = await ai.ask("What is the weather in Kiel?")
    async for text in ai.stream_text("And tomorrow?"): ...

Async methods stay in the caller's event loop; their twins that end in ``_sync`` work without one, and in a cell whose
loop is running. It wires its rooms together: the tool loop is the agent's, everything about models is theirs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, overload

from aether_nb.agent.run import Run
from aether_nb.client import blocking
from aether_nb.client.answering import Answerer
from aether_nb.client.bus import Bus, Observer
from aether_nb.client.checks import check
from aether_nb.client.choosing import Chooser, Wanted
from aether_nb.client.conversations import Conversation, texts
from aether_nb.client.offering import Approve, Offered, gathered
from aether_nb.client.prompts import Prompt, Said, options_of, said_of
from aether_nb.client.responses import Chunk, Response, Totals
from aether_nb.client.running import RunHandle
from aether_nb.client.sessions import MemorySessions, SessionStore
from aether_nb.errors import UsageFault
from aether_nb.events.kinds import Limits
from aether_nb.models.base import Model
from aether_nb.store.memory import MemoryLog
from aether_nb.store.memory_parts import MemoryBlobs

if TYPE_CHECKING:
    from aether_nb.models.endpoints.profile import ToolFormat

__all__ = ["Aether"]

T = TypeVar("T")


class Aether:
    """Asks models, lets them use tools, and counts what that takes.

    What is not said here is looked up at each call: in the environment, then in the project's ``aether.toml``; without
    both the model is the one whose key is set, else the offline analyst.

    Args:
        model: ``provider:model``, a model's name when ``provider`` is given, or a ready model.
        provider: The provider's name.
        base_url: The address of a server that no provider's row has. It and ``api_key`` are this model's, also where
            a call names the model again; another one that is named is asked at its provider's address.
        api_key: The key, when it is not in the environment.
        tool_format: ``native``, or ``text`` for tools that are described in the prompt.
        timeout: The longest silence of a server, in seconds.
        tools: What models may use: functions, tools, names of registered tools.
        system: The rules of every conversation.
        cache: Whether an answer to the same request is taken from before.
        wrappers: Whether requests are retried, paced and priced; no is for tests of a provider.
        bus: Who is told of what happens; one of its own when left out.
        approve: Decides about calls of tools that are declared high risk, and about those of functions that declare
            nothing once data of the run reads like an order; without it they are refused.
        store: Where conversations are kept; in memory when left out.
        **options: How to answer, for all calls: ``max_tokens``, ``temperature``, …, the fields of ``Options``.

    Raises:
        OptionError: An option or a tool is unknown.
    """

    def __init__(
        self,
        model: str | Model | None = None,
        *,
        provider: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        tool_format: ToolFormat | None = None,
        timeout: float | None = None,
        tools: Iterable[Offered] = (),
        system: str = "",
        cache: bool | None = None,
        wrappers: bool = True,
        bus: Bus | None = None,
        approve: Approve | None = None,
        store: SessionStore | None = None,
        **options: Any,
    ) -> None:
        check("system", system, str, "a text")
        check("bus", bus, Bus, "a Bus")
        check("approve", approve, Callable, "a function")  # type: ignore[arg-type]
        check("store", store, SessionStore, "a store such as SqliteSessions(…)")
        self._chooser = Chooser(Wanted(model, provider, base_url, api_key, tool_format, timeout, cache, wrappers))
        self.bus = bus or Bus()
        self.store: SessionStore = MemorySessions() if store is None else store
        options_of(options)  # a wrong one is said now
        self._answerer = Answerer(self._chooser, self.bus, gathered(tools), system or "", approve, options)

    def __reduce__(self) -> NoReturn:
        """A client is neither copied nor sent to another process: it holds connections, threads and a key."""
        raise UsageFault(
            "A client cannot be copied or pickled.",
            "It holds connections, which belong to one process.",
            "Make one where it is needed, in each process: Aether(…)",
        )

    def __repr__(self) -> str:
        return f"<Aether {self._chooser.wanted.model or 'by the environment'}>"

    # ---- asking

    async def complete(
        self,
        prompt: Prompt,
        *,
        tools: Iterable[Offered] = (),
        images: Any = (),
        system: str | None = None,
        model: str | Model | None = None,
        **options: Any,
    ) -> Response:
        """One answer to one request. Calls of tools are returned, not carried out.

        Args:
            prompt: The question, or a conversation that ends with one.
            tools: What the model may call, besides the client's tools.
            images: Pictures: files, addresses, bytes, matplotlib figures, PIL images.
            system: The rules, instead of the client's.
            model: The model for this call.
            **options: See the class.

        Raises:
            ModelError: The model did not answer.
            AetherError: What was passed cannot be used.
        """
        options_of(options)
        said = Said(model, tools, images, system, options=options)
        return await self._answerer.complete(prompt, said)

    @overload
    async def ask(self, prompt: Prompt, *, as_: type[T], **said: Any) -> T: ...

    @overload
    async def ask(self, prompt: Prompt, *, as_: None = None, **said: Any) -> Response: ...

    @overload
    async def ask(self, prompt: Prompt, *, as_: object, **said: Any) -> Any: ...

    async def ask(
        self,
        prompt: Prompt,
        *,
        as_: Any = None,
        tools: Iterable[Offered] = (),
        images: Any = (),
        system: str | None = None,
        model: str | Model | None = None,
        limits: Limits | None = None,
        agent: Callable[..., Any] | str | None = None,
        **options: Any,
    ) -> Any:
        """The answer to a question, after all the tools that it takes.

        Args:
            prompt: The question, or a conversation that ends with one.
            as_: The type that the answer is to have; None for a ``Response``. What pydantic understands, or a
                pandas DataFrame.
            tools: What the model may use, besides the client's tools and the registered ones.
            images: Pictures: files, addresses, bytes, matplotlib figures, PIL images.
            system: The rules, instead of the client's.
            model: The model for this call.
            limits: Where the run ends; those of the settings when left out.
            agent: An agent of yours that works on it instead of the model: a function of a house, or its name under
                ``host``; see ``agent.hosting``. The model is asked when it asks.
            **options: See the class.

        Raises:
            AnswerInvalid: The answer is not of that type, also after one repair.
            ModelError: The model did not answer.
            RunFailed: The run came to a bad end, for example at a limit.
            AetherError: What was passed cannot be used.
        """
        options_of(options)
        said = Said(model, tools, images, system, as_, limits, agent, options)
        return (await self._answerer.answer(prompt, said))[1]

    def stream(self, prompt: Prompt, **said: Any) -> AsyncGenerator[Chunk, None]:
        """The answer in pieces as they come: one stream, however many requests and tools it takes.

        Arguments and errors are those of ``ask``, without ``as_`` and ``agent``. Leaving the stream stops the run.

        Yields:
            Chunks; the last one has the whole ``response``.
        """
        return self._answerer.chunks(prompt, said_of(**said))

    def stream_text(self, prompt: Prompt, **said: Any) -> AsyncGenerator[str, None]:
        """All that the model says, as it says it. What it says before it uses a tool is a paragraph of its own."""
        return texts(self.stream(prompt, **said))

    def run(self, task: Prompt, **said: Any) -> RunHandle:
        """Start a task in the running event loop. Arguments are those of ``ask``, without ``as_``.

        Returns:
            ``async for entry in handle`` follows the events of its log, ``await handle`` gives the answer.

        Raises:
            UsageFault: No event loop runs here.
        """
        wanted, run = said_of(**said), Run(MemoryLog(checked=False))
        from aether_nb.live.undo import Points, RunPoints

        undo = RunPoints(Points(), run.id, MemoryBlobs())

        async def work() -> Response:
            return (await self._answerer.answer(task, wanted, run=run, stream=True, undo=undo))[0]

        return RunHandle(run, work, undo)

    def session(self, id: str = "default") -> Conversation:
        """A conversation, in which each question knows of the ones before.

        Raises:
            OptionError: No conversation can be called so.
        """
        return Conversation(self._answerer, self.store, id)

    # ---- looking on

    @property
    def usage(self) -> Totals:
        """What all requests of this client came to."""
        return self._answerer.tally.totals()

    @overload
    def on(self, event: str, observer: Observer) -> Callable[[], None]: ...

    @overload
    def on(self, event: str) -> Callable[[Observer], Observer]: ...

    def on(self, event: str, observer: Observer | None = None) -> Callable[..., Any]:
        """Tell an observer of an event: ``ai.on("tool.start", print)``, or ``@ai.on("tool.start")`` over a function.

        Args:
            event: ``request.``, ``stream.`` or ``tool.`` and ``start``, ``complete`` or ``error``; or ``stream.chunk``.
            observer: A function of a ``Lifecycle``, async or not.

        Returns:
            A function that takes the observer off again; as a decorator, the observer itself.

        Raises:
            OptionError: There is no such event, or the observer is no function.
        """
        if observer is not None:
            return self.bus.on(event, observer)

        def decorate(observer: Observer) -> Observer:
            self.bus.on(event, observer)
            return observer

        return decorate

    def use(self, model: str | Model) -> None:
        """Ask another model from now on; a run that is going on takes it at its next step.

        Args:
            model: Its name, or a ready one. By its name, the model that the client was built with keeps its address.
        """
        self._chooser.use(model)

    # ---- without await

    def complete_sync(self, prompt: Prompt, **said: Any) -> Response:
        """``complete`` for code that cannot await, and for cells. Ctrl-C stops the request."""
        return blocking.wait(self.complete(prompt, **said))

    def ask_sync(self, prompt: Prompt, **said: Any) -> Any:
        """``ask`` for code that cannot await, and for cells. Ctrl-C stops the run."""
        return blocking.wait(self.ask(prompt, **said))

    def stream_text_sync(self, prompt: Prompt, **said: Any) -> Iterator[str]:
        """``stream_text`` for code that cannot await, and for cells. Leaving it, or Ctrl-C, stops the run."""
        return blocking.iterate(self.stream_text(prompt, **said))

    def run_sync(self, task: Prompt, **said: Any) -> Response:
        """``run`` to its end, for code that cannot await, and for cells. Ctrl-C stops the run."""

        async def work() -> Response:
            return await self.run(task, **said)

        return blocking.wait(work())

    # ---- closing

    async def aclose(self) -> None:
        """Close the connections, also those of the sync twins. The client may be used again."""
        await self.bus.settle()
        if "hooked" in vars(self._answerer):
            await self._answerer.hooked.aclose()
        await self._chooser.aclose()

    def close(self) -> None:
        """``aclose`` for code that cannot await."""
        blocking.wait(self.aclose())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
