"""Rankings of groups: which species is heaviest on average, the three islands with the most rows."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, aggregate, aggregates, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.intents.aggregate import expand, measured, only_number
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.nouns import COUNTED
from aether_nb.models.analyst.phrasing import agg_name, conditions_text, figure, listed, markdown_table, ordinal, plain
from aether_nb.models.analyst.question import Question
from aether_nb.models.analyst.results import Table, facts, number
from aether_nb.models.analyst.script import Script
from aether_nb.models.analyst.subjects import speaks_of_many
from aether_nb.models.analyst.words import column_words

__all__ = ["Rank"]

_UNIQUE_FROM = 0.3


class Rank:
    """A subject, which end of the ranking counts, and a measure or a count."""

    name = "rank"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """``which species has the highest mean mass``, ``top 3 countries by population``."""
        if (
            question.extreme
            and not question.subject
            and question.keys
            and question.aggs
            and "rows" not in question.flags
        ):
            question.subject = question.keys.pop()
        if question.subject is None or not question.extreme or len(question.keys) > 1:
            return False
        if "mode" in question.aggs or "rare" in question.aggs or len(question.columns) > 1:
            return False
        question.aggs = expand(question.aggs)
        if not question.aggs and speaks_of_many(clause) and _adds_up(question):
            question.aggs = ["sum"]
        if clause.claim("task", "vary"):
            question.aggs = list(dict.fromkeys((*question.aggs, "std")))
        counted = clause.claim("count")
        if not question.columns and not counted and question.aggs:
            question.columns = only_number(clause, question)
        named = any(True for _ in clause.free("row", "entity", "frame", "data")) or bool(clause.found)
        named = named or "happened" in question.flags
        distinct = clause.claim("distinct")
        if question.columns and _described(clause, question.columns[0]):
            return False
        if (question.columns and question.columns[0].kind in ("text",)) or (distinct and question.columns):
            question.aggs = ["nunique"]
        elif question.columns:
            measured(question)
        elif not counted and not (named and speaks_of_many(clause)):
            return False
        for kind in ("row", "ref", "list", "descending", "to", "sort"):
            clause.claim(kind)
        return len(question.aggs) <= 1

    def title(self, question: Question) -> str:
        """What the plan says."""
        subject = question.subject.column.name if question.subject else ""
        what = question.columns[0].name if question.columns else "number of rows"
        return f"Rank {subject} by {what}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The leader in a sentence, then the ranking."""
        end = "min" if question.extreme == "min" else "max"
        shown = _shown(question, end)

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            keys = [*question.keys, question.subject] if question.subject else question.keys
            source, lines = group_code(keys, chosen), []
            if question.columns:
                labels = {"count": "count"} | {agg_name(agg): agg for agg in shown}
                frame = aggregates(f"{source}[{question.columns[0].name!r}]", labels)
                by = agg_name(_leading(question, end))
            else:
                frame, by = f"{source}.size().rename('count').to_frame()", "count"
            frame += f".sort_values({by!r}, ascending={end == 'min'}, kind='stable')"
            if question.keys:
                frame += f".groupby(level=0).head({question.n or 1})"
            elif question.n and question.n > 1 and question.extreme != "both":
                frame += f".head({question.n})"
            if months := _over_years(question, end, chosen):
                lines.append(months)
            return rows.code("# the groups in order", *lines, *desk.keep(question, frame))

        outcome = yield from desk.run(question, write, self.title(question))
        calendar = facts(outcome.text).get("calendar month", "")
        also = f"\n\nTaken over all years, the calendar month is **{plain(calendar)}**." if calendar else ""
        return _said(question, desk.table(outcome), end) + also


def _adds_up(question: Question) -> bool:
    """Whether the measure counts something, so that ``most units sold`` means their sum."""
    columns = question.columns
    return len(columns) == 1 and columns[0].kind == "number" and bool(COUNTED & set(column_words(columns[0].name)[0]))


def _described(clause: Clause, column: Column) -> bool:
    """Whether a text says how something is (``most satisfied``), so that there is nothing of it to count."""
    spoken = [tag.text.casefold() for tag in clause.tags if tag.kind == "column" and tag.value[0] == column]
    return column.kind == "text" and any(text.endswith("ed") for text in spoken)


def _over_years(question: Question, end: str, chosen: str) -> str:
    """``which month`` may mean the month of the year: the line that prints that one, when there are several years."""
    key = question.subject
    if key is None or key.freq != "M" or question.keys or (key.column.span_days() or 0) < 400:
        return ""
    groups = f"{chosen}.groupby({chosen}[{key.column.name!r}].dt.month_name())"
    column = f"{groups}[{question.columns[0].name!r}]" if question.columns else groups
    values = aggregate(_leading(question, end), column) if question.columns else f"{groups}.size()"
    return f'print("calendar month:", ({values}).idx{end}())'


def _shown(question: Question, end: str) -> list[str]:
    return question.aggs or ["mean", end]


def _leading(question: Question, end: str) -> str:
    """By what the groups are ordered: what was asked, else the mean, or the single value where rows have names."""
    if question.aggs:
        return question.aggs[0]
    subject, rows = question.subject, question.frame.rows
    named = subject is not None and not subject.freq and subject.column.distinct
    return end if named and rows and named / rows > _UNIQUE_FROM else "mean"


def _said(question: Question, found: Table, end: str) -> str:
    """The leader, who ties with it, and the ranking."""
    labels = len(question.keys) + 1
    where = conditions_text(question.conditions)
    wanted = question.n or 1
    counts = {row[labels] for row in found.rows}
    single = bool(question.columns) and not question.aggs and counts == {"1"}
    lead = agg_name(_leading(question, end)) if question.columns else "count"
    at = found.columns.index(lead) if lead in found.columns else labels
    what = (
        f"{'' if single else lead + ' of '}{plain(question.columns[0].name)}" if question.columns else "number of rows"
    )
    shown = Table(found.columns, found.rows[: max(wanted, 10)] if not question.keys else found.rows, found.total)
    table_text = markdown_table(shown, labels)
    if question.keys:
        return f"The {_end(end)} {what} in each {plain(found.columns[0])}{where}:\n\n{table_text}"
    ordered = [row for row in found.rows if number(row[at]) is not None or row[at]]
    if question.extreme == "both" and wanted == 1 and len(ordered) == found.total:
        first, last = ordered[0], ordered[-1]
        head = (
            f"**{plain(first[0])}** has the highest {what} ({figure(first[at])}) "
            f"and **{plain(last[0])}** the lowest ({figure(last[at])}){where}."
        )
    elif "nth" in question.flags and len(ordered) >= wanted:
        chosen = ordered[wanted - 1]
        head = f"**{plain(chosen[0])}** has the {ordinal(wanted)} {_end(end)} {what}: **{figure(chosen[at])}**{where}."
    elif wanted > 1:
        few = Table(found.columns, tuple(ordered[:wanted]), min(wanted, len(ordered)))
        names = listed([f"**{plain(row[0])}**" for row in few.rows])
        return f"By {what} the {_end(end)} {len(few.rows)} are {names}{where}:\n\n" + markdown_table(few, labels)
    else:
        ties = [row for row in ordered if row[at] == ordered[0][at]]
        names = listed([f"**{plain(row[0])}**" for row in ties])
        head = (
            f"{names} {'has' if len(ties) == 1 else 'share'} the "
            f"{_end(end)} {what}: **{figure(ordered[0][at])}**{where}."
        )
        head += _other_reading(question, ordered, end, lead, found)
    return f"{head}\n\n{table_text}" if len(found.rows) > 1 else head


def _other_reading(question: Question, rows: list[tuple[str, ...]], end: str, lead: str, found: Table) -> str:
    """Without an aggregate in the question, the single highest value may belong to another group: it is told."""
    if not question.columns or question.aggs:
        return ""
    other = agg_name(end) if lead == agg_name("mean") else agg_name("mean")
    at = found.columns.index(other)
    best = (max if end == "max" else min)(rows, key=lambda row: number(row[at]) or 0.0)
    if best[at] == rows[0][at]:
        return ""
    return f" By the {other}, it is **{plain(best[0])}** ({figure(best[at])})."


def _end(end: str) -> str:
    return "highest" if end == "max" else "lowest"
