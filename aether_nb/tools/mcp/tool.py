"""A tool of a server, as every tool of the house: checked, judged, run, and in doubt when its server dies.

It may be used as any other: the loop, the gates and the record do not know that it lives elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import Effect, Progress, Risk
from aether_nb.events.messages import ToolSpec
from aether_nb.tools.base import Assessment, Care, Context, Result, Where
from aether_nb.tools.mcp.connection import Connection
from aether_nb.tools.mcp.remote import Remote, judged, plain
from aether_nb.tools.mcp.results import result_of

__all__ = ["ServerTool", "server_tool"]

SHOWN_EVERY = 0.1
"""Seconds between two pieces of progress that are shown; a server may send thousands."""

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True)
class ServerTool:
    """One tool of one server.

    Args:
        spec: What a model is told; ``name`` is ours, ``server__tool``.
        connection: The server.
        remote: The tool as the server has it.
        risk: How much a call could hurt.
        effect: What it leaves behind.
        reasons: Why that is so, for the person who is asked.
        care: What is done when it takes too long or is in doubt.
    """

    spec: ToolSpec
    connection: Connection
    remote: Remote
    risk: Risk
    effect: Effect
    reasons: tuple[str, ...]
    care: Care
    where: Where = "loop"

    @property
    def reads(self) -> bool:
        """Whether it only ever reads, as far as the user takes its server's word."""
        return self.effect == "pure" and self.risk == "low"

    @property
    def together(self) -> bool:
        """Whether calls of it may run beside others."""
        return self.reads

    def assess(self, arguments: Mapping[str, Any], context: Context) -> Assessment:
        """What a call could do: a server's tool is judged as a whole, for nobody knows what its arguments mean."""
        what = f"calls {self.remote.name} of the server {self.connection.name}"
        host = self.connection.host
        if not host:
            return Assessment(self.risk, self.effect, self.reasons, what)
        return Assessment(self.risk, self.effect, (*self.reasons, f"what is sent goes to {host}"), f"{what} at {host}")

    def purpose(self, arguments: Mapping[str, Any]) -> str:
        """The tool's title, or its name, and whose it is."""
        return f"{self.connection.name}: {self.remote.title or plain(self.remote.name, 80)}"

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments, looked at as far as can be told without the server: names, and plain types."""
        properties: Mapping[str, Any] = self.spec.parameters.get("properties") or {}
        required = self.spec.parameters.get("required")
        missing = [str(name) for name in (required if isinstance(required, list) else []) if name not in arguments]
        closed = self.spec.parameters.get("additionalProperties") is False
        unknown = [name for name in arguments if closed and name not in properties]
        wrong = [name for name, value in arguments.items() if not _fits(properties.get(name), value)]
        if missing or unknown or wrong:
            told = (("missing", missing), ("not known", unknown), ("of the wrong type", wrong))
            problems = "; ".join(f"{what}: {', '.join(names)}" for what, names in told if names)
            takes = ", ".join(str(name) for name in properties) or "no arguments"
            raise RepairableToolError(f"{self.spec.name} cannot be called like this.", problems, f"It takes: {takes}.")
        return dict(arguments)

    async def run(self, arguments: Mapping[str, Any], context: Context) -> Result:
        """Call it, and make a result of what comes."""
        shown, host = 0.0, self.connection.host
        if host and (rule := context.forbids(host=host)):
            raise RepairableToolError(f"{host} may not be spoken to.", f"The rule {rule} forbids it.")

        async def progress(done: float, total: float | None, message: str | None) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= SHOWN_EVERY or done == total:
                shown = now
                context.emit(Progress(context.call_id, done, total or 0.0, plain(message, 200)))

        answer = await self.connection.call(self.remote.name, arguments, context, progress)
        return await result_of(self.connection.name, self.remote.name, answer)


def server_tool(name: str, connection: Connection, remote: Remote, trusted: bool) -> ServerTool:
    """A tool of a server under a name of ours.

    Args:
        name: What a model calls it.
        connection: The server.
        remote: The tool there.
        trusted: Whether the user takes the server's word on its tools.
    """
    risk, effect, reasons = judged(remote.hints, trusted)
    again = 0 if effect == "external" else 1
    care = Care(timeout=connection.timeout, retries=again, version=remote.version)
    told = f"[{connection.name}] {remote.description or remote.title or remote.name}"
    return ServerTool(
        ToolSpec(name, told, remote.schema, connection.name), connection, remote, risk, effect, reasons, care
    )


def _fits(schema: Any, value: Any) -> bool:
    """Whether a value has the plain type that a schema names; what is said in another way is the server's business."""
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    wanted = TYPES.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        return True
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, wanted) or (kind == "integer" and isinstance(value, float) and value.is_integer())
