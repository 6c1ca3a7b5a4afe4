"""Where a test may stop the world: just before and just after everything that the store makes lasting.

``reached`` is None in production and costs one look at it. A crash test puts a function there that kills the process
when it is called with the name it waits for: ``before call.begun``, ``after model.asked+run.ended``, ``before signal``.
This module knows nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["pass_by", "reached"]

reached: Callable[[str], None] | None = None
"""Called at each point with its name; None: nobody listens."""


def pass_by(side: str, names: Sequence[str]) -> None:
    """Tell whoever listens that this point was reached.

    Args:
        side: ``before`` or ``after``.
        names: What is made lasting: the kinds of the events, or one word for anything else.
    """
    if reached is not None:
        reached(f"{side} {'+'.join(names)}")
