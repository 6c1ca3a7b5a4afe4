"""Which models answer in one notebook: chosen by settings, named by a question, swapped while a run goes on.

It opens them once and keeps their connections. It knows no run and no conversation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aether_nb import registry
from aether_nb.config import ROLES, Settings
from aether_nb.models.base import Model, Request
from aether_nb.models.catalogue import providers
from aether_nb.models.catalogue.discovery import Found, find_local
from aether_nb.models.catalogue.providers import Providers
from aether_nb.models.opened import Opened
from aether_nb.models.router import ANALYST, Role, blind, open_model, role_model, serving
from aether_nb.models.sending.cache import ReplyStore

__all__ = ["Serving"]


@dataclass
class Serving:
    """The models of one notebook.

    Args:
        settings: What is configured; ``use`` changes it.
        record: The folder of the record, where the reply cache lies.
        where: Who says what is configured, as ``config.read`` tells it.
        sealed: Tells whether the record is encrypted: then nothing that was said is written beside it.
    """

    settings: Settings
    record: Path
    where: dict[str, str] = field(default_factory=dict)
    sealed: Callable[[], bool] = lambda: False
    found: Sequence[Found] | None = None
    _pinned: dict[str, str] = field(default_factory=dict)
    """The model that a run keeps to, whichever serves."""
    _asking: set[str] = field(default_factory=set)
    """The runs that are worked on."""
    _replies: ReplyStore | None = None
    _plugged: bool = False
    """Whether plugins are looked for: not before a model is wanted, for loading the extension stays light."""
    _opened: Opened = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is open yet."""
        self._opened = Opened(self._open)

    @property
    def name(self) -> str:
        """The model that serves when a question names none."""
        settings = self.settings
        choice = serving(
            os.environ, settings.model, self.providers, found=self.found or (), local_only=settings.local_only
        )
        return choice.name

    @property
    def providers(self) -> Providers:
        """The registry of providers, with the user's own rows and those that were registered in a cell."""
        return providers.load([self.settings.providers], plugged=self._plugged)

    def use(self, name: str, role: Role = "chat", run: str = "") -> Model:
        """Let a model serve from now on: also in the run that is going on, from its next step.

        Args:
            name: As a person types it.
            role: What it shall serve for.
            run: The run in whose panel it was chosen.

        Raises:
            ModelNotFound: No model goes by that name.
        """
        model = self._opened.anew(name)  # its address may have been set anew
        if role == "chat":
            self.pin(run, "")
        self.say("model" if role == "chat" else ROLES[role], name)
        return model

    def say(self, name: str, value: Any) -> None:
        """Let a setting hold from now on in this notebook.

        Args:
            name: Which.
            value: What it is, already checked.
        """
        self.settings = replace(self.settings, **{name: value})
        self.where[name] = "call"

    def pin(self, run: str, name: str) -> None:
        """Let a run keep to a model, whichever serves; empty for the one that serves."""
        self._pinned[run] = name

    def swap(self, run: str, name: str) -> None:
        """Let another model go on with this run only, from its next step.

        Raises:
            ModelNotFound: No model goes by that name.
        """
        self._opened.anew(name)
        self.pin(run, name)

    def begin(self, run: str) -> None:
        """A run is worked on: what it may ask stays open."""
        self._asking.add(run)

    async def done(self, run: str) -> None:
        """A run is worked on no more. What was replaced is closed when nobody asks any more."""
        self._asking.discard(run)
        self._pinned.pop(run, None)
        if not self._asking:
            await self._opened.sweep()

    def role(self, role: Role) -> tuple[str, str]:
        """Who serves for a role, and a note for people when the chat model stands in."""
        name, note = role_model(role, self.settings)
        return name or self.name, note

    def model(self, name: str = "") -> Model:
        """The model of that name, the one that serves when none is given.

        It is opened once and keeps its connection; one that was registered in a cell is always the latest.
        """
        name = name or self.name
        return self._opened.anew(name) if name in registry.names("model") else self._opened.get(name)

    def choices(self) -> list[str]:
        """Models to choose from without asking anybody: the one that serves, those used here, those that were added."""
        return list(dict.fromkeys((self.name, *self._opened.names, *registry.names("model"), ANALYST)))

    def chosen(self, request: Request, run: str = "") -> Model:
        """Who answers this request: the model of the run, or of the notebook; another when it sees no pictures.

        Raises:
            ModelError: It cannot be opened.
        """
        model = self._opened.get(self._pinned.get(run) or self.name)  # opened once a run, however it was registered
        if blind(model, request):
            return self._opened.get(self.role("vision")[0])
        return model

    def look_around(self, named: str, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        """Look for servers on this machine, once, when nothing else says which model serves.

        Args:
            named: The model that a question names; empty when it names none.
            run: Awaits something on the agent's loop.
        """
        self._plugged = True
        if not (named or self.settings.model) and self.found is None and self.name == ANALYST:
            self.found = run(find_local(self.providers, environment=os.environ))

    def reopen(self, provider: str) -> None:
        """Open a provider's models anew when they are next asked: its key has changed."""
        for name in self._opened.names:
            if name.startswith(f"{provider}:"):
                self._opened.forget(name)

    def close(self, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        """Let go of connections and files."""
        if self._opened.names:
            run(self._opened.aclose())
        if self._replies is not None:
            self._replies.close()

    def beside(self, name: str) -> Path | str:
        """Where a cache of what was said lies: beside the record, or in memory when that is encrypted."""
        return ":memory:" if self.sealed() else self.record / name

    def _open(self, name: str) -> Model:
        settings, self._plugged = self.settings, True
        if settings.cache and self._replies is None:
            self._replies = ReplyStore(self.beside("replies.sqlite"))
        return open_model(
            name,
            os.environ,
            self.providers,
            timeout=settings.timeout,
            local_only=settings.local_only,
            replies=self._replies if settings.cache else None,
        )
