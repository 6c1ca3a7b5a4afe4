"""The same as a server of the Model Context Protocol, on the official SDK: tools are listed, called, and asked about.

A call that would be asked about here is asked about there, of the person at the other agent's side, in sight of exactly
what would be done. A client that cannot ask gets what the policy says for nobody: no.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from aether_nb.about import VERSION
from aether_nb.errors import RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Image, Part, Text
from aether_nb.serve.visit import Outcome, Visit
from aether_nb.tools.base import Tool

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult, InputRequiredResult

__all__ = ["guarded", "server"]

ASKED = "approve"
"""The key of our question among what a client answers."""

MODERN = "2026-07-28"
"""The first version in which a server does not ask, but says what it needs to be told."""

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"approve": {"type": "boolean", "title": "Let it run?", "description": "Exactly this call, once."}},
    "required": ["approve"],
}

WORDS = (
    "The live variables of a Python kernel. Look with list_variables and inspect_variable, work with run_python. What "
    "could change files or the outside is asked about first."
)


def server(visit: Visit) -> Server:
    """The server for one visit."""
    import mcp_types as types
    from mcp.server.lowlevel import Server

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in visit.tools().values()])

    async def call_tool(context: Any, params: Any) -> CallToolResult | InputRequiredResult:
        arguments = params.arguments or {}
        try:
            asked = visit.asks(params.name, arguments)
        except RepairableToolError as error:
            return _result(Outcome((Text(str(error)),), failed=True))
        said: dict[str, bool] = {}
        if asked is not None and _can_ask(context):
            answer = await _answer(context, params, asked)
            if isinstance(answer, types.InputRequiredResult):
                return answer
            said[asked.hash] = answer
        return _result(await visit.call(params.name, arguments, said))

    return Server("aether-nb", version=VERSION, instructions=WORDS, on_list_tools=list_tools, on_call_tool=call_tool)


def _can_ask(context: Any) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and capabilities.elicitation is not None


async def _answer(context: Any, params: Any, asked: k.CallProposed) -> Any:
    """The person's yes or no; or, in the newer era, what the client has to come back with."""
    import mcp_types as types

    if context.protocol_version < MODERN:
        found = await context.session.elicit_form(question(asked), dict(SCHEMA), context.request_id)
        return _is_yes(found)
    # The state binds the answer to this exact call: another one that is sent with it is asked about anew.
    if params.request_state == _state(asked):
        return _is_yes((params.input_responses or {}).get(ASKED))
    form = types.ElicitRequestFormParams(message=question(asked), requested_schema=dict(SCHEMA))
    requests: dict[str, Any] = {ASKED: types.ElicitRequest(params=form)}
    return types.InputRequiredResult(input_requests=requests, request_state=_state(asked))


def _is_yes(found: Any) -> bool:
    return getattr(found, "action", "") == "accept" and (found.content or {}).get("approve") is True


def _state(asked: k.CallProposed) -> str:
    return hashlib.sha256(f"aether approve {asked.hash}".encode()).hexdigest()


def question(asked: k.CallProposed) -> str:
    """What a person has to see of a call before a yes: what it does, why it is asked about, and all its arguments."""
    lines = [f"{asked.call.name} wants to run ({asked.risk} risk): {asked.effect_text or asked.purpose}"]
    lines += [f"· {reason}" for reason in asked.reasons]
    for name, value in asked.call.arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        lines.append(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}")
    return "".join(sign for sign in "\n".join(lines) if sign.isprintable() or sign in "\n\t")


def _described(tool: Tool) -> Any:
    import mcp_types as types

    spec = tool.spec
    notes = types.ToolAnnotations(read_only_hint=True, open_world_hint=False) if tool.reads else None
    return types.Tool(
        name=spec.name, description=spec.description, input_schema=dict(spec.parameters), annotations=notes
    )


def _result(outcome: Outcome) -> CallToolResult:
    import mcp_types as types

    return types.CallToolResult(content=[_block(part) for part in outcome.parts], is_error=outcome.failed)


def _block(part: Part) -> Any:
    import mcp_types as types

    if isinstance(part, Image):
        return types.ImageContent(type="image", data=part.base64, mime_type=part.mime)
    return types.TextContent(type="text", text=part.text)


App = Callable[[Any, Any, Any], Awaitable[None]]


def guarded(app: App, token: str) -> App:
    """An application of the web that only answers who knows the token."""
    wanted = f"Bearer {token}".encode()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, wanted):
                head = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
                await send({"type": "http.response.start", "status": 401, "headers": head})
                await send({"type": "http.response.body", "body": b"The token is missing, or it is another one.\n"})
                return
        await app(scope, receive, send)

    return answer
