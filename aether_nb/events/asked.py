"""What a prompt speaks of, as the first event of a run keeps it. This module knows nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Mention"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A part of a prompt that stands for something of the notebook: a value, a variable, or a function to be used.

    ``typed`` is what stands in the prompt, ``name`` the expression or name in it. What it stood for when the run began
    is a part of the opening messages (``context.composed``), and is never worked out again. A ``cell`` is one that the
    run may change: ``typed`` is its code, ``name`` says which.
    """

    typed: str
    kind: Literal["value", "variable", "function", "cell"]
    name: str
