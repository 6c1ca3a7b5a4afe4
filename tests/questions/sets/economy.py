"""Questions about CO2, firms and the macro economy: three frames, dates in the index, and years as floats."""

from __future__ import annotations

from typing import Any

from questions.checks import Named, Number, Order, Share, Words, exact
from questions.deeds import All, Decline, Figure, Table
from questions.outcome import Check
from questions.question import Question, about
from questions.truth import extreme, grouped, histogram_shape, names, overview, pair, shape

__all__ = ["QUESTIONS"]

ask = about("economy")


def _decades(frame: Any) -> Any:
    return frame["co2"].groupby(frame.index.year // 10 * 10).mean()


def _firms(frame: Any, n: int) -> Check:
    """The firms with the largest mean, in order, with it."""
    means = frame.groupby("firm")["capital"].mean().nlargest(n)
    return All(Order(tuple(means.index)), Named({str(name): float(mean) for name, mean in means.items()}))


def _rising() -> Check:
    """That it goes up. The data say so by 25 ppm; which words say it is open."""
    return Words(
        ("going up|goes up|went up|gone up|go up|rises|rising|rose|increases|increasing|increased|grew|growing|upward",)
    )


QUESTIONS: tuple[Question, ...] = (
    ask("ec01", "profile", "quick profile of grunfeld", lambda d: overview(d["grunfeld"])),
    ask("ec02", "shape", "what's the shape of macro?", lambda d: shape(d["macro"])),
    ask("ec03", "missing", "how many co2 values are missing", lambda d: Number(int(d["co2"]["co2"].isna().sum()))),
    ask(
        "ec04",
        "missing",
        "missing values in co2, as a percentage",
        lambda d: Share(float(d["co2"]["co2"].isna().mean())),
    ),
    ask("ec05", "counts", "which firms are in grunfeld?", lambda d: names(d["grunfeld"]["firm"])),
    ask("ec06", "aggregate", "highest co2 reading", lambda d: exact(float(d["co2"]["co2"].max()))),
    ask("ec07", "aggregate", "mean unemp in the macro data", lambda d: Number(float(d["macro"]["unemp"].mean()))),
    ask("ec08", "group", "total invest per firm", lambda d: grouped(d["grunfeld"], "firm", "invest", "sum")),
    ask(
        "ec09",
        "extreme",
        "which firm invested the most in total?",
        lambda d: extreme(d["grunfeld"], "firm", "invest", "sum"),
    ),
    ask("ec10", "top", "top three firms by average capital", lambda d: _firms(d["grunfeld"], 3)),
    ask(
        "ec11",
        "filter",
        "what was the mean infl in 1980",
        lambda d: Number(float(d["macro"].loc[d["macro"]["year"] == 1980, "infl"].mean())),
    ),
    ask(
        "ec12",
        "filter",
        "how many quarters had unemp over 9?",
        lambda d: Number(int((d["macro"]["unemp"] > 9).sum())),
        own_words=True,
    ),
    ask(
        "ec13",
        "correlation",
        "correlation of value and invest in grunfeld",
        lambda d: pair(d["grunfeld"], "value", "invest"),
    ),
    ask(
        "ec14",
        "trend",
        "average co2 per decade",
        lambda d: Named({str(decade): float(mean) for decade, mean in _decades(d["co2"]).items()}),
    ),
    ask(
        "ec15",
        "trend",
        "yearly mean of realgdp, just 2005 to 2008",
        lambda d: Named(
            {
                str(year): float(d["macro"].loc[d["macro"]["year"] == year, "realgdp"].mean())
                for year in range(2005, 2009)
            }
        ),
    ),
    ask(
        "ec16",
        "trend",
        "what was the annual mean co2 in 1990?",
        lambda d: Number(float(d["co2"].sort_index().loc["1990", "co2"].mean()), 0.0003),
    ),
    ask("ec17", "trend", "Plot co2 resampled by year", lambda d: Figure("line")),
    ask("ec18", "trend", "is co2 going up or down over the years?", lambda d: _rising()),
    ask(
        "ec19",
        "distribution",
        "describe the distribution of cpi incl. quartiles",
        lambda d: All(*(Number(float(d["macro"]["cpi"].quantile(q))) for q in (0.25, 0.5, 0.75))),
    ),
    ask("ec20", "distribution", "skew of capital", lambda d: histogram_shape(d["grunfeld"]["capital"])),
    ask("ec21", "plot", "unemp by year as a line chart", lambda d: Figure("line")),
    ask(
        "ec22",
        "save",
        "annual means of co2 to co2_yearly.csv",
        lambda d: Table("co2_yearly.csv", d["co2"]["co2"].groupby(d["co2"].index.year).mean().to_frame("mean")),
    ),
    ask("ec23", "decline", "plot the year", lambda d: Decline()),
    ask("ec24", "decline", "forecast co2 for 2030", lambda d: Decline()),
    ask("ec25", "decline", "What caused the inflation of 1980?", lambda d: Decline()),
)
