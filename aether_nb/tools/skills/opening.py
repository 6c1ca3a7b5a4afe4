"""``use_skill``: how a model reads a skill, or a file that belongs to one.

Reading changes nothing. What a skill tells to do goes through the same tools and gates as everything else; a script of
its is a command like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import SkillOpened
from aether_nb.events.messages import Text
from aether_nb.tools.base import Context, Result
from aether_nb.tools.function import FunctionTool, declare
from aether_nb.tools.skills.skill import LONGEST, Skill
from aether_nb.tools.skills.written import Written

__all__ = ["opener"]


def opener(skills: Callable[[], Mapping[str, Skill]]) -> FunctionTool:
    """The tool by which a run opens skills.

    Args:
        skills: Gives those that there are, by name, when one is opened.
    """

    @declare(risk="low", effect="pure", where="thread", title=lambda call: f"Open the skill {call['name']}")
    def use_skill(
        name: str, context: Context, parameters: dict[str, Any] | None = None, file: str | None = None
    ) -> Result:
        """Read a skill: instructions for a kind of task, or a file that belongs to it. Open one before you follow it.

        Args:
            name: Its name, as it is listed.
            parameters: Values for a skill that asks for some.
            file: A file of the skill's folder, instead of its instructions.
        """
        known = skills()
        skill = known.get(name)
        if skill is None:
            near = get_close_matches(name, known, 1) or sorted(known)
            raise RepairableToolError(f"There is no skill {name!r}.", hint=f"There is: {', '.join(near) or 'none'}.")
        if file:
            return Result((Text(_file(skill, file)),))
        return _opened(skill, parameters or {}, context.call_id)

    return use_skill


def _opened(skill: Skill, parameters: Mapping[str, Any], call: str) -> Result:
    written = skill.fields.get("written")
    if isinstance(written, Written):
        needs = written.as_tool.spec.parameters.get("required")
        text = skill.text if needs and not parameters else written.text(parameters)
    else:
        text = f"{skill.text}{_told_of_files(skill)}"
    event = SkillOpened(call, skill.name, text, skill.source, skill.trusted, skill.only)
    words = f"{skill.name} is open; its text follows." if skill.trusted else text
    shown = {"text/plain": f"{skill.name} ({skill.source}): {skill.description}"}
    return Result((Text(words),), (shown,), (event,))


def _told_of_files(skill: Skill) -> str:
    files = skill.files()
    if not files:
        return ""
    listed = "\n".join(f"- {file}" for file in files)
    how = "read one with use_skill and file; run a script with shell"
    return f"\n\nFiles of this skill, in {skill.folder} ({how}):\n{listed}"


def _file(skill: Skill, name: str) -> str:
    """A file of a skill's folder.

    Raises:
        RepairableToolError: It has no such file, or it is no text.
    """
    folder = skill.folder
    place = Path(folder / name).resolve() if folder is not None else None
    if folder is None or place is None or not place.is_relative_to(folder.resolve()) or not place.is_file():
        there = ", ".join(skill.files()) or "none"
        raise RepairableToolError(f"The skill {skill.name} has no file {name!r}.", hint=f"It has: {there}.")
    with place.open(encoding="utf-8", errors="replace") as opened:
        text = opened.read(LONGEST + 1)
    if "\0" in text[:1000]:
        raise RepairableToolError(f"{name} is no text.", hint="A script can use it by its path: run it with shell.")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… cut at {LONGEST:,} characters"
