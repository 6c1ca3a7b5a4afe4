"""Questions about four years of daily weather in Seattle: dates, units, and two temperatures to mix up."""

from __future__ import annotations

from typing import Any

from questions.checks import Date, Named, Number, Numbers, Share, exact
from questions.deeds import All, Decline, Either, Figure, Table
from questions.outcome import Check
from questions.question import Question, about
from questions.truth import (
    associated,
    complete,
    differ,
    extreme,
    grouped,
    histogram_shape,
    matrix,
    outliers,
    overview,
    pair,
    shape,
    shares,
    spread,
    types,
)

__all__ = ["QUESTIONS"]

ask = about("seattle")


def _years(frame: Any) -> Any:
    return frame["date"].dt.year.rename("year")


def _monthly(frame: Any, column: str, how: str) -> Any:
    return frame.set_index("date").sort_index()[column].resample("MS").agg(how)


def _wettest(frame: Any) -> Check:
    """The month with the largest total."""
    month = _monthly(frame, "precipitation", "sum").idxmax()
    return Date(month.year, month.month)


def _windiest(frame: Any, n: int) -> Check:
    """The days with the most wind: each number, and each date that is not tied for the last place."""
    winds = frame["wind"].nlargest(n)
    days = frame.loc[frame["wind"] > winds.iloc[-1], "date"]
    return All(*(Date(day.year, day.month, day.day) for day in days), Numbers(tuple(map(float, winds)), 1e-6))


def _hottest(frame: Any) -> Check:
    """Each day that reached the maximum."""
    days = frame.loc[frame["temp_max"] == frame["temp_max"].max(), "date"]
    return Either(*(Date(day.year, day.month, day.day) for day in days))


QUESTIONS: tuple[Question, ...] = (
    ask("se01", "profile", "what is in df?", lambda d: overview(d["df"])),
    ask("se02", "shape", "df shape?", lambda d: shape(d["df"])),
    ask("se03", "shape", "is date really a datetime column?", lambda d: types(d["df"], "date")),
    ask(
        "se04",
        "counts",
        "how many days of each kind of weather were there",
        lambda d: grouped(d["df"], "weather", "wind", "size"),
    ),
    ask("se05", "counts", "most common weather?", lambda d: extreme(d["df"], "weather", "wind", "size", tell=False)),
    ask("se06", "missing", "are there missing values in this dataset?", lambda d: complete()),
    ask("se07", "aggregate", "total precipitation", lambda d: Number(float(d["df"]["precipitation"].sum()))),
    ask(
        "se08",
        "aggregate",
        "highest wind ever measured and the lowest temp_min",
        lambda d: All(exact(float(d["df"]["wind"].max())), exact(float(d["df"]["temp_min"].min()))),
    ),
    ask(
        "se09",
        "aggregate",
        "what is the 99th percentile of wind",
        lambda d: Number(float(d["df"]["wind"].quantile(0.99))),
    ),
    ask("se10", "aggregate", "std dev of the max temp", lambda d: spread(d["df"]["temp_max"])),
    ask("se11", "group", "average temp_max by weather type", lambda d: grouped(d["df"], "weather", "temp_max", "mean")),
    ask(
        "se12",
        "group",
        "total precipitaion per year",
        lambda d: grouped(d["df"].assign(year=_years(d["df"])), "year", "precipitation", "sum"),
    ),
    ask(
        "se13",
        "extreme",
        "Which weather comes with the strongest wind on average?",
        lambda d: extreme(d["df"], "weather", "wind"),
    ),
    ask(
        "se14",
        "extreme",
        "which month had the most rain in total? i mean calendar month, e.g. 2013-05",
        lambda d: _wettest(d["df"]),
        own_words=True,
    ),
    ask("se15", "top", "5 windiest days with date", lambda d: _windiest(d["df"], 5), own_words=True),
    ask("se16", "top", "When was the hottest day?", lambda d: _hottest(d["df"]), own_words=True),
    ask(
        "se17",
        "filter",
        "how many days had more than 30 mm of precipitation?",
        lambda d: Number(int((d["df"]["precipitation"] > 30).sum())),
    ),
    ask(
        "se18",
        "filter",
        "mean wind on snow days",
        lambda d: Number(float(d["df"].loc[d["df"]["weather"] == "snow", "wind"].mean())),
    ),
    ask(
        "se19",
        "filter",
        "in 2014, how many days with temp_max above 25?",
        lambda d: Number(int(((_years(d["df"]) == 2014) & (d["df"]["temp_max"] > 25)).sum())),
    ),
    ask("se20", "share", "what share of days was sunny?", lambda d: Share(float((d["df"]["weather"] == "sun").mean()))),
    ask("se21", "share", "weather types as percentages, please", lambda d: shares(d["df"]["weather"])),
    ask(
        "se22",
        "correlation",
        "is wind related to precipitation? give me r",
        lambda d: pair(d["df"], "wind", "precipitation"),
    ),
    ask("se23", "correlation", "corr matrix as a heatmap", lambda d: Figure("heatmap")),
    ask("se24", "correlation", "show correlations of all numeric columns", lambda d: matrix(d["df"])),
    ask(
        "se25",
        "trend",
        "monthly mean of temp_max in 2012",
        lambda d: Numbers(tuple(map(float, _monthly(d["df"][_years(d["df"]) == 2012], "temp_max", "mean")))),
    ),
    ask(
        "se26",
        "trend",
        "resample precipitation to yearly totals",
        lambda d: Numbers(tuple(map(float, d["df"].groupby(_years(d["df"]))["precipitation"].sum()))),
    ),
    ask("se27", "trend", "plot the monthly average of temp_min over time", lambda d: Figure("line")),
    ask("se28", "distribution", "how skewed is precipitation", lambda d: histogram_shape(d["df"]["precipitation"])),
    ask("se29", "distribution", "find outliers in wind with z-scores", lambda d: outliers(d["df"]["wind"], "z")),
    ask(
        "se30",
        "compare",
        "Is it windier on rain days than on sun days? test it",
        lambda d: differ(d["df"][d["df"]["weather"].isin(["rain", "sun"])], "weather", "wind"),
        own_words=True,
    ),
    ask(
        "se31",
        "compare",
        "did temp_max differ between years? anova",
        lambda d: differ(d["df"].assign(year=_years(d["df"])), "year", "temp_max"),
    ),
    ask(
        "se32",
        "compare",
        "is the weather type independent of the year?",
        lambda d: associated(d["df"].assign(year=_years(d["df"])), "weather", "year"),
    ),
    ask("se33", "plot", "bar chart of the weather counts", lambda d: Figure("bar")),
    ask("se34", "plot", "draw wind over time as a line", lambda d: Figure("line")),
    ask(
        "se35",
        "save",
        "Save monthly total precipitation to monthly.csv",
        lambda d: Table(
            "monthly.csv", _monthly(d["df"], "precipitation", "sum").to_frame("rain").reset_index()[["rain"]]
        ),
    ),
    ask(
        "se36",
        "decline",
        "what's the average temperature?",
        lambda d: Either(Decline(), Named({name: float(d["df"][name].mean()) for name in ("temp_max", "temp_min")})),
    ),
    ask("se37", "decline", "will it rain tomorrow?", lambda d: Decline()),
    ask("se38", "decline", "how does this compare to Portland's climate", lambda d: Decline()),
    ask("se40", "profile", "profile df", lambda d: overview(d["df"])),
)
