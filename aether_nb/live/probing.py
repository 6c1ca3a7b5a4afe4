"""What a fresh kernel says of its variables: whether they hold what a record says, and what they are. Runs in there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aether_nb.live.inspecting import inspect
from aether_nb.live.keeping import load, matches

__all__ = ["loaded", "probe"]

LONGEST = 160


def probe(namespace: Mapping[str, Any], wanted: Mapping[str, str]) -> str:
    """How each of these variables stands, as JSON: ``missing``, ``same``, ``other`` or ``unknown``, and what it is.

    Args:
        namespace: The variables of the kernel.
        wanted: The hash of what each of them should hold.
    """
    return json.dumps({name: _stands(namespace, name, hash) for name, hash in wanted.items()})


def _stands(namespace: Mapping[str, Any], name: str, hash: str) -> tuple[str, str]:
    if name not in namespace:
        return "missing", ""
    found = matches(namespace[name], hash)
    told = inspect(name, namespace[name]).text.partition("\n- ")[2].partition("\n")[0].removeprefix(f"{name}: ")
    return "unknown" if found is None else "same" if found else "other", told[:LONGEST]


def loaded(namespace: dict[str, Any], name: str, format: str, file: str) -> str:
    """Load a variable from a file of bytes; never a pickle. Says ``ok``, for whoever asks over the wire."""
    namespace[name] = load(format, Path(file).read_bytes(), None)
    return "ok"
