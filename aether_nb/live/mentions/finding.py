"""Which parts of a prompt are mentions: pure, over the text and the names that there are. Nothing is evaluated here.

    {df.shape}  {total:.2f}  {In[3]}     an expression, when it is one and every name in it exists
    $`df.shape`                          the same
    @df                                  a variable that matters; it is described in full
    &`clean`                             a function that becomes a tool of this run
    {{df}}                               no mention: {df} is meant as it stands

Everything else stays as it was typed. What a mention stands for is worked out in ``values``.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aether_nb.live.mentions.text import BEFORE_GROUP, closing, foreign

__all__ = ["Found", "Kind", "Reading", "find"]

Kind: TypeAlias = Literal["value", "variable", "function"]

LONGEST = 500
"""Characters of an expression."""

MOST_ENDS = 12
"""How many closing braces are tried as the end of an expression."""

WORD = re.compile(r"[^\W\d]\w*")
VARIABLE = re.compile(r"@([^\W\d]\w*)(?![\w@/])")
FUNCTION = re.compile(r"&`([^`\n]{1,200})`")
VALUE = re.compile(r"\$`([^`\n]{1,500})`(?!\$)")
ESCAPED = re.compile(r"\{\{([^{}]{1,500})\}\}")
FORMATTED = re.compile(r"(?:!(?P<conversion>[rsa]))?(?::(?P<spec>[^{}!]*))?$")
SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?\d*[,_]?(?:\.\d+)?[bcdeEfFgGnosxX%]?$")
TELLING = re.compile(r"[.,_<>=^%+]|0\d")
"""What a format says besides a letter or a number, which may as well be a dictionary or a slice."""

NEVER = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred)
DISPLAYS = (ast.Tuple, ast.Set, ast.Dict, ast.Constant)
DEFINES = re.compile(r"\s*(?:@|def\b|class\b|async\s+def\b)")


@dataclass(frozen=True, slots=True)
class Found:
    """A mention: what was typed, and the expression or name in it, with how its value is to be written."""

    typed: str
    kind: Kind
    expression: str
    conversion: str = ""
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt as a model reads it, with its escapes taken away, and the mentions in it, each once."""

    text: str
    found: tuple[Found, ...] = ()


def find(text: str, names: Collection[str]) -> Reading:
    """The mentions in a prompt.

    Args:
        text: What was typed.
        names: The names that the user's notebook has, ``In`` and ``Out`` included.
    """
    found: dict[str, Found] = {}
    pieces: list[str] = []
    at = 0
    for begin, end, mention in _marked(text, names):
        if isinstance(mention, str):
            pieces += [text[at:begin], mention]
            at = end
        else:
            found.setdefault(mention.typed, mention)
    return Reading("".join(pieces) + text[at:], tuple(found.values()))


def _marked(text: str, names: Collection[str]) -> Iterator[tuple[int, int, Found | str]]:
    """The places of mentions, and of escaped ones with the text that they stand for."""
    at = 0
    while at < len(text):
        if (found := _mention(text, at, names)) is not None:
            end = at + len(found.typed)
            yield at, end, found
            at = end
        elif (end := foreign(text, at)) > at:
            at = end
        elif text.startswith("{{", at):
            escaped = ESCAPED.match(text, at)
            if escaped and _in_braces(f"{{{escaped[1]}}}", 0, names):
                yield at, escaped.end(), f"{{{escaped[1]}}}"
            at = escaped.end() if escaped else at + 2
        elif text[at] == "{" and _is_display(text, at):
            at = closing(text, at)
        else:
            at += 1


def _mention(text: str, at: int, names: Collection[str]) -> Found | None:
    """The mention that begins at a place."""
    sign, before = text[at], text[at - 1] if at else ""
    if sign == "{":
        other = before in BEFORE_GROUP or before == "@" or text.startswith("{{", at)
        return None if other else _in_braces(text, at, names)
    if before.isalnum() or before in ("_", "`", "$", "&", "@"):
        return None
    if sign == "$" and (match := VALUE.match(text, at)) and _expression(match[1], names):
        return Found(match[0], "value", match[1].strip())
    if sign == "&" and (match := FUNCTION.match(text, at)):
        return Found(match[0], "function", match[1].strip().removesuffix("()"))
    if sign == "@" and (match := VARIABLE.match(text, at)):
        plain = match[1] in names and before not in (".", "/", ":", "-") and not _decorates(text, at)
        return Found(match[0], "variable", match[1]) if plain else None
    return None


def _in_braces(text: str, at: int, names: Collection[str]) -> Found | None:
    """The expression in the braces that open here, with its format; None when it is none of this notebook's."""
    line = text.find("\n", at)
    last = min(len(text) if line < 0 else line, at + LONGEST)
    end = at
    for _ in range(MOST_ENDS):
        end = text.find("}", end + 1, last)
        if end < 0:
            return None
        inside, typed = text[at + 1 : end], text[at : end + 1]
        if _expression(inside, names):
            return Found(typed, "value", inside.strip())
        for sign in re.finditer(r"[!:]", inside):
            formatted = FORMATTED.match(inside, sign.start())
            if formatted and _is_format(formatted) and _expression(inside[: sign.start()], names):
                expression = inside[: sign.start()].strip()
                return Found(typed, "value", expression, formatted["conversion"] or "", formatted["spec"] or "")
    return None


def _is_format(match: re.Match[str]) -> bool:
    """Whether this is plainly a format: a number or a letter alone may be the value of a dictionary."""
    spec = match["spec"]
    if spec is None:
        return match["conversion"] is not None
    return bool(TELLING.search(spec)) and (bool(SPEC.match(spec)) or bool(re.search(r"%[a-zA-Z]", spec)))


def _expression(text: str, names: Collection[str]) -> bool:
    """Whether a text is an expression of which every name exists, and at least one is the user's."""
    if not any(word in names for word in WORD.findall(text)):
        return False  # most braces are none of ours, and are not parsed at all
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = list(ast.walk(body))
    if isinstance(body, DISPLAYS) or any(isinstance(node, NEVER) for node in nodes):
        return False
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    read = {node.id for node in nodes if isinstance(node, ast.Name)} - bound
    return any(name in names for name in read) and all(name in names or hasattr(builtins, name) for name in read)


def _is_display(text: str, at: int) -> bool:
    """Whether a dictionary or a set is written here, as Python or JSON writes one: nothing in it is a mention."""
    end = closing(text, at)
    try:
        with warnings.catch_warnings(action="ignore"):
            body = ast.parse(text[at:end].strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return isinstance(body, ast.Dict) or (isinstance(body, ast.Set) and len(body.elts) > 1)


def _decorates(text: str, at: int) -> bool:
    """Whether ``@`` begins a decorator: alone on its line, with something to decorate below it."""
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    if end < 0 or text[begin:at].strip():
        return False
    alone = re.fullmatch(r"[\w.]+(?:\(.*\))?\s*", text[at + 1 : end]) is not None
    return alone and DEFINES.match(text, end + 1) is not None
