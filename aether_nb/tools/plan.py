"""The tools with which a model speaks to the person about the run itself: its plan, and its questions."""

from __future__ import annotations

from dataclasses import dataclass

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import Event, PlanItem, PlanMade, PlanRevised
from aether_nb.events.messages import Text
from aether_nb.tools.base import Context, Result
from aether_nb.tools.function import declare

__all__ = ["ask_user", "plan"]


@dataclass(frozen=True)
class Item:
    """What will be done, in a few words; the tool it is done with; when revising, whether it is done already."""

    title: str
    tool: str = ""
    done: bool = False


@declare(risk="low", effect="pure", where="loop", together=False)
async def plan(items: list[Item], context: Context, reason: str = "") -> Result:
    """Say what you will do, before you do it; call again to change the plan. Items tick by themselves as tools run.

    Args:
        items: The steps, in order. When revising, those that are done come first.
        reason: Why the plan changes.
    """
    if not items or not all(item.title.strip() for item in items):
        raise RepairableToolError("A plan needs at least one item, and every item a title.")
    made = tuple(PlanItem(item.title, item.tool) for item in items)
    done = next((n for n, item in enumerate(items) if not item.done), len(items))
    event: Event = PlanRevised(made, done, reason) if context.plan else PlanMade(made)
    return Result((Text("ok"),), events=(event,))


@declare(risk="low", effect="pure", where="loop", together=False)
async def ask_user(question: str, context: Context, options: list[str] | None = None) -> str:
    """Ask the person one question and get the answer. Use it when the request can be read in several ways.

    Args:
        question: The question.
        options: Answers to choose from, if they can be listed.
    """
    answer = await context.ask(question, tuple(options or ()))
    return answer if answer is not None else "nobody is there to answer"
