"""The same as a server of the Model Context Protocol, on the official SDK: tools are listed, called, and asked about.

A call that would be asked about here is asked about there, of the person at the other agent's side, in sight of exactly
what would be done. A client that cannot ask gets what the policy says for nobody: no.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aether_nb.about import VERSION
from aether_nb.errors import RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.codec import without_halves
from aether_nb.events.messages import Image, Part, Text
from aether_nb.serve.visit import Asked, Outcome, Visit, Wanted
from aether_nb.tools.base import Tool

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult, InputRequiredResult

__all__ = ["ending", "guarded", "server"]

ASKED, ANSWER = "question", "answer"
"""The key of our question among what a client answers, and that of the answer in its form."""

YES, NO = "yes, run it", "no"
"""What may be said to a call."""

MODERN = "2026-07-28"
"""The first version in which a server does not ask, but says what it needs to be told."""

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
        if (wanted := visit.going.get(params.request_state or "")) is not None:  # its answer to a question of a call
            if wanted.last is not None:
                wanted.last.say(_word((params.input_responses or {}).get(ASKED)))
            return await _followed(visit, context, wanted)
        arguments = params.arguments or {}
        try:
            asked = visit.asks(params.name, arguments)
        except RepairableToolError as error:
            return _result(Outcome((Text(str(error)),), failed=True))
        said: dict[str, bool] = {}
        if asked is not None and _can_ask(context):
            found = await _answer(visit, context, params, asked)
            if isinstance(found, types.InputRequiredResult):
                return found
            said[asked.hash] = _word(found) == YES
        return await _followed(visit, context, await visit.begin(params.name, arguments, said, _can_ask(context)))

    return Server("aether-nb", version=VERSION, instructions=WORDS, on_list_tools=list_tools, on_call_tool=call_tool)


def _can_ask(context: Any) -> bool:
    capabilities = context.session.client_capabilities
    return capabilities is not None and capabilities.elicitation is not None


async def _answer(visit: Visit, context: Any, params: Any, asked: k.CallProposed) -> Any:
    """What the person says to a call; or, in the newer era, what the client has to come back with."""
    # The state binds the answer to this exact call: what was not asked about by us is asked about.
    state = hmac.new(visit.secret, asked.hash.encode(), "sha256").hexdigest()
    if params.request_state == state:
        return (params.input_responses or {}).get(ASKED)
    return await _put(context, question(asked), (YES, NO), state)


async def _followed(visit: Visit, context: Any, wanted: Wanted) -> CallToolResult | InputRequiredResult:
    """A call to its end; what is asked in the middle of it is asked at the other side."""
    import mcp_types as types

    while isinstance(came := await visit.next(wanted), Asked):
        found = await _put(context, _readable(came.question.text), came.question.options, wanted.id)
        if isinstance(found, types.InputRequiredResult):
            return found
        came.say(_word(found))
    return _result(came)


async def _put(context: Any, text: str, options: tuple[str, ...], state: str) -> Any:
    """Ask the person at the other side: the answer or, in the newer era, what the client has to come back with."""
    import mcp_types as types

    field: dict[str, Any] = {"type": "string", "title": "Answer"} | ({"enum": list(options)} if options else {})
    schema = {"type": "object", "properties": {ANSWER: field}, "required": [ANSWER]}
    if context.protocol_version < MODERN:
        return await context.session.elicit_form(text, schema, context.request_id)
    form = types.ElicitRequestFormParams(message=text, requested_schema=schema)
    requests: dict[str, Any] = {ASKED: types.ElicitRequest(params=form)}
    return types.InputRequiredResult(input_requests=requests, request_state=state)


def _word(found: Any) -> str | None:
    """What somebody has answered; None when it was declined."""
    content = getattr(found, "content", None) if getattr(found, "action", "") == "accept" else None
    said = (content or {}).get(ANSWER)
    return said if isinstance(said, str) else None


def question(asked: k.CallProposed) -> str:
    """What a person has to see of a call before a yes: what it does, why it is asked about, and all its arguments."""
    lines = [f"{asked.call.name} wants to run ({asked.risk} risk): {asked.effect_text or asked.purpose}"]
    lines += [f"· {reason}" for reason in asked.reasons]
    for name, value in asked.call.arguments.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        lines.append(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}")
    return _readable("\n".join(lines))


def _readable(text: str) -> str:
    """Without signs that could hide something from a person; in place of half a pair stands that there is something."""
    return "".join(sign for sign in without_halves(text) if sign.isprintable() or sign in "\n\t")


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
    return types.TextContent(type="text", text=without_halves(part.text))


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


def ending(app: App, over: asyncio.Event) -> App:
    """An application of the web whose clients are taken for gone once it is over: a stream to one is open for ever."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        unfinished = False

        async def heard() -> Any:
            both = came, _ = asyncio.ensure_future(receive()), asyncio.ensure_future(over.wait())
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                return came.result() if came.done() else {"type": "http.disconnect"}
            finally:
                for one in both:
                    one.cancel()

        async def said(message: Any) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        await app(scope, heard, said)
        if unfinished and over.is_set():
            await send({"type": "http.response.body", "body": b""})

    return answer
