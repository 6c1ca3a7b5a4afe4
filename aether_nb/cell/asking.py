"""A task's way through one cell: the run is shown, it goes, and what the notebook keeps is put in the panel's place.

A run that is parked, or was launched into the background, goes on between cells. Parsing what was typed is the business
of ``magics``; how a run is shown, that of ``faces``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from aether_nb.cell.between import Then, as_of_now, asking_again, launch, publish, watch_over, why_here, work_on
from aether_nb.cell.faces import Face, face_of
from aether_nb.errors import RunFailed, UsageFault
from aether_nb.events.state import RunState
from aether_nb.live.background import Background, Origin
from aether_nb.live.bridge import run_blocking, run_in_cell
from aether_nb.live.mentions.values import mentions_in
from aether_nb.session.beginning import ready
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Question, Replay, Work

__all__ = ["ask_blocking", "ask_in_cell"]


async def ask_in_cell(session: Session, task: Work, then: Then) -> None:
    """Work on a task from a native async cell; ``then`` gets the run's end, which may come after that of the cell.

    Raises:
        AetherError: It cannot be begun.
        RunFailed: The run came to a bad end; its card is already shown.
        RunStopped: The user stopped it.
    """
    apart = isinstance(task, Question) and task.background
    task = _begun(session, task)
    face = _face(session, task, then)
    with _kept(face) as keep:
        why = await why_here(session, face) if apart else "it is not wanted"
        if not why:
            said = launch(session, as_of_now(session, task), face, then)
            keep.clear()  # it is kept when the run is over
            print(said)
            return
        if apart:
            _say_why(why)
        state: RunState = await run_in_cell(session.thread, lambda jobs: work_on(session, task, face, jobs))
    _delivered(session, task, face, state, then)


def ask_blocking(session: Session, task: Work, then: Then) -> None:
    """Work on a task from a synchronous cell; the same, where nothing can be awaited."""
    if isinstance(task, Question) and task.background:
        _say_why("inside of another magic nothing goes on after the cell")
    task = _begun(session, task)
    face = _face(session, task, then)
    with _kept(face):
        state = run_blocking(session.thread, lambda jobs: work_on(session, task, face, jobs))
    _delivered(session, task, face, state, then)


def _say_why(why: str) -> None:
    print(f"aether: --bg is left out: {why}. The cell waits for the answer.")


def _begun(session: Session, task: Work) -> Work:
    """The task to work on, with what its question mentions worked out: a slip there shows before anything is begun.

    Raises:
        UsageFault: It is code of a run that asks.
    """
    if Background.working:
        why = "It is the code of a background run that asks, and not a person."
        raise UsageFault("Another question is being worked on.", why, "Ask in a cell.")
    task, shell = ready(session, task), session.shell
    if isinstance(task, Question) and task.attach:
        from aether_nb.session.attaching import attached

        task = replace(task, attached=attached(task.attach, shell.user_ns, session.workspace))
    if not isinstance(task, Question) or task.raw:
        return task
    mentions = mentions_in(task.prompt, shell.user_ns, shell.user_ns_hidden, session.failures)
    if mentions.functions:
        from aether_nb.tools.brought import lent

        for name, function in mentions.functions.items():
            lent(name, function)
    return replace(task, mentions=mentions)


def _face(session: Session, task: Work, then: Then) -> Face:
    """Show a run from here on."""
    if not _only_read(task):
        session.sleepers.drop(task.run)
    lines = isinstance(task, Question) and task.lines
    return face_of(session, task.run, asking_again(session, task, then), lines=lines)


@contextmanager
def _kept(face: Face) -> Iterator[list[Face]]:
    """Whatever becomes of a run, the notebook keeps a picture, unless the list that is given is emptied."""
    faces = [face]
    try:
        yield faces
    except BaseException as error:
        face.close(str(error))
        raise
    for one in faces:
        one.close("")


def _only_read(task: Work) -> bool:
    """Whether a run is only shown from its record."""
    return isinstance(task, Replay) and task.mode != "live"


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
    if not read:
        watch_over(session, task, Origin(getattr(session.shell, "kernel", None)), face, state, then)
    publish(session, state, then)
