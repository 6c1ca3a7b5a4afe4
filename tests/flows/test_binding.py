"""Values that are asked for, in whole cells of a real kernel: computed by tools, checked, bound, or plainly refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.kernel import Kernel, shown

LOAD = """
%load_ext aether_nb
import pandas as pd
from dataclasses import dataclass
from pydantic import BaseModel
df = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})
@dataclass
class Best:
    city: str
    sales: float
class Report(BaseModel):
    rows: int
    cities: list[str]
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script(*replies):
    global model
    model = ScriptedModel(replies, name="script")
    register("model", "script", lambda: model)
def code(text):
    return ToolCall("", "run_python", {"code": text})
def value(text):
    return ToolCall("", "answer_with", {"expression": text})
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests of this file that leave it as they found it."""
    with Kernel(Path(sys.executable), {}, tmp_path_factory.mktemp("work")) as kernel:
        assert kernel.run(LOAD).status == "ok"
        yield kernel


@pytest.fixture
def kernel(shared: Kernel) -> Kernel:
    """The shared kernel, with no memory of earlier questions, and nothing bound."""
    shared.run("%aether new")
    shared.run("it = 'as it was'")
    return shared


@pytest.mark.parametrize(
    ("wanted", "expression", "bound"),
    [
        ("float", "df.sales.sum()", "45.0 float"),
        ("int", "len(df)", "3 int"),
        ("str", "df.city[0]", "'Rome' str"),
        ("bool", "(df.sales > 1).all()", "True bool"),
        ("list[str]", "df.city.unique()", "['Rome', 'Oslo'] list"),
        ('"dict[str, float]"', "df.groupby('city').sales.sum().to_dict()", "{'Oslo': 5.0, 'Rome': 40.0} dict"),
        ("Best", "{'city': 'Rome', 'sales': df.sales.max()}", "Best(city='Rome', sales=30.0) Best"),
        (
            "Report",
            "{'rows': len(df), 'cities': list(df.city)}",
            "Report(rows=3, cities=['Rome', 'Oslo', 'Rome']) Report",
        ),
        ("pd.Series", "df.sales.head(1)", "0    10.0\nName: sales, dtype: float64 Series"),
    ],
)
def test_a_value_is_computed_and_bound(kernel: Kernel, wanted: str, expression: str, bound: str) -> None:
    """Whatever can be written as an annotation is checked, and comes as Python's own value."""
    kernel.run(f"script(value({expression!r}), 'done')")
    cell = kernel.run(f"%%aether -o it --as {wanted} --model script\nWhat?")
    assert cell.status == "ok", cell.of("error")
    assert kernel.run("print(repr(it), type(it).__name__)").text() == bound + "\n"


def test_a_frame_is_the_frame_itself(kernel: Kernel) -> None:
    """--as DataFrame binds what code has made, with its types; no rows are typed by the model."""
    kernel.run("script(code('best = df[df.sales > 8]'), value('best'), 'done')")
    cell = kernel.run("%%aether -o it --as DataFrame --model script\nWhich rows?")
    assert cell.status == "ok", cell.of("error")
    assert kernel.run("print(it.equals(df[df.sales > 8]), it is best)").text() == "True True\n"


def test_a_value_of_another_type_is_repaired(kernel: Kernel) -> None:
    """The model reads what is wrong, and gives another expression; what did not fit was never bound."""
    kernel.run("script(value('df'), lambda r: value('it if False else 7') , 'done')")
    cell = kernel.run("%%aether -o it --as int --model script\nHow many?")
    assert cell.status == "ok", cell.of("error")
    told = kernel.run("print(model.requests[1].messages[-1].text); print(it)").text()
    assert "That is no int" in told and told.endswith("7\n")


def test_an_answer_without_its_value_is_asked_for_once_more(kernel: Kernel) -> None:
    """Words alone are sent back once; the value then comes by the tool, and the record counts the repair."""
    kernel.run("script('The rows are Rome.', value('df'), 'There.')")
    cell = kernel.run("%%aether -o it --as DataFrame --model script\nWhich rows?")
    assert cell.status == "ok", cell.of("error")
    assert kernel.run("print(len(it), 'answer_with' in model.requests[1].messages[-1].text)").text() == "3 True\n"


def test_no_value_is_a_clear_error_and_changes_nothing(kernel: Kernel) -> None:
    """The cell fails with the type and the name; the variable keeps what it had; the answer still stands below."""
    kernel.run("script('I cannot.', 'I really cannot.')")
    cell = kernel.run("%%aether -o it --as DataFrame --model script\nWhich rows?")
    assert (cell.status, cell.error) == ("error", "AnswerInvalid")
    card = cell.of("error")[0]["traceback"]
    assert card[0] == "aether: The answer has no value of type DataFrame; it is as it was."
    assert "I really cannot." in shown(cell, "text/markdown")
    assert kernel.run("print(it)").text() == "as it was\n"


def test_a_short_plain_answer_in_words_will_do(kernel: Kernel) -> None:
    """A figure or a word that the model says is the value; one that is no figure is not."""
    kernel.run("script('**42.5**')")
    assert kernel.run("%%aether -o it --as float --model script\nHow much?").status == "ok"
    assert kernel.run("print(it, len(model.requests))").text() == "42.5 1\n"
    kernel.run("script('About forty or so.', 'Forty.')")
    assert kernel.run("%%aether -o it --as float --model script\nHow much?").error == "AnswerInvalid"
    assert kernel.run("print(it)").text() == "42.5\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--as float", "aether: --as needs a variable for the value."),
        ("-o it --as float --plan", "aether: --as is for a value."),
        ("-o it --as flaot", "aether: --as flaot means nothing here."),
        ("-o it --as 'print(1)'", "aether: --as print(1) is no type."),
        ("-o it --as df", "aether: --as df is no type."),
    ],
)
def test_a_type_that_is_none_is_refused_before_the_run(kernel: Kernel, line: str, said: str) -> None:
    """What cannot be a type here is said before anything is asked."""
    cell = kernel.run(f"%%aether {line} --model script\nWhat?")
    assert cell.of("error")[0]["traceback"][0] == said


@pytest.mark.parametrize(
    ("wanted", "question", "bound"),
    [
        ("float", "What is the mean of sales in df?", "15.0"),
        ("int", "How many rows does df have?", "3"),
        ("DataFrame", "What is the mean of sales in df by city?", "Oslo"),
        ("str", "Which city in df has the most sales?", "Rome"),
        ("list[str]", "Which cities are there in df?", "['Rome', 'Oslo']"),
        ("dict", "Total sales by city in df?", "'Rome': 40.0"),
    ],
)
def test_the_analyst_gives_values_too(kernel: Kernel, wanted: str, question: str, bound: str) -> None:
    """Offline, without a language model, a value comes from the code that found the answer."""
    cell = kernel.run(f"%%aether -o it --as {wanted}\n{question}")
    assert cell.status == "ok", cell.of("error")
    assert bound in kernel.run("print(it)").text()
