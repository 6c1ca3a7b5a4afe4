"""A function under @tool: its schema, its checks, where it runs, and what its results become."""

from __future__ import annotations

import asyncio
import threading
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from aether_nb import RepairableToolError, tool
from aether_nb.errors import OptionError
from aether_nb.events.messages import Text
from aether_nb.tools.base import Assessment, Context, Result, Tool
from aether_nb.tools.function import LONGEST, FunctionTool, declare
from harness.tools import ToolContext


class Colour(Enum):
    """A colour."""

    RED = "red"


class Point(BaseModel):
    """A point."""

    x: int
    y: int = 0


@tool(risk="low", effect="pure")
def vat(net: float, rate: Annotated[float, Field(ge=0)] = 0.19, kind: Literal["a", "b"] = "a") -> float:
    """Add the tax to a price.

    Works for any currency.

    Args:
        net: Price without tax.
        rate: The rate,
            as a fraction.
    """
    return round(net * (1 + rate), 2)


def run(tool: FunctionTool, context: Any = None, **arguments: Any) -> Result:
    """Check the arguments and run the tool, as a run does."""
    return asyncio.run(tool.run(tool.check(arguments), context or ToolContext()))


def test_the_schema_comes_from_signature_and_docstring() -> None:
    """Name, description, types, defaults and parameter docs are what the function says."""
    assert isinstance(vat, Tool)
    assert (vat.spec.name, vat.spec.description) == ("vat", "Add the tax to a price.\nWorks for any currency.")
    assert vat.spec.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["net"],
        "properties": {
            "net": {"type": "number", "description": "Price without tax."},
            "rate": {"type": "number", "minimum": 0, "default": 0.19, "description": "The rate, as a fraction."},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
        },
    }


@pytest.mark.parametrize(
    "doc",
    [
        "Do it.\n\nArgs:\n    n: How many.",
        "Do it.\n\nParameters\n----------\nn : int\n    How many.",
        "Do it.\n\n:param n: How many.",
    ],
)
def test_three_styles_of_docstring_are_read(doc: str) -> None:
    """Google, NumPy and reST docstrings all describe their parameters."""

    def work(n: int) -> int:
        return n

    work.__doc__ = doc
    made = tool(work)
    assert made.spec.parameters["properties"]["n"] == {"type": "integer", "description": "How many."}
    assert made.spec.description == "Do it."


def test_a_tool_still_is_its_function() -> None:
    """Calling a decorated function calls the function."""
    assert vat(100) == 119.0


def test_what_says_nothing_of_its_risk_is_high_and_external() -> None:
    """An undeclared tool is asked about every time."""

    @tool
    def unknown() -> str:
        """Do something."""
        return ""

    assert unknown.assess({}, ToolContext()) == Assessment(
        "high", "external", ("nobody has declared how risky the tool is",), "Do something"
    )


def test_arguments_arrive_as_the_declared_types() -> None:
    """Models, enums and lists are rebuilt from JSON before the function sees them."""

    @tool(risk="low", effect="pure")
    def draw(points: list[Point], colour: Colour = Colour.RED) -> str:
        """Draw."""
        return f"{points!r} {colour!r}"

    told = run(draw, points=[{"x": 1}]).parts
    assert told == (Text("[Point(x=1, y=0)] <Colour.RED: 'red'>"),)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "net: Field required"),
        ({"net": "many"}, "net: Input should be a valid number"),
        ({"net": 1, "rate": -1}, "rate: Input should be greater than or equal to 0"),
        ({"net": 1, "colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_wrong_arguments_are_refused_with_what_is_wrong(arguments: dict[str, Any], problem: str) -> None:
    """A missing, mistyped or unknown argument is named, with those the tool takes."""
    with pytest.raises(RepairableToolError) as caught:
        vat.check(arguments)
    assert caught.value.what == "vat cannot be called like this."
    assert problem in caught.value.why
    assert caught.value.hint == "It takes: kind, net, rate."


def test_the_context_is_filled_in_and_hidden_from_the_model() -> None:
    """A parameter annotated Context is the house's, not the model's."""

    @tool(risk="low", effect="pure")
    def where(context: Context) -> str:
        """Say where."""
        return context.call_id

    assert where.spec.parameters["properties"] == {}
    assert run(where).parts == (Text("c1"),)


def test_tools_run_where_they_belong() -> None:
    """A thread tool runs on another thread, an async one on the loop, a plain one through the main thread."""
    places = []

    @tool(risk="low", effect="pure", where="thread")
    def apart() -> str:
        """Run apart."""
        places.append(threading.current_thread() is threading.main_thread())
        return ""

    @tool(risk="low", effect="pure")
    async def looped() -> str:
        """Run on the loop."""
        places.append(asyncio.get_running_loop().is_running())
        return ""

    class Main(ToolContext):
        async def main(self, function: Any) -> Any:
            places.append("main")
            return await super().main(function)

    run(apart)
    run(looped)
    run(vat, Main(), net=1)
    assert places == [False, True, "main"]
    assert (apart.where, looped.where, vat.where) == ("thread", "loop", "main")


def test_results_that_are_no_text_become_text() -> None:
    """A number is printed as Python would; a Result passes as it is."""
    assert run(vat, net=100).parts == (Text("119.0"),)


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: tool(risk="tiny")(len), "@tool does not know 'tiny'."),  # type: ignore[arg-type]
        (lambda: tool(effect="odd")(len), "@tool does not know 'odd'."),  # type: ignore[arg-type]
        (lambda: tool(where="nowhere")(len), "@tool does not know 'nowhere'."),  # type: ignore[arg-type]
        (lambda: tool(lambda _x: None), "The tool <lambda> has a parameter '_x'."),
        (lambda: tool(lambda *args: None), "The tool <lambda> takes *args, which no model can fill in."),
    ],
)
def test_what_cannot_be_a_tool_is_refused_when_it_is_made(build: Any, what: str) -> None:
    """A wrong word, or a parameter that no model can fill in, is an error at once."""
    with pytest.raises(OptionError) as caught:
        build()
    assert caught.value.what == what


def test_a_parameter_may_have_any_name() -> None:
    """A parameter called copy or schema is a parameter like any other, and nobody is warned."""

    @tool(risk="low", effect="pure")
    def put(copy: bool, schema: str = "s") -> str:
        """Put."""
        return f"{copy} {schema}"

    assert run(put, copy=True).parts == (Text("True s"),)


@pytest.mark.parametrize("whole", [True, False])
def test_a_result_that_is_too_long_is_told_in_part(whole: bool) -> None:
    """Its beginning, its end and how much is left out: all of it would be sent again with each request."""

    def long() -> object:
        """Give much."""
        text = "a" * LONGEST + "-" * 1_234_567 + "z" * LONGEST
        return text if whole else Result.of(text)

    half = LONGEST // 2
    (part,) = run(declare()(long)).parts
    assert part == Text(
        "a" * half + "\n… 1,334,567 characters left out …\n" + "z" * half,
    )


def test_a_result_that_is_just_short_enough_is_told_as_it_is() -> None:
    """Nothing is left out of it."""

    def long() -> str:
        """Give much."""
        return "a" * LONGEST

    assert run(declare()(long)) == Result.of("a" * LONGEST)
