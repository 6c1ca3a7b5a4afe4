"""Lines for a terminal of some width, in its colours: signs coloured, heads bold, prose broken where it is too long.

What a person approves is never broken by us: code stands behind a rule, and a terminal that is too narrow wraps it as
it is. Colours are added to lines that are clean already, so no text of a tool or a model can bring its own.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

__all__ = ["coloured", "fitted_line", "painted"]

NARROWEST = 20
"""Columns below which a line is left to the terminal."""

BOLD, DIM, GREEN, RED, AMBER, OFF = (f"\x1b[{code}m" for code in (1, 2, 32, 31, 33, 0))

SIGNS = {"✓": GREEN, "✗": RED, "!": AMBER, "?": AMBER, "‖": AMBER, "↻": AMBER}

_SIGN = re.compile(rf"^( *)([{''.join(map(re.escape, SIGNS))}]) ")
_HEAD = re.compile(r"^( *▸ [^·\n]*|aether · [^·\n]*|Plan\b|Next:)")
_RULE = re.compile(r"^( *\|)( |$)")
_HANGING = re.compile(r"^ *(?:[✓✗!?‖↻▸·»→+~−↩–] )?")


def coloured(terminal: bool, environment: Mapping[str, str]) -> bool:
    """Whether lines may have colours: on a terminal that knows them, and by nobody who has asked for none."""
    return terminal and not environment.get("NO_COLOR") and environment.get("TERM", "dumb") != "dumb"


def fitted_line(line: str, width: int) -> list[str]:
    """A line as lines of at most so many columns; code, tables and words that are longer stay whole."""
    if len(line) <= width or width < NARROWEST or line.lstrip().startswith("|"):
        return [line]
    indent = " " * len(_HANGING.match(line)[0])  # type: ignore[index]  # it matches every line
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def painted(line: str) -> str:
    """A clean line in colours: its sign by what it says, its head bold, the rule before code faint."""
    line = _SIGN.sub(lambda found: f"{found[1]}{SIGNS[found[2]]}{found[2]}{OFF} ", line)
    line = _HEAD.sub(lambda found: f"{BOLD}{found[1]}{OFF}", line)
    return _RULE.sub(lambda found: f"{DIM}{found[1]}{OFF}{found[2]}", line)
