"""What the outputs of a saved notebook say of its runs: which run, and the hash of its last event then.

The transcript writes it there (``transcript``, ``plain``), so that the notebook is a second witness of the record. This
module reads it back, and knows neither the record nor whether it is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["noted"]

_WHOLE = re.compile(r'title="aether run ([\w-]+) chain ([0-9a-f]{64})"')
_SHORT = re.compile(r"\brun ([\w-]+) · chain ([0-9a-f]{16})\b")


def noted(notebook: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The runs that a notebook shows, in its order, each with a hash or its beginning.

    Args:
        notebook: The notebook, as its file has it.
    """
    found: dict[tuple[str, str], None] = {}
    for output in _outputs(notebook):
        data = output.get("data") or {}
        whole = _WHOLE.findall(_text(data.get("text/html")))
        texts = _text(data.get("text/plain")) + _text(output.get("text"))
        for pair in whole or _SHORT.findall(texts):
            found[pair] = None
    return list(found)


def _outputs(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
        for output in outputs if isinstance(outputs, list) else []:
            if isinstance(output, Mapping):
                yield output


def _text(value: Any) -> str:
    """A text as notebooks keep it: one, or a list of lines."""
    if isinstance(value, list):
        return "".join(str(line) for line in value)
    return value if isinstance(value, str) else ""
