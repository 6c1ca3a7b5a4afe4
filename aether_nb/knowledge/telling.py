"""What was found, told: to a model as material with its places, to a person as sources, and to the log as an event.

The words of passages are nobody's instructions here: they are cut out, numbered and set under their place. Pure
functions; it knows no index.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import quote

from aether_nb.events.messages import Text
from aether_nb.events.recalling import KnowledgeRecalled, Recalled
from aether_nb.knowledge.material import data_of
from aether_nb.knowledge.recall import Found

__all__ = ["event_of", "link", "passages", "shown", "told"]


def passages(found: Found, changed: Collection[str] = ()) -> tuple[Recalled, ...]:
    """Where each passage comes from.

    Args:
        found: What was found.
        changed: The ids of hits whose documents are others by now.
    """
    return tuple(
        Recalled(hit.path, hit.title, hit.unit, hit.start, hit.end, hit.sha, hit.category, hit.score, hit.id in changed)
        for hit in found.hits
    )


def event_of(found: Found, changed: Collection[str] = (), call_id: str = "") -> KnowledgeRecalled:
    """What is recorded of it."""
    return KnowledgeRecalled(
        found.query, passages(found, changed), found.queries, call_id, found.how, found.usage, found.sent
    )


def told(found: Found, changed: Collection[str] = ()) -> tuple[Text, ...]:
    """What a model is told: each passage under its place, as data of its kind."""
    if not found.hits:
        return (Text(f"Nothing relevant to {found.query!r} is kept. Say so, or look elsewhere."),)
    parts = [Text(f"{len(found.hits)} passages. Cite each that you use by its place in square brackets.")]
    for number, (hit, source) in enumerate(zip(found.hits, passages(found, changed), strict=True), 1):
        since = " (the document has changed since this was read)" if source.changed else ""
        about = f" {hit.scope}" if hit.scope else ""
        place = "".join(sign for sign in source.place if sign.isprintable())
        parts.append(Text(f"\n\n{number}. [{place}]{about}{since}\n{hit.text}", data_of(hit.kind)))
    return tuple(parts)


def shown(sources: Sequence[Recalled]) -> str:
    """The sources as Markdown for a person: a link to each place, the hash of the document, a mark on what changed."""
    if not sources:
        return "Nothing relevant is kept."
    lines = []
    for source in sources:
        mark = " — changed since it was read" if source.changed else ""
        sha = f" `{source.sha[:8]}`" if source.sha else ""
        lines.append(f"- [{_plain(source.place)}]({link(source)}){sha}{mark}")
    return "\n".join(lines)


def link(source: Recalled) -> str:
    """An address that opens the place, as far as there is one; relative to the project's folder."""
    web = source.path.startswith(("http://", "https://"))
    address = quote(source.path, safe=":/?&=#%+,;@~" if web else "/")
    if source.start and source.unit == "page":
        return f"{address}#page={source.start}"
    return f"{address}#L{source.start}" if source.start and source.unit == "line" else address


def _plain(text: str) -> str:
    """Text that is a link's name and nothing else."""
    return "".join(f"\\{sign}" if sign in "\\[]()`*_<>" else sign for sign in text if sign.isprintable())
