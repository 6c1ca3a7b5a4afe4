"""Routing: which profile a small model names, and that nothing else comes of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb.agent.profiles import Profile
from aether_nb.agent.routing import routed
from aether_nb.errors import ModelUnavailable
from aether_nb.events.kinds import ProfileRouted
from aether_nb.events.messages import Usage

THERE = (Profile("security", description="Weak spots."), Profile("Data", description="Tables."), Profile("mute"))
PAID = Usage(7, 3, 0.01)


def route(said: str | Exception) -> tuple[Profile | None, ProfileRouted, list[str]]:
    """What comes of an answer, and what was asked."""
    asked: list[str] = []

    async def ask(told: str, what: str, data: str) -> tuple[str, Usage]:
        asked.extend((told, what, data))
        if isinstance(said, Exception):
            raise said
        return said, PAID

    return (*asyncio.run(routed("Is it safe?", THERE, ask, "u:small")), asked)


@pytest.mark.parametrize(
    ("said", "name", "because"),
    [
        ("security: it asks about safety.", "security", "it asks about safety."),
        ("\n **Data**:  rows\tand columns\nand more", "Data", "rows and columns"),
        ("`security`", "security", "it fits best"),
        ("none: nothing fits", "", "nothing fits"),
        ("root: I may do all", "", "no profile was chosen: u:small named none that there is"),
        ("mute: quiet", "", "no profile was chosen: u:small named none that there is"),
        ("", "", "no profile was chosen: u:small named none that there is"),
    ],
)
def test_only_a_profile_that_there_is_is_chosen(said: str, name: str, because: str) -> None:
    """Whatever a model says: a profile with a description, or none; with the reason, and what it cost."""
    profile, event, asked = route(said)
    assert (profile.name if profile else "") == name
    assert event == ProfileRouted(name, because, "u:small", PAID)
    assert "- security: Weak spots.\n- Data: Tables.\n- none" in asked[0]
    assert "mute" not in asked[0]
    assert asked[1:] == ["Is it safe?", ""]


def test_without_a_model_for_small_tasks_nobody_is_asked() -> None:
    """The run works as always, and says what to type."""
    profile, event = asyncio.run(routed("x", THERE, None, ""))
    assert profile is None
    assert "--role utility" in event.because


def test_a_model_that_does_not_answer_stops_no_run() -> None:
    """It works as always, and says why."""
    failure: Any = ModelUnavailable("It is down.")
    profile, event, _ = route(failure)
    assert (profile, event.because) == (None, "no profile was chosen: It is down.")
