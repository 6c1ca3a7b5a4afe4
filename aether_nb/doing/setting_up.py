"""``setup``: from nothing to a model that answers, step by step, with somebody who types.

It says what there is, takes a provider, a key and a model, tries the endpoint out, and remembers the choice in the
user's own settings. A key is tried before it is kept. How words are shown, read and hidden is handed in; so is the way
to run something asynchronous. It knows neither notebooks nor terminals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aether_nb.config import Settings, load, remember
from aether_nb.doing import doctor
from aether_nb.doing.model_reports import addressed, profile_of
from aether_nb.errors import UsageFault
from aether_nb.models.catalogue import keys, providers
from aether_nb.models.catalogue.discovery import Found, find_local
from aether_nb.models.catalogue.listing import Listing, list_models
from aether_nb.models.catalogue.providers import Providers
from aether_nb.models.catalogue.rows import Row
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.router import ANALYST, NO_CHAT
from aether_nb.widgets.wording import clean, count

__all__ = ["Dialog", "set_up", "take_key"]

SHOWN = 12
"""How many models are proposed."""


@dataclass(frozen=True)
class Dialog:
    """How to talk with whoever types.

    Args:
        say: Shows a line.
        read: Shows a question and returns what was typed.
        read_hidden: The same, without showing what is typed.
        run: Runs a coroutine to its end.
        typing: Whether somebody can type at all.
    """

    say: Callable[[str], None]
    read: Callable[[str], str]
    read_hidden: Callable[[str], str]
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    typing: bool

    def need(self, instead: str) -> None:
        """Go on only where somebody can type.

        Raises:
            UsageFault: Nobody can; ``instead`` says what to do.
        """
        if not self.typing:
            raise UsageFault("Nobody can type here.", "This asks questions, and nothing can be answered.", instead)

    def ask(self, question: str) -> str:
        """What was typed, without white space around it."""
        return self._answer(self.read, question)

    def secret(self, question: str) -> str:
        """What was typed and not shown, without white space around it."""
        return self._answer(self.read_hidden, question)

    def yes(self, question: str) -> bool:
        """Whether it was a yes; Enter alone is a no."""
        return self.ask(f"{question} (y/N)? ").lower() in ("y", "yes")

    def _answer(self, read: Callable[[str], str], question: str) -> str:
        try:
            return read(question).strip()
        except EOFError:
            raise UsageFault("Nothing was typed.", "The input ended before the question was answered.") from None


def set_up(dialog: Dialog, settings: Settings) -> str:
    """Walk through the choice of a model.

    Returns:
        The name of the model that shall serve; empty when nothing was chosen.

    Raises:
        AetherError: Nobody can type, what was typed is no provider, or the choice could not be kept.
    """
    dialog.need("Name a model: %aether model PROVIDER:MODEL, or set AETHER_MODEL")
    known = providers.load([settings.providers])
    local = {found.provider: found for found in dialog.run(find_local(known, environment=os.environ))}
    _say_what_there_is(dialog, known, local)
    chosen = dialog.ask("Which provider (Enter: leave everything as it is)? ").lower()
    if not chosen:
        return ""
    if chosen in ("analyst", ANALYST):
        return _remembered(dialog, ANALYST)
    row = known.row(chosen)
    profile = addressed(known, row, os.environ)
    needs_key = profile.key_variables and not profile.local and not keys.find(profile, os.environ)
    if needs_key and not take_key(dialog, row, profile):
        return ""
    name = _choose_model(dialog, row, profile)
    dialog.say(f"Trying {name} out (three tiny requests) …")
    checks = doctor.try_model(name, settings, dialog.run)
    dialog.say(doctor.text(checks))
    blocked = any(check.state == "blocked" for check in checks)
    if blocked and not dialog.yes("Choose it all the same"):
        return ""
    return _remembered(dialog, name)


def take_key(dialog: Dialog, row: Row, profile: Profile) -> str:
    """Ask for a provider's key, try it, and keep it. One that is not taken is kept only when that is wished.

    Returns:
        Where it is kept; empty when it is not.

    Raises:
        UsageFault: Nobody can type, or nothing was typed.
        ConfigError: What was typed can be no key, or it cannot be kept.
    """
    variable = f"Set {profile.key_variables[0]}, or type" if profile.key_variables else "Type"
    dialog.need(f"{variable} in a terminal: aether key {row.name}")
    if row.sign_up:
        dialog.say(f"A key of {row.name} is made at {row.sign_up}")
    value = dialog.secret(f"Key of {row.name} (it is not shown): ")
    if not value:
        raise UsageFault(f"No key was typed for {row.name}.", "", f"%aether key {row.name}")
    if not _taken(dialog, row, profile, value) and not dialog.yes("Keep it all the same"):
        dialog.say("The key is not kept.")
        return ""
    where = keys.keep(profile, value)
    dialog.say(f"The key of {row.name} is kept in {where}.")
    if first := next((name for name in profile.key_variables if os.environ.get(name, "").strip()), ""):
        dialog.say(f"The variable {first} is set too, and comes first.")
    return where


def _taken(dialog: Dialog, row: Row, profile: Profile, value: str) -> bool:
    """Whether the provider takes a key; says what it said."""
    listing = _listed(dialog, row, profile, value)
    if listing.source != "live":
        dialog.say(clean(f"It was tried: {listing.why}."))
        return False
    open_to_all = _listed(dialog, row, profile, "").source == "live"
    if open_to_all:
        name = f"{row.name}:{row.default_model or 'MODEL'}"
        dialog.say(f"{profile.host} lists its models to everybody. Whether the key is good: %aether doctor {name}")
    else:
        dialog.say(f"{profile.host} takes it: {count(len(listing.models), 'model')}.")
    return True


def _listed(dialog: Dialog, row: Row, profile: Profile, key: str) -> Listing:
    listing: Listing = dialog.run(list_models(profile, key, refresh=True, path=row.models_path))
    return listing


def _say_what_there_is(dialog: Dialog, known: Providers, local: dict[str, Found]) -> None:
    """The providers that can be asked now, then the others."""
    dialog.say("What there is:")
    others = []
    for name in known.names():
        profile = profile_of(known, name, os.environ)
        if name in local:
            dialog.say(f"  {name:<12} answers at {local[name].base_url}")
        elif profile and (key := keys.find(profile, os.environ)):
            dialog.say(f"  {name:<12} a key is here ({key.source})")
        else:
            others.append(name)
    dialog.say(f"  {'analyst':<12} works without key and network, for questions about data frames")
    dialog.say(f"Others, with a key or an address of yours: {', '.join(others)}")


def _choose_model(dialog: Dialog, row: Row, profile: Profile) -> str:
    """Ask which of its models.

    Raises:
        UsageFault: None was named, and none is known.
    """
    listing = _listed(dialog, row, profile, keys.find(profile, os.environ).value)
    names = [model.id for model in listing.models]
    if listing.note:
        dialog.say(clean(listing.note))
    for name in names[:SHOWN]:
        dialog.say(clean(f"  {name}"))
    if len(names) > SHOWN:
        dialog.say(f"  … {len(names) - SHOWN} more: %aether models {row.name}")
    chatting = [name for name in names if not any(word in name.lower() for word in NO_CHAT)]
    default = row.default_model if row.default_model and not profile.local else next(iter(chatting), "")
    typed = dialog.ask(f"Which model (Enter: {clean(default)})? " if default else "Which model? ") or default
    if not typed:
        raise UsageFault(f"No model of {row.name} was named.", "", f"%aether models {row.name}")
    return f"{row.name}:{typed.removeprefix(row.name + ':')}"


def _remembered(dialog: Dialog, name: str) -> str:
    """Let the choice last, and say where it does not reach."""
    where = remember("model", name)
    dialog.say(f"{where} remembers it.")
    if (first := load(Path.cwd()).model) != name:
        dialog.say(f"In this folder {first} comes first: AETHER_MODEL, or the aether.toml that lies here, names it.")
    return name
