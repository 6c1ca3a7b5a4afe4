"""What a question brings into its run: what it mentions, and the value that it wants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aether_nb.agent.context import compose
from aether_nb.agent.sealing import begun_here, sealed_start
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text
from aether_nb.store.seal import Sealer


def test_what_is_mentioned_stands_between_the_question_and_the_variables():
    """The question stays one part of text; values are parts of their own, the summary is the last."""
    value = Text("{x} was: 3", "rows", ("df.x",))
    user = compose("Is {x} much?", "s", (), mode="ask", workspace=Path("/w"), prior=(), mentioned=(value,))[-1]
    assert user.parts == (Text("Is {x} much?"), value, Text("\n\ns", "schema"))


def test_a_wanted_value_is_a_rule_of_the_run():
    """The model is told the type and the variable, and by which tool; nothing is said where words are wanted."""
    rules = compose("q", "s", (), mode="ask", workspace=Path("/w"), prior=(), wanted="float", bind="it")[0].text
    assert "type float in the variable it" in rules and "answer_with" in rules
    assert "answer_with" not in compose("q", "s", (), mode="ask", workspace=Path("/w"), prior=())[0].text


@pytest.mark.parametrize(
    "change",
    [{"wanted": "int"}, {"bind": "other"}, {"mentions": (k.Mention("&`g`", "function", "g"),)}, {"mentions": ()}],
)
def test_the_seal_holds_what_a_question_brings(tmp_path, change):
    """A type, a variable or a function that somebody else wrote into the record is not this user's word."""
    sealer = Sealer(tmp_path)
    mine = k.RunStarted("q", "m", mentions=(k.Mention("&`f`", "function", "f"),), bind="it", wanted="float")
    started = sealed_start("r", mine, sealer)
    assert begun_here([k.Entry("r", 1, 0.0, started)], sealer)
    assert not begun_here([k.Entry("r", 1, 0.0, replace(started, **change))], sealer)
