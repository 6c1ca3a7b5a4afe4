"""The analyst with two frames, with SQL and with changes: what it makes, what it tells, and what it leaves alone."""

from __future__ import annotations

import pandas as pd
import pytest

from aether_nb.models.analyst.intents.sql import given_sql, without_sql
from aether_nb.models.analyst.question import Unclear
from harness.analyst import Lab

CANNOT = "I could not work out"


def shop() -> dict[str, pd.DataFrame]:
    """Five orders of which one has no customer, and three customers of which one ordered nothing."""
    orders = pd.DataFrame(
        {"order_id": range(5), "customer_id": [1, 1, 2, 2, 9], "amount": [10.0, 20.0, 5.0, None, 7.0]}
    )
    customers = pd.DataFrame({"customer_id": [1, 2, 3], "region": ["N", "S", "S"], "limit": [100, 200, 300]})
    return {"orders": orders, "customers": customers}


def test_a_join_tells_the_rows_it_loses() -> None:
    """Rows before and after, and the rows of either frame that find no partner, are said; the frames stay."""
    lab = Lab(shop())
    answer = lab.ask("join orders and customers on customer_id")
    assert "5 in `orders` and 3 in `customers` before, **4 after**" in answer
    assert "1 row of `orders` have no match in `customers`: lost" in answer
    assert "The key is unique in `customers`" in answer
    assert len(lab.frames["joined"]) == 4
    assert lab.frames["orders"].equals(shop()["orders"])


def test_a_question_over_two_frames_is_answered_on_their_join() -> None:
    """Columns of two frames that share a key imply the join; rows without a partner are told of."""
    lab = Lab(shop())
    answer = lab.ask("total amount per region")
    assert "30" in answer
    assert "no match in `customers`" in answer


def test_a_question_over_two_frames_leaves_no_joined_frame() -> None:
    """The join that a question needs is its own matter: no later question is asked which frame it means."""
    lab = Lab(shop())
    lab.ask("total amount per region")
    assert set(lab._visible()) - {"pd"} == {"orders", "customers"}


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How many orders have a customer that is not in customers?", "**1** of 5 rows of `orders` have no match"),
        ("How many customers have no orders?", "**1** of 3 rows of `customers` have no match"),
        ("how many customers never placed an order?", "**1** of 3 rows of `customers` have no match"),
        ("which customers are not in orders?", "**1** of 3 rows of `customers` have no match"),
        ("How many customers have at least one order?", "**2** of 3 rows of `customers` have a match"),
        ("What is the average order value?", "The mean of amount is **10.50** (over 4 values)."),
    ],
)
def test_rows_without_a_partner_are_counted_without_a_join(question: str, told: str) -> None:
    """The keys of one frame are looked up in the other, and no frame is made."""
    lab = Lab(shop())
    assert lab.ask(question).startswith(told)
    assert not any("merge" in code for code in lab.codes())


def test_a_row_without_a_key_has_no_partner_and_is_told() -> None:
    """A missing key is in no other frame; how many rows have none is said apart."""
    frames = shop()
    frames["orders"].loc[0, "customer_id"] = None
    text = Lab(frames).ask("How many orders have no customer?")
    assert text.startswith("**2** of 5 rows of `orders` have no match") and "1 of these have no customer_id" in text


@pytest.mark.parametrize(
    "question", ["How many customers in region N have no orders?", "how many orders do customers have on average?"]
)
def test_what_is_more_than_a_look_up_of_keys_is_declined(question: str) -> None:
    """A condition beside it, or a figure of it, is not dropped."""
    assert CANNOT in Lab(shop()).ask(question)


def test_the_end_of_the_rows_in_time_is_found() -> None:
    """``when was the first order`` is the first date of the orders, with other frames about or not."""
    frames = shop()
    frames["orders"]["order_date"] = pd.to_datetime(
        ["2024-03-01", "2024-01-05", "2024-02-01", "2024-03-01", "2024-04-01"]
    )
    assert "from **2024-01-05**" in Lab(frames).ask("When was the first order?")


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("total limit per order_id", "counted once for every row"),
        ("join orders and customers on colour", "no column of both"),
        ("join orders, customers and shops", "three"),
        ("join orders and customers on customer_id and call it orders", "a variable orders already"),
    ],
)
def test_a_join_that_would_mislead_is_refused(question: str, why: str) -> None:
    """What would count a figure twice, or cannot be joined, is said and makes no frame."""
    lab = Lab(shop())
    answer = lab.ask(question)
    assert CANNOT in answer
    assert why in answer or why == "three"
    assert set(lab.frames) - {"__builtins__", "pd"} == {"orders", "customers"}


def test_missing_keys_on_both_sides_are_not_joined_with_each_other() -> None:
    """pandas would match a missing key with a missing key; the analyst asks for them to be dropped first."""
    frames = {
        "a": pd.DataFrame({"key": [1.0, None], "x": [1, 2]}),
        "b": pd.DataFrame({"key": [1.0, None], "y": [3, 4]}),
    }
    assert "is missing in 1 rows of a and in 1 of b" in Lab(frames).ask("join a and b on key")


def test_a_change_makes_a_new_frame_and_compares() -> None:
    """Rows, gaps and means are told before and after; the frame itself is as it was."""
    lab = Lab(shop())
    answer = lab.ask("drop rows of orders with missing amount and show what changed")
    assert "**5 before, 4 after**" in answer
    assert "| amount | 1 | 0 |" in answer
    assert len(lab.frames["orders_clean"]) == 4
    assert lab.frames["orders"].equals(shop()["orders"])


def test_rows_that_differ_in_other_columns_are_told() -> None:
    """Dropping duplicates by a column loses rows that were no copies, and says how many."""
    answer = Lab(shop()).ask("remove duplicates from orders by customer_id and check")
    assert "2 of the dropped rows differed from the kept one in other columns" in answer


@pytest.mark.parametrize(
    "question",
    ["fill missing amount", "fill missing amount with the median of its region", "drop rows with missing colour"],
)
def test_a_change_that_is_not_understood_makes_nothing(question: str) -> None:
    """No way to fill, a way that is not known, a column that is not there: said, and no frame is made."""
    lab = Lab({"orders": shop()["orders"]})
    assert CANNOT in lab.ask(question)
    assert set(lab.frames) - {"__builtins__", "pd"} == {"orders"}


@pytest.mark.parametrize(
    ("prompt", "sql", "into"),
    [
        ("run SQL: select * from df", "select * from df", ""),
        ("With SQL: select 1 as x;", "select 1 as x", ""),
        ("```sql\nselect a\nfrom df\n```", "select a\nfrom df", ""),
        ("run sql: select * from df and keep it as big", "select * from df", "big"),
        ("SELECT a, b FROM df", "SELECT a, b FROM df", ""),
        ("select count(*) from df", "select count(*) from df", ""),
    ],
)
def test_sql_is_told_from_words(prompt: str, sql: str, into: str) -> None:
    """A query is taken as it is typed, without the words that bring it."""
    given = given_sql(prompt)
    assert given is not None
    assert (given.sql, given.into) == (sql, into)


def test_words_are_no_sql() -> None:
    """A wish in words is not run as a query, and SQL that changes something is refused."""
    assert given_sql("select the longest rows from df") is None
    assert given_sql("mean x as SQL") is None
    assert without_sql("mean x as SQL") == "mean x"
    assert without_sql("mean x") == ""
    with pytest.raises(Unclear, match="only reads"):
        given_sql("run SQL: drop table df")
