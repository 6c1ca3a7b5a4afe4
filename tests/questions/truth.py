"""Truths that several data sets need, by plain pandas, numpy and scipy. It knows no question."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal

import pandas as pd
from scipy import stats

from questions.checks import Named, Number, Order, PValue, Winner, Words
from questions.deeds import All, Either
from questions.outcome import Check

__all__ = [
    "associated",
    "columns",
    "complete",
    "differ",
    "extreme",
    "grouped",
    "histogram_shape",
    "matrix",
    "missing",
    "names",
    "outliers",
    "overview",
    "pair",
    "shape",
    "shares",
    "spread",
    "strongest",
    "top",
    "types",
]


def shape(frame: Any) -> Check:
    """How many rows and columns."""
    return All(
        Number(len(frame), near=("row|rows|record|records|×|x|shape",)),
        Number(len(frame.columns), near=("column|columns|×|x|shape",)),
    )


def columns(frame: Any) -> Check:
    """Every column's name."""
    return Words(tuple(map(str, frame.columns)))


def names(series: Any) -> Check:
    """Every value of a column by name."""
    return Words(tuple(_name(value) for value in series.dropna().unique()))


def complete() -> Check:
    """That nothing is missing, in any of the ways to say so."""
    ways = "no missing|nothing is missing|nothing missing|no null|no nan|no empty|no gaps|none|is complete|are complete"
    zero = Number(0, near=("missing|null|NaN|nulls|NaNs",))
    return Either(Words((f"{ways}|no values are missing|no value is missing|not missing any|without missing",)), zero)


def types(frame: Any, *names: str) -> Check:
    """The dtype of the named columns, in pandas' words or in plain ones."""
    return All(*(All(Words((name,)), _typed(frame, name)) for name in names))


def _typed(frame: Any, name: str) -> Check:
    dtype = frame[name].dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        said = "datetime64|datetime|date|datetime64[us]|datetime64[ns]"
    elif pd.api.types.is_float_dtype(dtype):
        said = "float64|float|number|numeric|decimal"
    elif pd.api.types.is_integer_dtype(dtype):
        said = "int64|integer|int|number|numeric"
    else:
        said = "str|string|object|text|category|categorical"
    return Words((said,))


def overview(frame: Any) -> Check:
    """A profile: the size, most columns by name, and a number that describes them."""
    numbers = frame.select_dtypes("number")
    described = [
        Number(float(value), near=(name,))
        for name in numbers
        for value in (numbers[name].mean(), numbers[name].median())
    ]
    return All(Number(len(frame)), columns(frame), Either(*described))


def missing(frame: Any) -> Check:
    """How many values are missing in each column that misses any."""
    gaps = frame.isna().sum()
    return Named({str(name): int(count) for name, count in gaps[gaps > 0].items()})


def grouped(frame: Any, by: str, value: str, how: str) -> Named:
    """A statistic of ``value`` in each group."""
    found = frame.groupby(by, observed=True)[value].agg(how)
    whole = how in ("count", "nunique", "size")
    return Named({_name(key): int(number) if whole else float(number) for key, number in found.items()})


def _name(key: Any) -> str:
    if isinstance(key, float) and key.is_integer():
        return str(int(key))
    return str(key.date()) if isinstance(key, pd.Timestamp) else str(key).strip()


def shares(series: Any) -> Named:
    """The share of each value among those that are there."""
    return Named({_name(key): float(part) for key, part in series.value_counts(normalize=True).items()}, share=True)


def extreme(frame: Any, by: str, value: str, how: str = "mean", largest: bool = True, tell: bool = True) -> Check:
    """The group that stands highest or lowest, and its number when ``tell``."""
    found = frame.groupby(by, observed=True)[value].agg(how).sort_values(ascending=not largest)
    names = [_name(key) for key in found.index]
    best = found.iloc[0]
    number = int(best) if how in ("count", "nunique", "size") else float(best)
    winner = Winner(names[0], tuple(names[1:]))
    return All(winner, Number(number, near=(names[0],))) if tell else winner


def top(frame: Any, name: str, value: str, n: int, largest: bool = True) -> Check:
    """The ``n`` rows that stand first by ``value``: their names in order (ties in any) and their numbers."""
    ranked = frame.dropna(subset=[value]).sort_values(value, ascending=not largest, kind="stable")
    chosen = ranked.head(n)
    numbers = Named({_name(row[name]): _plain(row[value]) for _, row in chosen.iterrows()}, rel=1e-4)
    if chosen[value].is_unique:
        return All(Order(tuple(map(_name, chosen[name]))), numbers)
    return numbers


def _plain(value: Any) -> float:
    return int(value) if float(value).is_integer() else float(value)


def spread(series: Any) -> Check:
    """A standard deviation, of the sample or of the population."""
    return Either(Number(float(series.std())), Number(float(series.std(ddof=0))))


def pair(frame: Any, left: str, right: str) -> Check:
    """The correlation of two columns, by Pearson or by Spearman."""
    both = frame[[left, right]].dropna()
    return Either(*(Number(float(both.corr(method=method).iloc[0, 1])) for method in ("pearson", "spearman")))


def _pairs(frame: Any) -> dict[tuple[str, str], float]:
    table = frame.select_dtypes("number").corr()
    return {(left, right): float(table.loc[left, right]) for left, right in combinations(table.columns, 2)}


def matrix(frame: Any) -> Check:
    """Every pair of numeric columns correlated."""
    return All(*(Number(value, near=names) for names, value in _pairs(frame).items()))


def strongest(frame: Any) -> Check:
    """The pair of numeric columns that correlates most, either sign."""
    names, value = max(_pairs(frame).items(), key=lambda item: abs(item[1]))
    return Number(value, near=names)


def outliers(series: Any, method: Literal["iqr", "z", "any"] = "any") -> Check:
    """How many values lie outside 1.5 IQR of the quartiles, or beyond three standard deviations."""
    low, high = series.quantile(0.25), series.quantile(0.75)
    fence = 1.5 * (high - low)
    counts = {"iqr": [int(((series < low - fence) | (series > high + fence)).sum())]}
    counts["z"] = [int(((series - series.mean()).abs() > 3 * series.std(ddof=ddof)).sum()) for ddof in (0, 1)]
    chosen = set(counts["iqr"] + counts["z"] if method == "any" else counts[method])
    near = ("outlier|outliers|beyond|outside|fence|IQR|z-score|z-scores",)
    said = [Number(count, near=near) for count in sorted(chosen)]
    return Either(*said, *([Words(("no outlier|no value|none",))] if 0 in chosen else []))


def histogram_shape(series: Any) -> Check:
    """How lopsided a column is, by either of the usual formulas."""
    plain = series.dropna()
    return Either(Number(float(plain.skew())), Number(float(stats.skew(plain))))


def differ(frame: Any, by: str, value: str) -> PValue:
    """Whether a number differs between groups, by any test that fits."""
    parts = [part.to_numpy() for _, part in frame.dropna(subset=[by, value]).groupby(by, observed=True)[value]]
    if len(parts) == 2:
        welch, student = stats.ttest_ind(*parts, equal_var=False), stats.ttest_ind(*parts)
        found = (welch.pvalue, student.pvalue, stats.mannwhitneyu(*parts).pvalue)
    else:
        welch_like = stats.alexandergovern(*parts)
        found = (stats.f_oneway(*parts).pvalue, stats.kruskal(*parts).pvalue, welch_like.pvalue)
    return PValue(tuple(map(float, found)))


def associated(frame: Any, left: str, right: str) -> PValue:
    """Whether two columns of names depend on each other."""
    counts = pd.crosstab(frame[left], frame[right])
    found = [stats.chi2_contingency(counts, correction=correction).pvalue for correction in (True, False)]
    return PValue(tuple(map(float, found)))
