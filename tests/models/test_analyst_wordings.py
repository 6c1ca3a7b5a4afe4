"""Ways of asking, over a small shop's till made here; every figure is computed here again, with other code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aether_nb.models.analyst.namespace import parse_summary
from harness.analyst import Lab, run_code

DECLINED = "I could not work out what is asked"


def till() -> pd.DataFrame:
    """Sales of three stores over two years, one a week."""
    chance = np.random.default_rng(11)
    store = chance.choice(["North", "South", "IT"], 100, p=[0.5, 0.3, 0.2])
    return pd.DataFrame(
        {
            "store": store,
            "product": np.where(store == "North", "tea", chance.choice(["tea", "coffee"], 100)),
            "units_sold": chance.integers(1, 40, 100),
            "price": np.round(chance.normal(20, 4, 100) + 5 * (store == "South"), 2),
            "heat": np.round(chance.normal(15, 6, 100), 1),
            "year": np.repeat([2021, 2022], 50),
            "week": pd.date_range("2021-01-03", periods=100, freq="W"),
        }
    )


def asked(question: str) -> str:
    """The answer to a question about the till."""
    return Lab({"till": till()}).ask(question)


def rows_of(text: str) -> list[list[str]]:
    """The cells of a table in an answer, its headings left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


# ---- tests of differences and of independence


@pytest.mark.parametrize(
    "question",
    [
        "is the price significantly different between stores? anova",
        "Does price differ across stores, statistically speaking?",
        "compare price across stores with an ANOVA or similar",
        "do the stores differ in price? test it please",
    ],
)
def test_groups_are_compared_by_an_anova(question: str) -> None:
    """The F statistic, the p-value and the share of variation are those of scipy."""
    data = till()
    parts = [part.to_numpy() for _, part in data.groupby("store")["price"]]
    f, p = stats.f_oneway(*parts)
    within = sum(((part - part.mean()) ** 2).sum() for part in parts)
    share = 1 - within / ((data["price"] - data["price"].mean()) ** 2).sum()
    text = asked(question)
    assert f"One-way ANOVA: F = {f:.2f}," in text or f"One-way ANOVA: F = {f:.3f}," in text
    assert ("p < 0.001" if p < 0.001 else f"p = {p:.4f}") in text
    assert f"The groups explain {share * 100:.1f} % of the variation." in text


@pytest.mark.parametrize(
    "question",
    ["t-test of heat between 2021 and 2022", "is heat different between years?", "heat in 2021 vs 2022"],
)
def test_years_are_groups_too(question: str) -> None:
    """Two years are compared by Welch's test, and a difference that may be chance is called that."""
    data = till()
    one, other = (data[data["year"] == year]["heat"] for year in (2021, 2022))
    p = stats.ttest_ind(one, other, equal_var=False).pvalue
    text = asked(question)
    assert f"p = {p:.4f}" in text and "Welch" in text
    assert ("is not significant" in text) == (p >= 0.05)


@pytest.mark.parametrize(
    "question",
    [
        "are store and product independent?",
        "chi-square test of store and product",
        "is product associated with store?",
        "contingency table of store and product",
    ],
)
def test_two_columns_of_categories_are_tested_for_independence(question: str) -> None:
    """The chi-squared test and the counts are those of scipy and of a cross table."""
    data = till()
    counts = pd.crosstab(data["store"], data["product"])
    found = stats.chi2_contingency(counts)
    text = asked(question)
    assert f"χ² = {found.statistic:.2f}, df = {found.dof}, p < 0.001" in text and "are associated" in text
    shown = sorted(sorted(map(int, row[1:])) for row in rows_of(text))
    by_row, by_column = (sorted(sorted(row) for row in table.to_numpy().tolist()) for table in (counts, counts.T))
    assert shown in (by_row, by_column)


# ---- what is added up, ranked, cut


@pytest.mark.parametrize(
    "question",
    ["total number of units sold by store", "how much units_sold did each store make", "units sold in total by store"],
)
def test_what_counts_something_is_added_up(question: str) -> None:
    """A column of counts is summed by group."""
    totals = till().groupby("store")["units_sold"].sum()
    assert {row[0]: row[-1] for row in rows_of(asked(question))} == {name: f"{n:,}" for name, n in totals.items()}


def test_the_second_highest_is_not_the_highest() -> None:
    """An ordinal before a superlative picks that place."""
    prices = till()["price"].sort_values(ascending=False).to_list()
    assert f"The second highest price is **{prices[1]:g}" in asked("what is the second highest price?").replace(
        "0**", "**"
    )
    means = till().groupby("store")["price"].mean().sort_values()
    assert f"**{means.index[-2]}** has the second highest" in asked("which store has the second highest mean price?")


def test_the_top_rows_of_each_group_are_shown() -> None:
    """A number of top rows by group."""
    text = asked("top 2 rows by price per store")
    expected = till().sort_values("price", ascending=False).groupby("store")["price"].head(2)
    assert sorted(float(row[-1]) for row in rows_of(text)) == sorted(expected)


def test_only_the_top_groups_are_written() -> None:
    """A ranking that is cut is cut in the file too."""
    lab = Lab({"till": till()})
    lab.ask("the two stores with the highest mean price, and save them to best.csv")
    assert list(lab.files["best.csv"].index) == list(
        till().groupby("store")["price"].mean().sort_values(ascending=False).index[:2]
    )


def test_the_last_rows_are_the_last() -> None:
    """The end of the frame, and not its beginning."""
    weeks = till()["week"].tail(3).dt.strftime("%Y-%m-%d").to_list()
    assert [row[-1] for row in rows_of(asked("show the last three rows"))] == weeks


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("how many rows have an above average price?", lambda d: int((d.price > d.price.mean()).sum())),
        ("how many sales have a price below the median", lambda d: int((d.price < d.price.median()).sum())),
        ("how many rows had 30 units_sold or more", lambda d: int((d.units_sold >= 30).sum())),
    ],
)
def test_thresholds_may_be_figures_of_the_column(question: str, expected: Any) -> None:
    """Above average, below the median, so many or more."""
    assert f"**{expected(till())}**" in Lab({"sales": till()}).ask(question)


def test_shares_of_one_against_the_other_are_two_shares() -> None:
    """Each share is one of all rows."""
    text = asked("share of North vs South")
    shares = till()["store"].value_counts(normalize=True) * 100
    told = {row[0]: float(row[-1].split()[0]) for row in rows_of(text)}
    assert told == {name: pytest.approx(shares[name], abs=0.01) for name in ("North", "South")}


def test_a_value_in_capitals_is_not_a_pronoun() -> None:
    """``IT`` is the store of that name."""
    expected = till().query("store == 'IT'")["price"].mean()
    assert f"where store = IT is **{expected:.2f}" in asked("what is the average price of IT?")


def test_a_column_of_yes_and_no_may_be_a_group() -> None:
    """Behind ``by … and`` it is no condition."""
    data = till().assign(returned=lambda frame: frame["heat"] > 18)
    counts = data.groupby(["product", "returned"]).size()
    told = {(row[0], row[1]): int(row[2]) for row in rows_of(Lab({"till": data}).ask("rows by product and returned"))}
    assert told == {(name, str(flag)): size for (name, flag), size in counts.items()}


def test_the_maximum_beside_a_mean_is_computed_too() -> None:
    """``mean and max`` asks for two figures and for no ranking."""
    text = asked("mean and max of price by store")
    expected = till().groupby("store")["price"].max()
    assert {row[0]: float(row[-1]) for row in rows_of(text)} == expected.to_dict()


def test_where_most_come_from_is_a_place() -> None:
    """``where`` asks for the column of places."""
    data = pd.DataFrame({"model": list("abcde"), "origin": ["US", "EU", "EU", "US", "EU"]})
    assert "**EU**" in Lab({"cars": data}).ask("Where do most cars come from?")


@pytest.mark.parametrize("question", ["price -> out.csv by store, on average", "mean price by store → out.csv"])
def test_an_arrow_points_to_the_file(question: str) -> None:
    """What stands behind an arrow is where the table goes."""
    lab = Lab({"till": till()})
    assert "Wrote `summary` to out.csv (3 rows, 120 bytes)." in lab.ask(question)


def test_a_series_is_resampled() -> None:
    """``resample … to quarters`` groups by quarters."""
    data = till()
    totals = data.groupby(data["week"].dt.to_period("Q"))["units_sold"].sum()
    told = {row[0]: row[-1] for row in rows_of(asked("resample units_sold to quarterly totals"))}
    assert told == {str(quarter): f"{total:,}" for quarter, total in totals.items()}


def test_the_strongest_pair_is_found() -> None:
    """A pair of columns that goes together most."""
    data = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 4.1, 6, 8], "c": [3.0, 1, 4, 1]})
    assert "**a** and **b**" in Lab({"df": data}).ask("which pair of columns is most strongly correlated?")


@pytest.mark.parametrize(
    "question",
    [
        "mean price above the median",
        "who is the highest paid in each store",
        "how many sales are in OR",
        "predict the price of 2023",
        "what will the price be in 2030?",
        "does the heat cause higher prices?",
        "best selling product",
    ],
)
def test_what_is_half_understood_is_declined(question: str) -> None:
    """A piece that does not fit makes it decline; it does not answer another question."""
    assert DECLINED in asked(question)


# ---- pictures


def test_axes_are_as_they_were_asked_for() -> None:
    """What stands on x is drawn on x."""
    lab = Lab({"till": till()})
    lab.ask("scatter plot with price on the y axis and heat on the x axis")
    assert "plt.scatter(till['heat'], till['price'])" in lab.codes()[-1]


def test_a_heat_map_of_a_figure_by_two_groups_shows_that_figure() -> None:
    """It is not one of correlations."""
    lab = Lab({"till": till()})
    lab.ask("heat map of the mean price by store and product")
    assert ".unstack()" in lab.codes()[-1] and "corr" not in lab.codes()[-1]


def test_horizontal_bars_lie() -> None:
    """Bars that should lie do."""
    lab = Lab({"till": till()})
    lab.ask("horizontal bar chart of the mean price by store")
    assert ".plot.barh()" in lab.codes()[-1]


# ---- manners


def test_nothing_but_results_is_left_behind() -> None:
    """Helpers of a computation or a picture are gone when it is done."""
    lab = Lab({"till": till()})
    for question in (
        "do the stores differ in price? plot it",
        "are store and product independent?",
        "outliers of price",
        "price over time by store",
        "correlation matrix",
        "scatter of price and heat, colored by store",
        "top 3 rows by price",
        "share of North by product",
        "mean price and heat by store",
        "skew of price",
    ):
        lab.ask(question)
    assert {name for name in lab.frames if not name.startswith("_")} == {"till", "pd", "plt"}
    private = {name for name in lab.frames if name.startswith("_aether_")}
    assert private <= {f"_aether_{name}" for name in ("selection", "data", "summary", "stats")}


def test_it_thinks_once() -> None:
    """How the question is read is thought before the first call, and no thought repeats a purpose."""
    lab = Lab({"till": till()})
    lab.ask("which stores differ most in price? plot it and save it to x.csv")
    thoughts = [reply.message.thinking for reply in lab.replies]
    assert thoughts[0].startswith("I take this to be about `till`, and read it so: compare price between")
    assert thoughts[1:] == [""] * (len(thoughts) - 1)


def test_figures_of_a_column_have_the_same_decimals() -> None:
    """Four significant digits at most for what was computed; data as they stand are not rounded."""
    data = pd.DataFrame({"kind": list("aabb"), "size": [1234.5, 1111.25, 987.0, 990.5]})
    cells = [row[2:] for row in rows_of(Lab({"df": data}).ask("mean and max of size by kind"))]
    assert cells == [["1,172.875", "1,234.5"], ["988.750", "990.5"]]
    third = pd.DataFrame({"kind": list("aaab"), "size": [1000.0, 1000.0, 1001.0, 2]})
    assert [row[2] for row in rows_of(Lab({"df": third}).ask("mean size by kind"))] == ["1,000.33", "2.00"]


# ---- the summary it reads


SUMMARY = """variables (1):
- df: pandas.DataFrame, 9 rows × 70 columns, index when (DatetimeIndex)
  - "0": int64, 2 distinct: 1, 2
  - 3: float64, 2 distinct: 1.5, 2.0
  - odd: not readable (ValueError)
  - parts: list, 3 items, e.g. [1, 2]
  - … 2 more columns (names only): far, wide"""


def test_the_summary_is_read_with_index_numbers_and_broken_columns() -> None:
    """The index is a column of dates, a number stays a number in code, what is broken is neither."""
    columns = parse_summary(SUMMARY).frames[0].columns
    assert [(column.name, column.kind) for column in columns] == [
        ("when", "date"), ("0", "number"), ("3", "number"), ("odd", "broken"), ("parts", "text"),
        ("far", "unknown"), ("wide", "unknown"),
    ]  # fmt: skip
    assert [repr(column.name) for column in columns[:3]] == ["'when'", "'0'", "3"]


def test_a_frame_indexed_by_dates_can_be_asked_about_time() -> None:
    """Its index says when."""
    data = pd.DataFrame({"level": range(800)}, index=pd.date_range("2019-01-01", periods=800))
    summary = (
        "variables (1):\n- df: pandas.DataFrame, 800 rows × 1 columns, index DatetimeIndex\n  - level: int64, 0 … 799"
    )
    from aether_nb.events.messages import Message, Text
    from harness.analyst import reply_to

    messages = (Message("user", (Text("yearly mean of level"), Text(summary, "rows"))),)
    calls = reply_to(messages).message.calls
    done = Message.of("tool", "ok", call_id=calls[0].id), Message.of("tool", "…", call_id=calls[1].id)
    code = reply_to((*messages, reply_to(messages).message, *done)).message.calls[0].arguments["code"]
    assert f"2019,365,{np.arange(365).mean()}" in run_code(code, {"df": data})


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many rows has visits?", "`visits` has **6** rows."),
        ("How many visits are there by channel?", "Rows of `visits` by channel (**6** together)"),
        ("When was the last visited?", "**2026-01-01** to **2026-02-15**"),
        ("What is the mean n of visits?", "The mean of n is **3.500**"),
    ],
)
def test_a_frame_is_not_a_column_whose_name_is_another_form_of_its_own(question: str, answer: str) -> None:
    """Visits are the rows of ``visits``, though there is a column ``visited``."""
    days = pd.date_range("2026-01-01", periods=6, freq="9D")
    visits = pd.DataFrame({"visited": days, "channel": list("ababab"), "n": range(1, 7)})
    assert answer in Lab({"visits": visits}).ask(question)
