"""A run that leaves evidence of every kind: a plan, calls that were approved and refused, variables, a price."""

from __future__ import annotations

from dataclasses import replace

from aether_nb import tool
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, Usage
from aether_nb.models.scripted import Say
from aether_nb.tools.base import Result
from harness.agent import NO, YES, Script, Stage, call, look, send, stage


@tool(risk="low", effect="namespace", where="loop")
async def make() -> Result:
    """Make a table."""
    made = k.Kept("t", "DataFrame", "sha256:1")
    read = k.Kept("df", "DataFrame", "sha256:0", cell="In[1]")
    changed = k.NamespaceChanged("c2", (k.Change("t", "added", "DataFrame"),))
    return Result((Text("made"),), events=(changed, k.NamespaceKept("c2", (made,), (read,))))


def play() -> Stage:
    """A run with a plan, calls that were approved and refused, and an answer that cost money."""
    items = [{"title": "Look", "tool": "look"}, {"title": "Make", "tool": "make"}, {"title": "Tell"}]
    plan, first = call("plan", items=items), call("look", id="c1")
    replies = [
        Say(calls=[plan, first], usage=Usage(10, 5, 0.25)),
        call("make", id="c2"),
        [call("send", id="c3", to="a"), call("send", id="c4", to="b")],
        "The answer.",
    ]
    person = Script([replace(YES, lasts="run"), NO])
    this = stage(replies, tools=[look, make, send], person=person)
    this.drive()
    return this
