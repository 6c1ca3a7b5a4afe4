"""Texts with a head: fields in YAML between two lines of three dashes, as skills and profiles have them.

Real files often break the letter of that; what can be understood is used, and what is wrong is said. It does not know
which fields mean what.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

__all__ = ["called", "parted"]

_HEAD = re.compile(r"\ufeff?\s*---[ \t]*\n(?P<head>.*?)\n---[ \t]*(?:\n|$)(?P<body>.*)", re.DOTALL)
_LINE = re.compile(r"(?P<name>[A-Za-z][\w-]*):(?:[ \t]+(?P<value>.*))?")
_NAME = re.compile(r"^name:[ \t]*(?P<name>[^\n]+)$", re.MULTILINE)
_LOOKED_AT = 64 * 1024


def called(file: Path) -> str:
    """The name that a file gives itself, also where the rest of it cannot be read; without one, that of the file."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            found = _NAME.search(opened.read(_LOOKED_AT))
    except OSError:
        return file.stem
    return found["name"].strip().strip("\"'") if found else file.stem


def parted(text: str) -> tuple[dict[str, Any], str, list[str]]:
    """The fields of a text's head, the rest of it, and in sentences what is wrong with the head.

    Args:
        text: The whole text, with line ends as Python reads them.
    """
    match = _HEAD.fullmatch(text)
    if match is not None:
        fields, said = _fields(match["head"])
        return fields, match["body"].strip(), said
    if text.lstrip("\ufeff \n").startswith("---"):
        return {}, text.strip(), ["Its head does not end with a line of three dashes."]
    return {}, text.strip(), ["It has no head between two lines of three dashes."]


def _fields(head: str) -> tuple[dict[str, Any], list[str]]:
    """The fields of a head. What is no YAML is read line by line: most often a colon stands in a text."""
    import yaml

    try:
        found = yaml.safe_load(head)
        if isinstance(found, dict):
            return {str(name): value for name, value in found.items()}, []
        said = "Its head is no list of fields."
    except (yaml.YAMLError, ValueError, RecursionError):
        said = "Its head is no YAML; it was read line by line. Is there a colon in a text without quotes?"
    fields: dict[str, Any] = {}
    last = ""
    for line in head.splitlines():
        if match := _LINE.fullmatch(line):
            last = match["name"]
            fields[last] = (match["value"] or "").strip().strip("\"'")
        elif last and line.strip():
            fields[last] = f"{fields[last]} {line.strip()}".strip(" >|")
    return fields, [said]
