"""The models that one conversation has opened: each is opened once and keeps its connections.

One that is replaced may still be answering, so it is put aside and closed when somebody says that nobody asks any more.
"""

from __future__ import annotations

from collections.abc import Callable

from aether_nb.models.base import Model

__all__ = ["Opened"]


class Opened:
    """Models by name.

    Args:
        open: Makes the model of a name.
    """

    def __init__(self, open: Callable[[str], Model]) -> None:
        self._open = open
        self._models: dict[str, Model] = {}
        self._aside: list[Model] = []

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are open, in the order in which they were first asked for."""
        return tuple(self._models)

    def get(self, name: str) -> Model:
        """The model of that name, opened when it is not open yet.

        Raises:
            ModelError: It cannot be opened.
        """
        return self._models[name] if name in self._models else self.anew(name)

    def anew(self, name: str) -> Model:
        """The same, opened anew; what was open stays when the new one cannot be had.

        Raises:
            ModelError: It cannot be opened.
        """
        model = self._open(name)
        self.forget(name)
        self._models[name] = model
        return model

    def forget(self, name: str) -> None:
        """Put a model aside; it is opened anew when it is next asked for."""
        if (model := self._models.pop(name, None)) is not None:
            self._aside.append(model)

    async def sweep(self) -> None:
        """Close what was put aside. Only while nobody asks."""
        aside, self._aside = self._aside, []
        for model in aside:
            if (aclose := getattr(model, "aclose", None)) is not None:
                await aclose()

    async def aclose(self) -> None:
        """Close them all."""
        for name in self.names:
            self.forget(name)
        await self.sweep()
