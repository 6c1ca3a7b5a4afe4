"""The tools that every run has, in the order in which a model is told of them; and what a tool has to be."""

from __future__ import annotations

from typing import Any

from aether_nb.errors import OptionError
from aether_nb.plugins import House
from aether_nb.tools.base import Tool
from aether_nb.tools.clock import time_now
from aether_nb.tools.code import run_python
from aether_nb.tools.editing import edit_file, search_files
from aether_nb.tools.files import list_files, read_file, write_file
from aether_nb.tools.function import declare
from aether_nb.tools.git import git
from aether_nb.tools.notebook import propose_cell, read_cells
from aether_nb.tools.packages import install_package, list_packages
from aether_nb.tools.plan import ask_user, plan
from aether_nb.tools.plot import plot
from aether_nb.tools.query import query
from aether_nb.tools.shell import shell
from aether_nb.tools.spawn import spawn
from aether_nb.tools.variables import inspect_variable, list_variables, profile_table
from aether_nb.tools.web import http_request

__all__ = ["BUILT_IN", "fit", "plug"]

BUILT_IN: tuple[Tool, ...] = (
    plan,
    list_variables,
    inspect_variable,
    profile_table,
    query,
    run_python,
    plot,
    read_file,
    list_files,
    search_files,
    write_file,
    edit_file,
    shell,
    git,
    list_packages,
    install_package,
    http_request,
    read_cells,
    propose_cell,
    time_now,
    ask_user,
    spawn,
)


def plug(house: House) -> None:
    """Bring them in."""
    for tool in BUILT_IN:
        house.register("tool", tool.spec.name, tool)


def fit(name: str, thing: Any) -> Tool:
    """The tool that a thing is; a plain function becomes one of that name.

    Raises:
        OptionError: It is none, it cannot be described to a model, or its own name is another.
    """
    if callable(thing) and not isinstance(thing, type | Tool) and hasattr(thing, "__name__"):
        thing = declare(name=name)(thing)
    if not isinstance(thing, Tool):
        what = f"What is registered as the tool {name!r} is none."
        raise OptionError(what, f"It is a {type(thing).__name__}.", "Give a function, or one under @tool.")
    if (called := thing.spec.name) != name:  # what is wrong with it is said now, not in the next run
        raise OptionError(f"This tool is called {called!r}, not {name!r}.", "", f'register("tool", "{called}", …)')
    return thing
