"""What is left to say when a run ends, before its time or at it; and how limits are worded. Pure functions."""

from __future__ import annotations

import time
from collections.abc import Mapping

from aether_nb.agent.calling import Trace
from aether_nb.agent.scoping import kept_to
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState

__all__ = ["amount", "finishing", "settled"]


def settled(state: RunState, end: k.RunEnded, traces: Mapping[str, Trace] | None = None) -> list[k.Event]:
    """What a run's log says when it ends before its time: every open call is settled, nothing is left dangling.

    Args:
        state: The run as it stands.
        end: How it ends.
        traces: What the calls that were running leave behind.
    """
    if state.ended or state.started is None:
        return []
    by = "stopped by the user" if end.outcome == "cancelled" else "given up, because the run ended"
    events: list[k.Event] = []
    for id in state.open:
        call = state.calls.get(id)
        if call is not None and call.status == "doubtful":
            continue  # it stays so: nobody has looked
        running = call is not None and call.status == "begun"
        trace = (traces or {}).get(id) if running else None
        left: list[k.Event] = list(trace.events) if trace else []
        if call is not None and running and call.proposed.effect == "external":
            left.append(k.CallDoubtful(id, f"stopped while {call.name} was running; look whether it acted"))
        else:
            when = "while it was running" if running else "before it began"
            seconds = time.monotonic() - trace.begun if trace else 0.0
            outputs = trace.outputs if trace else ()
            left.append(k.CallFailed(id, f"{by} {when}", seconds=seconds, stopped=True, outputs=outputs))
        events += kept_to(call.proposed, state, left) if call is not None else left
    return [*events, end]


def amount(limit: str, value: float) -> str:
    """A limit in words: ``40 steps``, ``$1.00``."""
    if limit == "cost":
        return f"${value:.2f}"
    return f"{value:,.0f} {limit.removesuffix('s') if value == 1 else limit}"


def finishing(state: RunState) -> list[k.Event]:
    """What a run's log says when there is nothing left to do: done, failed, or given up at a limit."""
    if failed := state.failure or state.fatal:
        return settled(state, k.RunEnded("failed", failed.what, failed.why, failed.hint))
    if limit := state.declined_limit:
        used_up = amount(limit, getattr(state.allowed, limit))
        hint = f"Ask again, or raise it: AETHER_MAX_{limit.upper()}."
        return [k.RunEnded("cancelled", f"The run was ended at its limit of {used_up}.", hint=hint)]
    items = enumerate(state.plan) if state.answered else ()
    pending = [k.ItemFinished(n) for n, item in items if item.status == "pending" and not item.item.tool]
    return [*pending, k.RunEnded("done")]
