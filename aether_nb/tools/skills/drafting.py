"""A run that went well becomes the draft of a skill: what was asked, in which steps it was done, and the code of it."""

from __future__ import annotations

import re
from pathlib import Path

from aether_nb.errors import OptionError
from aether_nb.events.coding import RunCode
from aether_nb.live.placing import place as put
from aether_nb.tools.skills.skill import FILE

__all__ = ["draft"]

LONGEST = 800


def draft(folder: Path, name: str, code: RunCode) -> str:
    """Write the draft, for a person to finish; it says where it lies.

    Args:
        folder: Where skills of the project lie.
        name: What it is to be called.
        code: What the run did.

    Raises:
        OptionError: The name is none, there is one already, or the run did nothing that could be done again.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > 64:
        why = "Small letters, digits and single dashes, at most 64."
        raise OptionError(f"A skill cannot be called {name!r}.", why, "skills make monthly-report")
    if not code.pieces:
        what = f"Run {code.run} has no code that could be done again."
        raise OptionError(what, "It only looked, it failed, or it was undone.", "skills make NAME --run RUN")
    place = folder / name
    if place.exists():
        raise OptionError(f"{place} exists already.", "It is not written over.", "Take another name.")
    asked = " ".join(code.prompt.split())[:LONGEST]
    steps = []
    for number, piece in enumerate(code.pieces, 1):
        steps.append(f"{number}. {piece.title or 'Then'}\n\n```python\n{piece.code.strip()}\n```")
    description = f"{asked} Use it when the same is wanted of other data."
    text = (
        f"---\nname: {name}\ndescription: {_quoted(description)}\n---\n# {name.replace('-', ' ').capitalize()}\n\n"
        f"This was asked: {asked}\n\nThe names of tables and columns below are those of one case; take what the user "
        f"names instead.\n\n" + "\n\n".join(steps) + "\n\nSay what was found, with the figures that the code gave.\n"
    )
    put(place / FILE, text.encode(), new=True)
    return f"{place / FILE} is a draft of what run {code.run} did: read it, and make it general."


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"')[:1000] + '"'
