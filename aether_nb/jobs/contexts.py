"""Contexts: a name for where and how tasks are worked on. A YAML file says which kernel, variables and rules.

    # contexts/sales.yaml beside your aether.toml      aether execute --context sales Total by month?
    kernel: existing
    load: [~/data/sales.csv, ~/data/helpers.py]
    model: ollama:qwen3
    mode: ask
    as-agent: data
    data: stats

It holds options of a task, and what is typed counts before it. Only the user's own folder is looked at: a file that
came with a project could otherwise say yes in his name. This module does not know how a task is worked on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aether_nb.errors import OptionError
from aether_nb.jobs.reading import yaml_in

__all__ = ["FIELDS", "contexts", "words"]

FIELDS = ("kernel", "load", "model", "mode", "as-agent", "data", "approve", "park-after", "store")
LARGEST = 64 * 1024


def contexts(own: Path) -> dict[str, Path]:
    """The files of the contexts that there are, by name, in the folder of the user's settings."""
    return {file.stem: file for file in sorted((own / "contexts").glob("*.yaml"))}


def words(name: str, own: Path) -> dict[str, str]:
    """What a context says: options as they are typed, without their dashes.

    Raises:
        OptionError: There is none of that name, or it cannot be read; says why.
    """
    there = contexts(own)
    if name not in there:
        found = f"There are {', '.join(there)}." if there else "There are none yet."
        raise OptionError(f"There is no context {name!r}.", found, f"Write it: {own / 'contexts' / f'{name}.yaml'}")
    file = there[name]
    said = yaml_in(file, "context", LARGEST)
    if not isinstance(said, dict) or (unknown := sorted(set(map(str, said)) - set(FIELDS))):
        what = f"It says {unknown[0]!r}." if isinstance(said, dict) else "It is no table."
        raise OptionError(f"{file} is no context.", what, f"A context has: {', '.join(FIELDS)}")
    return {key: _word(value, file) for key, value in said.items() if value is not None}


def _word(value: Any, file: Path) -> str:
    """A value as it is typed: several between commas."""
    if isinstance(value, list):
        return ",".join(_word(one, file) for one in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise OptionError(f"{file} cannot say {value!r}.", "A value is a word, a number, or a list of files.", "")
    return str(value)
