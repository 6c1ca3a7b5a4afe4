"""A turn of a run as its log has it, for measuring what a record costs."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.store.log import Log

__all__ = ["HASH", "STARTED", "recorded", "turn"]

HASH = "sha256:" + "0" * 64
STARTED = k.RunStarted("q", "m")
OF_A_TURN = 6


def turn(number: int) -> tuple[k.Event, ...]:
    """What one turn appends, one event at a time."""
    call = ToolCall(f"c{number}", "run_python", {"code": "df = df.dropna()\nprint(len(df))", "why": "clean"})
    reply = Message("assistant", (Text("Let me look"),), (call,))
    return (
        k.ModelAsked("m", number, (k.Sent("text", 1000),)),
        k.ModelAnswered("m", reply, Usage(100, 20, 0.1), "tool", 0.5),
        k.CallProposed(call, HASH, "low", "namespace", ("it changes variables",), "drop empty rows"),
        k.CallBegun(call.id, HASH),
        k.NamespaceChanged(call.id, (k.Change("df", "changed", "DataFrame", ("rows 344 → 342",)),)),
        k.CallFinished(call.id, (Text("342\n" * 50),), 0.1),
    )


def recorded(log: Log, run: str, events: int) -> int:
    """Fill a run with about so many events; returns how many there are."""
    head = log.append(run, 0, (STARTED,), 0.0)[-1].seq
    for number in range(1, events // OF_A_TURN + 1):
        head = log.append(run, head, turn(number), 1.0)[-1].seq
    return head
