"""What a yes that lasts is for: which ones a call can get, and whether a call that had one has kept to it.

Pure functions. A yes for variables rests on a reading of the code; what the code did is looked at afterwards, and where
it did more, the yes was given for something else than it got: it is taken back, and the change is marked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from aether_nb.agent.approvals import VARIABLES, covering, named
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState

__all__ = ["choices", "kept_to", "rule"]


def choices(proposed: k.CallProposed) -> list[tuple[k.Covers, str]]:
    """What a yes to this call can be for, beside the exact call, each with its words."""
    tool, names = proposed.call.name, ", ".join(proposed.variables)
    wider: list[tuple[k.Covers, str]] = []
    if proposed.path:
        wider.append(("folder", f"whatever {tool} does in {PurePath(proposed.path).parent}"))
    if names:
        wider.append(("variables", f"whatever changes only {names}"))
    return wider


def rule(proposed: k.CallProposed, scope: k.Covers, shown: k.CallProposed) -> str:
    """The rule of a grant.

    Args:
        proposed: The call that got the yes.
        scope: What the yes is for.
        shown: The call as the person saw it. A yes is for no folder and no variables but those that were shown.
    """
    folder = PurePath(proposed.path).parent
    if scope == "folder" and proposed.path and shown.path and PurePath(shown.path).parent == folder:
        return f"folder:{folder}"
    if scope == "variables" and proposed.variables and proposed.variables == shown.variables:
        return VARIABLES + ",".join(proposed.variables)
    return f"call:{proposed.hash}"


def kept_to(proposed: k.CallProposed, state: RunState, events: Iterable[k.Event]) -> tuple[k.Event, ...]:
    """What a call did; where that is more than the variables that its yes is for, this is marked and the yes revoked.

    Variables that the run has made itself, and those whose names begin with ``_``, need no yes.

    Args:
        proposed: The call.
        state: The run before these events.
        events: What happened in it.
    """
    grant = covering(proposed, state.grants)
    names = named(grant) if grant else frozenset()
    if grant is None or not names:
        return tuple(events)
    flag = k.Flag("beyond the yes", f"the yes was for {', '.join(sorted(names))} alone, and is taken back")
    known, marked, more = names | set(state.made), list[k.Event](), False
    for event in events:
        if isinstance(event, k.NamespaceChanged) and any(_is_more(change, known) for change in event.changes):
            more = True
            flagged = (replace(one, flags=(*one.flags, flag)) if _is_more(one, known) else one for one in event.changes)
            event = replace(event, changes=tuple(flagged))
        marked.append(event)
    return (*marked, k.GrantRevoked(grant.id, k.WIDER)) if more else tuple(marked)


def _is_more(change: k.Change, known: frozenset[str]) -> bool:
    return change.what in ("changed", "removed") and change.name not in known and not change.name.startswith("_")
