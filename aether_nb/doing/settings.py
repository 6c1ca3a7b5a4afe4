"""What ``settings`` says, for both faces: every setting with its meaning, its value, and who says so.

The table is made in ``config``. Nothing here knows a session.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from aether_nb.config import FILE, Settings, known, own_file
from aether_nb.config.rules import unknown
from aether_nb.config.told import Row, rows
from aether_nb.errors import OptionError

__all__ = ["settings"]


def settings(options: argparse.Namespace, held: Settings, where: Mapping[str, str]) -> str:
    """All settings, or one of them, as text or as JSON.

    Args:
        options: What was typed.
        held: The settings that hold.
        where: Who says so.

    Raises:
        OptionError: There is no setting of that name.
    """
    if options.name and options.name not in known():
        fault = unknown(options.name, known(), "The line")
        raise OptionError(fault.what, fault.why, fault.hint)
    found = [row for row in rows(held, where) if options.name in ("", row.name)]
    if options.json:
        return json.dumps([row._asdict() for row in found], indent=2)
    files = f"a line of {FILE} beside the notebook, or a line of {own_file()}"
    lead = f"Set in a notebook by %config AetherMagics.NAME = VALUE, by a variable, {files}; the first of them counts."
    return "\n".join([lead, *(line for row in found for line in _lines(row))])


def _lines(row: Row) -> list[str]:
    """A setting in three lines."""
    said = row.file or {"call": "said here", "environment": row.variable, "default": "default"}[row.source]
    usual = (
        "" if row.default in ("", []) or row.source == "default" else f" When nothing is said: {_shown(row.default)}."
    )
    return ["", f"{row.name} = {_shown(row.value)}  ({said})", f"    {row.meaning}", _allowed(row) + usual]


def _allowed(row: Row) -> str:
    variable = f"  {row.variable}" if row.variable else ""
    return f"    Allowed: {row.allowed}.{variable and f' Variable:{variable[1:]}.'}"


def _shown(value: Any) -> str:
    """A value as it is typed in a file."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value) or "not set"
