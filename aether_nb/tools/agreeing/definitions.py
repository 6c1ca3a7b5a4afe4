"""What a server or a hook is defined to be: a command or an address, as an entry of somebody's configuration says.

Pure, but for looking at the files that a command names. It starts nothing, and does not know who may start what.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeAlias

from aether_nb.errors import ConfigError
from aether_nb.tools.agreeing.showing import VARIABLE, on_one_line, without_keys

__all__ = ["SCRIPTS", "Definition", "Kind", "Scope", "expanded", "read_entry", "script"]

Kind: TypeAlias = Literal["stdio", "http", "sse"]
"""How a server is spoken to: by its standard input and output, by streamable HTTP, or by the older SSE."""

Scope: TypeAlias = Literal["own", "project", "elsewhere"]

NAME = re.compile(r"[\w .@/-]{1,60}")

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes of a program's file that are looked at."""


@dataclass(frozen=True)
class Definition:
    """One server, or the command of one hook, as it was written down: variables are not put in yet.

    Args:
        name: What people and the configuration call it.
        source: The file that defines it.
        kind: How it is spoken to.
        command: The program, with its arguments, for ``stdio``.
        environment: Variables that it gets beside the usual few.
        folder: Where it is started; the workspace when empty.
        address: Its address, for the other two.
        headers: What is sent along to that address.
        timeout: Seconds for a call; None for the setting's.
        per_minute: The most calls in a minute; None for any number.
        scope: Who defines it: the user's own settings for us, a project's files, or the user's settings of other
            programs.
        trusted: Whether what it says of its own tools may let them run without a question; only in one's own settings.
        off: Whether the file says that it is not to be started.
        problem: What is wrong with it, in words; empty when nothing is.
        beside: What else the user reads before agreeing, by name: when, and how, a hook is called.
    """

    name: str
    source: str
    kind: Kind = "stdio"
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    per_minute: float | None = None
    scope: Scope = "project"
    trusted: bool = False
    off: bool = False
    problem: str = ""
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What would be started or spoken to, as it was written, on one line, without the keys in it.

        Of a project's definition the values of variables and headers are shown, too: they decide what is done.
        """
        shown = self.scope == "project"
        named = {**self.environment, **self.headers}.items()
        told = {name: value if shown or "${" in value else None for name, value in named}
        return on_one_line(self.command, self.address, told, self.folder)

    def fingerprint(self, workspace: Path) -> str:
        """What the user's agreement is tied to: all of the definition, the folder, and the project's own program.

        Files inside the folder that the command names count with what is in them: a program that came with a project
        and is another one by now has to be agreed to again. So do those that stand in a line for a shell.

        Args:
            workspace: The folder of the project.
        """
        said = [self.name, self.kind, list(self.command), dict(self.environment), self.folder, self.address]
        place = str(workspace) if self.kind == "stdio" else ""
        said += [dict(self.headers), *([dict(self.beside)] if self.beside else [])]
        text = json.dumps([place, *said], sort_keys=True, ensure_ascii=False, default=str)
        digest = hashlib.sha256(text.encode(errors="surrogatepass"))
        for word in (*self.command, *_in_lines(self.command)):
            module = word.replace(".", "/")  # as python -m has it
            for one in (word, f"{module}.py", f"{module}/__init__.py", f"{module}/__main__.py", f"{word}/index.js"):
                digest.update(_content(one, workspace / self.folder, workspace))
        return digest.hexdigest()[:32]


def read_entry(name: str, entry: Any, source: str, scope: Scope = "project") -> Definition:
    """A server from an entry as the usual files have it; one that makes no sense has a ``problem``.

    Args:
        name: Its name there.
        entry: ``{command, args, env}`` or ``{type, url, headers}``, with a few more keys of ours.
        source: The file.
        scope: As in the definition.
    """
    try:
        return _entry(name, entry, source, scope)
    except (ValueError, TypeError) as error:
        return Definition(str(name)[:60], source, scope=scope, problem=str(error))


def _entry(name: str, entry: Any, source: str, scope: Scope) -> Definition:
    if not isinstance(entry, Mapping):
        raise ValueError("it is no table")
    if not NAME.fullmatch(name):
        raise ValueError("its name has signs that a name has not")
    address, command = _text(entry, "url") or _text(entry, "serverUrl"), _text(entry, "command")
    kind: Kind = "stdio"
    if address:
        kind = "sse" if "sse" in (_text(entry, "type") or _text(entry, "transport")).lower() else "http"
        if not re.match(r"https?://|\$\{", address):
            raise ValueError(f"{without_keys(address)!r} is no address of the web")
    elif not command:
        raise ValueError("it has neither a command nor a url")
    arguments = entry.get("args", [])
    if not isinstance(arguments, list) or not all(isinstance(word, str | int | float) for word in arguments):
        raise ValueError("args is no list of words")
    return Definition(
        name,
        source,
        kind,
        () if address else (command, *map(str, arguments)),
        _table(entry, "env"),
        _text(entry, "cwd"),
        address,
        _table(entry, "headers"),
        _seconds(entry),
        _number(entry, "per_minute"),
        scope,
        scope == "own" and entry.get("trust") is True,
        entry.get("disabled") is True or entry.get("enabled") is False,
    )


def script(file: Path, source: str) -> Definition:
    """A server that is a program in the folder that is scanned: Python runs ``.py``, Node the others."""
    runs = sys.executable if file.suffix == ".py" else "node"
    return Definition(file.stem, source, command=(runs, str(file)))


SCRIPTS = frozenset({".mjs", ".js", ".ts", ".py"})
"""The ends of names of programs in that folder."""


def expanded(definition: Definition, environment: Mapping[str, str], workspace: Path) -> Definition:
    """The definition with its variables put in.

    The forms are ``${NAME}``, ``${NAME:-otherwise}``, ``${env:NAME}``, ``${workspaceFolder}`` and ``${userHome}``.

    Raises:
        ConfigError: A variable is not set, or a value would have to be typed in first.
    """

    def value(match: re.Match[str]) -> str:
        name, rest = match["name"], match["rest"]
        if name in ("env", "input") and match["more"] is not None and not match["more"].startswith(":-"):
            if name == "input":
                what = f"{definition.name} wants a value to be typed in: {match[0]}."
                raise ConfigError(what, f"{definition.source} says so.", "Put a variable there: ${NAME}, and set it.")
            name, rest = rest, None
        if name in ("workspaceFolder", "userHome"):
            return str(workspace if name == "workspaceFolder" else Path.home())
        if found := environment.get(name, ""):
            return found
        if rest is None:
            what = f"{definition.name} needs the variable {name}, which is not set."
            raise ConfigError(what, f"{definition.source} says so.", f"Set {name}.")
        return rest

    def put(text: str) -> str:
        return VARIABLE.sub(value, text)

    return replace(
        definition,
        command=tuple(put(word) for word in definition.command),
        environment={name: put(text) for name, text in definition.environment.items()},
        folder=put(definition.folder),
        address=put(definition.address),
        headers={name: put(text) for name, text in definition.headers.items()},
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{key} is no text")
    return value.strip()


def _table(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    value = entry.get(key) or {}
    if not isinstance(value, Mapping) or not all(isinstance(one, str | int | float) for one in value.values()):
        raise ValueError(f"{key} is no table of texts")
    return {str(name): str(one) for name, one in value.items()}


def _number(entry: Mapping[str, Any], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 86_400:
        raise ValueError(f"{key} is no number above 0")
    return float(value)


def _seconds(entry: Mapping[str, Any]) -> float | None:
    """The timeout; some programs write milliseconds, and nobody waits for a quarter of an hour."""
    found = _number(entry, "timeout")
    return found / 1000 if found is not None and found >= 1000 else found


def _in_lines(command: Sequence[str]) -> list[str]:
    """What may be the name of a file in lines of code that a command holds: ``sh -c LINE``, ``cmd /c LINE``."""
    lines = [line for flag, line in pairwise(command) if re.fullmatch(r"-\w*c|/[cC]", flag)]
    return [word for line in lines for word in re.split(r"[\s'\"`;|&<>()=,]+", line) if word]


def _content(word: str, folder: Path, workspace: Path) -> bytes:
    """A hash of the file that a word of the command names, when it lies in the project; nothing else counts."""
    try:
        file = (folder / word.replace("${workspaceFolder}", str(workspace))).resolve()
        if not file.is_relative_to(workspace.resolve()) or not file.is_file():
            return b"-"
        with file.open("rb") as opened:
            return hashlib.sha256(opened.read(LARGEST_FILE)).digest()
    except (OSError, ValueError):
        return b"-"
