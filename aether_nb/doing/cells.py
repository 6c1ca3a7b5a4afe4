"""What ``edit``, ``fix`` and ``doc`` ask a model: a question about a cell, its error or a name, written for the person.

The answer comes by tools: ``change_cell`` shows the difference first, ``propose_cell`` puts code into a cell below, and
neither runs anything. The offline analyst can do none of it; what it can say honestly is said, with what to type.
"""

from __future__ import annotations

import argparse
import builtins
import re
from typing import Any

from aether_nb.errors import OptionError
from aether_nb.events.asked import Mention
from aether_nb.live.inspecting import inspect
from aether_nb.live.mentions.values import Mentions
from aether_nb.models.router import ANALYST
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Question
from aether_nb.tools.changing import CHANGE, OWN

__all__ = ["ASKING", "asked"]

ASKING = ("edit", "fix", "doc")
"""The verbs whose question is written here."""

CELL = re.compile(r"(?:In)?\[(\d+)\]")
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
LINES = 15
"""How much of a traceback is shown where no model explains it."""

EDIT = """\
Change this cell of mine, and nothing else: {wish}
Send its whole new code with {tool}, once. Run nothing. Then say in a sentence what you changed.

```python
{code}
```"""

FIX = """\
My cell {{In[{number}]}} failed with {{Err[{number}]}}.
Say in a few sentences what went wrong and why. Then put the whole cell, mended, into a new cell with propose_cell.
Run nothing that changes anything, and do not run the mended code: I shall."""

DOC = """\
Write a docstring for @{name}: what it is for, its arguments, what it returns and what it raises, as its code says.
Put the whole of it, with the docstring and otherwise unchanged, into a new cell with propose_cell. Run nothing else."""

EXPLAIN = "Explain {mention}: what it is, what is in it, and how it is used. Be short. Change nothing."


def asked(session: Session, verb: str, options: argparse.Namespace, code: str, cell: str) -> Question | str:
    """The question that a verb stands for; or what is said instead, where no language model serves.

    Args:
        session: The notebook's.
        verb: One of ``ASKING``.
        options: What was typed behind it.
        code: What stands below it in its own cell.
        cell: The id of that cell.

    Raises:
        OptionError: There is no such cell or name, or nothing has failed.
    """
    session.models.look_around(options.model or "", session.thread.run)
    offline = (options.model or session.models.name) == ANALYST
    if verb == "edit":
        return _edit(session, options, code, cell, offline)
    return _fix(session, options, cell, offline) if verb == "fix" else _doc(session, options, cell, offline)


def _edit(session: Session, options: argparse.Namespace, code: str, cell: str, offline: bool) -> Question | str:
    words = list(options.text)
    match = CELL.fullmatch(words[0]) if words else None
    wish = " ".join(words[1:] if match else words) or "make it clear and simple; it shall do the same as before."
    which = OWN
    if match or not code.strip():
        number = int(match[1]) if match else _last(session)
        which, code = f"In[{number}]", _source(session, number)
    if offline:
        return _declined("The offline analyst changes no code.", f"edit --model PROVIDER:MODEL {' '.join(words)}")
    prompt = EDIT.format(wish=wish, tool=CHANGE, code=code.strip("\n"))
    mentions = Mentions(prompt, (Mention(code, "cell", which),))
    # It stands as it is: in code braces are no mentions.
    return Question(prompt, model=options.model or "", cell=cell, raw=True, mentions=mentions)


def _fix(session: Session, options: argparse.Namespace, cell: str, offline: bool) -> Question | str:
    match = CELL.fullmatch(options.cell)
    if options.cell and match is None:
        raise OptionError(f"{options.cell!r} is no cell.", hint="%aether fix In[3]")
    number = int(match[1]) if match else _failed(session)
    if number not in session.failures:
        why = "Only errors since the extension was loaded are known."
        raise OptionError(f"No error of In[{number}] is known.", why, "Run it again, then: %aether fix")
    if offline:
        lines = session.failures[number].splitlines()
        shown = "\n".join([f"In[{number}] failed:", *lines[-LINES:], ""])
        return shown + _declined("The offline analyst mends no code.", "fix --model PROVIDER:MODEL")
    return Question(FIX.format(number=number), model=options.model or "", cell=cell)


def _doc(session: Session, options: argparse.Namespace, cell: str, offline: bool) -> Question | str:
    name: str = options.name
    root, namespace = name.partition(".")[0], session.shell.user_ns
    if not NAME.fullmatch(name) or not (root in namespace or hasattr(builtins, root)):
        what = f"There is no {name!r} in this notebook." if name else "It is not said of what."
        raise OptionError(what, hint="%aether doc clean, where clean is a function or a variable of yours")
    value = namespace.get(name)
    if offline:
        told = f"{inspect(name, value).text.rstrip()}\n\n" if name in namespace else ""
        return told + _declined("The offline analyst writes no docstrings.", f"doc --model PROVIDER:MODEL {name}")
    own = getattr(value, "__module__", "") == "__main__" and callable(value)
    mention = f"@{name}" if name in namespace else f"{{{name}}}"
    prompt = DOC.format(name=name) if own else EXPLAIN.format(mention=mention)
    return Question(prompt, model=options.model or "", cell=cell)


def _declined(what: str, command: str) -> str:
    return f"{what} That needs a language model: %aether setup, or name one: %aether {command}".rstrip()


def _history(session: Session) -> list[str]:
    """What was run in this kernel, as it was typed, by the number of its cell."""
    history: Any = getattr(session.shell, "history_manager", None)
    return list(history.input_hist_raw) if history is not None else []


def _ours(code: str) -> bool:
    """Whether a cell is one of ours, and none that could be mended."""
    return code.lstrip().lstrip("%").startswith("aether")


def _last(session: Session) -> int:
    """The number of the last cell of the person's own code.

    Raises:
        OptionError: There is none.
    """
    cells = _history(session)
    for number in range(len(cells) - 1, 0, -1):
        if cells[number].strip() and not _ours(cells[number]):
            return number
    raise OptionError("There is no cell to change yet.", hint="%aether edit In[3] use a groupby")


def _failed(session: Session) -> int:
    """The number of the last cell that failed, ours left out.

    Raises:
        OptionError: None has.
    """
    cells = _history(session)
    for number in reversed(session.failures):
        if not (number < len(cells) and _ours(cells[number])):
            return number
    raise OptionError("No cell has failed since the extension was loaded.", hint="For a run that failed: %aether why")


def _source(session: Session, number: int) -> str:
    """The code of a cell.

    Raises:
        OptionError: It was not run in this kernel.
    """
    cells = _history(session)
    if not 0 < number < len(cells) or not cells[number].strip():
        why = "The numbers are those of this kernel."
        raise OptionError(f"There is no cell In[{number}] that was run here.", why, "%aether edit In[3] use a groupby")
    return cells[number]
