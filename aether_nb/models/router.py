"""Which model serves, and how a name becomes a model.

Names are typed by people: ``aether:analyst``, ``openai:NAME``, ``local:NAME`` at ``AETHER_BASE_URL``,
``NAME@http://host/v1`` for any other server, and whatever was registered. The environment is handed in and read at that
moment. A key goes only to the address it belongs to. Importing this module loads no provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from aether_nb import registry
from aether_nb.errors import ModelNotFound, ModelUnavailable

if TYPE_CHECKING:
    from aether_nb.models.base import Model

__all__ = ["ANALYST", "Choice", "open_model", "serving"]

ANALYST = "aether:analyst"
"""The model that needs nothing: no key, no server, no network."""

DEFAULT_OPENAI = "openai:gpt-5-mini"
"""What a key for OpenAI means when no model is named."""

PROVIDERS = ("openai", "local")

OPENAI_ADDRESS = "https://api.openai.com/v1"


class Choice(NamedTuple):
    """The model that serves, and why it does: a clause for the line that greets."""

    name: str
    why: str


def serving(environment: Mapping[str, str], configured: str | None) -> Choice:
    """Decide which model serves when none is named.

    Args:
        environment: The environment's variables.
        configured: What the settings name, or nothing.
    """
    if configured:
        return Choice(configured, "the settings name it")
    if named := environment.get("AETHER_MODEL", "").strip():
        return Choice(named, "AETHER_MODEL names it")
    if environment.get("OPENAI_API_KEY", "").strip():
        return Choice(DEFAULT_OPENAI, "OPENAI_API_KEY is set")
    return Choice(ANALYST, "offline, no language model")


def open_model(name: str, environment: Mapping[str, str]) -> Model:
    """The model of that name, ready to be asked. Nothing is sent.

    Args:
        name: As a person types it.
        environment: The environment's variables: addresses and keys.

    Raises:
        ModelNotFound: Nobody goes by that name; the hint has the nearest ones.
        ModelUnavailable: Its key or its address is missing.
        ConfigError: Its address is none.
    """
    name = name.strip()
    if name in registry.names("model"):
        return _registered(name)
    if name == ANALYST:
        from aether_nb.models.analyst import Analyst

        return Analyst()
    model, at, address = name.partition("@http")
    if at and model:
        return _chat(name, model, "http" + address, environment)
    provider, model = _split(name)
    if provider == "openai" and model:
        return _openai(model, environment)
    if provider == "local" and model:
        return _local(model, environment)
    raise _unknown(name)


def _registered(name: str) -> Model:
    """A model that somebody registered, or the one that its factory makes."""
    from aether_nb.models.base import Model

    thing = registry.get("model", name)
    model = thing() if isinstance(thing, type) or not isinstance(thing, Model) else thing
    if not isinstance(model, Model):
        raise ModelUnavailable(
            f"What is registered as '{name}' is no model.",
            f"It is a {type(model).__name__}; a model has a name and a stream(request).",
            f"Register a model, or a function without arguments that makes one: register('model', '{name}', …)",
        )
    return model


def _openai(model: str, environment: Mapping[str, str]) -> Model:
    address = environment.get("OPENAI_BASE_URL", "").strip() or OPENAI_ADDRESS
    if _origin(address) == _origin(OPENAI_ADDRESS) and not environment.get("OPENAI_API_KEY", "").strip():
        raise ModelUnavailable(
            f"openai:{model} needs a key.",
            "OPENAI_API_KEY is not set.",
            'Set it for this kernel: import os, getpass; os.environ["OPENAI_API_KEY"] = getpass.getpass()',
        )
    return _chat(f"openai:{model}", model, address, environment)


def _local(model: str, environment: Mapping[str, str]) -> Model:
    address = environment.get("AETHER_BASE_URL", "").strip()
    if not address:
        raise ModelUnavailable(
            f"local:{model} has no address.",
            "AETHER_BASE_URL is not set.",
            f"Set it, for example to http://localhost:11434/v1, or type %aether model {model}@http://localhost:11434/v1",
        )
    return _chat(f"local:{model}", model, address, environment)


def _chat(name: str, model: str, address: str, environment: Mapping[str, str]) -> Model:
    """A model behind a chat-completions endpoint, with the key of that address, if there is one."""
    from aether_nb.models.http import HttpModel
    from aether_nb.models.openai import OpenAIFormat
    from aether_nb.models.profile import Profile

    variable = _key_variable(address, environment)
    provider = name.partition(":")[0] if not name.endswith(address) else address
    profile = Profile(provider, model, address, key_variables=(variable,) if variable else ())
    return HttpModel(profile, OpenAIFormat(), lambda: environment.get(variable, ""), name)


def _key_variable(address: str, environment: Mapping[str, str]) -> str:
    """The variable whose key belongs to that address; empty when none does."""
    openai = environment.get("OPENAI_BASE_URL", "").strip() or OPENAI_ADDRESS
    pairs = (("OPENAI_API_KEY", openai), ("AETHER_API_KEY", environment.get("AETHER_BASE_URL", "").strip()))
    fitting = [variable for variable, home in pairs if home and _origin(home) == _origin(address)]
    return next((variable for variable in fitting if environment.get(variable)), fitting[0] if fitting else "")


def _origin(address: str) -> tuple[str, str]:
    """Scheme, host and port: what has to be the same for a key to be sent."""
    parts = urlsplit(address)
    return parts.scheme.lower(), parts.netloc.lower()


def _split(name: str) -> tuple[str, str]:
    """Provider and model of ``provider:model`` or ``provider/model``; the first sign that parts them counts."""
    cut = next((place for place, sign in enumerate(name) if sign in ":/"), None)
    return (name[:cut].lower(), name[cut + 1 :]) if cut is not None else ("", name)


def _unknown(name: str) -> ModelNotFound:
    """What is said when nobody goes by that name: who nearly does, as commands."""
    provider, model = _split(name)
    if provider and provider not in PROVIDERS and "@" not in provider:
        why = f"There is no provider '{provider}'; there are openai and local, and any server as NAME@http://host/v1."
    else:
        why = "A name is provider:model, or NAME@http://host/v1 for any server, or one that was registered."
    hint = " or ".join(f"%aether model {near}" for near in _nearest(name, provider, model))
    return ModelNotFound(f"No model goes by the name '{name}'.", why, f"Type {hint}")


def _nearest(name: str, provider: str, model: str) -> list[str]:
    """Names that somebody goes by and that may have been meant; at least one."""
    from difflib import get_close_matches

    near = get_close_matches(name, [ANALYST, *registry.names("model")], n=2)
    if provider and model:
        near += [f"{home}:{model}" for home in get_close_matches(provider, PROVIDERS, n=1)]
    elif model and not near:
        near = [f"openai:{model}"]
    return near or [ANALYST]
