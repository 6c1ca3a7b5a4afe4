"""Which tools a run has: the built-in ones, those of plugins, those of the notebook, and those that it brings itself.

What a rule of the user's denies altogether is not in it: a model is not even told of it. How a call is judged, and who
may run it, is the business of ``agent``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aether_nb import plugins, registry
from aether_nb.events.kinds import RunStarted
from aether_nb.events.ruling import OPEN, Policy
from aether_nb.tools.base import Tool
from aether_nb.tools.brought import brought
from aether_nb.tools.function import FunctionTool
from aether_nb.tools.searching import FIND, on_demand

__all__ = ["toolbox"]


def toolbox(
    namespace: Mapping[str, Any],
    started: RunStarted | None = None,
    policy: Policy = OPEN,
    more: Iterable[Tool] = (),
    most: int = 40,
) -> dict[str, Tool]:
    """The tools by name; later ones win, in the order of the sentence above.

    A function under ``@tool`` in a cell is there for the next run, and running the cell again replaces it.

    Args:
        namespace: The user's variables.
        started: The run that they are for, with what it brings itself: functions, and the wish for a value.
        policy: The user's rules.
        more: Tools that come from elsewhere; they come after those of plugins.
        most: Tools of servers and of plugins above which they are searched for.
    """
    found: dict[str, Tool] = plugins.found("tool")
    built_in = registry.own("tool")
    sources = {name: "registered" for name in registry.added("tool") if name not in built_in}
    for tool in more:
        found[tool.spec.name] = tool
        if tool.spec.source:
            sources[tool.spec.name] = tool.spec.source
    mine = {tool.spec.name: tool for tool in list(namespace.values()) if issubclass(type(tool), FunctionTool)}
    own = dict.fromkeys(mine, "this notebook") if len(mine) > most else {}  # a few of the user's own are always told of
    if started is not None:
        mine |= brought(started, namespace)
    sources = {name: where for name, where in (sources | own).items() if name in own or name not in mine}
    found = {name: tool for name, tool in (found | mine).items() if not policy.hides(name)}
    if policy.hides(FIND):
        return found
    return on_demand(found, sources, most)
