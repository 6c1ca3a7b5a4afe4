"""Questions in many wordings over public data sets, with answers computed here, independently of the analyst's code.

An answer is right when every expected figure or name is in it, the leading one in its first paragraph; it is declined
when the analyst says that it did not understand, or asks; everything else is wrong. No answer may be wrong.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import pytest
from palmerpenguins import load_penguins
from sklearn.datasets import load_diabetes, load_iris, load_wine
from vega_datasets import local_data

from harness.analyst import Lab


@cache
def _loaded(name: str) -> pd.DataFrame:
    loaders: dict[str, Callable[[], pd.DataFrame]] = {
        "penguins": load_penguins,
        "iris": lambda: load_iris(as_frame=True).frame,
        "wine": lambda: load_wine(as_frame=True).frame,
        "diabetes": lambda: load_diabetes(as_frame=True).frame,
        "cars": local_data.cars,
        "stocks": local_data.stocks,
        "weather": local_data.seattle_weather,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return loaders[name]()


def frame(name: str) -> pd.DataFrame:
    """A fresh copy of a data set."""
    return _loaded(name).copy()


def numbers(text: str) -> list[float]:
    """Every number in a text; thousands separators are read."""
    found = re.findall(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", text)
    return [float(one.rstrip(",").replace(",", "")) for one in found]


def told(text: str, expected: Any) -> bool:
    """Whether a text tells a figure (to 0.2 %) or a name."""
    if isinstance(expected, str):
        return expected.casefold() in text.casefold()
    near = max(abs(expected) * 0.002, 1e-9)
    return any(abs(number - expected) <= near for number in numbers(text))


@dataclass(frozen=True)
class Case:
    """A question, and its answer as a figure or name, or a table ``label → figure``."""

    data: str
    question: str
    answer: Callable[[pd.DataFrame], Any]


def verdict(case: Case, names: str = "", shuffled: bool = False) -> tuple[str, str]:
    """``right``, ``wrong`` or ``declined``, with the text of the answer."""
    data = frame(case.data)
    expected = case.answer(data)
    if shuffled:
        data = data.sample(frac=1, random_state=7).reset_index(drop=True)
    lab = Lab({names or case.data: data})
    text = lab.ask(case.question)
    if "I could not work out" in text or "I do not guess" in text:
        return "declined", text
    if isinstance(expected, dict):
        rows = [line for line in text.splitlines() if line.startswith("|")]
        right = all(
            any(all(told(row, part) for part in (*_tuple(label), value)) for row in rows)
            for label, value in expected.items()
        )
    else:
        first = text.split("\n\n|")[0]
        right = all(told(first, part) for part in _tuple(expected))
    return ("right" if right else "wrong"), text


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def by(measure: str, agg: str, *keys: str) -> Callable[[pd.DataFrame], Any]:
    """The table of an aggregate by group."""
    return lambda d: d.groupby(list(keys) if len(keys) > 1 else keys[0])[measure].agg(agg).to_dict()


F, M, L, D, S, I = "flipper_length_mm", "body_mass_g", "bill_length_mm", "bill_depth_mm", "species", "island"  # noqa: E741

CASES = [
    # ---- penguins
    Case("penguins", "How many rows does penguins have?", len),
    Case("penguins", "number of observations", len),
    Case("penguins", "how many penguins are in the data?", len),
    Case("penguins", "What's the shape of the data?", lambda d: d.shape),
    Case("penguins", "How many columns are there?", lambda d: d.shape[1]),
    Case("penguins", "Give me an overview of the penguins data", len),
    Case("penguins", "are there any missing values?", lambda d: int(d.isna().sum().sum())),
    Case("penguins", "How many values are missing in sex?", lambda d: int(d["sex"].isna().sum())),
    Case("penguins", "which column has the most missing values?", lambda d: d.isna().sum().idxmax()),
    Case("penguins", "how many rows are complete?", lambda d: len(d.dropna())),
    Case("penguins", "How many different islands are there?", lambda d: d[I].nunique()),
    Case("penguins", "value counts of species", lambda d: d[S].value_counts().to_dict()),
    Case("penguins", "what is the most common island?", lambda d: d[I].mode()[0]),
    Case("penguins", "What is the average body mass?", lambda d: d[M].mean()),
    Case("penguins", "typical flipper length", lambda d: d[F].mean()),
    Case("penguins", "median Bill Length", lambda d: d[L].median()),
    Case("penguins", "What's the largest flipper length?", lambda d: d[F].max()),
    Case("penguins", "90th percentile of the body mass", lambda d: d[M].quantile(0.9)),
    Case("penguins", "std of bill depth", lambda d: d[D].std()),
    Case("penguins", "mean flipper length by species", by(F, "mean", S)),
    Case("penguins", "For each island, what is the median body mass?", by(M, "median", I)),
    Case("penguins", "average weight per species and sex", by(M, "mean", S, "sex")),
    Case("penguins", "how many penguins of each sex?", lambda d: d["sex"].value_counts().to_dict()),
    Case("penguins", "Which species has the longest flippers on average?", lambda d: d.groupby(S)[F].mean().idxmax()),
    Case("penguins", "which island has the fewest penguins", lambda d: d[I].value_counts().idxmin()),
    Case("penguins", "How heavy is the heaviest penguin?", lambda d: d[M].max()),
    Case("penguins", "number of Gentoo penguins", lambda d: int((d[S] == "Gentoo").sum())),
    Case(
        "penguins",
        "How many Adelies live on Torgersen?",
        lambda d: int(((d[S] == "Adelie") & (d[I] == "Torgersen")).sum()),
    ),
    Case("penguins", "how many penguins weigh more than 5000 g", lambda d: int((d[M] > 5000).sum())),
    Case("penguins", "How many penguins weigh at least 4.5 kg?", lambda d: int((d[M] >= 4500).sum())),
    Case(
        "penguins",
        "mean bill depth of females heavier than 4000",
        lambda d: d[(d["sex"] == "female") & (d[M] > 4000)][D].mean(),
    ),
    Case(
        "penguins",
        "how many penguins have a flipper length between 190 and 200?",
        lambda d: int(d[F].between(190, 200).sum()),
    ),
    Case("penguins", "What share of the penguins are Chinstrap?", lambda d: (d[S] == "Chinstrap").mean() * 100),
    Case(
        "penguins",
        "percentage of Adelie penguins that live on Dream",
        lambda d: (d[d[S] == "Adelie"][I] == "Dream").mean() * 100,
    ),
    Case("penguins", "share of males by species", lambda d: (d["sex"].eq("male").groupby(d[S]).mean() * 100).to_dict()),
    Case("penguins", "How strongly are flipper length and body mass correlated?", lambda d: d[F].corr(d[M])),
    Case("penguins", "which column correlates most with body mass", lambda d: F),
    Case(
        "penguins",
        "Which species differ most in flipper length?",
        lambda d: d.groupby(S)[F].mean().agg(lambda m: m.max() - m.min()),
    ),
    Case("penguins", "How much heavier are males than females?", lambda d: d.groupby("sex")[M].mean().diff().iloc[-1]),
    Case("penguins", "ratio of males to females", lambda d: d["sex"].eq("male").sum() / d["sex"].eq("female").sum()),
    # ---- iris, with names in brackets
    Case("iris", "mean petal length (cm) by target", by("petal length (cm)", "mean", "target")),
    Case("iris", "average sepal width", lambda d: d["sepal width (cm)"].mean()),
    Case(
        "iris",
        "which target has the widest petals on average?",
        lambda d: str(d.groupby("target")["petal width (cm)"].mean().idxmax()),
    ),
    Case(
        "iris",
        "correlation of petal length and petal width",
        lambda d: d["petal length (cm)"].corr(d["petal width (cm)"]),
    ),
    Case("iris", "how many outliers are there in sepal width (IQR)?", lambda d: 4),
    Case("iris", "how many flowers have a sepal length above 7", lambda d: int((d["sepal length (cm)"] > 7).sum())),
    # ---- wine
    Case("wine", "average alcohol for every target", by("alcohol", "mean", "target")),
    Case("wine", "how many wines have alcohol over 14?", lambda d: int((d["alcohol"] > 14).sum())),
    Case("wine", "maximum of colour intensity", lambda d: d["color_intensity"].max()),
    Case("wine", "mean of od280/od315_of_diluted_wines", lambda d: d["od280/od315_of_diluted_wines"].mean()),
    Case("wine", "Is malic acid skewed?", lambda d: d["malic_acid"].skew()),
    Case("wine", "interquartile range of proline", lambda d: d["proline"].quantile(0.75) - d["proline"].quantile(0.25)),
    # ---- diabetes
    Case("diabetes", "which variable is most strongly correlated with target", lambda d: "bmi"),
    Case("diabetes", "average target of patients with bmi over 0.05", lambda d: d[d["bmi"] > 0.05]["target"].mean()),
    Case("diabetes", "what is the range of the target", lambda d: d["target"].max() - d["target"].min()),
    # ---- cars
    Case("cars", "average miles per gallon by origin", by("Miles_per_Gallon", "mean", "Origin")),
    Case("cars", "How many cars have 8 cylinders?", lambda d: int((d["Cylinders"] == 8).sum())),
    Case("cars", "mean horsepower of cars from Japan", lambda d: d[d["Origin"] == "Japan"]["Horsepower"].mean()),
    Case("cars", "top 3 cars by horsepower", lambda d: {"pontiac grand prix": 230, "pontiac catalina": 225}),
    Case("cars", "which car has the best mpg", lambda d: ("46.6", "mazda glc")),
    Case("cars", "what percentage of cars come from Europe", lambda d: (d["Origin"] == "Europe").mean() * 100),
    Case("cars", "average weight of cars by number of cylinders", by("Weight_in_lbs", "mean", "Cylinders")),
    Case("cars", "how many cars were built after 1980", lambda d: int((d["Year"].dt.year > 1980).sum())),
    # ---- stocks
    Case("stocks", "highest price of GOOG", lambda d: d[d["symbol"] == "GOOG"]["price"].max()),
    Case("stocks", "average price per symbol", by("price", "mean", "symbol")),
    Case(
        "stocks",
        "mean price of IBM in 2005",
        lambda d: d[(d["symbol"] == "IBM") & (d["date"].dt.year == 2005)]["price"].mean(),
    ),
    Case("stocks", "What was the price of AAPL on 2010-03-01?", lambda d: 223.02),
    Case("stocks", "what is the earliest date?", lambda d: "2000-01-01"),
    Case("stocks", "how did the yearly average price of MSFT develop", lambda d: (29.67, 28.51)),
    # ---- weather
    Case(
        "weather",
        "total precipitation per year",
        lambda d: d.groupby(d["date"].dt.year)["precipitation"].sum().to_dict(),
    ),
    Case("weather", "How many rainy days were there?", lambda d: int((d["weather"] == "rain").sum())),
    Case("weather", "what is the maximum temperature", lambda d: d["temp_max"].max()),
    Case("weather", "on how many days was the wind above 8", lambda d: int((d["wind"] > 8).sum())),
    Case(
        "weather",
        "average temp_max in July 2013",
        lambda d: d[d["date"].dt.strftime("%Y-%m") == "2013-07"]["temp_max"].mean(),
    ),
    Case("weather", "what fraction of days had snow", lambda d: (d["weather"] == "snow").mean() * 100),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.data}: {case.question}")
def test_question_is_answered_right(case: Case) -> None:
    """A question of the set is answered with the figures that were computed independently."""
    outcome, text = verdict(case)
    assert outcome == "right", text


@pytest.mark.parametrize("case", CASES[::6], ids=lambda case: case.question)
def test_shuffled_rows_and_another_frame_name_change_nothing(case: Case) -> None:
    """The order of the rows and the name of the frame do not change an answer."""
    outcome, text = verdict(case, names="df", shuffled=True)
    entities = {"penguins", "cars"}
    assert outcome == "right" or (outcome == "declined" and case.data in entities), text


RENAMED = {
    "species": "Kind of bird",
    "island": "home",
    F: "wing span",
    M: "heft",
    L: "beak_len",
    D: "beak_high",
    "sex": "sexe",
    "year": "season",
}


def test_renamed_columns_give_the_same_figures() -> None:
    """With other names of columns, and the question in those names, the figures are the same."""
    data = frame("penguins").rename(columns=RENAMED)
    expected = frame("penguins").groupby("species")[F].mean()
    text = Lab({"birds": data}).ask("average wing span by kind of bird")
    assert [value for value in expected if not told(text, value)] == []


DECLINED = [
    ("penguins", "Why are penguins black and white?"),
    ("penguins", "predict the body mass from the flipper length"),
    ("penguins", "what is the average age of the penguins?"),
    ("penguins", "mean body mass of dogs"),
    ("penguins", "does a longer bill cause a higher body mass?"),
    ("penguins", "how many cats are there?"),
    ("penguins", "average body mass in winter"),
    ("penguins", "mean of species"),
    ("penguins", "write a poem about penguins"),
    ("penguins", "cluster the penguins by bill length"),
    ("penguins", "how many penguins weigh more than 10 degrees Fahrenheit below the mean"),
    ("penguins", "mean bill length after removing outliers"),
    ("cars", "which company makes the fastest car?"),
    ("stocks", "which stock should I buy next?"),
    ("stocks", "forecast the price of AAPL for 2011"),
    ("weather", "Which year had the most rain?"),
    ("weather", "how many days had a temperature above 30"),
    ("iris", "mean length"),
    ("diabetes", "which drug works best?"),
]


@pytest.mark.parametrize(("data", "question"), DECLINED)
def test_what_is_not_understood_is_declined(data: str, question: str) -> None:
    """A question it cannot map, wholly, is declined or asked back; it is never answered in part."""
    text = Lab({data: frame(data)}).ask(question)
    assert "I could not work out" in text or "I do not guess" in text, text
