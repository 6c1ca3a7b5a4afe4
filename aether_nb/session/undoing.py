"""Taking calls back: which ones are meant, what that will do, and doing it.

Nothing is done before it could be looked at: ``prepare`` says what would become of each variable and file, what has
been changed since, and what cannot be taken back. ``perform`` does it and appends that it was done; nothing is erased,
and what was undone can be done once more. It stands on a record and on the points of this kernel, and asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from aether_nb.agent.run import Run
from aether_nb.errors import AetherError, UndoRefused, WorkspaceError
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import Call, RunState
from aether_nb.events.undoing import ANSWER
from aether_nb.live.interrupt import uninterrupted
from aether_nb.live.undo import Done, Points, differs, put_back
from aether_nb.store.blobs import Blobs
from aether_nb.tools.workspace import inside

__all__ = ["Undo", "begun", "perform", "prepare", "take_back"]

NUMBERS = 4
"""A name of so few digits is the number of a call; a longer one may be the beginning of an id."""


@dataclass
class Undo:
    """What would be done.

    Args:
        run: The run.
        calls: The calls that are taken back, the newest first, with their numbers.
        undoes: The earlier undo that is taken back itself; empty when calls are.
        done: What they changed in this kernel.
        files: The files that they wrote, in the order in which they are put back.
        left: What stays as it is, in sentences.
        conflicts: What was changed since, by name: undoing takes that away.
        made: The names that the calls had made.
        bound: The variable that the answer was bound to, when that is taken back, too.
        changed: Where there is anything to take back at all.
    """

    run: str
    calls: dict[int, Call]
    undoes: str = ""
    done: Done = field(default_factory=lambda: Done({}, []))
    files: list[k.FileChange] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    bound: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What is taken back, the newest first: the ids of calls, and ``ANSWER``."""
        return (*([ANSWER] if self.bound else []), *(call.id for call in self.calls.values()))

    @property
    def nothing(self) -> bool:
        """Whether nothing would become of it."""
        return not (self.done or self.files)

    @property
    def changes(self) -> tuple[k.Change, ...]:
        """What becomes of the user's names."""
        words = {"removed": "removed", "back": "added", "changed": "changed"}
        told = self.done.told().items()
        return tuple(
            k.Change(name, words[what], details=(text,) if text else ())  # type: ignore[arg-type]  # as above
            for name, (what, text) in told
        )


# ---- which calls


def prepare(
    entries: Sequence[k.Entry],
    points: Points,
    namespace: Mapping[str, Any],
    workspace: Path,
    *,
    call: str = "",
    to: str = "",
    own: bool = True,
) -> Undo:
    """What taking calls of a run back would do. Nothing is changed.

    Args:
        entries: The run's record.
        points: What can be taken back in this kernel.
        namespace: The user's variables.
        workspace: The folder inside which files may be touched.
        call: One call, by number or id; or the name of an undo, which is taken back itself; or ``ANSWER`` for the
            variable that the answer was bound to. Empty for all.
        to: The last call that stays; all after it are taken back.
        own: Whether this user began the run. Of somebody else's, no file is touched.

    Raises:
        UndoRefused: There is no such call, or nothing to take back.
    """
    state, events = fold(entries), [entry.event for entry in entries]
    known = {event.id: event for event in events if isinstance(event, k.UndoDone) and event.call_ids}
    if call in known:
        return _undone_again(state, known, known[call], points, namespace)
    numbered = dict(enumerate(state.calls.values(), 1))
    answer = _answer(events, points, state.run) if call in ("", ANSWER) else None
    wanted = [] if call == ANSWER and answer else _chosen(state, numbered, call, to)
    chosen = {number: numbered[number] for number in sorted(wanted, reverse=True)}
    undo = Undo(state.run, {number: one for number, one in chosen.items() if _acted(one) and not one.undone})
    dones: list[Done] = [answer] if answer else []
    undo.bound = next(iter(answer.names)) if answer else ""
    undo.left += _broken_off(events)
    touched = _by_call(events, undo.calls.values())
    for one in undo.calls.values():
        done = points.get(state.run, one.id)
        if done:
            dones.append(done)
        undo.left += _left(one, touched[one.id], points, state.run)
        _take_files(undo, touched[one.id], workspace, own)
    undo.done = Done.together(reversed(dones))
    undo.made = _names(chain.from_iterable(touched.values()), "added")
    undo.calls = {n: one for n, one in undo.calls.items() if _matters(one, touched[one.id], points, state.run) or call}
    undo.conflicts = _conflicts(undo, namespace)
    if undo.nothing and not undo.left:
        raise _nothing(state, call or to)
    return undo


def _by_call(events: Iterable[k.Event], calls: Iterable[Call]) -> dict[str, list[k.Event]]:
    """What is recorded of each of these calls."""
    found: dict[str, list[k.Event]] = {call.id: [] for call in calls}
    for event in events:
        if (mine := found.get(getattr(event, "call_id", ""))) is not None:
            mine.append(event)
    return found


def _answer(events: Sequence[k.Event], points: Points, run: str) -> Done | None:
    """What binding the answer to a variable has changed; None when nothing, or when that is taken back already."""
    undos = [event for event in events if isinstance(event, k.UndoDone) and ANSWER in event.call_ids]
    return points.get(run, ANSWER) if not undos or undos[-1].undoes else None


def _broken_off(events: Sequence[k.Event]) -> list[str]:
    """That an earlier undo did not come to its end, in a sentence: some of it may have been done."""
    begun = [event for event in events if isinstance(event, k.UndoBegun | k.UndoDone)]
    if begun and isinstance(begun[-1], k.UndoBegun):
        calls = ", ".join(begun[-1].call_ids)
        return [f"{begun[-1].id} ({calls}) was broken off midway: some of that may be as before already"]
    return []


def _chosen(state: RunState, numbered: Mapping[int, Call], call: str, to: str) -> Iterable[int]:
    if call:
        return [_number(state, numbered, call)]
    after = _number(state, numbered, to) if to else 0
    return [number for number in numbered if number > after]


def _number(state: RunState, numbered: Mapping[int, Call], name: str) -> int:
    """The number of the call that is meant.

    Raises:
        UndoRefused: There is none, or there are several.
    """
    if name.isdecimal() and len(name) < NUMBERS and int(name) in numbered:
        return int(name)
    found = [number for number, call in numbered.items() if call.id == name]
    found = found or [number for number, call in numbered.items() if call.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    calls = ", ".join(f"{number} ({call.name})" for number, call in numbered.items())
    what = f"{'Several calls' if found else 'No call'} of run {state.run} {'go' if found else 'goes'} by {name!r}."
    raise UndoRefused(what, f"Its calls: {calls or 'none'}.", f"%aether undo --run {state.run} NUMBER")


def _acted(call: Call) -> bool:
    return call.status in ("begun", "finished", "failed", "doubtful", "skipped") and call.proposed.effect != "pure"


def _names(events: Iterable[k.Event], what: str) -> frozenset[str]:
    changed = [event for event in events if isinstance(event, k.NamespaceChanged)]
    return frozenset(change.name for event in changed for change in event.changes if change.what == what)


def _matters(call: Call, mine: Iterable[k.Event], points: Points, run: str) -> bool:
    """Whether a call left anything behind; ``mine`` is what is recorded of it."""
    left = any(isinstance(event, k.NamespaceChanged | k.FileWritten) for event in mine)
    return left or bool(points.get(run, call.id)) or call.proposed.effect == "external" or bool(_used_up(call))


def _used_up(call: Call) -> list[str]:
    """The generators and iterators that a call took from: what they gave is gone, and nobody can give it back."""
    return [reason for reason in call.proposed.reasons if reason.startswith("uses up ")]


# ---- what becomes of it


def _left(call: Call, mine: Sequence[k.Event], points: Points, run: str) -> list[str]:
    """What of a call cannot be taken back, in sentences; ``mine`` is what is recorded of it."""
    left = [why for event in mine if isinstance(event, k.UndoLimited) for why in event.why]
    names = sorted({change.name for event in mine if isinstance(event, k.NamespaceChanged) for change in event.changes})
    if names and points.get(run, call.id) is None:
        given_up = (run, call.id) in points.dropped
        why = "what was kept of it has been given up, to save memory" if given_up else GONE
        left.append(f"{', '.join(names)} ({call.name}): {why}")
    left += [f"{call.name} {reason}: what that gave is gone" for reason in _used_up(call)]
    if call.proposed.effect == "external" and not any(isinstance(event, k.FileWritten) for event in mine):
        what = call.proposed.effect_text or call.name
        why = "; ".join(reason for reason in call.proposed.reasons if not reason.startswith("cannot be undone"))
        left.append(f"what {call.name} may have done outside the kernel ({why or what})")
    return left


GONE = "its earlier values died with the kernel in which it ran"


def _take_files(undo: Undo, mine: Iterable[k.Event], workspace: Path, own: bool) -> None:
    """Add the files that a call wrote, as far as they may be touched; ``mine`` is what is recorded of it."""
    written = [event.change for event in mine if isinstance(event, k.FileWritten)]
    for change in reversed(written):
        if not own:
            undo.left.append(f"{change.path}: this run was not recorded by you")
        elif change.lost:
            undo.left.append(f"{change.path}: {change.lost}")
        else:
            try:
                inside(workspace, change.path)
                undo.files.append(change)
            except WorkspaceError as error:
                undo.left.append(error.what)


def _conflicts(undo: Undo, namespace: Mapping[str, Any]) -> dict[str, str]:
    found = undo.done.conflicts(namespace)
    seen = set[str]()
    for change in undo.files:
        if change.path not in seen and (how := differs(change)):  # the newest write is the one to compare with
            found[change.path] = how
        seen.add(change.path)
    return found


def _undone_again(
    state: RunState, known: Mapping[str, k.UndoDone], event: k.UndoDone, points: Points, namespace: Mapping[str, Any]
) -> Undo:
    """What taking back an undo would do.

    Raises:
        UndoRefused: A later one has taken back the same calls, or it is not known here any more.
    """
    last = [other.id for other in known.values() if set(other.call_ids) & set(event.call_ids)][-1]
    if last != event.id:
        what = f"{event.id} is not the last word on its calls."
        raise UndoRefused(what, f"{last} came after it.", f"%aether undo --run {state.run} {last}")
    done = points.get(state.run, event.id)
    if done is None and event.changes:
        what = f"{event.id} cannot be taken back."
        raise UndoRefused(what, "The values died with the kernel in which it was done.", "Ask anew: %%aether")
    numbered = enumerate(state.calls.values(), 1)
    calls = {number: call for number, call in numbered if call.id in event.call_ids}
    undo = Undo(state.run, dict(reversed(calls.items())), event.id, done or Done({}, []), list(reversed(event.files)))
    undo.made = frozenset(change.name for change in event.changes if change.what == "removed")
    undo.bound = next((name for name in undo.done.names), "") if ANSWER in event.call_ids else ""
    undo.conflicts = _conflicts(undo, namespace)
    return undo


def _nothing(state: RunState, name: str) -> UndoRefused:
    undone = [call for call in state.calls.values() if call.undone]
    why = "What it did was taken back before." if undone else "It changed no variable and wrote no file."
    what = f"There is nothing to undo in run {state.run}" + (f" for {name!r}." if name else ".")
    return UndoRefused(what, why, f"Look at it: %aether trace {state.run}")


# ---- doing it


def perform(
    undo: Undo, run: Run, points: Points, namespace: MutableMapping[str, Any], blobs: Blobs, by: str
) -> k.UndoDone:
    """Take the calls back, and record that it was done. On the user's main thread.

    Args:
        undo: What is to be done.
        run: The run, with all of its log taken in, under a lease.
        points: Where the way back is kept.
        namespace: The user's variables.
        blobs: Where the bytes of files are.
        by: Who said so.
    """
    entries = list(run.log.read(run.id))
    run.append(begun(undo, entries, by))
    done: list[k.UndoDone] = []

    def steps() -> None:
        done.append(take_back(undo, entries, points, namespace, blobs, by))
        run.append(done[0])

    uninterrupted(steps)  # half of it would be worse than all or nothing: Stop is heard afterwards
    return done[0]


def begun(undo: Undo, entries: Sequence[k.Entry], by: str) -> k.UndoBegun:
    """What is recorded before calls are taken back; ``entries`` are the run's record."""
    return k.UndoBegun(_next_name(entries), undo.names, by, undo.undoes)


def _next_name(entries: Sequence[k.Entry]) -> str:
    return f"u{sum(isinstance(entry.event, k.UndoDone) for entry in entries) + 1}"


def take_back(
    undo: Undo,
    entries: Sequence[k.Entry],
    points: Points,
    namespace: MutableMapping[str, Any],
    blobs: Blobs,
    by: str,
) -> k.UndoDone:
    """Take the calls back; ``entries`` are the run's record. Gives what is to be appended. Else as for ``perform``.

    Where nothing came back, no call counts as taken back: that can be tried again.
    """
    earlier = {entry.event.id: entry.event for entry in entries if isinstance(entry.event, k.UndoDone)}
    files, left = [], list(undo.left)
    for change in undo.files:
        try:
            files.append(put_back(change, blobs))
        except AetherError as error:
            left.append(f"{change.path}: {error.what} {error.why}".strip())
    changes, places = undo.changes, undo.done.before.names
    back = undo.done.undo(namespace)
    left += [f"{name}: {why}" for name, why in back.missed.items()]
    id = _next_name(entries)
    again = tuple(change.name for change in changes if change.what == "added" and change.name in undo.made)
    redone = undo.undoes and not earlier[undo.undoes].undoes  # it did not take another one back itself
    points.put(undo.run, id, back)
    some = files or {*undo.done.told(), *places} - back.missed.keys()
    return k.UndoDone(
        id,
        undo.names if some else (),
        by,
        changes if some else (),
        tuple(files),
        places,
        tuple(left),
        undo.undoes if redone else "",
        again if undo.undoes else (),
    )
