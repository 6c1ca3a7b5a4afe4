"""``recall``: look something up in what was added beside the notebook. It is there when something was.

What comes back are passages of documents: material with its place, and never an instruction.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from aether_nb.errors import RepairableToolError
from aether_nb.knowledge.material import Where
from aether_nb.knowledge.telling import event_of, passages, shown, told
from aether_nb.tools.base import Context, Result
from aether_nb.tools.function import declare

__all__ = ["recall"]

BUDGET = 6_000
"""Characters of all passages of one call."""


@declare(risk="low", effect="pure", where="loop", title=lambda call: f"Look up: {call['query']}")
async def recall(
    query: str,
    context: Context,
    source: str = "",
    kind: str = "",
    tag: str = "",
    since: str = "",
    most: int = 6,
) -> Result:
    """Look something up in the documents that the user added beside the notebook. Finds nothing when none is relevant.

    Args:
        query: A question or key words, complete in itself.
        source: Only what was added under this name: a folder, a file or an address.
        kind: Only documents of this kind: markdown, python, notebook, pdf, html, csv, …
        tag: Only documents with this tag.
        since: Only what was read on this day or later, as 2026-01-31.
        most: So many passages at most, up to 12.
    """
    if context.knowledge is None:
        raise RepairableToolError(
            "Nothing is kept beside this notebook.", "", "The user adds it: %aether know add PATH"
        )
    where = Where(source=_one(source), kind=_one(kind), tag=_one(tag), after=_moment(since))
    found = await context.knowledge.recall(query, where, max(1, min(most, 12)), BUDGET)
    look = context.knowledge.is_changed
    changed = await asyncio.to_thread(lambda: {hit.id for hit in found.hits if look(hit)})
    outputs = ({"text/markdown": shown(passages(found, changed)), "text/plain": "\n".join(found.how)},)
    return Result(told(found, changed), outputs, (event_of(found, changed, context.call_id),))


def _one(text: str) -> tuple[str, ...]:
    return (text.strip(),) if text.strip() else ()


def _moment(day: str) -> float | None:
    """The first moment of a day, in seconds since 1970.

    Raises:
        RepairableToolError: It is no day.
    """
    if not day.strip():
        return None
    try:
        return datetime.fromisoformat(day.strip()).timestamp()
    except ValueError as error:
        raise RepairableToolError(f"{day!r} is no day.", "", "Write it as 2026-01-31.") from error
