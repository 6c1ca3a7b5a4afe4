"""Taking a call back while its run is at work, as a click on its card asks for; and what an undo will do, in words.

A click is a signal. Whoever drives the run hands it in here between two calls, and records what comes of it. It is done
on the user's main thread. What somebody has changed since is not taken away before he was shown that and said so again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aether_nb.agent.run import Run
from aether_nb.errors import AetherError, UndoRefused
from aether_nb.events import kinds as k
from aether_nb.events.state import Call
from aether_nb.live.interrupt import uninterrupted
from aether_nb.live.undo import RunPoints
from aether_nb.session.signalling import called
from aether_nb.session.undoing import Undo, begun, prepare, take_back
from aether_nb.store.signals import Signal

__all__ = ["Clicks", "preview", "section"]

LONGEST = 30.0
"""Seconds for which a run that is stopped waits until what is being taken back is back."""


@dataclass(frozen=True)
class Clicks:
    """What is clicked on the cards of one run, carried out.

    Args:
        run: The run.
        points: What can be taken back of it in this kernel.
        namespace: The user's variables.
        workspace: The folder inside which files may be touched.
        whole: Reads the record of a run, and says whether this user wrote all of it.
        main: Runs a function on the user's main thread.
    """

    run: Run
    points: RunPoints
    namespace: MutableMapping[str, Any]
    workspace: Path
    whole: Callable[[str], tuple[list[k.Entry], bool]]
    main: Callable[[Callable[[], Any]], Awaitable[Any]]

    async def __call__(self, signal: Signal) -> k.UndoDone | k.UndoShown:
        """Do what a signal says: what is to be recorded, or to be shown where it was not done.

        Args:
            signal: Its body has the ``call`` of the card, the ``id`` of what is taken back (that call, or an undo of
                it), and in ``sure`` what ``UndoShown`` gave, when that was agreed to.
        """
        call, wanted, sure = (str(signal.body.get(name) or "") for name in ("call", "id", "sure"))
        by = f"signal:{signal.by}"
        try:
            self.run.flush()
            entries, own = self.whole(self.run.id)
            undo: Undo | k.UndoShown = await self.main(lambda: self._looked(call, wanted, sure, entries, own))
            if isinstance(undo, k.UndoShown):
                return undo
            self.run.append(begun(undo, entries, by))
            return await self._taken(undo, entries, by)
        except AetherError as error:
            return k.UndoShown(call, " ".join(filter(None, (error.what, error.why))))

    async def _taken(self, undo: Undo, entries: list[k.Entry], by: str) -> k.UndoDone:
        """Do it, whole: who stops the run meanwhile is heard when that is done, and recorded."""
        done: list[k.UndoDone] = []

        def steps() -> None:
            done.append(take_back(undo, entries, self.points.points, self.namespace, self.points.blobs, by))

        working = asyncio.ensure_future(self.main(lambda: uninterrupted(steps)))
        try:
            await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait([working], timeout=LONGEST)
            if done:
                self.run.append(done[0])
            raise
        return done[0]

    def _looked(self, call: str, wanted: str, sure: str, entries: list[k.Entry], own: bool) -> Undo | k.UndoShown:
        """What is to be done, or what is shown first."""
        points = self.points.points
        undo = prepare(entries, points, self.namespace, self.workspace, call=wanted, own=own)
        if undo.nothing or call not in {one.id for one in undo.calls.values()}:
            raise UndoRefused("This call cannot be taken back here.", "; ".join(undo.left))
        if undo.conflicts:
            shown = preview(undo, self.workspace)
            agreed = hashlib.sha256(shown.encode()).hexdigest()[:16]
            if sure != agreed:
                return k.UndoShown(call, shown, agreed)
        return undo


# ---- words


def preview(undo: Undo, workspace: Path) -> str:
    """What would be done, for a person."""
    what = f"Undo of {undo.undoes} in run {undo.run}: these calls are done once more" if undo.undoes else ""
    lines = [what or f"Undo in run {undo.run}, the newest call first:"]
    lines += [f"  the answer  was bound to {undo.bound}"] if undo.bound else []
    lines += [f"  {number}. {call.name}  {_purpose(call)}".rstrip() for number, call in undo.calls.items()]
    rows = [(change.name, " ".join((_WORDS[change.what], *change.details)).strip()) for change in undo.changes]
    files = {change.path: change for change in undo.files}.values()
    rows += [(_short(one.path, workspace), "its earlier bytes" if one.before else "removed") for one in files]
    rows += [(name, "as before") for name in undo.done.before.names]
    lines += section("What becomes of it:", rows)
    conflicts = [(_short(name, workspace), how) for name, how in undo.conflicts.items()]
    lines += section("In conflict (what was changed since is taken away, too):", conflicts)
    lines += section("Not undone:", [("", why) for why in undo.left])
    return "\n".join(lines)


_WORDS = {"removed": "removed", "added": "there again:", "changed": "", "unknown": ""}


def section(title: str, rows: list[tuple[str, str]]) -> list[str]:
    """A title and lines of two columns below it; nothing when there are none."""
    width = max((len(name) + 2 for name, _ in rows if name), default=0)
    return [title, *(f"  {name:<{width}}{said}" for name, said in rows)] if rows else []


def _purpose(call: Call) -> str:
    """What a call was for, on a short line; when nobody said, its first argument."""
    first = next((text for text in call.proposed.call.arguments.values() if isinstance(text, str)), "")
    return called(call.proposed.purpose or first)


def _short(name: str, workspace: Path) -> str:
    path = Path(name)
    return str(path.relative_to(workspace)) if path.is_absolute() and path.is_relative_to(workspace) else name
