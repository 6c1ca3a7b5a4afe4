"""``packages``: what is installed in the kernel's environment, and one more package when the person says so."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import invalidate_caches, metadata
from typing import TYPE_CHECKING, Any

from aether_nb.errors import RepairableToolError
from aether_nb.tools.base import Assessment, Context
from aether_nb.tools.function import declare
from aether_nb.tools.programs import run_program

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["install_package", "list_packages"]

MOST = 300
SECONDS = 600.0


@declare(risk="low", effect="pure", where="thread", title=lambda _: "Look at the installed packages")
def list_packages(names: list[str] | None = None) -> str:
    """List the packages of this notebook's Python with their versions.

    Args:
        names: Only these; one that is not installed is said to be missing.
    """
    if names:
        return "\n".join(f"{name}  {_version(name) or '(not installed)'}" for name in names)
    found = {str(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]}
    rows = [f"{name}  {found[name]}" for name in sorted(found, key=str.lower)]
    left = [f"… and {len(rows) - MOST} more; ask for names"] if len(rows) > MOST else []
    return "\n".join((f"Python {sys.version.split()[0]}", *rows[:MOST], *left))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def judge_install(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """High: installing runs the package's own code, and changes what the notebook's other code finds."""
    requirement = _requirement(arguments["requirement"])
    reasons: tuple[str, ...] = (
        "code of the package is downloaded and run",
        "other packages may be replaced by other versions",
    )
    if had := _version(requirement.name):
        reasons = (*reasons, f"{requirement.name} {had} is installed already")
    return Assessment("high", "external", reasons, f"runs: pip install {requirement}")


@declare(judge=judge_install, where="loop", title=lambda call: f"Install {call['requirement']}")
async def install_package(requirement: str, context: Context) -> str:
    """Install one package into this notebook's Python.

    Args:
        requirement: Its name, with a version when it matters: polars, or polars>=1.
    """
    wanted = _requirement(requirement)
    command = (sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--", str(wanted))
    ended = await run_program(command, context, seconds=SECONDS)
    if ended.code:
        lines = (ended.stderr or ended.stdout).strip().splitlines()
        why = "\n".join(lines[-15:])
        raise RepairableToolError(f"{wanted} could not be installed.", why) from ended.failure(command)
    invalidate_caches()
    name = wanted.name.replace("-", "_")
    loaded = " It was imported before: restart the kernel to get this version." if name in sys.modules else ""
    return f"{wanted.name} {_version(wanted.name)} is installed.{loaded}"


def _requirement(text: str) -> Requirement:
    """One package by its name: no address, no file and no option.

    Raises:
        RepairableToolError: It is something else.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    hint = "Give a name, with a version when it matters: polars>=1"
    try:
        found = Requirement(text)
    except InvalidRequirement as error:
        raise RepairableToolError(f"{text!r} is no package.", str(error).splitlines()[0], hint) from error
    if found.url:
        raise RepairableToolError(f"{text!r} names an address.", "Only packages of an index are installed.", hint)
    return found
