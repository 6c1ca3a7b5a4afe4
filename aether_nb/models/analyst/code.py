"""Writing pandas: the lines that pick the rows of a question, with every name and value quoted.

Names of columns and values enter code only as ``repr``, so that no name can become code. The user's frame is never
changed: a conversion makes a copy. This module runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aether_nb.models.analyst.namespace import NUMBER_TEXT, Column, private
from aether_nb.models.analyst.phrasing import conditions_text
from aether_nb.models.analyst.question import Condition, Key, Question
from aether_nb.models.analyst.spelling import folded, folding, respelt
from aether_nb.models.analyst.unknown import Unknown, unknown_of

__all__ = ["Rows", "aggregate", "aggregates", "columns_of", "condition_code", "group_code", "key_name", "text_check",
           "text_numbers"]  # fmt: skip

_FREQS = {"D": "D", "W": "W", "M": "M", "Q": "Q", "Y": "Y", "h": "h"}
_AGGS = {
    "range": "lambda v: v.max() - v.min()",
    "iqr": "lambda v: v.quantile(0.75) - v.quantile(0.25)",
    "mode": "lambda v: v.mode().iloc[0]",
}
_READ = (
    "pd.to_numeric({0}.astype('string').str.strip().str.replace('−', '-')"
    f".where(lambda text: text.str.fullmatch(r'{NUMBER_TEXT.replace('{', '{{').replace('}', '}}')}', na=False))"
    r".str.replace(r'^\((.*)\)$', r'-\1', regex=True)"
    ".str.replace(r'[^0-9.eE+-]', '', regex=True), errors='coerce').astype('float64')"
)
"""How texts are read as numbers; what is no number becomes missing, and ``(5)`` is -5."""
_LABELS = frozenset(
    {"association", "columns", "count", "duplicates", "head", "listing", "lookup", "missing", "shape", "values"}
)
"""Intents to which a text is a label, whatever it looks like."""


class Rows:
    """The rows a question is about: the lines that make them, and the expression that stands for them.

    Whatever has to have a name is private, so that nothing of it is taken for the user's or is in the way of it.

    Attributes:
        lines: The code so far.
        name: What the rows go by.
        unknown: Rows of which something is not known: the label under which their number is printed, and what is to
            be said of them.
    """

    def __init__(
        self, question: Question, repaired: int = 0, reason: str = "", formats: Mapping[str, str] | None = None
    ) -> None:
        """Begin the code.

        Args:
            question: What is asked.
            repaired: How often an attempt failed: the lines then take more care.
            reason: Why the last one failed.
            formats: How the dates of a column are written, for columns of text that are read as dates.
        """
        self.question, self.formats = question, formats or {}
        self.lines: list[str] = []
        self.helpers: list[str] = []
        self.unknown: list[Unknown] = []
        self.name = question.frame.name
        self._convert(repaired, reason)

    def _convert(self, repaired: int, reason: str) -> None:
        """Numbers and dates that are stored as text are read in a copy; after a failure, more are."""
        used, spellings = columns_of(self.question), respelt(self.question)
        texts = text_numbers(self.question)
        converted = [
            (c, _READ if c in texts else self._conversion(c, repaired, reason) if c.kind != "numeric text" else "")
            for c in used
            if c not in spellings
        ]
        parts = [
            f"{column.name!r}: {code.format(f'{self.name}[{column.name!r}]')}"
            for column, code in converted
            if code and not column.index
        ]
        parts += [
            f"{column.name!r}: {folding(column, same, f'{self.name}[{column.name!r}]')}"
            for column, same in spellings.items()
            if not column.index
        ]
        source = self.name
        if repaired and "KeyError" in reason:
            chain = ".reset_index()" if repaired > 1 and not any(column.index for column in used) else ""
            source = f"{self.name}{chain}.rename(columns=lambda name: str(name).strip())"
            parts = []
        if any(column.index for column in used):
            source += f".reset_index(names={next(column.name for column in used if column.index)!r})"
        if parts or source != self.name:
            copy = private("data")
            given = ", ".join(parts)
            self.note(
                "a copy in which the columns can be read"
                if parts
                else "the names of the columns as text"
                if "rename" in source
                else "the index as a column"
            )
            self.lines.append(f"{copy} = {source}" + (f".assign(**{{{given}}})" if parts else ""))
            self.name = copy

    def _conversion(self, column: Column, repaired: int, reason: str) -> str:
        """How a column is read when its type is not what its values are."""
        if column.name in self.formats:
            return f"pd.to_datetime({{0}}.str.strip(), format={self.formats[column.name]!r}, errors='coerce')"
        if repaired and column.kind == "date":
            return "pd.to_datetime({0}, errors='coerce')"
        if repaired and column.kind == "number" and "KeyError" not in reason:
            return _READ
        return ""

    def filtered(self, conditions: Sequence[Condition]) -> str:
        """Keep the rows that meet the conditions, and count those of which something is not known; their name."""
        chosen = self.name
        if conditions:
            chosen = private("selection")
            tests = [condition_code(condition, self.name) for condition in conditions]
            joined = tests[0] if len(tests) == 1 else " & ".join(f"({test})" for test in tests)
            self.note(f"rows{conditions_text(conditions)}")
            self.lines.append(f"{chosen} = {self.name}[{joined}]")
        self.unknown = unknown_of(self.question)
        self.lines += [f"print({one.label + ':'!r}, {one.code(chosen)})" for one in self.unknown]
        return chosen

    def note(self, text: str) -> None:
        """A comment. The text may hold names from the data, and stays on its line."""
        self.lines.append("# " + _comment(text))

    def helper(self, wanted: str) -> str:
        """A name for something that is not worth keeping: it is deleted before the code ends."""
        name = private(wanted)
        self.helpers.append(name)
        return name

    def code(self, *lines: str) -> str:
        """All of it, with the imports it needs; the helpers are deleted before the last line, which shows the result.

        That line must not use them.
        """
        every = [*self.lines, *lines]
        if self.helpers:
            every.insert(len(every) - 1, f"del {', '.join(dict.fromkeys(self.helpers))}")
        text = "\n".join(every)
        imports = ["import pandas as pd", ""] if "pd." in text else []
        return "\n".join([*imports, *every])


def condition_code(condition: Condition, frame: str) -> str:
    """A condition as a boolean expression."""
    if condition.column is None:
        return f"{frame}.notna().all(axis=1)"
    cell, value, op = f"{frame}[{condition.column.name!r}]", condition.value, condition.op
    unlisted = condition.column.kind == "text" and not condition.column.values
    if unlisted and op in ("==", "!=", "in") and isinstance(_first(value), str):
        cell += ".str.strip().str.casefold()"
        value = folded(value) if isinstance(value, str) else tuple(map(folded, value))
    if op in ("==", "!=", ">", ">=", "<", "<="):
        test = f"{cell} {op} {value!r}"
        if condition.negated and op == "==":
            return f"{cell} != {value!r}"
    elif op in ("in", "years in"):
        test = f"{cell}{'.dt.year' if op == 'years in' else ''}.isin({list(value)!r})"
    elif op in ("between", "years"):
        test = f"{cell}{'.dt.year' if op == 'years' else ''}.between({value[0]!r}, {value[1]!r})"
    elif op == "contains":
        test = f"{cell}.astype(str).str.contains({value!r}, case=False, regex=False)"
    elif op in ("starts", "ends"):
        test = f"{cell}.astype(str).str.lower().str.{op}with({str(value).lower()!r})"
    elif op.startswith(("mean", "median")):
        agg = op.rstrip("<>=")
        test = f"{cell} {op.removeprefix(agg)} {cell}.{agg}()"
    elif op in ("missing", "present"):
        test = f"{cell}.{'isna' if op == 'missing' else 'notna'}()"
    elif op == "month":
        test = f"{cell}.dt.month == {value!r}"
    elif op == "date":
        test = f"{cell}.dt.strftime({'%Y-%m-%d' if len(str(value)) > 7 else '%Y-%m'!r}) == {value!r}"
    else:
        test = f"{cell}.dt.year {op.removeprefix('year') or '=='} {value!r}"
    return f"~({test})" if condition.negated else test


def aggregate(agg: str, values: str) -> str:
    """An aggregate of a series or of a grouped series."""
    if agg in _AGGS:
        return f"{values}.agg({_AGGS[agg]})"
    if _quantile(agg):
        return f"{values}.quantile({float(agg[1:])!r})"
    return f"{values}.{agg}()"


def aggregates(values: str, aggs: Mapping[str, str]) -> str:
    """Several aggregates of a series or of a grouped series, each under its label."""
    if all(label == agg and agg not in _AGGS and not _quantile(agg) for label, agg in aggs.items()):
        return f"{values}.agg({list(aggs)!r})"
    parts = ",\n".join(f"    {label!r}: {_function(agg)}" for label, agg in aggs.items())
    return f"{values}.agg(**{{\n{parts},\n}})"


def _quantile(agg: str) -> bool:
    return agg[0] == "q" and agg[1:2].isdigit()


def _function(agg: str) -> str:
    """What ``agg`` of pandas takes for an aggregate."""
    if _quantile(agg):
        return f"lambda v: v.quantile({float(agg[1:])!r})"
    return _AGGS.get(agg, repr(agg))


def key_name(key: Key) -> str:
    """What a group's column is called in a result."""
    return {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year", "h": "hour", "decade": "decade"}.get(
        key.freq, key.part or key.column.name
    )


def group_code(keys: Sequence[Key], frame: str) -> str:
    """The grouped frame."""
    if all(not key.freq and not key.part for key in keys):
        names = [key.column.name for key in keys]
        by = repr(names[0]) if len(names) == 1 else repr(names)
    else:
        by = f"[{', '.join(_key_code(key, frame) for key in keys)}]"
        by = by[1:-1] if len(keys) == 1 else by
    return f"{frame}.groupby({by}, observed=True)"


def _key_code(key: Key, frame: str) -> str:
    cell = f"{frame}[{key.column.name!r}]"
    if key.freq == "decade":
        year = f"{cell}.dt.year" if key.column.dated else cell
        return f"({year} // 10 * 10).rename('decade')"
    if key.freq == "Y":
        return f"{cell}.dt.year.rename('year')"
    if key.freq:
        return f"{cell}.dt.to_period({_FREQS[key.freq]!r}).rename({key_name(key)!r})"
    if key.part:
        part = {"month": "month", "weekday": "day_name()", "hour": "hour"}[key.part]
        return f"{cell}.dt.{part}.rename({key.part!r})"
    return cell


def columns_of(question: Question) -> list[Column]:
    """Every column that the question uses, once."""
    keys = [key.column for key in question.keys] + ([question.subject.column] if question.subject else [])
    tested = [c.column for c in (*question.conditions, *question.part) if c.column is not None]
    return list(dict.fromkeys((*question.columns, *keys, *tested)))


def text_numbers(question: Question) -> list[Column]:
    """The columns of text that the question calculates with, so that they have to be read as numbers."""
    compared = [
        c.column
        for c in (*question.conditions, *question.part)
        if isinstance(_first(c.value), int | float) or c.op.startswith(("mean", "median"))
    ]
    measures = question.columns if question.task not in _LABELS else []
    return [c for c in columns_of(question) if c.kind == "numeric text" and (c in measures or c in compared)]


def text_check(question: Question) -> str:
    """Code that tells of each column of text how many values are no numbers, and which currencies there are."""
    columns = text_numbers(question)
    cells = {column.name: f"{question.frame.name}[{column.name!r}]" for column in columns}
    digits = "[text.astype(str).str.contains(r'\\d')].astype(str)"
    read = ",\n".join(f"        ({cell}, {_READ.format(cell)})" for cell in cells.values())
    return (
        "import pandas as pd\n\n# can these texts be read as numbers, and are they of one currency?\n"
        "pd.DataFrame(\n    [\n        (\n"
        "            text.notna().sum(), (text.notna() & number.isna()).sum(),\n"
        "            ' '.join(sorted(set(''.join(text.dropna().astype(str))) & set('$€£¥₹'))),\n"
        f"            text{digits}.str.contains('%').nunique(),\n        )\n"
        f"        for text, number in [\n{read},\n        ]\n    ],\n"
        "    columns=['values', 'unread', 'currencies', 'percent'],\n)"
    )


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple | list) and value else value


def _comment(text: str) -> str:
    """A text that fits behind ``#``: one line, nothing that a terminal or an editor could take amiss."""
    return "".join(char if char.isprintable() else " " for char in text).replace("\\", "")[:200]
