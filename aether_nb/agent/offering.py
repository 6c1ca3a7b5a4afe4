"""Which of a run's tools a model is told of: those that are searched for only when this run has found them.

Pure folds of the run: what has been found stands in the answers of its searches, so that it is known after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from aether_nb.events.state import RunState
from aether_nb.tools.base import Tool
from aether_nb.tools.searching import FIND, found_in, searched

__all__ = ["frozen", "narrowed", "offered"]


def frozen(tools: Mapping[str, Tool]) -> dict[str, Tool]:
    """The tools that a run begins with; one that is searched for belongs to it only when it has been found."""
    hidden = searched(tools)
    return {name: tool for name, tool in tools.items() if name not in hidden}


def narrowed(tools: Mapping[str, Tool], names: Iterable[str]) -> dict[str, Tool]:
    """The tools of these names; who may search has what a search may find.

    Args:
        tools: All that there are.
        names: Those that a run began with, as in ``frozen``, or patterns with ``*``.
    """
    globs = tuple(names)
    kept = {name: tool for name, tool in tools.items() if any(fnmatchcase(name, glob) for glob in globs)}
    hidden = searched(tools) if FIND in kept else frozenset()
    return kept | {name: tool for name, tool in tools.items() if name in hidden}


def offered(tools: Mapping[str, Tool], state: RunState) -> Mapping[str, Tool]:
    """The tools that a model is told of in a run as it stands.

    Args:
        tools: All that may be called.
        state: The run.
    """
    if FIND not in tools:
        return tools
    searches = {id for id, call in state.calls.items() if call.name == FIND and call.status == "finished"}
    found: set[str] = set()
    for message in state.messages if searches else ():
        if message.role == "tool" and message.call_id in searches:
            found |= found_in(message.text)
    hidden = searched(tools) - found
    return {name: tool for name, tool in tools.items() if name not in hidden}
