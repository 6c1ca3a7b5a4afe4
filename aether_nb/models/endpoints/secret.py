"""Text that must not be seen: a key, or a header that holds one.

Debuggers, notebooks and reporters of errors print what the variables of a function hold. What is a ``Secret`` is
printed there as stars, and is sent like any other text. This module knows nobody.
"""

from __future__ import annotations

__all__ = ["Secret"]


class Secret(str):
    """A text whose picture is three stars. Texts that are made of it are secrets only where they are made so again."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"
