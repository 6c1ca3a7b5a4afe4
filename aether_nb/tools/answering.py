"""``answer_with``: gives the value that was asked for to the user's variable, computed and never typed by the model.

The expression is evaluated like code of ``run_python``, on the user's thread, and checked against the wanted type; one
that does not fit is told to the model, and the variable stays as it was.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from aether_nb.errors import OptionError, RepairableToolError
from aether_nb.events.kinds import CallCoded, Change, Effect, NamespaceChanged
from aether_nb.events.messages import Text
from aether_nb.live.execute import Execution
from aether_nb.live.values import show_value
from aether_nb.live.wanted import Fitted, Unfit, Wanted
from aether_nb.tools.base import Assessment, Context, PartlyDone, Result
from aether_nb.tools.code import judge, performed
from aether_nb.tools.function import FunctionTool, declare

__all__ = ["ANSWER", "answering"]

ANSWER = "answer_with"
"""The name of the tool."""


def answering(name: str, wanted: str) -> FunctionTool:
    """The tool of a run that wants a value.

    Args:
        name: The user's variable that gets it.
        wanted: Its type, as it was typed.
    """

    def assess(arguments: Mapping[str, Any], context: Context) -> Assessment:
        """What the expression could do; that the variable gets its value was asked for by the person."""
        found = judge({"code": _expression(arguments["expression"])}, context)
        effect: Effect = "namespace" if found.effect == "pure" else found.effect
        return Assessment(found.risk, effect, found.reasons, f"gives a value of type {wanted} to {name}")

    async def answer_with(expression: str, context: Context) -> Result:
        """Stands for the text below."""
        return await _answer(_expression(expression), name, wanted, context)

    answer_with.__doc__ = f"""Give the value that the user wants: of type {wanted}, for the variable {name}.

    Call it when you know how to get the value; then answer in a sentence. What does not fit is told to you.

    Args:
        expression: One Python expression over the live variables, which is evaluated in the notebook. Do not type
            data or figures that a tool returned: refer to the variables that hold them, or compute them.
    """
    title = f"Give {name} its value"
    return declare(name=ANSWER, judge=assess, where="loop", title=lambda _: title, together=False)(answer_with)


async def _answer(expression: str, name: str, wanted: str, context: Context) -> Result:
    fitted: list[Fitted] = []
    problem: list[str] = []

    def bind(execution: Execution) -> None:
        """On the main thread, before anybody looks what has changed."""
        if execution.error_name or execution.interrupted:
            return
        if not execution.has_value:
            problem.append("it is None")
            return
        try:
            fitted.append(Wanted(wanted, context.shell.user_ns).fit(execution.value, expression))
        except (Unfit, OptionError) as unfit:
            problem.append(str(unfit))
        except Exception as error:  # noqa: BLE001  # a validator of the user's own class
            problem.append(f"{type(error).__name__}: {error}")
        else:
            context.shell.user_ns[name] = fitted[0].value

    ran = await performed(expression, context, then=bind, again=False)
    events = ran.events(context.call_id)
    if ran.execution.error_name:
        raise PartlyDone(ran.execution.error_text, ran.execution.traceback, outputs=ran.outputs, events=events)
    if problem:
        hint = f"Give another expression; {name} is as it was."
        raise PartlyDone(f"That is no {wanted}: {problem[0]}.", "", hint, outputs=ran.outputs, events=events)
    shown = show_value(fitted[0].value)
    if not any(isinstance(event, NamespaceChanged) for event in events):  # it held the same already
        events = (
            NamespaceChanged(context.call_id, (Change(name, "changed", type(fitted[0].value).__name__),)),
            *events,
        )
    told = (
        Text(f"[bound] {name}: {wanted}\n", "schema"),
        Text(f"[value] {shown.text}", "output", shown.columns, shown.rows),
    )
    return Result(told, ran.outputs, (*events, CallCoded(context.call_id, f"{name} = {fitted[0].code}")))


def _expression(text: str) -> str:
    """One expression, as it can stand behind ``=``.

    Raises:
        RepairableToolError: It is none.
    """
    text = text.strip()
    whole = f"({text}\n)" if "\n" in text else text
    try:
        ast.parse(whole, mode="eval")
    except (SyntaxError, ValueError) as error:
        told = error.msg if isinstance(error, SyntaxError) else str(error)
        hint = "Run statements with run_python, then name what they made."
        raise RepairableToolError(f"{text[:80]!r} is no expression: {told}.", hint=hint) from None
    return whole
