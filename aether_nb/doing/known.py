"""What can be named behind a verb, by the word for what an option takes: models, runs, profiles, settings.

One table for TAB in a notebook and in a terminal. It asks nobody and writes nothing: what is listed is known already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aether_nb import verbs
from aether_nb.errors import AetherError

if TYPE_CHECKING:
    from aether_nb.session.serving import Serving

__all__ = ["LISTED", "Place", "proposed", "takes"]

LISTED = 30
"""How many of the newest runs are proposed."""


@dataclass(frozen=True)
class Place:
    """Where somebody types.

    Args:
        face: ``notebook`` or ``terminal``: whose verbs there are.
        serving: Gives which models answer there.
        folder: The working folder.
        runs: Gives the runs that can be named.
        variables: Gives the names in the namespace; none in a terminal.
    """

    face: str
    serving: Callable[[], Serving]
    folder: Path
    runs: Callable[[], Iterable[str]]
    variables: Callable[[], Iterable[str]] = tuple


def proposed(option: verbs.Option, place: Callable[[], Place]) -> list[str]:
    """The values that an option may have; none where they cannot be known.

    Args:
        option: Of a verb.
        place: Gives where it is typed; not called when that makes no difference.
    """
    if option.choices:
        return list(option.choices)
    known = _KNOWN.get(takes(option))
    try:
        return list(known(place())) if known else []
    except AetherError:
        return []  # what is wrong is said by the verb itself


def takes(option: verbs.Option) -> str:
    """The word for what an option takes, in capitals; empty when it has none."""
    words = re.findall(r"[A-Z]+", option.metavar.rpartition("|")[2])
    return words[0] if words else ""


def _models(place: Place) -> Iterable[str]:
    serving = place.serving()
    return [*serving.choices(), *(f"{name}:" for name in serving.providers.names())]


def _profiles(place: Place) -> Iterable[str]:
    from aether_nb.agent.profiles import profiles
    from aether_nb.config import own_file
    from aether_nb.tools.skills.finding import trusts

    trusted = trusts(place.folder, place.serving().settings.trust_skills)
    return [profile.name for profile in profiles(own_file().parent, place.folder if trusted else None)]


def _templates(place: Place) -> Iterable[str]:
    from aether_nb.config import own_file
    from aether_nb.jobs.templates import found

    return found(place.folder, own_file().parent)


def _contexts(_: Place) -> Iterable[str]:
    from aether_nb.config import own_file
    from aether_nb.jobs.contexts import contexts

    return contexts(own_file().parent)


def _settings(_: Place) -> Iterable[str]:
    from aether_nb.config import known

    return known()


def _verbs(place: Place) -> Iterable[str]:
    there = [verb.name for verb in verbs.VERBS if place.face in verb.faces]
    return [*there, *verbs.PAGES, *(["%%aether"] if place.face == "notebook" else [])]


_KNOWN: dict[str, Callable[[Place], Iterable[str]]] = {
    "MODEL": _models,
    "PROVIDER": lambda place: place.serving().providers.names(),
    "PROFILE": _profiles,
    "RUN": lambda place: place.runs(),
    "VERB": _verbs,
    "SETTING": _settings,
    "VARIABLE": lambda place: place.variables(),
    "TEMPLATE": _templates,
    "CONTEXT": _contexts,
}
