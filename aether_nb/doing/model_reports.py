"""What both faces tell of providers and models: who can be asked, which models there are, what they cost.

Text and plain values only. What is told was found out elsewhere; this module asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aether_nb.errors import ConfigError, ModelUnavailable
from aether_nb.models.catalogue import keys
from aether_nb.models.catalogue.discovery import Found
from aether_nb.models.catalogue.listing import Listing, ModelInfo
from aether_nb.models.catalogue.providers import Providers
from aether_nb.models.catalogue.rows import Row
from aether_nb.models.endpoints.profile import Profile
from aether_nb.widgets.wording import clean

__all__ = ["addressed", "key_text", "listing_rows", "listing_text", "profile_of", "provider_rows", "provider_text"]

MOST = 200
"""How many models are listed for people."""


def profile_of(providers: Providers, name: str, environment: Mapping[str, str]) -> Profile | None:
    """How a provider is spoken with, whichever of its models is asked; None while it has no address."""
    try:
        return providers.provider(name, environment)
    except ModelUnavailable:
        return None


def addressed(providers: Providers, row: Row, environment: Mapping[str, str]) -> Profile:
    """The same, where there has to be an address.

    Raises:
        ModelUnavailable: It has none.
    """
    if (profile := profile_of(providers, row.name, environment)) is None:
        variable = row.base_url_variable or "base_url"
        hint = f"Set {variable}=http://HOST:PORT/v1"
        raise ModelUnavailable(f"{row.name} has no address.", f"{variable} is not set.", hint)
    return profile


def provider_rows(providers: Providers, environment: Mapping[str, str], local: Iterable[Found]) -> list[dict[str, Any]]:
    """Every provider as plain values: whether it can be asked now, where it is, what it is asked for by itself.

    Args:
        providers: The registry.
        environment: The environment's variables.
        local: The servers that answer on this machine.
    """
    answering = {found.provider: found.base_url for found in local}
    rows = []
    for name in providers.names():
        row, profile = providers.row(name), profile_of(providers, name, environment)
        key = _key(profile, environment)
        here = f"answers at {answering[name]}" if name in answering else ""
        rows.append(
            {
                "provider": name,
                "ready": bool(here or key),
                "why": here or key.source or key.note or _missing(row, profile),
                "address": answering.get(name) or row.address(environment),
                "model": row.default_model,
            }
        )
    return rows


def provider_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """The providers as a table for a terminal; those that can be asked now first."""
    lines = [f"{'':2}{'PROVIDER':<12} {'MODEL BY DEFAULT':<34} READY BECAUSE, OR WHAT IS MISSING"]
    for row in sorted(rows, key=lambda row: not row["ready"]):
        mark = "✓ " if row["ready"] else "  "
        lines.append(clean(f"{mark}{row['provider']:<12} {row['model']:<34} {row['why']}"))
    return "\n".join([*lines, "Models of one: %aether models PROVIDER  Choose one: %aether setup"])


def key_text(providers: Providers, environment: Mapping[str, str]) -> str:
    """Which keys there are and where they come from; never what they are."""
    lines = []
    for name in providers.names():
        key = _key(profile_of(providers, name, environment), environment)
        if key or key.note:
            lines.append(clean(f"  {name:<12} {key.source or key.note}"))
    return "\n".join(
        [*(lines or ["No key is here."]), "Take one: %aether key PROVIDER  Forget one: %aether key PROVIDER --forget"]
    )


def listing_rows(listing: Listing) -> dict[str, Any]:
    """A provider's models as plain values; prices in US dollars for a million tokens."""
    return {
        "provider": listing.provider,
        "source": listing.source,
        "age_seconds": listing.age,
        "note": listing.note,
        "models": [_model_row(model) for model in listing.models],
    }


def listing_text(listing: Listing) -> str:
    """A provider's models as a table for a terminal, with where the list comes from."""
    models = listing.models
    if not models:
        return clean(listing.note)
    width = max([len(clean(model.id)) for model in models[:MOST]] + [5])
    lines = [f"{'MODEL':<{width}}  {'CONTEXT':>9}  {'$/M IN':>8}  {'$/M OUT':>8}  TAKES"]
    for model in models[:MOST]:
        row = _model_row(model)
        takes = ", ".join(word for word, has in (("tools", row["tools"]), ("pictures", row["vision"])) if has)
        last = f"  until {row['ends']}" if row["ends"] else ""
        context = "?" if row["context"] is None else f"{row['context']:,}"
        prices = f"{_dollars(row['input'])}  {_dollars(row['output'])}"
        lines.append(f"{clean(model.id):<{width}}  {context:>9}  {prices}  {takes}{last}".rstrip())
    if len(models) > MOST:
        lines.append(f"… {len(models) - MOST} more: --json has them all")
    return "\n".join([*lines, _origin(listing)])


def _key(profile: Profile | None, environment: Mapping[str, str]) -> keys.Key:
    """A provider's key. One that cannot be used is told, so that the others can be."""
    if profile is None:
        return keys.Key()
    try:
        return keys.find(profile, environment)
    except ConfigError as error:
        return keys.Key(note=f"{error.what} {error.why}")


def _model_row(model: ModelInfo) -> dict[str, Any]:
    price = model.price
    million = 1_000_000
    return {
        "id": model.id,
        "context": model.context,
        "input": None if price is None or price.input is None else round(price.input * million, 6),
        "output": None if price is None or price.output is None else round(price.output * million, 6),
        "tools": model.tools,
        "vision": model.vision,
        "ends": None if price is None else price.ends or None,
    }


def _dollars(value: float | None) -> str:
    return f"{'?':>8}" if value is None else f"{value:>8.2f}"


def _origin(listing: Listing) -> str:
    """Where a list comes from and how old it is."""
    said = {
        "live": f"{listing.provider} said so just now.",
        "cache": f"{listing.provider} said so {_age(listing.age)} ago; anew: --refresh",
        "shipped": "The list that came with aether-nb; other models can be named too.",
    }[listing.source]
    return clean(f"{said} {listing.note}".rstrip())


def _age(seconds: float | None) -> str:
    minutes = int((seconds or 0) // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _missing(row: Row, profile: Profile | None) -> str:
    if profile is None:
        return f"no address: set {row.base_url_variable}"
    if row.port and profile.local:
        return "no server answers on this machine"
    return f"no key: %aether key {row.name}, or set {row.key_variables[0]}" if row.key_variables else "needs no key"
