"""Questions about iris and wine together: blanks and units in column names, two frames to choose from."""

from __future__ import annotations

from typing import Any

from questions.checks import Named, Number, Numbers, exact
from questions.deeds import All, Decline, Either, Figure, Table
from questions.outcome import Check
from questions.question import Question, about
from questions.truth import (
    columns,
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
    strongest,
)

__all__ = ["QUESTIONS"]

ask = about("flowers")
LONG, WIDE, DEEP = "petal length (cm)", "petal width (cm)", "sepal length (cm)"


def _largest(frame: Any, column: str, n: int) -> Check:
    """The largest values of a column whose rows have no names."""
    return Numbers(tuple(map(float, frame[column].nlargest(n))), 1e-6)


def _partner(frame: Any, column: str) -> Check:
    """The column that goes with this one most, and how closely."""
    found = frame.corr()[column].drop(column)
    name = found.abs().idxmax()
    return Number(float(found[name]), near=(str(name),))


def _both_petals(frame: Any) -> Check:
    """Asked which of the two, or told both."""
    return Either(Decline(), Named({name: float(frame[name].mean()) for name in (LONG, WIDE)}))


QUESTIONS: tuple[Question, ...] = (
    ask("fl01", "profile", "summarise the iris frame", lambda d: overview(d["iris"])),
    ask("fl02", "profile", "profile of wine", lambda d: overview(d["wine"])),
    ask("fl03", "shape", "how big is wine (rows, cols)?", lambda d: shape(d["wine"])),
    ask("fl04", "shape", "What are the column names of iris?", lambda d: columns(d["iris"])),
    ask("fl05", "missing", "does wine have missing values", lambda d: complete()),
    ask("fl06", "counts", "number of rows per cultivar", lambda d: grouped(d["wine"], "cultivar", "ash", "size")),
    ask("fl07", "aggregate", "average petal length?", lambda d: Number(float(d["iris"][LONG].mean()))),
    ask("fl08", "aggregate", "max of alcohol in the wine data", lambda d: exact(float(d["wine"]["alcohol"].max()))),
    ask(
        "fl09",
        "aggregate",
        "sum, mean and standard deviation of magnesium",
        lambda d: All(
            Number(float(d["wine"]["magnesium"].sum())),
            Number(float(d["wine"]["magnesium"].mean())),
            spread(d["wine"]["magnesium"]),
        ),
    ),
    ask("fl10", "group", "mean petal width for each species", lambda d: grouped(d["iris"], "species", WIDE, "mean")),
    ask("fl11", "group", "proline by cultivar: median", lambda d: grouped(d["wine"], "cultivar", "proline", "median")),
    ask(
        "fl12",
        "extreme",
        "Which species has the longest petals?",
        lambda d: Either(extreme(d["iris"], "species", LONG), extreme(d["iris"], "species", LONG, "max")),
    ),
    ask(
        "fl13",
        "extreme",
        "which cultivar is lowest in color intensity on average",
        lambda d: extreme(d["wine"], "cultivar", "color_intensity", largest=False),
    ),
    ask("fl14", "top", "the ten wines with the most alcohol", lambda d: _largest(d["wine"], "alcohol", 10)),
    ask(
        "fl15",
        "filter",
        "How many setosa flowers have a sepal width above 3.5 cm?",
        lambda d: Number(int(((d["iris"]["species"] == "setosa") & (d["iris"]["sepal width (cm)"] > 3.5)).sum())),
    ),
    ask(
        "fl16",
        "filter",
        "avg alcohol where proline > 1000",
        lambda d: Number(float(d["wine"].loc[d["wine"]["proline"] > 1000, "alcohol"].mean())),
    ),
    ask("fl17", "share", "what % of the wines belongs to each cultivar", lambda d: shares(d["wine"]["cultivar"])),
    ask("fl18", "correlation", "corr of petal length and petal width", lambda d: pair(d["iris"], LONG, WIDE)),
    ask("fl19", "correlation", "full correlation matrix for iris", lambda d: matrix(d["iris"])),
    ask("fl20", "correlation", "what correlates most strongly with alcohol?", lambda d: _partner(d["wine"], "alcohol")),
    ask("fl21", "correlation", "strongest correlation in the wine frame?", lambda d: strongest(d["wine"])),
    ask(
        "fl22",
        "distribution",
        "is malic acid skewed, and by how much?",
        lambda d: histogram_shape(d["wine"]["malic_acid"]),
    ),
    ask(
        "fl23",
        "distribution",
        "How many outliers does sepal width (cm) have?",
        lambda d: outliers(d["iris"]["sepal width (cm)"]),
    ),
    ask(
        "fl24",
        "compare",
        "do setosa and versicolor differ in sepal length? t-test",
        lambda d: differ(d["iris"][d["iris"]["species"].isin(["setosa", "versicolor"])], "species", DEEP),
    ),
    ask(
        "fl25", "compare", "test whether hue differs between cultivars", lambda d: differ(d["wine"], "cultivar", "hue")
    ),
    ask("fl26", "plot", "heatmap of the iris correlations", lambda d: Figure("heatmap")),
    ask("fl27", "plot", "scatterplot of petal length vs petal width coloured by species", lambda d: Figure("scatter")),
    ask("fl28", "plot", "histogram of od280/od315_of_diluted_wines", lambda d: Figure("hist")),
    ask(
        "fl29",
        "save",
        "means of all measurements per species, as iris_means.csv",
        lambda d: Table("iris_means.csv", d["iris"].groupby("species").mean().reset_index()),
    ),
    ask("fl30", "decline", "classify iris with k nearest neighbours", lambda d: Decline()),
    ask("fl31", "decline", "merge iris with wine", lambda d: Decline()),
    ask("fl32", "decline", "average petal", lambda d: _both_petals(d["iris"])),
    ask("fl33", "decline", "how many calories are in the wine?", lambda d: Decline()),
)
