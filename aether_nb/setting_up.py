"""``setup``: from nothing to a model that answers, step by step, with somebody who types.

It says what there is, takes a provider, a key and a model, tries the endpoint out, and remembers the choice in the
user's own settings. How words are shown, read and hidden is handed in; so is the way to run something asynchronous. It
knows neither notebooks nor terminals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from aether_nb.config import Settings, remember
from aether_nb.errors import ModelUnavailable, UsageFault
from aether_nb.model_reports import checks_text, profile_of
from aether_nb.models import keys
from aether_nb.models.discovery import find_local
from aether_nb.models.listing import list_models
from aether_nb.models.probing import Check, tried
from aether_nb.models.profile import Profile
from aether_nb.models.providers import load
from aether_nb.models.router import ANALYST, open_model
from aether_nb.models.rows import Row

__all__ = ["Dialog", "set_up", "take_key"]

T = TypeVar("T")

SHOWN = 12
"""How many models are proposed."""


@dataclass(frozen=True)
class Dialog:
    """How to talk with whoever types.

    Args:
        say: Shows a line.
        ask: Shows a question and returns what was typed.
        secret: The same, without showing what is typed.
        run: Runs a coroutine to its end.
    """

    say: Callable[[str], None]
    ask: Callable[[str], str]
    secret: Callable[[str], str]
    run: Callable[[Coroutine[Any, Any, Any]], Any]


def set_up(dialog: Dialog, settings: Settings) -> str:
    """Walk through the choice of a model.

    Returns:
        The name of the model that shall serve; empty when nothing was chosen.

    Raises:
        AetherError: What was typed is no provider, or the choice could not be kept.
    """
    providers = load([settings.providers])
    local = {found.provider: found for found in dialog.run(find_local(providers))}
    dialog.say("What there is:")
    for name in providers.names():
        profile = profile_of(providers, name, os.environ)
        if name in local:
            dialog.say(f"  {name:<12} answers at {local[name].base_url}")
        elif profile and (key := keys.find(profile, os.environ)):
            dialog.say(f"  {name:<12} a key is here ({key.source})")
    dialog.say(f"  {'analyst':<12} works without key and network, for questions about data frames")
    others = ", ".join(name for name in providers.names() if name not in local)
    dialog.say(f"Others, with a key of yours: {others}")
    chosen = dialog.ask("Which provider (Enter: leave everything as it is)? ").strip().lower()
    if not chosen:
        return ""
    if chosen in ("analyst", ANALYST):
        remember("model", ANALYST)
        return ANALYST
    row, profile = providers.row(chosen), profile_of(providers, chosen, os.environ)
    if profile is None:
        raise ModelUnavailable(f"{chosen} has no address.", f"{row.base_url_variable} is not set.", "Set it first.")
    if profile.key_variables and not profile.local and not keys.find(profile, os.environ):
        take_key(dialog, row, profile)
    name = _choose_model(dialog, row, profile)
    if not _tried(dialog, name) and dialog.ask("Choose it all the same (y/N)? ").strip().lower() != "y":
        return ""
    where = remember("model", name)
    dialog.say(f"{name} serves from now on; {where} remembers it.")
    return name


def take_key(dialog: Dialog, row: Row, profile: Profile) -> str:
    """Ask for a provider's key and keep it.

    Returns:
        Where it is kept, in words.

    Raises:
        UsageFault: Nothing was typed.
    """
    if row.sign_up:
        dialog.say(f"A key of {row.name} is made at {row.sign_up}")
    value = dialog.secret(f"Key of {row.name} (it is not shown): ").strip()
    if not value:
        raise UsageFault(f"No key was typed for {row.name}.", hint=f"%aether key {row.name}")
    where = keys.keep(profile, value)
    dialog.say(f"The key is kept in {where}.")
    return where


def _choose_model(dialog: Dialog, row: Row, profile: Profile) -> str:
    """Ask which of its models."""
    listing = dialog.run(list_models(profile, keys.find(profile, os.environ).value, refresh=True))
    names = [model.id for model in listing.models]
    if listing.note:
        dialog.say(listing.note)
    for name in names[:SHOWN]:
        dialog.say(f"  {name}")
    if len(names) > SHOWN:
        dialog.say(f"  … {len(names) - SHOWN} more: %aether models {row.name}")
    default = row.default_model or (names[0] if names else "")
    typed = dialog.ask(f"Which model (Enter: {default})? ").strip() or default
    return f"{row.name}:{typed.removeprefix(row.name + ':')}"


def _tried(dialog: Dialog, name: str) -> bool:
    """Try it out and say what came of it; whether it can be used."""
    model = open_model(name, os.environ, wrappers=False)
    dialog.say(f"Trying {name} out (three tiny requests) …")
    found: list[Check] = dialog.run(tried(model))
    dialog.say(checks_text(found))
    return all(check.state != "blocked" for check in found)
