"""What an answer of the analyst must not pass over: dates it cannot read, rows without a group, digits it cannot know.

The figures are judged against pandas.
"""

from __future__ import annotations

import re

import pandas as pd
import pytest

from aether_nb.models.analyst.namespace import parse_summary
from aether_nb.models.analyst.phrasing import figure, markdown_table
from aether_nb.models.analyst.results import Table
from harness.analyst import Lab, summary_text

DAYS = ["01/02/2024", "15/02/2024", "03/03/2024", "28/03/2024", "05/04/2024", "12/12/2024"]


def visits(days: list[str]) -> Lab:
    return Lab({"visits": pd.DataFrame({"visited": days, "amount": range(1, len(days) + 1)})})


def cells(text: str) -> dict[str, str]:
    """The table of an answer: the first cell of each line, and its last."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {row[0]: row[-1] for row in rows[2:]}


# ---- dates that are text


def test_a_date_that_proves_the_day_comes_first_decides_for_the_column() -> None:
    """Every value is read in the order that one of them proves, and the answer says which that is."""
    lab = visits(DAYS)
    months = pd.to_datetime(pd.Series(DAYS), format="%d/%m/%Y").dt.strftime("%Y-%m")
    totals = lab.frames["visits"]["amount"].groupby(months).sum()
    text = lab.ask("Total amount by month")
    assert cells(text) == {month: str(total) for month, total in totals.items()}
    assert "visited is text; I read it as dates with the day first, all could be read" in text
    assert "from **2024-02-01** to **2024-12-12**" in lab.ask("date range of visited")
    assert "**2** of 6 rows" in lab.ask("How many visits in March 2024?")


def test_a_date_that_proves_the_month_comes_first_decides_too() -> None:
    """The same of the other order."""
    text = visits(["01/02/2024", "02/15/2024"]).ask("Total amount by month")
    assert cells(text) == {"2024-01": "1", "2024-02": "2"} and "with the month first" in text


def test_an_order_that_nothing_proves_is_asked() -> None:
    """Where every value can be read in both orders a person decides, and without one there is no answer."""
    days = ["01/02/2024", "05/02/2024"]
    lab = visits(days)
    lab.answers = ["the day"]
    assert cells(lab.ask("Total amount by month")) == {"2024-02": "3"}
    alone = visits(days).ask("Total amount by month")
    assert "What comes first in the dates of visited?" in alone and "I do not guess" in alone


def test_dates_that_cannot_be_read_are_counted() -> None:
    """A value that is no date is left out, and the answer says so; as is a row without a month."""
    text = visits([*DAYS, "soon"]).ask("Total amount by month")
    assert sum(int(total) for total in cells(text).values()) == 21
    assert "1 value could not be read" in text and "1 row has no visited, and is left out" in text


def test_dates_of_both_orders_are_not_read() -> None:
    """When some values prove one order and some the other, nothing is computed."""
    text = visits(["15/02/2024", "02/16/2024", "15/03/2024"]).ask("Total amount by month")
    assert "in 2 of its dates the day comes first, in 1 the month" in text


def test_a_text_that_is_only_a_label_is_not_read_as_a_date() -> None:
    """Where nothing depends on the order, nobody is asked."""
    assert "**0** missing values" in visits(["01/02/2024", "05/02/2024"]).ask("how many visited are missing?")


def test_a_change_says_how_it_read_the_dates() -> None:
    """A new frame that goes by dates of text is made by the proven order, and what was read is told."""
    lab = visits(DAYS)
    text = lab.ask("keep rows where visited after 2024-03-10 and call it late")
    assert lab.frames["late"]["amount"].tolist() == [4, 5, 6], text
    assert "with the day first" in text


# ---- rows of which something is not known


def orders() -> pd.DataFrame:
    channels = ["Web"] * 8 + ["Shop"] * 4 + [None] * 4 + ["Phone"] * 4
    return pd.DataFrame({"order_id": range(1, 21), "channel": channels, "revenue": [10.0 * n for n in range(1, 21)]})


@pytest.mark.parametrize(
    "question",
    [
        "How many orders per channel?",
        "share of orders by channel",
        "total revenue by channel",
        "Which channel has the most orders?",
        "value counts of channel",
        "does revenue differ between channels?",
    ],
)
def test_rows_without_a_group_are_told(question: str) -> None:
    """Grouping leaves out rows whose group is missing: every answer by groups says how many."""
    assert "4 rows have no channel, and are left out" in Lab({"orders": orders()}).ask(question)


def test_a_total_of_groups_is_what_the_groups_add_up_to() -> None:
    """``together`` is the sum of the lines of the table."""
    text = Lab({"orders": orders()}).ask("How many orders per channel?")
    assert "(**16** together)" in text and sum(map(int, cells(text).values())) == 16


def test_rows_that_may_meet_a_condition_are_told() -> None:
    """What is not known is neither on the web nor off it; where it counts, its number is said."""
    lab, data = Lab({"orders": orders()}), orders()
    text = lab.ask("total revenue of orders not sold on the web")
    assert f"**{figure(str(data[data['channel'] != 'Web']['revenue'].sum()))}**" in text
    assert "4 rows have no channel, and are counted in" in text
    assert "4 rows have no channel, and are counted as rows that do not meet" in lab.ask("share of orders on the Web")


def test_nothing_is_said_where_everything_is_known() -> None:
    """Without a gap there is no note."""
    assert "Note" not in Lab({"orders": orders().dropna()}).ask("How many orders per channel?")


# ---- digits


def test_no_digit_is_written_that_a_tool_has_cut_off() -> None:
    """A tool shows six digits: what is beyond them is not filled up with zeros."""
    found = Table(("k", "total"), (("a", "128455"), ("b", "13050.4"), ("c", "6543.21")), 3)
    assert cells(markdown_table(found)) == {"a": "128,455", "b": "13,050", "c": "6,543"}
    assert [figure(cell) for cell in ("13050.4", "128455", "1234.5", "13050.39")] == [
        "13,050.4", "128,455", "1,234.50", "13,050.39",
    ]  # fmt: skip


# ---- names


def test_no_helper_is_in_the_way_of_a_later_question() -> None:
    """After many questions no name but those of the user is there, and code that is run sets none of the user's."""
    lab = Lab({"orders": orders(), "selection": "mine", "data": "mine"})
    for least in range(15):
        lab.ask(f"how many orders have a revenue above {least}0?")
        assert not re.search(r"(?<!_)\bselection\b", lab.codes()[-1])
    assert set(lab._visible()) - {"pd"} == {"orders", "selection", "data"}


def test_a_table_that_was_written_is_not_offered_as_a_frame() -> None:
    """In another conversation, too, what was written to a file here is not among the frames that may be meant."""
    lab = Lab({"orders": orders()})
    lab.ask("write the mean revenue by channel to out.csv")
    assert "summary" in lab.frames and "**20** rows" in lab.ask("how many rows are there?")


def test_a_name_is_not_chosen_where_not_all_names_are_known() -> None:
    """When the summary of the namespace was cut, a free name cannot be told from a taken one: it is a private one."""
    text = summary_text({"orders": orders(), "n": 5})
    assert not parse_summary(text).hidden
    assert parse_summary(text.replace("variables (2)", "variables (40)")).hidden


# ---- values that are written in several ways


def people() -> pd.DataFrame:
    return pd.DataFrame({"Sex": ["m", "f", "F", "m", "female", "M"], "salary": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})


def test_a_value_is_meant_in_all_its_spellings() -> None:
    """Capitals do not decide who is counted, and neither does one of two words for the same; that is told."""
    lab, data = Lab({"people": people()}), people()
    women = data["Sex"].str.casefold().isin(["f", "female"])
    assert set(cells(lab.ask("How many men and women")).values()) == {str((~women).sum()), str(women.sum())}
    text = lab.ask("average salary of women")
    assert f"**{figure(str(data[women]['salary'].mean()))}** (over 3 values)" in text
    assert "in Sex I read " in text
    assert "**50 %**" in lab.ask("share of women") and data.equals(lab.frames["people"])


def test_spellings_that_make_groups_of_their_own_are_told() -> None:
    """Nobody said that they are the same, so they stay apart, and it is said."""
    text = Lab({"people": people()}).ask("average salary by sex")
    assert set(cells(text)) == {"F", "M", "f", "female", "m"}
    assert "'F', 'M', 'f' and 'm' of Sex are taken apart" in text


def test_spellings_that_no_summary_lists_are_found_too() -> None:
    """Among too many values to be listed, capitals and spaces at the ends do not decide either."""
    towns = [f"Town {n}" for n in range(40)] + ["Paris", "paris", "PARIS "]
    lab = Lab({"places": pd.DataFrame({"town": towns, "size": range(43)})})
    assert "**123** (over 3 values)" in lab.ask("total size of Paris")


# ---- what is counted, and whose it is


def shop() -> pd.DataFrame:
    """More customers than a summary lists; customer 7 has the most orders, and not the highest number."""
    customers = [*range(70), *range(70), *[7] * 60]
    days = [*pd.date_range("2024-01-01", periods=100), *[pd.Timestamp("2024-02-02")] * 60]
    days += [pd.Timestamp("2024-02-03")] * 40
    return pd.DataFrame(
        {
            "order_id": range(1, 201),
            "customer_id": customers,
            "order_date": days,
            "revenue": [1.5 * n + 3 for n in range(200)],
        }
    )


@pytest.mark.parametrize(
    ("question", "column"),
    [
        ("Which customer_id has the most orders?", "customer_id"),
        ("Which customer_id has the most rows in orders?", "customer_id"),
        ("customer_id with the most orders", "customer_id"),
        ("Which order_date has the most orders?", "order_date"),
        ("order_date with the most orders", "order_date"),
    ],
)
def test_the_most_rows_are_counted_whatever_the_column_holds(question: str, column: str) -> None:
    """``which number has the most rows`` asks for no maximum of the numbers, and which date for no range."""
    counts = shop()[column].value_counts()
    first = counts.index[0]
    name = f"{first:%Y-%m-%d}" if column == "order_date" else str(first)
    assert (
        Lab({"orders": shop()})
        .ask(question)
        .startswith(f"**{name}** has the highest number of rows: **{counts.max()}**")
    )


def test_a_number_that_names_things_is_ranked_by_a_measure() -> None:
    """The customer with the highest total is one, and the highest customer_id is still a number."""
    lab = Lab({"orders": shop()})
    totals = shop().groupby("customer_id")["revenue"].sum()
    assert lab.ask("which customer_id has the highest total revenue?").startswith(
        f"**{totals.idxmax()}** has the highest"
    )
    assert "**69**" in lab.ask("what is the highest customer_id?")


@pytest.mark.parametrize(
    "question",
    ["order with the lowest revenue", "the order with the lowest revenue", "which order has the lowest revenue?"],
)
def test_the_row_of_an_extreme_is_told_with_what_identifies_it(question: str) -> None:
    """Whoever asks which order it is learns its number."""
    text = Lab({"orders": shop()}).ask(question)
    assert "lowest revenue is **3**" in text and "order_id **1**" in text


def survey() -> pd.DataFrame:
    return pd.DataFrame(
        {"resp": range(11, 17), "age_group": ["18-25", "18-25", "26-35", "26-35", "36+", "36+"],
         "satisfied": ["yes", "no", "yes", "yes", "no", "no"], "score": [3.5, 2.0, 4.5, 4.0, 1.0, 5.0]}
    )  # fmt: skip


def test_a_number_with_the_lowest_of_something_is_one_and_no_minimum_of_two_columns() -> None:
    """``resp with the lowest score`` is the resp of that row."""
    assert Lab({"survey": survey()}).ask("resp with the lowest score").startswith("**15** has the lowest score: **1**")


def test_a_column_of_yes_and_no_is_counted_by_its_yes() -> None:
    """``most satisfied`` is the largest share of yes, and ``how many are satisfied`` counts it."""
    lab = Lab({"survey": survey()})
    assert lab.ask("Which age group is most satisfied?").startswith("**26-35** has the highest share: **100 %**")
    assert lab.ask("how many are satisfied?").startswith("**3** of 6 rows")
    tips = pd.DataFrame({"sex": list("MFMMMFF"), "smoker": ["Yes", "Yes", "Yes", "No", "No", "No", "Yes"]})
    assert (
        Lab({"tips": tips})
        .ask("which sex has the most smokers?")
        .startswith("**F** and **M** share the highest number: **2**")
    )
    assert Lab({"tips": tips}).ask("which sex is most smoker?").startswith("**F** has the highest share: **66.67 %**")
    levels = survey().assign(satisfied=["low", "mid", "high", "mid", "low", "low"])
    assert "I could not work out" in Lab({"survey": levels}).ask("Which age group is most satisfied?")


def staff() -> pd.DataFrame:
    hired = pd.to_datetime(["2021-01-01", "2021-05-01", "2020-01-01", "2021-01-01"])
    return pd.DataFrame(
        {"name": ["Ann", "Bob", "Cy", "Di"], "dept": list("AABC"), "salary": [10, 40, 30, 20], "hired": hired}
    )


@pytest.mark.parametrize("column", ["hired", "hire_date"])
def test_what_happened_is_counted_by_rows(column: str) -> None:
    """Of two people who were hired on one day both count; the days that are named as days are counted apart."""
    lab = Lab({"staff": staff().rename(columns={"hired": column})})
    assert lab.ask("how many were hired in 2021?").startswith("**3** of 4 rows")
    if column == "hire_date":
        assert "has **3** distinct values" in lab.ask("how many hire dates are there?")


def test_what_happened_is_counted_in_every_way_of_asking() -> None:
    """By month, by group, and where the most of it was: rows, and neither distinct dates nor a mean of dates."""
    lab = visits([*DAYS, "28/03/2024"])
    assert cells(lab.ask("number of visits by month"))["2024-03"] == "3"
    assert lab.ask("which month had the most visits?").startswith("**2024-03** has the highest number of rows: **3**")
    assert lab.ask("list visits in March 2024").startswith("**3** rows")
    lab.frames["visits"]["town"] = list("aaaabbb")
    assert lab.ask("which town had the most visits?").startswith("**a** has the highest number of rows: **4**")


def test_a_person_is_no_misspelling_of_a_method() -> None:
    """``person`` is a row and not Pearson."""
    assert "**Bob**" in Lab({"staff": staff()[["name", "dept", "salary"]]}).ask("person with the highest salary")


# ---- no part of a question is dropped


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("sorted descending", ["A", "B", "C"]),
        ("highest first", ["A", "B", "C"]),
        ("in descending order", ["A", "B", "C"]),
        ("lowest first", ["C", "B", "A"]),
        ("sorted by salary", ["A", "B", "C"]),
        ("sorted by dept descending", ["C", "B", "A"]),
    ],
)
def test_a_table_of_groups_is_in_the_order_that_is_asked_for(said: str, order: list[str]) -> None:
    """By the figure or by the groups, whichever is named, and either way."""
    data = staff().assign(salary=[90, 90, 50, 20], dept=list("AABC"))
    for question in (f"average salary by dept, {said}", f"average salary and median salary by dept, {said}"):
        assert list(cells(Lab({"staff": data}).ask(question))) == order
    twice = Lab({"staff": staff().assign(dept=list("ABBC"))})
    assert next(iter(cells(twice.ask("how many people per dept, highest first")))) == "B"


def test_only_the_dates_with_gaps_are_listed() -> None:
    """``on which dates`` does not ask for the dates without a gap."""
    temp = [None if n in (40, 99) else float(n) for n in range(365)]
    lab = Lab({"days": pd.DataFrame({"date": pd.date_range("2024-01-01", periods=365), "temp": temp, "rain": 1.0})})
    assert set(cells(lab.ask("On which dates is temp missing?"))) == {"2024-02-10", "2024-04-09"}
    assert lab.ask("On which dates is rain missing?") == "No value of rain is missing."
