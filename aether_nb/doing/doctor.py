"""Whether everything is in place: the kernel, the settings, the model and its key, the record, the packages.

It looks and says; it changes nothing but for a file that it writes into the record's folder and takes away again. A
provider is asked for its list of models, once and not for long, which costs nothing; the list is kept as any is. A
model that is named is tried out. Keys are told by where they come from, never by what they are.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb.about import VERSION
from aether_nb.config import Settings, own_file
from aether_nb.config.address import POSTGRES, Address, masked
from aether_nb.doing.slips import slips
from aether_nb.errors import AetherError, ConfigError, StoreError
from aether_nb.models.catalogue import keys, providers
from aether_nb.models.catalogue.discovery import find_local
from aether_nb.models.catalogue.listing import list_models, model_info
from aether_nb.models.catalogue.probing import Check, tried
from aether_nb.models.catalogue.providers import Providers
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.router import open_model, serving
from aether_nb.session.unlocking import unlock
from aether_nb.store.encrypting import wrapped_key
from aether_nb.store.glance import wrapped_in
from aether_nb.store.postgres.looking import look_at
from aether_nb.store.store import open_store
from aether_nb.store.wrapping import Wrapped
from aether_nb.widgets.wording import clean, count

__all__ = ["look", "text", "try_model"]

Runner: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end."""

LIST_SECONDS = 3.0
"""How long a provider may take for its list."""

SMALL_WINDOW = 16_000
"""Tokens below which a conversation about a few tables is soon too long."""

TRIAL_SECONDS = 60.0
"""The longest silence of a model that is tried out: a local server may have to load it first."""


def look(
    settings: Settings | ConfigError, record: Path | Address, workspace: Path, run: Runner, shell: Any = None
) -> list[Check]:
    """Look at everything.

    Args:
        settings: What is configured, or what is wrong with it.
        record: Where runs are recorded.
        workspace: The folder inside which files may be touched.
        run: Runs a coroutine to its end.
        shell: The IPython shell; None from a terminal.
    """
    return [
        *_kernel(shell),
        _loop(),
        *_configured(settings, run),
        _record(record),
        _writable("folder", workspace, "no file can be written here", "Open the notebook in a folder of yours."),
        *_packages(),
    ]


def try_model(name: str, settings: Settings | ConfigError, run: Runner) -> list[Check]:
    """Try a model out, with three tiny requests; what keeps it from being asked is a finding too.

    Args:
        name: As a person types it.
        settings: What is configured, or what is wrong with it.
        run: Runs a coroutine to its end.
    """
    if isinstance(settings, ConfigError):
        return [_blocked("settings", settings)]
    known = providers.load([settings.providers])
    try:
        model = open_model(
            name,
            os.environ,
            known,
            timeout=min(settings.timeout, TRIAL_SECONDS),
            local_only=settings.local_only,
            wrappers=False,
        )
    except AetherError as error:
        return [_blocked("model", error)]
    found: list[Check] = run(tried(model))
    profile: Profile | None = getattr(model, "profile", None)
    if profile is not None and found[0].state == "ok":
        found += [run(_window(profile, known)), *_last_day(profile)]
    return found


def _last_day(profile: Profile) -> Iterator[Check]:
    """Whether its provider has announced that it goes."""
    if profile.ends:
        hint = f"See what else there is: %aether models {profile.provider}"
        yield Check("model", "warn", f"its provider withdraws {profile.name} on {profile.ends}", hint)


async def _window(profile: Profile, known: Providers) -> Check:
    """How much the model can read at once. A local server cuts what is longer, and says nothing."""
    key = keys.find(profile, os.environ).value
    size = (await model_info(profile, key, _path(profile, known))).context
    if size is None:
        return Check("context", "ok", "nobody says how much it can read at once")
    if size >= SMALL_WINDOW:
        return Check("context", "ok", f"it reads {size:,} tokens at once")
    hint = "For Ollama: start its server with OLLAMA_CONTEXT_LENGTH=32768" if profile.provider == "ollama" else ""
    return Check("context", "warn", f"it reads {size:,} tokens at once, which long conversations exceed", hint)


def text(checks: Iterable[Check]) -> str:
    """The findings as a table for a terminal."""
    lines = []
    for check in checks:
        lines.append(clean(f"{check.state:<8} {check.what:<10} {check.found}"))
        if check.hint:
            lines.append(clean(f"{'':<19} next: {check.hint}"))
    return "\n".join(lines)


def _blocked(what: str, error: AetherError, name: str = "") -> Check:
    return Check(what, "blocked", f"{name}{error.what} {error.why}".strip(), error.hint)


def _kernel(shell: Any) -> Iterator[Check]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Check("python", "ok", f"{python}, IPython {version('ipython')}, aether-nb {VERSION}")
    kernel = getattr(shell, "kernel", None)
    if shell is None:
        return
    if kernel is None:
        yield Check("kernel", "ok", "none: this is a terminal, approvals are typed")
        return
    found = version("ipykernel")
    if int(found.split(".")[0]) >= 7:
        yield Check("kernel", "ok", f"ipykernel {found}: clicks are heard while a cell runs")
    else:
        hint = "pip install -U ipykernel, then restart the kernel."
        yield Check("kernel", "warn", f"ipykernel {found}: clicks wait while a tool computes", hint)


def _loop() -> Check:
    """A known trap: nest_asyncio breaks every timeout of asyncio on Python 3.14."""
    patched = getattr(asyncio, "_nest_patched", False) and not hasattr(asyncio, "_nest_asyncio2")
    if patched and sys.version_info >= (3, 14):
        hint = "Take nest_asyncio.apply() out of the notebook; top-level await works without it. Restart the kernel."
        return Check("asyncio", "blocked", "nest_asyncio is applied, which breaks asyncio on Python 3.14", hint)
    if patched:
        return Check("asyncio", "warn", "nest_asyncio is applied; it is not needed in a notebook")
    return Check("asyncio", "ok", "as Python ships it")


# ---- the settings and the model they name


def _configured(settings: Settings | ConfigError, run: Runner) -> Iterator[Check]:
    """The settings, the servers of this machine, and the model that serves."""
    if isinstance(settings, ConfigError):
        yield _blocked("settings", settings)
        return
    try:
        known = providers.load([settings.providers])
    except ConfigError as error:
        yield _blocked("settings", error)
        return
    own = own_file()
    yield Check("settings", "ok", f"yours: {own}{'' if own.exists() else ' (there is none yet)'}")
    yield from _slips(known)
    found = run(find_local(known, environment=os.environ))
    servers = ", ".join(f"{each.provider} at {each.base_url}, {count(len(each.models), 'model')}" for each in found)
    yield Check("local", "ok", servers or "no model server answers on this machine")
    choice = serving(os.environ, settings.model, known, found=found, local_only=settings.local_only)
    try:
        model = open_model(choice.name, os.environ, known, local_only=settings.local_only, wrappers=False)
    except AetherError as error:
        yield _blocked("model", error, f"{masked(choice.name)}: ")
        return
    yield Check("model", "ok", f"{choice.name} ({choice.why})")
    if (profile := getattr(model, "profile", None)) is not None:
        yield from (*_last_day(profile), *_reached(profile, known, run))


def _slips(known: Providers) -> Iterator[Check]:
    for name, hint in slips(lambda: known):
        yield Check("settings", "warn", f"the variable {name} is no setting", hint)


def _reached(profile: Profile, known: Providers, run: Runner) -> Iterator[Check]:
    """The key of whoever serves, and whether its address answers."""
    key = keys.find(profile, os.environ)
    none = "none is needed" if profile.local or not profile.key_variables else key.note or "none"
    yield Check("key", "ok", f"of {profile.provider}: {key.source or none}")
    yield run(_answering(profile, key.value, _path(profile, known)))


def _path(profile: Profile, known: Providers) -> str:
    """Where its models are listed, behind its address; an address that no row has lists them in the usual place."""
    return known.row(profile.provider).models_path if profile.provider in known.names() else "/models"


async def _answering(profile: Profile, key: str, path: str) -> Check:
    """Whether it lists its models. A note and no more: some servers have no list and work all the same."""
    hint = f"Try it out: %aether doctor {profile.name}"
    try:
        async with asyncio.timeout(LIST_SECONDS):
            listing = await list_models(profile, key, refresh=True, path=path)
    except TimeoutError:
        return Check("endpoint", "warn", f"{profile.host} did not answer within {LIST_SECONDS:g} s", hint)
    if listing.source != "live":
        return Check("endpoint", "warn", listing.why, hint)
    return Check("endpoint", "ok", f"{profile.host} answers, with {count(len(listing.models), 'model')}")


# ---- folders and packages


def _record(place: Path | Address) -> Check:
    """Whether runs can be recorded."""
    if not isinstance(place, Address):
        hint = "Set AETHER_STORE=FOLDER."
        check = _writable("record", place, "runs cannot be recorded, so none can start", hint)
        return _sealed(check, wrapped_in(place)) if check.state == "ok" else check
    try:
        if place.scheme in POSTGRES:
            return _sealed(Check("record", "ok", f"{place}: {look_at(place)}"), wrapped_key(place))
        return Check("record", "ok", f"{place}: {count(len(open_store(place).log.runs()), 'run')}")
    except StoreError as error:
        return _blocked("record", error)


def _sealed(check: Check, wrapped: Wrapped | None) -> Check:
    """The same, with a word about a record that is encrypted: whether it opens here."""
    if wrapped is None:
        return check
    try:
        unlock(wrapped)
    except StoreError as error:
        return Check(check.what, "warn", f"{check.found}; encrypted, and locked: {error.why}", error.hint)
    unclean = wrapped.state != "sealed"
    left = ", but not to its end" if unclean else ""
    hint = "%aether encrypt" if unclean else ""
    return Check(check.what, "warn" if unclean else "ok", f"{check.found}; encrypted{left}, and its key is here", hint)


def _writable(what: str, folder: Path, otherwise: str, hint: str) -> Check:
    """Whether a file can be made in a folder, or in the nearest folder above it that exists."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".aether-doctor-"):
            pass
    except OSError as error:
        return Check(what, "blocked", f"{folder}: {otherwise} ({error.strerror or error})", hint)
    return Check(what, "ok", str(folder))


def _packages() -> Iterator[Check]:
    """What the offline analyst's code uses; the rest comes with the package."""
    missing = []
    for name in ("pandas", "matplotlib", "scipy"):
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        found = f"without {', '.join(missing)} the offline analyst can do less"
        yield Check("packages", "warn", found, f"pip install {' '.join(missing)}")
    else:
        yield Check("packages", "ok", "pandas, matplotlib and scipy are installed")
