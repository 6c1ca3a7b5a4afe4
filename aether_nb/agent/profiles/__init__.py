"""Profiles: how an agent works on a kind of task. A Markdown file says what it is told, and a head what it may use.

    ---
    name: finance
    description: Questions about accounts, budgets and invoices.
    tools: [query, profile_table, plot, read_file]
    servers: [ledger]
    deny: ["http_request"]
    ask: ["write_file(path=reports/*)"]
    model: openai:gpt-5
    mode: ask
    data: stats
    ---
    Amounts are in euros unless a column says otherwise. …

A profile only narrows what a run may do: its rules come on top of all others. One that came with a project counts when
the user trusts its folder. A hosted agent, which is a function, is chosen and narrowed in the same way. This module
does not know how a run is begun, nor what such a function is handed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from aether_nb import plugins
from aether_nb.errors import OptionError
from aether_nb.events.kinds import DataLevel, Mode
from aether_nb.events.ruling import parsed
from aether_nb.tools.function import code_hash
from aether_nb.tools.heads import called, parted

__all__ = [
    "SHIPPED",
    "Profile",
    "every",
    "find_profile",
    "fit",
    "hosted",
    "hosted_profile",
    "plug",
    "profiles",
    "read_profile",
]

SHIPPED = Path(__file__).parent
LONGEST = 20_000
FIELDS = {"name", "description", "tools", "servers", "deny", "ask", "model", "mode", "data"}
ALWAYS = ("plan", "ask_user", "answer_with", "use_skill")
"""Tools that do nothing by themselves; every profile has them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile. ``tools`` are names, with ``*``, of those that it may use; all when empty.

    ``agent`` is the function that works by it, when it is a hosted agent's.
    """

    name: str
    prompt: str = ""
    description: str = ""
    tools: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    model: str = ""
    mode: Mode | None = None
    data: DataLevel | None = None
    source: str = ""
    agent: Callable[..., Any] | None = None

    @property
    def version(self) -> str:
        """A hash of the code of the hosted agent; empty without one."""
        return code_hash(self.agent) if self.agent else ""

    def at_most(self, mode: Mode, data: DataLevel) -> tuple[Mode, DataLevel]:
        """How much may run unasked and how much data may leave: these, or its own words where they are more careful."""
        modes, levels = get_args(Mode), get_args(DataLevel)
        careful: tuple[Mode, DataLevel] = (
            min(mode, self.mode or mode, key=modes.index),
            min(data, self.data or data, key=levels.index),
        )
        return careful


def hosted_profile(function: Any, name: str = "", description: str = "", **narrowing: Any) -> Profile:
    """The profile of an agent that is a function.

    Args:
        function: Takes one argument, the house.
        name: What people type; the function's name when empty.
        description: What it is for; the first line of its docstring when empty.
        **narrowing: ``tools``, ``deny``, ``ask``, ``model``, ``mode`` and ``data``, as in a profile's head.

    Raises:
        OptionError: It is no such function, or a rule or word cannot be read.
    """
    what, hint = getattr(function, "__name__", type(function).__name__), "@host over: def agent(house): …"
    if not callable(function) or isinstance(function, type):
        raise OptionError(f"{what} cannot be hosted.", "It is no function.", hint)
    try:
        inspect.signature(function).bind(None)
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"{what} cannot be hosted.", "It is not called with one argument, the house.", hint
        ) from error
    names = _names(narrowing.get("tools") or ())
    return Profile(
        name or what,
        description=description or (inspect.getdoc(function) or "").partition("\n")[0],
        tools=(*names, *ALWAYS) if names else (),
        deny=_rules(narrowing.get("deny"), what),
        ask=_rules(narrowing.get("ask"), what),
        model=narrowing.get("model") or "",
        mode=_one_of(narrowing, "mode", get_args(Mode), what),
        data=_one_of(narrowing, "data", get_args(DataLevel), what),
        source="a function",
        agent=function,
    )


def hosted(name: str) -> Profile | None:
    """The hosted agent of that name; None when there is none here."""
    found: Profile | None = plugins.found("profile").get(name)
    return found if found is not None and found.agent is not None else None


def read_profile(file: Path, source: str = "") -> Profile:
    """The profile in a file.

    Raises:
        OptionError: It cannot be read, or says what no profile can say.
    """
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(LONGEST + 1)
    except OSError as error:
        raise OptionError(f"{file} cannot be read.", f"{error.strerror or error}.", "") from error
    if len(text) > LONGEST:
        hint = "Shorten it, or put what is seldom needed into a skill."
        raise OptionError(f"{file} is too long.", f"A profile has up to {LONGEST:,} characters.", hint)
    fields, prompt, problems = parted(text)
    if problems:
        raise OptionError(f"{file} is no profile.", " ".join(problems), "It begins with a head: --- name: mine ---")
    if unknown := sorted(set(fields) - FIELDS):
        raise OptionError(f"{file} says {unknown[0]!r}.", f"A profile has: {', '.join(sorted(FIELDS))}.", "")
    tools, servers = _names(fields.get("tools")), _names(fields.get("servers"))
    offered = (*tools, *(f"mcp__{server}__*" for server in servers), *ALWAYS) if tools or servers else ()
    return Profile(
        str(fields.get("name") or file.stem),
        prompt,
        " ".join(str(fields.get("description") or "").split()),
        offered,
        _rules(fields.get("deny"), file),
        _rules(fields.get("ask"), file),
        str(fields.get("model") or ""),
        _one_of(fields, "mode", get_args(Mode), file),
        _one_of(fields, "data", get_args(DataLevel), file),
        source,
    )


def _names(told: Any) -> tuple[str, ...]:
    return tuple(map(str, told)) if isinstance(told, list | tuple) else tuple(str(told or "").replace(",", " ").split())


def _rules(told: Any, file: Path | str) -> tuple[str, ...]:
    rules = list(map(str, told)) if isinstance(told, list | tuple) else [str(told)] if told else []
    try:
        return tuple(rule.text for rule in parsed(rules))
    except ValueError as error:
        raise OptionError(f"{file} has a rule that is none.", f"{error}.", "") from error


def _one_of(fields: Mapping[str, Any], name: str, words: tuple[str, ...], file: Path | str) -> Any:
    said = fields.get(name)
    if said is not None and said not in words:
        raise OptionError(f"{file}: {name} cannot be {said!r}.", f"It is one of {', '.join(words)}.", "")
    return said


def profiles(own: Path, project: Path | None = None) -> Iterator[Profile]:
    """All profiles: one's own, a project's where it is trusted, of plugins, of hosted agents, those that are shipped.

    Args:
        own: The folder of the user's settings; profiles lie in ``profiles`` below it.
        project: The project's folder, whose profiles lie in ``.aether/profiles``; None when it is not trusted.
    """
    return (each for each in every(own, project).values() if isinstance(each, Profile))


def every(own: Path, project: Path | None = None) -> dict[str, Profile | OptionError]:
    """All profiles by name, and why one cannot be read: then none of those after it has its name, with other rules.

    Args:
        own: As for ``profiles``.
        project: As for ``profiles``.
    """
    found: dict[str, Profile | OptionError] = {}
    for name, profile in _all(own, project):
        found.setdefault(name, profile)
    return found


def _all(own: Path, project: Path | None) -> Iterator[tuple[str, Profile | OptionError]]:
    yield from _in(own / "profiles", "your own")
    if project is not None:
        yield from _in(project / ".aether" / "profiles", "the project")
    yield from plugins.found("profile").items()


def plug(house: plugins.House) -> None:
    """Bring in the profiles that are shipped."""
    for file in sorted(SHIPPED.glob("*.md")):
        profile = read_profile(file, "built in")
        house.register("profile", profile.name, profile)


def fit(name: str, thing: Any) -> Profile:
    """The profile that a thing is; a file is read, and a function is hosted.

    Raises:
        OptionError: It is none, its name is another, or the file cannot be read.
    """
    profile = read_profile(Path(thing), "a plugin") if isinstance(thing, str | Path) else thing
    if inspect.isroutine(profile):
        profile = hosted_profile(profile, name)
    if not isinstance(profile, Profile):
        raise OptionError(f"What is registered as the profile {name!r} is none.", f"It is a {type(thing).__name__}.")
    if profile.name != name:
        raise OptionError(f"This profile is called {profile.name!r}, not {name!r}.")
    return profile


def _in(folder: Path, source: str) -> Iterator[tuple[str, Profile | OptionError]]:
    for file in sorted(folder.glob("*.md")):
        try:
            profile = read_profile(file, source)
        except OptionError as error:
            yield called(file), error
        else:
            yield profile.name, profile


def find_profile(name: str, own: Path, project: Path | None = None) -> Profile:
    """The profile of that name.

    Raises:
        OptionError: There is none; says which one is near. Or it cannot be read.
    """
    found = every(own, project)
    match found.get(name):
        case Profile() as profile:
            return profile
        case OptionError() as error:
            raise error
    near = get_close_matches(name, found, 1) or sorted(found)
    raise OptionError(f"There is no profile {name!r}.", f"There is: {', '.join(near)}.", "%aether profiles")
