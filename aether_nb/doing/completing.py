"""What may follow ``%aether`` or ``%%aether`` at the cursor: verbs, options, their values, models, runs and settings.

It asks nobody and writes nothing: what is listed is known already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from aether_nb import verbs
from aether_nb.doing.known import LISTED, Place, proposed
from aether_nb.errors import UnknownVerb

__all__ = ["complete"]


def complete(session: Callable[[], Any], event: Any) -> list[str]:
    """What may stand at the cursor.

    Args:
        session: Gives the notebook's conversation.
        event: What IPython's completer tells of the line.
    """
    line = event.line[: getattr(event, "cursor_pos", len(event.line)) or len(event.line)]
    words = line.split()
    if line[-1:].isspace():
        words.append("")
    if event.command.startswith("%%") or (words[1:2] and words[1].startswith("-")):  # a question, on one line or below
        return _for(session, verbs.CELL, words)
    if len(words) <= 2:
        return [verb.name for verb in verbs.VERBS if "notebook" in verb.faces]
    try:
        return _for(session, verbs.find(words[1], "notebook"), words[1:])
    except UnknownVerb:
        return []


def _for(session: Callable[[], Any], verb: verbs.Verb, words: list[str]) -> list[str]:
    """What fits behind a verb: the values of the option before the cursor, else options, and what it is about."""
    before, last = (words[-2] if len(words) > 1 else ""), words[-1]
    options = [option for option in verb.options if not option.terminal]
    for option in options:
        if before in option.names and before.startswith("-") and not option.flag:
            return _tail(proposed(option, partial(_here, session)), last)
    found = [name for option in options for name in option.names if name.startswith("-")]
    if verb is not verbs.CELL:
        for option in options:
            if not option.names[0].startswith("-"):
                found += proposed(option, partial(_here, session))
    return _tail([*found, "--help"], last)


def _here(session: Callable[[], Any]) -> Place:
    from aether_nb.live.owning import users_own

    here = session()

    def runs() -> list[str]:
        return [*(str(one.number) for one in here.line.standing), *(run.id for run in here.store.log.runs(LISTED))]

    def variables() -> list[str]:
        return list(users_own(here.shell.user_ns, here.shell.user_ns_hidden))

    return Place("notebook", lambda: here.models, here.workspace, runs, variables)


def _tail(found: Iterable[str], typed: str) -> list[str]:
    """For IPython a colon ends a word: behind one only the rest is proposed."""
    before, colon, _ = typed.rpartition(":")
    if not colon:
        return list(found)
    lead = before + colon
    return [one.removeprefix(lead) for one in found if one.startswith(lead) and one != lead]
