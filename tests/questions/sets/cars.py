"""Questions about 406 cars of 1970 to 1982: long column names, missing mileage, a date that is only a year."""

from __future__ import annotations

from questions.checks import Number, Share, exact
from questions.deeds import All, Decline, Either, Figure, Table
from questions.question import Question, about
from questions.truth import (
    associated,
    differ,
    extreme,
    grouped,
    histogram_shape,
    missing,
    names,
    outliers,
    overview,
    pair,
    shares,
    spread,
    strongest,
    top,
    types,
)

__all__ = ["QUESTIONS"]

ask = about("cars")
C = "cars"

QUESTIONS: tuple[Question, ...] = (
    ask("ca01", "profile", "describe the cars dataframe", lambda d: overview(d[C])),
    ask("ca02", "shape", "how many cars are there?", lambda d: Number(len(d[C]))),
    ask("ca03", "shape", "what dtypes do the columns have", lambda d: types(d[C], *d[C].columns)),
    ask("ca04", "missing", "which columns contain NaNs", lambda d: missing(d[C])),
    ask(
        "ca05",
        "missing",
        "number of nulls in Horsepower",
        lambda d: Number(int(d[C]["Horsepower"].isna().sum()), near=("Horsepower|missing|null|nulls|NaN",)),
    ),
    ask("ca06", "counts", "what are the unique origins?", lambda d: names(d[C]["Origin"])),
    ask("ca07", "counts", "how many distinct car names are there", lambda d: Number(int(d[C]["Name"].nunique()))),
    ask(
        "ca08",
        "counts",
        "How often does each number of cylinders occur?",
        lambda d: grouped(d[C], "Cylinders", "Name", "size"),
    ),
    ask("ca09", "aggregate", "median Weight_in_lbs", lambda d: exact(float(d[C]["Weight_in_lbs"].median()))),
    ask(
        "ca10",
        "aggregate",
        "90th percentile of horsepower",
        lambda d: Either(
            *(
                Number(float(d[C]["Horsepower"].quantile(0.9, interpolation=way)))
                for way in ("linear", "higher", "lower")
            )
        ),
    ),
    ask(
        "ca11",
        "aggregate",
        "What is the standard deviation of Acceleration, and its mean?",
        lambda d: All(spread(d[C]["Acceleration"]), Number(float(d[C]["Acceleration"].mean()))),
    ),
    ask(
        "ca12",
        "group",
        "avg Miles_per_Gallon per Origin",
        lambda d: grouped(d[C], "Origin", "Miles_per_Gallon", "mean"),
    ),
    ask(
        "ca13",
        "group",
        "mpg by number of cylinders, on average",
        lambda d: grouped(d[C], "Cylinders", "Miles_per_Gallon", "mean"),
        own_words=True,
    ),
    ask("ca14", "group", "max horsepowr for every origin", lambda d: grouped(d[C], "Origin", "Horsepower", "max")),
    ask(
        "ca15",
        "extreme",
        "Which origin has the lowest average displacement?",
        lambda d: extreme(d[C], "Origin", "Displacement", largest=False),
    ),
    ask(
        "ca16",
        "extreme",
        "where do the most cars come from",
        lambda d: extreme(d[C], "Origin", "Name", "size", tell=False),
        own_words=True,
    ),
    ask("ca17", "top", "top 5 cars by horsepower", lambda d: top(d[C], "Name", "Horsepower", 5)),
    ask(
        "ca18",
        "top",
        "show me the 3 lightest cars",
        lambda d: top(d[C], "Name", "Weight_in_lbs", 3, largest=False),
        own_words=True,
    ),
    ask(
        "ca19",
        "filter",
        "count the japanese cars with more than 90 hp",
        lambda d: Number(int(((d[C]["Origin"] == "Japan") & (d[C]["Horsepower"] > 90)).sum())),
        own_words=True,
    ),
    ask(
        "ca20",
        "filter",
        "mean acceleration of the 8 cylinder cars",
        lambda d: Number(float(d[C].loc[d[C]["Cylinders"] == 8, "Acceleration"].mean())),
    ),
    ask(
        "ca21",
        "filter",
        "How many cars from Europe weigh between 2000 and 2500 lbs?",
        lambda d: Either(
            *(
                Number(
                    int(
                        ((d[C]["Origin"] == "Europe") & d[C]["Weight_in_lbs"].between(2000, 2500, inclusive=ends)).sum()
                    )
                )
                for ends in ("both", "left", "neither", "right")
            )
        ),
    ),
    ask("ca22", "share", "proportion of cars per origin", lambda d: shares(d[C]["Origin"])),
    ask(
        "ca23",
        "share",
        "What fraction of the cars has 4 cylinders?",
        lambda d: Share(float((d[C]["Cylinders"] == 4).mean())),
    ),
    ask(
        "ca24",
        "correlation",
        "how strongly are Weight_in_lbs and Miles_per_Gallon correlated?",
        lambda d: pair(d[C], "Weight_in_lbs", "Miles_per_Gallon"),
    ),
    ask("ca25", "correlation", "which two numeric columns are most strongly correlated", lambda d: strongest(d[C])),
    ask(
        "ca26",
        "trend",
        "How did the average miles per gallon develop from year to year?",
        lambda d: grouped(d[C].assign(Year=d[C]["Year"].dt.year), "Year", "Miles_per_Gallon", "mean"),
    ),
    ask(
        "ca27", "distribution", "distribution of horsepower - skewness?", lambda d: histogram_shape(d[C]["Horsepower"])
    ),
    ask("ca28", "distribution", "does Acceleration have any outliers?", lambda d: outliers(d[C]["Acceleration"])),
    ask(
        "ca29",
        "compare",
        "compare mpg between USA and Japan, is the difference significant?",
        lambda d: differ(d[C][d[C]["Origin"].isin(["USA", "Japan"])], "Origin", "Miles_per_Gallon"),
        own_words=True,
    ),
    ask(
        "ca38",
        "compare",
        "t-test: horsepower of European versus Japanese cars",
        lambda d: differ(d[C][d[C]["Origin"].isin(["Europe", "Japan"])], "Origin", "Horsepower"),
        own_words=True,
    ),
    ask(
        "ca30",
        "compare",
        "Are Origin and Cylinders independent? chi-square",
        lambda d: associated(d[C], "Origin", "Cylinders"),
    ),
    ask("ca31", "plot", "boxplot of horsepower by origin", lambda d: Figure("box")),
    ask("ca32", "plot", "scatter plot: weight on x, mpg on y", lambda d: Figure("scatter"), own_words=True),
    ask(
        "ca33",
        "save",
        "write the cars with a displacement over 400 to big.csv",
        lambda d: Table("big.csv", d[C][d[C]["Displacement"] > 400]),
    ),
    ask(
        "ca34",
        "save",
        "count cars per origin and export to counts.csv",
        lambda d: Table("counts.csv", d[C]["Origin"].value_counts().reset_index()),
    ),
    ask("ca35", "decline", "what's the mean price of the cars?", lambda d: Decline()),
    ask("ca36", "decline", "Which of these would you buy for a family of five?", lambda d: Decline()),
    ask("ca37", "decline", "train a random forest on mpg and tell me the test accuracy", lambda d: Decline()),
)
