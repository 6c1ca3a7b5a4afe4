"""Values instead of words: what the analyst gives, and how a language model is asked once more."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from aether_nb.events.messages import Message, Text, ToolCall, ToolSpec, Usage
from aether_nb.models.analyst import Analyst
from aether_nb.models.analyst.mentioned import read_in
from aether_nb.models.base import Delta, Reply, Request
from aether_nb.models.scripted import Say, ScriptedModel
from aether_nb.models.words.insisting import REMINDER, Insisting, insisting
from aether_nb.tools.answering import answering
from harness.analyst import TOOLS, run_code, summary_text

DF = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0], "year": [2020, 2021, 2022]})


async def given(question: str, wanted: str, namespace: dict[str, Any]) -> tuple[list[Any], str]:
    """What the analyst gives with answer_with, evaluated, and what it says in the end."""
    tools = (*(ToolSpec(name, name, {"type": "object"}) for name in TOOLS), answering("it", wanted).spec)
    user = Message("user", (Text(question), Text(summary_text(namespace), "rows")))
    messages, values = [user], []
    for _ in range(12):
        replies = [d.reply async for d in Analyst().stream(Request(tuple(messages), tools)) if d.reply]
        message = replies[0].message
        messages.append(message)
        if not message.calls:
            return values, message.text
        for call in message.calls:
            told = "ok"
            if call.name == "run_python":
                told = run_code(call.arguments["code"], namespace)
            elif call.name == "answer_with":
                values.append(eval(call.arguments["expression"], namespace))
                told = "[bound] it"
            messages.append(Message.of("tool", told, call_id=call.id))
    raise AssertionError("it does not end")


@pytest.mark.parametrize(
    ("question", "wanted", "value"),
    [
        ("What is the mean of sales?", "float", 15.0),
        ("total sales", "float", 45.0),
        ("How many rows does df have?", "int", 3),
        ("How many cities are there?", "int", 2),
        ("How many missing values are there?", "int", 0),
        ("median of sales for Rome", "float", 20.0),
        ("Which city has the most sales?", "str", "Rome"),
        ("Which city has the most sales?", "float", "Rome"),  # the headline; the tool says that it is no float
        ("What is the mean of sales by city?", "dict[str, float]", {"Oslo": 5.0, "Rome": 20.0}),
        ("list the cities", "list[str]", ["Rome", "Oslo"]),
    ],
)
async def test_the_analyst_gives_what_it_says(question: str, wanted: str, value: Any) -> None:
    """The expression is that of the headline, and gives the very value of the answer."""
    values, _ = await given(question, wanted, {"df": DF.copy(), "pd": pd})
    assert values and values[0] == value


async def test_a_table_is_given_as_it_was_shown() -> None:
    """--as DataFrame is the last result itself, a series made a frame; --as Series the other way."""
    namespace = {"df": DF.copy(), "pd": pd}
    frames, _ = await given("What is the mean of sales by city?", "DataFrame", namespace)
    assert list(frames[0].columns) == ["count", "mean"]
    frames, _ = await given("What is the mean of sales?", "DataFrame", namespace)
    assert isinstance(frames[0], pd.DataFrame)
    series, _ = await given("What is the mean of sales by city?", "Series", namespace)
    assert series[0].to_dict() == {"Oslo": 5.0, "Rome": 20.0}


async def test_without_a_value_the_analyst_says_so() -> None:
    """A question that it does not understand, or without any frame, gives nothing and says that."""
    values, text = await given("Who shot the sheriff?", "MyModel", {"df": DF.copy(), "pd": pd})
    assert not values or "I could not" in text
    values, text = await given("What is the mean of sales?", "float", {})
    assert values == [] and "I found no value of type `float`" in text


# ---- mentions, as the analyst reads them


def test_mentions_are_read_into_a_question() -> None:
    """A short value takes the place of what mentions it, a table goes by its name, a long text stays out."""
    said = " was, when this was asked:\n"
    parts = [Text(f"\n\n{typed}{said}{value}", "rows") for typed, value in (
        ("@df", "variables (1):\n- df"), ("{limit}", "8"), ("{frame}", "DataFrame, 1 row\na"), ("$`who`", "'Rome'"),
        ("{long}", "x" * 100), ("{a.b}", "1\n2"),
    )]  # fmt: skip
    asked = "rows of @df and {frame} with sales above {limit} for $`who` {long} {a.b}"
    assert read_in(asked, parts) == "rows of df and frame with sales above 8 for 'Rome' {long} {a.b}"


# ---- a language model


TOOL = (answering("it", "float").spec,)
ASKED = Request((Message.of("user", "How much?"),), TOOL)


async def replies(model: Any, request: Request = ASKED) -> list[Reply]:
    """The replies of a stream."""
    return [delta.reply async for delta in model.stream(request) if delta.reply]


async def test_a_model_is_reminded_once() -> None:
    """The second reply counts, with the cost of both; the first text stands in the request for it."""
    call = ToolCall("c", "answer_with", {"expression": "1.0"})
    inner = ScriptedModel([Say("About one.", usage=Usage(1, 2, 0.5)), Say(calls=call, usage=Usage(3, 4, 0.5))])
    (reply,) = await replies(Insisting(inner, lambda text: False))
    assert reply.message.calls[0].name == "answer_with"
    assert (reply.usage.tokens, reply.usage.cost, reply.repairs) == (10, 1.0, 1)
    assert [message.text for message in inner.requests[1].messages[-2:]] == ["About one.", REMINDER]


async def test_what_is_enough_is_left_alone() -> None:
    """Calls, an answer that will do, a refusal: nothing is asked again."""
    for line in ("42", ToolCall("c", "run_python", {"code": "1"})):
        inner = ScriptedModel([line])
        await replies(Insisting(inner, lambda text: text == "42"))
        assert len(inner.requests) == 1


async def test_a_model_that_insists_itself_has_the_last_word() -> None:
    """After the reminder its words are the answer; when it then says nothing, its first words stay."""
    (reply,) = await replies(Insisting(ScriptedModel(["About one.", "I cannot."]), lambda text: False))
    assert reply.message.text == "I cannot."
    (reply,) = await replies(Insisting(ScriptedModel(["About one.", ""]), lambda text: False))
    assert reply.message.text == "About one."


class Broken:
    """A model whose stream ends without a reply."""

    name = "broken"

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Nothing whole."""
        yield Delta(text="x")


async def test_a_stream_without_a_reply_stays_one() -> None:
    """What is not whole is not made whole."""
    assert await replies(Insisting(Broken(), lambda text: False)) == []


def test_only_a_run_that_wants_a_value_is_wrapped() -> None:
    """Where words are enough, and for the analyst, the model itself answers."""
    model = ScriptedModel([])
    assert insisting(lambda _: model, lambda text: True)(ASKED) is model
    assert isinstance(insisting(lambda _: model, lambda text: False)(ASKED), Insisting)
    assert not isinstance(insisting(lambda _: Analyst(), lambda text: False)(ASKED), Insisting)


def test_the_tool_says_type_and_variable() -> None:
    """What a model is told of the tool names both, and asks for an expression and no figures."""
    spec = answering("it", "list[str]").spec
    assert "of type list[str], for the variable it." in spec.description
    assert ast.literal_eval(str(list(spec.parameters["properties"]))) == ["expression"]
    assert replace(spec, name="x").parameters == spec.parameters
