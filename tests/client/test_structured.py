"""Answers as values: what is asked for, what is accepted, one repair, and a precise refusal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal

import pandas as pd
import pytest
from pydantic import BaseModel, Field

from aether_nb.client.structured import Unfit, shape
from aether_nb.errors import AnswerInvalid, OptionError
from aether_nb.events.messages import Usage
from aether_nb.models.scripted import Say
from harness.client import ADD, add, scripted


class City(BaseModel):
    """A city."""

    name: str
    people: int = Field(ge=0)


@dataclass
class Trip:
    """A trip."""

    to: City
    on: date


class Size(Enum):
    """A size."""

    SMALL = "s"
    LARGE = "l"


@pytest.mark.parametrize(
    ("wanted", "answer", "value"),
    [
        (int, "7", 7),
        (int, '{"value": 7}', 7),
        (float, '```json\n{"value": 2.5}\n```', 2.5),
        (bool, 'It is {"value": true}, I am sure.', True),
        (str, "just words", "just words"),
        (dict, '{"a": 1}', {"a": 1}),
        (dict, '{"value": 1}', {"value": 1}),
        (dict[str, int], '{"a": 1, "b": 2}', {"a": 1, "b": 2}),
        (list[int], "[1, 2]", [1, 2]),
        (list[City], '{"value": [{"name": "Kiel", "people": 1}]}', [City(name="Kiel", people=1)]),
        (Literal["yes", "no"], "yes", "yes"),
        (Literal["yes", "no"], '{"value": "no"}', "no"),
        (Size, '{"value": "l"}', Size.LARGE),
        (City, 'Here:\n```\n{"name": "Kiel", "people": 3}\n```', City(name="Kiel", people=3)),
        (
            Trip,
            '{"to": {"name": "Kiel", "people": 3}, "on": "2026-11-20"}',
            Trip(City(name="Kiel", people=3), date(2026, 11, 20)),
        ),
        (int | None, '{"value": null}', None),
        (Any, '{"value": [1]}', [1]),
    ],
)
async def test_an_answer_becomes_a_value(wanted, answer, value):
    """Whole, in a fence, among words, wrapped or bare: the value is of the type that was asked for."""
    ai, _ = scripted(answer)
    assert await ai.ask("x", as_=wanted) == value


async def test_records_become_a_frame():
    """A DataFrame is asked for as a list of records."""
    ai, _ = scripted('{"value": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}')
    frame = await ai.ask("x", as_=pd.DataFrame)
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))


async def test_the_schema_is_sent_and_said():
    """It goes into the options, for providers that enforce it, and into the words, for all others."""
    ai, model = scripted('{"name": "Kiel", "people": 1}', '{"value": 3}')
    await ai.ask("Which?", as_=City)
    await ai.ask("How many?", as_=int)
    first, second = model.requests
    assert first.options.schema == City.model_json_schema()
    wrapped = {"type": "object", "properties": {"value": {"type": "integer"}}, "required": ["value"]}
    assert second.options.schema == wrapped
    assert second.messages[-1].text.startswith("How many?\n\nAnswer with one JSON object and nothing else")


def test_definitions_stay_where_references_find_them():
    """A wrapped schema keeps its definitions at its root."""
    schema = shape(list[City]).schema
    assert (schema["properties"]["value"]["items"], list(schema["$defs"])) == ({"$ref": "#/$defs/City"}, ["City"])


async def test_one_repair_with_the_precise_reason():
    """The model is told exactly what is wrong; tools, usage and the conversation are those of the whole."""
    ai, model = scripted(
        ADD,
        Say('{"name": "Kiel", "people": -1}', usage=Usage(1, 1, 0.5)),
        Say('{"name": "Kiel", "people": 1}', usage=Usage(1, 1, 0.5)),
        tools=[add],
    )
    assert await ai.ask("Which?", as_=City) == City(name="Kiel", people=1)
    told = model.requests[2].messages[-1].text
    assert told.startswith("Your answer cannot be used: people: Input should be greater than or equal to 0\n\n")
    repair = model.requests[2]
    assert (len(repair.messages), repair.tools, repair.options.tool_choice) == (5, model.requests[0].tools, "none")
    assert (ai.usage.requests, ai.usage.cost) == (3, 1.0)


async def test_after_one_repair_it_is_an_error_that_has_the_answer():
    """No second repair; the error says what is wrong and keeps what came."""
    ai, model = scripted("maybe\nseven", "seven")
    with pytest.raises(AnswerInvalid) as caught:
        await ai.ask("How many?", as_=int)
    error = caught.value
    assert (error.what, error.answer, len(model.requests)) == (
        "The answer of aether:scripted is no int, also after one repair.",
        "seven",
        2,
    )
    assert error.why.startswith("value: Input should be a valid integer")


@pytest.mark.parametrize(
    ("wanted", "answer", "reason"),
    [
        (City, "no idea", "There is no JSON in the answer."),
        (City, "", "The answer is empty."),
        (City, '{"name": "Kiel"}', "people: Field required"),
        (City, "[1]", "value: Input should be an object"),
        (list[int], '{"value": [1, "x"]}', "1: Input should be a valid integer, unable to parse string as an integer"),
        (Literal["yes", "no"], '"perhaps"', "value: Input should be 'yes' or 'no'"),
        (dict, '{"a": 1', "There is no JSON in the answer."),
        (int, "[" * 100_000, None),
    ],
)
def test_the_reason_is_exact(wanted, answer, reason):
    """Where in the value, and what was expected; never the whole answer back."""
    with pytest.raises(Unfit) as caught:
        shape(wanted).read(answer)
    assert reason is None or str(caught.value) == reason


def test_many_faults_are_not_all_told():
    """The first five, and how many more."""
    with pytest.raises(Unfit) as caught:
        shape(list[int]).read('["a", "b", "c", "d", "e", "f", "g"]')
    assert str(caught.value).endswith("; and 2 more")


@pytest.mark.parametrize("wrong", [threading.Lock, Callable[[], int]])
async def test_what_json_cannot_carry_is_refused_at_once(wrong):
    """Before anybody is asked."""
    ai, model = scripted("x")
    with pytest.raises(OptionError):
        await ai.ask("x", as_=wrong)
    assert model.requests == []
