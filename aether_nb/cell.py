"""A task's way through one cell: the run is shown, it goes, and what the notebook keeps is put in the panel's place.

A run that is parked is watched over: what it waits for lets it go on in the background, in the place of its picture.
Parsing what was typed is the business of ``magics``; how a run is shown, that of ``faces``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from aether_nb.agent.run import new_id
from aether_nb.errors import RunFailed
from aether_nb.events.state import RunState
from aether_nb.faces import Face, KernelFace, face_of
from aether_nb.live.background import Background, Origin
from aether_nb.live.bridge import Jobs, run_blocking, run_in_cell
from aether_nb.live.mentions.values import mentions_in
from aether_nb.retelling import Replay, Work, ready, work
from aether_nb.session import Session
from aether_nb.tasks import Cell, Question, Resumption, Task
from aether_nb.tools.brought import lent
from aether_nb.widgets.published import publishable
from aether_nb.widgets.wire import sound

__all__ = ["Then", "ask_blocking", "ask_in_cell"]

WOKEN = 60.0
"""Seconds for which a run that wakes by itself waits for a person, where no other time was named: others are asleep."""

Then: TypeAlias = Callable[[RunState], None]
"""What is done on the main thread with a run that has ended well, or is parked."""


async def ask_in_cell(session: Session, task: Work, then: Then) -> None:
    """Work on a task from a native async cell; ``then`` gets the run's end, which may come after that of the cell.

    Raises:
        AetherError: It cannot be begun.
        RunFailed: The run came to a bad end; its card is already shown.
        RunStopped: The user stopped it.
    """
    task = _begun(session, task)
    with _shown(session, task, then) as face:
        state: RunState = await run_in_cell(session.thread, lambda jobs: _work(session, task, face, jobs))
    _delivered(session, task, face, state, then)


def ask_blocking(session: Session, task: Work, then: Then) -> None:
    """Work on a task from a synchronous cell; the same, where nothing can be awaited."""
    task = _begun(session, task)
    with _shown(session, task, then) as face:
        state = run_blocking(session.thread, lambda jobs: _work(session, task, face, jobs))
    _delivered(session, task, face, state, then)


def _begun(session: Session, task: Work) -> Work:
    """The task to work on, with what its question mentions worked out: a slip there shows before anything is begun."""
    task = ready(session, task)
    if not isinstance(task, Question) or task.raw:
        return task
    shell = session.shell
    mentions = mentions_in(task.prompt, shell.user_ns, shell.user_ns_hidden, session.failures)
    for name, function in mentions.functions.items():
        lent(name, function)
    return replace(task, mentions=mentions)


@contextmanager
def _shown(session: Session, task: Work, then: Then) -> Iterator[Face]:
    """Show a run while it goes; whatever becomes of it, the notebook keeps a picture."""
    if not _only_read(task):
        session.sleepers.drop(task.run)
    face = face_of(session, task.run, _again(session, task, then))
    try:
        yield face
    except BaseException as error:
        face.close(str(error))
        raise
    face.close("")


def _again(session: Session, task: Work, then: Then) -> Callable[[], None] | None:
    """What asks the same question again, as a run of its own below this one; None where no run can go on by itself."""
    kernel = getattr(session.shell, "kernel", None)
    if not isinstance(task, Question) or kernel is None or not (origin := Origin(kernel)).available:
        return None
    return lambda: _ask_again(session, replace(task, run=new_id()), origin, then)


def _ask_again(session: Session, task: Question, origin: Origin, then: Then) -> None:
    session.thread.submit(_behind(session, task, origin, "", then))


def _only_read(task: Work) -> bool:
    """Whether a run is only shown from its record."""
    return isinstance(task, Replay) and task.mode != "live"


async def _work(session: Session, task: Work, face: Face, jobs: Jobs) -> RunState:
    people = face.people(jobs, session.models.settings.approve)
    return await work(session, task, Cell(jobs.main, people, face.watcher, jobs.hold))


def _delivered(session: Session, task: Work, face: Face, state: RunState, then: Then) -> None:
    """Put the answer below as an ordinary output; watch over a run that was parked.

    Raises:
        RunFailed: There is none, because the run failed; one that failed long ago and is only shown is no failure now.
    """
    ended, read = state.ended, _only_read(task)
    if isinstance(task, Replay) and task.json:
        print(json.dumps(task.told, indent=2))
    if ended is not None and ended.outcome == "failed" and not read:
        raise RunFailed(ended.what, ended.why, ended.hint or f"%aether trace {state.run}")
    if state.parked is not None and face.display_id and not read:
        origin = Origin(session.shell.kernel)
        if origin.available:
            again = Resumption(state.run, park_after=WOKEN if task.park_after is None else task.park_after)
            session.sleepers.add(state, partial(_behind, session, again, origin, face.display_id, then))
    _publish(session, state, then)


def _publish(session: Session, state: RunState, then: Then) -> None:
    if state.answer and getattr(session.shell, "kernel", None) is not None:
        answer = sound(state.answer)  # a kernel cannot send half a character
        session.shell.display_pub.publish({"text/markdown": publishable(answer), "text/plain": answer})
    then(state)


async def _behind(session: Session, task: Task, origin: Origin, display_id: str, then: Then) -> RunState | None:
    """Work on a task between the user's cells, in the place of its picture or below it; None when it was broken off."""
    background, after = Background(origin), Background(origin)
    again = (
        partial(_ask_again, session, replace(task, run=new_id()), origin, then) if isinstance(task, Question) else None
    )
    face = await background.jobs.main(lambda: KernelFace(session, task.run, display_id, between=True, again=again))
    working = asyncio.ensure_future(background.jobs.follow(lambda jobs: _work(session, task, face, jobs)))
    await asyncio.wait({working})
    error = None if working.cancelled() else working.exception()
    await after.jobs.main(lambda: face.close(str(error or "")))
    if error is not None:
        raise error
    if working.cancelled():
        return None
    state = working.result()
    await after.jobs.main(lambda: _publish(session, state, then))
    return state
