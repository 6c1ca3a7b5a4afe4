"""Tools that look at the user's variables. They read in bounded time, run nobody's code and nothing lazy.

What they tell is in parts by what it shows of the data: names and types, aggregates, single values.
"""

from __future__ import annotations

from dataclasses import replace

from aether_nb.live.inspecting import inspect
from aether_nb.live.paths import fields, look_up
from aether_nb.live.profiling import profile
from aether_nb.live.summary import Summary, summarize
from aether_nb.tools.base import Context, Result
from aether_nb.tools.function import declare

__all__ = ["inspect_variable", "list_variables", "profile_table"]


@declare(risk="low", effect="pure", where="main", title=lambda _: "Look at the variables")
def list_variables(context: Context) -> Result:
    """List the variables of the notebook with their types, sizes, columns and samples."""
    return Result(summarize(context.shell.user_ns, hidden=context.shell.user_ns_hidden).parts)


@declare(risk="low", effect="pure", where="main", title=lambda call: f"Look at {call['name']}")
def inspect_variable(name: str, context: Context) -> Result:
    """Describe one variable in full: every column with type, missing share, range and distinct values.

    Of something nested it tells the parts, of a function the docstring and the source.

    Args:
        name: The variable's name, or attributes and items of one, such as config['model'].layers[0].
    """
    return _told(name, inspect(name.strip(), look_up(name, context.shell.user_ns)))


@declare(risk="low", effect="pure", where="main", title=lambda call: f"Profile {call['name']}")
def profile_table(name: str, context: Context, columns: list[str] | None = None) -> Result:
    """Profile a table in memory: per column missing, distinct, quartiles, mean, top values; duplicates, correlations.

    Of a big table so many rows are looked at, spread evenly. Queries and lazy frames are not computed.

    Args:
        name: The variable's name, or attributes and items of one.
        columns: Only these columns; all when left out.
    """
    return _told(name, profile(name.strip(), look_up(name, context.shell.user_ns), columns or ()))


def _told(name: str, summary: Summary) -> Result:
    """What was found at a place; whatever shows values there shows them of the fields that it lies in."""
    above = fields(name)
    return Result(tuple(replace(p, columns=(*above, *p.columns)) if p.columns else p for p in summary.parts))
