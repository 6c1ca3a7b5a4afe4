"""Questions about the monthly prices of five stocks: a long table, a time axis, names that are symbols."""

from __future__ import annotations

from typing import Any

from questions.checks import Date, Named, Number, Numbers, Order, Share, exact
from questions.deeds import All, Decline, Figure, Table
from questions.outcome import Check
from questions.question import Question, about
from questions.truth import complete, differ, extreme, grouped, histogram_shape, outliers, overview, types

__all__ = ["QUESTIONS"]

ask = about("stocks")
S = "stocks"


def _of(frame: Any, symbol: str) -> Any:
    return frame[frame["symbol"] == symbol].set_index("date")["price"].sort_index()


def _range(frame: Any) -> Check:
    """The first and the last date."""
    return All(*(Date(day.year, day.month, day.day) for day in (frame["date"].min(), frame["date"].max())))


def _ranked(frame: Any) -> Check:
    """The symbols by their maximum, in order, with it."""
    best = frame.groupby("symbol")["price"].max().sort_values(ascending=False)
    return All(Order(tuple(best.index)), Named({str(name): float(value) for name, value in best.items()}, 1e-4))


def _by_year(series: Any) -> Check:
    """The mean of each year."""
    return Named({str(year): float(mean) for year, mean in series.groupby(series.index.year).mean().items()})


QUESTIONS: tuple[Question, ...] = (
    ask("st01", "profile", "tell me about this data", lambda d: overview(d[S])),
    ask("st02", "shape", "number of rows in stocks?", lambda d: Number(len(d[S]))),
    ask("st03", "shape", "types of the columns in stocks", lambda d: types(d[S], "symbol", "date", "price")),
    ask("st04", "missing", "null count per column", lambda d: complete()),
    ask(
        "st05",
        "counts",
        "which symbols are in there and how many rows each",
        lambda d: grouped(d[S], "symbol", "price", "size"),
    ),
    ask("st06", "counts", "how many different dates", lambda d: Number(int(d[S]["date"].nunique()))),
    ask(
        "st07",
        "aggregate",
        "min and max price",
        lambda d: All(exact(float(d[S]["price"].min())), exact(float(d[S]["price"].max()))),
    ),
    ask("st08", "aggregate", "date range of the data: first and last date", lambda d: _range(d[S])),
    ask("st09", "group", "average price by symbol", lambda d: grouped(d[S], "symbol", "price", "mean")),
    ask("st10", "group", "std of price within each symbol", lambda d: grouped(d[S], "symbol", "price", "std")),
    ask(
        "st11",
        "extreme",
        "Which stock had the highest mean price?",
        lambda d: extreme(d[S], "symbol", "price"),
        own_words=True,
    ),
    ask(
        "st12",
        "extreme",
        "which symbol is the most volatile, going by the std of its price",
        lambda d: extreme(d[S], "symbol", "price", "std"),
    ),
    ask("st13", "top", "rank the symbols by their maximum price, highest first", lambda d: _ranked(d[S])),
    ask(
        "st14", "top", "top 3 prices of AAPL", lambda d: Numbers(tuple(map(float, _of(d[S], "AAPL").nlargest(3))), 1e-4)
    ),
    ask(
        "st15",
        "filter",
        "how many months did GOOG close above 500",
        lambda d: Number(int((_of(d[S], "GOOG") > 500).sum())),
        own_words=True,
    ),
    ask(
        "st16",
        "filter",
        "What was the mean IBM price in 2005?",
        lambda d: Number(float(_of(d[S], "IBM").loc["2005"].mean())),
    ),
    ask(
        "st17", "filter", "avg price of msft since 2008", lambda d: Number(float(_of(d[S], "MSFT").loc["2008":].mean()))
    ),
    ask("st18", "share", "what percent of rows are AMZN?", lambda d: Share(float((d[S]["symbol"] == "AMZN").mean()))),
    ask("st19", "trend", "yearly mean price of AMZN", lambda d: _by_year(_of(d[S], "AMZN"))),
    ask(
        "st20",
        "trend",
        "Resample MSFT's price to quarters and show the mean for 2009",
        lambda d: Numbers(tuple(map(float, _of(d[S], "MSFT").loc["2009"].resample("QS").mean()))),
    ),
    ask("st21", "trend", "plot price over time, one line per symbol", lambda d: Figure("line")),
    ask("st22", "distribution", "skew of price?", lambda d: histogram_shape(d[S]["price"])),
    ask("st23", "distribution", "how many outliers in price (IQR)", lambda d: outliers(d[S]["price"], "iqr")),
    ask(
        "st24",
        "compare",
        "Do MSFT and IBM differ in price? Test please.",
        lambda d: differ(d[S][d[S]["symbol"].isin(["MSFT", "IBM"])], "symbol", "price"),
    ),
    ask(
        "st25",
        "plot",
        "bar chart of mean price per symbol and tell me the numbers",
        lambda d: All(Figure("bar"), grouped(d[S], "symbol", "price", "mean")),
    ),
    ask("st26", "plot", "box plot of prices grouped by symbol", lambda d: Figure("box")),
    ask(
        "st27",
        "save",
        "mean price by symbol -> write to avg_price.csv",
        lambda d: Table("avg_price.csv", d[S].groupby("symbol")["price"].mean().reset_index()),
    ),
    ask(
        "st28", "save", "dump all GOOG rows into goog.csv", lambda d: Table("goog.csv", d[S][d[S]["symbol"] == "GOOG"])
    ),
    ask("st29", "decline", "what will the price of AAPL be next year", lambda d: Decline()),
    ask("st30", "decline", "should I buy google?", lambda d: Decline()),
    ask("st31", "decline", "average volume per symbol", lambda d: Decline()),
    ask("st32", "decline", "Did the dot-com crash cause the drop of AMZN?", lambda d: Decline()),
    ask("st34", "profile", "describe the data", lambda d: overview(d[S])),
)
