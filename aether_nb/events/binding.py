"""That a value which was asked for was given to the user's variable. This module knows ``values`` only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aether_nb.events.values import Event

__all__ = ["ValueBound"]


@dataclass(frozen=True, slots=True)
class ValueBound(Event):
    """A call gave a value of the wanted type to a variable.

    ``code`` is the statement that does the same: it binds ``name``, with the conversion that was needed.
    """

    kind: ClassVar[str] = "value.bound"
    call_id: str
    name: str
    code: str
