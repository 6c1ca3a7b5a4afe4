"""The tools that every run has, in the order in which a model is told of them."""

from __future__ import annotations

from aether_nb.tools.base import Tool
from aether_nb.tools.code import run_python
from aether_nb.tools.files import list_files, read_file, write_file
from aether_nb.tools.plan import ask_user, plan
from aether_nb.tools.variables import inspect_variable, list_variables

__all__ = ["BUILT_IN"]

BUILT_IN: tuple[Tool, ...] = (
    plan,
    list_variables,
    inspect_variable,
    run_python,
    read_file,
    list_files,
    write_file,
    ask_user,
)
