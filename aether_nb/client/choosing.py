"""Which model a client asks: what was said in the call, else in the environment, else in a file, else a default.

Looked up at each call, so that a variable that was set a moment ago counts. A model is opened once and kept as long as
nothing that it depends on has changed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from aether_nb import config, registry
from aether_nb.client.checks import check
from aether_nb.errors import OptionError, StoreError
from aether_nb.live.thread import in_forked_process
from aether_nb.models.base import Model
from aether_nb.models.router import ANALYST, open_model, serving
from aether_nb.store.place import store_folder, store_place

if TYPE_CHECKING:
    from aether_nb.models.catalogue.discovery import Found
    from aether_nb.models.catalogue.providers import Providers
    from aether_nb.models.endpoints.profile import ToolFormat
    from aether_nb.models.sending.cache import ReplyStore

__all__ = ["Chooser", "Wanted"]

FORMATS = ("native", "text")

_made: WeakSet[Chooser] = WeakSet()
_inherited: list[object] = []
"""What was opened in the process that this one was forked from; it is not for us to close."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a program says of the model it wants; what is None is looked up.

    Raises:
        OptionError: A value is not allowed, or two of them do not go together.
    """

    model: str | Model | None = None
    provider: str | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    tool_format: ToolFormat | None = None
    timeout: float | None = None
    cache: bool | None = None
    wrappers: bool = True

    def __post_init__(self) -> None:
        check("model", self.model, (str, Model), 'a name such as "openai:gpt-5-mini", or a ready model')
        for name in ("provider", "base_url", "api_key"):
            check(name, getattr(self, name), str, "a text", secret=name == "api_key")
        check("timeout", self.timeout, Real, "a number of seconds")
        for name in ("cache", "wrappers"):
            check(name, getattr(self, name), bool, "True or False")
        if self.tool_format not in (None, *FORMATS):
            raise OptionError(f"tool_format= cannot be {self.tool_format!r}.", hint=f"Use {' or '.join(FORMATS)}.")
        if self.timeout is not None and not 0 < self.timeout < float("inf"):
            raise OptionError(f"timeout= cannot be {self.timeout!r}.", hint="Use seconds above 0.")
        if self.base_url and not self.model and not self.provider:
            raise OptionError("base_url= was given, and no model=.", hint="Say which model is asked there.")
        if self.api_key and not self.model and not self.provider:
            raise OptionError("api_key= was given, and no model= or provider=.", hint="Say whose key it is.")

    @property
    def ready(self) -> Model | None:
        """The model itself, when the program has one."""
        return None if self.model is None or isinstance(self.model, str) else self.model

    @property
    def name(self) -> str:
        """What was said of the model's name, without its address; empty when nothing was."""
        model = str(self.model or "")
        if self.provider and not model.lower().startswith((f"{self.provider}:", f"{self.provider}/")):
            return f"{self.provider}:{model}" if model else self.provider
        return model

    def full_name(self, providers: Providers) -> str:
        """The name with its address, unless it begins with a provider's name and a colon: then that is who is there.

        A slash says nothing: servers of open models have names such as ``openai/gpt-oss-20b``.
        """
        known = self.provider or self.name.lower().partition(":")[0] in providers.names()
        return f"{self.name}@{self.base_url}" if self.base_url and not known else self.name

    def means(self, said: str, providers: Providers) -> bool:
        """Whether a name that is said later is this model's: as the program wrote it, or as it is in full."""
        full = self.full_name(providers)
        typed = full == self.name  # else it is the server's own name for a model, and parts into nothing
        return said.strip() in (self.model, full) or (typed and providers.parted(said) == providers.parted(full))


class Chooser:
    """Opens models for one client, and closes what it opened.

    Args:
        wanted: What the program said.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = self._built = wanted
        self._opened: dict[tuple[str, str, str], tuple[object, Model]] = {}
        """By name, address and key: of two models of one name each is asked where it belongs."""
        self._replaced: list[Model] = []
        self._loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        self._replies: dict[Path, ReplyStore] = {}
        self._found: tuple[object, Sequence[Found]] | None = None
        _made.add(self)

    @property
    def settings(self) -> config.Settings:
        """What holds at this moment.

        Raises:
            ConfigError: A variable or a file has an invalid value.
        """
        wanted = self.wanted
        said = {"timeout": wanted.timeout, "cache": wanted.cache, "model": wanted.name or None}
        settings = config.load(Path.cwd(), said)
        return replace(settings, model=wanted.full_name(_providers(settings))) if wanted.base_url else settings

    def use(self, model: str | Model) -> None:
        """Ask another model from now on."""
        self.wanted = self._said(model)

    async def open(self, model: str | Model | None, settings: config.Settings) -> Model:
        """That model; the client's own when none is given.

        Args:
            model: A model for this call.
            settings: What holds at this moment.

        Raises:
            ModelNotFound: Nobody goes by that name.
            ModelUnavailable: Its key or its address is missing.
            ConfigError: An address is invalid.
        """
        if model is None and self.wanted.ready is None and not settings.model:
            await self._look(settings)
        return self.at_once(model, settings)

    def at_once(self, model: str | Model | None, settings: config.Settings) -> Model:
        """The same, without looking for servers on this machine."""
        ready = self.wanted.ready if model is None else None if isinstance(model, str) else model
        if ready is not None:
            return ready
        self._loops.add(asyncio.get_running_loop())
        addresses = _addresses()
        wanted = self._said(model, settings) if model else self.wanted
        name = wanted.full_name(_providers(settings)) if wanted.base_url else wanted.name
        name = name or settings.model or self._serving(settings, addresses)
        state = (
            addresses,
            settings,
            self.wanted,
            registry.get("model", name) if name in registry.names("model") else None,
        )
        place = (name, wanted.base_url or "", wanted.api_key or "")
        known = self._opened.get(place)
        if known is None or known[0] != state:
            if known is not None:
                self._replaced.append(known[1])  # somebody may still be asking it
            known = self._opened[place] = state, self._open(*place, settings)
        return known[1]

    async def aclose(self) -> None:
        """Close the connections to models of ours, on each event loop that still runs. A ready model is its owner's."""
        here = asyncio.get_running_loop()
        for loop in list(self._loops):
            if loop is here:
                await self._close()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._close(), loop))
        for replies in self._replies.values():
            replies.close()

    async def _close(self) -> None:
        for model in [*self._replaced, *(model for _, model in self._opened.values())]:
            if (aclose := getattr(model, "aclose", None)) is not None:
                await aclose()

    def _serving(self, settings: config.Settings, addresses: Mapping[str, str]) -> str:
        """The name of the model that serves when none is named."""
        found = self._found[1] if self._found and self._found[0] == addresses else ()
        return serving(os.environ, "", _providers(settings), found=found, local_only=settings.local_only).name

    async def _look(self, settings: config.Settings) -> None:
        """Look for servers on this machine when nothing else is known, once for each set of addresses."""
        addresses = _addresses()
        if self._serving(settings, addresses) != ANALYST or (self._found and self._found[0] == addresses):
            return
        from aether_nb.models.catalogue.discovery import find_local

        self._found = addresses, await find_local(_providers(settings), environment=os.environ)

    def _said(self, model: str | Model, settings: config.Settings | None = None) -> Wanted:
        """What holds for a model that is named after the client was built.

        The address and the key that the program gave belong to the model that the client was built with, and to no
        other. Whoever names that model later means the one at that address, not another of the same name elsewhere.
        """
        built = self._built
        named = isinstance(model, str) and bool(built.base_url or built.api_key)
        if named and built.means(str(model), _providers(settings or self.settings)):
            return built
        return replace(built, model=model, provider=None, base_url=None, api_key=None)

    def _open(self, name: str, base_url: str, api_key: str, settings: config.Settings) -> Model:
        """Open the model of that name, at an address and with a key of the program's where it gave some."""
        return open_model(
            name,
            os.environ,
            _providers(settings),
            base_url=base_url if "@http" not in name else "",
            api_key=api_key,
            tools=self.wanted.tool_format,
            timeout=settings.timeout,
            local_only=settings.local_only,
            wrappers=self.wanted.wrappers,
            replies=self._kept(settings) if settings.cache else None,
        )

    def _kept(self, settings: config.Settings) -> ReplyStore:
        """The answers from before, in the folder of this project's record; in memory where that is encrypted."""
        from aether_nb.models.sending.cache import ReplyStore
        from aether_nb.store.store import open_store

        file = store_folder(None, Path.cwd(), settings.store) / "replies.sqlite"
        if file not in self._replies:
            try:
                sealed = open_store(store_place(None, Path.cwd(), settings.store)).encrypted
            except StoreError:  # nobody knows, and a program that records nothing goes on
                sealed = True
            self._replies[file] = ReplyStore(":memory:" if sealed else file)
        return self._replies[file]


def _forget() -> None:
    """Connections, locks and files belong to the process that opened them."""
    for chooser in list(_made):
        _inherited.append((chooser._opened, chooser._replaced, chooser._replies))
        chooser._opened, chooser._replaced, chooser._replies, chooser._loops = {}, [], {}, WeakSet()


in_forked_process(_forget)


def _addresses() -> Mapping[str, str]:
    """The variables on which an opened model depends; keys are read with each request."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith("AETHER_") or name.endswith(("_BASE_URL", "_HOST", "_API_BASE"))
    }


def _providers(settings: config.Settings) -> Providers:
    from aether_nb.models.catalogue.providers import load

    return load((settings.providers,))
