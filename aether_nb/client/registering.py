"""Tools that every client and every notebook knows by their names.

Models have names too: ``register`` gives one to a ready model, ``register_provider`` to an address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from aether_nb import plugins
from aether_nb.client.offering import Offered, gathered
from aether_nb.tools.base import Tool
from aether_nb.tools.function import tool as made

__all__ = ["register_tool"]


@overload
def register_tool(tool: Offered, **declared: Any) -> Tool: ...


@overload
def register_tool(tool: None = None, **declared: Any) -> Callable[[Callable[..., Any]], Tool]: ...


def register_tool(tool: Offered | None = None, **declared: Any) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Offer a tool to every run from now on; an earlier one of the same name is replaced.

    Args:
        tool: A function or a tool; left out when used as ``@register_tool(risk="low", …)``.
        **declared: For a function, what ``@tool`` takes: name, risk, effect, where, judge.

    Raises:
        OptionError: It is no tool, or it cannot be described to a model.
    """
    if tool is None:
        return lambda function: register_tool(function, **declared)
    [(name, ready)] = gathered([made(**declared)(tool) if declared and callable(tool) else tool]).items()
    plugins.register("tool", name, ready)
    return ready
