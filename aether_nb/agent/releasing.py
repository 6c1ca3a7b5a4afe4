"""Free output, and whether it may go to a model: what code printed, showed or raised, which may hold anything.

While data is limited it stays here, unless a person has seen this very text and lets it go. Nobody there means no. What
was withheld is not recorded either where columns are hidden: a record may be given away. Only typed tools answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from aether_nb.agent.calling import CallContext, Trace
from aether_nb.agent.egress import Egress, cut, tainted
from aether_nb.errors import AetherError
from aether_nb.events import kinds as k
from aether_nb.events.messages import DataKind, Part, Text
from aether_nb.tools.base import PartlyDone, Result, Tool

__all__ = ["classified", "failure_released", "left_behind", "released", "shows", "without_values"]

RELEASE, KEEP, SILENCE = "release it", "keep it here", "keep all output of this run here"

NOTED = (
    "[output withheld by the user's rules: columns are hidden. Only typed tools answer: put what you need into a "
    "variable and look at it with inspect_variable.]\n"
)

UNSAID = "What it said is not recorded: columns are hidden."

LEFT_OUT: tuple[dict[str, Any], ...] = ({"text/plain": "(what it showed is not recorded: columns are hidden)"},)


def classified(tool: Tool, result: Result, touched: Collection[str] = (), said: str | None = None) -> Result:
    """What a call brought, said more carefully than its tool could.

    A tool of ours speaks in its own words, and says which part shows data; nobody knows what is in those of another:
    its plain text is free output. What shows a variable that code of the agent has made may show any column.

    Args:
        tool: The tool.
        result: What it says that it brought.
        touched: Variables that code of the agent has made or changed.
        said: What was said in the run so far; None where no column is hidden.
    """
    parts: Iterable[Part] = result.parts
    if not _ours(tool):
        parts = [_anybodys(part) for part in parts]
    return Result(tuple([tainted(part, touched, said) for part in parts]), result.outputs, result.events)


async def released(result: Result, egress: Egress, context: CallContext) -> Result:
    """What a call brought, with its free output marked as released, or left out.

    Args:
        result: What it brought.
        egress: What may leave, and whether the model that asks is elsewhere.
        context: That of the call, which asks.
    """
    if not egress.guards:
        return result
    free = [part.text for part in result.parts if isinstance(part, Text) and _free(part)]
    if free and await _let_go("\n".join(free), egress, context):
        parts = (replace(part, data="released") if _free(part) else part for part in result.parts)
        return replace(result, parts=tuple(parts))
    if not egress.rules.hide:
        return result
    noted = cut((Text(NOTED) if _free(part) else part for part in result.parts), egress.rules)
    events = tuple(without_values(event) for event in result.events)
    return Result(noted, LEFT_OUT if result.outputs else (), events)


async def failure_released(event: k.Event, egress: Egress, context: CallContext) -> k.Event:
    """The end of a call that failed, likewise: what it raised may quote what it stumbled over."""
    if not egress.guards:
        return event
    if isinstance(event, k.CallFailed) and event.data == "output":
        said = "\n".join(part for part in (event.what, event.why, event.hint) if part)
        if await _let_go(said, egress, context):
            return replace(event, data="released")
    return without_values(event) if egress.rules.hide else event


def without_values(event: k.Event) -> k.Event:
    """An event of a run with hidden columns as it may be recorded or given away: without what may show a value."""
    match event:
        case k.CallFinished():
            parts = tuple(part if part.data in ("text", "schema") else Text(NOTED) for part in event.parts)
            return replace(event, parts=parts, outputs=LEFT_OUT if event.outputs else ())
        case k.CallFailed() if event.data != "schema":
            name = event.what.partition(":")[0]
            what = name if name.isidentifier() else "It failed."
            outputs = LEFT_OUT if event.outputs else ()
            return replace(event, what=what, why=UNSAID, hint="", outputs=outputs, data="text")
        case k.HookTook():
            return replace(event, reason="", told=(), messages=())
        case k.NamespaceChanged():
            return replace(event, changes=tuple(replace(one, details=(), flags=()) for one in event.changes))
    return event


def left_behind(traces: Mapping[str, Trace], egress: Egress) -> Mapping[str, Trace]:
    """What calls that are being stopped have shown, where that may be recorded."""
    if not (egress.guards and egress.rules.hide):
        return traces
    return {
        id: replace(
            trace,
            outputs=LEFT_OUT if trace.outputs else (),
            events=tuple(without_values(event) for event in trace.events),
        )
        for id, trace in traces.items()
    }


def shows(tool: Tool, error: Exception) -> DataKind:
    """What the words of an error show: names and types where a tool of ours says what is wrong, else anything.

    Args:
        tool: The tool.
        error: What it raised.
    """
    said = isinstance(error, AetherError) and not isinstance(error, PartlyDone)
    own = said and error.__cause__ is None  # what another error led to may quote that
    return "schema" if own and _ours(tool) else "output"


def _ours(tool: Tool) -> bool:
    return str(getattr(getattr(tool, "function", None), "__module__", "")).startswith("aether_nb.")


def _anybodys(part: Part) -> Part:
    """A part of a tool that is not ours: what it calls mere text is free output."""
    if part.data != "text":
        return part
    if isinstance(part, Text):  # made anew: ``replace`` takes three times as long, at each call
        return Text(part.text, "output", part.columns, part.rows)
    return replace(part, data="output")


def _free(part: Part) -> bool:
    return isinstance(part, Text) and part.data == "output" and bool(part.text.strip())


async def _let_go(text: str, egress: Egress, context: CallContext) -> bool:
    """Whether a person lets this very text go."""
    if egress.silenced:
        return False
    shown = text
    if egress.rules.hide:  # what is asked is recorded, and columns are hidden: the text is only shown
        context.emit(k.OutputDelta(context.call_id, f"\n{text}\n"))
        shown = f"({len(text):,} characters, shown on the card of this call)"
    answer = await context.ask(f"Release this output to the model?\n\n{shown}", (RELEASE, KEEP, SILENCE))
    egress.silenced = answer == SILENCE
    return answer == RELEASE
