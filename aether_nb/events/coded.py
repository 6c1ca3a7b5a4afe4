"""What a call did to the notebook, as code. This module knows ``values`` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aether_nb.events.values import Event

__all__ = ["CallCoded"]


@dataclass(frozen=True, slots=True)
class CallCoded(Event):
    """A call did to the notebook what this code does: statements that stand for it when the run becomes cells."""

    kind: ClassVar[str] = "call.coded"
    call_id: str
    code: str
