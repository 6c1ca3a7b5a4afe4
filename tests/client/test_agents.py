"""A program gives a task to an agent of its own: a function that is handed a house."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb import Aether, ScriptedModel, host, plugins, registry, tool
from aether_nb.errors import OptionError, RunFailed
from aether_nb.events import kinds as k


def weather(city: str) -> str:
    """The weather in a city."""
    return f"rain in {city}"


async def forecaster(house: Any) -> str:
    """Tells the weather."""
    told = await house.call("weather", city="Kiel")
    return f"{(await house.model([house.task, told])).text} ({told})"


@pytest.fixture(autouse=True)
def _own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])


@pytest.mark.parametrize("named", [True, False])
async def test_a_function_works_on_a_task_instead_of_the_model(named: bool) -> None:
    """Its calls and requests are those of the run; what it returns is the answer."""
    host(forecaster)
    ai = Aether(model=ScriptedModel(["Take a coat."]), tools=[weather])
    handle = ai.run("What shall I wear?", agent="forecaster" if named else forecaster)
    kinds = [entry.event.kind async for entry in handle]
    response = await handle
    assert response.text == "Take a coat. (rain in Kiel)"
    assert [call.name for call in response.tool_calls] == ["weather"]
    assert kinds.count("agent.said") == 2
    assert (await ai.ask("And now?", agent=lambda house: house.task)).text == "And now?"


async def test_it_is_narrowed_as_where_it_was_hosted() -> None:
    """Its tools, its rules, its mode and its limit of data hold for a program as for a cell."""

    @tool(risk="low", effect="pure")
    def sums() -> str:
        """Sums of the data."""
        return "7"

    told: list[str] = []

    async def agent(house: Any) -> None:
        told.extend(house.tools)
        with pytest.raises(Exception, match="the rule sums forbids it"):
            await house.call("sums")

    host(name="narrow", tools=["sums"], deny=["sums"], mode="plan", data="schema")(agent)
    handle = Aether(model=ScriptedModel([]), tools=[weather, sums]).run("?", agent="narrow")
    assert (await handle).text == "Done."
    assert told == ["sums"]
    started = handle.state.started
    assert started is not None
    assert (started.mode, started.agent) == ("plan", "narrow")


async def test_what_an_agent_cannot_do_is_said() -> None:
    """A type, pieces, a name nobody has, and a function that is none: before anything is asked."""
    ai = Aether(model=ScriptedModel([]))
    with pytest.raises(OptionError, match="answers in words"):
        await ai.ask("?", agent=forecaster, as_=int)
    with pytest.raises(OptionError, match="has no pieces"):
        async for _ in ai.stream("?", agent=forecaster):
            pass
    with pytest.raises(OptionError, match="No agent is hosted as 'nobody'"):
        await ai.ask("?", agent="nobody")
    with pytest.raises(OptionError, match="cannot be hosted"):
        await ai.ask("?", agent=lambda: 1)


async def test_an_agent_that_breaks_off_raises_where_it_is_awaited() -> None:
    """With its words; the run's log says the same."""

    def agent(house: Any) -> None:
        raise LookupError("no such city")

    handle = Aether(model=ScriptedModel([])).run("?", agent=agent)
    with pytest.raises(RunFailed, match="broke off with LookupError"):
        await handle
    assert isinstance(handle.state.ended, k.RunEnded)
    assert handle.state.ended.outcome == "failed"


async def test_an_agent_ends_at_the_limits_of_its_task() -> None:
    """As any run of a program."""
    from aether_nb.events.kinds import Limits

    async def endless(house: Any) -> None:
        while True:
            await house.call("weather", city="Kiel")

    with pytest.raises(RunFailed, match="limit of 3 steps"):
        await Aether(model=ScriptedModel([]), tools=[weather]).ask("?", agent=endless, limits=Limits(steps=3))
