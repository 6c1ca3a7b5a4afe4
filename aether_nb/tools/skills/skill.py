"""One skill, read from a folder with a ``SKILL.md``, as https://agentskills.io describes it.

Real files often break the letter of that: a colon without quotes, a name that differs from the folder's, a missing
fence. What can be understood is used, and what is wrong with it is said. It does not know where skills lie, nor whom to
trust.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aether_nb.tools.heads import parted

__all__ = ["FILE", "LONGEST", "Skill", "read_skill", "rules_of"]

FILE = "SKILL.md"
LONGEST = 100_000
"""Characters of a file that are read."""
DESCRIBED = 1024
"""Characters of a description."""
MOST_FILES = 200

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ALLOWED = re.compile(r"([\w*.:-]+)(?:\(([^()]*)\))?[,\s]*")

THEIRS = {
    "bash": "shell",
    "read": "read_file",
    "write": "write_file",
    "edit": "edit_file",
    "multiedit": "edit_file",
    "grep": "search_files",
    "glob": "list_files",
    "ls": "list_files",
    "webfetch": "http_request",
    "python": "run_python",
    "notebookedit": "propose_cell",
}
"""What other agents call the tools that skills name, in small letters, and what they are called here."""
MAIN = {"shell": "command", "git": "arguments", "run_python": "code"}
"""The argument that a pattern behind a tool's name is about; of all other tools it is the path."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill.

    ``folder`` is None for one that has no files. ``source`` says in a word or two where it comes from, ``trusted``
    whether the user has installed it. ``only`` are rules about calls that it limits itself to; None: it does not.
    ``problems`` are sentences about what is wrong with its file.
    """

    name: str
    description: str
    text: str
    folder: Path | None = None
    source: str = ""
    trusted: bool = False
    only: tuple[str, ...] | None = None
    category: str = ""
    problems: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    def files(self) -> tuple[str, ...]:
        """The other files of its folder, relative to it, in order; none of those that are hidden."""
        if self.folder is None:
            return ()
        found: list[str] = []
        for file in sorted(self.folder.rglob("*")):
            path = file.relative_to(self.folder)
            if file.is_file() and path.as_posix() != FILE and not any(part.startswith(".") for part in path.parts):
                found.append(path.as_posix())
            if len(found) == MOST_FILES:
                break
        return tuple(found)


def read_skill(folder: Path, source: str = "", trusted: bool = False) -> Skill | str:
    """The skill in a folder; or, in a sentence, why there is none that could be used.

    Args:
        folder: The folder in which a ``SKILL.md`` lies.
        source: Where it comes from.
        trusted: Whether the user has installed it.
    """
    file = folder / FILE
    try:
        with file.open(encoding="utf-8", errors="replace", newline=None) as opened:
            text = opened.read(LONGEST + 1)
    except OSError as error:
        return f"{file} cannot be read: {error.strerror or error}."
    problems = [f"It is longer than {LONGEST:,} characters; the rest is left out."] if len(text) > LONGEST else []
    text = text[:LONGEST]
    fields, body, said = parted(text)
    name, wrong = _named(fields, folder)
    description, missing = _described(fields, body)
    if not description:
        return f"{file} has no description: nobody could tell when to use it."
    only, odd = rules_of(fields.get("allowed-tools"))
    problems += [*said, *wrong, *missing, *odd]
    return Skill(name, description, body, folder, source, trusted, only, _category(fields), tuple(problems), fields)


def _named(fields: Mapping[str, Any], folder: Path) -> tuple[str, list[str]]:
    given = " ".join(str(fields.get("name") or "").split())
    if not given:
        return _slug(folder.name), ["It has no name; that of its folder is used."]
    name = given if _NAME.fullmatch(given) and len(given) <= 64 else _slug(given)
    problems = [] if name == given else [f"Its name {given[:80]!r} is not of small letters, digits and single dashes."]
    if name != folder.name:
        problems.append(f"Its name is {name!r}, that of its folder {folder.name[:80]!r}.")
    return name, problems


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64].strip("-") or "skill"


def _described(fields: Mapping[str, Any], body: str) -> tuple[str, list[str]]:
    said = " ".join(str(fields.get("description") or "").split())
    problems = []
    if not said:
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", body))
        said = next((part for part in paragraphs if part and not part.startswith(("#", "```", "---"))), "")
        problems = ["It has no description; its first paragraph is used."]
    if len(said) > DESCRIBED:
        problems.append(f"Its description is longer than {DESCRIBED} characters.")
        said = said[: DESCRIBED - 1] + "…"
    return said, problems


def _category(fields: Mapping[str, Any]) -> str:
    metadata = fields.get("metadata")
    found = fields.get("category") or (metadata.get("category") if isinstance(metadata, Mapping) else "")
    return str(found or "")


def rules_of(allowed: object) -> tuple[tuple[str, ...] | None, list[str]]:
    """The rules that ``allowed-tools`` stands for, and what could not be understood; None when it names nothing.

    Args:
        allowed: Names with a pattern behind them or none, as a list or as one text: ``Bash(git:*) Read run_python``.
    """
    if allowed is None or allowed == "" or allowed == []:
        return None, []
    text = " ".join(map(str, allowed)) if isinstance(allowed, list | tuple) else str(allowed)
    rules = [_rule(*found.groups()) for found in _ALLOWED.finditer(text)]
    rest = _ALLOWED.sub("", text).strip()
    return tuple(dict.fromkeys(rules)), [f"What allowed-tools says is not clear: {rest[:80]!r}."] if rest else []


def _rule(tool: str, pattern: str | None) -> str:
    name = THEIRS.get(tool.lower(), tool)
    if not pattern or pattern == "*":
        return name
    glob = pattern.replace(":*", " *") if name == "shell" else pattern
    return f"{name}({MAIN.get(name, 'path')}={glob})"
