"""The registry of providers: rows of data laid over one another, and the profile that a typed name stands for.

The rows are in ``providers.toml``; a person's own ``aether.toml`` and ``register_provider`` lay theirs over them. A key
belongs to its row's address and to no other: an address that was typed is only given the variables of a key when it is
the same scheme, host and port. Addresses come from rows and from the environment that is handed in. This module sends
nothing, reads no key, and knows no settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from aether_nb import plugins, registry
from aether_nb.errors import ModelNotFound, ModelUnavailable
from aether_nb.models.catalogue.rows import PROFILE_FIELDS, ROW_FIELDS, Layer, Row, Table, read, shipped
from aether_nb.models.endpoints.address import is_local, origin, without_tail
from aether_nb.models.endpoints.profile import Profile

__all__ = ["ANALYST", "Providers", "fit", "load", "plug", "register_provider", "split"]

FILE = Path(__file__).with_name("providers.toml")

ANALYST = "aether:analyst"
"""The model that needs nothing: no key, no server, no network."""

OTHERS = "local"
"""The row whose quirks hold for an address that no row has. Its key does not."""

NOTHING: Mapping[str, str] = {}

NO_SECRETS: Table = {"key_variables": (), "headers": {}}
"""What another address is not given: the key, and headers, which may hold one."""


class Providers:
    """All providers, as ``load`` put them together."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self._names = tuple(dict.fromkeys(name for layer in layers for name in layer.providers))

    def names(self) -> tuple[str, ...]:
        """Their names, in the order in which keys and servers are looked for."""
        return self._names

    def row(self, name: str) -> Row:
        """The row of that provider.

        Raises:
            ModelNotFound: There is none; the hint has the nearest names.
        """
        if name.lower() not in self._names:
            from difflib import get_close_matches

            near = get_close_matches(name.lower(), self._names, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(self._names)}."
            raise ModelNotFound(f"There is no provider '{name}'.", "", hint)
        found = self._fields(name.lower(), "")
        return Row(name.lower(), **{key: value for key, value in found.items() if key in ROW_FIELDS})

    def provider(self, name: str, environment: Mapping[str, str] = NOTHING) -> Profile:
        """A provider itself, with its default model or none: for its list of models, and for its key.

        Raises:
            ModelNotFound: There is no such provider.
            ModelUnavailable: Nobody said where it is.
        """
        row = self.row(name)
        return self._profile(row.name, row.default_model, self._address(row, row.default_model, environment))

    def profile(self, name: str, environment: Mapping[str, str] = NOTHING, base_url: str = "") -> Profile:
        """What a typed name stands for.

        Args:
            name: ``provider:model``, ``provider/model``, a provider with a default model, or ``NAME@http://host/v1``.
            environment: The environment's variables, for addresses and for whose key is set.
            base_url: Another address for a provider's model; the variables of its key go along only when it is the
                same place.

        Raises:
            ModelNotFound: Nobody goes by that name; the hint has the nearest ones.
            ModelUnavailable: Nobody said where the provider is.
        """
        name = name.strip()
        model, at, address = name.partition("@http")
        if at and model:
            return self._elsewhere(model, "http" + address, environment)
        provider, model = self.parted(name)
        if provider not in self._names:
            raise self._unknown(name)
        row = self.row(provider)
        if not model:
            raise ModelNotFound(
                f"'{name}' names no model.",
                f"Which models {provider} has only its server knows.",
                f"Type %aether models {provider} to see them, then %aether model {provider}:NAME",
            )
        if base_url := base_url.strip():
            same = origin(base_url) == origin(row.address(environment))
            return self._profile(provider, model, base_url, NOTHING if same else NO_SECRETS)
        return self._profile(provider, model, self._address(row, model, environment))

    def parted(self, name: str) -> tuple[str, str]:
        """Provider and model of a typed name; the provider's default model where it names none."""
        name = name.strip()
        provider, model = (name.lower(), "") if name.lower() in self._names else split(name)
        return provider, model or (self.row(provider).default_model if provider in self._names else "")

    def row_at(self, address: str, environment: Mapping[str, str] = NOTHING) -> Row | None:
        """The row that lives at an address: same scheme, host and port. Of several, one whose key or address is set."""
        home = origin(address)
        rows = [self.row(name) for name in self._names]
        here = [row for row in rows if home and origin(row.address(environment)) == home]
        keyed = [row for row in here if any(environment.get(key, "").strip() for key in row.key_variables)]
        named = [row for row in here if environment.get(row.base_url_variable, "").strip()]
        return next(iter([*keyed, *named, *here]), None)

    def near(self, name: str) -> list[str]:
        """At most two names of models that may have been meant, the likeliest first."""
        from difflib import get_close_matches

        provider, model = split(name)
        found = get_close_matches(name, [ANALYST, *registry.names("model")], n=2)
        if provider:
            homes = get_close_matches(provider, self._names, n=2) if model else []
            return found or [f"{home}:{model}" for home in homes]
        rows = [row for row in map(self.row, self._names) if row.default_model]
        found += get_close_matches(name.lower(), [row.name for row in rows], n=1)
        if family := re.match(r"[a-z]+", model.lower()):
            found += [f"{row.name}:{model}" for row in rows if re.match(rf"{family[0]}\b", row.default_model.lower())]
        return found[:2]

    # ---- putting together

    def _elsewhere(self, model: str, address: str, environment: Mapping[str, str]) -> Profile:
        """A model at an address that was typed. A row that lives there lends its quirks, and its key."""
        if (row := self.row_at(address, environment)) is not None:
            return self._profile(row.name, model, address)
        profile = self._profile(OTHERS, model, address, NO_SECRETS)
        return replace(profile, provider=profile.base_url)

    def _profile(self, provider: str, model: str, address: str, instead: Table = NOTHING) -> Profile:
        found = self._fields(provider, model)
        address = without_tail(address.rstrip("/")) if origin(address) else address
        given = {key: value for key, value in found.items() if key in PROFILE_FIELDS}
        local = is_local(address, found.get("local"))
        given |= {"provider": provider, "base_url": address, "local": local}
        given.setdefault("billed", not (local and found.get("local")))  # near may also be a gateway to who bills
        return Profile(model=model, **{**given, **instead})

    def _fields(self, provider: str, model: str) -> dict[str, Any]:
        """Everything that is said about a model of a provider; what is said later counts."""
        said = [layer.providers.get(provider, {}) for layer in self._layers]
        wire = next((row["wire"] for row in reversed(said) if "wire" in row), "openai")
        found: dict[str, Any] = {}
        for layer, row in zip(self._layers, said, strict=True):
            models = [*layer.models.items(), *layer.own.get(provider, {}).items()] if model else []
            fitting = [table for pattern, table in models if fnmatchcase(model.lower(), pattern.lower())]
            for table in [layer.formats.get(wire, {}), row, *fitting]:
                for key, value in table.items():
                    found[key] = {**found.get(key, {}), **value} if isinstance(value, Mapping) else value
        return found

    def _address(self, row: Row, model: str, environment: Mapping[str, str]) -> str:
        if address := row.address(environment):
            return address
        raise ModelUnavailable(
            f"{row.name}:{model} has no address.",
            f"{row.base_url_variable} is not set." if row.base_url_variable else "Its row has no base_url.",
            "Set it, for example to http://localhost:11434/v1, "
            f"or type %aether model {model or 'NAME'}@http://localhost:11434/v1",
        )

    def _unknown(self, name: str) -> ModelNotFound:
        """What is said when nobody goes by that name: who nearly does, as commands."""
        provider, _ = split(name)
        why = "A name is provider:model, or NAME@http://host/v1 for any server, or one that was registered."
        if provider and provider not in self._names and "@" not in provider:
            there = ", ".join(self._names)
            why = f"There is no provider '{provider}'; there are {there}, and any server as NAME@http://host/v1."
        hint = " or ".join(f"%aether model {each}" for each in self.near(name)) or "%aether models to see who there is"
        return ModelNotFound(f"No model goes by the name '{name}'.", why, f"Type {hint}")


def load(layers: Sequence[Mapping[str, Table]] = (), source: str = "aether.toml", *, plugged: bool = True) -> Providers:
    """All providers: the shipped rows, then these layers, then what was registered; what is said later counts.

    Args:
        layers: Rows by provider, as ``[providers.NAME]`` tables say them. They are trusted: they may move an address,
            and the key with it, so they come from the user's own file and never from a project's.
        source: Where these layers stand, for errors.
        plugged: Whether plugins are looked for, which takes a moment the first time.

    Raises:
        ConfigError: A row says what no row can say; the message names the row and where it stands.
    """
    if plugged:
        plugins.load()
    registered = registry.added("provider")
    given = [*((layer, source) for layer in layers), (registered, "register_provider")]
    return Providers([_shipped(), *(read({"providers": rows}, where) for rows, where in given if rows)])


def register_provider(name: str, base_url: str, **row: Any) -> None:
    """Add a provider, or change one: ``register_provider("mine", "http://gpu:8000/v1", default_model="m")``.

    Args:
        name: What people type before the colon.
        base_url: Its address, without ``/chat/completions`` or ``/v1/messages``.
        **row: Fields of ``Row`` and of ``Profile``, and ``models``: fields by the pattern of a model's name.

    Raises:
        ConfigError: A field is unknown, its value is not allowed, or the name is no word.
    """
    from aether_nb.models.endpoints.endpoint import checked_address

    told = {"base_url": checked_address(base_url), **row}
    plugins.register("provider", name, told)


def plug(house: plugins.House) -> None:
    """Bring in the rows that are shipped."""
    for name, row in _tables()["providers"].items():
        house.register("provider", name, row)


def fit(name: str, thing: Any) -> Table:
    """The row that a thing is.

    Raises:
        ConfigError: A field is unknown, its value is not allowed, or the name is no word.
    """
    read({"providers": {name: thing}}, "register_provider")
    row: Table = thing
    return row


def split(name: str) -> tuple[str, str]:
    """Provider, in small letters, and model of a typed name; the first ``:`` or ``/`` parts them, if there is one."""
    cut = next((place for place, sign in enumerate(name) if sign in ":/"), None)
    return (name[:cut].strip().lower(), name[cut + 1 :].strip()) if cut is not None else ("", name)


@cache
def _shipped() -> Layer:
    return shipped({**_tables(), "providers": plugins.own("provider")})


@cache
def _tables() -> Table:
    import tomllib

    return tomllib.loads(FILE.read_text(encoding="utf-8"))
