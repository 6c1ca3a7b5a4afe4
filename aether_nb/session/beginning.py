"""Whether a task can be begun, and as which one: what is settled before anything is shown.

Of a question whose model cannot be had the recorded run is looked for. What such a record holds is read by the agent's
own means, which are imported only then.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from aether_nb.agent import remembering
from aether_nb.errors import ModelError
from aether_nb.events import kinds as k
from aether_nb.models.router import ANALYST
from aether_nb.session.conversation import Session
from aether_nb.session.tasks import Question, Replay, Work
from aether_nb.store.log import Log, RunSummary

if TYPE_CHECKING:
    from aether_nb.agent.again import Record

__all__ = ["ready"]

ALL = 100_000
"""How many runs are looked through for that of a cell."""


def ready(session: Session, task: Work) -> Work:
    """The task to work on, before anything is shown: of a question whose model cannot be had, its recorded run.

    The model that is named comes first, then one that is configured, then the record, and last the analyst.

    Raises:
        ModelError: The model cannot be had, and there is no record.
        UsageFault: Another question is being worked on.
    """
    if not isinstance(task, Question):
        if isinstance(task, Replay):
            session.free()
        else:
            session.ready(task.model)
        return task
    place = session.asked.place(task.prompt, task.cell)
    name = f"{sha256(task.prompt.encode(errors='replace')).hexdigest()[:12]}#{place}"
    task = replace(task, cell=task.cell or name)
    fault: ModelError | None = None
    try:
        session.ready(task.model)
    except ModelError as error:
        fault = error
    if fault is None and (task.model or session.models.name != ANALYST or session.models.settings.model):
        return task
    if found := _recorded(session, task, place):
        session.free()
        return Replay(found, "live", task.cell, task.mode, task.park_after, task.run, bind=task.bind)
    if fault is not None:
        raise fault
    return task


def _recorded(session: Session, question: Question, place: int) -> str:
    """The run that answered this question in this cell with a model that is not here; empty when there is none."""
    log = session.store.log
    for run in remembering.candidates(log.runs(ALL), question.prompt, question.cell, place, session.notebook):
        if (found := _retold(log, run)) and _alike(found.started, question):
            return found.run
    return ""


def _alike(started: k.RunStarted, question: Question) -> bool:
    """Whether a run was asked for the same: a plan or an answer, words or a value of that type for that variable."""
    wanted = (started.wanted, started.bind) if started.wanted else ("", "")
    return started.plan_only == question.plan_only and wanted == (
        (question.wanted, question.bind) if question.wanted else ("", "")
    )


def _retold(log: Log, run: RunSummary) -> Record | None:
    """The record of a run, or of the one that it only performed again; None for what a model did not answer."""
    if run.model == ANALYST:
        return None
    from aether_nb.agent.again import record_of

    record = record_of(log.read(run.id))
    if record.begun is not None and (whole := list(log.read(record.begun.source))):
        record = record_of(whole)
    return None if record.forked else record
