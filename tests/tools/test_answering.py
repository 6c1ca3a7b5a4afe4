"""``answer_with``: an expression is evaluated like code, checked against the type, and bound, or told to the model."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import CallCoded, NamespaceChanged
from aether_nb.events.messages import Text
from aether_nb.tools.answering import answering
from aether_nb.tools.base import PartlyDone
from harness.tools import Shelled, assessed, use

ODD = """
class Odd(dict):
    @classmethod
    def __get_pydantic_core_schema__(cls, *rest):
        raise RuntimeError("odd")
"""


@pytest.fixture
def context(shell: InteractiveShell) -> Shelled:
    """A shell with a frame, and something under the name that is to be bound."""
    shell.reset(new_session=False)
    shell.user_ns.update(df=pd.DataFrame({"a": [1, 2]}), it="before")
    return Shelled(real=shell)


def test_a_value_is_bound_and_the_call_says_its_code(context: Shelled) -> None:
    """The change is an event, and so is the statement that does the same; the model reads the value."""
    result = use(answering("it", "float"), context, expression="df.a.sum() / 2")
    assert context.shell.user_ns["it"] == 1.5
    changed, coded = result.events
    assert isinstance(changed, NamespaceChanged) and changed.changes[0].name == "it"
    assert coded == CallCoded("c1", "it = float(df.a.sum() / 2)")
    assert [(part.data, part.text) for part in result.parts if isinstance(part, Text)] == [
        ("schema", "[bound] it: float\n"),
        ("output", "[value] 1.5"),
    ]


def test_a_value_over_several_lines_is_one_expression(context: Shelled) -> None:
    """Brackets are put around it, so that the statement is valid."""
    result = use(answering("it", "int"), context, expression="1 +\n2")
    assert result.events[-1] == CallCoded("c1", "it = (1 +\n2\n)")


def test_the_same_value_again_is_bound_again(context: Shelled) -> None:
    """A variable that holds it already is told as changed all the same: it has been given."""
    context.shell.user_ns["it"] = 7
    result = use(answering("it", "int"), context, expression="7")
    assert isinstance(result.events[0], NamespaceChanged)


@pytest.mark.parametrize(
    ("wanted", "expression", "why"),
    [
        ("int", "df", "That is no int: "),
        ("int", "None", "That is no int: it is None"),
        ("Gone", "1", "That is no Gone: --as Gone means nothing here."),
        ("int", "df.nope", "AttributeError: 'DataFrame' object has no attribute 'nope'"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_bound(
    context: Shelled, wanted: str, expression: str, why: str
) -> None:
    """The model may try another expression; the variable is as it was."""
    with pytest.raises(PartlyDone) as caught:
        use(answering("it", wanted), context, expression=expression)
    assert caught.value.what.startswith(why)
    assert context.shell.user_ns["it"] == "before"


def test_a_validator_that_fails_is_told(context: Shelled) -> None:
    """Whatever a class of the user's raises when it is made, the run goes on."""
    context.shell.run_cell(ODD)
    with pytest.raises(PartlyDone, match="That is no Odd"):
        use(answering("it", "Odd"), context, expression="{}")


@pytest.mark.parametrize("expression", ["x = 1", "import os", "", "1; 2", "a\0b"])
def test_statements_are_refused(context: Shelled, expression: str) -> None:
    """Only one expression is a value."""
    with pytest.raises(RepairableToolError, match="is no expression"):
        use(answering("it", "int"), context, expression=expression)


def test_it_is_judged_by_what_the_expression_does(context: Shelled) -> None:
    """Binding was asked for and needs no yes; an expression that acts outside does."""
    found = assessed(answering("it", "int"), context, expression="len(df)")
    assert (found.risk, found.effect) == ("low", "namespace")
    found = assessed(answering("it", "int"), context, expression="__import__('os').system('ls')")
    assert (found.risk, found.effect) == ("high", "external")
