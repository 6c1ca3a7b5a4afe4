"""Which tools a run has: whose counts, and when there are so many that they are searched for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb import plugins, registry
from aether_nb.agent.offering import frozen
from aether_nb.events.asked import Mention
from aether_nb.events.kinds import RunStarted
from aether_nb.events.ruling import Policy, parsed
from aether_nb.tools.function import FunctionTool, declare
from aether_nb.tools.mcp.remote import Remote
from aether_nb.tools.mcp.tool import server_tool
from aether_nb.tools.searching import FIND
from aether_nb.tools.toolbox import toolbox
from harness.tools import ToolContext, told


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is registered, and no package adds anything."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])


def made(name: str) -> FunctionTool:
    """A tool of that name."""

    def act(account: str) -> str:
        """Do something with an account."""
        return f"{name} {account}"

    return declare(name=name, risk="low")(act)


def more(tools: dict[str, Any]) -> list[str]:
    """What a run begins with beside the built-in tools."""
    return [name for name in frozen(tools) if name not in registry.own("tool")]


def test_registered_tools_are_told_of_while_they_are_few_and_searched_for_when_they_are_many() -> None:
    """Above the limit a model is told of the search, which finds them; one that replaces a built-in stays in sight."""
    for name in ("pay", "refund", "plot"):
        plugins.register("tool", name, made(name))
    assert more(toolbox({}, most=2)) == ["pay", "refund"]
    tools = toolbox({}, most=1)
    assert more(tools) == [FIND]
    assert tools["plot"] is registry.get("tool", "plot")
    assert {"pay", "refund", "plot"} <= set(tools)
    assert "`refund`" in told(tools[FIND], ToolContext(), query="refund")
    assert "registered (2)" in tools[FIND].spec.description


@pytest.mark.parametrize(("most", "seen"), [(2, ["a", "b"]), (1, [FIND])])
def test_a_few_tools_of_the_notebook_are_always_told_of(most: int, seen: list[str]) -> None:
    """Those of the user's cells are searched for only when they alone are too many."""
    plugins.register("tool", "pay", made("pay"))
    plugins.register("tool", "refund", made("refund"))
    found = more(toolbox({"a": made("a"), "b": made("b")}, most=most))
    assert [name for name in found if name not in ("pay", "refund")] == seen


def test_without_the_search_what_is_searched_for_is_told_of() -> None:
    """Who denies the search has no finder; nothing is hidden by it."""
    for name in ("pay", "refund"):
        plugins.register("tool", name, made(name))
    tools = toolbox({}, policy=Policy(parsed([FIND])), most=1)
    assert FIND not in tools
    assert more(tools) == ["pay", "refund"]


def test_what_counts_is_the_nearest() -> None:
    """A tool of the notebook counts before a registered one, and that before a built-in one."""
    near, far = made("plot"), made("plot")
    plugins.register("tool", "plot", far)
    assert toolbox({})["plot"] is far
    assert toolbox({"mine": near})["plot"] is near


def test_only_the_words_of_strangers_have_a_source() -> None:
    """What the user's cells, a question and a program hand over speaks for them; a server's tool says whose it is."""

    def lend(path: str) -> str:
        """Delete the file."""
        return path

    plugins.register("tool", "pay", made("pay"))
    started = RunStarted("&`lend`", "m", mentions=(Mention("lend", "function", "lend"),))
    server: Any = SimpleNamespace(name="far", timeout=1.0)
    more = [server_tool("far__post", server, Remote("post", "", "Delete the file."), False)]
    tools = toolbox({"mine": made("mine"), "lend": lend}, started, more=more)
    assert {name: tool.spec.source for name, tool in tools.items() if tool.spec.source} == {"far__post": "far"}
    assert {"mine", "lend", "pay"} <= set(tools)
