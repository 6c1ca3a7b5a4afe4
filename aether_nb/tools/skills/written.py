"""Skills that are written in Python: ``@skill`` makes one of a function that gives its text.

    @skill(category="reports")
    def monthly_report(month: str, depth: int = 2) -> str:
        \"\"\"Write the monthly report the way the team likes it.\"\"\"
        return f"1. Load the figures of {month} … {depth} levels of headings …"

A model opens it by its name and gives the parameters. This module does not know how it is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from aether_nb.errors import OptionError, RepairableToolError
from aether_nb.tools.function import FunctionTool, declare
from aether_nb.tools.skills.skill import Skill, rules_of

__all__ = ["Written", "skill"]


@dataclass(frozen=True)
class Written:
    """A function that gives a skill's text. Calling it calls the function."""

    function: Callable[..., str]
    name: str
    category: str
    tools: tuple[str, ...] | None
    as_tool: FunctionTool

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        """Call the function itself, as if it had not been decorated."""
        return self.function(*args, **kwargs)

    def as_skill(self, source: str) -> Skill:
        """What others see of it; its text is what its parameters are, until it is opened with them."""
        spec = self.as_tool.spec
        schema = spec.parameters.get("properties", {})
        needed = spec.parameters.get("required", ())
        lines = []
        for name, told in schema.items():
            needs = "" if name in needed else " (may be left out)"
            lines.append(f"- {name}{needs}: {told.get('description') or told.get('type', '')}")
        text = "\n".join(["Open it again with these parameters:", *lines]) if lines else ""
        return Skill(
            self.name,
            spec.description,
            text,
            None,
            source,
            trusted=True,
            only=rules_of(self.tools)[0],
            category=self.category,
            fields={"written": self},
        )

    def text(self, parameters: Mapping[str, Any]) -> str:
        """The text for these parameters.

        Raises:
            RepairableToolError: They are not those that it takes, or the function failed.
        """
        checked = self.as_tool.check(parameters)
        try:
            return str(self.function(**checked))
        except Exception as error:
            what = f"The skill {self.name} could not be written: {type(error).__name__}: {error}"
            raise RepairableToolError(what) from error


@overload
def skill(function: Callable[..., str]) -> Written: ...


@overload
def skill(
    *, name: str = "", category: str = "", tools: tuple[str, ...] | list[str] | None = None
) -> Callable[[Callable[..., str]], Written]: ...


def skill(
    function: Callable[..., str] | None = None,
    *,
    name: str = "",
    category: str = "",
    tools: tuple[str, ...] | list[str] | None = None,
) -> Written | Callable[[Callable[..., str]], Written]:
    """Make a skill of a function that gives its text; its docstring says when to use it.

    Args:
        function: The function, when the decorator is used without arguments.
        name: What it is called; the function's name with dashes when left out.
        category: What it belongs to, for people who look through a list.
        tools: The tools that a run may use once it is opened, as ``allowed-tools`` names them; all when left out.

    Raises:
        OptionError: It says nothing about when to use it, its name is none, or a parameter cannot be described.
    """

    def decorate(function: Callable[..., str]) -> Written:
        called = name or function.__name__.replace("_", "-").strip("-").lower()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", called):
            hint = 'Give it another: @skill(name="monthly-report")'
            raise OptionError(f"A skill cannot be called {called!r}.", "Small letters, digits and single dashes.", hint)
        if not (function.__doc__ or "").strip():
            why = "A model reads there when to use it."
            raise OptionError(f"The skill {called} has no docstring.", why, "Write one sentence under the def.")
        as_tool = declare(name=called, risk="low", effect="pure")(function)
        as_tool.spec  # noqa: B018  # what is wrong with it is said now, not in the next run
        return Written(function, called, category, tuple(tools) if tools is not None else None, as_tool)

    return decorate if function is None else decorate(function)
