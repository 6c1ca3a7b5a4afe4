"""Mentions in a question: the parts of a request that say what they stand for, and the question with them read in.

A value in words is put where it was mentioned, a table is called by its name. Nothing is evaluated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aether_nb.events.messages import Text

__all__ = ["is_mention", "read_in"]

PART = re.compile(r"\n\n(?P<typed>.+?) was, when this was asked:\n(?P<value>.*)", re.DOTALL)
LONGEST = 80


def is_mention(part: Text) -> bool:
    """Whether a part says what a mention stands for."""
    return PART.fullmatch(part.text) is not None


def read_in(prompt: str, parts: Iterable[Text]) -> str:
    """A question with names and short values in the place of what mentions them."""
    for match in filter(None, (PART.fullmatch(part.text) for part in parts)):
        typed, value = match["typed"], match["value"]
        name = re.fullmatch(r"@(\w+)|\{\s*(\w+)\s*\}|\$`(\w+)`", typed)
        if typed.startswith("@") or (name and "\n" in value):
            prompt = prompt.replace(typed, next(filter(None, name.groups())) if name else typed)
        elif len(value) <= LONGEST and "\n" not in value:
            prompt = prompt.replace(typed, value)
    return prompt
