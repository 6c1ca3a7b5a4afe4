"""Files of settings: where a person's own is, what one says, and how a line of it is written.

What a setting is called and which values it takes is handed in. This module decides nothing about who may say what.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aether_nb.config.home import expanded
from aether_nb.config.rules import Setting, checked, unknown
from aether_nb.errors import ConfigError

__all__ = ["FILE", "ROLES", "own_file", "same", "system_file", "values_of", "write_line"]

FILE = "aether.toml"

WHERE = "AETHER_CONFIG"
"""The variable that says which file is a person's own."""

LARGEST = 64 * 1024
"""How many bytes a file of settings may have."""

ROLES = {
    "chat": "model",
    "utility": "utility_model",
    "vision": "vision_model",
    "embedding": "embedding_model",
    "transcribe": "transcribe_model",
    "speak": "speak_model",
}
"""What a model can be for, and the setting that names it; in a file it may stand under ``[roles]``."""


def own_file() -> Path:
    """The file of a person's own settings, whether it exists or not.

    Raises:
        ConfigError: AETHER_CONFIG names a file that does not exist.
    """
    if named := os.environ.get(WHERE, "").strip():
        file = expanded(named)
        if not file.exists():
            raise ConfigError(
                f"{file} does not exist.", f"The variable {WHERE} names it.", f"Make it, or unset {WHERE}"
            )
        return file
    return _usual_file(os.environ.get("XDG_CONFIG_HOME"), os.environ.get("HOME"))


@cache
def _usual_file(*_: str | None) -> Path:
    """Where the system keeps such a file, given the variables that move the place: every question looks there."""
    from platformdirs import user_config_path

    return user_config_path("aether-nb", appauthor=False) / FILE


@cache
def system_file() -> Path:
    """The file of whoever looks after this machine, whether it exists or not."""
    from platformdirs import site_config_path

    return site_config_path("aether-nb", appauthor=False) / FILE


def same(one: Path, other: Path) -> bool:
    """Whether two paths are one file."""
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return False


def values_of(file: Path, known: Mapping[str, Setting]) -> dict[str, Any]:
    """What a file says, by setting; nothing when there is none.

    Raises:
        ConfigError: It cannot be read, or it says what is not allowed.
    """
    text = _text(file)
    return _values(text, file, known) if text else {}


def _text(file: Path) -> str:
    """The text of a file; empty when there is none.

    A project's file comes perhaps from a stranger, and a pipe or a device under its name would be read for ever.
    """
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            raise ConfigError(f"{file} is no file.", "It is a folder, a pipe or a device.", "Move it away.")
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read.", f"{error.strerror}.", "Make it readable, or move it away."
        ) from error
    if len(content) > LARGEST:
        raise ConfigError(f"{file} is too large.", f"Settings have at most {LARGEST} bytes.", "Move it away.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_toml(file, error) from error


def _values(text: str, file: Path, known: Mapping[str, Setting]) -> dict[str, Any]:
    import tomllib

    try:
        said = tomllib.loads(text)
    except ValueError as error:
        raise _not_toml(file, error) from error
    except RecursionError as error:
        raise ConfigError(f"{file} is not TOML.", "It is nested too deeply.", "Move it away.") from error
    roles = said.pop("roles", {})
    if not isinstance(roles, dict):
        raise ConfigError(f"'roles' cannot be {roles!r}.", f"It comes from {file}.", "Write a table: [roles]")
    for role, model in roles.items():
        if role not in ROLES:
            raise unknown(role, ROLES, f"{file}, under [roles],", "role")
        if ROLES[role] in said:
            why = f"As {ROLES[role]}, and as {role} under [roles]."
            raise ConfigError(f"{file} names the model for '{role}' twice.", why, "Take one of the two out.")
        said[ROLES[role]] = model
    for name in said:
        if name not in known:
            raise unknown(name, known, str(file))
    return {name: checked(known[name], name, value, str(file), line=True) for name, value in said.items()}


def _not_toml(file: Path, error: ValueError) -> ConfigError:
    return ConfigError(f"{file} is not TOML.", f"{error}.", "A line looks like this: max_steps = 20")


def write_line(file: Path, name: str, value: str | float | bool, known: Mapping[str, Setting]) -> None:
    """Let a file say something else about one setting; the rest of it stays as it is.

    Raises:
        ConfigError: The file cannot be read or written, or its lines cannot be changed safely.
    """
    import tomlkit

    before = values_of(file, known)
    document = tomlkit.parse(_text(file))
    document[name] = value
    text = tomlkit.dumps(document)
    if _values(text, file, known) != before | {name: value}:
        line = f"{name} = {tomlkit.item(value).as_string()}"
        raise ConfigError(f"'{name}' cannot be written into {file}.", "Its lines are too special.", f"Write: {line}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except OSError as error:
        why = f"{error.strerror or error}."
        raise ConfigError(f"{file} cannot be written.", why, f"Make it writable, or name another by {WHERE}") from error
