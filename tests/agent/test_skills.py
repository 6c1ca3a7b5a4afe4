"""What an opened skill means for a run: whose words it speaks, and what it limits the run to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aether_nb import tool
from aether_nb.agent.context import compose
from aether_nb.events.kinds import SkillOpened
from aether_nb.events.messages import Text
from aether_nb.tools.base import Context, Result
from harness.agent import call, look, stage

SKILL = SkillOpened("", "tidy", "Do it so.", "your own", True)


@tool(risk="low", effect="pure", where="loop")
async def open_one(context: Context, trusted: bool = True, only: str = "") -> Result:
    """Open a skill."""
    rules = tuple(only.split()) if only else None
    event = replace(SKILL, call_id=context.call_id, trusted=trusted, only=rules)
    return Result((Text("it is open" if trusted else SKILL.text),), (), (event,))


def test_a_trusted_skill_speaks_for_the_user() -> None:
    """Its text is a message of its own behind the result; that of another is a result, and so data."""
    play = stage([call("open_one"), "ok"], tools=[open_one])
    state = play.drive()
    assert [(message.role, message.text) for message in state.messages[-3:-1]] == [
        ("tool", "it is open"),
        ("user", "(the skill tidy, which the user has installed)\nDo it so."),
    ]
    assert [skill.name for skill in state.skills] == ["tidy"]
    other = stage([call("open_one", trusted=False), "ok"], tools=[open_one])
    assert [message.role for message in other.drive().messages[-2:]] == ["tool", "assistant"]


def test_a_skill_keeps_a_run_to_its_tools() -> None:
    """Beside what the opened skills name nothing runs, whoever would say yes; another that names more adds to it."""
    replies = [
        call("open_one", "a", only="open_one"),
        call("look", "b"),
        call("open_one", "c", only="look"),
        call("look", "d"),
        "ok",
    ]
    play = stage(replies, tools=[open_one, look])
    state = play.drive()
    assert {id: each.status for id, each in state.calls.items()} == {
        "a": "finished",
        "b": "denied",
        "c": "finished",
        "d": "finished",
    }
    assert "the rule allowed-tools of the opened skill forbids it" in play.told(2)


def test_a_skill_without_a_limit_limits_nothing() -> None:
    """Only what a skill says of itself holds."""
    play = stage([call("open_one"), call("look", "b"), "ok"], tools=[open_one, look])
    assert play.drive().calls["b"].status == "finished"


def test_a_model_is_told_of_skills_by_whose_they_are() -> None:
    """Those that the user has installed stand among the rules; a project's stand with the data, behind the fence."""
    told = compose(
        "q", (), mode="ask", workspace=Path("/w"), prior=(), skills=("Skills: eda", "Skills of the project: x")
    )
    assert told[0].text.endswith("Skills: eda")
    assert [part.data for part in told[-1].parts if "of the project" in part.text] == ["schema"]  # type: ignore[union-attr]
