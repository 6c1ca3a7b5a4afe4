"""How runs that last are said to people: who went on with one, what came back with it, and what a parked one waits for.

Plain text, as ``wording`` gives it.
"""

from __future__ import annotations

from aether_nb.events.kinds import LeaseTaken, NamespaceRestored, RunResumed
from aether_nb.widgets.blocks import Failure, View
from aether_nb.widgets.wording import duration

__all__ = ["back", "gone", "holder", "resumed", "waits"]


def resumed(event: RunResumed, taken: LeaseTaken | None, after: float) -> str:
    """Who went on with a run, where, and after how long."""
    where = "in another kernel" if event.fresh else "in the same kernel"
    late = f" after {duration(after)}" if after >= 0.5 else ""
    before = f", taken over from {holder(taken.before)}" if taken is not None and taken.forced and taken.before else ""
    anyway = ", whoever began it and whatever has changed since" if event.anyway else ""
    return f"Went on {where}{late}: {holder(event.by)}{before}{anyway}"


def holder(name: str) -> str:
    """Who holds a run: a notebook by its name, without its folders."""
    place, bracket, process = name.partition(" (")
    return f"{place.rpartition('/')[2]}{bracket}{process}"


def back(event: NamespaceRestored) -> str:
    """Which variables are as they were before the restart."""
    told = [("Back as they were", event.loaded), ("made again", event.remade)]
    return " · ".join(f"{word}: {', '.join(names)}" for word, names in told if names)


def gone(event: NamespaceRestored) -> Failure | None:
    """Which variables are not."""
    lost = [f"{one.name} is gone: {one.why}" for one in event.missing]
    other = [f"{one.name} is not what it was: {one.why}" for one in event.differs]
    names = ", ".join(one.name for one in (*event.missing, *event.differs))
    return Failure(f"Not as before the restart: {names}", "\n".join(lost + other)) if names else None


def waits(view: View) -> Failure | None:
    """What a parked run waits for, and how to go on; None when it is not parked."""
    if view.parked is None:
        return None
    run, what, verb = view.run, "a word to go on", f"go {view.run}"
    card = next((card for card in view.cards if card.asked), None)
    if card is not None and card.doubt and card.doubt.open:
        what, verb = f"word of what became of {card.name}", f"settle {run} ran|rerun|skip"
    elif card is not None:
        what, verb = f"a yes or a no to {card.name}", f"approve {run}"
    elif view.parked.waits_for == "question":
        what, verb = "an answer", f"answer {run} TEXT"
    hint = f"%aether {verb} (in a terminal: aether {verb}). If its kernel is gone: %aether resume {run}"
    return Failure(f"This run is parked: nobody holds it. It waits for {what}.", hint=hint)
