"""The one table of verbs and options, from which the magics and the command line are both built.

Plain data, by theme; its order is that in which help tells of them. How a line is read stands in ``typed``, whose names
are passed on here; what a verb does stands in ``magics`` and ``cli``. This package knows neither.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from difflib import get_close_matches

from aether_nb.errors import UnknownVerb
from aether_nb.typed import Face, Help, Option, Verb, help_text, leading_options, parse, split
from aether_nb.verbs import asking, code, encryption, house, jobs, knowledge, mcp, memory, models, records, runs
from aether_nb.verbs.asking import CELL

__all__ = [
    "CELL",
    "FINAL",
    "PAGES",
    "SAYING",
    "VERBS",
    "WORKING",
    "Face",
    "Help",
    "Option",
    "Verb",
    "about",
    "find",
    "help_text",
    "in_terminal",
    "leading_options",
    "overview",
    "page",
    "parse",
    "words",
    "wrapped",
]

SAYING = ("approve", "deny", "answer", "settle", "tell", "pause", "go", "stop")
"""Verbs that say something to a run, wherever it is worked on."""

FINAL = ("approve", "deny", "settle", "stop", "undo", "forget", "encrypt", "decrypt")
"""Verbs that end, drop or agree to something: none of them is ever guessed from a slip of the keys."""

WORKING = ("resume", "replay", "fork", "edit", "fix", "doc")
"""Verbs that work on a run, as a question does: alone in a cell they are awaited, so that clicks are heard."""

VERBS: tuple[Verb, ...] = (
    *asking.VERBS,
    *models.VERBS,
    *mcp.VERBS,
    *runs.VERBS,
    *records.VERBS,
    *encryption.VERBS,
    *code.VERBS,
    *knowledge.VERBS,
    *memory.VERBS,
    *jobs.VERBS,
    *house.VERBS,
)
"""Every verb, in the order in which help tells of them."""


def find(name: str, face: Face) -> Verb:
    """The verb of that name.

    Raises:
        UnknownVerb: There is none; says which one is near, or where it is typed.
    """
    known = {verb.name: verb for verb in VERBS if face in verb.faces}
    if name in known:
        return known[name]
    if any(verb.name == name for verb in VERBS):
        place, typed = ("terminal", f"aether {name}") if face == "notebook" else ("notebook", f"%aether {name}")
        raise UnknownVerb(f"There is no verb {name!r} here.", f"It is typed in a {place}.", f"{typed}, in a {place}")
    program = "%aether" if face == "notebook" else "aether"
    near = get_close_matches(name, [each for each in known if each not in FINAL], 1, 0.5)
    why = f"Did you mean {near[0]!r}?" if near else ""
    hint = f"{program} {near[0] if near else 'help'}"
    raise UnknownVerb(f"There is no verb {name!r}.", why, hint + (", or ask: %%aether" if face == "notebook" else ""))


def words(line: str) -> list[str]:
    """What was typed after ``%aether`` as words: as a shell would split it, a text as it stands.

    Raises:
        OptionError: A quote is not closed.
    """
    plain = line.split()
    prose = any(verb.prose and verb.name == plain[0] for verb in VERBS) if plain else False
    return plain if prose else split(line)


def overview(face: Face) -> str:
    """All verbs, each with what it does, as wide as the terminal is."""
    program = "%aether" if face == "notebook" else "aether"
    rows = [(f"{program} {verb.name}", verb.help) for verb in VERBS if face in verb.faces]
    if face == "notebook":
        rows = [("%%aether", CELL.help), ("%aether QUESTION", "The same, on one line; options stand before it."), *rows]
    rows.append((f"{program} help NAME", f"All about a verb; or a page: {', '.join(PAGES)}."))
    width = max(len(left) for left, _ in rows)
    return "\n".join(wrapped(right, f"  {left:<{width}}  ") for left, right in rows)


def wrapped(text: str, before: str = "") -> str:
    """A text as wide as the terminal is; what stands before it is left free below.

    Args:
        text: The text, in one line.
        before: What stands before its first line.
    """
    columns = max(shutil.get_terminal_size().columns, len(before) + 20)
    return textwrap.fill(
        text, columns, initial_indent=before, subsequent_indent=" " * len(before), break_on_hyphens=False
    )


def guarantees_text() -> str:
    """The contract of a step, what is guaranteed, and what becomes of failures."""
    from aether_nb import testing

    return testing.__doc__ or ""


def guard_text() -> str:
    """What is watched while code runs, and what is not."""
    from aether_nb.live.guard import page

    return page.__doc__ or ""


def encryption_text() -> str:
    """What an encrypted record seals, and what can be seen all the same."""
    from aether_nb.store import page

    return page.__doc__ or ""


def hooks_text() -> str:
    """The six hooks, what each may do, and the ten events to observe."""
    from aether_nb.agent import hooks

    return hooks.__doc__ or ""


PAGES = {"guarantees": guarantees_text, "guard": guard_text, "hooks": hooks_text, "encryption": encryption_text}
"""What ``help`` knows beside the verbs."""


def page(name: str, face: Face) -> str:
    """A page; one that has the name of a verb ends with the help of that."""
    text = PAGES[name]()
    text = in_terminal(text) if face == "terminal" else text
    return f"{text}\n{help_text(find(name, face), face)}" if any(verb.name == name for verb in VERBS) else text


def about(name: str, face: Face) -> str:
    """What ``help NAME`` says: of a page, of the cell magic, or of a verb, also of one that the other face has.

    Raises:
        UnknownVerb: There is nothing of that name; says what is near.
    """
    if name in PAGES:
        return page(name, face)
    if name.lstrip("%") == "aether":
        return help_text(CELL, "notebook")
    elsewhere = next((verb for verb in VERBS if verb.name == name and face not in verb.faces), None)
    if elsewhere is not None:
        place = elsewhere.faces[0]
        return f"{help_text(elsewhere, place)}\nIt is typed in a {place}, not here.\n"
    return help_text(find(name, face), face)


def in_terminal(text: str) -> str:
    """A text that names commands as they are typed in a notebook, with those that the terminal has as typed there.

    Another model for a role is a variable there, and is left as it is said.
    """
    text = re.sub(r"%aether model (?=\S)(?!\S+ --role)", "--model ", text)
    names = "|".join(verb.name for verb in VERBS if "terminal" in verb.faces)
    return re.sub(rf"%aether (?=({names})\b)", "aether ", re.sub(r" \(in a terminal: aether [^)]*\)", "", text))
