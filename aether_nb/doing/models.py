"""What ``models`` and ``key`` do, in a notebook and in a terminal alike.

Each gives back a text. How something asynchronous is run, and how to talk with whoever types, is handed in.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from aether_nb.config import Settings
from aether_nb.doing.model_reports import addressed, key_text, listing_rows, listing_text, provider_rows, provider_text
from aether_nb.doing.setting_up import Dialog, take_key
from aether_nb.models.catalogue import keys, providers
from aether_nb.models.catalogue.discovery import find_local
from aether_nb.models.catalogue.listing import Listing, list_models
from aether_nb.models.catalogue.rows import Row

__all__ = ["key", "models"]

Runner: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]


def models(options: argparse.Namespace, settings: Settings, run: Runner) -> str:
    """The providers, or the models of one.

    Raises:
        AetherError: There is no such provider, it has no address, or its kept key cannot be used.
    """
    known = providers.load([settings.providers])
    if not options.provider:
        found = run(find_local(known, environment=os.environ))
        rows = provider_rows(known, os.environ, found)
        return json.dumps(rows, indent=2) if options.json else provider_text(rows)
    row = known.row(options.provider)
    profile = addressed(known, row, os.environ)
    value = keys.find(profile, os.environ).value
    listing: Listing = run(list_models(profile, value, refresh=options.refresh, path=row.models_path))
    return json.dumps(listing_rows(listing), indent=2) if options.json else listing_text(listing)


def key(options: argparse.Namespace, settings: Settings, dialog: Dialog) -> str:
    """Take a provider's key and say whether it is accepted; forget it; or say which keys there are.

    Raises:
        AetherError: There is no such provider, nobody can type, or the key cannot be kept.
    """
    known = providers.load([settings.providers])
    if not options.provider:
        return key_text(known, os.environ)
    row = known.row(options.provider)
    if options.forget:
        return _forgotten(row)
    profile = addressed(known, row, os.environ)
    if not profile.key_variables:
        return f"{row.name} needs no key. Its models: %aether models {row.name}"
    if not take_key(dialog, row, profile):
        return f"Try another one: %aether key {row.name}"
    return f"Choose a model: %aether model {row.name}:{row.default_model or 'NAME'}"


def _forgotten(row: Row) -> str:
    said = f"The kept key of {row.name} is forgotten." if keys.forget(row.name) else f"No key of {row.name} was kept."
    left = [variable for variable in row.key_variables if os.environ.get(variable)]
    return f"{said} The environment still has {', '.join(left)}." if left else said
