"""Joins: the keys are counted first, the join is made under a new name, and rows that it loses or multiplies are told.

What is asked of the joined rows is answered only where every figure is counted once: a sum over rows that a join has
multiplied is no sum. The frames that are joined stay as they are.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from aether_nb.models.analyst.code import Rows
from aether_nb.models.analyst.desk import Desk, NotDone
from aether_nb.models.analyst.phrasing import listed, markdown_table, plain
from aether_nb.models.analyst.question import Join, Question, Unclear
from aether_nb.models.analyst.results import facts, number
from aether_nb.models.analyst.script import Action, Outcome, Plan

__all__ = ["Keys", "check_keys", "check_questions", "directed", "make_join", "show_join"]

_COUNTING = frozenset({"count", "share", "ratio"})
_COMPUTING = frozenset({"aggregate", "rank", "extremes", "trend", "comparison", "distribution", "compare", "picture"})


@dataclass(frozen=True, slots=True)
class Keys:
    """What was counted of a join before it was made.

    ``repeated`` are rows whose key stands in an earlier row too, ``alone`` rows without a partner, ``empty`` rows
    without a key; each of the left and of the right frame. ``pairs`` is how many rows have a partner, joined.
    """

    rows: tuple[int, int]
    repeated: tuple[int, int]
    alone: tuple[int, int]
    empty: tuple[int, int]
    pairs: int

    @property
    def multiplies(self) -> bool:
        """Whether keys are repeated on both sides, so that rows of both are multiplied."""
        return all(self.repeated)

    def turned(self) -> Keys:
        """The same from the other side."""
        sides = (self.rows, self.repeated, self.alone, self.empty)
        rows, repeated, alone, empty = ((right, left) for left, right in sides)
        return Keys(rows, repeated, alone, empty, self.pairs)


def check_keys(join: Join, desk: Desk) -> Generator[Action | Plan, Outcome, Keys]:
    """Count what the join will do to the rows.

    Raises:
        Unclear: Both frames have rows without a key, which pandas would join with each other.
    """
    title = f"Check the keys of {join.left.name} and {join.right.name}"
    yield Plan(((title, "run_python"), ("Join the two frames", "run_python")))
    outcome = yield from desk.run(Question(join.left), lambda rows: _check_code(join, rows), title)
    told = facts(outcome.text)

    def two(what: str) -> tuple[int, int]:
        first, second = (int(number(told.get(f"{side} {what}", "")) or 0) for side in ("left", "right"))
        return first, second

    keys = Keys(two("rows"), two("repeated"), two("alone"), two("empty"), int(number(told.get("pairs", "")) or 0))
    if all(keys.empty):
        raise Unclear(
            f"{_on(join)} is missing in {keys.empty[0]} rows of {join.left.name} and in {keys.empty[1]} of "
            f"{join.right.name}, and pandas would join these with each other; drop them first"
        )
    return keys


def _check_code(join: Join, rows: Rows) -> str:
    """Code that counts; its helpers are deleted."""
    here, there = ([column.name for column in side] for side in zip(*join.on, strict=True))
    left, right = rows.helper("left_keys"), rows.helper("right_keys")
    sides = (("left", left, right), ("right", right, left))
    lines = [
        f"{left} = pd.MultiIndex.from_frame({join.left.name}[{here!r}])",
        f"{right} = pd.MultiIndex.from_frame({join.right.name}[{there!r}])",
        *(f'print("{side} rows:", len({one}))' for side, one, _ in sides),
        *(f'print("{side} repeated:", {one}.duplicated().sum())' for side, one, _ in sides),
        *(f'print("{side} alone:", (~{one}.isin({other})).sum())' for side, one, other in sides),
        f'print("pairs:", int({left}.value_counts().mul({right}.value_counts(), fill_value=0).sum()))',
        f'print("left empty:", {join.left.name}[{here!r}].isna().any(axis=1).sum())',
        f'print("right empty:", {join.right.name}[{there!r}].isna().any(axis=1).sum())',
    ]
    return rows.code("# are the keys unique, and do they find a partner?", *lines)


def directed(join: Join, keys: Keys) -> tuple[Join, Keys]:
    """The join for a question: every row of the frame whose keys repeat, with what the other frame says of it.

    Where no key repeats, the frame whose rows are counted comes first.
    """
    swap = keys.repeated[1] > 0 if any(keys.repeated) else join.counted == join.right.name
    if swap:
        join, keys = join.turned(), keys.turned()
    return (join if join.how else replace(join, how="left")), keys


def check_questions(join: Join, keys: Keys, questions: Sequence[Question]) -> None:
    """Refuse what a join would answer wrongly.

    Raises:
        Unclear: A row would be counted more than once, or it is not clear whose rows are counted.
    """
    if keys.multiplies:
        raise Unclear(
            f"{_on(join)} repeats in both {join.left.name} and {join.right.name}: {keys.rows[0]:,} and "
            f"{keys.rows[1]:,} rows would become {keys.pairs:,}, and every figure would be counted several times"
        )
    theirs = {column.name for column in join.right.columns} - {column.name for column in join.left.columns}
    theirs |= {f"{column.name}_{join.right.name}" for column in join.right.columns}
    for question in questions:
        if question.task not in _COUNTING | _COMPUTING:
            raise Unclear("of two frames I answer totals, means, counts, shares and rankings")
        measured = any(column.numeric for column in question.columns)
        measures = [column.name for column in question.columns if column.name in theirs and column.numeric]
        if keys.repeated[0] and measures and question.task in _COMPUTING:
            raise Unclear(
                f"{listed(measures)} is of {join.right.name}, and would be counted once for every row of "
                f"{join.left.name}"
            )
        counts = question.task in _COUNTING or (question.task == "rank" and not measured)
        if counts and not measured and join.counted != join.left.name:
            raise Unclear(f"it is not clear to me that rows of {join.left.name} are to be counted")
        if question.task == "count" and question.columns:
            raise Unclear("of two frames I count rows, and not what is in a column")


def make_join(join: Join, keys: Keys, name: str, desk: Desk) -> Generator[Action | Plan, Outcome, tuple[str, Outcome]]:
    """Make the joined frame; what it did to the rows, in words, and what the call brought."""
    how = join.how or "inner"
    here, there = ([column.name for column in side] for side in zip(*join.on, strict=True))
    on = f"on={here!r}" if here == there else f"left_on={here!r}, right_on={there!r}"
    ends = f"suffixes={(f'_{join.left.name}', f'_{join.right.name}')!r}"
    made = f"{name} = {join.left.name}.merge({join.right.name}, {on}, how={how!r}, {ends})"
    title = f"Join {join.left.name} and {join.right.name}"
    lines = ("# a new frame; the two stay as they are", made, f'print("rows:", len({name}))', f"{name}.head()")
    outcome = yield from desk.run(Question(join.left), lambda rows: rows.code(*lines), title)
    return _told(join, keys, name, how, int(number(facts(outcome.text).get("rows", "")) or 0)), outcome


def show_join(told: str, outcome: Outcome, desk: Desk) -> str:
    """The answer to a request that wants the join alone."""
    try:
        return f"{told}\n\nThe first rows:\n\n{markdown_table(desk.table(outcome), 1)}"
    except NotDone:
        return told


def _told(join: Join, keys: Keys, name: str, how: str, rows: int) -> str:
    """What the join did to the rows: how many there were and are, which were lost, which were multiplied."""
    frames = (join.left.name, join.right.name)
    both = f"`{frames[0]}` and `{frames[1]}`"
    lead = f"For this, {both} were joined" if join.rest and not join.name else f"`{name}` is {both} joined"
    parts = [
        f"{lead} on {_on(join)} ({how} join). Rows: {keys.rows[0]:,} in "
        f"`{frames[0]}` and {keys.rows[1]:,} in `{frames[1]}` before, **{rows:,} after**."
    ]
    unique = [f"`{frame}`" for frame, repeated in zip(frames, keys.repeated, strict=True) if not repeated]
    if unique:
        parts.append(f"The key is unique in {listed(unique)}, so no row of the other frame is multiplied.")
    else:
        parts.append(
            f"**Fan-out**: the key repeats in both frames ({keys.repeated[0]:,} and {keys.repeated[1]:,} rows repeat "
            "an earlier key), so rows are multiplied, and sums over them count values more than once."
        )
    kept = {"inner": (False, False), "left": (True, False), "right": (False, True), "outer": (True, True)}[how]
    for frame, alone, stays, other in zip(frames, keys.alone, kept, reversed(frames), strict=True):
        if alone:
            fate = f"kept, with nothing in the columns of `{other}`" if stays else "lost"
            parts.append(f"{alone:,} row{'s' * (alone != 1)} of `{frame}` have no match in `{other}`: {fate}.")
    if not any(keys.alone):
        parts.append("Every row has a match; no row is lost.")
    return " ".join(parts)


def _on(join: Join) -> str:
    """The keys in words."""
    return listed([plain(a.name) if a.name == b.name else f"{plain(a.name)} = {plain(b.name)}" for a, b in join.on])
