"""Where a run may be forked, and what of its variables is no longer what it was. Pure functions over the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aether_nb.errors import OptionError
from aether_nb.events import kinds as k
from aether_nb.events.folds import step
from aether_nb.events.state import RunState

__all__ = ["compared", "fork_point", "made_of"]


def fork_point(entries: Sequence[k.Entry], at: int) -> int:
    """The last event at or before ``at`` at which nothing is under way: no call runs, and none is in doubt.

    Args:
        entries: The record.
        at: The number of an event; 0 for the last one.

    Raises:
        OptionError: The record has no such event, or no such place before it.
    """
    last = len(entries)
    if not 0 <= at <= last:
        raise OptionError(f"The run has no event {at}.", f"Its last one is {last}.", "See them: %aether trace --json")
    state, point = RunState(), 0
    for entry in entries[: at or last]:
        state = step(state, entry)
        running = any(state.calls[id].status in ("begun", "doubtful") for id in state.open if id in state.calls)
        if state.messages and not running and state.question is None:
            point = entry.seq
    if not point:
        raise OptionError(f"The run cannot be forked at event {at}.", "It had not begun there.", f"--at {min(2, last)}")
    return point


def made_of(entries: Iterable[k.Entry]) -> dict[str, k.Kept]:
    """The variables that a record's calls have made, each as it was last seen, with the call that made it."""
    made: dict[str, k.Kept] = {}
    for entry in entries:
        if isinstance(entry.event, k.NamespaceKept):
            made.update({one.name: one for one in entry.event.kept if one.hash})
        elif isinstance(entry.event, k.NamespaceChanged):
            for change in entry.event.changes:
                if change.what == "removed":
                    made.pop(change.name, None)
    return made


def compared(
    made: dict[str, k.Kept], here: Callable[[str], bool], same: Callable[[str, str], bool | None]
) -> tuple[tuple[k.Gone, ...], tuple[k.Gone, ...]]:
    """Which of these variables are missing, and which hold something else now.

    Args:
        made: As the record has them.
        here: Whether there is a variable of that name.
        same: Whether the variable of that name has that content hash; None when it cannot be told.
    """
    missing, differs = [], []
    for name, kept in sorted(made.items()):
        if not here(name):
            missing.append(k.Gone(name, "it is not in this kernel"))
        elif same(name, kept.hash) is False:
            differs.append(k.Gone(name, "its content has changed since"))
    return tuple(missing), tuple(differs)
