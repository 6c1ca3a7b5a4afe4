"""``@server:uri`` in a question: a resource of a server, read once before the run and put beside the question."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aether_nb.errors import AetherError, MentionFailed
from aether_nb.events.messages import Part, Text

__all__ = ["Read", "mentioned"]

MENTION = re.compile(r"(?<![\w@])@(?P<server>[\w.-]+):(?P<uri>[A-Za-z][\w+.-]*:[^\s<>\"'`]+)")

TRAILING = ".,;:!?)]}"
"""Signs that end a sentence and not an address."""

MOST = 10
"""Resources of one question."""

Read = Callable[[str, str], Awaitable[list[Part]]]
"""Reads a resource of a server: its parts."""


async def mentioned(prompt: str, servers: frozenset[str], read: Read) -> tuple[Part, ...]:
    """What the resources in a question hold, each under what was typed.

    Args:
        prompt: The question.
        servers: The names of servers that there are; another name before a colon is no mention.
        read: Reads one.

    Raises:
        MentionFailed: One cannot be read.
    """
    found: list[Part] = []
    typed = dict.fromkeys((match["server"], match["uri"].rstrip(TRAILING)) for match in MENTION.finditer(prompt))
    for server, uri in [one for one in typed if one[0] in servers][:MOST]:
        try:
            parts = await read(server, uri)
        except AetherError as error:
            what = f"@{server}:{uri} in the question cannot be read."
            hint = error.hint or f"%aether mcp resources {server}"
            raise MentionFailed(what, f"{error.what} {error.why}".strip(), hint) from error
        found += [Text(f"\n\n@{server}:{uri} was, when this was asked:\n", "output"), *parts]
    return tuple(found)
