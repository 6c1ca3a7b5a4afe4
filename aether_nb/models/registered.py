"""Models that somebody registered: ready ones, and functions that make one. Knows no provider and no settings."""

from __future__ import annotations

from typing import Any

from aether_nb import registry
from aether_nb.errors import ModelUnavailable, OptionError
from aether_nb.models.base import Model

__all__ = ["fit", "registered", "stays_here"]


def fit(name: str, thing: Any) -> Any:
    """The model, or the function that makes it, which a thing is.

    Raises:
        OptionError: It is neither.
    """
    if not isinstance(thing, Model) and not callable(thing):
        what = f"What is registered as the model {name!r} is none."
        raise OptionError(what, f"It is a {type(thing).__name__}.", "Give a model, or a function that makes one.")
    return thing


def registered(name: str) -> Model:
    """The model of that name, or the one that its function makes.

    Raises:
        ModelUnavailable: It is no model.
    """
    thing = registry.get("model", name)
    made = callable(thing) and (isinstance(thing, type) or not isinstance(thing, Model))
    model = thing() if made else thing
    if not isinstance(model, Model):
        raise ModelUnavailable(
            f"What is registered as '{name}' is no model.",
            f"It is a {type(model).__name__}; a model has a name and a stream(request).",
            f"Register a model, or a function without arguments that makes one: register('model', '{name}', …)",
        )
    return model


def stays_here(model: object) -> bool:
    """Whether a registered model sends nothing away: by its profile, by what it says of itself, or as ours."""
    while (inner := getattr(model, "inner", None)) is not None:
        model = inner
    if (profile := getattr(model, "profile", None)) is not None:
        return bool(profile.local)
    return bool(getattr(model, "local", type(model).__module__.startswith("aether_nb.")))
