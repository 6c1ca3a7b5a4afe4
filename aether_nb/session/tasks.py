"""What a cell can ask a session for, and where it is worked on: plain values."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aether_nb.agent.approvals import Policy
from aether_nb.agent.asking import Person
from aether_nb.agent.profiles import Profile
from aether_nb.agent.run import Watcher, new_id
from aether_nb.config import Settings
from aether_nb.errors import OptionError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Part
from aether_nb.live.jobs import waited
from aether_nb.live.mentions.values import Mentions

if TYPE_CHECKING:
    from aether_nb.live.summary import Summary

__all__ = ["AUTO", "Cell", "Fork", "Question", "Replay", "Resumption", "Task", "Work", "begun", "named_run"]

AUTO = "auto"
"""What stands for a profile where the fitting one is to be found."""


@dataclass(frozen=True)
class Question:
    """What a person asks, and how it is to be worked on.

    Args:
        prompt: What was typed.
        model: A model for this run only; empty for the session's.
        mode: plan, ask or auto; empty for the session's.
        plan_only: End with the plan.
        fresh: Forget the earlier turns.
        cell: The cell it was typed in; asking again from the same cell replaces its turn.
        limits: Where the run pauses; the session's when None.
        park_after: Seconds of waiting for a person after which the run is parked; None for never.
        bind: The variable that gets the answer; empty for none.
        wanted: The type of the value that it gets, as it was typed; empty for the answer's text.
        raw: Nothing in the prompt is a mention.
        mentions: What the prompt speaks of, once that has been worked out.
        run: The name of the run that works on it.
        data: What of the data may leave this machine; empty for the session's setting.
        background: Its cell does not wait for it.
        prior: The earlier turns that it sees; those of the moment when it begins, when None.
        summary: What variables there were; those of the moment when it begins, when None.
        parent: The run that it works for; empty for one that a person has asked.
        depth: How many runs stand above it.
        tools: What it may use at most; all that there is, when empty.
        grants: The yeses it begins with; those that stand in the notebook, when None.
        profile: By which it works; None for none.
        route: The model for small tasks is asked which profile fits.
        hide: Columns that are hidden beside those of the settings.
        approve: What is answered at its gates when nobody is there; empty for the session's policy.
        lines: It is shown as lines of text, whatever the notebook could draw.
        attach: Files and variables that go with it, as they were typed.
        attached: The same once they have been read.
    """

    prompt: str
    model: str = ""
    mode: k.Mode | None = None
    plan_only: bool = False
    fresh: bool = False
    cell: str = ""
    limits: k.Limits | None = None
    park_after: float | None = None
    bind: str = ""
    wanted: str = ""
    raw: bool = False
    mentions: Mentions = field(default_factory=lambda: Mentions(""))
    run: str = field(default_factory=new_id)
    data: k.DataLevel | Literal[""] = ""
    background: bool = False
    prior: tuple[k.Turn, ...] | None = None
    summary: Summary | None = None
    parent: str = ""
    depth: int = 0
    tools: tuple[str, ...] = ()
    grants: tuple[k.Grant, ...] | None = None
    profile: Profile | None = None
    route: bool = False
    hide: tuple[str, ...] = ()
    approve: Policy | Literal[""] = ""
    lines: bool = False
    attach: str = ""
    attached: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Resumption:
    """A run that is to go on: its kernel died, it is parked, or its record could not be written.

    Args:
        run: The run's whole id.
        take: Take it from a kernel that is alive.
        anyway: Go on, whoever began it and whatever has changed since.
        park_after: As for a ``Question``.
    """

    run: str
    take: bool = False
    anyway: bool = False
    park_after: float | None = None
    model: str = ""


def named_run(name: str | None) -> str:
    """The name of a run, as somebody typed it; a new one when nobody did.

    Raises:
        OptionError: It is no name.
    """
    if name is None:
        return new_id()
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,78}[A-Za-z0-9])?", name):
        why = "It has letters, digits and dashes, at most 80 of them."
        raise OptionError(f"{name!r} is no name for a run.", why, "%%aether --run report-2026-05")
    return name


def begun(
    question: Question, model: str, settings: Settings, prior: tuple[k.Turn, ...], notebook: str, workspace: Path
) -> k.RunStarted:
    """The first event of the run that works on a question, with everything it may depend on but its tools.

    Args:
        question: What is asked.
        model: The name of the model that is asked first.
        settings: What holds where the question says nothing.
        prior: The earlier turns that it sees.
        notebook: The notebook's path; empty when it is not known.
        workspace: The folder inside which files may be touched.
    """
    profile = question.profile or Profile("")
    mode, data = profile.at_most(question.mode or settings.mode, question.data or settings.data)
    limits = k.Limits(settings.max_steps, settings.max_seconds, settings.max_tokens, settings.max_cost)
    return k.RunStarted(
        prompt=question.prompt,
        model=model,
        mode=mode,
        limits=question.limits or limits,
        prior=prior,
        notebook=notebook,
        cell=question.cell,
        plan_only=question.plan_only,
        workspace=str(workspace),
        data=data,
        hide=tuple(dict.fromkeys((*question.hide, *settings.hide))),
        fence=secrets.token_hex(8),
        mentions=question.mentions.found,
        bind=question.bind,
        wanted=question.wanted,
        parent=question.parent,
        depth=question.depth,
        tools=question.tools or profile.tools,
        profile=profile.name,
        deny=profile.deny,
        ask=profile.ask,
        agent=profile.name if profile.agent else "",
    )


@dataclass(frozen=True)
class Replay:
    """A recorded run that is to be shown again, or performed again.

    Args:
        source: The run's whole id.
        mode: pure, confirm or live.
        cell: The cell it is typed in.
        level: How much may run without a question when it is performed again; the session's when None.
        new: The name of the run that performs it again.
        bind: The variable that gets its answer, when another one than then.
    """

    source: str
    mode: k.ReplayMode = "pure"
    cell: str = ""
    level: k.Mode | None = None
    park_after: float | None = None
    new: str = field(default_factory=new_id)
    model: str = ""
    bind: str = ""
    json: bool = False
    """Whether what came of it is told as JSON, too."""
    told: dict[str, Any] = field(default_factory=dict, compare=False)
    """What came of it, as plain values."""

    @property
    def run(self) -> str:
        """The run that is shown."""
        return self.new if self.mode == "live" else self.source


@dataclass(frozen=True)
class Fork:
    """A new run that begins as a copy of another one.

    Args:
        source: The other run's whole id.
        at: The last event that is copied; 0 for all of them.
        text: What is said to it first.
        anyway: Go on, whoever began it and whatever has changed since.
        run: Its name.
    """

    source: str
    at: int = 0
    text: str = ""
    anyway: bool = False
    park_after: float | None = None
    run: str = field(default_factory=new_id)
    model: str = ""


Task: TypeAlias = Question | Resumption
"""What is driven by the session itself."""

Work: TypeAlias = Task | Replay | Fork
"""What a cell can be asked to work on."""


@dataclass(frozen=True)
class Cell:
    """Where a run is worked on.

    Args:
        main: Runs a function on the user's main thread.
        people: Who may be asked, in this order.
        watcher: Who is told of every entry.
        hold: Lets a job on that thread wait for something.
        background: Whether it is worked on between cells, beside what other cells ask.
    """

    main: Callable[[Callable[[], Any]], Awaitable[Any]]
    people: Sequence[Person]
    watcher: Watcher
    hold: Callable[[Callable[[], Future[Any]]], Any] = waited
    background: bool = False
