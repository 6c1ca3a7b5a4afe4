"""Hosting: an agent that somebody wrote as a plain function works under our log, ledger, gates and limits.

    @host
    async def reviewer(house):
        listing = await house.call("list_files", pattern="*.py")
        said = await house.model(["Which of these files look unfinished?", listing])
        return said.text

    %%aether --as-agent reviewer
    Review this project.

**The step contract.** When a run is taken up again, the function is run again from its start. What it has been told so
far, it is told again from the record, in the same order, and nothing is paid or done twice. So between two uses of the
house it must do the same each time: no clock, no chance, no reading of files or of the network, nothing that acts
outside. Those are calls of tools: ``house.call("time_now")``. A function that asks for something else than is
recorded is stopped by ``AgentDrifted`` before anything is done. This module does not know how a run is driven.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar, overload

from aether_nb import plugins
from aether_nb.agent.profiles import hosted_profile
from aether_nb.events.kinds import DataLevel, Mode
from aether_nb.events.messages import Message, Part, Text, ToolCall

__all__ = ["AsyncHouse", "Heard", "House", "Prompt", "Said", "Told", "host"]

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

Said: TypeAlias = "str | Told | Message | Mapping[str, Any] | Iterable[str | Told]"
"""A message: words of the user's, a result, a whole message, ``{"role": …, "content": …}``, or words and results."""

Prompt: TypeAlias = "Said | Sequence[Said]"
"""A question, or a conversation."""


class Told(str):
    """What a call of a tool came to, as a model would be told it.

    As a text it may be cut and joined; handed on as it is, it keeps what kind of data it shows, so that a limit of
    data withholds only what has to be withheld. ``ok`` says whether the call did its work.
    """

    parts: tuple[Part, ...]
    ok: bool
    call_id: str

    def __new__(cls, parts: Iterable[Part], ok: bool = True, call_id: str = "") -> Told:
        """A result, of these parts."""
        kept = tuple(parts)
        told = super().__new__(cls, "".join(part.text for part in kept if isinstance(part, Text)))
        told.parts, told.ok, told.call_id = kept, ok, call_id
        return told

    @property
    def message(self) -> Message:
        """It as the answer to the call of a model that it answers; else as words of the user's."""
        return Message("tool" if self.call_id else "user", self.parts, (), self.call_id)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model has said. ``message`` may stand in a later request; ``calls`` are those that it wants."""

    message: Message
    model: str = ""

    @property
    def text(self) -> str:
        """Its words."""
        return self.message.text

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tools it wants to be used: hand each to ``house.call``."""
        return self.message.calls


class Working(Protocol):
    """Who does what a house is asked for."""

    async def model(self, messages: Prompt, tools: bool | Iterable[str], options: Mapping[str, Any]) -> Heard:
        """Ask a model."""

    async def call(self, tool: str | ToolCall, arguments: Mapping[str, Any]) -> Told:
        """Use a tool."""

    def say(self, text: str) -> None:
        """Show a line."""

    def blocking(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for one of these on a thread of its own."""


class _Inside:
    """What every house has.

    Args:
        working: Who does it.
        task: What was asked.
        opening: The messages with which a run of ours would begin: the rules, what is in the notebook, the task.
        tools: The names of the tools that may be called.
    """

    def __init__(self, working: Working, task: str, opening: tuple[Message, ...], tools: tuple[str, ...]) -> None:
        self._working = working
        self.task, self.opening, self.tools = task, opening, tools

    def say(self, text: str) -> None:
        """Show a line to whoever watches; it stands in no log."""
        self._working.say(str(text))


class House(_Inside):
    """What a plain function is handed; its methods wait for what they bring. See ``AsyncHouse`` for an async one."""

    def model(self, messages: Prompt, *, tools: bool | Iterable[str] = False, **options: Any) -> Heard:
        """Ask the model of the run, by the way that every request goes: data limits, account, cost, log.

        Args:
            messages: What it is asked. Words that do not come from a result count, once a call has brought data, as
                output of code where a limit of data holds: hand on results as they are.
            tools: What it may ask to be used: all (yes), none (no), or these. They are used by ``call`` only.
            **options: How to answer: ``max_tokens``, ``temperature``, …

        Raises:
            OptionError: What is asked cannot be sent.
        """
        return self._working.blocking(self._working.model(messages, tools, options))

    def call(self, tool: str | ToolCall, /, **arguments: Any) -> Told:
        """Use a tool, by the way that every call goes: rules, gate, ledger, log, card. It happens once.

        Args:
            tool: Its name, or a call that a model wants.
            **arguments: Plain values; for a name only.

        Returns:
            What came of it. A call of a model's comes back also when it failed or was refused, for the model to read.

        Raises:
            RepairableToolError: A call of the function's own failed, was refused, or is not to be repeated.
            OptionError: It cannot be called like this.
        """
        return self._working.blocking(self._working.call(tool, arguments))


class AsyncHouse(_Inside):
    """What an async function is handed."""

    async def model(self, messages: Prompt, *, tools: bool | Iterable[str] = False, **options: Any) -> Heard:
        """As ``House.model``."""
        return await self._working.model(messages, tools, options)

    async def call(self, tool: str | ToolCall, /, **arguments: Any) -> Told:
        """As ``House.call``. Calls that are made side by side are done one after the other, in their order."""
        return await self._working.call(tool, arguments)


@overload
def host(function: F) -> F: ...


@overload
def host(
    *,
    name: str = "",
    description: str = "",
    tools: Iterable[str] = (),
    deny: Iterable[str] = (),
    ask: Iterable[str] = (),
    model: str = "",
    mode: Mode | None = None,
    data: DataLevel | None = None,
) -> Callable[[F], F]: ...


def host(
    function: F | None = None,
    *,
    name: str = "",
    description: str = "",
    tools: Iterable[str] = (),
    deny: Iterable[str] = (),
    ask: Iterable[str] = (),
    model: str = "",
    mode: Mode | None = None,
    data: DataLevel | None = None,
) -> F | Callable[[F], F]:
    """Host an agent that is written as a plain function of a house; ``--as-agent NAME`` gives it a task.

    Args:
        function: Of a ``House`` when it is plain, which then runs on a thread of its own; of an ``AsyncHouse`` when it
            is async. What it returns is the answer. See the step contract above.
        name: What people type; the function's name when left out.
        description: What it is for, for whoever chooses; the first line of its docstring when left out.
        tools: The only tools that it may use, with ``*``; all when left out.
        deny: Rules for calls that it may never make, as in a profile.
        ask: Rules for calls that are always asked about.
        model: The model that it asks, when no other is named.
        mode: The most that may run without a question.
        data: The most of the data that may leave.

    Returns:
        The function, as it was.

    Raises:
        OptionError: It is no function of one argument, or something else cannot be used.
    """
    narrowing = {"tools": tools, "deny": deny, "ask": ask, "model": model, "mode": mode, "data": data}

    def hosting(agent: F) -> F:
        profile = hosted_profile(agent, name, description, **narrowing)
        plugins.register("profile", profile.name, profile)
        return agent

    return hosting if function is None else hosting(function)
