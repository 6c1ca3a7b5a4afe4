"""Which tools a model is told of, when some are found by searching; and calls whose server is gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb.agent.fencing import fenced, unfenced
from aether_nb.agent.offering import frozen, narrowed
from aether_nb.errors import EffectUnknown
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text
from aether_nb.tools.mcp.remote import Remote
from aether_nb.tools.mcp.tool import ServerTool, server_tool
from aether_nb.tools.searching import FIND, FindTools, Index
from harness.agent import YES, Script, call, resumed, stage


class Far:
    """A server that ends with each call."""

    name, timeout, host = "far", 5.0, ""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def call(self, name: str, arguments: Any, context: Any, progress: Any) -> Any:
        """Never an answer."""
        self.calls.append(name)
        raise EffectUnknown("The server far ended while it was at it.", "Connection closed")


def far(name: str, description: str = "", server: Far | None = None, **hints: bool) -> ServerTool:
    """A tool of it."""
    remote = Remote(name, "", description, hints=hints)
    return server_tool(f"far__{name}", server or Far(), remote, True)  # type: ignore[arg-type]


def searching() -> list[Any]:
    """Two tools that have to be searched for, and the tool that searches."""
    tools = [far("mail", "Send mail to somebody."), far("bake", "Bake a cake.")]
    return [FindTools(Index([tool.spec for tool in tools]), {"far": 2}), *tools]


def offered(stage: Any, request: int) -> list[str]:
    """The tools of a server that a model was told of in its n-th request."""
    return [spec.name for spec in stage.model.requests[request].tools if spec.name.startswith(("far__", FIND))]


def test_a_tool_is_offered_once_it_has_been_found() -> None:
    """Before the search a model is told of the search alone, after it of what was found; others stay out."""
    run = stage([call(FIND, query="send mail"), "done"], tools=searching())
    run.drive()
    assert offered(run, 0) == [FIND]
    assert offered(run, 1) == [FIND, "far__mail"]


def test_what_was_found_is_known_after_a_crash() -> None:
    """It stands in the record, so whoever goes on with the run is told of the same tools."""
    left = stage([call(FIND, query="mail"), KeyboardInterrupt()], tools=searching())
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(left.driver.drive())
    again = resumed(left, ["done"], tools=searching())
    assert [spec.name for spec in again.driver.calls.specs() if spec.name.startswith("far__")] == ["far__mail"]


def test_a_run_begins_with_what_it_is_told_of() -> None:
    """Hundreds of tools that may be found do not stand in its first event; whoever begins with these may find them."""
    tools = {tool.spec.name: tool for tool in searching()}
    assert list(frozen(tools)) == [FIND]
    assert narrowed(tools, [FIND, "gone"]) == tools
    assert narrowed(tools, ["gone"]) == {}


def test_a_call_whose_server_is_gone_is_in_doubt() -> None:
    """It may have acted: a person says what became of it, and it is not sent again by itself."""
    server = Far()
    person = Script([YES], ["skip it"])
    run = stage([call("far__pay"), "done"], tools=[far("pay", server=server)], person=person)
    run.drive()
    assert server.calls == ["pay"]
    doubt = next(event for event in run.stored if isinstance(event, k.CallDoubtful))
    assert doubt.what == "The server far ended while it was at it. Connection closed"
    assert person.asked[-1].doubt


def test_a_call_that_only_reads_is_made_again() -> None:
    """Reading twice harms nobody: once more by itself, and then it has failed."""
    server = Far()
    read = far("read", server=server, read_only=True, open_world=False)
    run = stage([call("far__read"), "done"], tools=[read])
    run.drive()
    assert server.calls == ["read", "read"]
    assert [kind for kind in run.kinds if kind.startswith("call.")][-2:] == ["call.begun", "call.failed"]


def test_a_fence_can_be_taken_away_again() -> None:
    """Who is told of no fence gets the text as it was."""
    message = Message("tool", (Text("two\nlines"),), call_id="c")
    (part,), _ = fenced(message, message.parts, "ab12", None)
    assert isinstance(part, Text) and "ab12" in part.text
    assert unfenced(part.text, "ab12") == "two\nlines"
    assert unfenced("plain", "") == "plain"
