"""``run_python``: the model's code in the user's own namespace, on the user's own thread.

What it may do is read off the code before it runs (``live.reading``); what it printed, showed, made and changed is
reported after. Figures become ordinary outputs of the cell, where the user keeps them.
"""

from __future__ import annotations

import inspect
import time
import warnings
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import Change, Event, Kept, NamespaceChanged, NamespaceKept, OutputDelta
from aether_nb.events.messages import ANY, DataKind, Text
from aether_nb.events.values import BELOW
from aether_nb.live.changes import Photograph, compare, photograph
from aether_nb.live.execute import Execution, Executor
from aether_nb.live.guard import Agreement, Guard, Refusal
from aether_nb.live.keeping import why_not_again
from aether_nb.live.reading import names_in, read, writes_past
from aether_nb.live.values import Shown, show_value
from aether_nb.tools.base import Assessment, Context, PartlyDone, Result
from aether_nb.tools.function import bounded, declare

__all__ = ["Ran", "judge", "performed", "run_python"]

LONGEST_OUTPUT = 30_000
"""Characters of what code printed that the model is told. The user sees all of it."""

FIGURE_KEPT = 1_000_000
"""Characters of a figure that are recorded: base64, as notebooks have it."""


def judge(arguments: Mapping[str, Any], context: Context) -> Assessment:
    """What this exact code could do, by reading it.

    Raises:
        RepairableToolError: It is not valid Python; nobody has to be asked about that.
    """
    code = arguments["code"]
    plain = TransformerManager().transform_cell(code)  # type: ignore[no-untyped-call]
    if context.shell.transform_cell(code) != plain:
        # What is read must be what runs: automagic makes a command of a bare word, other extensions whatever they like.
        return Assessment("high", "external", ("this notebook's IPython makes something else of it",))
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(plain, "<aether>", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        what = f"{type(error).__name__}: {error.msg} (line {error.lineno})"
        raise RepairableToolError(what, (error.text or "").strip(), "Send valid Python.") from error
    reading = read(code, context.shell.user_ns, context.made)
    reasons, variables = reading.reasons, reading.variables
    if context.undo is not None and reading.risk != "low":  # what only reads, or changes what the run made, needs none
        concerning = reasons if reading.risk == "medium" else None
        limits = context.undo.cannot(context.shell.user_ns, code, concerning)
        reasons, variables = reasons + limits, () if limits else variables
    what = "runs this code in your notebook's namespace"
    return Assessment(reading.risk, reading.effect, reasons, what, variables=variables)


@declare(judge=judge, where="loop")
async def run_python(code: str, context: Context, purpose: str = "") -> Result:
    """Run Python in the notebook's own namespace. Top-level await works; the last expression's value is shown.

    Print or end with what you need to see: frames come back as CSV. Figures are shown to the user by themselves.

    Args:
        code: The code. Variables it makes stay in the notebook.
        purpose: What it is for, in one short sentence for the user.
    """
    ran = await performed(code, context, again=not why_not_again(code, context.effect))
    execution, events = ran.execution, ran.events(context.call_id)
    if execution.error_name:
        why = "\n".join([execution.traceback, *refusals(ran.refused, execution.traceback)])
        raise PartlyDone(execution.error_text, why, outputs=ran.outputs, events=events)
    shown = show_value(execution.value) if execution.has_value else None
    return Result(report(execution, shown, ran.changes, ran.refused), ran.outputs, events)


async def performed(
    code: str, context: Context, *, again: bool, then: Callable[[Execution], None] | None = None
) -> Ran:
    """Run code in the namespace, and see what it did there.

    Args:
        code: The code.
        context: The house.
        again: Whether it can be run again to the same end; what it made is written at once when it cannot.
        then: Done on the main thread when the code has ended, before anybody looks what has changed.
    """
    shell, keeper, undo = context.shell, context.keeper, context.undo

    def show(stream: str, text: str) -> None:
        context.emit(OutputDelta(context.call_id, text, "stderr" if stream == "stderr" else "stdout"))

    def seen(before: Before, execution: Execution) -> Ran:
        seconds = time.monotonic() - before.begun
        if then is not None:
            then(execution)
        for figure in execution.figures:
            shell.display_pub.publish(dict(figure))
        changes = compare(before.photograph, shell.user_ns)
        limited = undo.after(context.call_id, changes) if undo is not None else ()
        refused = tuple(before.guard.refused)
        names = [change.name for change in changes if change.what != "removed"]
        stopped = execution.interrupted  # whoever presses Stop does not wait until much is written
        kept: tuple[Kept, ...] = ()
        if keeper is not None and names:
            kept = keeper.keep(shell.user_ns, names, 0.0 if stopped else seconds, again=stopped or again)
        ran = Ran(execution, changes, kept, before.inputs, limited, refused)
        if execution.interrupted:
            context.leave(ran.outputs, ran.events(context.call_id))
            raise KeyboardInterrupt  # IPython has swallowed it; it is the run that was stopped, not this code alone
        return ran

    async def awaited(before: Before, running: Awaitable[Execution]) -> Ran:
        return seen(before, await running)

    def job() -> Any:
        """Awaitable only when the code itself awaits: not every place that runs code can await."""
        inputs = keeper.read(shell.user_ns, code) if keeper is not None else ()
        announced = read(code, shell.user_ns, context.made).announced
        agreement = Agreement(announced, str(context.workspace), context.permits, context.forbids)
        guard = Guard(agreement, context.allows, shell.user_ns)
        seen_before = photograph(shell.user_ns, names_in(code), writes_past(code))
        before = Before(seen_before, inputs, time.monotonic(), guard)
        if undo is not None:
            undo.before(context.call_id, shell.user_ns, code, only_read(context))
        running = Executor(shell, guard).run(code, show)
        return awaited(before, running) if inspect.isawaitable(running) else seen(before, running)

    ran: Ran = await context.main(job)
    return ran


def only_read(context: Context) -> frozenset[str]:
    """The names that a call of low risk leaves alone: all but those that its run made."""
    return frozenset(context.shell.user_ns).difference(context.made) if context.risk == "low" else frozenset()


@dataclass(frozen=True)
class Before:
    """The namespace before code ran, what of it the code takes, when it began (monotonic seconds), and who watches."""

    photograph: Photograph
    inputs: tuple[Kept, ...]
    begun: float
    guard: Guard


@dataclass(frozen=True)
class Ran:
    """Code that was run, what it did to the namespace, what was kept of that, and what it was not let do."""

    execution: Execution
    changes: tuple[Change, ...]
    kept: tuple[Kept, ...] = ()
    inputs: tuple[Kept, ...] = ()
    limited: tuple[Event, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def outputs(self) -> tuple[Mapping[str, Any], ...]:
        """What it showed; figures say that they stand below already. After an error also what was printed before."""
        run = self.execution
        shown = tuple(_recorded(bundle) if bundle in run.figures else bundle for bundle in run.outputs)
        if not run.error_name:
            return shown
        printed = ({"text/plain": text} for text in (run.stdout, run.stderr) if text.strip())
        return (*printed, *shown)

    def events(self, call_id: str) -> tuple[Event, ...]:
        """The changes as an event, and what is known of them, if there were any."""
        changed: tuple[Event, ...] = (NamespaceChanged(call_id, self.changes),) if self.changes else ()
        noted = self.kept or self.inputs
        return (*changed, *((NamespaceKept(call_id, self.kept, self.inputs),) if noted else ()), *self.limited)


def _recorded(figure: Mapping[str, Any]) -> Mapping[str, Any]:
    """A figure as it is recorded, so that it can be shown again; of one that is too large only its name."""
    texts = {mime: data for mime, data in figure.items() if isinstance(data, str)}
    small = sum(map(len, texts.values())) <= FIGURE_KEPT
    return (texts if small else {"text/plain": texts.get("text/plain", "")}) | {BELOW: ""}


def refusals(refused: tuple[Refusal, ...], said: str = "") -> list[str]:
    """What the model is told of what was not done, even where its code went on as if nothing had been.

    Args:
        refused: All of it.
        said: What it is told beside that; what stands there is not said again.
    """
    unsaid = [str(one) for one in refused if str(one) not in said]
    return [*(["[refused]", *unsaid] if unsaid else []), "Do without it, or ask the user."] if refused else []


def report(
    execution: Execution, shown: Shown | None, changes: tuple[Change, ...], refused: tuple[Refusal, ...] = ()
) -> tuple[Text, ...]:
    """What the model is told: a section for each thing that there is. What the code let out may hold anything."""
    free = []
    for title, text in (("stdout", execution.stdout), ("stderr", execution.stderr)):
        if text.strip():
            free.append(f"[{title}]\n{bounded(text.rstrip(), LONGEST_OUTPUT)}")
    if shown is not None:
        free.append(f"[value] {shown.text}")
    parts = []
    if free:
        columns, rows = (shown.columns, shown.rows) if shown else ((), 0)
        parts.append(Text("\n".join(free), "output", columns, rows))
    if execution.figures:
        parts.append(Text(f"[figures] {len(execution.figures)}"))
    sections = [tuple(parts), tuple(_changed(changes)), tuple(_checked(changes))]
    if not any(sections):
        sections = [(Text("done; there was nothing to show"),)]
    if refused:  # what it tried may have a value of the data in it, such as the name of a file
        title, *tried, hint = refusals(refused)
        sections.append((Text(f"{title}\n"), Text("\n".join(tried), "output"), Text(f"\n{hint}")))
    told = [part for section in sections for part in section]
    ends = {id(part) for part in parts} | {id(section[-1]) for section in sections if section}
    return tuple(replace(p, text=f"{p.text}\n") if id(p) in ends and p is not told[-1] else p for p in told)


def _changed(changes: tuple[Change, ...]) -> Iterator[Text]:
    """The section about changes: names and types, and apart from them what may show values."""
    said: list[tuple[DataKind, str]] = [("schema", "[changed]")] if changes else []
    for change in changes:
        said.append(("schema", f"\n{change.what} {change.name}: {change.type}"))
        if change.details:
            table = any(word in change.type for word in ("DataFrame", "Table", "Series"))
            comma = ", " if change.type else ""
            said.append(("statistics" if table else "rows", comma + ", ".join(change.details)))
    for kind, pieces in groupby(said, key=lambda one: one[0]):
        # A new column may have a value of the data for its name.
        yield Text("".join(text for _, text in pieces), kind, () if kind == "schema" else (ANY,))


def _checked(changes: tuple[Change, ...]) -> Iterator[Text]:
    """The section about what looks like a mistake."""
    flags = [(change.name, flag) for change in changes for flag in change.flags]
    if flags:
        lines = (f"{'warning' if flag.warn else 'note'} {name}: {flag.kind}: {flag.text}" for name, flag in flags)
        asked = ["Correct what was not meant, or say why it is right."] if any(flag.warn for _, flag in flags) else []
        yield Text("\n".join(["[check]", *lines, *asked]), "statistics")
