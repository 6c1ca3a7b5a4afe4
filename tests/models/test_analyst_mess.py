"""The analyst among untidy things: numbers as text, names that are words, wide frames, old tables."""

from __future__ import annotations

import pandas as pd
import pytest

from aether_nb.events.messages import Message
from aether_nb.models.analyst.conversation import Conversation
from aether_nb.models.analyst.replying import next_message
from harness.analyst import Lab

DECLINED = "I could not work out what is asked"


def shops(name: str) -> pd.DataFrame:
    return pd.DataFrame({name: [1.5, 2.0, 4.0, 9.5], "shop": list("aabb")})


def wide() -> pd.DataFrame:
    data = pd.DataFrame({f"c{at}": [at, at + 1.0, at + 5.0] for at in range(300)})
    return data.assign(label=["u", "v", "w"], heat=["1", "2", "x"])


# ---- numbers as text


@pytest.mark.parametrize(
    ("values", "total"),
    [
        (["(5)", "3", "-2"], "**-4** (over 3 values)"),
        (["$1,200.50", "$4", "$(1)"], "**1,204.50** (over 2 values)"),
        (["−4", "10", "1e2"], "**106** (over 3 values)"),
        (["10", "20", "12 kg 5"], "**30** (over 2 values)"),
    ],
)
def test_text_is_read_as_the_numbers_that_people_mean(values: list[str], total: str) -> None:
    """Brackets and signs make negative; what is no number as a whole is not read."""
    assert total in Lab({"df": pd.DataFrame({"price": values})}).ask("sum of price")


def test_a_conversion_is_told_with_what_could_not_be_read() -> None:
    """Whoever reads the answer learns that the column was text, and how much of it was left out."""
    data = pd.DataFrame({"price": ["1", "2", "n/a"], "sales": ["1", "2", "3"]})
    told = Lab({"df": data}).ask("sum of price"), Lab({"df": data}).ask("sum of sales")
    assert [text.partition("\n\n")[2] for text in told] == [
        "Note: price is text; I read it as numbers, 1 value could not be read.",
        "Note: sales is text; I read it as numbers, all could be read.",
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (["$1,200.50", "€4", "3"], "the column mixes currencies"),
        (["5%", "3", "7"], "only some of its values are in percent"),
    ],
)
@pytest.mark.parametrize("question", ["sum of price", "histogram of price", "which shop has the highest mean price?"])
def test_mixed_units_are_not_added(values: list[str], why: str, question: str) -> None:
    """Figures of several currencies are neither computed nor drawn."""
    lab = Lab({"df": pd.DataFrame({"price": values, "shop": list("aab")})})
    assert why in lab.ask(question)
    assert len(lab.codes()) == 1


# ---- columns that are named like words


@pytest.mark.parametrize("name", ["amount", "total", "value", "pct", "count", "average"])
def test_a_column_may_be_named_like_a_word_of_the_lexicon(name: str) -> None:
    """Its own name wins over the phrase it stands in."""
    lab = Lab({"df": shops(name)})
    for agg, label, cells in (("total", "Total", ("3.5", "13.5")), ("mean", "Mean", ("1.75", "6.75"))):
        for said in {"total": (f"total {name}", f"sum of {name}"), "mean": (f"mean {name}", f"average {name}")}[agg]:
            text = lab.ask(f"{said} by shop")
            assert text.startswith(f"{label} of {name} by shop")
            assert [line.split(" | ")[2].rstrip(" |") for line in text.splitlines()[-2:]] == list(cells)
    assert lab.ask(f"mean {name}") == f"The mean of {name} is **4.250** (over 4 values)."


def test_such_a_word_keeps_its_meaning_before_another_column() -> None:
    """``total`` before ``amount`` adds it up, also where a column is called ``total``."""
    data = shops("amount").assign(total=100.0, count=7)
    lab = Lab({"df": data})
    assert lab.ask("total amount") == "The total of amount is **17** (over 4 values)."
    assert lab.ask("how many rows are there?") == "`df` has **4** rows."


# ---- frames that are not meant


def test_tables_of_earlier_turns_are_not_asked_about_unless_they_are_named() -> None:
    """What an earlier turn made does not make the next question ambiguous."""
    data = pd.DataFrame({"x": [1, 2]})
    turn = Message.of("user", "double it"), Message.of("assistant", "Done.\n\nVariables made in this turn: twice, more")
    lab = Lab({"df": data, "twice": data * 2, "more": data * 3}, earlier=turn)
    assert lab.ask("mean of x") == "The mean of x is **1.500** (over 2 values)."
    assert lab.ask("mean of x in twice") == "The mean of x is **3** (over 2 values)."


def test_frames_with_names_of_words_can_be_named_and_are_listed_once() -> None:
    """``in one`` and ``in nan`` name frames; without a name each of them is offered one time."""
    data = pd.DataFrame({"x": [1, 2]})
    lab = Lab({"one": data, "nan": data * 2, "empty": data * 3})
    told = [lab.ask(f"mean of x in {name}").split("**")[1] for name in ("one", "nan", "empty")]
    assert told == ["1.500", "3", "4.500"]
    assert all(lab.ask("mean of x").count(f"`{name}`") == 1 for name in ("one", "nan", "empty"))


def test_without_a_frame_it_says_what_could_be_made_one() -> None:
    """A Series is no frame, but becomes one."""
    assert "`s` is a Series; make it a frame: `df = s.to_frame()`" in Lab({"s": pd.Series([1])}).ask("mean of s")


# ---- wide and odd frames


def test_a_profile_stands_columns_of_mixed_names() -> None:
    """Numbers, nothing, spaces and names of functions are names of columns too."""
    data = pd.DataFrame([[1, 2.5, "x", True], [3, 4.5, "y", False]], columns=[0, "", "a b", "sum"])
    lab = Lab({"df": data})
    assert [line.split(" | ")[0] for line in lab.ask("describe the data").splitlines()[-4:]] == [
        "| 0", "| –", "| a b", "| sum",
    ]  # fmt: skip
    assert len(lab.codes()) == 1


def test_a_column_that_was_not_described_is_looked_at() -> None:
    """Beyond the described columns nothing is claimed and nothing is guessed, but looked up."""
    lab = Lab({"df": wide()}, width=40)
    assert lab.ask("mean of c77") == "The mean of c77 is **79** (over 3 values)."
    assert lab.ask("mean of c277") == "The mean of c277 is **279** (over 3 values)."
    assert lab.ask("how many rows?") == "`df` has **3** rows."
    assert "label is text, of which there is no mean" in lab.ask("mean of label")
    assert "more columns than were described" in lab.ask("mean of all numeric columns")


def test_columns_that_may_not_be_looked_at_are_not_guessed() -> None:
    """When the look is denied, nothing is computed."""
    lab = Lab({"df": wide()}, width=40)
    lab.spoil = lambda call, count: "denied by the user: no" if call.name == "run_python" else None
    assert lab.ask("mean of c277") == "I could not see what the columns of df hold: denied by the user: no"


def test_a_matrix_that_is_too_wide_is_cut_and_says_so() -> None:
    """Not every column of a wide matrix is shown; lines that a tool cut off do no harm."""
    lab = Lab({"df": wide()}, width=40)
    assert "(23 of 300 columns)" in lab.ask("correlation matrix")
    head = "[value] DataFrame, 300 rows × 300 columns, as CSV:\nindex,a,b\na,1,0.5\nb,0.5\n"
    cut = f"{head}… 1,298 more rows\n… 298 more columns"
    lab.spoil = lambda call, count: cut if call.name == "run_python" and count > 1 else None
    assert "(2 of 300 columns)" in lab.ask("correlation matrix")


# ---- last resorts


def test_a_question_that_is_too_long_is_declined() -> None:
    """Beyond 2,000 characters a question is not read."""
    text = Lab({"df": pd.DataFrame({"x": [1]})}).ask("mean of x " * 5_000)
    assert text.startswith(f"{DECLINED}, so I do not answer it: the question is longer than 2,000 characters.")


def test_no_fault_of_the_analyst_ends_the_run() -> None:
    """What goes wrong inside is told as an answer."""
    broken = Conversation("mean of x", None, ((None, None),), (), frozenset(), 1)  # type: ignore[arg-type]
    assert next_message(broken).text.startswith(f"{DECLINED}, so I do not answer it. The analyst itself failed (")
