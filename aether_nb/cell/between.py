"""Runs that go on between the user's cells: launched into the background, or parked and woken by a word.

The main thread is had between cells only, in the name of the cell that launched the run; what comes of it stands there.
Who waits in line for a place is the business of ``background``, how a run is shown that of ``faces``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from aether_nb.agent.run import new_id
from aether_nb.cell.faces import Face, KernelFace
from aether_nb.errors import AetherError
from aether_nb.events.masking import known_keys
from aether_nb.events.state import RunState
from aether_nb.live.background import Background, Origin
from aether_nb.live.bridge import Jobs
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Cell, Question, Resumption, Work
from aether_nb.widgets.published import answer_bundle

__all__ = ["Then", "as_of_now", "asking_again", "launch", "publish", "watch_over", "why_here", "work_on"]

WOKEN = 60.0
"""Seconds for which a run that wakes by itself waits for a person, where no other time was named: others are asleep."""

LOOKING = 1.5
"""Seconds for which the first background cell of a kernel waits for its panel to be looked at."""

Then: TypeAlias = Callable[[RunState], None]
"""What is done on the main thread with a run that has ended well, or is parked."""

logger = logging.getLogger(__name__)


async def why_here(session: Session, face: Face) -> str:
    """Why a run can only be worked on while its cell waits; empty when it can go on in the background."""
    if not isinstance(face, KernelFace):
        return "there is no panel here that could go on after the cell"
    if not Origin(face.kernel).available:
        return "this kernel has no place for runs between cells"
    if not session.watched:
        session.watched = await asyncio.wrap_future(session.thread.submit(face.panel.wait_seen(LOOKING)))
    return "" if session.watched else "nobody looks at this notebook, and its answer shall stand in it"


def as_of_now(session: Session, task: Work) -> Work:
    """A question for the background with what it may depend on as it is now: model, earlier turns and variables."""
    if not isinstance(task, Question):
        return task
    if task.fresh:
        session.turns.clear()
    from aether_nb.live.summary import summarize

    shell = session.shell
    session.cells[task.run] = getattr(shell, "execution_count", 0)  # others will have been run when it begins
    summary = summarize(shell.user_ns, task.prompt, hidden=shell.user_ns_hidden)
    model, prior = task.model or session.models.name, session.prior(task.cell)
    return replace(task, model=model, fresh=False, prior=prior, summary=summary)


def launch(session: Session, task: Work, face: Face, then: Then) -> str:
    """Let a run go on in the background of the cell that is running.

    Returns:
        A line about it: its number, and what to type.
    """
    assert isinstance(face, KernelFace)
    origin = Origin(face.kernel)
    background = Background(origin)
    face.go_apart(background.jobs)
    line, prompt = session.line, task.prompt if isinstance(task, Question) else ""
    one = line.add(task.run, prompt, background.jobs.stop)

    async def in_line(jobs: Jobs) -> RunState:
        if line.waits(one):
            face.note("It waits in the background until one of the others is over.")
        async with line.place(one):
            return await work_on(session, task, face, jobs, background=True)

    if waits := line.waits(one):
        face.panel.view.prompt = prompt  # nothing else is known of it before it begins
    else:
        session.last = task.run
    going: Coroutine[Any, Any, RunState | None] = _carried(session, task, face, background, in_line, then)
    session.thread.submit(going).add_done_callback(partial(_ended, task.run))
    if waits:
        most = session.models.settings.background
        busy = f"No more than {most} may be at work at once (AETHER_BACKGROUND): it begins when one of them is over"
        return f"aether: run {one.number} waits in the background. {busy}. Drop it: %aether stop {one.number}"
    return f"aether: run {one.number} goes on in the background. %aether runs · %aether stop {one.number}"


def _ended(run: str, going: Future[Any]) -> None:
    """Keep what a background run broke off with; its picture says it, too."""
    if not going.cancelled() and (error := going.exception()) is not None:
        level = logging.INFO if isinstance(error, AetherError) else logging.ERROR
        logger.log(level, "background run %s broke off", run, exc_info=error)


async def _carried(
    session: Session,
    task: Work,
    face: KernelFace,
    background: Background,
    working: Callable[[Jobs], Coroutine[Any, Any, RunState]],
    then: Then,
) -> RunState | None:
    """Work on a run between cells, and deliver it to the cell that launched it; None when it was broken off."""
    origin = background.origin
    after = Background(origin)
    following = asyncio.ensure_future(background.jobs.follow(working))
    await asyncio.wait({following})
    error = None if following.cancelled() else following.exception()
    never = following.cancelled() and not face.begun
    await after.jobs.main(lambda: face.close("It was dropped before it began." if never else str(error or "")))
    if error is not None:
        raise error
    if following.cancelled():
        return None
    state = following.result()
    await after.jobs.main(lambda: _delivered(session, task, origin, face, state, then))
    return state


def _delivered(session: Session, task: Work, origin: Origin, face: Face, state: RunState, then: Then) -> None:
    """Put the answer below the picture, bind it, and say so; a run that was parked is watched over."""
    if isinstance(task, Question):
        watch_over(session, task, origin, face, state, then)
    try:
        publish(session, state, then)
    except AetherError as error:  # no cell waits that could fail
        print("\n".join(error._render_traceback_()), file=sys.stderr)
        return
    bound = state.started.bind if state.started and state.ended and state.ended.outcome == "done" else ""
    if bound:
        print(f"aether: {bound} is bound to the answer.")


def publish(session: Session, state: RunState, then: Then) -> None:
    """Put the answer below as an ordinary output, and do with it what its cell wants.

    Raises:
        AnswerInvalid: A value was wanted, and there is none.
    """
    if state.answer and getattr(session.shell, "kernel", None) is not None:
        session.shell.display_pub.publish(answer_bundle(state.answer, known_keys(os.environ)))
    then(state)


def watch_over(session: Session, task: Work, origin: Origin, face: Face, state: RunState, then: Then) -> None:
    """When a run was parked, wake it by what it waits for: it goes on in the place of its picture."""
    if state.parked is None or not face.display_id or not origin.available:
        return
    again = Resumption(state.run, park_after=WOKEN if task.park_after is None else task.park_after)
    session.sleepers.add(state, partial(_woken, session, again, origin, face.display_id, then))


async def _woken(session: Session, task: Resumption, origin: Origin, display_id: str, then: Then) -> RunState | None:
    """Go on with a parked run between the user's cells, in the place of its picture; None when it was broken off."""
    background = Background(origin)
    face = await background.jobs.main(lambda: KernelFace(session, task.run, display_id))
    return await _carried(session, task, face, background, partial(work_on, session, task, face), then)


def asking_again(session: Session, task: Work, then: Then) -> Callable[[], None] | None:
    """What asks the question of the running cell once more, below its answer; None where no run goes on by itself."""
    origin = Origin(getattr(session.shell, "kernel", None))
    return _again(session, task, origin, then) if isinstance(task, Question) and origin.available else None


def _again(session: Session, task: Question, origin: Origin, then: Then) -> Callable[[], None]:
    def ask() -> None:
        session.thread.submit(_asked_again(session, replace(task, run=new_id(), background=False), origin, then))

    return ask


async def _asked_again(session: Session, task: Question, origin: Origin, then: Then) -> RunState | None:
    """Work on the same question between the user's cells, as a run of its own below the earlier one."""
    background = Background(origin)

    def shown() -> KernelFace:
        face = KernelFace(session, task.run, again=_again(session, task, origin, then))
        face.go_apart(background.jobs)
        return face

    face = await background.jobs.main(shown)
    return await _carried(session, task, face, background, partial(work_on, session, task, face), then)


async def work_on(session: Session, task: Work, face: Face, jobs: Jobs, background: bool = False) -> RunState:
    """Work on a task with the people whom its face knows."""
    from aether_nb.session.retelling import work  # what works on it is imported when the panel is there

    said = task.approve if isinstance(task, Question) else ""
    people = face.people(jobs, said or session.models.settings.approve)
    return await work(session, task, Cell(jobs.main, people, face.watcher, jobs.hold, background))
