"""A program's own requests keep to the limits of data, as those of a notebook do."""

from __future__ import annotations

import pytest

from aether_nb import Aether, ScriptedModel
from aether_nb.events.messages import ToolCall


class Elsewhere(ScriptedModel):
    """A scripted model that counts as one that is not on this machine."""

    local = False


def read() -> str:
    """Read something."""
    return "ann@planted.example"


@pytest.mark.parametrize("level", ["schema", "all"])
async def test_what_a_tool_of_a_program_brings_is_withheld_within_limits(
    level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the program says itself is its own word; what its tools bring is free output."""
    monkeypatch.setenv("AETHER_DATA", level)
    model = Elsewhere([ToolCall("", "read", {}), "Done."])
    await Aether(model=model).ask("Who is it? I am me@planted.example", tools=[read])
    assert "me@planted.example" in str(model.requests[0])
    assert ("ann@planted.example" in str(model.requests[1])) is (level == "all")


async def test_a_single_request_goes_out_without_keys() -> None:
    """A key in a prompt is masked for a model that is elsewhere."""
    model = Elsewhere(["Done."])
    await Aether(model=model).complete("use sk-proj-abcdefghijklmnop1234")
    assert model.requests[0].messages[-1].text == "use ***"
