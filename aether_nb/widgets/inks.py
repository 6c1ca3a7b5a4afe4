"""The colours and shapes of the still picture: inline styles, because a notebook that is not trusted keeps no others.

No page says whether its ground is light or dark, and no single colour is legible on both (4.5 to 1). So words take
their colour in part from the text around them, which fits its ground. A reader that does not know such a mixture, or
takes it away, shows the words in the text's own colour. Marks are shapes, for which 3 to 1 is enough: theirs is fixed.
"""

from __future__ import annotations

GREEN, AMBER, RED, BLUE, TEAL = "#299148", "#b06d0a", "#dc4549", "#2b7fd6", "#1f8f8f"
"""Each stands out from white and from black alike, by 3 to 1."""

SHARE = 35
"""How much of the text's own colour is in an ink, in percent."""

QUIET = "opacity:0.7"

TONES = {
    "finished": GREEN,
    "done": GREEN,
    "failed": RED,
    "broken": RED,
    "cancelled": AMBER,
    "parked": AMBER,
    "denied": AMBER,
    "doubtful": AMBER,
    "waiting": AMBER,
}
"""The colour of a state; one that is not named here is quiet."""

RISKS = {"low": GREEN, "medium": AMBER, "high": RED}


def ink(color: str) -> str:
    """The style of words in a colour, legible on any ground on which the text around them is."""
    return f"color:color-mix(in srgb,currentColor {SHARE}%,{color})"


def tone(state: str) -> str:
    """The style of the word for a state."""
    return ink(TONES[state]) if state in TONES else QUIET


def mark(state: str) -> str:
    """The style of the sign for a state, in a column of its own."""
    return f"{f'color:{TONES[state]}' if state in TONES else QUIET};{MARK}"


MARK = "display:inline-block;width:16px;font-weight:600"
NAME = "font-family:monospace;font-size:12px"
SMALL = "font-size:12px"

CODE = {
    "k": f"{ink(GREEN)};font-weight:600",
    "s": ink(RED),
    "m": ink(TEAL),
    "c": f"{QUIET};font-style:italic",
    "f": ink(BLUE),
    "b": ink(BLUE),
}
"""The styles of pieces of code, by the classes of ``highlight``; others are plain."""

FRAME = (
    "border:1px solid rgba(128,128,128,0.35);border-radius:8px;padding:8px 12px;margin:2px 0 6px 0;max-width:920px;"
    "font-size:13px;line-height:20px"
)
RULE = "border-top:1px solid rgba(128,128,128,0.25);margin-top:8px;padding-top:8px"
_TEXT = (
    "margin:4px 0 4px 0;font-family:monospace;font-size:12px;line-height:18px;white-space:pre-wrap;"
    "overflow-wrap:break-word"
)
WELL = f"{_TEXT};padding:6px 10px;border-radius:6px;background-color:rgba(128,128,128,0.1)"
PRINTED = f"{_TEXT};padding:0 10px;background-color:transparent"
