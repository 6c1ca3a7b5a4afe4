"""Scripts: how an answer is worked out step by step, without keeping any state.

A script is a generator. It yields what should be done next, is sent what came of it, and returns the answer. Since it
is deterministic, a conversation is continued by running its script again on the results that are already there.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Action", "NotDone", "Outcome", "Plan", "Script", "Steps"]


class NotDone(Exception):
    """A call was denied, or failed in spite of all corrections; says which, for the answer."""


@dataclass(frozen=True, slots=True)
class Action:
    """A call that should be made. ``thought`` is said before it: how something is read, or why another way is tried."""

    tool: str
    arguments: Mapping[str, Any]
    thought: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done: titles and tools."""

    items: tuple[tuple[str, str], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: its text, and whether it was done, denied or failed."""

    text: str = ""
    status: str = "done"

    @classmethod
    def read(cls, text: str) -> Outcome:
        """Tell from the text of a tool's message how its call ended."""
        if text.startswith("denied by"):
            return cls(text, "denied")
        return cls(text, "failed" if text.startswith("error:") else "done")


Steps: TypeAlias = Generator[Action | Plan, Outcome, Outcome]
"""A few actions, with what the last of them brought."""

Script: TypeAlias = Generator[Action | Plan, Outcome, str]
"""Actions that end in Markdown."""
