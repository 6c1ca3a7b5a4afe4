"""Templates of tasks: a YAML file with a text, the parameters that it takes, and what has to be there before it begins.

    name: compare-groups
    description: Compare a figure between the groups of a table.
    category: data
    parameters:
      table: {description: the variable with the table}
      value: {description: the column with the figure}
      by: {description: the column with the groups, default: group}
    tools: [query, plot]
    task: |
      Compare ${value} between the groups of ${by} in @${table}.

It does not know how a task is worked on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from string import Template as Text
from typing import Any

from aether_nb.config.home import expanded
from aether_nb.errors import OptionError
from aether_nb.jobs.executing import option
from aether_nb.jobs.reading import yaml_in
from aether_nb.tools.heads import called

__all__ = ["SHIPPED", "Parameter", "Template", "find", "found", "read"]

SHIPPED = Path(__file__).parent / "templates"
LARGEST = 64 * 1024
FIELDS = {"name", "description", "category", "parameters", "tools", "servers", "mode", "data", "task"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A word that whoever uses a template fills in; it has to be given when ``default`` is None."""

    description: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A task with blanks, and what it needs: tools by name, servers of the Model Context Protocol by name."""

    name: str
    task: str
    description: str = ""
    category: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def filled(self, given: Mapping[str, str]) -> str:
        """The task, with these words in its blanks.

        Raises:
            OptionError: One is missing, or there is no such blank.
        """
        unknown = set(given) - set(self.parameters)
        if unknown:
            there = ", ".join(self.parameters) or "none"
            raise OptionError(f"{self.name} takes no {min(unknown)!r}.", f"It takes: {there}.", self.usage)
        values = {name: given.get(name, parameter.default) for name, parameter in self.parameters.items()}
        if missing := [name for name, value in values.items() if value is None]:
            raise OptionError(f"{self.name} needs {', '.join(missing)}.", "", self.usage)
        return Text(self.task).safe_substitute(values).strip()

    @property
    def usage(self) -> str:
        """How it is used, as it is typed."""
        needed = "; ".join(f"{name}=…" for name, each in self.parameters.items() if each.default is None)
        return f"aether execute --template {self.name}" + (f" --set '{needed}'" if needed else "")

    def ready(self, tools: Collection[str], servers: Collection[str]) -> None:
        """Refuse to begin where something is missing.

        Args:
            tools: The names of those that there are.
            servers: The names of those that are configured.

        Raises:
            OptionError: Something is; says what.
        """
        for what, needed, there in (("tool", self.tools, tools), ("server", self.servers, servers)):
            if missing := [name for name in needed if name not in there]:
                why = f"The template {self.name} needs it."
                raise OptionError(f"There is no {what} {', '.join(missing)}.", why, f"There are: {', '.join(there)}.")


def read(file: Path) -> Template:
    """The template in a file.

    Raises:
        OptionError: It is none; says what is wrong.
    """
    said = yaml_in(file, "template", LARGEST)
    if not isinstance(said, dict) or not isinstance(said.get("task"), str):
        raise OptionError(f"{file} is no template.", "It has no task.", "task: Compare …")
    if unknown := sorted(set(map(str, said)) - FIELDS):
        raise OptionError(f"{file} says {unknown[0]!r}.", f"A template has: {', '.join(sorted(FIELDS))}.", "")
    given = said.get("parameters") or {}
    if not isinstance(given, dict):
        raise OptionError(f"The parameters of {file} are no names.", "", "parameters: {table: {description: …}}")
    options = (option(name, said[name], str(file)) for name in ("mode", "data") if said.get(name) is not None)
    return Template(
        str(said.get("name") or file.stem),
        said["task"],
        " ".join(str(said.get("description") or "").split()),
        str(said.get("category") or ""),
        {str(name): _parameter(told) for name, told in given.items()},
        _names(said.get("tools")),
        _names(said.get("servers")),
        tuple(options),
    )


def _parameter(told: Any) -> Parameter:
    if isinstance(told, dict):
        default = told.get("default")
        return Parameter(str(told.get("description") or ""), None if default is None else str(default))
    return Parameter(str(told or ""))


def _names(told: Any) -> tuple[str, ...]:
    return tuple(map(str, told)) if isinstance(told, list) else (str(told),) if told else ()


def found(folder: Path, own: Path) -> dict[str, Template | OptionError]:
    """All templates: one's own, those that are shipped, and those of a project; of one name the first counts.

    Args:
        folder: The working folder; its templates lie in ``.aether/templates``.
        own: Where one's own settings are.

    Returns:
        Each by its name; of one that cannot be read why not.
    """
    there: dict[str, Template | OptionError] = {}
    theirs = folder / ".aether" / "templates"
    for place in (own / "templates", SHIPPED, theirs):
        for file in sorted(place.glob("*.yaml")):
            try:
                template = read(file)
            except OptionError as error:
                there.setdefault(called(file), error)
                continue
            if place == theirs:  # it came with the folder: it sets no mode and no level of data
                template = replace(template, options=())
            there.setdefault(template.name, template)
    return there


def find(name: str, folder: Path, own: Path) -> Template:
    """The template of that name, or in that file.

    Raises:
        OptionError: There is none; says which one is near. Or it cannot be read.
    """
    if name.endswith((".yaml", ".yml")):
        return read(expanded(name))
    there = found(folder, own)
    match there.get(name):
        case Template() as template:
            return template
        case OptionError() as error:
            raise error
    near = get_close_matches(name, there, 1) or sorted(there)
    raise OptionError(
        f"There is no template {name!r}.", f"There is: {', '.join(near)}.", "aether execute --template NAME"
    )
