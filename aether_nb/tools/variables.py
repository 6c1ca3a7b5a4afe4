"""Tools that look at the user's variables. They read in bounded time and never run anything lazy."""

from __future__ import annotations

from difflib import get_close_matches

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.live.summary import inspect, summarize
from aether_nb.tools.base import Context, Result
from aether_nb.tools.function import declare

__all__ = ["inspect_variable", "list_variables"]


@declare(risk="low", effect="pure", where="main", title=lambda _: "Look at the variables")
def list_variables(context: Context) -> Result:
    """List the variables of the notebook with their types, sizes, columns and samples."""
    summary = summarize(context.shell.user_ns, hidden=context.shell.user_ns_hidden)
    return Result((Text(summary.text, "rows", summary.columns),))


@declare(risk="low", effect="pure", where="main", title=lambda call: f"Look at {call['name']}")
def inspect_variable(name: str, context: Context) -> Result:
    """Describe one variable in full: every column, its type, missing share, range and distinct values.

    Args:
        name: The variable's name.
    """
    namespace = context.shell.user_ns
    if name not in namespace:
        near = get_close_matches(name, [known for known in namespace if not known.startswith("_")], 3)
        hint = f"Did you mean {', '.join(near)}?" if near else "Use list_variables to see what there is."
        raise RepairableToolError(f"There is no variable {name!r}.", hint=hint)
    summary = inspect(name, namespace[name])
    return Result((Text(summary.text, "rows", summary.columns),))
