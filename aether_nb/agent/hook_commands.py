"""Hooks that are commands: read from settings, run only as far as the user has agreed, told and heard as JSON.

What a project defines is somebody else's word: it is run once the user has agreed to that exact command, called in that
way, by the same fingerprint as a project's server. Nothing here decides what a hook's answer does.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from aether_nb.agent.hooks import Hook
from aether_nb.errors import AetherError, OptionError
from aether_nb.tools.agreeing.agreed import Agreements, Say
from aether_nb.tools.agreeing.definitions import Definition, Scope, expanded, read_entry
from aether_nb.tools.programs import run_fed

__all__ = ["VETO", "Command", "Places", "commands"]

VETO = 2
"""The exit code of a command that refuses; 0 goes on, and every other one is a failure."""

SHOWN = 300
"""Characters of what a command has printed that are told when it fails."""

MOST = 100
"""Hooks that one file may define."""

HOW = ("match", "order", "timeout", "required")
"""When and how it is called; the user reads that, too, and agrees to it."""

KEYS = ("event", "command", *HOW, "env", "enabled")


@dataclass(frozen=True)
class Places:
    """Where commands are defined: the tables ``[hooks.NAME]`` of one's own settings and of the project's.

    Args:
        workspace: The project's folder, in which its own run.
        agreements: What the user has said about them.
        own: Those of one's own, by name, and where they stand.
        project: Those of the project's, likewise.
        own_folder: The folder of one's own settings, in which those run: no project puts a program in the place of one.
    """

    workspace: Path
    agreements: Agreements
    own: Mapping[str, Any]
    project: Mapping[str, Any]
    own_folder: Path
    own_file: str = "your aether.toml"
    project_file: str = "aether.toml"


@dataclass(frozen=True)
class Command:
    """A hook as a file has it, with what the user has said of its command."""

    hook: Hook
    definition: Definition
    say: Say = "unasked"


def commands(places: Places) -> list[Command]:
    """All that are defined, one's own first; a project's one that has the name of an own one gets another."""
    found = [_read(name, entry, places, "own") for name, entry in list(places.own.items())[:MOST]]
    names = {one.hook.name for one in found}
    for name, entry in list(places.project.items())[:MOST]:
        found.append(_read(f"project/{name}" if name in names else name, entry, places, "project"))
    return found


def _read(name: str, entry: Mapping[str, Any], places: Places, scope: Scope) -> Command:
    """A hook from its table; one that makes no sense says why it is not used."""
    source = places.own_file if scope == "own" else places.project_file
    nothing = Definition(name, source, scope=scope)
    try:
        if unknown := [key for key in entry if key not in KEYS]:
            raise OptionError(f"{unknown[0]!r} is no key of a hook.", hint=f"There are: {', '.join(KEYS)}.")
        more = {key: entry[key] for key in HOW if key in entry}
        definition = replace(_definition(name, entry, source, scope), beside=more)
        folder = places.own_folder if scope == "own" else places.workspace
        call = partial(_run, definition, folder, places.workspace)
        hook = Hook(str(entry.get("event", "")), call, name=name, source=source, what=definition.what, **more)
    except (AetherError, TypeError, ValueError) as error:
        broken = Hook("session_end", lambda _: None, name=name, source=source, unused=f"it makes no sense: {error}")
        return Command(broken, nothing)
    say = places.agreements.said(definition)
    why = {"off": "off", "unasked": f"not agreed to; read its line, then: hooks enable {name}"}.get(say, "")
    return Command(replace(hook, unused=why), definition, say)


def _definition(name: str, entry: Mapping[str, Any], source: str, scope: Scope) -> Definition:
    """The command as the user agrees to it: the point at which it is run belongs to that.

    Raises:
        ValueError: There is none, or it is none.
    """
    words = entry.get("command", "")
    words = shlex.split(words) if isinstance(words, str) else words
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError('command is no list of words, as ["python", "check.py"]')
    said = {"command": words[0], "args": words[1:], "env": entry.get("env"), "enabled": entry.get("enabled", True)}
    definition = read_entry(f"hook {entry.get('event', '')} {name}"[:60], said, source, scope)
    if definition.problem:
        raise ValueError(definition.problem)
    return definition


async def _run(
    definition: Definition, folder: Path, workspace: Path, told: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Run the command and read its answer.

    Raises:
        AetherError: It failed: it cannot be started, ends badly, or its answer is none.
    """
    ready = expanded(definition, os.environ, workspace)
    data = json.dumps(told, ensure_ascii=False, default=str).encode(errors="replace")
    ended = await run_fed(ready.command, folder, seconds=None, told=data, more=ready.environment)
    if ended.code == VETO:
        return {"veto": ended.stderr.strip()}
    if ended.code:
        said = (ended.stderr.strip() or ended.stdout.strip())[-SHOWN:]
        raise OptionError(f"It ended with the exit code {ended.code}.", said)
    if not ended.stdout.strip():
        return None
    try:
        answer = json.loads(ended.stdout)
    except (ValueError, RecursionError) as error:
        raise OptionError("What it printed is no JSON.", f"{error}: {ended.stdout.strip()[:SHOWN]!r}") from error
    if not isinstance(answer, dict):
        raise OptionError("What it printed is no JSON object.", ended.stdout.strip()[:SHOWN])
    return answer
