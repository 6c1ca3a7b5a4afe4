"""Which tools a run has: the built-in ones, those of plugins, those of the notebook, and those that it brings itself.

What a rule of the user's denies altogether is not in it: a model is not even told of it. How a call is judged, and who
may run it, is the business of ``agent``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aether_nb import plugins
from aether_nb.events.kinds import RunStarted
from aether_nb.events.ruling import OPEN, Policy
from aether_nb.tools.base import Tool
from aether_nb.tools.brought import brought
from aether_nb.tools.function import FunctionTool

__all__ = ["toolbox"]


def toolbox(
    namespace: Mapping[str, Any],
    started: RunStarted | None = None,
    policy: Policy = OPEN,
    more: Iterable[Tool] = (),
) -> dict[str, Tool]:
    """The tools by name; later ones win, in the order of the sentence above.

    A function under ``@tool`` in a cell is there for the next run, and running the cell again replaces it.

    Args:
        namespace: The user's variables.
        started: The run that they are for, with what it brings itself: functions, and the wish for a value.
        policy: The user's rules.
        more: Tools that come from elsewhere; they come after those of plugins.
    """
    found: dict[str, Tool] = plugins.found("tool")
    found.update({tool.spec.name: tool for tool in more})
    mine = [one for one in list(namespace.values()) if issubclass(type(one), FunctionTool)]
    found.update({tool.spec.name: tool for tool in mine})
    if started is not None:
        found |= brought(started, namespace)
    return {name: tool for name, tool in found.items() if not policy.hides(name)}
