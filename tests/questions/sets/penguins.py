"""Questions about the Palmer penguins: three species, a few missing values, units in the names."""

from __future__ import annotations

from questions.checks import Named, Number, Share, exact
from questions.deeds import All, Decline, Either, Figure, Table
from questions.question import Question, about
from questions.truth import (
    associated,
    columns,
    differ,
    extreme,
    grouped,
    histogram_shape,
    matrix,
    missing,
    outliers,
    overview,
    pair,
    shape,
    shares,
    spread,
)

__all__ = ["QUESTIONS"]

ask = about("penguins")
P = "penguins"

QUESTIONS: tuple[Question, ...] = (
    ask("pe01", "profile", "give me a quick overview of the penguins data", lambda d: overview(d[P])),
    ask("pe02", "shape", "how many rows and columns does penguins have?", lambda d: shape(d[P])),
    ask("pe03", "shape", "list the columns", lambda d: columns(d[P])),
    ask("pe04", "missing", "any missing values? where and how many", lambda d: missing(d[P])),
    ask(
        "pe05",
        "missing",
        "How many penguins have no sex recorded?",
        lambda d: Number(int(d[P]["sex"].isna().sum()), near=("sex|missing|no|without",)),
    ),
    ask("pe06", "counts", "value counts of species please", lambda d: grouped(d[P], "species", "year", "size")),
    ask(
        "pe07",
        "counts",
        "How many penguins are there on each island?",
        lambda d: grouped(d[P], "island", "year", "size"),
    ),
    ask("pe08", "aggregate", "what's the average body mass?", lambda d: Number(float(d[P]["body_mass_g"].mean()))),
    ask("pe09", "aggregate", "longest flipper in mm?", lambda d: exact(d[P]["flipper_length_mm"].max())),
    ask("pe10", "aggregate", "std of bill_depth_mm", lambda d: spread(d[P]["bill_depth_mm"])),
    ask(
        "pe11",
        "group",
        "mean flipper length by species",
        lambda d: grouped(d[P], "species", "flipper_length_mm", "mean"),
    ),
    ask(
        "pe12",
        "group",
        "For each island, show me the median weight of the penguins.",
        lambda d: grouped(d[P], "island", "body_mass_g", "median"),
        own_words=True,
    ),
    ask(
        "pe13",
        "extreme",
        "Which species has the heaviest birds on avrage?",
        lambda d: extreme(d[P], "species", "body_mass_g"),
        own_words=True,
    ),
    ask(
        "pe14",
        "extreme",
        "which island has the shortest bills on average",
        lambda d: extreme(d[P], "island", "bill_length_mm", largest=False),
        own_words=True,
    ),
    ask(
        "pe15",
        "filter",
        "How many Gentoo penguins weigh more than 5000 g?",
        lambda d: Number(int(((d[P]["species"] == "Gentoo") & (d[P]["body_mass_g"] > 5000)).sum())),
        own_words=True,
    ),
    ask(
        "pe16",
        "filter",
        "average bill length of the female chinstraps",
        lambda d: Number(float(d[P].query("species == 'Chinstrap' and sex == 'female'")["bill_length_mm"].mean())),
    ),
    ask(
        "pe17",
        "filter",
        "in 2008, what was the mean body_mass_g on Dream island?",
        lambda d: Number(float(d[P].query("year == 2008 and island == 'Dream'")["body_mass_g"].mean())),
    ),
    ask(
        "pe18",
        "share",
        "what percentage of the penguins is Adelie?",
        lambda d: Share(float((d[P]["species"] == "Adelie").mean())),
    ),
    ask(
        "pe19",
        "share",
        "share of males vs females",
        lambda d: Either(
            shares(d[P]["sex"]),
            Named({sex: float((d[P]["sex"] == sex).mean()) for sex in ("male", "female")}, share=True),
        ),
        own_words=True,
    ),
    ask(
        "pe20",
        "correlation",
        "correlation between flipper length and body mass?",
        lambda d: pair(d[P], "flipper_length_mm", "body_mass_g"),
    ),
    ask(
        "pe21",
        "correlation",
        "correlation matrix of the bill and flipper columns and body mass",
        lambda d: matrix(d[P][["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]]),
    ),
    ask(
        "pe22",
        "compare",
        "Is there a significant difference in body mass between males and females?",
        lambda d: differ(d[P], "sex", "body_mass_g"),
        own_words=True,
    ),
    ask(
        "pe23",
        "compare",
        "do the species differ in flipper lenght? use a proper test",
        lambda d: differ(d[P], "species", "flipper_length_mm"),
    ),
    ask(
        "pe35",
        "compare",
        "does body mass differ between the years? test",
        lambda d: differ(d[P], "year", "body_mass_g"),
    ),
    ask(
        "pe36",
        "compare",
        "For the Adelies only: is body_mass_g different across islands, statistically speaking?",
        lambda d: differ(d[P][d[P]["species"] == "Adelie"], "island", "body_mass_g"),
    ),
    ask("pe37", "compare", "are sex and species associated (chi2)?", lambda d: associated(d[P], "species", "sex")),
    ask("pe24", "distribution", "is body mass skewed?", lambda d: histogram_shape(d[P]["body_mass_g"])),
    ask(
        "pe25",
        "distribution",
        "outliers in flipper_length_mm using the IQR rule?",
        lambda d: outliers(d[P]["flipper_length_mm"], "iqr"),
    ),
    ask("pe26", "plot", "Plot a histogram of flipper length", lambda d: Figure("hist")),
    ask("pe27", "plot", "scatter bill length against bill depth", lambda d: Figure("scatter")),
    ask(
        "pe28",
        "save",
        "compute mean body mass per species and sex and save it as mass.csv",
        lambda d: Table("mass.csv", d[P].groupby(["species", "sex"])["body_mass_g"].mean().reset_index()),
    ),
    ask(
        "pe29",
        "save",
        "Which species differ most in flipper length? Plot it and write the summary table to summary.csv",
        lambda d: All(
            Figure("any"),
            Table("summary.csv", d[P].groupby("species")["flipper_length_mm"].mean().reset_index()),
            grouped(d[P], "species", "flipper_length_mm", "mean"),
        ),
    ),
    ask(
        "pe30",
        "decline",
        "What's the average bill?",
        lambda d: Either(
            Decline(), Named({name: float(d[P][name].mean()) for name in ("bill_length_mm", "bill_depth_mm")})
        ),
    ),
    ask("pe31", "decline", "average wingspan by species", lambda d: Decline()),
    ask("pe32", "decline", "predict the species of a bird with a 200 mm flipper and a 45 mm bill", lambda d: Decline()),
    ask("pe33", "decline", "why are Gentoo penguins bigger than the others?", lambda d: Decline()),
    ask("pe34", "decline", "asdf qwer zxcv", lambda d: Decline()),
    ask("pe38", "profile", "profile penguins", lambda d: overview(d[P])),
)
