"""What ``policy``, ``profiles``, ``plugins`` and ``skills`` say and do, for both faces: rules, packages, instructions.

A face hands in the settings, the folder and the record; nothing here knows a session.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aether_nb import plugins as installed
from aether_nb import registry
from aether_nb.about import VERSION
from aether_nb.agent.profiles import Profile
from aether_nb.agent.profiles import every as every_profile
from aether_nb.config import Settings, own_file, system_file
from aether_nb.config.home import expanded
from aether_nb.errors import OptionError
from aether_nb.events.coding import code_of
from aether_nb.events.ruling import Rule
from aether_nb.store.store import Store
from aether_nb.tools.skills.drafting import draft
from aether_nb.tools.skills.finding import Found, find_skills, own_folder, project_folder, trusts
from aether_nb.tools.skills.skill import Skill, read_skill
from aether_nb.widgets.wording import count

__all__ = ["plugins", "policy", "profiles", "skills"]

MANY = 9
"""Things of one kind that are named one by one."""

BY_MODE = {
    "plan": "mode plan decides: what only reads runs, the rest is refused",
    "ask": "mode ask decides: low risk runs, the rest is asked about",
    "auto": "mode auto decides: low and medium risk run, high is asked about",
}


# ---- rules about calls


def policy(options: argparse.Namespace, settings: Settings, workspace: Path) -> str:
    """The rules that hold, or what they say of one call."""
    if options.call:
        return _explained(" ".join(options.call), settings, workspace, as_json=options.json)
    rules = {"deny": settings.deny, "ask": settings.ask, "allow": settings.allow}
    if options.json:
        return json.dumps({"mode": settings.mode, "approve": settings.approve, **rules}, indent=2)
    lines = [f"  {word:<6} {rule}" for word, found in rules.items() for rule in found]
    return "\n".join(
        [
            *(lines or ["There are no rules."]),
            f"  else   {BY_MODE[settings.mode]}",
            f"Rules stand as deny, ask and allow in {own_file()}, in AETHER_DENY, AETHER_ASK and AETHER_ALLOW,",
            f"as deny and ask in aether.toml beside the notebook, and for everybody in {system_file()}.",
            "What would be said of a call: policy shell(command=rm -rf data)",
        ]
    )


def _explained(call: str, settings: Settings, workspace: Path, *, as_json: bool) -> str:
    try:
        read = Rule.parse(call)
    except ValueError as error:
        raise OptionError(f"{call!r} is no call.", f"{error}.", "policy 'write_file(path=out/a.csv)'") from error
    facts = dict(read.wants)
    path, risk = facts.pop("path", ""), facts.pop("risk", "high")
    ruling = settings.policy(workspace).ruling(read.tool, facts, path=str(workspace / path) if path else "", risk=risk)
    said = ruling.ruled or settings.mode
    if as_json:
        return json.dumps({"call": call, "ruled": ruling.ruled, "rule": ruling.rule, "mode": settings.mode}, indent=2)
    words = {
        "deny": "refused, whoever asks",
        "ask": "asked about, whatever the mode",
        "allow": "runs without a question",
    }
    if not ruling.ruled:
        return f"{call}: no rule fits; {BY_MODE[settings.mode]}."
    in_plan = ", but not in mode plan" if said == "allow" else ""
    return f"{call}: {words[said]}{in_plan}. The rule {ruling.rule} says so."


# ---- ways of working


def profiles(options: argparse.Namespace, settings: Settings, workspace: Path) -> str:
    """The profiles that there are."""
    trusted = trusts(workspace, settings.trust_skills)
    there = every_profile(own_file().parent, workspace if trusted else None)
    if options.json:
        return json.dumps([_row(name, one) for name, one in there.items()], indent=2)
    lines = []
    for name, profile in there.items():
        if isinstance(profile, OptionError):
            lines.append(f"  {name}: cannot be used. {profile}")
            continue
        tools = f"{len(profile.tools)} tools" if profile.tools else "all tools"
        mode = [f"mode {profile.mode}"] if profile.mode else []
        more = [tools, *mode, *(f"no {rule}" for rule in profile.deny)]
        lines += [f"  {profile.name} ({profile.source}): {profile.description}", f"      {', '.join(more)}"]
    where = f"Yours are Markdown files in {own_file().parent / 'profiles'}, or functions under @host (from aether_nb"
    where += " import host); use one: %%aether --as-agent NAME, or --as-agent auto for the one that fits"
    return "\n".join([*lines, where])


def _row(name: str, profile: Profile | OptionError) -> dict[str, Any]:
    """A profile for a program, or why it is none."""
    if isinstance(profile, OptionError):
        return {"name": name, "problem": str(profile)}
    return asdict(replace(profile, agent=None)) | {"agent": bool(profile.agent)}


# ---- packages


def plugins(options: argparse.Namespace) -> str:
    """The packages that add something to the house."""
    found = [_ours(), *installed.load(), *_here()]
    if options.json:
        return json.dumps([asdict(plugin) for plugin in found], indent=2)
    lines = []
    for plugin in found:
        where = f" ({plugin.package} {plugin.version})" if plugin.package else ""
        lines.append(f"  {plugin.name}{where}: {plugin.problem or _added_by(plugin)}")
    how = f'A package becomes one by an entry point in the group "{installed.GROUP}"; {installed.OFF} switches one off.'
    return "\n".join([*lines, how])


def _ours() -> installed.Plugin:
    """What is built in: it comes by the same door."""
    things = tuple((kind, name) for kind in installed.HOMES for name in installed.own(kind))
    return installed.Plugin("built in", registry.HOUSE, VERSION, things)


def _here() -> list[installed.Plugin]:
    """What this notebook or program has registered itself."""
    things = registry.brought("")
    return [installed.Plugin("registered here", "", "", things)] if things else []


def _added_by(plugin: installed.Plugin) -> str:
    """What it brings, by kind; of many things only how many they are."""
    by_kind: dict[str, list[str]] = {}
    for kind, name in plugin.added:
        by_kind.setdefault(kind, []).append(name)
    told = [
        count(len(names), kind) if len(names) > MANY else f"{kind} {', '.join(names)}"
        for kind, names in by_kind.items()
    ]
    return f"adds {'; '.join(told) or 'nothing'}"


# ---- skills


def skills(
    options: argparse.Namespace, settings: Settings, workspace: Path, store: Store, namespace: Mapping[str, Any]
) -> str:
    """Look through skills, show one, add one, check them, or draft one from a run."""
    found = find_skills(workspace, namespace, settings.trust_skills)
    if options.json and options.what == "list":
        return json.dumps([_plain(skill) for skill in found.skills.values()], indent=2)
    match options.what:
        case "show":
            skill = _named(found, options.name)
            return json.dumps({**_plain(skill), "text": skill.text}, indent=2) if options.json else _shown(skill)
        case "add":
            return _added(options, workspace)
        case "check":
            return _checked(found, options.name)
        case "make":
            entries = list(store.log.read(store.log.resolve(options.run)))
            return draft(project_folder(workspace), options.name, code_of(entries))
    return _listed(found, options.name)


def _listed(found: Found, category: str) -> str:
    chosen = [skill for skill in found.skills.values() if category in ("", skill.category)]
    width = max((len(skill.name) for skill in chosen), default=0)
    lines = []
    for skill in chosen:
        whose = skill.source if skill.trusted else f"{skill.source}, shown to models as its text"
        wrong = f" · {len(skill.problems)} to mend" if skill.problems else ""
        lines += [f"  {skill.name:<{width}}  {skill.description}", f"  {'':<{width}}  ({whose}{wrong})"]
    hidden = [f"  hidden by another of its name: {skill.name} ({skill.source})" for skill in found.hidden]
    more = "One of them: skills show NAME · Take one over: skills add FOLDER [--user] · What is wrong: skills check"
    return "\n".join([*(lines or ["There are no skills of that category."]), *hidden, *found.unusable, more])


def _named(found: Found, name: str) -> Skill:
    if name not in found.skills:
        there = ", ".join(found.skills)
        raise OptionError(
            f"There is no skill {name!r}." if name else "Which skill?", f"There are {there}.", "skills list"
        )
    return found.skills[name]


def _plain(skill: Skill) -> dict[str, Any]:
    fields = ("name", "description", "category", "source", "trusted", "only", "problems")
    return {name: getattr(skill, name) for name in fields} | {"folder": str(skill.folder or "")}


def _shown(skill: Skill) -> str:
    where = f" · {skill.folder}" if skill.folder else ""
    limits = [f"It limits itself to: {', '.join(skill.only)}"] if skill.only is not None else []
    files = [f"Files: {', '.join(skill.files())}"] if skill.files() else []
    head = [
        f"{skill.name} · {skill.source}{where}",
        skill.description,
        *limits,
        *files,
        *skill.problems,
        "",
        skill.text,
    ]
    return "\n".join(head)


def _added(options: argparse.Namespace, workspace: Path) -> str:
    """Copy a folder to where skills are looked for. Typed by the user, it is his word that he wants it there."""
    source = expanded(options.name)
    if not options.name or not source.is_dir():
        raise OptionError(f"{options.name or 'Nothing'} is no folder.", "", "skills add path/to/skill --user")
    skill = read_skill(source.resolve())
    if isinstance(skill, str):
        raise OptionError("It is no skill.", skill, "A skill has a SKILL.md with a name and a description.")
    place = (own_folder() if options.user else project_folder(workspace)) / skill.name
    if place.exists():
        raise OptionError(f"{place} exists already.", "It is not written over.", "Take it away first.")
    try:
        shutil.copytree(source, place, symlinks=False)
    except OSError as error:
        raise OptionError(f"{place} could not be written.", str(error), "Is the folder writable?") from error
    whose = "speaks for you from now on" if options.user else "is shown to models as the project's text"
    return "\n".join([f"{skill.name} is in {place} and {whose}.", *skill.problems])


def _checked(found: Found, folder: str) -> str:
    """What is wrong with skills: with one folder, or with all that are found."""
    if folder:
        skill = read_skill(expanded(folder).resolve())
        if isinstance(skill, str):
            return skill
        return "\n".join(skill.problems) or f"{skill.name} is as it should be."
    lines = [f"{skill.name}: {wrong}" for skill in found.skills.values() for wrong in skill.problems]
    return "\n".join([*lines, *found.unusable]) or f"All {len(found.skills)} skills are as they should be."
