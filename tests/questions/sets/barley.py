"""Questions about barley yields: ten varieties, six sites, two years; a column whose name is a Python keyword."""

from __future__ import annotations

from typing import Any

from questions.checks import Named, Number, Order, Share
from questions.deeds import All, Decline, Figure, Table
from questions.outcome import Check
from questions.question import Question, about
from questions.truth import columns, differ, extreme, grouped, histogram_shape, names, overview, spread

__all__ = ["QUESTIONS"]

ask = about("barley")
B = "barley"


def _best(frame: Any, n: int) -> Check:
    """The varieties with the largest totals, in order, and the totals."""
    totals = frame.groupby("variety")["yield"].sum().nlargest(n)
    return All(Order(tuple(totals.index)), Named({str(name): float(total) for name, total in totals.items()}))


QUESTIONS: tuple[Question, ...] = (
    ask("ba01", "profile", "profile barley", lambda d: overview(d[B])),
    ask("ba02", "shape", "what columns are there and how many rows", lambda d: All(Number(len(d[B])), columns(d[B]))),
    ask("ba03", "counts", "list the unique varieties", lambda d: names(d[B]["variety"])),
    ask(
        "ba04",
        "counts",
        "how many sites are there?",
        lambda d: Number(int(d[B]["site"].nunique()), near=("site|distinct",)),
    ),
    ask("ba05", "aggregate", "mean yield", lambda d: Number(float(d[B]["yield"].mean()))),
    ask(
        "ba06",
        "aggregate",
        "What's the lower quartile of the yield?",
        lambda d: Number(float(d[B]["yield"].quantile(0.25))),
    ),
    ask("ba07", "group", "yield by site, averaged", lambda d: grouped(d[B], "site", "yield", "mean")),
    ask(
        "ba08",
        "group",
        "give me the median yield for every variety",
        lambda d: grouped(d[B], "variety", "yield", "median"),
    ),
    ask("ba09", "group", "mean yeild per year", lambda d: grouped(d[B], "year", "yield", "mean")),
    ask("ba10", "extreme", "best site by mean yield?", lambda d: extreme(d[B], "site", "yield")),
    ask(
        "ba11",
        "extreme",
        "Which variety yields the least on average",
        lambda d: extreme(d[B], "variety", "yield", largest=False),
    ),
    ask("ba12", "top", "three best varieties by total yield", lambda d: _best(d[B], 3)),
    ask(
        "ba13",
        "filter",
        "average yield at Waseca in 1931",
        lambda d: Number(float(d[B].query("site == 'Waseca' and year == 1931")["yield"].mean())),
    ),
    ask(
        "ba14",
        "filter",
        "how many plots of Trebi yielded over 40",
        lambda d: Number(int(((d[B]["variety"] == "Trebi") & (d[B]["yield"] > 40)).sum()), near=("Trebi|40",)),
    ),
    ask(
        "ba15",
        "share",
        "In what share of the rows is the yield under 30?",
        lambda d: Share(float((d[B]["yield"] < 30).mean())),
    ),
    ask(
        "ba16",
        "distribution",
        "show me how yield is distributed, with the skew",
        lambda d: histogram_shape(d[B]["yield"]),
    ),
    ask(
        "ba17",
        "compare",
        "Was the yield in 1931 significantly different from 1932?",
        lambda d: differ(d[B], "year", "yield"),
    ),
    ask(
        "ba18",
        "compare",
        "compare yield across varieties with an ANOVA or similar",
        lambda d: differ(d[B], "variety", "yield"),
    ),
    ask("ba19", "plot", "Heat map of mean yield, variety by site", lambda d: Figure("heatmap")),
    ask("ba20", "plot", "histogram of yield and its std", lambda d: All(Figure("hist"), spread(d[B]["yield"]))),
    ask(
        "ba21",
        "save",
        "table of max yield per site to best_sites.csv please",
        lambda d: Table("best_sites.csv", d[B].groupby("site")["yield"].max().reset_index()),
    ),
    ask("ba22", "decline", "does fertilizer increase the yield?", lambda d: Decline()),
    ask("ba23", "decline", "who was president when this was grown", lambda d: Decline()),
)
