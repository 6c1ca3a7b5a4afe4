"""A scripted run that outlives its kernel, for tests of what people see: lost, resumed, settled, told, parked."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, ToolCall, Usage
from harness.story import call, hash_of, proposed

PUT = call("call_1", "put_figures", key="2026-11")
SEND = call("call_2", "send_letter", to="anna@example.org", text="The figures are ready.")
AGAIN = call("call_3", "send_letter", to="bert@example.org", text="The figures are ready.")
ELSEWHERE = "/home/ada/letters.ipynb (process 42 on box)"
DOUBT = k.QuestionAsked("doubt-call_2-1", "What became of it?", ("it ran", "run it", "skip"), "call_2", doubt=True)


def letter(one: ToolCall) -> k.CallProposed:
    """The proposal of a call that acts outside."""
    return proposed(one, risk="high", effect="external", purpose="Tell them", effect_text="Sends a letter")


def answered(*calls: ToolCall, text: str = "") -> k.ModelAnswered:
    """A reply of the model."""
    message = Message("assistant", (), calls) if calls else Message.of("assistant", text)
    return k.ModelAnswered("script", message, Usage(100, 10, 0.0), "stop", 0.1)


def lost() -> list[k.Event]:
    """To where its kernel died, in the midst of a letter."""
    return [
        k.RunStarted("Tell Anna and Bert that the figures are ready", "script"),
        k.ModelAsked("script", 1),
        answered(PUT, SEND),
        proposed(PUT, effect="idempotent", purpose="Put the figures"),
        k.CallBegun("call_1", hash_of(PUT)),
        k.CallRetried("call_1", 1, "The server is busy.", "503", until=1_795_190_405.0),
        k.CallBegun("call_1", hash_of(PUT), 2),
        k.CallFinished("call_1", (), 0.3),
        letter(SEND),
        k.GateOpened("call_2", hash_of(SEND)),
        k.GateAnswered("call_2", hash_of(SEND), "approve", "panel"),
        k.CallBegun("call_2", hash_of(SEND)),
    ]


def doubted() -> list[k.Event]:
    """Taken up by another kernel, to where it asks what became of the letter."""
    gone = k.Gone("model", "it was larger than what is kept", "call_0")
    return [
        k.LeaseTaken(2, ELSEWHERE, "/home/ada/letters.ipynb (process 7 on box)", forced=True),
        k.RunResumed(ELSEWHERE, fresh=True),
        k.CallDoubtful("call_2", "the run was interrupted while send_letter was running"),
        k.NamespaceRestored(("figures",), ("total",), (gone,)),
        DOUBT,
    ]


def settled() -> list[k.Event]:
    """Settled from a terminal, spoken to, and parked at the next letter."""
    return [
        k.SignalReceived("s1", "settle", "cli:ada"),
        k.QuestionAnswered(DOUBT.id, "it ran", "signal:cli:ada"),
        k.CallSettled("call_2", "ran", "signal:cli:ada"),
        k.SignalReceived("s2", "tell", "panel", text="Bert too, please."),
        k.SignalReceived("s3", "approve", "cli:ada", used=False),
        k.ModelAsked("script", 2),
        answered(AGAIN),
        k.SignalReceived("s4", "pause", "cli:ada"),
        k.SignalReceived("s5", "go", "cell"),
        letter(AGAIN),
        k.GateOpened("call_3", hash_of(AGAIN)),
        k.RunParked("gate", "call_3"),
    ]


def finished() -> list[k.Event]:
    """Woken by a yes, to the end."""
    return [
        k.LeaseTaken(3, ELSEWHERE),
        k.RunResumed(ELSEWHERE, fresh=False),
        k.SignalReceived("s6", "approve", "cli:ada"),
        k.GateAnswered("call_3", hash_of(AGAIN), "approve", "signal:cli:ada"),
        k.CallBegun("call_3", hash_of(AGAIN)),
        k.CallFinished("call_3", (), 0.2),
        k.ModelAsked("script", 3),
        answered(text="Both letters are out."),
        k.RunEnded("done"),
    ]
