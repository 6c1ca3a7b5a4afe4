"""Aggregates: mean, median, sum, percentiles and the like, of columns, for all rows or by group."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, aggregate, aggregates, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.groups import claim_order, order_code
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import agg_name, conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Key, Question, Unclear
from aether_nb.models.analyst.results import Table, facts, number
from aether_nb.models.analyst.script import Script

__all__ = ["Aggregate", "expand", "measured", "only_number"]

_EXPANDED = {"typical": ("mean", "median"), "quartiles": ("q0.25", "q0.5", "q0.75"), "q1": ("q0.25",), "q3": ("q0.75",)}


def expand(aggs: list[str]) -> list[str]:
    """The aggregates that can be computed: quartiles are three percentiles."""
    return list(dict.fromkeys(one for agg in aggs for one in _EXPANDED.get(agg, (agg,))))


def measured(question: Question) -> list[Column]:
    """The columns that can be calculated with.

    Raises:
        Unclear: One of them is text.
    """
    for column in question.columns:
        orders_only = {"min", "max"} >= set(question.aggs) or not question.aggs
        if not column.numeric and not (column.dated and orders_only):
            raise Unclear(
                f"{column.name} is text, of which there is no {agg_name(question.aggs[0]) if question.aggs else 'mean'}"
            )
    return question.columns


class Aggregate:
    """``mean body mass``, ``total price by year``, ``90th percentile of alcohol``, ``largest fare in each class``."""

    name = "aggregate"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """One or more measures, and what to compute of them."""
        if question.subject is not None or {"mode", "rare"} & set(question.aggs) or "when" in question.flags:
            return False
        ends = {"both": ["min", "max"], "max": ["max"], "min": ["min"]}.get(question.extreme, [])
        if question.extreme and (
            question.n is not None
            or "whichrows" in question.flags
            or (ends and question.aggs and question.extreme != "both" and question.keys)
        ):
            return False
        question.aggs = expand(question.aggs + [end for end in ends if end not in question.aggs])
        implied = [flag.partition(":")[2] for flag in question.flags if flag.startswith("implied:")]
        if not question.aggs:
            default = question.keys and question.columns
            question.aggs = implied[:1] or (["mean", "median"] if default else [])
        question.columns = question.columns or only_number(clause, question)
        if not question.columns or not question.aggs:
            return False
        if clause.claim("count"):
            question.flags.add("count")
        for kind in ("ref", "list", "to", "row", "percentile"):
            clause.claim(kind)
        claim_order(clause, question)
        _each_value(clause, question)
        measured(question)
        return len(question.aggs) <= 6 and len(question.keys) <= 2

    def title(self, question: Question) -> str:
        """What the plan says."""
        by = f" by {listed([key.column.name for key in question.keys])}" if question.keys else ""
        aggs = listed([agg_name(agg) for agg in question.aggs])
        columns = [column.name for column in question.columns]
        return f"Compute the {aggs} of {listed(columns) if len(columns) < 5 else 'all numeric columns'}{by}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """One figure in a sentence, or a table."""
        outcome = yield from desk.run(question, lambda rows: self._code(question, desk, rows), self.title(question))
        found = desk.table(outcome)
        if question.keys:
            together = facts(outcome.text).get("together", "")
            return _grouped_text(question, found) + (f"\n\nTogether: {figure(together)}." if together else "")
        return _plain_text(question, found)

    def _code(self, question: Question, desk: Desk, rows: Rows) -> str:
        chosen = rows.filtered(question.conditions)
        source = group_code(question.keys, chosen) if question.keys else chosen
        first = question.columns[0].name
        rows.note(self.title(question))
        if len(question.columns) == 1:
            if "together" in question.flags:
                rows.lines.append(f'print("together:", {aggregate(question.aggs[0], f"{chosen}[{first!r}]")})')
            labels = {"count": "count"} | {agg_name(agg): agg for agg in question.aggs}
            ordered = order_code(question, agg_name(question.aggs[0]))
            return rows.code(*desk.keep(question, aggregates(f"{source}[{first!r}]", labels) + ordered))
        if question.keys and len(question.aggs) == 1:
            label = f"{agg_name(question.aggs[0])} of "
            values = f"{source}[{[column.name for column in question.columns]!r}]"
            table = f"{aggregate(question.aggs[0], values)}.add_prefix({label!r})"
            return rows.code(*desk.keep(question, table + order_code(question, label + first)))
        groups = rows.helper("groups") if question.keys else chosen
        if question.keys:
            desk.table_name(question)
            rows.lines.append(f"{groups} = {source}")
        cells = {
            f"{agg_name(agg)} of {column.name}": aggregate(agg, f"{groups}[{column.name!r}]")
            for column in question.columns
            for agg in question.aggs
        }
        body = "{\n    " + ",\n    ".join(f"{label!r}: {code}" for label, code in cells.items()) + ",\n}"
        made = "pd.DataFrame" if question.keys else "pd.Series"
        return rows.code(*desk.keep(question, f"{made}({body})" + order_code(question, next(iter(cells)))))


def only_number(clause: Clause, question: Question) -> list[Column]:
    """The one column of figures of a frame that has just one; nothing when it is not clear which is meant."""
    keys = [key.column for key in question.keys]
    columns = [c for c in clause.words.frame.columns if c.kind == "number" and c not in keys and not c.identifies]
    return columns if len(columns) == 1 and question.aggs and not clause.words.frame.partial else []


def _each_value(clause: Clause, question: Question) -> None:
    """``of Adelie and Gentoo``: each of the values by itself."""
    several = [c for _, c in clause.found if c.op in ("in", "years in") and not c.negated]
    either = any(tag.text.casefold() == "or" for tag in clause.tags)
    if not question.keys and not either and len(several) == 1 and several[0].column is not None:
        year = "Y" if several[0].op == "years in" else ""
        question.keys.append(Key(several[0].column, year))
        question.flags.add("together")


def _plain_text(question: Question, found: Table) -> str:
    """One figure in a sentence; several in a list."""
    pairs = found.pairs()
    where = conditions_text(question.conditions)
    separators = not any("year" in column.name.casefold() for column in question.columns)
    labels = [label for label in pairs if label != "count"]
    if len(question.columns) > 1:
        lines = [f"- {plain(label)}: **{figure(pairs[label], separators)}**" for label in labels]
        return f"Of `{question.frame.name}`{where}:\n\n" + "\n".join(lines)
    column = plain(question.columns[0].name)
    if number(pairs.get("count", "")) == 0:
        return f"There are no values of {column}{where}, so there is nothing to compute."
    over = f"over {figure(pairs.get('count', ''))} values"
    if len(labels) == 1:
        return f"The {labels[0]} of {column}{where} is **{figure(pairs[labels[0]], separators)}** ({over})."
    lines = [f"- {label}: **{figure(pairs[label], separators)}**" for label in labels]
    return f"{column}{where}, {over}:\n\n" + "\n".join(lines)


def _grouped_text(question: Question, found: Table) -> str:
    """A table with a line for each group."""
    aggs, labels = listed([agg_name(agg) for agg in question.aggs]), len(question.keys)
    names = listed([plain(column.name) for column in question.columns[:6]])
    by = listed([plain(name) for name in found.columns[:labels]])
    text = f"{aggs[0].upper()}{aggs[1:]} of {names} by {by}{conditions_text(question.conditions)}:\n\n"
    return text + markdown_table(found, labels)
