"""A profile of a whole frame comes from the tool that makes one, and its text is read without trusting it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from aether_nb.live.profiling import profile
from aether_nb.live.summary import summarize
from aether_nb.models.analyst.desk import Desk, NotDone
from aether_nb.models.analyst.namespace import Namespace, parse_summary
from aether_nb.models.analyst.profiled import TOOL, profile_by_tool, told_by_tool
from aether_nb.models.analyst.question import Plot, Question
from aether_nb.models.analyst.script import Outcome
from harness.analyst import summary_text


def asked(frame: pd.DataFrame) -> Question:
    """A profile of ``df`` is asked for."""
    return Question(parse_summary(summary_text({"df": frame})).frames[0], "profile")


def answered(frame: pd.DataFrame, outcome: Outcome | None = None) -> str:
    """The answer when the tool brings that; what it really brings when nothing is said."""
    question = asked(frame)
    script = profile_by_tool(question, Desk(Namespace((question.frame,), frozenset({"df"}))))
    action: Any = next(script)
    assert (action.tool, action.arguments) == (TOOL, {"name": "df"})
    text = "".join(part.text for part in profile("df", frame).parts if hasattr(part, "text"))
    with pytest.raises(StopIteration) as end:
        script.send(outcome or Outcome(text))
    return str(end.value.value)


FRAME = pd.DataFrame(
    {
        "price": [1.0, 2.0, 3.0, 10.0, None, 2.0],
        "name: of, it": ["a|b", "x", "x", "y", "z", "x"],
        "when": pd.to_datetime(["2020-01-01", "2020-02-01", None, "2020-03-01", "2020-04-01", "2020-02-01"]),
    }
)


def test_each_column_has_its_figures() -> None:
    """Its type, what is missing, how many values, mean, smallest, middle and largest; what it has not is not said."""
    lines = answered(FRAME).split("\n")
    assert lines[0] == "`df` has **6 rows** and **3 columns**."
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")][2:]
    assert cells[0] == ["price", "float64", "16.7%", "4", "3.600", "1", "2", "10", "2.0 (40.0%)"]
    assert cells[1][:4] == ["name: of, it", "str" if cells[1][1] == "str" else "object", "0%", "4"]
    assert cells[2][0] == "when" and cells[2][2] == "16.7%"
    assert "Repeated rows: 1." in lines


def test_columns_that_go_together_are_told() -> None:
    """The strongest first, and no more than three."""
    numbers = pd.DataFrame({name: [float(n * k % 7) for n in range(30)] for k, name in enumerate("abcd", 1)})
    told = answered(numbers.assign(twice=numbers["a"] * 2))
    assert "Strongest correlations: a and twice 1.00," in told
    assert told.split("Strongest correlations: ")[1].count(" and ") == 4


def test_a_big_frame_is_read_in_part_and_a_wide_one_by_name() -> None:
    """The answer says so."""
    big = answered(pd.DataFrame({"x": range(200_000)}))
    assert big.startswith("`df` has **200,000 rows** and **1 columns**. The figures come from ")
    assert "spread evenly." in big.split("\n")[0]
    wide = answered(pd.DataFrame({f"c{n}": [n] for n in range(500)}))
    assert "**500 columns**" in wide and "of 500 rows)" in wide


def test_without_figures_there_are_none() -> None:
    """Where only names may be shown, or nothing could be read, nothing is made up."""
    bare = answered(FRAME, Outcome("profile of df: pandas.DataFrame, 6 rows × 1 column\n- price: float64"))
    assert "| price | float64 | – | – | – | – | – | – | – |" in bare
    empty = answered(FRAME, Outcome("profile of df: pandas.DataFrame, 0 rows × 0 columns"))
    assert empty == "`df` has **0 rows** and **0 columns**."


@pytest.mark.parametrize(
    "outcome", [Outcome("denied by panel", "denied"), Outcome("error: no", "failed"), Outcome("?")]
)
def test_what_was_not_done_is_said(outcome: Outcome) -> None:
    """Denied, failed, or answered with something else."""
    question = asked(FRAME)
    script = profile_by_tool(question, Desk(Namespace((question.frame,), frozenset({"df"}))))
    next(script)
    with pytest.raises(NotDone, match="Profile df: not done"):
        script.send(outcome)


def test_the_tool_is_asked_only_for_what_it_can_tell() -> None:
    """Not of chosen columns, nor for a table that is drawn or written, nor where it is not offered."""
    question = asked(FRAME)
    names = Namespace((question.frame,), frozenset({"df"}))
    assert told_by_tool(question, Desk(names, frozenset({TOOL})))
    assert not told_by_tool(question, Desk(names))
    other = question.copy()
    other.columns = [*question.frame.columns[:1]]
    drawn, written = question.copy(), question.copy()
    drawn.plot, written.path = Plot("bar"), "out.csv"
    assert not any(told_by_tool(one, Desk(names, frozenset({TOOL}))) for one in (other, drawn, written))


def test_a_column_of_several_levels_is_its_key_in_code() -> None:
    """A key that is written as a tuple is one, whatever stands in it; what is none stays text."""
    keys = [("a: b", "c"), ("it's", 'q"'), ("x): int64, 5 distinct: 1", 7), ("a, b", "(c)")]
    frame = pd.DataFrame([[0] * 4], columns=pd.MultiIndex.from_tuples(keys), index=pd.to_datetime(["2020-01-01"]))
    found = parse_summary(summarize({"df": frame}).text).frames[0].columns
    assert [(repr(column.name), column.dtype) for column in found[1:]] == [(repr(key), "int64") for key in keys]
    assert found[0].index
    said = "- df: pandas.DataFrame, 1 row × 3 columns\n  - … 3 more columns (names only): ('a, b', 1), \"c, d\", (e), 5"
    names = [column.name for column in parse_summary(said).frames[0].columns]
    assert [repr(name) for name in names] == ["('a, b', 1)", "'c, d'", "'(e)'", "5"]
