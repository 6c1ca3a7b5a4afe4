"""What becomes of a cell's text before it runs: ``%%aether`` is made an async cell, and questions keep their mark.

It looks at text and at the frames that run; it starts nothing. Which verbs there are is said in ``verbs``.
"""

from __future__ import annotations

import re
import sys

from IPython.core.inputtransformer2 import make_tokens_by_line

from aether_nb import verbs

__all__ = ["is_question", "is_working", "transform"]

CELL = re.compile(r"^%%aether\b[ \t]*(.*)$")
LINE = re.compile(r"^(?P<indent>[ \t]*)%aether[ \t]+(?P<text>.*\S)[ \t]*$")
NESTED = ("run_code", "run_cell_magic", "run_line_magic")


def transform(lines: list[str]) -> list[str]:
    """Make ``%%aether`` an async cell, and keep ``%aether …?`` from being read as a request for help."""
    match = CELL.match(lines[0].rstrip("\n")) if lines else None
    if match:
        if inside_another_cell():
            return lines
        return [f"await get_ipython().aether_cell({match[1]!r}, {''.join(lines[1:])!r})\n"]
    if not any("%aether" in line for line in lines):
        return lines
    filled = [line for line in lines if line.strip()]
    alone = LINE.match(filled[0].rstrip("\n")) if len(filled) == 1 else None
    if alone and (is_question(alone["text"]) or is_working(alone["text"])) and not inside_another_cell():
        return [f"await get_ipython().aether_cell('', {alone['text']!r})\n"]
    words = [[token for token in tokens if token.string.strip()] for tokens in make_tokens_by_line(lines)]
    starts = {tokens[0].start[0] for tokens in words if tokens}
    return [_kept(line) if number in starts else line for number, line in enumerate(lines, 1)]


transform.has_side_effects = True  # type: ignore[attr-defined]  # else a terminal takes %%aether for a whole cell


def _kept(line: str) -> str:
    match = LINE.match(line.rstrip("\n"))
    if match is None or not match["text"].endswith("?"):
        return line
    return f"{match['indent']}get_ipython().run_line_magic('aether', {match['text']!r})\n"


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
    """
    words = line.split()
    if not words:
        return False
    known = next((verb for verb in verbs.VERBS if verb.name == words[0] and "notebook" in verb.faces), None)
    if known:
        return not known.prose and len(words) > 2 and line.rstrip().endswith("?")
    return len(words) > 2 or (line.rstrip().endswith("?") and len(words) > 1)


def is_working(line: str) -> bool:
    """Whether the text after ``%aether`` is a verb that works on a run, as a question does."""
    words = line.split()
    return bool(words) and words[0] in verbs.WORKING and not is_question(line)
