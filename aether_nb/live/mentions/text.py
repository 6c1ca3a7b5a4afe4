"""What in a prompt belongs to another language: fenced and inline code, f-strings, LaTeX, shell and template braces.

``foreign`` says where such a piece ends that begins at a place. It knows no names and runs nothing.
"""

from __future__ import annotations

import re

__all__ = ["BEFORE_GROUP", "closing", "foreign"]

FAR = 2_000
"""Characters within which a brace has to be closed."""

FENCE = re.compile(r"(?m)^[ ]{0,3}(`{3,}|~{3,})")
CODE = re.compile(r"`+")
F_STRING = re.compile(r"(?<!\w)(?:[rR][fF]|[fF][rR]?)(\"\"\"|'''|\"|')")
COMMAND = re.compile(r"\\(?:[A-Za-z]+\*?|.)")
DISPLAYED = re.compile(r"\$\$.+?\$\$", re.DOTALL)
INLINE_MATH = re.compile(r"\$(?=[^\s$`{])(?:[^$\n\\]|\\.)*?(?<=\S)\$(?!\d)")
MATHEMATICAL = re.compile(r"[\\^_=]")
BEFORE_GROUP = frozenset("^_$#%])")
"""A brace behind one of these is LaTeX, a regular expression, or a variable of a shell or of another language."""


def foreign(text: str, at: int) -> int:
    """Where the piece of another language ends that begins here; ``at`` itself when none does."""
    sign = text[at]
    if sign in "`~":
        return _fence(text, at) or _code(text, at) or at
    if sign in "fFrR":
        return _f_string(text, at)
    if sign == "\\":
        match = COMMAND.match(text, at)
        return _groups(text, match.end()) if match else at
    if sign == "$":
        return _mathematics(text, at)
    if sign == "{" and at and text[at - 1] in BEFORE_GROUP:
        return _groups(text, at)
    return at


def closing(text: str, at: int) -> int:
    """Where the brace or bracket is closed that opens here, counted behind it; ``at`` when it never is."""
    opens = text[at]
    closes = "}" if opens == "{" else "]"
    depth = 0
    for place in range(at, min(len(text), at + FAR)):
        depth += (text[place] == opens) - (text[place] == closes)
        if not depth:
            return place + 1
    return at


def _fence(text: str, at: int) -> int:
    """A block of code between fences; to the end of the text where it is not closed."""
    match = FENCE.match(text, text.rfind("\n", 0, at) + 1)
    if match is None or match.start(1) != at:
        return 0
    end = re.compile(rf"(?m)^[ ]{{0,3}}{re.escape(match[1])}+[ \t]*$").search(text, match.end())
    return end.end() if end else len(text)


def _code(text: str, at: int) -> int:
    """Code between backticks, as many behind it as before it."""
    match = CODE.match(text, at)
    if match is None:
        return 0
    end = re.compile(rf"(?<!`){match[0]}(?!`)").search(text, match.end())
    return end.end() if end else match.end()


def _f_string(text: str, at: int) -> int:
    match = F_STRING.match(text, at)
    if match is None:
        return at
    line = text.find("\n", match.end()) if len(match[1]) == 1 else -1
    end = text.find(match[1], match.end(), line if line >= 0 else len(text))
    return end + len(match[1]) if end >= 0 else at


def _mathematics(text: str, at: int) -> int:
    """Between dollars, where what stands there looks like mathematics; two prices in a sentence do not."""
    if text.startswith("$`", at):
        return at
    match = DISPLAYED.match(text, at)
    if match is None:
        match = INLINE_MATH.match(text, at)
        if match is not None and not MATHEMATICAL.search(match[0]):
            match = None
    return match.end() if match else at


def _groups(text: str, at: int) -> int:
    """Behind all the groups in braces and brackets that stand here one after the other."""
    while at < len(text) and text[at] in "{[" and (end := closing(text, at)) > at:
        at = end
    return at
