"""What a run was given of what is kept: passages of documents, solutions of earlier runs, facts that a person kept.

The passages themselves stand in the messages; here is where they came from, so that an answer's evidence can name its
documents. ``kinds`` has the whole vocabulary and passes these names on. This module knows ``leaving``, ``values`` and
``messages``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from aether_nb.events.leaving import Beside
from aether_nb.events.messages import Usage
from aether_nb.events.values import Event

__all__ = ["KnowledgeRecalled", "Recalled", "RecalledFrom"]

RecalledFrom: TypeAlias = Literal["knowledge", "solutions", "memory"]
"""What was read; what was solved before; what a person wanted to be remembered."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """One passage: of which document (its path, and the SHA-256 that it had when it was read), and where in it.

    ``unit`` is what ``start`` and ``end`` count from 1, inclusive: line, page, cell, row, slide; 0 where there is none.
    ``changed``: the document is another one by now, or is gone.
    """

    path: str
    title: str = ""
    unit: str = "line"
    start: int = 0
    end: int = 0
    sha: str = ""
    category: RecalledFrom = "knowledge"
    score: float = 0.0
    changed: bool = False

    @property
    def place(self) -> str:
        """Where it stands, for people: ``guide.md:12-30``, ``paper.pdf, page 3``, ``first.ipynb, cell 4``."""
        if not self.start:
            return self.path
        span = f"{self.start}-{self.end}" if self.end > self.start else f"{self.start}"
        return f"{self.path}:{span}" if self.unit == "line" else f"{self.path}, {self.unit} {span}"


@dataclass(frozen=True, slots=True)
class KnowledgeRecalled(Event):
    """Something was looked for in what is kept.

    ``queries`` are what was searched for in place of ``query``. ``passages`` are what was found and used; none: nothing
    relevant is kept. ``call_id`` is the call that looked; empty for what the run opened with. ``how`` says in sentences
    what was done; ``usage`` is what models used up for it, and ``sent`` is what each of them was asked.
    """

    kind: ClassVar[str] = "knowledge.recalled"
    version: ClassVar[int] = 2
    query: str
    passages: tuple[Recalled, ...] = ()
    queries: tuple[str, ...] = ()
    call_id: str = ""
    how: tuple[str, ...] = ()
    usage: Usage = field(default_factory=lambda: Usage(cost=0.0))
    sent: tuple[Beside, ...] = ()
