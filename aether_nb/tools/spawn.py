"""``spawn``: gives a task to an agent of its own, which sees the task and the variables, not this conversation.

What it does is judged and asked about as anything else; its result is all that comes back. How a run is begun is the
business of the house.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aether_nb.errors import RepairableToolError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Care, Context, Errand, Result
from aether_nb.tools.function import bounded, declare

__all__ = ["SPAWN", "spawn"]

SPAWN = "spawn"
SHOWN = 400
STEPS = 15
"""How many requests it may make to its model, when nothing is said."""


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """By itself it does nothing; another model than this run's is sent what it has to know."""
    text = f"begins an agent of its own for: {arguments['task'][:SHOWN]}"
    if model := arguments.get("model"):
        reasons = (f"the task, and what its tools tell, go to the model {model}",)
        return Assessment("medium", "idempotent", reasons, text, beside=True)
    return Assessment("low", "idempotent", (), text, beside=True)


@declare(
    judge=judge, where="loop", title=lambda call: f"Give a task to another agent: {call['task'][:60]}", care=Care()
)
async def spawn(
    task: str,
    context: Context,
    tools: list[str] | None = None,
    model: str | None = None,
    steps: int = STEPS,
    cost: float | None = None,
    agent: str | None = None,
) -> Result:
    """Give a task to another agent, which works on it alone and reports its result. Several may work side by side.

    It sees the task and the live variables, and nothing of this conversation: say all that it has to know. Use it for a
    part of the work that can be described in a few sentences and whose details are of no interest here.

    Args:
        task: What it shall find out or do, with all that it has to know, and what its report shall contain.
        tools: The names of the tools it may use; all of yours when left out.
        model: Another model for it, as provider:model.
        steps: How many requests it may make.
        cost: How much money it may spend, in US dollars.
        agent: Who works on it, when the user speaks of one: a profile or an agent of theirs, by its name.
    """
    if not task.strip():
        raise RepairableToolError("There is no task.", "", "Say what the other agent shall do.")
    report = await context.spawn(
        Errand(task, tuple(tools or ()), max(1, steps), None, None, cost, model or "", agent or "")
    )
    shown = {"text/plain": f"%aether show {report.run}"}
    if report.outcome != "done":
        why = report.why or "It says nothing."
        raise RepairableToolError(f"The other agent did not finish ({report.outcome}).", why, "Do it in another way.")
    return Result((Text(bounded(report.answer), "output"),), (shown,))
