"""Which model serves, and how a name becomes a model that can be asked.

Names are typed by people: ``aether:analyst``, ``provider:model``, ``NAME@http://host/v1``, and whatever was registered.
What a name stands for is told by the registry of providers, and where its key is by ``keys``. Here they are put
together. The environment is handed in and read at that moment. Importing this module loads no provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, reduce
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from aether_nb import registry
from aether_nb.errors import ModelUnavailable, OptionError
from aether_nb.models.catalogue.providers import ANALYST, Providers, load

if TYPE_CHECKING:
    from aether_nb.config import Settings
    from aether_nb.models.base import Model, Request
    from aether_nb.models.catalogue.discovery import Found
    from aether_nb.models.embedding import Embeddings
    from aether_nb.models.endpoints.profile import Profile, ToolFormat
    from aether_nb.models.sending.cache import ReplyStore
    from aether_nb.models.sending.pace import Pace
    from aether_nb.models.sending.resilience import BreakerState

__all__ = ["ANALYST", "Choice", "Role", "blind", "open_embeddings", "open_model", "role_model", "serving"]

SILENCE = 300.0
"""Seconds without a word after which a model is given up, unless somebody says otherwise."""

Role: TypeAlias = Literal["chat", "utility", "vision", "embedding", "transcribe", "speak"]
"""What a model is for."""

NO_CHAT = ("embed", "rerank", "whisper", "bge-", "tts")
"""Words in the names of models that answer nothing."""


class Choice(NamedTuple):
    """The model that serves, and why it does: a clause for the line that greets."""

    name: str
    why: str


def serving(
    environment: Mapping[str, str],
    configured: str | None,
    providers: Providers | None = None,
    *,
    found: Sequence[Found] = (),
    local_only: bool = False,
) -> Choice:
    """Decide which model serves: one that is named, one whose key is here, one of a server that answers, the analyst.

    Args:
        environment: The environment's variables.
        configured: What the settings name, or nothing.
        providers: The registry of providers; the shipped and the registered ones unless given.
        found: The servers that answer on this machine, as ``find_local`` tells.
        local_only: Leave out whoever is not on the user's own machine or network.
    """
    from aether_nb.models.catalogue import keys

    if configured:
        return Choice(configured, "the settings name it")
    providers = providers or load()
    rows = [row for row in map(providers.row, providers.names()) if row.default_model and row.address(environment)]
    if local_only:
        rows = [row for row in rows if providers.provider(row.name, environment).local]
    for row in rows:
        for variable in row.key_variables:
            if environment.get(variable, "").strip():
                return Choice(f"{row.name}:{row.default_model}", f"{variable} is set")
    kept = keys.names()
    for row in rows:
        if row.name in kept and keys.is_kept(row, environment):
            return Choice(f"{row.name}:{row.default_model}", f"a key of {row.name} is kept")
    for server in found:
        wanted = providers.row(server.provider).default_model
        for model in sorted(server.models, key=lambda name: name != wanted):
            local = not local_only or providers.profile(f"{server.provider}:{model}", environment).local
            if local and not any(word in model.lower() for word in NO_CHAT):
                return Choice(f"{server.provider}:{model}", f"it answers at {server.base_url}")
    return Choice(ANALYST, "offline, no language model")


def role_model(role: str, settings: Settings) -> tuple[str, str]:
    """Who serves in a role.

    Args:
        role: What the model is for.
        settings: What is set.

    Returns:
        Its name, empty for the model that serves by itself; and a note for people when the chat model has to stand in.

    Raises:
        OptionError: There is no such role.
    """
    if role not in get_args(Role):
        raise OptionError(f"There is no role '{role}'.", "", f"There are {', '.join(get_args(Role))}.")
    if role == "chat":
        return settings.model, ""
    if named := str(getattr(settings, f"{role}_model")):
        return named, ""
    who = f"the chat model{f', {settings.model},' if settings.model else ''} stands in"
    return settings.model, f"No model is set for the role '{role}': {who}. To set one: AETHER_{role.upper()}_MODEL"


def blind(model: Model, request: Request) -> bool:
    """Whether a request shows pictures to a model that is known to see none."""
    profile: Profile | None = getattr(model, "profile", None)
    if profile is None or profile.vision is not False:
        return False
    return any(part.data == "image" for message in request.messages for part in message.parts)


def open_model(
    name: str,
    environment: Mapping[str, str],
    providers: Providers | None = None,
    *,
    base_url: str = "",
    api_key: str = "",
    tools: ToolFormat | None = None,
    timeout: float = SILENCE,
    local_only: bool = False,
    wrappers: bool = True,
    replies: ReplyStore | None = None,
) -> Model:
    """The model of that name, ready to be asked. Nothing is sent.

    Args:
        name: As a person types it.
        environment: The environment's variables: addresses and keys.
        providers: The registry of providers; the shipped and the registered ones unless given.
        base_url: Another address for a provider's model. No key goes there but ``api_key``, unless it is the same
            place.
        api_key: The key for that address, instead of one that is found.
        tools: How tools are offered, instead of what the registry says.
        timeout: The longest silence between two pieces, in seconds.
        local_only: Refuse whoever is not on the user's own machine or network.
        wrappers: Not set: the bare model, which neither tries again nor counts money.
        replies: Where answers are kept and taken from, when the same is asked again.

    Raises:
        ModelNotFound: Nobody goes by that name; the hint has the nearest ones.
        ModelUnavailable: Its key or its address is missing, or it is not local and only local ones are allowed.
        ConfigError: Its address is none, or a setting is invalid.
    """
    name = name.strip()
    if name in registry.names("model"):
        from aether_nb.models.registered import registered, stays_here

        mine = registered(name)
        if local_only and not stays_here(mine):
            raise _not_local(name, type(mine).__name__)
        return mine
    if name == ANALYST:
        from aether_nb.models.analyst import Analyst

        return Analyst()
    providers = providers or load()
    profile = _informed(providers.profile(name, environment, base_url))
    if local_only and not profile.local:
        raise _not_local(profile.name, profile.host)
    if tools is not None:
        profile = replace(profile, tools=tools)
    key = api_key or _key(profile, environment, providers)
    model = _bare(profile, key, name if "@http" in name else profile.name, timeout)
    return _wrapped(model, profile, replies) if wrappers else model


def open_embeddings(
    name: str,
    environment: Mapping[str, str],
    providers: Providers | None = None,
    *,
    timeout: float = SILENCE,
    local_only: bool = False,
) -> Embeddings:
    """The embedder of that name, ready to be asked. Nothing is sent. Arguments and errors as for ``open_model``."""
    from aether_nb.models.embedding import Embeddings
    from aether_nb.models.formats.embeddings import EmbeddingFormat
    from aether_nb.models.sending.http import HttpModel

    providers = providers or load()
    profile = replace(_informed(providers.profile(name.strip(), environment)), wire="openai")
    if local_only and not profile.local:
        raise _not_local(profile.name, profile.host)
    key = _key(profile, environment, providers)
    shown = name if "@http" in name else profile.name
    return Embeddings(_around(HttpModel(profile, EmbeddingFormat(), key, shown, timeout), profile))


def _bare(profile: Profile, key: str | Callable[[], str], name: str, timeout: float) -> Model:
    """The model behind its endpoint, in its own format."""
    from aether_nb.models.sending.http import HttpModel

    if profile.wire == "anthropic":
        from aether_nb.models.formats.anthropic import AnthropicFormat

        return HttpModel(profile, AnthropicFormat(), key, name, timeout)
    from aether_nb.models.formats.openai import OpenAIFormat

    return HttpModel(profile, OpenAIFormat(), key, name, timeout)


def _wrapped(model: Model, profile: Profile, replies: ReplyStore | None) -> Model:
    """The model with all that stands around it: the list says what, from the outside to the inside."""
    from aether_nb.models.sending.cache import Cached
    from aether_nb.models.words.native import NativeTools
    from aether_nb.models.words.text import TextTools

    model = _around(model, profile)
    model = TextTools(model) if profile.tools == "text" else NativeTools(model)
    return Cached(model, replies) if replies is not None else model


def _around(model: Model, profile: Profile) -> Model:
    """What stands around every request, whatever it is for, from the outside to the inside."""
    from aether_nb.models.catalogue.pricing import Cost
    from aether_nb.models.sending.pace import Paced
    from aether_nb.models.sending.resilience import Breaker, Retry

    rate = profile.requests_per_minute
    stack: list[Callable[[Model], Model]] = [
        lambda inner: Cost(inner, profile),
        lambda inner: Breaker(inner, _health(profile.base_url, profile.model)),
        lambda inner: Retry(inner, host=profile.host),
        lambda inner: Paced(inner, _pace(profile.base_url, rate)) if rate is not None else inner,
    ]
    return reduce(lambda inner, wrap: wrap(inner), reversed(stack), model)


@cache
def _health(address: str, model: str) -> BreakerState:
    """How a model of an address has fared lately. Behind a gateway one may be ill while the others are well."""
    from aether_nb.models.sending.resilience import BreakerState

    return BreakerState()


@cache
def _pace(address: str, per_minute: float) -> Pace:
    """The rate of an address: one for all of its models, as its provider counts."""
    from aether_nb.models.sending.pace import Pace

    return Pace(per_minute)


def _informed(profile: Profile) -> Profile:
    """The profile with what the table of prices knows and no row says."""
    from aether_nb.models.catalogue.pricing import price_of

    if (price := price_of(profile.provider, profile.model)) is None:
        return profile
    context = price.context if profile.context is None else profile.context
    vision = price.vision if profile.vision is None else profile.vision
    return replace(profile, context=context, vision=vision, ends=profile.ends or price.ends)


def _key(profile: Profile, environment: Mapping[str, str], providers: Providers) -> Callable[[], str]:
    """How the profile's key is read at each request: a variable may change, what is kept is read once.

    Raises:
        ModelUnavailable: It needs a key, and there is none.
        ConfigError: What is kept cannot be used.
    """
    from aether_nb.models.catalogue import keys
    from aether_nb.models.endpoints.address import is_local

    found = keys.find(profile, environment)
    if not found and profile.auth != "none" and profile.key_variables and not is_local(profile.base_url, private=True):
        row = providers.row(profile.provider)
        named = row.base_url_variable and environment.get(row.base_url_variable, "").strip()
        if not named:  # a server that somebody put in the provider's place may want none
            variable = profile.key_variables[0]
            where = f" A key is made at {row.sign_up}" if row.sign_up else ""
            raise ModelUnavailable(
                f"{profile.name} needs a key.",
                f"{variable} is not set. {found.note}".strip(),
                f"Type %aether key {row.name}, or set {variable}.{where}",
            )
    kept = "" if found.source in profile.key_variables else found.value

    def read() -> str:
        told = (environment.get(variable, "").strip() for variable in profile.key_variables)
        return next(filter(None, told), kept)

    return read


def _not_local(name: str, where: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"{name} is not asked: only local models are allowed.",
        f"local_only is set, and {where} is not known to be on this machine or network.",
        "Choose a local one, for example %aether model ollama:NAME, or take the setting back: AETHER_LOCAL_ONLY=off",
        code="local_only",
    )
