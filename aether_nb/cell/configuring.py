"""``%config AetherMagics``: each setting as a trait, made from the one table of settings.

What is said so counts before variables and files. A value that is not allowed is an error that names the setting. This
module knows no session: who holds the settings is handed in.
"""

from __future__ import annotations

from typing import Any, Protocol

from IPython.core.magic import Magics
from traitlets import TraitError, TraitType

from aether_nb.config import known
from aether_nb.config.rules import checked
from aether_nb.errors import AetherError

__all__ = ["Configured", "check"]


class Holder(Protocol):
    """Who holds the settings of a notebook."""

    def held(self, name: str) -> Any:
        """What a setting is now."""

    def say(self, name: str, value: Any) -> None:
        """Let a setting hold from now on; the value is already checked."""


class Said(TraitType[Any, Any]):
    """A setting as a trait: it keeps nothing itself."""

    info_text = "a setting"

    def get(self, obj: Any, cls: Any = None) -> Any:
        """What it is now."""
        holder: Holder = obj
        assert self.name is not None
        return holder.held(self.name)

    def set(self, obj: Any, value: Any) -> None:
        """Let it hold from now on.

        Raises:
            TraitError: The value is not allowed, or it comes too late.
        """
        holder: Holder = obj
        assert self.name is not None
        try:
            holder.say(self.name, check(self.name, value))
        except AetherError as error:
            raise TraitError(" ".join(filter(None, (error.what, error.why, error.hint)))) from error

    @property
    def help(self) -> str:
        """What it means; looked up when somebody asks, so that loading costs nothing."""
        if self.name is None:
            return ""  # it is not a trait of anything yet
        from aether_nb.config.told import meanings

        return f"{meanings()[self.name]} Allowed: {known()[self.name].allowed}."

    @help.setter
    def help(self, _: Any) -> None:
        """A trait wants to have one from the beginning."""


def check(name: str, value: Any) -> Any:
    """The value that is meant.

    Raises:
        ConfigError: It is not allowed.
    """
    return checked(known()[name], name, value, "%config AetherMagics")


TABLES = ("providers", "mcp", "hooks")
"""What only a file can hold."""

_KIND: Any = type(Magics)

Configured: Any = _KIND(
    "Configured",
    (Magics,),
    {"__module__": __name__} | {name: Said().tag(config=True) for name in known() if name not in TABLES},
)
"""Magics with a trait for each setting."""
