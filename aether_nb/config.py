"""Settings: what was said in the call, else in the environment, else in ``aether.toml``, else the default.

``aether.toml`` comes with a project, perhaps from a stranger. It may make a run more careful, never less: it cannot let
more happen without being asked, spend more, send data to another address, or open a folder. Rooms below the session are
handed values, never settings. Read at ``%load_ext``, so it needs the standard library only, and little of that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from aether_nb.errors import ConfigError

__all__ = ["FILE", "Approve", "Mode", "Setting", "Settings", "load", "table"]

FILE = "aether.toml"

Mode: TypeAlias = Literal["plan", "ask", "auto"]
"""plan: only what reads runs. ask: low risk runs, the rest is asked. auto: medium risk runs too."""

Approve: TypeAlias = Literal["deny", "low", "auto"]
"""What is answered when nobody is there: no; yes to what is of low risk; yes to what is of medium risk too."""


class Setting(NamedTuple):
    """What holds for one setting, whatever its value."""

    variable: str
    """The environment variable."""
    allowed: str
    """Its values, in words."""
    read: Callable[[Any], Any]
    """A value from outside → the value; ValueError when it is not allowed."""
    refused: Callable[[Any], str]
    """Why a project's file may not set this value; empty when it may."""


# ---- values from outside


def _text(value: Any) -> str:
    if not isinstance(value, str | PurePath) or "\0" in str(value):
        raise ValueError
    return str(value).strip()


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        word = _text(value).lower()
        if word not in words:
            raise ValueError
        return word

    return read


def _limit(number: type[int] | type[float]) -> Callable[[Any], float | None]:
    def read(value: Any) -> float | None:
        if value is None or (isinstance(value, str) and value.strip().lower() == "none"):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        found = number(value)
        if found != float(value) or not 0 < found < float("inf"):
            raise ValueError
        return found

    return read


# ---- what a project's file may say


def _nothing(_: Any) -> str:
    return "it opens a folder for writing, which only a person does, by the flag --allow-writes"


def _only(*words: str) -> Callable[[Any], str]:
    return lambda value: "" if value in words else "it would let more happen without asking you"


def _at_most(most: float) -> Callable[[Any], str]:
    return lambda value: (
        "" if value is not None and value <= most else f"it may lower this limit, not lift it above {most}"
    )


def _no_address(value: str) -> str:
    return "it would send your data to an address that you did not choose" if "://" in value or "@" in value else ""


def _inside(value: str) -> str:
    path = PurePath(value)
    outside = path.is_absolute() or ".." in path.parts or value.startswith("~")
    return "it would write outside the project's folder" if outside else ""


def _rule(variable: str, allowed: str, read: Callable[[Any], Any], refused: Callable[[Any], str]) -> dict[str, Setting]:
    return {"setting": Setting(variable, allowed, read, refused)}


_COUNT = "a whole number above 0, or none"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. ``table`` lists it for people, with these docstrings."""

    model: str = field(
        default="",
        metadata=_rule("AETHER_MODEL", "provider:model, or NAME@http://host/v1", _text, _no_address),
    )
    """The model that serves. Empty: the one whose key is set, else the offline analyst."""

    mode: Mode = field(
        default="ask",
        metadata=_rule("AETHER_MODE", "plan, ask, auto", _one_of(get_args(Mode)), _only("plan", "ask")),
    )
    """What runs without being asked: only what reads (plan), low risk (ask), medium risk too (auto)."""

    approve: Approve = field(
        default="deny",
        metadata=_rule("AETHER_APPROVE", "deny, low, auto", _one_of(get_args(Approve)), _only("deny")),
    )
    """What is answered when nobody is there: no, yes to what stays inside the kernel, or yes to medium risk too."""

    store: str = field(default="", metadata=_rule("AETHER_STORE", "a folder", _text, _inside))
    """Where runs are recorded. Empty: ``.aether`` beside the notebook, else in the working directory."""

    max_steps: int | None = field(default=40, metadata=_rule("AETHER_MAX_STEPS", _COUNT, _limit(int), _at_most(40)))
    """Questions to the model after which a run pauses and asks."""

    max_seconds: float | None = field(
        default=900.0, metadata=_rule("AETHER_MAX_SECONDS", "a number above 0, or none", _limit(float), _at_most(900))
    )
    """Seconds of work after which a run pauses and asks; waiting for a person does not count."""

    max_tokens: int | None = field(
        default=400_000, metadata=_rule("AETHER_MAX_TOKENS", _COUNT, _limit(int), _at_most(400_000))
    )
    """Tokens, read and written, after which a run pauses and asks."""

    max_cost: float | None = field(
        default=1.0, metadata=_rule("AETHER_MAX_COST", "US dollars above 0, or none", _limit(float), _at_most(1))
    )
    """Money after which a run pauses and asks."""

    allow_writes: str = field(default="", metadata=_rule("AETHER_ALLOW_WRITES", "a folder", _text, _nothing))
    """A folder in which files may be written without being asked: what ``--allow-writes`` sets for its kernel."""


def load(cwd: Path, call: Mapping[str, Any] | None = None) -> Settings:
    """The settings that hold in a folder.

    Args:
        cwd: The folder of the notebook, or the working directory; its ``aether.toml`` is read, no other.
        call: What was said on the spot, by field; None means not said.

    Raises:
        ConfigError: A value is not allowed, or a name unknown; the message says where it stands.
    """
    known = {each.name: each.metadata["setting"] for each in fields(Settings)}
    values = {}
    for name, value in _file_values(cwd / FILE, known).items():
        values[name] = _checked(known[name], name, value, str(cwd / FILE))
        if why := known[name].refused(values[name]):
            raise ConfigError(
                f"{cwd / FILE} may not set '{name}' to {value!r}.",
                f"A project's file can make a run more careful, never less: {why}.",
                f"Take the line out. If you want it, say so yourself: {known[name].variable}={value}",
            )
    for name, setting in known.items():
        if text := os.environ.get(setting.variable, "").strip():
            values[name] = _checked(setting, name, text, f"the variable {setting.variable}")
    for name, value in (call or {}).items():
        if name not in known:
            raise _unknown(name, known, "The call")
        if value is not None:
            values[name] = _checked(known[name], name, value, "the call")
    return Settings(**values)


def table() -> list[tuple[str, str, str, str, str]]:
    """Every setting as ``(name, variable, default, allowed, meaning)``, in order."""
    import ast
    import inspect

    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    meanings = [
        node.value.value
        for node in body.body[1:]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return [
        (each.name, each.metadata["setting"].variable, str(each.default), each.metadata["setting"].allowed, meaning)
        for each, meaning in zip(fields(Settings), meanings, strict=True)
    ]


def _file_values(file: Path, known: Mapping[str, Setting]) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read.", f"{error.strerror}.", "Make it readable, or move it away."
        ) from error
    import tomllib

    try:
        values = tomllib.loads(content.decode())
    except ValueError as error:
        raise ConfigError(f"{file} is not TOML.", f"{error}.", "A line looks like this: max_steps = 20") from error
    for name in values:
        if name not in known:
            raise _unknown(name, known, str(file))
    return values


def _checked(setting: Setting, name: str, value: Any, source: str) -> Any:
    try:
        return setting.read(value)
    except (ValueError, OverflowError) as error:
        example = getattr(Settings(), name)
        raise ConfigError(
            f"The setting '{name}' cannot be {value!r}.",
            f"It comes from {source}. Allowed: {setting.allowed}.",
            f"For example: {setting.variable}={example}" if example else "Give it as text.",
        ) from error


def _unknown(name: str, known: Mapping[str, Setting], source: str) -> ConfigError:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(known)}."
    return ConfigError(f"There is no setting '{name}'.", f"{source} names it.", hint)
