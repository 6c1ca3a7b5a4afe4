"""How models are told: scikit-learn's estimators and torch's modules, by what they hold.

Nothing of them is called: settings and what was learned stand in the object. It does not know the namespace.
"""

from __future__ import annotations

from itertools import islice
from types import FunctionType
from typing import Any

from aether_nb.live.describing.containers import short
from aether_nb.live.describing.looks import Description, Look
from aether_nb.live.describing.safely import all_of, ancestors, class_name, genuine, held, holdings, members, root
from aether_nb.live.describing.words import many, one_line, word

__all__ = ["estimator", "torch_module"]

MODULES = 2_000
"""So many layers of a network are looked through for its parameters."""


def estimator(value: Any, name: str, look: Look) -> Description:
    """An estimator: the settings that differ from the usual ones, and whether it is fitted, on which columns."""
    stored = holdings(value)
    usual = _defaults(type(value))
    changed = [
        f"{key}={short(item, 3 if look.patient else 1)}"
        for key, item in stored.items()
        if not key.startswith("_") and not key.endswith("_") and not _same(item, usual.get(key, value))
    ]
    settings = f"({one_line(', '.join(changed), 2_000 if look.patient else 200)})" if changed else ""
    learned = [key for key in stored if key.endswith("_") and not key.startswith("_")]
    if not learned:
        return Description(f"{name}{settings}, not fitted")
    features = stored.get("n_features_in_")
    on = f" on {many(features, 'column')}" if type(features) is int else ""
    names: Any = stored.get("feature_names_in_")
    told = ""
    if root(type(names)) == "numpy" and genuine(type(names)):
        shown = [word(item) for item in names.flat[: 60 if look.patient else 8].tolist() if type(item) is str]
        told = f": {one_line(', '.join(shown), 2_000 if look.patient else 120)}"
    holds = f", holds {', '.join(learned[:30])}" if look.patient else ""
    return Description(f"{name}{settings}, fitted{on}{told}{holds}")


def _defaults(klass: type) -> dict[str, Any]:
    """The usual settings, as the constructor names them."""
    for one in ancestors(klass):
        made = members(one).get("__init__")
        if type(made) is FunctionType:
            code, defaults = made.__code__, made.__defaults__ or ()
            names = code.co_varnames[: code.co_argcount]
            return {
                **dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)),
                **(made.__kwdefaults__ or {}),
            }
    return {}


def _same(value: object, usual: object) -> bool:
    """Whether a setting is the usual one; only Python's own plain values are compared."""
    return value is usual or (
        type(value) is type(usual) and all_of([value], int, float, str, bool, type(None)) and value == usual
    )


def torch_module(value: Any, name: str, look: Look) -> Description:
    """A network: its layers, and how many parameters they have."""
    layers: dict[str, Any] = holdings(value).get("_modules") or {}
    total, seen, waiting = 0, 0, [value]
    while waiting and seen < MODULES:
        held_here = holdings(waiting.pop())
        seen += 1
        for parameter in (held_here.get("_parameters") or {}).values():
            if parameter is not None and root(type(parameter)) == "torch" and genuine(type(parameter)):
                total += parameter.numel()
        waiting += [layer for layer in (held_here.get("_modules") or {}).values() if layer is not None]
    about = "at least " if waiting else ""
    shown = ", ".join(f"{word(key)} {class_name(type(layer))}" for key, layer in islice(layers.items(), 12))
    mode = {True: "in training", False: "in evaluation"}.get(held(value, "training"), "")
    parts = [f"{about}{many(total, 'parameter')}", mode, f"layers {one_line(shown, 300)}" if shown else ""]
    return Description(", ".join([name, *filter(None, parts)]))
