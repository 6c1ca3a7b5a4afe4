"""What is taken back: which calls, which variables and files, and what could not be.

``kinds`` has the whole vocabulary and passes these names on. This module knows ``values``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aether_nb.events.values import Change, Event

__all__ = ["ANSWER", "FileChange", "FileWritten", "UndoBegun", "UndoDone", "UndoLimited"]

ANSWER = "answer"
"""Stands among the calls that are taken back for the variable that the run's answer was bound to."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What became of one file. ``path`` is absolute.

    ``before`` and ``after`` are the SHA-256 of its bytes, under which they lie beside the record; empty when the file
    was not there. ``lost`` says why the bytes that were there before are not kept; empty when they are.
    """

    path: str
    before: str
    after: str
    lost: str = ""


@dataclass(frozen=True, slots=True)
class FileWritten(Event):
    """A tool wrote a file, or took one away."""

    kind: ClassVar[str] = "file.written"
    call_id: str
    change: FileChange


@dataclass(frozen=True, slots=True)
class UndoLimited(Event):
    """Some of what a call changed cannot be taken back: a sentence for each such thing."""

    kind: ClassVar[str] = "undo.limited"
    call_id: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UndoBegun(Event):
    """Calls are about to be taken back. Where no ``undo.done`` of this ``id`` follows, that was broken off midway."""

    kind: ClassVar[str] = "undo.begun"
    id: str
    call_ids: tuple[str, ...]
    by: str
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class UndoDone(Event):
    """Calls were taken back; or, where ``undoes`` names an earlier undo, done once more.

    ``id`` is the name of this undo within its run. ``call_ids`` are the calls, ``ANSWER`` among them where the variable
    of the answer was bound back; none where nothing could be put back. ``changes`` says what became of the user's
    names, ``places`` which of the surroundings (working directory, options) were put back, ``left`` what was not.
    ``again`` are names that the run had made and that are there again.
    """

    kind: ClassVar[str] = "undo.done"
    id: str
    call_ids: tuple[str, ...]
    by: str
    changes: tuple[Change, ...] = ()
    files: tuple[FileChange, ...] = ()
    places: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    undoes: str = ""
    again: tuple[str, ...] = ()
