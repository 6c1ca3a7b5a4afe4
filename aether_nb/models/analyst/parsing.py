"""Parsing: from the tags of a request to questions.

What all intents need is read here: clauses, file, picture, conditions, groups, subject, superlative. What a clause is
about is decided by the intents, in their order; a clause of which a tag is left over in the end was not understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.conditions import read_conditions
from aether_nb.models.analyst.groups import read_extreme, read_groups
from aether_nb.models.analyst.homonyms import IMPLIED
from aether_nb.models.analyst.matching import Tag, Vocabulary, tag_tokens
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.nouns import COUNTED
from aether_nb.models.analyst.question import Plot, Question, Unclear
from aether_nb.models.analyst.results import number
from aether_nb.models.analyst.subjects import read_happening, read_subject
from aether_nb.models.analyst.times import time_column
from aether_nb.models.analyst.words import column_words, tokenise

__all__ = ["Recogniser", "parse"]

_IGNORED = frozenset(
    {
        "verb",
        "in",
        "with",
        "from",
        "rel",
        "and",
        "sep",
        "data",
        "frame",
        "entity",
        "valueword",
        "which",
        "howmuch",
        "total",
    }
)
_POINTING = frozenset({"ref", "to", "data", "frame", "agg", "task"})
_ASKING = frozenset(
    {"agg", "count", "share", "task", "top", "which", "plot", "write", "list", "values", "distinct", "ratio"}
)
_TABLES = (".csv", ".json", ".txt", ".md")


class Recogniser(Protocol):
    """What parsing needs of an intent."""

    name: str

    def recognise(self, clause: Clause, question: Question) -> bool:
        """Whether the clause asks for this; what was understood is marked, and the question filled in."""


def parse(prompt: str, words: Vocabulary, intents: Sequence[Recogniser]) -> list[Question]:
    """The questions of a prompt about one frame, in order.

    Raises:
        Unclear: A piece of it was not understood.
        Ambiguous: A phrase may mean several columns.
    """
    questions: list[Question] = []
    for tags in _clauses(tag_tokens(tokenise(prompt), words)):
        if questions and _attach(tags, questions[-1]):
            continue
        questions.append(_interpret(Clause(tags, words), intents))
    if not questions:
        raise Unclear("there is no question in it")
    if len(questions) > 3:
        raise Unclear("that is more than three questions at once")
    return questions


def _clauses(tags: list[Tag]) -> list[list[Tag]]:
    """Cut at the ends of sentences, and where ``and`` begins something new: a picture, a file, another question."""
    clauses: list[list[Tag]] = [[]]
    for at, tag in enumerate(tags):
        following = tags[at + 1] if at + 1 < len(tags) else None
        ends = tag.kind == "sep" and tag.text in ".?!;"
        if tag.kind in ("and", "sep") and following is not None and any(one.kind in _ASKING for one in clauses[-1]):
            ends = ends or _begins(following)
        if ends:
            clauses.append([])
        else:
            clauses[-1].append(tag)
    return [clause for clause in clauses if any(tag.kind not in _IGNORED for tag in clause)]


def _begins(tag: Tag) -> bool:
    """Whether a word begins another question, a picture or a file."""
    return tag.kind in ("which", "plot", "write") or (tag.kind == "count" and tag.text.casefold().startswith("how"))


def _attach(tags: list[Tag], before: Question) -> bool:
    """Whether a clause only draws or writes what the question before it found; it is then added to that question."""
    kinds = {tag.kind for tag in tags} - _IGNORED
    if _asks_again(tags, kinds, before):
        return True
    if not kinds & {"plot", "write"} or kinds - {"plot", "write", "file"} - _POINTING:
        return False
    if any(tag.kind == "task" and tag.value not in ("profile", "distribution") for tag in tags):
        return False
    spoken = {tag.value for tag in tags if tag.kind == "agg"}
    if spoken - set(before.aggs) - ({"mean"} if before.task in ("compare", "rank") else set()):
        return False
    plots = [tag.value for tag in tags if tag.kind == "plot"]
    if plots:
        shown = [kind for kind in plots if kind != "any"]
        drawn = "hist" if any(tag.value == "distribution" for tag in tags) else "any"
        before.plot = Plot(shown[-1] if shown else drawn)
    if "write" in kinds or "file" in kinds:
        before.path = _path([tag.value for tag in tags if tag.kind == "file"], before)
    return True


def _asks_again(tags: list[Tag], kinds: set[str], before: Question) -> bool:
    """Whether a clause asks for nothing but what the answer to the question before it tells anyhow."""
    if kinds <= {"count"} and before.task in ("missing", "duplicates", "outliers"):
        return True
    kinds = kinds - {"ref"}
    if not kinds <= {"task", "agg", "strength"} or not kinds:
        return False
    spoken = {f"{tag.kind}:{tag.value}" for tag in tags if tag.kind in kinds}
    return spoken <= _TOLD.get(before.task, frozenset())


_TOLD = {
    "compare": frozenset({"task:compare"}),
    "association": frozenset({"task:chi", "task:compare", "task:cross"}),
    "correlation": frozenset({"task:corr", "strength:"}),
    "distribution": frozenset({"task:skew", "task:distribution"})
    | {f"agg:{agg}" for agg in ("mean", "median", "std", "min", "max", "quartiles", "q1", "q3", "typical")},
}
"""What the answers of an intent tell in any case."""


def _path(files: list[str], question: Question) -> str:
    """The one file to write.

    Raises:
        Unclear: Several were named, or one that no table can be written to.
    """
    if len(files) > 1:
        raise Unclear("several files are named")
    if not files:
        question.notes.append("no file was named, so the table goes to summary.csv")
        return "summary.csv"
    if not files[0].casefold().endswith(_TABLES):
        raise Unclear(f"I can write tables as .csv or .json, not '{files[0]}'", (files[0],))
    return files[0]


def _interpret(clause: Clause, intents: Sequence[Recogniser]) -> Question:
    """One clause as a question."""
    clause.prepare()
    question = Question(clause.words.frame)
    _read_frame(clause)
    _read_file(clause, question)
    _read_plot(clause, question)
    _drop_nouns(clause)
    read_conditions(clause)
    read_extreme(clause, question)
    read_groups(clause, question)
    read_subject(clause, question)
    _read_measures(clause, question)
    read_happening(clause, question)
    for tag in clause.tags:
        if tag.extra == "respelt" and tag.kind == "column":
            question.notes.append(f"I read '{tag.text}' as {tag.value[0].name}")
    for intent in intents:
        before = [tag.used for tag in clause.tags]
        attempt = question.copy()
        if intent.recognise(clause, attempt):
            question = attempt
            question.task = intent.name
            break
        for tag, used in zip(clause.tags, before, strict=True):
            tag.used = used
    left = tuple(tag.text for tag in clause.tags if not tag.used and tag.kind not in _IGNORED)
    if not question.task or left:
        raise Unclear(_why(left))
    question.conditions = question.conditions or [c for _, c in clause.found if c not in question.part]
    return question


def _why(left: tuple[str, ...]) -> str:
    if left:
        return "I cannot place " + ", ".join(f"'{word}'" for word in left) + " in what I understood"
    return "I do not see what is asked"


def _read_frame(clause: Clause) -> None:
    """Refuse a question about two frames: joining them is for a person or a model."""
    others = {tag.value for _, tag in clause.free("frame") if tag.value != clause.words.frame.name}
    if others:
        raise Unclear(
            f"it speaks of {clause.words.frame.name} and of {', '.join(sorted(others))}; I do not join frames"
        )


def _read_file(clause: Clause, question: Question) -> None:
    files = [tag.value for _, tag in clause.free("file")]
    writing = clause.claim("write")
    if not writing and not files:
        return
    clause.claim("file")
    clause.claim("ref")
    clause.claim("to")
    question.path = _path(files, question)


def _read_plot(clause: Clause, question: Question) -> None:
    """The picture that is asked for, and by what its points are coloured."""
    kinds = [tag.value for _, tag in clause.free("plot")]
    if not kinds:
        return
    clause.claim("plot")
    special = sorted({kind for kind in kinds if kind != "any"})
    if len(special) > 1:
        raise Unclear("several kinds of picture are named")
    color = None
    for at, _ in list(clause.free("color")):
        if (color := clause.column(at + 1)) is not None:
            clause.take(at, at + 1)
    question.plot = Plot(special[0] if special else "any", color)
    axes = {tag.value: _axis(clause, at) for at, tag in list(clause.free("axis"))}
    if axes:
        question.columns += [axes[side] for side in ("x", "y") if side in axes]
    if any(tag.kind == "plot" and tag.text.casefold().startswith(("horizontal", "barh")) for tag in clause.tags):
        question.flags.add("horizontal")


def _axis(clause: Clause, at: int) -> Column:
    """The column of an axis: ``weight on x`` or ``x: weight``.

    Raises:
        Unclear: There is none beside it.
    """
    given = clause.kind(at + 1) == "op" and clause.tags[at + 1].value == "=="
    if given:
        clause.take(at + 1)
    for place in (at + 2,) if given else (clause.before(at), clause.after(at)):
        column = clause.column(place)
        if column is not None:
            clause.take(at, place)
            return column
    raise Unclear(f"I cannot tell which column goes on the {clause.tags[at].value} axis")


def _drop_nouns(clause: Clause) -> None:
    """``the species column``, ``weather types``, ``alcohol values``: the noun behind a column adds nothing."""
    ranked = clause.has("top")
    for at, tag in enumerate(clause.tags):
        if tag.kind == "cols" and tag.text.casefold() == "variable" and clause.kind(at - 1) == "top":
            tag.kind, tag.value = "task", "vary"
        elif (
            tag.kind == "distinct" and tag.text.casefold() == "different" and clause.kind(at - 1) in ("column", "value")
        ):
            tag.kind, tag.value = "task", "compare"
    for at, tag in enumerate(clause.tags):
        if (
            tag.kind == "freq"
            and not ranked
            and clause.kind(at - 1) not in ("by", "which", "between")
            and _one_row_each(clause, tag)
        ):
            tag.kind = "entity"
        noun = tag.kind in ("cols", "valueword", "values") or (tag.kind == "task" and tag.value == "types")
        if noun and at and clause.tags[at - 1].kind == "column":
            if tag.kind == "cols" and any(t.kind == "which" for t in clause.tags[:at]) and tag.text.endswith("s"):
                continue
            tag.used = True
        elif (
            tag.kind == "column"
            and clause.kind(at - 1) == "count"
            and any(other.kind == "op" for other in clause.tags[at:])
            and _one_row_per(clause, tag.value[0])
        ):
            tag.kind = "entity"
        elif (
            tag.kind == "cols"
            and tag.text.casefold() in ("column", "variable", "field", "feature")
            and clause.kind(at + 1) == "column"
        ):
            tag.used = True


def _one_row_per(clause: Clause, column: Column) -> bool:
    """Whether ``quarters`` are rows: there is one for each quarter of each year."""
    years = [c for c in clause.words.frame.columns if "year" in column_words(c.name)[0] and c.kind == "number"]
    if column.name.casefold() not in ("quarter", "month", "week") or len(years) != 1 or not column.distinct:
        return False
    low, high = number(years[0].low), number(years[0].high)
    span = len(years[0].values) or (high - low + 1 if low is not None and high is not None else 0)
    rows = clause.words.frame.rows or 0
    return abs(span * column.distinct - rows) < max(column.distinct, 1)


_DAYS = {"D": 1.0, "W": 7.0, "M": 30.44, "Y": 365.25}


def _one_row_each(clause: Clause, tag: Tag) -> bool:
    """Whether every row is a day (or a month, a year) of its own, so that ``days`` are rows."""
    when, rows = time_column(clause), clause.words.frame.rows
    if when is None or not when.dated or not rows or tag.text.casefold().endswith("ly") or tag.value not in _DAYS:
        return False
    days = when.span_days()
    return days is not None and abs((days + 1) / _DAYS[tag.value] - rows) <= max(2.0, 0.02 * rows)


def _read_measures(clause: Clause, question: Question) -> None:
    """The columns that are left, in their order."""
    _read_sums(clause, question)
    for at, tag in list(clause.free("column")):
        column = tag.value[0]
        implied = [agg for word, agg in IMPLIED.items() if word in column.name.casefold().split("_")]
        if column not in question.columns:
            question.columns.append(column)
            if implied and not clause.has("agg") and not question.extreme:
                question.flags.add(f"implied:{implied[0]}")
        clause.take(at)
    if question.columns and clause.has("task", "corr"):
        clause.claim("all")
    if clause.claim("all"):
        question.flags.add("all")
        if clause.words.frame.partial and not clause.has("task"):
            raise Unclear(f"{clause.words.frame.name} has more columns than were described to me; name those you mean")
        keys = [key.column for key in question.keys]
        question.columns = [c for c in clause.words.frame.columns if c.kind == "number" and c not in keys]
    _drop_labels(clause, question)
    for at, tag in list(clause.free("agg")):
        value = tag.value
        clause.take(at)
        if value not in question.aggs:
            question.aggs.append(value)
    if clause.claim("total") and not question.aggs and question.columns and (question.extreme or question.keys):
        question.aggs.append("sum")
    _read_percentiles(clause, question)
    if question.aggs and any(column.dated for column in question.columns) and time_column(clause) is None:
        raise Unclear("it is not clear which dates are meant")


def _read_sums(clause: Clause, question: Question) -> None:
    """``total number of units sold``, ``how much rain did July bring``: an amount that is added up."""
    for at, tag in list(clause.free("count", "howmuch")):
        column = clause.column(at + 1)
        if column is None or column.kind != "number" or column.flag or question.aggs:
            continue
        counted = bool(COUNTED & set(column_words(column.name)[0])) and column.dtype.casefold().startswith(
            ("int", "uint")
        )
        whole = tag.text.casefold().startswith(("total", "overall")) and not column.values
        did = any(other.kind == "verb" and other.text.casefold() == "did" for other in clause.tags[at:])
        if (tag.kind == "howmuch" and did) or (tag.kind == "count" and (counted or whole)):
            question.aggs.append("sum")
            clause.take(at)


def _drop_labels(clause: Clause, question: Question) -> None:
    """``mean population of European countries``: the column that names the rows is no measure beside another."""
    labels = [c for c in question.columns if c.kind == "text" and not c.values]
    measures = [c for c in question.columns if c.numeric]
    if clause.has("agg") and clause.found and measures:
        question.columns = [column for column in question.columns if column not in labels]


def _read_percentiles(clause: Clause, question: Question) -> None:
    """``90th percentile``, ``percentile 90``, ``0.9 quantile``, ``25th and 75th percentiles``."""
    wanted = any("percentile" in tag.text.casefold() for tag in clause.tags) or "quartiles" in question.aggs
    for at, tag in list(clause.free("quantile")):
        if not wanted:
            raise Unclear(f"I cannot place '{tag.text}'", (tag.text,))
        question.aggs.append(f"q{tag.value / 100:g}")
        clause.take(at)
        if clause.kind(at - 1) == "and":
            clause.take(at - 1)
    for at, tag in list(clause.free("number")):
        if not 0 <= tag.value <= 100:
            continue
        beside = {clause.kind(at - 1), clause.kind(at + 1)} & {"percentile"}
        quantile = "quartiles" in question.aggs and 0 < tag.value < 1
        if beside or quantile:
            question.aggs.append(f"q{tag.value / (1 if quantile else 100):g}")
            clause.take(at)
    named = [agg for agg in question.aggs if agg[0] == "q" and agg[1:2].isdigit() and agg not in ("q1", "q3")]
    if named and "quartiles" in question.aggs:
        question.aggs.remove("quartiles")
    if named:
        clause.claim("percentile")
