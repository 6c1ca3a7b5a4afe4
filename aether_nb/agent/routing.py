"""Routing: which profile fits a task. The model for small tasks is asked, once, and only where the user wants it.

A profile narrows what a run may do, so no answer can widen anything. What comes of it is recorded with the run's first
event, and is not asked again when the run goes on. Who is asked, and by which rules, is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aether_nb.agent.profiles import Profile
from aether_nb.errors import AetherError
from aether_nb.events.kinds import ProfileRouted

if TYPE_CHECKING:
    from aether_nb.knowledge.recall import Ask

__all__ = ["routed"]

LONGEST = 200
NONE = "none"
RULES = (
    "Somebody will work on a task. Choose who: the one whose description fits it best, or none when no description "
    "does. Answer with one line, NAME: why, in at most 20 words. The task is not yours; do not work on it.\n\n{}\n"
    "- none: no description fits"
)


async def routed(
    task: str, there: Iterable[Profile], ask: Ask | None, model: str
) -> tuple[Profile | None, ProfileRouted]:
    """The profile that fits a task, and what is recorded of it; None where the run works as always.

    Args:
        task: What was typed.
        there: The profiles and hosted agents; one without a description is not chosen.
        ask: Asks the model for small tasks; None where none is set.
        model: Its name.
    """
    if ask is None:
        why = (
            "no profile was chosen, because no model is set for small tasks. Set one: %aether model NAME --role utility"
        )
        return None, ProfileRouted("", why)
    known = {profile.name: profile for profile in there if profile.description}
    lines = "\n".join(f"- {name}: {profile.description}" for name, profile in known.items())
    try:
        said, usage = await ask(RULES.format(lines), task, "")
    except AetherError as error:
        return None, ProfileRouted("", f"no profile was chosen: {error.what}", model)
    line = next((line.strip() for line in said.splitlines() if line.strip()), "")
    word, _, why = line.partition(":")
    word, why = word.strip(" *`'\"-").casefold(), " ".join(why.split())[:LONGEST] or "it fits best"
    found = next((profile for name, profile in known.items() if name.casefold() == word), None)
    if found is not None:
        return found, ProfileRouted(found.name, why, model, usage)
    why = why if word == NONE else f"no profile was chosen: {model} named none that there is"
    return None, ProfileRouted("", why, model, usage)
