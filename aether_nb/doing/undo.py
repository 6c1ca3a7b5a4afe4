"""``%aether undo``: which run and calls are meant, what the preview says, and doing it under the run's lease.

What becomes of variables and files is the business of ``undoing``. Whether a person has said yes is found out here: he
types ``--yes``, or answers where he can be asked; nobody there means no.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aether_nb.agent.context import turn_of
from aether_nb.agent.run import Run
from aether_nb.errors import RunAmbiguous, RunNotFound, StoreTampered, UndoRefused
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.undoing import ANSWER
from aether_nb.session.conversation import Session
from aether_nb.session.taking_back import preview, section
from aether_nb.session.undoing import Undo, perform, prepare
from aether_nb.store.lease import Holder

__all__ = ["undone"]


def undone(session: Session, options: argparse.Namespace, ask: Callable[[str], str] | None) -> str:
    """Take calls back; first say what that does.

    Args:
        session: The notebook's.
        options: What was typed.
        ask: Asks the person a question; None when nobody can be asked.

    Raises:
        UndoRefused: There is nothing to take back, or it cannot be done here.
        RunNotFound: No run goes by that name.
        UsageFault: A run is being worked on.
        LeaseHeld: Another kernel advances the run.
    """
    session.free()
    run, call = _meant(session, options.call, options.run)
    try:
        undo, entries = _prepared(session, run, call, options.to)
    except UndoRefused as error:
        other = "" if options.call or options.run else _newest(session, run)
        if not other:
            raise
        raise UndoRefused(error.what, error.why, f"The last that changed something: %aether undo {other}") from error
    shown = preview(undo, session.workspace)
    if options.preview:
        return shown
    if undo.nothing:
        raise UndoRefused(f"Nothing of run {run} can be taken back here.", "; ".join(undo.left))
    if not options.yes:
        print(shown)
        if ask is None or ask("Undo it? [y/N] ").strip().lower() not in ("y", "yes"):
            words = " ".join(filter(None, (call, f"--to {options.to}" if options.to else "")))
            return f"Nothing was changed. To do it: %aether undo --run {run} {words + ' ' if words else ''}--yes"
    return _text(undo, _done(session, undo, entries))


def _meant(session: Session, name: str, run: str) -> tuple[str, str]:
    """The run, and which of its calls: a word is a call of the run, else the name of another run.

    Raises:
        RunNotFound: No run goes by that name.
    """
    log = session.store.log
    found = log.resolve(run or session.last)
    if not name or run:
        return found, name
    events = [entry.event for entry in log.read(found)]
    calls = [event.call.id for event in events if isinstance(event, k.CallProposed)]
    undos = [event.id for event in events if isinstance(event, k.UndoDone)]
    if (
        name == ANSWER
        or name in undos
        or (name.isdigit() and len(name) < 4)
        or any(call.startswith(name) for call in calls)
    ):
        return found, name
    try:
        return log.resolve(name), ""
    except RunAmbiguous:
        raise
    except RunNotFound:
        return found, name


def _prepared(session: Session, run: str, call: str, to: str) -> tuple[Undo, list[k.Entry]]:
    """What would be done, and the record that says so.

    Raises:
        StoreTampered: The record is not what was written.
        UndoRefused: There is nothing to take back.
    """
    entries, own = session.store.whole(run)
    undo = prepare(entries, session.points, session.shell.user_ns, session.workspace, call=call, to=to or "", own=own)
    return undo, entries


def _newest(session: Session, but: str) -> str:
    """The newest other run of this conversation of which something can be taken back here; empty when there is none."""
    for turn in reversed(session.turns.values()):
        if turn.run != but:
            with suppress(UndoRefused, StoreTampered):
                if not _prepared(session, turn.run, "", "")[0].nothing:
                    return turn.run
    return ""


def _done(session: Session, undo: Undo, entries: list[k.Entry]) -> k.UndoDone:
    """Do it, under the run's lease.

    Raises:
        UndoRefused: The run goes on in another kernel, where its variables are.
    """
    state, before = fold(entries), session.store.leases.holder(undo.run)
    with session.store.leased(undo.run) as lease:
        run = Run(session.store.log, undo.run, epoch=lease.epoch)
        run.catch_up(entries)
        if run.state.head != len(entries):
            raise UndoRefused(f"Run {undo.run} has gone on meanwhile.", "", "Look again: %aether undo --preview")
        if state.ended is None:
            _check_here(undo.run, before, lease)
            run.append(k.LeaseTaken(lease.epoch, lease.name, before.name if before else ""))
        done = perform(undo, run, session.points, session.shell.user_ns, session.store.blobs, "cell")
    for cell, turn in session.turns.items():  # later turns are told, too
        if turn.run == undo.run:
            session.turns[cell] = turn_of(run.state)
    session.sleepers.renew(run.state)
    return done


def _check_here(run: str, before: Holder | None, lease: Holder) -> None:
    if before is not None and before.process != lease.process:
        why = "It has not ended, and its variables were in another kernel."
        raise UndoRefused(f"Run {run} cannot be undone here.", why, f"Go on with it first: %aether resume {run}")


# ---- words


def _text(undo: Undo, done: k.UndoDone) -> str:
    """What was done, and how it is taken back."""
    kept = section("Not undone:", [("", why) for why in done.left])
    if not done.call_ids:
        return "\n".join([f"Nothing of run {undo.run} could be put back: it is as it was.", *kept])
    calls = len(done.call_ids) - (ANSWER in done.call_ids)
    what = [f"the answer's variable {undo.bound}"] if undo.bound else []
    count = " and ".join([*what, *([f"{calls} call{'s' if calls != 1 else ''}"] if calls else [])])
    lines = [f"Done once more: {count} of run {undo.run}." if undo.undoes else f"Undone: {count} of run {undo.run}."]
    names = [change.name for change in done.changes]
    lines += [f"Variables: {', '.join(names)}."] if names else []
    lines += [f"Files: {', '.join(Path(change.path).name for change in done.files)}."] if done.files else []
    lines += [f"Also put back: {', '.join(done.places)}."] if done.places else []
    return "\n".join([*lines, *kept, f"Take that back: %aether undo --run {undo.run} {done.id}"])
