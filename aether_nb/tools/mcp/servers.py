"""The servers of one notebook: which there are, which may run, and the tools that they bring to a run.

Looked at with every question; the SDK is imported when the first server is started that somebody has agreed to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb.errors import OptionError
from aether_nb.events.kinds import Progress
from aether_nb.events.messages import Part
from aether_nb.tools.agreeing.agreed import Agreements, Say
from aether_nb.tools.agreeing.definitions import Definition
from aether_nb.tools.base import Tool
from aether_nb.tools.mcp.places import Places, defined

if TYPE_CHECKING:
    from aether_nb.tools.mcp.connection import Connection, Surroundings

__all__ = ["Row", "Servers", "no_servers"]

AT_ONCE = 8
"""Servers that are connected side by side."""

PATIENCE = 60.0
"""Seconds for which a server that could not be connected is left alone; then it is tried beside what goes on."""


@dataclass(frozen=True)
class Row:
    """How it stands with one server, for people."""

    definition: Definition
    say: Say
    state: str
    error: str = ""
    tools: int = 0
    protocol: str = ""
    starts: int = 0


@dataclass
class Servers:
    """All servers of a notebook.

    Args:
        places: Says where servers are defined, each time anew; None for nowhere.
        agreements: What the user has said about them.
        around: What connections share; made when it is first needed.
    """

    places: Callable[[], Places | None]
    agreements: Agreements
    around: Callable[[], Surroundings]
    _definitions: dict[str, Definition] = field(default_factory=dict)
    _says: dict[str, Say] = field(default_factory=dict)
    _connections: dict[str, Connection] = field(default_factory=dict)
    _failed: dict[str, float] = field(default_factory=dict)
    _beside: set[asyncio.Task[None]] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _notes: list[str] = field(default_factory=list)
    _made: tuple[object, dict[str, Tool]] = ((), {})

    # ---- what there is

    def look(self) -> list[Definition]:
        """Read anew which servers are defined, and what was said about them.

        Raises:
            ConfigError: A file of settings cannot be read.
        """
        places = self.places()
        self._definitions = {one.name: one for one in (defined(places) if places else ())}
        self._says = {name: self.agreements.said(one) for name, one in self._definitions.items() if not one.problem}
        return list(self._definitions.values())

    def named(self, name: str) -> Definition:
        """The server of that name.

        Raises:
            OptionError: There is none.
        """
        self.look()
        if name in self._definitions:
            return self._definitions[name]
        from difflib import get_close_matches

        near = get_close_matches(name, self._definitions, 1)
        why = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(self._definitions) or 'none'}."
        raise OptionError(f"No server is called {name!r}.", why, "%aether mcp")

    def rows(self) -> list[Row]:
        """How it stands with all of them."""
        self.look()
        return [self._row(one) for one in self._definitions.values()]

    def _row(self, one: Definition) -> Row:
        if one.problem:
            return Row(one, "unasked", "wrong", one.problem)
        say, connection = self._says[one.name], self._connections.get(one.name)
        if say in ("unasked", "off"):
            return Row(one, say, "not agreed to" if say == "unasked" else "off")
        if connection is None:
            return Row(one, say, "idle")
        known = connection
        return Row(one, say, known.state, known.error, len(known.tools), known.protocol, known.starts)

    def connection(self, name: str) -> Connection:
        """The way to a server that may run.

        Raises:
            OptionError: There is none of that name, or nobody has agreed to it.
        """
        one = self.named(name)
        if one.problem:
            raise OptionError(
                f"The server {name} cannot be used.", f"{one.source}: {one.problem}.", "Correct it there."
            )
        if self._says[name] in ("unasked", "off"):
            what = f"The server {name} may not be started: nobody has agreed to it."
            raise OptionError(what, f"It would run: {one.what}", f"%aether mcp enable {name}")
        return self._connected(one)

    def _connected(self, one: Definition) -> Connection:
        from aether_nb.tools.mcp.connection import Connection

        known = self._connections.get(one.name)
        if known is None or known.definition != one:
            known = self._connections[one.name] = Connection(one, self.around())
        return known

    # ---- for a run

    async def ready(self) -> None:
        """Have all servers connected that may be, side by side; as long as the slowest takes. On the agent's loop."""
        self.look()
        wanted = [one for name, one in self._definitions.items() if self._says.get(name) in ("on", "trusted")]
        await self._drop(one.name for one in wanted)
        now = time.monotonic()
        due = [one for one in wanted if one.name not in self._failed]
        again = [one for one in wanted if now - self._failed.get(one.name, now) >= PATIENCE]
        room = asyncio.Semaphore(AT_ONCE)

        async def one_ready(one: Definition) -> None:
            async with room:
                if await self._connected(one).ready():
                    self._failed.pop(one.name, None)
                else:
                    self._failed[one.name] = time.monotonic()

        for one in again:  # nobody waits a second time for one that did not come; its tools are there when it does
            self._failed[one.name] = now
            task = asyncio.create_task(one_ready(one))
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)
        await asyncio.gather(*map(one_ready, due))
        self._notes = self._noted(due)

    async def mentioned(self, prompt: str) -> tuple[Part, ...]:
        """What the resources hold that a question mentions as ``@server:uri``. On the agent's loop.

        Raises:
            MentionFailed: One cannot be read.
        """
        if "@" not in prompt or not self._definitions:
            return ()
        from aether_nb.tools.mcp.mentioning import mentioned
        from aether_nb.tools.mcp.results import parts_of_contents

        async def read(name: str, uri: str) -> list[Part]:
            return await parts_of_contents((await self.connection(name).read(uri)).contents)

        return await mentioned(prompt, frozenset(self._definitions), read)

    def told(self) -> Iterator[Progress]:
        """What a person should know, once: servers that nobody has agreed to, and those that failed."""
        notes, self._notes = self._notes, []
        yield from (Progress("", 0, note=note) for note in notes)

    async def _drop(self, wanted: Iterable[str]) -> None:
        """Leave servers that are defined no more, or otherwise, or that may not run any more."""
        names = set(wanted)
        for name, connection in list(self._connections.items()):
            if name not in names or connection.definition != self._definitions[name]:
                del self._connections[name]
                self._failed.pop(name, None)
                await connection.close()

    def _noted(self, due: Iterable[Definition]) -> list[str]:
        notes = []
        unasked = [
            one.name
            for one in self._definitions.values()
            if self._says.get(one.name) == "unasked" and one.scope == "project" and one.name not in self._told
        ]
        if unasked:
            self._told |= set(unasked)
            names = ", ".join(unasked)
            notes.append(f"This project defines servers that nobody has agreed to: {names}. See them: %aether mcp")
        for one in due:
            if one.name in self._failed:
                error = self._connections[one.name].error
                notes.append(
                    f"The server {one.name} is not there: {error[:200]}. Again: %aether mcp restart {one.name}"
                )
        return notes

    def tools(self) -> dict[str, Tool]:
        """The tools of all servers that are connected, by the names that a model uses; made anew when one changed."""
        ready = [
            one for one in self._connections.values() if one.tools and one.state in ("ready", "lost", "connecting")
        ]
        state = tuple((one.name, one.version, self._says.get(one.name)) for one in ready)
        if state != self._made[0]:
            self._made = state, self._make(ready)
        return dict(self._made[1])

    def _make(self, ready: Iterable[Connection]) -> dict[str, Tool]:
        from aether_nb.tools.mcp.remote import named
        from aether_nb.tools.mcp.tool import server_tool

        found: dict[str, Tool] = {}
        for one in ready:
            trusted, by_name = self._says.get(one.name) == "trusted", {tool.name: tool for tool in one.tools}
            for name, theirs in named(one.name, by_name, found).items():
                found[name] = server_tool(name, one, by_name[theirs], trusted)
        return found

    async def restart(self, name: str) -> Connection:
        """Leave a server and connect it again.

        Raises:
            OptionError: There is none of that name, or nobody has agreed to it.
        """
        await self.stop(name)
        connection = self.connection(name)
        if not await connection.ready():
            self._failed[name] = time.monotonic()
        return connection

    async def stop(self, name: str) -> None:
        """Leave a server, if it runs."""
        self._failed.pop(name, None)
        if (known := self._connections.pop(name, None)) is not None:
            await known.close()

    def close(self, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        """Leave all of them; ``run`` awaits something on the agent's loop."""
        if self._connections:
            run(self.aclose())

    async def aclose(self) -> None:
        """Leave all of them, side by side."""
        connections, self._connections = list(self._connections.values()), {}
        await asyncio.gather(*(one.close() for one in connections))

    @property
    def running(self) -> Mapping[str, Connection]:
        """Those that were started here."""
        return self._connections


def no_servers() -> Servers:
    """For a program that has none."""

    def nowhere() -> Surroundings:
        raise AssertionError("no server is defined")

    return Servers(lambda: None, Agreements(Path(), Path()), nowhere)
