"""Rows of providers as they are written: what they may say, and what is wrong with one that says something else.

A row is a table of fields. Which fields there are, and of which kind, is told by ``Row`` and ``Profile``, so that a new
field there is a new word here. This module lays no rows over one another and looks nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from aether_nb.errors import ConfigError
from aether_nb.models.endpoints.address import origin
from aether_nb.models.endpoints.profile import Profile

__all__ = ["NAME", "PROFILE_FIELDS", "ROW_FIELDS", "Layer", "Row", "Table", "read", "shipped"]

Table: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """What holds for a provider, whichever of its models is asked.

    Args:
        name: What people type before the colon.
        base_url: Its address; empty when only the environment can say it.
        base_url_variable: The environment variable that names another address.
        key_variables: The environment variables that may hold its key, best first.
        default_model: The model that serves when none is named; empty when only its server knows.
        models_path: What follows the address where its models are listed.
        sign_up: The page on which a key is made.
        port: The port of this machine on which such a server usually answers.
        local: True: it runs on the user's machine or network. False: it passes on what it is told, wherever it runs.
            None: as its address says.
    """

    name: str
    base_url: str = ""
    base_url_variable: str = ""
    key_variables: tuple[str, ...] = ()
    default_model: str = ""
    models_path: str = "/models"
    sign_up: str = ""
    port: int | None = None
    local: bool | None = None

    def address(self, environment: Mapping[str, str]) -> str:
        """Where it is: what its variable says, else its row; empty when neither does.

        For a server with a usual port the variable may leave out the path, as its own tools do.
        """
        named = environment.get(self.base_url_variable, "").strip().rstrip("/") if self.base_url_variable else ""
        if named and self.port and origin(named) and not urlsplit(named).path:
            return named + urlsplit(self.base_url).path
        return named or self.base_url.rstrip("/")


ROW_FIELDS = frozenset(each.name for each in fields(Row)) - {"name"}

PROFILE_FIELDS = frozenset(each.name for each in fields(Profile)) - {"provider", "model"}

MODEL_FIELDS = (PROFILE_FIELDS - ROW_FIELDS - {"auth", "wire"}) | {"local"}
"""What can be said about one model: it has no address and no key of its own."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""What a provider can be called: a word, which is also the name of a file."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The tables of one source, checked: by wire format, by pattern of a model's name, and by provider.

    A provider's own models are in ``own``, by provider and pattern.
    """

    formats: Mapping[str, Table] = field(default_factory=dict)
    models: Mapping[str, Table] = field(default_factory=dict)
    providers: Mapping[str, Table] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Table]] = field(default_factory=dict)


def shipped(tables: Table) -> Layer:
    """The layer of the rows that are shipped. They were checked when they were written, not each time one starts."""
    rows = {name: dict(row) for name, row in tables["providers"].items()}
    own = {name: row.pop("models", {}) for name, row in rows.items()}
    return Layer(tables["formats"], tables["models"], {name: _ours(row) for name, row in rows.items()}, own)


def read(tables: Table, source: str) -> Layer:
    """The layer that some tables make.

    Args:
        tables: ``formats``, ``models`` and ``providers``, as TOML has them.
        source: Where they stand, for errors.

    Raises:
        ConfigError: A row says what no row can say; the message names the row and where it stands.
    """
    layer: dict[str, dict[str, Any]] = {"formats": {}, "models": {}, "providers": {}, "own": {}}
    for wire, row in tables.get("formats", {}).items():
        layer["formats"][wire] = _checked(row, PROFILE_FIELDS | ROW_FIELDS, f"[formats.{wire}] of {source}")
    for pattern, row in tables.get("models", {}).items():
        layer["models"][pattern] = _checked(row, MODEL_FIELDS, f'[models."{pattern}"] of {source}')
    for name, row in tables.get("providers", {}).items():
        where = f"[providers.{name}] of {source}"
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"'{name}' cannot be the name of a provider.",
                f"It stands in {where}.",
                "Take small letters, digits and hyphens, like my-server",
            )
        row = dict(_table(row, where))
        own = _table(row.pop("models", {}), where)
        layer["providers"][name] = _checked(row, PROFILE_FIELDS | ROW_FIELDS, where)
        layer["own"][name] = {
            pattern: _checked(said, MODEL_FIELDS, f'[providers.{name}.models."{pattern}"] of {source}')
            for pattern, said in own.items()
        }
    return Layer(**layer)


def _table(value: Any, where: str) -> Table:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is no table.", f"It is {value!r}.", 'A row has fields, like base_url = "http://…"')
    return value


def _checked(row: Any, allowed: frozenset[str], where: str) -> Table:
    """The row, when every field of it is one and has a value of its kind."""
    found: dict[str, Any] = {}
    for key, value in _table(row, where).items():
        if key not in allowed:
            from difflib import get_close_matches

            near = get_close_matches(str(key), sorted(allowed), n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"There are {', '.join(sorted(allowed))}."
            raise ConfigError(f"There is no field '{key}' here.", f"{where} names it.", hint)
        kind = _kinds()[key]
        if not _is(value, kind):
            raise ConfigError(
                f"The field '{key}' cannot be {value!r}.", f"It stands in {where}.", f"Allowed: {_said(kind)}."
            )
        found[key] = value
    return _ours(found)


def _ours(row: Table) -> Table:
    """The row in our types: lists do not change."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


# ---- kinds of values


@cache
def _kinds() -> dict[str, Any]:
    """The kind of each field."""
    return {**get_type_hints(Row), **get_type_hints(Profile), "local": bool}


def _is(value: Any, kind: Any) -> bool:
    """Whether a value from outside is of a kind. TOML has no null: a field that may be unknown is left out."""
    if kind is object or kind is Any:
        return True
    if (base := get_origin(kind)) is None:
        numeric = kind in (int, float) and not isinstance(value, bool)
        return isinstance(value, (int | float) if kind is float else kind) if numeric or kind in (bool, str) else False
    if base is Literal:
        return value in get_args(kind)
    if base in (Union, UnionType):
        return any(_is(value, each) for each in get_args(kind) if each is not NoneType)
    if base is tuple:
        return isinstance(value, list | tuple) and all(_is(each, get_args(kind)[0]) for each in value)
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _is(each, get_args(kind)[1]) for name, each in value.items()
    )


WORDS = {bool: "true or false", str: "a text", int: "a whole number", float: "a number", object: "anything"}


def _said(kind: Any) -> str:
    """A kind in words."""
    if (base := get_origin(kind)) is None:
        return WORDS[kind]
    if base is Literal:
        return ", ".join(get_args(kind))
    if base in (Union, UnionType):
        return " or ".join(_said(each) for each in get_args(kind) if each is not NoneType)
    return f"a list, each {_said(get_args(kind)[0])}" if base is tuple else "a table of fields"
