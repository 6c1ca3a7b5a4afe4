"""Taking up a run that somebody left: what stands open in its record, and what has to be said before the loop goes on.

Resuming is entering the same loop with an old log. Only what died with the kernel needs words: calls that had begun,
questions that they had asked, yeses that this user did not give. Pure functions over the state and the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aether_nb.agent import context, steps
from aether_nb.agent.profiles import Profile
from aether_nb.agent.sealing import taken_back
from aether_nb.errors import ResumeRefused
from aether_nb.events import kinds as k
from aether_nb.events.folds import step
from aether_nb.events.state import RunState
from aether_nb.tools.base import Tool

__all__ = ["advanced", "check", "following", "interrupted", "owes_variables", "taken_up", "versions"]


def versions(tools: Mapping[str, Tool], agent: Profile | None = None) -> dict[str, str]:
    """By which rules a run goes, frozen into its first event: the loop's, the prompt's, and those of each tool.

    Args:
        tools: The tools.
        agent: The hosted agent that works on it, when one does.
    """
    return {
        "next_step": steps.VERSION,
        "prompt": context.PROMPT_VERSION,
        **({f"agent:{agent.name}": agent.version} if agent else {}),
        **{f"tool:{name}": tool.care.version for name, tool in tools.items()},
    }


def check(
    state: RunState,
    tools: Mapping[str, Tool],
    verb: str = "resume",
    own: bool = True,
    agent: Profile | None = None,
) -> None:
    """Refuse to go on where the rules are no longer those that the run began with, or where somebody else wrote in it.

    A tool that has been added meanwhile changes nothing; one that is missing matters when the run may still call it.

    Args:
        state: The run.
        tools: The tools that are here.
        verb: What was typed, for the hint.
        own: Whether this user recorded all of it.
        agent: The hosted agent that works on it, as it is here.

    Raises:
        ResumeRefused: Says what is not the same, and how to go on all the same.
    """
    assert state.started is not None
    now, then = versions(tools, agent), state.started.versions
    missing = sorted(name.removeprefix("tool:") for name in then if name.startswith("tool:") and name not in now)
    other = sorted(name for name, version in then.items() if name in now and now[name] != version)
    anyway = f"Or go on all the same: %aether {verb} {state.run} --anyway"
    if not own:
        what = f"The record of run {state.run} does not carry your seal."
        why = (
            "Somebody else has written it, or in it; or it is older than seals. Going on would run code of it, and act "
            "as freely as it says."
        )
        raise ResumeRefused(what, why, f"Look at it first: %aether show {state.run} · {anyway}")
    if missing:
        what = f"Run {state.run} was begun with tools that are not here: {', '.join(missing)}."
        raise ResumeRefused(
            what,
            "They stand in cells that have not been run in this kernel, or come from servers that are not connected.",
            f"Run those cells. {anyway}",
        )
    if other:
        changed = ", ".join(name.removeprefix("tool:").replace(":", " ") for name in other)
        what = f"Run {state.run} was begun by other rules: {changed} has changed since."
        raise ResumeRefused(what, "What it planned may not be what would happen now.", f"Ask anew: %%aether. {anyway}")


def taken_up(state: RunState, said: Iterable[k.Event], fresh: bool, own: bool) -> tuple[k.Event, ...]:
    """All that is recorded at once when a run is taken up, so that nothing of it can be missing.

    Args:
        state: The run as its record has it.
        said: That it is taken up, and by whom.
        fresh: As for ``interrupted``.
        own: Whether this user recorded all of it. Of somebody else's run no yes counts.
    """
    events = (*said, *interrupted(state, fresh))
    return events if own else (*events, *taken_back(following(state, events)))


def following(state: RunState, events: Iterable[k.Event]) -> RunState:
    """A run as it will be when these events have been recorded, whenever that is."""
    for event in events:
        state = step(state, k.Entry(state.run, state.head + 1, state.last_time, event))
    return state


def interrupted(state: RunState, fresh: bool) -> tuple[k.Event, ...]:
    """What has to be said of the calls that had begun and never ended.

    Args:
        state: The run as its record has it.
        fresh: Whether this is another kernel than the one in which they began: then what they did to its variables is
            gone, and doing it again is right. In the same kernel nobody knows how far they came.
    """
    events: list[k.Event] = []
    if state.question is not None and state.question.call_id and not state.question.doubt:
        events.append(k.QuestionAnswered(state.question.id, None, "policy:interrupted"))  # the call that asked is gone
    for id in state.open:
        call = state.calls.get(id)
        if call is None or call.status != "begun":
            continue
        effect = call.proposed.effect
        if effect == "external" or (effect == "namespace" and not fresh):
            events.append(k.CallDoubtful(id, f"the run was interrupted while {call.name} was running"))
        else:
            events.append(k.CallRetried(id, call.attempt, "the kernel ended while it was running", lost=True))
    return tuple(events)


def advanced(entries: Iterable[k.Entry], epoch: int) -> bool:
    """Whether anything of a run was recorded under the lease of this epoch: only then its holder has its variables."""
    last = 1  # that of who began it, or forked it
    for entry in entries:
        match entry.event:
            case k.LeaseTaken():
                last = entry.event.epoch
            case k.RunForked():
                last = 1
    return last == epoch


def owes_variables(entries: Iterable[k.Entry]) -> bool:
    """Whether a run that was resumed in a new kernel has not got its variables yet: restoring them was broken off."""
    owes = False
    for entry in entries:
        match entry.event:
            case k.RunResumed(fresh=fresh):
                owes = owes or fresh
            case k.NamespaceRestored():
                owes = False
    return owes
