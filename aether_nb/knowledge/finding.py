"""Which files of a folder are to be read: what git ignores, what holds keys and what links lead to is not.

It looks at names and the folder's entries, and opens nothing but files of ignore rules.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb.knowledge.loaders.reading import readable
from aether_nb.live.guard.paths import looks_secret

__all__ = ["Found", "holds_keys", "stamp", "walk"]

PASSED_OVER = frozenset(
    "node_modules __pycache__ site-packages venv env build dist htmlcov bower_components __pypackages__".split()
)
"""Folders that nobody wrote by hand. Hidden ones are passed over too."""
NOT_WRITTEN = re.compile("|".join(map(translate, ("*.min.js", "*.min.css", "*-lock.json"))))
IGNORE = ".gitignore"
Rules: TypeAlias = tuple[tuple[str, Any], ...]
"""Folders with the ignore rules in them, the outermost first."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into a folder brought."""

    files: list[tuple[str, os.stat_result]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    """Files that look as if they held keys; they are named and not read."""
    closed: list[tuple[str, str]] = field(default_factory=list)
    """Folders that could not be looked into, and why not."""


def walk(folder: Path) -> Found:
    """The files below a folder that a loader can read, in the order of their names."""
    found = Found()
    rules = _rules_above(folder)
    # Whoever names a folder that git ignores means it all the same.
    _Walk(readable(), found).enter(str(folder), () if _ignored(f"{folder}/", rules) else rules)
    return found


def stamp(stat: os.stat_result) -> int:
    """When a file was changed, in nanoseconds since 1970: its content, its name, or what somebody set as its time."""
    return max(stat.st_mtime_ns, stat.st_ctime_ns)


def holds_keys(name: str) -> bool:
    """Whether a file of this name looks as if it held keys."""
    return name.lower().startswith((".env", ".netrc", ".pgpass", ".npmrc", ".pypirc")) or looks_secret(name)


@dataclass(frozen=True, slots=True)
class _Walk:
    """A way through folders; what it meets is noted in ``found``."""

    endings: frozenset[str]
    found: Found

    def enter(self, folder: str, rules: Rules) -> None:
        """Look into a folder and those below it."""
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.found.closed.append((folder, error.strerror or str(error)))
            return
        if any(entry.name == IGNORE for entry in entries):
            rules = (*rules, *_rules_in(Path(folder)))
        for entry in entries:
            try:
                self._meet(entry, rules)
            except OSError as error:
                self.found.closed.append((entry.path, error.strerror or str(error)))

    def _meet(self, entry: os.DirEntry[str], rules: Rules) -> None:
        name = entry.name
        if entry.is_symlink():
            return  # what it leads to is read under its own name, or lies outside
        if entry.is_dir():
            if name not in PASSED_OVER and not name.startswith(".") and not _ignored(f"{entry.path}/", rules):
                self.enter(entry.path, rules)
        elif entry.is_file():
            if holds_keys(name):
                self.found.keys.append(entry.path)
            elif self._is_wanted(name.lower()) and not _ignored(entry.path, rules):
                self.found.files.append((entry.path, entry.stat()))

    def _is_wanted(self, name: str) -> bool:
        _, dot, ending = name.rpartition(".")
        return dot + ending in self.endings and not name.startswith(".") and not NOT_WRITTEN.match(name)


def _ignored(path: str, rules: Rules) -> bool:
    """Whether git would ignore it: the innermost rule that says anything about it decides."""
    for base, spec in reversed(rules):
        said = spec.check_file(path[len(base) + 1 :])
        if said.include is not None:
            return bool(said.include)
    return False


def _rules_above(folder: Path) -> Rules:
    """The rules of the folders above, up to that of the repository; the outermost first."""
    above = [folder, *folder.parents]
    root = next((place for place in above if (place / ".git").exists()), None)
    if root is None:
        return ()
    rules: list[tuple[str, Any]] = []
    for place in reversed(above[1 : above.index(root) + 1]):
        rules += _rules_in(place)
    return (*_rules_in(root, ".git/info/exclude"), *rules)


def _rules_in(folder: Path, name: str = IGNORE) -> Rules:
    from pathspec import GitIgnoreSpec

    try:
        lines = (folder / name).read_text(encoding="utf-8", errors="replace").splitlines()
        return ((str(folder), GitIgnoreSpec.from_lines(lines)),)
    except (OSError, ValueError):
        return ()
