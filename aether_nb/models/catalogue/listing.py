"""Which models a provider has: what its server says, what it said lately, or what is shipped.

A list is a help and never a gate: names that it lacks may be typed all the same. So nothing is raised here; where a
list is not the server's own of today, it says so and why. The key goes to the host of the profile's address and to
nobody else. What a server says of prices and windows is passed on to ``pricing``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import posixpath
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from aether_nb.errors import ConfigError
from aether_nb.models.catalogue import prices, pricing
from aether_nb.models.catalogue.listed import next_page, read_list, read_show
from aether_nb.models.catalogue.prices import Price
from aether_nb.models.endpoints.address import is_local
from aether_nb.models.endpoints.endpoint import checked_address
from aether_nb.models.endpoints.headers import headers
from aether_nb.models.endpoints.profile import Profile, WireFormat
from aether_nb.models.endpoints.secret import Secret

__all__ = ["Listing", "ModelInfo", "list_models", "model_info"]

FRESH_SECONDS = 24 * 3600.0
"""How long a list counts without asking again; servers on the user's own machine are asked every time."""

WAIT_SECONDS = 10.0
"""How long a server may take for its whole list."""

USUAL: Mapping[WireFormat, str] = {"openai": "/models", "anthropic": "/v1/models"}
"""Where models are listed when no row says it."""

LARGEST = 32 * 1024 * 1024
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model of a list. None: nobody knows.

    Args:
        id: The provider's name for it, as it is typed after the colon.
        context: The context window in tokens.
        price: What tokens cost.
        vision: Whether it sees pictures.
        tools: Whether it calls tools.
    """

    id: str
    context: int | None = None
    price: Price | None = None
    vision: bool | None = None
    tools: bool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of a provider.

    Args:
        provider: Its name in the registry.
        models: In the server's order, or that of the alphabet when shipped. Others may be asked too.
        source: Who says so: the server now, the server lately, or the table that is shipped.
        age: Seconds since the server said so; None for the shipped list.
        note: What a person should know of the list, in a sentence or two; empty when all is well.
        why: Why the server, when it was asked, gave no list; a sentence without its stop, else empty.
    """

    provider: str
    models: tuple[ModelInfo, ...]
    source: Literal["live", "cache", "shipped"]
    age: float | None = None
    note: str = ""
    why: str = field(default="", compare=False)


async def list_models(
    profile: Profile, key: str, path: str, refresh: bool = False, folder: Path | None = None
) -> Listing:
    """The models that a provider has.

    Args:
        profile: Any model of that provider.
        key: Its key; empty where none is needed.
        path: What follows the address where the models are listed, as the provider's row says; empty for what is usual
            for the wire format.
        refresh: Ask the server whatever is kept.
        folder: Where lists are kept; the user's cache folder unless given.
    """
    key = Secret(key)
    kept = _Kept(folder if folder is not None else _cache_folder(), profile)
    known = kept.read()
    if known is not None and not refresh and not profile.local and known.age < FRESH_SECONDS:
        return Listing(profile.provider, _infos(profile, known.models), "cache", known.age)
    try:
        found = await _asked(profile, key, path or USUAL[profile.wire])
    except _NoList as error:
        return _instead(profile, known, f"{error}")
    unkept = kept.write(found)
    note = unkept if found else " ".join(filter(None, (f"{profile.host} lists no models.", unkept)))
    return Listing(profile.provider, _infos(profile, found), "live", 0.0, note)


async def model_info(profile: Profile, key: str, path: str, folder: Path | None = None) -> ModelInfo:
    """What is known of the profile's own model. An Ollama server is asked for it; others tell it in their list.

    Args:
        profile: The model.
        key: Its key; empty where none is needed.
        path: See ``list_models``.
        folder: See ``list_models``.
    """
    key = Secret(key)
    if profile.provider == "ollama":
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                body = await _json(profile, key, "/../api/show", {}, {"model": profile.model})
            pricing.learn(profile.provider, profile.model, read_show(body))
        except (_NoList, TimeoutError, ValueError):
            return _info(profile.provider, profile.model)  # it is no Ollama, or it sleeps: nothing is known then
    else:
        await list_models(profile, key, path, folder=folder)
    return _info(profile.provider, profile.model)


# ---- asking


class _NoList(Exception):
    """The server gave no list; says why, in a sentence without its stop."""


def _url(base_url: str, path: str) -> str:
    """The address of a list. ``..`` climbs within the server; no path leads to another one."""
    parts = urlsplit(base_url)
    joined = posixpath.normpath(f"/{parts.path}/{path}").lstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"/{joined}", "", ""))


async def _asked(profile: Profile, key: str, path: str) -> dict[str, Price]:
    """What the server lists, all pages of it.

    Raises:
        _NoList: It does not answer, or not with a list.
    """
    query = {"limit": "1000"} if profile.wire == "anthropic" else {}
    found: dict[str, Price] = {}
    try:
        checked_address(profile.base_url)
        async with asyncio.timeout(WAIT_SECONDS):
            for _ in range(MOST_PAGES):
                body = await _json(profile, key, path, query)
                found |= {model: price for model, price in read_list(body).items() if model not in found}
                more = next_page(body)
                if not more or more.items() <= query.items():
                    break
                query = {**query, **more}
    except ConfigError as error:
        raise _NoList(error.what.rstrip(".")) from error
    except TimeoutError:
        raise _NoList(f"{profile.host} did not answer within {WAIT_SECONDS:g} s") from None
    except ValueError as error:
        raise _NoList(f"{profile.host} answered, but {error}") from error
    return found


async def _json(
    profile: Profile, key: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
) -> object:
    """What the server answers; a body is posted.

    Raises:
        _NoList: It cannot be reached, it refused, or it sent too much.
        ValueError: What came is no JSON.
    """
    import httpx

    try:
        sent = headers(profile, Secret(key.strip()))
    except ValueError as error:
        raise _NoList(f"{profile.host} was not asked: {str(error).rstrip('.')}") from None
    content = b""
    try:
        async with (
            httpx.AsyncClient(timeout=WAIT_SECONDS, trust_env=not is_local(profile.base_url, None)) as client,
            client.stream(
                "POST" if body else "GET",
                _url(profile.base_url, path),
                params=dict(query) or None,
                headers=sent,
                json=body,
            ) as response,
        ):
            if response.status_code in (401, 403):
                refusal = "refused the key" if key else "wants a key"
                raise _NoList(f"{profile.host} {refusal} ({response.status_code})")
            if response.status_code != 200:
                raise _NoList(f"{profile.host} answered {response.status_code}")
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise _NoList(f"{profile.host} sent more than a list")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError) as error:  # a proxy may want what is missing
        raise _NoList(f"{profile.host} cannot be reached ({type(error).__name__})") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("not with JSON") from error


# ---- what there is instead


def _instead(profile: Profile, known: _Known | None, why: str) -> Listing:
    provider = profile.provider
    if known is not None:
        return Listing(
            provider, _infos(profile, known.models), "cache", known.age, f"{why}; this is its last list.", why
        )
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    served = {model: price for model, price in pricing.shipped(provider).items() if not "" < price.ends < today}
    if not served:
        return Listing(provider, (), "shipped", None, f"{why}, and no list is shipped; type the model's name.", why)
    note = f"{why}; this is the shipped list of {pricing.notice()['date']}."
    return Listing(provider, tuple(_info(provider, model) for model in served), "shipped", None, note, why)


def _infos(profile: Profile, models: Mapping[str, Price]) -> tuple[ModelInfo, ...]:
    for model, price in models.items():
        pricing.learn(profile.provider, model, price)
    return tuple(_info(profile.provider, model) for model in models)


def _info(provider: str, model: str) -> ModelInfo:
    known = pricing.price_of(provider, model) or Price()
    return ModelInfo(model, known.context, known if known.known else None, known.vision, known.tools)


# ---- keeping


class _Known(NamedTuple):
    age: float
    models: dict[str, Price]


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("aether-nb", appauthor=False) / "models"


class _Kept:
    """The last list of one address, in a file. A file that cannot be read is as good as none."""

    def __init__(self, folder: Path, profile: Profile) -> None:
        digest = sha256(f"{profile.provider} {profile.base_url}".encode()).hexdigest()[:16]
        word = "".join(sign for sign in profile.provider if sign.isalnum() or sign in "-_")[:32]
        self._file = folder / f"{word}-{digest}.json"

    def read(self) -> _Known | None:
        """What was kept, with its age."""
        try:
            found = json.loads(self._file.read_bytes())
            models = {str(model): prices.read(values) for model, values in found["models"].items()}
            return _Known(max(0.0, time.time() - float(found["time"])), models)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            return None

    def write(self, models: Mapping[str, Price]) -> str:
        """Keep a list in the place of the last one; what to say when that fails."""
        rows = {model: prices.row(price) for model, price in models.items()}
        text = json.dumps({"time": time.time(), "models": rows}, separators=(",", ":"))
        draft = self._file.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):  # it is not there, or nothing can be done here at all
                draft.unlink()
            return f"The list could not be kept in {self._file.parent}: {error.strerror}."
        return ""
