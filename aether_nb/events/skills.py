"""What happens to skills: one was opened, and its text read. This module knows ``values`` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aether_nb.events.values import Event

__all__ = ["SkillOpened"]


@dataclass(frozen=True, slots=True)
class SkillOpened(Event):
    """A call opened a skill, whose text was this.

    ``source`` says where it came from, ``trusted`` whether the user has installed it: then its text is an instruction,
    else it is data. ``only`` are rules about calls: beside what skills that were opened name, nothing runs. None: it
    limits nothing.
    """

    kind: ClassVar[str] = "skill.opened"
    call_id: str
    name: str
    text: str
    source: str = ""
    trusted: bool = False
    only: tuple[str, ...] | None = None
