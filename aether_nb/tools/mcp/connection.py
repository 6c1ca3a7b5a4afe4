"""One server and its life: connected when it is first needed, connected again when it dies, left when it is not needed.

A client of the SDK has to be entered and left in one task, so a task of the agent's loop owns it; everybody else on
that loop calls through it. What a server that died had begun is in doubt, and nothing of it is done again by itself.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from aether_nb.about import VERSION
from aether_nb.errors import AetherError, ConfigError, EffectUnknown, RepairableToolError
from aether_nb.tools.agreeing.definitions import Definition, expanded
from aether_nb.tools.agreeing.showing import without_keys
from aether_nb.tools.base import Context
from aether_nb.tools.mcp import checking
from aether_nb.tools.mcp.logs import BoundedLog
from aether_nb.tools.mcp.remote import Remote, Thing, plain, prompts, remote, resources
from aether_nb.tools.mcp.transport import opened
from aether_nb.tools.mcp.turns import Turns

if TYPE_CHECKING:
    from mcp import Client

__all__ = ["Connection", "State", "Surroundings"]

T = TypeVar("T")

State: TypeAlias = Literal["idle", "connecting", "ready", "lost", "failed", "stopped"]
"""Not needed yet; on its way; can be called; died, and is tried again; given up until it is asked for; left."""

TRIES = 5
"""How often a server that dies is started again in a row."""

LIVED = 60.0
"""Seconds after which a server that dies has not died in a row."""

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each of these tries."""

PAGES, TOOLS = 100, 2_000
"""How much of a list is read: a server may go on for ever."""

CURRENT: ContextVar[Context | None] = ContextVar("aether_mcp_call", default=None)
"""The call that is being made: whoever the server asks something is asked for that call."""


@dataclass(frozen=True)
class Surroundings:
    """What all connections of a notebook share.

    Args:
        workspace: The folder that servers are told of, and started in.
        logs: The folder for what servers complain about.
        timeout: Seconds for connecting, and for a call of a server that has no time of its own.
        doubtful: Why a text reads like an order to a model; empty when it does not.
        asked: Answers what a server asks during a call: ``(server, call's context, the SDK's parameters)``.
    """

    workspace: Path
    logs: Path
    timeout: float
    doubtful: Callable[[str], str]
    asked: Callable[[str, Context | None, Any], Awaitable[Any]]


@dataclass
class Connection:
    """A server, and what is known of it."""

    definition: Definition
    around: Surroundings
    state: State = "idle"
    error: str = ""
    tools: tuple[Remote, ...] = ()
    version: int = 0
    """Grows whenever the tools are listed."""
    protocol: str = ""
    starts: int = 0
    calls: list[Context] = field(default_factory=list)
    _client: Client | None = None
    _task: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _leave: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Nothing is started yet."""
        self.log = BoundedLog(self.around.logs / f"mcp-{''.join(c if c.isalnum() else '-' for c in self.name)}.log")
        self._turns = Turns(self.name, self.definition.per_minute)

    @property
    def name(self) -> str:
        """What the server is called."""
        return self.definition.name

    @property
    def host(self) -> str:
        """Where it is, when it is spoken to at an address; empty for a process of this machine."""
        try:
            address = expanded(self.definition, os.environ, self.around.workspace).address
        except ConfigError:
            address = self.definition.address
        return urlsplit(address).hostname or ""

    @property
    def timeout(self) -> float:
        """Seconds that a call may take."""
        return self.definition.timeout or self.around.timeout

    # ---- its life

    async def ready(self) -> bool:
        """Have it connected; waits until it is, or is given up for now. On the agent's loop only."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            for event in ("_changed", "_settled", "_gone", "_leave"):
                setattr(self, event, asyncio.Event())
            self.state, self.error = "connecting", ""
            self._task = loop.create_task(self._own(), name=f"mcp {self.name}")
        await self._settled.wait()
        return self.state == "ready"

    async def close(self) -> None:
        """Leave it; its process ends."""
        self._leave.set()
        if self._task is not None and not self._task.done() and self._task.get_loop() is asyncio.get_running_loop():
            await asyncio.wait({self._task})
        self.state = "stopped"

    async def _own(self) -> None:
        """The task that enters and leaves the client, as often as is needed."""
        tries = 0
        while not self._leave.is_set():
            began = time.monotonic()
            try:
                await self._lived()
            except asyncio.CancelledError:
                self.state = "stopped"
                self._settled.set()
                raise
            except BaseException as error:  # noqa: BLE001  # whatever a transport raises is why there is no connection
                self.error = without_keys(_why(error, self))
                self.log.note(f"not connected: {self.error}")
            self._client = None
            if self._leave.is_set():
                break
            tries = 1 if time.monotonic() - began > LIVED else tries + 1
            if not self.version or tries > TRIES:  # one that has never come up is not started over and over
                self.state = "failed"
                self._settled.set()
                return
            self.state = "lost"
            self._settled.clear()
            try:
                async with asyncio.timeout(WAITS[min(tries, TRIES) - 1]):
                    await self._leave.wait()
            except TimeoutError:
                self.state = "connecting"
        self.state = "stopped"
        self._settled.set()

    async def _lived(self) -> None:
        """One life of the server: connected, listed, and then whatever comes, until it ends or is left."""
        try:
            from mcp import Client
            from mcp_types import Implementation
        except ImportError as error:
            hint = "pip install 'aether-nb[mcp]'"
            raise ConfigError("The package mcp is not installed.", f"It speaks to servers: {hint}", hint) from error
        around = self.around
        definition = expanded(self.definition, os.environ, around.workspace)
        self._gone.clear()
        self.starts += 1
        async with asyncio.timeout(around.timeout) as clock:
            transport = opened(definition, self.definition.what, around.workspace, self.log, self._lost)
            async with Client(
                transport,
                list_roots_callback=self._roots,
                elicitation_callback=self._elicited,
                message_handler=self._told,
                client_info=Implementation(name="aether-nb", version=VERSION),
                cache=None,
            ) as client:
                await self._list(client)
                self.protocol = client.protocol_version
                clock.reschedule(None)
                self._client, self.state, self.error = client, "ready", ""
                self._settled.set()
                await self._lasted(client)

    def _lost(self) -> None:
        """It says no more: whoever comes from now on waits for its next life."""
        self._gone.set()
        if self.state == "ready":
            self.state, self._client = "lost", None
            self._settled.clear()

    async def _lasted(self, client: Client) -> None:
        """While it is connected: its tools are listed again when they change."""
        listening = asyncio.create_task(self._listen(client))
        try:
            while not self._gone.is_set() and not self._leave.is_set():
                self._changed.clear()
                waits = [asyncio.create_task(event.wait()) for event in (self._gone, self._leave, self._changed)]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in waits:
                        one.cancel()
                if self._changed.is_set() and not self._gone.is_set() and not self._leave.is_set():
                    await asyncio.sleep(0.05)  # changes come in bunches
                    self._changed.clear()
                    async with asyncio.timeout(self.around.timeout):
                        await self._list(client)
        finally:
            self._client = None
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if self._gone.is_set() and not self._leave.is_set():
            raise ConnectionError("it has ended")

    async def _listen(self, client: Client) -> None:
        """Hear of changes from a server of the newer era, which says them only to who listens."""
        from mcp.client.subscriptions import ListenNotSupportedError

        tools = client.server_capabilities.tools
        if tools is None or not tools.list_changed:
            return
        try:
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self._changed.set()
        except ListenNotSupportedError:
            pass  # one of the older era tells without being asked
        except Exception as error:  # noqa: BLE001  # then it is not heard of; the connection itself tells when it ends
            self.log.note(without_keys(f"changes are not heard of: {type(error).__name__}: {error}"))

    async def _told(self, message: Any) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(getattr(message, "root", message), ToolListChangedNotification):
            self._changed.set()

    async def _list(self, client: Client) -> None:
        found: list[Remote] = []
        cursor: str | None = None
        if client.server_capabilities.tools is not None:
            for _ in range(PAGES):
                page = await client.list_tools(cursor=cursor)
                checking.ahead(page.tools)
                found += [remote(tool, self.around.doubtful) for tool in page.tools]
                cursor = page.next_cursor
                if not cursor or len(found) >= TOOLS:
                    break
        self.tools, self.version = tuple(found[:TOOLS]), self.version + 1

    async def _roots(self, context: Any) -> Any:
        from mcp_types import ListRootsResult, Root
        from pydantic import FileUrl

        workspace = self.around.workspace
        return ListRootsResult(roots=[Root(uri=FileUrl(workspace.as_uri()), name=workspace.name)])

    async def _elicited(self, context: Any, params: Any) -> Any:
        """What the server asks a person; for the call that it asks in, else for the one that began last."""
        call = CURRENT.get() or (self.calls[-1] if self.calls else None)
        return await self.around.asked(self.name, call, params)

    # ---- what is asked of it

    async def call(self, name: str, arguments: Mapping[str, Any], context: Context, progress: Any) -> Any:
        """Call a tool; gives the SDK's result, also one that says that it failed.

        Raises:
            RepairableToolError: It was refused, or never sent: nothing has happened.
            EffectUnknown: It was sent, and nobody knows what became of it.
        """
        await checking.there()
        async with self._turns.turn(self.timeout / 3, self._reached) as client:
            self.calls.append(context)
            token = CURRENT.set(context)
            try:
                return await self._sent(client.call_tool(name, dict(arguments), progress_callback=progress))
            finally:
                CURRENT.reset(token)
                self.calls.remove(context)

    async def things(self, kind: Literal["resources", "prompts"]) -> list[Thing]:
        """Its resources with their templates, or its prompts; at most a few hundred.

        Raises:
            RepairableToolError: It cannot be reached, or does not say.
        """
        client = await self._reached()
        has = client.server_capabilities
        if kind == "prompts":
            return prompts((await self._sent(client.list_prompts())).prompts) if has.prompts else []
        if not has.resources:
            return []
        found = (await self._sent(client.list_resources())).resources
        return resources(found, (await self._sent(client.list_resource_templates())).resource_templates)

    async def read(self, uri: str) -> Any:
        """What a resource holds, as the SDK gives it. Raises as ``call`` does."""
        client = await self._reached()
        return await self._sent(client.read_resource(uri))

    async def prompt(self, name: str, arguments: Mapping[str, str]) -> Any:
        """A prompt with its arguments put in, as the SDK gives it. Raises as ``call`` does."""
        client = await self._reached()
        return await self._sent(client.get_prompt(name, dict(arguments)))

    async def _reached(self) -> Client:
        try:
            async with asyncio.timeout(self.timeout / 3):
                there = await self.ready()
        except TimeoutError:
            there = False
        if not there or self._client is None:
            why = self.error or "it does not answer"
            hint = f"%aether mcp restart {self.name}"
            raise RepairableToolError(f"The server {self.name} is not running: nothing was sent.", f"{why}.", hint)
        return self._client

    async def _sent(self, answer: Awaitable[T]) -> T:
        """Wait for an answer, and say in our words what it means when there is none."""
        from mcp.shared.exceptions import MCPError
        from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT
        from pydantic import ValidationError

        try:
            return await answer
        except MCPError as error:
            if error.code not in (CONNECTION_CLOSED, REQUEST_TIMEOUT) and not self._gone.is_set():
                said = plain(error.message, 500)
                raise RepairableToolError(f"The server {self.name} refuses that.", said) from error
            broken: Exception = error
        except ValidationError as error:
            why = "It has answered, so it has done something; what it answers is not in the form that was agreed on."
            raise RepairableToolError(f"The answer of the server {self.name} cannot be read.", why) from error
        except AetherError:
            raise
        except Exception as error:  # noqa: BLE001  # a transport's own errors: the connection is not what it was
            broken = error
        self._lost()
        what = f"The server {self.name} ended while it was at it"
        raise EffectUnknown(f"{what}.", plain(str(broken), 200) or type(broken).__name__) from broken


def _why(error: BaseException, connection: Connection) -> str:
    """Why there is no connection, in a line: the first cause of a group, and what the server last said itself."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, AetherError):
        return f"{error.what} {error.why}".strip()
    if isinstance(error, TimeoutError):
        told = f"it did not answer within {connection.around.timeout:g} s"
    else:
        told = plain(str(error), 300) or type(error).__name__
    said = connection.log.tail() if connection.definition.kind == "stdio" else ""
    if "ERR_UNKNOWN_FILE_EXTENSION" in said:
        return "this Node does not run TypeScript: 22.18 and later do, and so does the command npx -y tsx FILE"
    return f"{told} ({said})" if said else told
