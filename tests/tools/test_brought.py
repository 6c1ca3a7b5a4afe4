"""The tools that a run brings itself: functions of the notebook, and the one that gives its value."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb.errors import AnswerInvalid, MentionFailed
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.tools.answering import ANSWER
from aether_nb.tools.brought import bind, brought, given, lent
from aether_nb.tools.function import tool


def clean(text: str, times: int = 1) -> str:
    """Clean a text.

    Args:
        text: What is cleaned.
    """
    return text.strip() * times


def started(**more: Any) -> k.RunStarted:
    """The beginning of a run that lends ``clean``."""
    return k.RunStarted("q", "m", mentions=(k.Mention("&`clean`", "function", "clean"),), **more)


def ended(answer: str, *events: k.Event, model: str = "m", **more: Any) -> Any:
    """A run that has answered."""
    said = k.ModelAnswered(model, Message.of("assistant", answer), Usage(), "stop", 0.1)
    asked = (k.ContextComposed(()), *events, k.ModelAsked(model, 1), said, k.RunEnded("done"))
    begun = k.RunStarted("q", model, **more)
    return fold(k.Entry("r", n, float(n), event) for n, event in enumerate((begun, *asked), 1))


def test_a_function_is_lent_with_its_signature_and_asked_about():
    """Its schema is that of its signature and docstring; nobody has said what it does."""
    tools = brought(started(), {"clean": clean})
    assert list(tools) == ["clean"]
    spec = tools["clean"].spec
    assert spec.description == "Clean a text."
    assert spec.parameters["properties"]["text"]["description"] == "What is cleaned."
    found = tools["clean"].assess({"text": "a"}, None)  # type: ignore[arg-type]
    assert (found.risk, found.effect) == ("medium", "external")
    assert "nobody has said" in found.reasons[0]


def test_a_decorated_function_is_what_it_says():
    """@tool has said how risky it is; that counts."""
    mine = tool(risk="low", effect="pure")(clean)
    assert lent("clean", mine) is mine


@pytest.mark.parametrize(
    ("name", "function", "what"),
    [
        ("run_python", clean, "run_python is the name of a built-in tool."),
        ("f", lambda *rest: rest, "&`f` cannot become a tool."),
        ("iter", iter, "&`iter` cannot become a tool."),
    ],
)
def test_what_cannot_be_lent_refuses(name, function, what):
    """A name that is taken, a signature that no model can fill in: said before the run."""
    with pytest.raises(MentionFailed) as caught:
        lent(name, function)
    assert caught.value.what == what


def test_what_is_gone_is_missing_and_a_value_brings_its_tool():
    """In a kernel that has no such function there is no such tool; a wanted value brings answer_with."""
    assert brought(started(), {}) == {}
    assert list(brought(started(bind="it", wanted="float"), {})) == [ANSWER]


def test_whether_a_run_has_its_value():
    """Without a wish words are enough; with one, the tool or a short plain answer."""
    assert given(ended("words"), "words")
    assert given(ended("5", bind="it", wanted="float"), "5")
    assert not given(ended("words", bind="it", wanted="float"), "words")
    assert not given(ended("words", bind="it", wanted="Gone"), "words")
    call = k.CallProposed(ToolCall("c", ANSWER, {"expression": "1.0"}), "h", "low", "namespace")
    reply = k.ModelAnswered("m", Message("assistant", (), (call.call,)), Usage(), "tool_calls", 0.1)
    done = (k.ModelAsked("m", 1), reply, call, k.CallBegun("c", "h"), k.CallFinished("c", (Text("ok"),), 0.1))
    state = ended("words", *done, bind="it", wanted="float")
    assert given(state, "words")
    space = {"it": 1.0}
    bind(space, state)
    assert space == {"it": 1.0}


def test_an_answer_is_bound_to_the_name_that_was_said():
    """-o alone takes the text; a replay may name another variable; nothing said, nothing bound."""
    space: dict[str, Any] = {}
    bind(space, ended("words", bind="it"))
    bind(space, ended("words", bind="it", wanted="float"), "other")
    bind(space, ended("words"))
    bind(space, ended("7", bind="n", wanted="int"))
    assert space == {"it": "words", "other": "words", "n": 7}


@pytest.mark.parametrize(("model", "answer"), [("m", "about seven"), ("aether:analyst", "7")])
def test_without_a_value_the_variable_stays(model, answer):
    """A clear error, and no silent None; what the analyst only says is never a value."""
    space = {"n": "before"}
    with pytest.raises(AnswerInvalid) as caught:
        bind(space, ended(answer, bind="n", wanted="int", model=model))
    assert caught.value.answer == answer and "n is as it was" in caught.value.what
    assert space == {"n": "before"}
