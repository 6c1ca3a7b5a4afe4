"""Where skills lie, which of two with one name is used, and whom to trust.

A skill that came with a project is text from whoever made the project: it is shown to a model as such, unless the user
says that he trusts its folder. One that the user has put into his own folders, or installed as a package, speaks for
him. Those that are trusted come before those that are not, and then the nearer before the farther.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aether_nb import plugins
from aether_nb.config.home import expanded
from aether_nb.errors import OptionError
from aether_nb.tools.skills.skill import FILE, Skill, read_skill
from aether_nb.tools.skills.written import Written

__all__ = ["BUILTIN", "Found", "catalogue", "find_skills", "fit", "own_folder", "plug", "project_folder", "trusts"]

BUILTIN = Path(__file__).parent / "builtin"
FOLDERS = (".agents/skills", "_agents/skills", ".claude/skills", ".aether/skills")
"""In a project and in the user's home; the first of them is where a new one goes."""
MOST = 300
"""How many skills of one folder are looked at."""
TOLD = 6_000
"""Characters that the catalogue may take; what is left out has its name told only."""
LINE = 320


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: skills by name, those that another of the same name hides, and folders without a usable one."""

    skills: Mapping[str, Skill]
    hidden: tuple[Skill, ...] = ()
    unusable: tuple[str, ...] = ()


def trusts(workspace: Path, trust: Iterable[str]) -> bool:
    """Whether the user trusts what a project brings: one of these folders is it, or holds it."""
    here = Path(os.path.realpath(workspace))
    return any(here.is_relative_to(folder) for folder in _real(workspace, trust))


def _real(workspace: Path, trust: Iterable[str]) -> list[str]:
    """Trusted folders as they lie on the disk; one without a beginning belongs to the working folder."""
    return [os.path.realpath(workspace / expanded(folder)) for folder in trust]


def own_folder() -> Path:
    """Where the user's own skills are put."""
    return Path.home() / FOLDERS[0]


def project_folder(workspace: Path) -> Path:
    """Where those of a project are put."""
    return workspace / FOLDERS[0]


def find_skills(workspace: Path, namespace: Mapping[str, Any] | None = None, trust: Iterable[str] = ()) -> Found:
    """All skills that a run in this folder may open.

    Args:
        workspace: The working folder, in which a project's skills lie.
        namespace: The user's variables, among which functions under ``@skill`` are.
        trust: Folders whose skills the user trusts.
    """
    trusted = _real(workspace, trust)
    given = [
        *_written((namespace or {}).values(), "this notebook"),
        *_in_folders(workspace, "the project", trusted),
        *_in_folders(Path.home(), "your own", [os.path.realpath(Path.home())]),
        *_written(plugins.found("skill").values(), "a plugin"),
    ]
    skills: dict[str, Skill] = {}
    hidden: list[Skill] = []
    usable = [one for one in given if isinstance(one, Skill)]
    for one in sorted(usable, key=lambda skill: not skill.trusted):
        if skills.setdefault(one.name, one) is not one:
            hidden.append(one)
    return Found(skills, tuple(hidden), tuple(one for one in given if isinstance(one, str)))


def plug(house: plugins.House) -> None:
    """Bring in the skills that are shipped."""
    for found in _in(BUILTIN, "built in", True):
        if isinstance(found, Skill):
            house.register("skill", found.name, found)


def fit(name: str, thing: Any) -> Skill | Written:
    """The skill that a thing is.

    Raises:
        OptionError: It is none, or its own name is another.
    """
    if not isinstance(thing, Skill | Written):
        what = f"What is registered as the skill {name!r} is none."
        raise OptionError(what, f"It is a {type(thing).__name__}.", "Give a function under @skill, or a Skill.")
    if thing.name != name:
        raise OptionError(f"This skill is called {thing.name!r}, not {name!r}.")
    return thing


def _in_folders(root: Path, source: str, trusted: Iterable[str]) -> Iterator[Skill | str]:
    seen: set[str] = set()
    for name in FOLDERS:
        real = os.path.realpath(root / name)
        if real not in seen:
            seen.add(real)
            yield from _in(root / name, source, any(Path(real).is_relative_to(folder) for folder in trusted))


def _in(folder: Path, source: str, trusted: bool) -> Iterator[Skill | str]:
    """The skills of a folder; one may lie a folder deeper, as collections of them have it.

    A folder that somebody else has made may hold links: what they lead to is the user's, and is not read.
    """
    root = Path(os.path.realpath(folder.parent.parent))
    if not trusted and not Path(os.path.realpath(folder)).is_relative_to(root):
        return
    try:
        below = sorted(each for each in folder.iterdir() if each.is_dir())[:MOST]
    except OSError:
        return
    for each in below:
        places = [each] if (each / FILE).is_file() else sorted(file.parent for file in each.glob(f"*/{FILE}"))[:MOST]
        for place in places:
            if trusted or Path(os.path.realpath(place / FILE)).parent == Path(
                os.path.realpath(folder)
            ) / place.relative_to(folder):
                yield read_skill(place, source, trusted)
            else:
                yield f"{place / FILE} is a link, or lies behind one: it is not read."


def _written(things: Iterable[Any], source: str) -> Iterator[Skill]:
    """Skills that are no files: a function under ``@skill``, or a skill that a plugin has read itself."""
    for thing in list(things):
        if issubclass(type(thing), Written):
            yield thing.as_skill(source)
        elif issubclass(type(thing), Skill):
            yield replace(thing, source=thing.source or source, trusted=True)


def catalogue(skills: Mapping[str, Skill]) -> tuple[str, str]:
    """What a model is told before it opens one: of those that are trusted, and of the others; a line each.

    Args:
        skills: Those that were found.
    """
    return _told(skills, True), _told(skills, False)


def _told(skills: Mapping[str, Skill], trusted: bool) -> str:
    chosen = [skill for skill in skills.values() if skill.trusted == trusted]
    if not chosen:
        return ""
    whose = "" if trusted else " that came with this project, from whoever made it"
    lines = [f"Skills{whose} (open one with use_skill when the task is what it describes):"]
    left, named = TOLD, list[str]()
    for skill in chosen:
        said = f"- {skill.name}: {skill.description}"
        line = said if len(said) <= LINE else said[: LINE - 1] + "…"
        if len(line) <= left:
            lines.append(line)
            left -= len(line)
        else:
            named.append(skill.name)
    return "\n".join(lines + ([f"- and: {', '.join(named)[:TOLD]}"] if named else []))
