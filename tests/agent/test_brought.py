"""What a question brings into its run: what it mentions, and the value that it wants."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

from aether_nb.agent.asking import Asking
from aether_nb.agent.calling import CallContext, Host
from aether_nb.agent.context import compose
from aether_nb.agent.run import Run
from aether_nb.events.messages import Text
from aether_nb.store.memory import MemoryLog
from harness.agent import here


def test_what_is_mentioned_stands_between_the_question_and_the_variables():
    """The question stays one part of text; values are parts of their own, the summary is the last."""
    value = Text("{x} was: 3", "rows", ("df.x",))
    told = (Text("s", "schema"),)
    user = compose("Is {x} much?", told, mode="ask", workspace=Path("/w"), prior=(), mentioned=(value,))[-1]
    assert user.parts == (Text("Is {x} much?"), value, Text("\n\n", "schema"), *told)


def test_a_wanted_value_is_a_rule_of_the_run():
    """The model is told the type and the variable, and by which tool; nothing is said where words are wanted."""
    told = [Text("s", "schema")]
    rules = compose("q", told, mode="ask", workspace=Path("/w"), prior=(), wanted="float", bind="it")[0].text
    assert "type float in the variable it" in rules and "answer_with" in rules
    assert "answer_with" not in compose("q", told, mode="ask", workspace=Path("/w"), prior=())[0].text


def test_a_tool_is_told_which_notebook_it_serves():
    """Its file, when it is known: what a tool reads of the notebook, or proposes for it, is about that one."""
    log = MemoryLog()
    for notebook in (Path("/w/a.ipynb"), None):
        host = Host(SimpleNamespace(user_ns={}), Path("/w"), here, notebook=notebook)
        context = CallContext("c1", host, Run(log), Asking(()), asyncio.Lock())
        assert context.notebook == notebook


def test_a_tool_is_told_who_finds_what_is_kept():
    """Nobody, where nothing is kept; else whoever the cell hands in."""
    finder = object()
    for knowledge in (finder, None):
        host = Host(None, Path("/w"), here, knowledge=knowledge)
        assert CallContext("c1", host, Run(MemoryLog()), Asking(()), asyncio.Lock()).knowledge is knowledge
