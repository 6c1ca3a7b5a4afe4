"""Questions with four unrelated frames at once: the right one is named, or follows from the column."""

from __future__ import annotations

from typing import Any

from questions.checks import Named, Number, Numbers, Order, Share, exact
from questions.deeds import All, Decline, Either, Figure, Table
from questions.outcome import Check
from questions.question import Question, about
from questions.truth import extreme, grouped, histogram_shape, missing, overview, pair, types

__all__ = ["QUESTIONS"]

ask = about("market")


def _states(frame: Any, n: int) -> Check:
    """The states with the most rows, in order, with their counts."""
    counts = frame["state"].value_counts().head(n)
    return All(Order(tuple(counts.index)), Named({str(name): int(count) for name, count in counts.items()}))


def _generated(frame: Any) -> Check:
    """Each source's part of the sum."""
    parts = frame.groupby("source")["net_generation"].sum() / frame["net_generation"].sum()
    return Named({str(name): float(part) for name, part in parts.items()}, share=True)


def _in_state(frame: Any, state: str) -> Check:
    """The state's part of all rows, or of those with a state."""
    return Either(
        Share(float((frame["state"] == state).mean())), Share(float((frame["state"].dropna() == state).mean()))
    )


def _weekly(frame: Any) -> Check:
    """The mean of each week, whichever day begins it."""
    close = frame.set_index("date").sort_index()["close"]
    ways = (close.resample(rule).mean().dropna() for rule in ("W", "W-SAT", "W-MON", "7D"))
    return Either(*(Numbers(tuple(map(float, means)), 0.001) for means in ways))


def _by_state(frame: Any) -> Check:
    """The counts of each state; those without one may stand or fall."""
    ways = (frame["state"].value_counts(dropna=drop).reset_index() for drop in (True, False))
    return Either(*(Table("by_state.csv", counts) for counts in ways))


QUESTIONS: tuple[Question, ...] = (
    ask("ma01", "profile", "overview of ohlc", lambda d: overview(d["ohlc"])),
    ask("ma02", "shape", "how many airports are in the list", lambda d: Number(len(d["airports"]))),
    ask("ma03", "shape", "dtypes of iowa", lambda d: types(d["iowa"], *d["iowa"].columns)),
    ask("ma04", "missing", "missing values in airports by column", lambda d: missing(d["airports"])),
    ask(
        "ma05",
        "missing",
        "how many wages are missing?",
        lambda d: Number(int(d["wheat"]["wages"].isna().sum()), near=("missing|null|NaN|empty|wages",)),
    ),
    ask("ma06", "counts", "top 4 states by number of airports", lambda d: _states(d["airports"], 4)),
    ask(
        "ma07",
        "counts",
        "how many different cities do the airports have",
        lambda d: Number(int(d["airports"]["city"].nunique())),
    ),
    ask("ma08", "counts", "value counts for signal", lambda d: grouped(d["ohlc"], "signal", "open", "size")),
    ask("ma09", "aggregate", "average close", lambda d: Number(float(d["ohlc"]["close"].mean()))),
    ask(
        "ma10",
        "aggregate",
        "What is the northernmost latitude?",
        lambda d: exact(float(d["airports"]["latitude"].max())),
        own_words=True,
    ),
    ask(
        "ma11",
        "group",
        "mean net generation for each source",
        lambda d: grouped(d["iowa"], "source", "net_generation", "mean"),
    ),
    ask("ma12", "group", "average ret by signal", lambda d: grouped(d["ohlc"], "signal", "ret", "mean")),
    ask(
        "ma13",
        "extreme",
        "which source generated the least electricity overall",
        lambda d: extreme(d["iowa"], "source", "net_generation", "sum", largest=False),
        own_words=True,
    ),
    ask("ma14", "extreme", "Which signal has the highest mean ret?", lambda d: extreme(d["ohlc"], "signal", "ret")),
    ask(
        "ma15",
        "filter",
        "number of airports in Texas (TX)",
        lambda d: Number(int((d["airports"]["state"] == "TX").sum())),
    ),
    ask(
        "ma16",
        "filter",
        "Renewables net_generation in 2017?",
        lambda d: exact(
            int(
                d["iowa"]
                .loc[(d["iowa"]["source"] == "Renewables") & (d["iowa"]["year"].dt.year == 2017), "net_generation"]
                .iloc[0]
            )
        ),
    ),
    ask(
        "ma17",
        "filter",
        "mean wheat price before 1700",
        lambda d: Number(float(d["wheat"].loc[d["wheat"]["year"] < 1700, "wheat"].mean())),
        own_words=True,
    ),
    ask("ma18", "share", "what share of all net generation came from each source?", lambda d: _generated(d["iowa"])),
    ask(
        "ma19", "share", "fraction of airports in california", lambda d: _in_state(d["airports"], "CA"), own_words=True
    ),
    ask("ma20", "correlation", "correlate wheat with wages", lambda d: pair(d["wheat"], "wheat", "wages")),
    ask("ma21", "trend", "weekly mean of close", lambda d: _weekly(d["ohlc"])),
    ask("ma22", "distribution", "skewness of longitude", lambda d: histogram_shape(d["airports"]["longitude"])),
    ask("ma23", "plot", "line plot of net_generation by year for each source", lambda d: Figure("line")),
    ask("ma24", "plot", "histogram of latitude", lambda d: Figure("hist")),
    ask("ma25", "plot", "bar chart: airports per country", lambda d: Figure("bar")),
    ask("ma26", "save", "number of airports per state, written to by_state.csv", lambda d: _by_state(d["airports"])),
    ask(
        "ma27",
        "decline",
        "how many rows?",
        lambda d: Either(Decline(), Numbers(tuple(len(frame) for frame in d.values()))),
    ),
    ask("ma28", "decline", "plot it", lambda d: Decline()),
    ask("ma29", "decline", "merge airports and wheat on year and show the first rows", lambda d: Decline()),
    ask("ma30", "decline", "thanks, you are great!", lambda d: Decline()),
    ask("ma31", "decline", "What is the capital of Iowa?", lambda d: Decline()),
)
