"""Questions about Fair's survey on affairs and about crime in the states: coded answers, short cryptic columns."""

from __future__ import annotations

from questions.checks import Number, Share, exact
from questions.deeds import All, Decline, Figure, Table
from questions.question import Question, about
from questions.truth import (
    columns,
    differ,
    extreme,
    grouped,
    histogram_shape,
    outliers,
    overview,
    pair,
    shape,
    spread,
    strongest,
    top,
)

__all__ = ["QUESTIONS"]

ask = about("survey")

QUESTIONS: tuple[Question, ...] = (
    ask("su01", "profile", "Please profile the crime table", lambda d: overview(d["crime"])),
    ask("su02", "shape", "rows and columns in fair", lambda d: shape(d["fair"])),
    ask("su03", "shape", "which variables does crime have", lambda d: columns(d["crime"]), own_words=True),
    ask(
        "su04",
        "counts",
        "how often does each value of rate_marriage occur",
        lambda d: grouped(d["fair"], "rate_marriage", "age", "size"),
    ),
    ask(
        "su05",
        "counts",
        "distinct values of educ, how many?",
        lambda d: Number(int(d["fair"]["educ"].nunique()), near=("educ|distinct|unique|different",)),
    ),
    ask("su06", "aggregate", "avg age of the people in fair", lambda d: Number(float(d["fair"]["age"].mean()))),
    ask("su07", "aggregate", "what's the median murder rate?", lambda d: exact(float(d["crime"]["murder"].median()))),
    ask(
        "su08",
        "aggregate",
        "10th and 90th percentile of poverty",
        lambda d: All(
            Number(float(d["crime"]["poverty"].quantile(0.1))), Number(float(d["crime"]["poverty"].quantile(0.9)))
        ),
    ),
    ask("su09", "group", "mean affairs by religious", lambda d: grouped(d["fair"], "religious", "affairs", "mean")),
    ask(
        "su10",
        "group",
        "How does the average number of affairs vary with the marriage rating?",
        lambda d: grouped(d["fair"], "rate_marriage", "affairs", "mean"),
        own_words=True,
    ),
    ask(
        "su11",
        "group",
        "total number of children grouped by educ",
        lambda d: grouped(d["fair"], "educ", "children", "sum"),
    ),
    ask(
        "su12",
        "extreme",
        "Which state has the highest violent crime rate?",
        lambda d: extreme(d["crime"], "state", "violent", "max"),
    ),
    ask(
        "su13",
        "extreme",
        "state with the lowest poverty",
        lambda d: extreme(d["crime"], "state", "poverty", "max", largest=False),
    ),
    ask("su14", "top", "top 10 states by murder", lambda d: top(d["crime"], "state", "murder", 10)),
    ask("su15", "top", "bottom 5 states in hs_grad", lambda d: top(d["crime"], "state", "hs_grad", 5, largest=False)),
    ask("su16", "top", "name the four most urban states", lambda d: top(d["crime"], "state", "urban", 4)),
    ask(
        "su17",
        "filter",
        "how many respondents have 2 or more children and at least one affair",
        lambda d: Number(int(((d["fair"]["children"] >= 2) & (d["fair"]["affairs"] >= 1)).sum())),
        own_words=True,
    ),
    ask(
        "su18",
        "filter",
        "average murder for states with poverty above 15",
        lambda d: Number(float(d["crime"].loc[d["crime"]["poverty"] > 15, "murder"].mean())),
    ),
    ask(
        "su19",
        "filter",
        "violent rate of Texas?",
        lambda d: exact(float(d["crime"].set_index("state").loc["Texas", "violent"])),
    ),
    ask(
        "su20",
        "share",
        "percentage of rows in fair where affairs is greater than 0",
        lambda d: Share(float((d["fair"]["affairs"] > 0).mean())),
    ),
    ask(
        "su21",
        "share",
        "what proportion of states has less than 10 poverty",
        lambda d: Share(float((d["crime"]["poverty"] < 10).mean())),
    ),
    ask("su22", "correlation", "does poverty correlate with murder?", lambda d: pair(d["crime"], "poverty", "murder")),
    ask("su23", "correlation", "Most correlated pair of columns in crime", lambda d: strongest(d["crime"])),
    ask(
        "su24",
        "distribution",
        "how is violent distributed? mean, spread, skew",
        lambda d: All(
            Number(float(d["crime"]["violent"].mean())),
            spread(d["crime"]["violent"]),
            histogram_shape(d["crime"]["violent"]),
        ),
    ),
    ask("su25", "distribution", "any outliers in murder", lambda d: outliers(d["crime"]["murder"])),
    ask("su26", "distribution", "skewness of affairs", lambda d: histogram_shape(d["fair"]["affairs"])),
    ask(
        "su27",
        "compare",
        "is the age different between the religious groups? run a test",
        lambda d: differ(d["fair"], "religious", "age"),
    ),
    ask("su28", "plot", "bar plot of mean affairs by rate_marriage", lambda d: Figure("bar")),
    ask("su29", "plot", "scatter poverty vs single", lambda d: Figure("scatter")),
    ask(
        "su30",
        "plot",
        "horizontal bars of the ten states with the most murder, and save them to murder.csv",
        lambda d: All(Figure("bar"), Table("murder.csv", d["crime"].nlargest(10, "murder")[["state", "murder"]])),
    ),
    ask(
        "su31",
        "save",
        "export crime sorted by urban to sorted.csv",
        lambda d: Table("sorted.csv", d["crime"].sort_values("urban"), by="urban"),
    ),
    ask("su32", "decline", "does poverty cause crime?", lambda d: Decline()),
    ask("su33", "decline", "average income by state", lambda d: Decline()),
    ask("su34", "decline", "join fair and crime on state", lambda d: Decline()),
)
