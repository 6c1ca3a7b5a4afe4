"""The tools that look at variables: what they are given, what they refuse, and how their results are labelled."""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import polars as pl
import pytest

from aether_nb import RepairableToolError
from aether_nb.agent.egress import Rules, cut
from aether_nb.events.messages import Text
from aether_nb.tools.base import Result
from aether_nb.tools.builtin import BUILT_IN
from aether_nb.tools.variables import inspect_variable, list_variables, profile_table
from harness.tools import ToolContext


@pytest.fixture
def context() -> ToolContext:
    frame = pd.DataFrame({"city": ["Rome", "Oslo"], "sales": [10.5, 5.0]})
    return ToolContext(namespace={"df": frame, "config": {"frames": {"shops": frame}}})


def use(tool: Any, context: ToolContext, **arguments: Any) -> Result:
    """Use a tool as a run does."""
    result: Result = asyncio.run(tool.run(tool.check(arguments), context))
    return result


def text_of(result: Result) -> str:
    """All the text of a result."""
    return "".join(part.text for part in result.parts if isinstance(part, Text))


def test_the_variables_are_listed_in_parts_by_what_they_show(context: ToolContext) -> None:
    """Every variable of the user's is named, and each part says what it shows and of which column."""
    listed = use(list_variables, context)
    assert text_of(listed).startswith("variables (2):\n- df: pandas.DataFrame, 2 rows × 2 columns")
    assert {part.data for part in listed.parts} == {"schema", "statistics", "rows"}
    columns = {column for part in listed.parts if part.data != "schema" for column in part.columns}
    assert columns == {"df.city", "df.sales", "config", "config.frames", "config.shops"}


def test_a_variable_or_a_place_in_one_is_described(context: ToolContext) -> None:
    """A name is described in full, and so is what attributes and items lead to."""
    assert "- city: str, 2 distinct: 'Oslo', 'Rome'" in text_of(use(inspect_variable, context, name="df"))
    inside = text_of(use(inspect_variable, context, name="config['frames']['shops'].sales"))
    assert inside.startswith("variables (1):\n- \"config['frames']['shops'].sales\": pandas.Series, 2 values")


@pytest.mark.parametrize("tool", [inspect_variable, profile_table])
@pytest.mark.parametrize(
    ("place", "column"),
    [
        ("df['city']", "df.city"),
        ("df['city'][0]", "df.city"),
        ("df.city[0]", "df.city"),
        ("config['frames']['shops']['city'][1]", "config.city"),
        ("df.T", "*"),
        ("df.T[0]", "*"),
    ],
)
def test_what_shows_values_of_a_place_says_of_which_column(
    context: ToolContext, tool: Any, place: str, column: str
) -> None:
    """However a column is reached, its values are known for its own: a rule that hides it holds."""
    told = use(tool, context, name=place)
    shows = [part for part in told.parts if part.data in ("statistics", "rows")]
    assert shows
    assert all(column in part.columns for part in shows)
    assert not any("Rome" in part.text or "Oslo" in part.text for part in cut(told.parts, Rules(hide=("city",))))


@pytest.mark.parametrize("tool", [inspect_variable, profile_table])
def test_a_slip_suggests_the_nearest_name(context: ToolContext, tool: Any) -> None:
    """What is not there is said, with what may have been meant."""
    with pytest.raises(RepairableToolError) as caught:
        use(tool, context, name="dff")
    assert (caught.value.what, caught.value.hint) == ("There is no variable 'dff'.", "Did you mean df?")


def test_a_table_is_profiled_or_it_is_said_why_not(context: ToolContext) -> None:
    """A frame has figures; a query is told without being computed, and so is what to do about it."""
    found = text_of(use(profile_table, context, name="df", columns=["sales"]))
    assert found.startswith("profile of df: pandas.DataFrame, 2 rows × 2 columns\n- sales: float64, 2 distinct, ")
    assert "city" not in found
    context.namespace["query"] = pl.DataFrame({"a": [1]}).lazy().map_batches(lambda _: 1 / 0)
    assert "it was not computed and has no profile" in text_of(use(profile_table, context, name="query"))


def test_they_only_read_and_need_no_approval(context: ToolContext) -> None:
    """All three are low risk and leave nothing behind, and a model is offered them."""
    for tool in (list_variables, inspect_variable, profile_table):
        assert (tool.risk, tool.effect, tool.reads) == ("low", "pure", True)
        assert tool in BUILT_IN
