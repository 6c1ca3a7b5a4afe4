"""The errors of the user's cells by their number, for ``{Err[3]}``: their text only, so that nothing is kept alive."""

from __future__ import annotations

from typing import Any

__all__ = ["Failures"]

MOST = 100
"""How many errors are remembered; the oldest go first."""


class Failures(dict[int, str]):
    """The traceback of each cell that failed since the extension was loaded."""

    def __missing__(self, number: int) -> str:
        known = ", ".join(f"Err[{one}]" for one in list(self)[-5:])
        raise LookupError(
            f"no error of cell {number} is known; {f'there is {known}' if known else 'there is none yet'}"
        )

    def note(self, result: Any) -> None:
        """Remember how a cell ended; IPython calls this after each one. Code of an agent has no number."""
        error = getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)
        number = getattr(result, "execution_count", None)
        if error is None or not isinstance(number, int):
            return
        from aether_nb.live.tracebacks import trimmed

        self.pop(number, None)
        self[number] = trimmed(error)
        while len(self) > MOST:
            del self[next(iter(self))]
