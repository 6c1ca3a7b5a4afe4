"""What ``models``, ``key`` and ``doctor MODEL`` do, in a notebook and in a terminal alike.

Each gives back a text. How something asynchronous is run, and how to talk with whoever types, is handed in.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any, TypeAlias

from aether_nb.config import Settings
from aether_nb.errors import ModelUnavailable
from aether_nb.model_reports import (
    checks_text,
    key_text,
    listing_rows,
    listing_text,
    profile_of,
    provider_rows,
    provider_text,
)
from aether_nb.models import keys
from aether_nb.models.discovery import find_local
from aether_nb.models.listing import Listing, list_models
from aether_nb.models.probing import Check
from aether_nb.models.probing import tried as trial
from aether_nb.models.profile import Profile
from aether_nb.models.providers import Providers, load
from aether_nb.models.router import open_model
from aether_nb.models.rows import Row
from aether_nb.setting_up import Dialog, take_key

__all__ = ["key", "models", "tried"]

Runner: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]


def models(options: argparse.Namespace, settings: Settings, run: Runner) -> str:
    """The providers, or the models of one.

    Raises:
        AetherError: There is no such provider, or it has no address.
    """
    providers = load([settings.providers])
    if not options.provider:
        found = run(find_local(providers))
        rows = provider_rows(providers, os.environ, [each.provider for each in found])
        return json.dumps(rows, indent=2) if options.json else provider_text(rows)
    row = providers.row(options.provider)
    profile = _addressed(providers, row)
    key = keys.find(profile, os.environ)
    listing: Listing = run(list_models(profile, key.value, refresh=options.refresh))
    return json.dumps(listing_rows(listing), indent=2) if options.json else listing_text(listing)


def key(options: argparse.Namespace, settings: Settings, dialog: Dialog) -> str:
    """Take a provider's key and say whether it is accepted; forget it; or say which keys there are.

    Raises:
        AetherError: There is no such provider, or the key cannot be kept.
    """
    providers = load([settings.providers])
    if not options.provider:
        return key_text(providers, os.environ)
    row = providers.row(options.provider)
    if options.forget:
        return _forgotten(row)
    profile = _addressed(providers, row)
    take_key(dialog, row, profile)
    listing: Listing = dialog.run(list_models(profile, keys.find(profile, os.environ).value, refresh=True))
    if listing.source != "live":
        return f"It could not be tried: {listing.note}"
    return f"{row.name} accepts it: {len(listing.models)} models. Choose one: %aether model {row.name}:NAME"


def _addressed(providers: Providers, row: Row) -> Profile:
    profile = profile_of(providers, row.name, os.environ)
    if profile is None:
        raise ModelUnavailable(
            f"{row.name} has no address.",
            f"{row.base_url_variable} is not set.",
            f"Set {row.base_url_variable}=http://HOST:PORT/v1",
        )
    return profile


def _forgotten(row: Row) -> str:
    said = f"The kept key of {row.name} is forgotten." if keys.forget(row.name) else f"No key of {row.name} was kept."
    left = [variable for variable in row.key_variables if os.environ.get(variable)]
    return f"{said} The environment still has {', '.join(left)}." if left else said


def tried(options: argparse.Namespace, run: Runner) -> str:
    """An endpoint, tried out: does it answer, take the key, stream, take tools, see pictures?

    Raises:
        AetherError: No model goes by that name.
    """
    model = open_model(options.model, os.environ, wrappers=False)
    found: list[Check] = run(trial(model))
    return json.dumps([asdict(check) for check in found], indent=2) if options.json else checks_text(found)
