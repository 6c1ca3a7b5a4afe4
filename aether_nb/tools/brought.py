"""The tools that a run brings itself: functions that its question lends it, what gives a value or changes a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aether_nb.errors import AnswerInvalid, MentionFailed, OptionError
from aether_nb.events.kinds import RunStarted
from aether_nb.events.state import RunState
from aether_nb.live.wanted import Unfit, Wanted
from aether_nb.tools.answering import ANSWER, answering
from aether_nb.tools.base import Assessment, Context, Tool
from aether_nb.tools.builtin import BUILT_IN
from aether_nb.tools.changing import CHANGE, changing
from aether_nb.tools.function import FunctionTool, declare

ANALYST = "aether:analyst"
"""What it says in words is never the value: it may as well be why there is none."""

__all__ = ["bind", "brought", "given", "lent"]


def brought(started: RunStarted, namespace: Mapping[str, Any]) -> dict[str, Tool]:
    """The tools that a run brings; a function that is not here any more is missing.

    Args:
        started: The run.
        namespace: The user's variables.
    """
    names = [mention.name for mention in started.mentions if mention.kind == "function"]
    tools: dict[str, Tool] = {name: lent(name, namespace[name]) for name in names if callable(namespace.get(name))}
    if started.wanted:
        tools[ANSWER] = answering(started.bind, started.wanted)
    for mention in started.mentions:
        if mention.kind == "cell":
            tools[CHANGE] = changing(mention.typed, mention.name)
    return tools


def lent(name: str, function: Callable[..., Any]) -> FunctionTool:
    """A function of the notebook as a tool; one under ``@tool`` is what it says there.

    Nobody has said what it does, so every call of it is asked about, unless medium risk runs by itself.

    Raises:
        MentionFailed: It cannot be described to a model.
    """
    if isinstance(function, FunctionTool):
        return function
    if name in {tool.spec.name for tool in BUILT_IN} | {ANSWER, CHANGE}:
        raise MentionFailed(f"{name} is the name of a built-in tool.", "", "Give your function another name.")
    reasons = (f"it calls your function {name}, of which nobody has said what it does",)

    def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
        return Assessment("medium", "external", reasons, f"calls {name}")

    tool = declare(name=name, judge=judge, together=False)(function)
    try:
        tool.spec  # noqa: B018  # what is wrong with it is said before the run
    except OptionError as error:
        raise MentionFailed(
            f"&`{name}` cannot become a tool.", f"{error.what} {error.why}".strip(), error.hint
        ) from None
    return tool


def given(state: RunState, text: str) -> bool:
    """Whether a run that answers so has all that was wanted of it: a value, where one was.

    Args:
        state: The run.
        text: The answer.
    """
    started = state.started
    if started is None or not started.wanted:
        return True
    if _answered(state):
        return True
    try:
        Wanted(started.wanted, {}).said(text)
    except (Unfit, OptionError):
        return False
    return True


def bind(namespace: dict[str, Any], state: RunState, name: str = "") -> None:
    """Give what a run has come to to the user's variable, unless its tool has done so; without it nothing changes.

    Args:
        namespace: The user's variables.
        state: The run.
        name: The variable that gets the answer's text, when another one than the run's own.

    Raises:
        AnswerInvalid: A value was wanted, and there is none.
    """
    started, name = state.started, name or (state.started.bind if state.started else "")
    if started is None or not name or not state.answer:
        return
    if not started.wanted or name != started.bind:
        namespace[name] = state.answer
    elif not _answered(state):
        try:
            if state.model.endswith(ANALYST) and not started.agent:
                raise Unfit("the offline analyst found none; it says what it did in its answer")
            namespace[name] = Wanted(started.wanted, namespace).said(state.answer)
        except Unfit as unfit:
            what = f"The answer has no value of type {started.wanted}; {name} is as it was."
            invalid = AnswerInvalid(what, f"{unfit}.", "Ask in other words, or without --as.")
            invalid.answer = state.answer
            raise invalid from None


def _answered(state: RunState) -> bool:
    """Whether the run has given its value."""
    return any(call.name == ANSWER and call.status == "finished" for call in state.calls.values())
