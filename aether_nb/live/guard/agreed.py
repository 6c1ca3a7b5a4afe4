"""What needs no question: what the card of the call said, what the rules permit, temporary files.

Pure, but for where the system keeps temporary files. It does not know who is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from aether_nb.events.kinds import Risk
from aether_nb.live.guard.attempts import Attempt
from aether_nb.live.guard.paths import entry, is_below, is_ordinary, target
from aether_nb.live.reading import Announced

__all__ = ["Agreement", "Forbids", "Permits"]

Permits: TypeAlias = Callable[[Risk, str], bool]
"""Whether the mode or a grant lets something of this risk be done without a question, to this file (or ``""``)."""

Forbids: TypeAlias = Callable[[str, str], str]
"""The rule by which a file may not be touched, or a host not be reached (the other is ``""``); empty when none does."""

DANGERS: dict[str, frozenset[str]] = {
    "process": frozenset({"starts a process", "installs packages", "runs a shell command or a magic"}),
    "network": frozenset({"reaches the network", "installs packages"}),
    "compiled": frozenset({"calls into compiled libraries"}),
}
"""The words of a card with which a person has agreed to all attempts of a kind."""


@dataclass
class Agreement:
    """What one call may do without being asked about.

    Args:
        announced: What its card said.
        workspace: The folder inside which files may be touched, absolute and resolved.
        permits: What the mode and the grants say.
        forbids: What the user's rules say no to, whoever is asked.
    """

    announced: Announced
    workspace: str
    permits: Permits
    forbids: Forbids = lambda path, host: ""
    _files: frozenset[str] = field(init=False)
    _texts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Find the files that are meant, as seen from the folder that the code starts in."""
        self._texts = _meant(self.announced.texts)
        self._files = _meant(self.announced.files) | self._texts

    def covers(self, attempt: Attempt, is_own: Callable[[str], bool]) -> bool:
        """Whether an attempt needs no question.

        Args:
            attempt: What is about to be done.
            is_own: Whether this call has made a file or folder itself, and may change and delete it again.
        """
        if self.announced.dangers & DANGERS.get(attempt.kind, frozenset()):
            return True
        if attempt.paths and all(self._covered(path, attempt, is_own) for path in attempt.paths):
            return True
        path = attempt.paths[0] if attempt.kind == "write" else ""
        return self.permits(self.risk(attempt), path)

    def against(self, attempt: Attempt) -> str:
        """The rule of the user's that an attempt is against; empty when there is none."""
        host = attempt.detail if attempt.kind == "network" else ""
        ruled = (self.forbids(path, "") for path in attempt.paths)
        return next((rule for rule in ruled if rule), "") or (self.forbids("", host) if host else "")

    def _covered(self, path: str, attempt: Attempt, is_own: Callable[[str], bool]) -> bool:
        making = attempt.kind in ("write", "folder", "database")
        if path in (self._files if making else self._texts) or is_own(path):
            return True
        return attempt.kind == "folder" and (Path(path).is_dir() or any(is_below(file, path) for file in self._files))

    def risk(self, attempt: Attempt) -> Risk:
        """High, but for files and folders that are made or written where the agent may do so anyway."""
        making = attempt.kind in ("write", "folder")
        return "medium" if making and all(is_ordinary(path, self.workspace) for path in attempt.paths) else "high"


def _meant(texts: frozenset[str]) -> frozenset[str]:
    """The files that texts mean, and the entries: a link is named as well as what it leads to."""
    named = [text for text in texts if text and "\0" not in text]
    return frozenset({*map(target, named), *map(entry, named)})
