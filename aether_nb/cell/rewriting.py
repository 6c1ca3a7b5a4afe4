"""What becomes of a cell's text before it runs: ``%%aether`` is made an async cell, and questions keep their mark.

It looks at text and at the frames that run; it starts nothing. Which verbs there are is said in ``verbs``.
"""

from __future__ import annotations

import re
import sys
from typing import Literal

from IPython import get_ipython
from IPython.core.inputtransformer2 import make_tokens_by_line
from IPython.core.magic import MagicAlias

from aether_nb import verbs
from aether_nb.typed import OPTION

__all__ = ["is_question", "is_working", "transform"]

CELL = re.compile(r"^%%(?P<name>\w+)\b[ \t]*(?P<line>.*)$")
LINE = re.compile(r"^(?P<indent>[ \t]*)%(?P<name>\w+)[ \t]+(?P<text>.*\S)[ \t]*$")
HELP = re.compile(r"^[ \t]*(?:\?{1,2}(?P<before>%%?)(?P<name>\w+)|(?P<mark>%%?)(?P<named>\w+)[ \t]*\?{1,2})[ \t]*$")
NESTED = ("run_code", "run_cell_magic", "run_line_magic")


def transform(lines: list[str]) -> list[str]:
    """Make ``%%aether`` an async cell, and keep ``%aether …?`` from being read as a request for help."""
    filled = [line.rstrip("\n") for line in lines if line.strip()]
    if not filled or not any("%" in line for line in filled):
        return lines
    if len(filled) == 1 and (asked := HELP.match(filled[0])) and _given(asked["name"] or asked["named"]) is not None:
        about = " %%aether" if (asked["before"] or asked["mark"]) == "%%" else ""
        return [f"get_ipython().run_line_magic('aether', 'help{about}')\n"]
    match = CELL.match(lines[0].rstrip("\n"))
    if match and (given := _given(match["name"], "cell")) is not None:
        if inside_another_cell():
            return lines
        line = " ".join(filter(None, (given, match["line"])))
        return [f"await get_ipython().aether_cell({line!r}, {''.join(lines[1:])!r})\n"]
    return _with_lines(lines, filled)


transform.has_side_effects = True  # type: ignore[attr-defined]  # else a terminal takes %%aether for a whole cell


def _with_lines(lines: list[str], filled: list[str]) -> list[str]:
    """The same for ``%aether`` as a line, alone or among others."""
    match = LINE.match(filled[0])
    if match and (given := _given(match["name"])) is not None and not inside_another_cell():
        text, alone = match["text"], len(filled) == 1
        line = f"{given} {text}".lstrip()
        if alone and given[:1] in ("", "-") and is_question(line):
            return [f"await get_ipython().aether_cell({line!r}, '')\n"]
        if alone and is_working(line):
            return [f"await get_ipython().aether_cell('', {line!r}, True)\n"]
        if not alone and line.split()[0] == "edit":
            below = "".join(lines).partition(filled[0])[2]
            return [f"await get_ipython().aether_cell('', {line + below!r}, True)\n"]
    if not any((found := LINE.match(line)) and _given(found["name"]) is not None for line in filled):
        return lines
    words = [[token for token in tokens if token.string.strip()] for tokens in make_tokens_by_line(lines)]
    starts = {tokens[0].start[0] for tokens in words if tokens}
    return [_kept(line) if number in starts else line for number, line in enumerate(lines, 1)]


def _given(name: str, kind: Literal["line", "cell"] = "line") -> str | None:
    """What a name for the magic puts before its line: that of an alias; None when it is no name for it."""
    if name == "aether":
        return ""
    shell = get_ipython()
    magic = shell.magics_manager.magics[kind].get(name) if shell is not None else None
    if isinstance(magic, MagicAlias) and magic.magic_name == "aether":
        return str(magic.magic_params or "")
    return None


def _kept(line: str) -> str:
    match = LINE.match(line.rstrip("\n"))
    if match is None or not match["text"].endswith("?") or _given(match["name"]) is None:
        return line
    return f"{match['indent']}get_ipython().run_line_magic({match['name']!r}, {match['text']!r})\n"


def inside_another_cell() -> bool:
    """Whether the text to transform is run by a cell that is running already, where nothing can be awaited."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name in NESTED and code.co_filename.endswith("interactiveshell.py"):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def is_question(line: str) -> bool:
    """Whether the text after ``%aether`` is a question and no verb.

    It is one when it does not begin with a verb, and has several words or ends in a question mark. After a verb it is
    one only when it is plainly asked (``show me the trend?``): a slip in a verb's arguments must not start a run.
    What begins with an option is one, too, as in the cell: whether the option is right is found when it is read.
    """
    words = line.split()
    if not words:
        return False
    if OPTION.match(line.lstrip()):
        return words[0] not in ("-h", "--help")
    known = next((verb for verb in verbs.VERBS if verb.name == words[0] and "notebook" in verb.faces), None)
    if known and known.name in ("fix", "doc"):  # these are short: a longer line asks for something
        options = {at for at, word in enumerate(words) if word.startswith("-")}
        return len(words) - len(options | {at + 1 for at in options}) > 2
    if known:
        named = len(words) > 1 and any(words[1] in option.choices for option in known.options[:1])  # know search …?
        prose = known.prose or known.name == "fork" or named
        return not prose and len(words) > 2 and line.rstrip().endswith("?")
    return len(words) > 2 or (line.rstrip().endswith("?") and len(words) > 1)


def is_working(line: str) -> bool:
    """Whether the text after ``%aether`` is a verb that works on a run, as a question does."""
    words = line.split()
    return bool(words) and words[0] in verbs.WORKING and not is_question(line)
