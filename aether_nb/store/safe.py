"""The key of one store, as far as this process has it: looked at when it is opened, asked for when it is needed."""

from __future__ import annotations

from collections.abc import Sequence

from aether_nb.errors import StoreLocked
from aether_nb.store.rows import Row
from aether_nb.store.vault import Vault
from aether_nb.store.wrapping import Unlock, Wrapped

__all__ = ["Safe"]


class Safe:
    """What the tables' contents are sealed with."""

    def __init__(self) -> None:
        self.unlock: Unlock | None = None
        """Finds the data key of a wrapped one; None: nobody has it."""
        self.wrapped: Wrapped | None = None
        """The wrapped key; None when the tables are not encrypted."""
        self._vaults: dict[str, Vault] = {}

    def look_at(self, keys: Sequence[Row]) -> None:
        """Note the wrapped key that the tables hold now; there is none when they are not encrypted."""
        self.wrapped = Wrapped(*keys[0]) if keys else None

    def need(self) -> Vault:
        """What opens the contents of tables that are encrypted.

        Raises:
            StoreLocked: Nobody has the key.
        """
        assert self.wrapped is not None
        vault = self._vaults.get(self.wrapped.id)
        if vault is None:
            if self.unlock is None:
                hint = "Set AETHER_STORE_KEY, or open it with its key."
                raise StoreLocked("This record is encrypted.", "Nobody here was given its key.", hint)
            vault = self._vaults[self.wrapped.id] = Vault(self.unlock(self.wrapped))
        return vault
