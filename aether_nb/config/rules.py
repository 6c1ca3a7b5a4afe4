"""Rules of settings: how a value from outside is read, and what a project's file may not say.

A reader takes a value and gives the one that is meant; what is not allowed is a ``ValueError``. A rule for a project's
file takes its value and the one that holds without it, and gives the reason why it is refused, or nothing. This module
knows no setting by its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from shlex import quote
from typing import Any, NamedTuple

from aether_nb.config.address import Address, is_address, shown
from aether_nb.config.home import expanded
from aether_nb.errors import ConfigError
from aether_nb.events.ruling import parsed

__all__ = [
    "Setting",
    "anything",
    "checked",
    "folder",
    "inside",
    "limit",
    "names",
    "no_address",
    "no_rows",
    "not_above",
    "not_allowed",
    "not_beyond",
    "not_off",
    "not_on",
    "nothing",
    "number",
    "one_of",
    "place",
    "rows",
    "ruled",
    "switch",
    "text",
    "unknown",
]


class Setting(NamedTuple):
    """What holds for one setting, whatever its value."""

    variable: str
    """The environment variable; empty where a variable cannot say it."""
    allowed: str
    """Its values, in words."""
    read: Callable[[Any], Any]
    """A value from outside → the value; ValueError when it is not allowed."""
    refused: Callable[[Any, Any], str]
    """The value of a project's file, and what holds without it → why it may not be set; empty when it may."""
    example: Any = ""
    """A value for whoever has given none that is allowed; the default where that is one."""
    default: Any = ""
    """What holds when nobody says anything."""


# ---- values from outside


def text(value: Any) -> str:
    """Text, as it is or as a path."""
    if not isinstance(value, str | PurePath) or "\0" in str(value):
        raise ValueError
    return str(value).strip()


def folder(value: Any) -> str:
    """A folder as it is typed; not below the home of somebody who is unknown here: a folder ``~name`` would be made."""
    found = text(value)
    if str(expanded(found)).startswith("~"):
        raise ValueError
    return found


def place(value: Any) -> str:
    """A folder, or the address of a server, whose password is not shown."""
    found = folder(value.plain if isinstance(value, Address) else value)
    return Address(found) if is_address(found) else found


def one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    """One of these words."""

    def read(value: Any) -> str:
        word = text(value).lower()
        if word not in words:
            raise ValueError
        return word

    return read


def number(kind: type[int] | type[float]) -> Callable[[Any], float]:
    """A number above 0."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        found = kind(value)
        if found != float(value) or not 0 < found < float("inf"):
            raise ValueError
        return found

    return read


def limit(kind: type[int] | type[float]) -> Callable[[Any], float | None]:
    """A number above 0, or none for no limit."""
    read = number(kind)
    return lambda value: None if value is None or str(value).strip().lower() == "none" else read(value)


def names(value: Any) -> tuple[str, ...]:
    """Names, as a list or between commas."""
    found = value.split(",") if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) for name in found):
        raise ValueError
    return tuple(dict.fromkeys(name.strip() for name in found if name.strip()))


def ruled(value: Any) -> tuple[str, ...]:
    """Rules about calls, as a list or between semicolons."""
    found = value.split(";") if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(rule, str) for rule in found):
        raise ValueError
    return tuple(dict.fromkeys(rule.text for rule in parsed(rule for rule in found if rule.strip())))


def switch(value: Any) -> bool:
    """On or off."""
    if isinstance(value, bool):
        return value
    word = text(value).lower()
    if word not in ("on", "true", "1", "off", "false", "0"):
        raise ValueError
    return word in ("on", "true", "1")


def rows(value: Any) -> dict[str, Any]:
    """Tables by name."""
    if not isinstance(value, Mapping) or not all(isinstance(row, Mapping) for row in value.values()):
        raise ValueError
    return dict(value)


# ---- what a project's file may say


def anything(_: Any, __: Any) -> str:
    """Whatever is allowed at all."""
    return ""


def nothing(_: Any, __: Any) -> str:
    """Not at all."""
    return "it opens a folder for writing, which only a person does, by the flag --allow-writes"


def not_allowed(value: tuple[str, ...], _: Any) -> str:
    """None."""
    return "it would let more happen without asking you" if value else ""


def no_rows(_: Any, __: Any) -> str:
    """Not at all."""
    return "it would send your data, or your keys, to an address that you did not choose"


def not_beyond(
    words: tuple[str, ...], why: str = "it would let more happen without asking you"
) -> Callable[[Any, Any], str]:
    """None that stands further back in the list."""
    return lambda value, held: why if words.index(value) > words.index(held) else ""


def not_above(value: float | None, held: float | None) -> str:
    """None above what holds."""
    if held is None or (value is not None and value <= held):
        return ""
    return f"it may lower this limit, not lift it above {int(held) if held == int(held) else held}"


def not_off(value: bool, held: bool) -> str:
    """Not off where it is on."""
    return "it would let your data leave this machine" if held and not value else ""


def not_on(value: bool, held: bool) -> str:
    """Not on where it is off."""
    return "it would keep answers on this machine without asking you" if value and not held else ""


def no_address(value: str, _: Any) -> str:
    """None with an address."""
    return "it would send your data to an address that you did not choose" if "://" in value or "@" in value else ""


def no_place(value: str, _: Any) -> str:
    """None of the words that name a place."""
    return "" if value in ("auto", "none", "local") else "your documents would be read by what you did not choose"


def inside(value: str, _: Any) -> str:
    """None outside the project's folder."""
    if is_address(value):
        return "it would send your runs to a server that you did not choose"
    path = PurePath(value)
    outside = path.is_absolute() or ".." in path.parts or value.startswith("~")
    return "it would write outside the project's folder" if outside else ""


def inside_only(value: str, held: Any) -> str:
    """A folder inside the project, and no address of anything."""
    return "it would keep what you add at an address that you did not choose" if "://" in value else inside(value, held)


# ---- what is wrong


def checked(setting: Setting, name: str, value: Any, source: str, *, line: bool = False) -> Any:
    """The value that is meant.

    Args:
        setting: What holds for it.
        name: Its name.
        value: The value from outside.
        source: Where it comes from, for the error.
        line: Whether that is a line of a file.

    Raises:
        ConfigError: It is not allowed; the message names the setting and where the value comes from.
    """
    try:
        return setting.read(value)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"The setting '{name}' cannot be {shown(value)!r}.",
            f"It comes from {source}. Allowed: {setting.allowed}.",
            _example(setting, name, value, line=line),
        ) from error


def _example(setting: Setting, name: str, given: Any, *, line: bool) -> str:
    """What to type instead of what was given, where it was typed."""
    value = setting.example or setting.default
    if not setting.variable:
        return f"Write a table: [{name}.NAME]"
    if value == "":
        return "Write it otherwise, or leave it out." if isinstance(given, str) else "Give it as text."
    if line:
        return f"For example: {name} = {json.dumps(value)}"
    return f"For example: {setting.variable}={quote(value[0]) if isinstance(value, tuple) else value}"


def unknown(name: str, known: Mapping[str, Any], source: str, what: str = "setting") -> ConfigError:
    """What is said about a name that nobody has."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(known)}."
    return ConfigError(f"There is no {what} '{name}'.", f"{source} names it.", hint)
