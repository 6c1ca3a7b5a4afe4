"""Whether what a program passes is of the right type, said once, at the border, with the argument's name.

What values mean is known by whoever uses them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite, nan
from numbers import Integral, Real
from typing import Any

from aether_nb.errors import OptionError

__all__ = ["check", "check_id", "checked_options", "plainly"]

LONGEST = 60
"""Characters of a wrong value that are shown."""


def check(name: str, value: Any, types: type | tuple[type, ...], wanted: str, *, secret: bool = False) -> None:
    """Refuse an argument of a wrong type; None was left out.

    Args:
        name: The argument's name.
        value: What was passed.
        types: What it may be.
        wanted: The same in words.
        secret: Whether the value must not be shown.

    Raises:
        OptionError: It is of another type.
    """
    if value is not None and not isinstance(value, types):
        shown = f"of the type {type(value).__name__}" if secret else plainly(value)
        raise OptionError(f"{name}= cannot be {shown}.", hint=f"Give {wanted}.")


def check_id(value: Any) -> None:
    """Refuse what cannot be the name of a conversation in every store.

    Raises:
        OptionError: It is no text, or no file could hold it: half of a letter stands in it.
    """
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        raise OptionError(f"A conversation cannot be called {plainly(value)}.", hint='Give a text: session("sales").')


def plainly(value: Any) -> str:
    """A wrong value in a few characters, with its type."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # noqa: BLE001  # a value that cannot show itself is named by its type
        text = "…"
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return text if value is None else f"{text} ({type(value).__name__})"


def checked_options(said: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the right types and as plain values; what is None was left out.

    Raises:
        OptionError: One has another type, or is a number that makes no sense.
    """
    options = {name: value for name, value in said.items() if value is not None}
    for name, low, high in (("temperature", 0.0, None), ("top_p", 0.0, 1.0)):
        if name in options:
            options[name] = _number(name, options[name], low, high)
    if "max_tokens" in options:
        tokens = options["max_tokens"]
        if isinstance(tokens, bool) or not isinstance(tokens, Integral) or tokens < 1:
            raise OptionError(f"max_tokens= cannot be {plainly(tokens)}.", hint="Give a whole number above 0.")
        options["max_tokens"] = int(tokens)
    for name in ("tool_choice", "effort"):
        check(name, options.get(name), str, "a word")
    for name in ("schema", "extra"):
        check(name, options.get(name), Mapping, "a dict")
    if "stop" in options:
        options["stop"] = _texts("stop", options["stop"])
    return options


def _number(name: str, value: Any, low: float, high: float | None) -> float:
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else nan
    if not isfinite(number) or number < low or (high is not None and number > high):
        wanted = f"from {low:g} to {high:g}" if high is not None else f"from {low:g}"
        raise OptionError(f"{name}= cannot be {plainly(value)}.", hint=f"Give a number {wanted}.")
    return value if isinstance(value, int) else number


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    texts = tuple(value) if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping) else (None,)
    if not all(isinstance(text, str) for text in texts):
        raise OptionError(f"{name}= cannot be {plainly(value)}.", hint="Give a text, or a list of texts.")
    return texts
