"""The tools that every run has, in the order in which a model is told of them."""

from __future__ import annotations

from aether_nb.tools.base import Tool
from aether_nb.tools.clock import time_now
from aether_nb.tools.code import run_python
from aether_nb.tools.editing import edit_file, search_files
from aether_nb.tools.files import list_files, read_file, write_file
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

__all__ = ["BUILT_IN"]

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
