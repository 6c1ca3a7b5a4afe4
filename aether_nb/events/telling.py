"""What a model is told of variables that are no longer what it made them: after a restart, after an undo.

It does not know how anything came back.
"""

from __future__ import annotations

from collections.abc import Iterable

from aether_nb.events.kinds import Gone, NamespaceRestored, UndoDone

__all__ = ["told", "undone"]

NAMED = 40


def told(restored: NamespaceRestored) -> str:
    """Sentences about the variables after a restart."""
    lines = ["The kernel was restarted; what code of this run had made was put back as far as possible."]
    if restored.missing:
        lines.append("These variables are gone; do not use them without making them again:")
        lines += _each(restored.missing)
    if restored.differs:
        lines.append("These variables are not what they were; what was said of them before may be wrong:")
        lines += _each(restored.differs)
    for names, words in ((restored.loaded, "loaded as they were"), (restored.remade, "made again by the same code")):
        if names:
            lines.append(f"Back, {words}: {_listed(names)}.")
    if not (restored.missing or restored.differs or restored.loaded or restored.remade):
        lines.append("All variables that it needs are as they were.")
    return "\n".join(lines)


def undone(event: UndoDone) -> str:
    """Sentences about calls that were taken back, or done once more."""
    what = "did once more what these calls had done" if event.undoes else "took back what these calls had done"
    lines = [f"The user {what}: {_listed(event.call_ids)}."]
    for word, said in (("removed", "Gone"), ("added", "There again"), ("changed", "As before")):
        names = [change.name for change in event.changes if change.what == word]
        lines += [f"{said}: {_listed(names)}."] if names else []
    lines += [f"Files put back: {_listed(change.path for change in event.files)}."] if event.files else []
    return "\n".join([*lines, "Look at a variable before you use it."])


def _each(gone: Iterable[Gone]) -> list[str]:
    lines = [f"- {one.name}: {one.why}" + (f" (made by call {one.call_id})" if one.call_id else "") for one in gone]
    return lines[:NAMED] + ([f"- and {len(lines) - NAMED} more"] if len(lines) > NAMED else [])


def _listed(names: Iterable[str]) -> str:
    all_names = list(names)
    more = f" and {len(all_names) - NAMED} more" if len(all_names) > NAMED else ""
    return ", ".join(all_names[:NAMED]) + more
