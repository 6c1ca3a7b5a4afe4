"""What may follow ``%aether`` or ``%%aether`` at the cursor: verbs, options, their values, models, runs and settings.

It asks nobody and writes nothing: what is listed is known already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aether_nb import verbs
from aether_nb.errors import AetherError, UnknownVerb

if TYPE_CHECKING:
    from aether_nb.config import Settings

__all__ = ["LISTED", "complete", "profiles_of", "takes"]

LISTED = 30
"""How many of the newest runs are proposed."""


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
    if event.command.startswith("%%"):
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
            return _tail(_values(session, option), last)
    found = [name for option in options for name in option.names if name.startswith("-")]
    if verb is not verbs.CELL:
        for option in options:
            if not option.names[0].startswith("-"):
                found += _values(session, option)
    return _tail([*found, "--help"], last)


def _values(session: Callable[[], Any], option: verbs.Option) -> Iterable[str]:
    if option.choices:
        return option.choices
    known = _KNOWN.get(takes(option))
    try:
        return known(session) if known else ()
    except AetherError:
        return ()  # what is wrong is said by the verb itself


def takes(option: verbs.Option) -> str:
    """The word for what an option takes, in capitals; empty when it has none."""
    words = re.findall(r"[A-Z]+", option.metavar.rpartition("|")[2])
    return words[0] if words else ""


def _models(session: Callable[[], Any]) -> list[str]:
    models = session().models
    return [*models.choices(), *(f"{name}:" for name in models.providers.names())]


def _runs(session: Callable[[], Any]) -> list[str]:
    here = session()
    return [*(str(one.number) for one in here.line.standing), *(run.id for run in here.store.log.runs(LISTED))]


def profiles_of(settings: Settings, workspace: Path) -> list[str]:
    """The names of the profiles that can be worked by in a folder."""
    from aether_nb.agent.profiles import profiles
    from aether_nb.config import own_file
    from aether_nb.tools.skills.finding import trusts

    trusted = trusts(workspace, settings.trust_skills)
    return [profile.name for profile in profiles(own_file().parent, workspace if trusted else None)]


def _profiles(session: Callable[[], Any]) -> list[str]:
    here = session()
    return profiles_of(here.models.settings, here.workspace)


def _settings(_: Callable[[], Any]) -> list[str]:
    from aether_nb.config import known

    return list(known())


def _variables(session: Callable[[], Any]) -> list[str]:
    from aether_nb.live.owning import users_own

    shell = session().shell
    return list(users_own(shell.user_ns, shell.user_ns_hidden))


_KNOWN: dict[str, Callable[[Callable[[], Any]], Iterable[str]]] = {
    "MODEL": _models,
    "PROVIDER": lambda session: session().models.providers.names(),
    "PROFILE": _profiles,
    "RUN": _runs,
    "VERB": lambda _: [*(verb.name for verb in verbs.VERBS if "notebook" in verb.faces), *verbs.PAGES, "%%aether"],
    "SETTING": _settings,
    "VARIABLE": _variables,
}
"""What is proposed, by the word for what an option takes."""


def _tail(found: Iterable[str], typed: str) -> list[str]:
    """For IPython a colon ends a word: behind one only the rest is proposed."""
    before, colon, _ = typed.rpartition(":")
    if not colon:
        return list(found)
    lead = before + colon
    return [one.removeprefix(lead) for one in found if one.startswith(lead) and one != lead]
