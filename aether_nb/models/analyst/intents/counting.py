"""Counting: rows, rows by group, distinct values, the most common value; and the rows that meet conditions."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.groups import claim_order, order_code
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import conditions_text, figure, listed, markdown_table, plain
from aether_nb.models.analyst.question import Key, Question
from aether_nb.models.analyst.results import Table, facts
from aether_nb.models.analyst.script import Script

__all__ = ["Count", "Listing", "Values"]

_NOUNS = ("row", "entity", "frame", "data")


class Values:
    """``how many species are there``, ``value counts of island``, ``most common weather``."""

    name = "values"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """One column, and the wish to know its values."""
        if "happened" in question.flags:
            return False
        mode = {"mode", "rare"} & set(question.aggs)
        listing = clause.claim("values") | clause.claim("list")
        distinct = clause.claim("distinct")
        counted = clause.claim("count")
        clause.claim("ref")
        clause.claim("cols")
        spread = clause.claim("task", "distribution")
        if question.extreme or set(question.aggs) - {"mode", "rare"}:
            return False
        column = _one_column(question)
        if column is None or (
            column.kind in ("number", "numeric text") and not column.categorical and not (distinct or mode or listing)
        ):
            return False
        if spread and column.kind != "text":
            return False
        clause.claim("by")
        if mode:
            question.flags.add(mode.pop())
        elif not (listing or distinct or counted or spread or question.subject):
            return False
        question.columns, question.subject = [column], None
        return len(question.keys) <= 1

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Count the values of {question.columns[0].name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """How many distinct values, and how often each occurs."""
        name = question.columns[0].name
        if question.keys:
            return (yield from self._by_group(question, desk))

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            lines = [f'print("distinct:", {chosen}[{name!r}].nunique())']
            counts = f"{chosen}[{name!r}].value_counts().rename('count').to_frame()"
            return rows.code("# how often each value occurs", *lines, *desk.keep(question, counts))

        outcome = yield from desk.run(question, write, self.title(question))
        found, distinct = desk.table(outcome), figure(facts(outcome.text).get("distinct", ""))
        where = conditions_text(question.conditions)
        if {"mode", "rare"} & question.flags:
            common = "mode" in question.flags
            edge = found.rows[0 if common else -1][1]
            ties = [f"**{plain(row[0].removesuffix('.0'))}**" for row in found.rows if row[1] == edge]
            head = (
                f"The {'most' if common else 'least'} common value of "
                f"{plain(name)}{where} is {listed(ties[:10])} ({figure(edge)} rows)."
            )
        else:
            head = f"{plain(name)} has **{distinct}** distinct values{where}:"
        return f"{head}\n\n" + markdown_table(found, 1)

    def _by_group(self, question: Question, desk: Desk) -> Script:
        """How many distinct values in each group, or the most common one of each."""
        name = question.columns[0].name
        mode = {"mode", "rare"} & question.flags

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            if not mode:
                counts = f"{group_code(question.keys, chosen)}[{name!r}].nunique().rename('distinct').to_frame()"
                return rows.code("# distinct values in each group", *desk.keep(question, counts))
            keys = [*question.keys, Key(question.columns[0])]
            order = f".sort_values(ascending={'rare' in mode}, kind='stable')"
            counts = f"{group_code(keys, chosen)}.size().rename('count'){order}"
            return rows.code(
                "# the value at the top of each group",
                *desk.keep(question, f"{counts}.groupby(level=0).head(1).to_frame()"),
            )

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome)
        what = ("Most" if "mode" in mode else "Least") + " common value" if mode else "Number of distinct values"
        by = plain(found.columns[0])
        text = f"{what} of {plain(name)} by {by}{conditions_text(question.conditions)}:\n\n"
        return text + markdown_table(found, 2 if mode else 1)


def _one_column(question: Question) -> Column | None:
    columns = [
        *question.columns,
        *([question.subject.column] if question.subject and not question.subject.freq else []),
    ]
    return columns[0] if len(columns) == 1 else None


class Count:
    """``how many penguins weigh more than 5 kg``, ``number of rows per island``."""

    name = "count"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A count of rows; a single measure means the rows where it is known."""
        if question.aggs or question.extreme or question.subject is not None:
            return False
        counted = clause.claim("count")
        noun = any(True for _ in clause.free(*_NOUNS)) or "happened" in question.flags
        size = bool(question.keys) and noun and not question.columns
        if not counted and not size:
            return False
        for kind in ("row", "list", "ref", "cols"):
            clause.claim(kind)
        claim_order(clause, question)
        if len(question.columns) > 1 or len(question.keys) > 2:
            return False
        if question.columns and not (noun or any(tag.kind == "valueword" for tag in clause.tags)):
            return False
        several = [c for _, c in clause.found if c.op in ("in", "years in") and not c.negated and c.column]
        if (
            len(several) == 1
            and not question.keys
            and clause.tags
            and not any(t.text.casefold() == "or" for t in clause.tags)
        ):
            column = several[0].column
            question.keys += [Key(column, "Y" if several[0].op == "years in" else "")] if column else []
        return noun or bool(clause.found) or bool(question.keys)

    def title(self, question: Question) -> str:
        """What the plan says."""
        by = f" by {listed([key.column.name for key in question.keys])}" if question.keys else ""
        return f"Count rows of {question.frame.name}{by}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """One figure, or a table with a line for each group."""
        measure = question.columns[0].name if question.columns else ""

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            size = f"{chosen}[{measure!r}].count()" if measure else f"len({chosen})"
            if not question.keys:
                series = f'pd.Series({{"count": {size}, "all rows": len({question.frame.name})}})'
                return rows.code(*desk.keep(question, series))
            grouped = group_code(question.keys, chosen)
            counts = f"{grouped}[{measure!r}].count()" if measure else f"{grouped}.size()"
            table = f"{counts}.rename('count').to_frame(){order_code(question, 'count')}"
            return rows.code(f'print("together:", {counts}.sum())', *desk.keep(question, table))

        outcome = yield from desk.run(question, write, self.title(question))
        found, where = desk.table(outcome), conditions_text(question.conditions)
        if question.keys:
            labels = len(question.keys)
            by, together = (
                listed([plain(name) for name in found.columns[:labels]]),
                figure(facts(outcome.text).get("together", "")),
            )
            text = f"Rows of `{question.frame.name}` by {by}{where} (**{together}** together):\n\n"
            return text + markdown_table(found, labels)
        pairs = found.pairs()
        count, every = figure(pairs.get("count", "")), figure(pairs.get("all rows", ""))
        known = f" with a value of {plain(measure)}" if measure else ""
        if not question.conditions and not measure:
            return f"`{question.frame.name}` has **{count}** rows."
        return f"**{count}** of {every} rows of `{question.frame.name}`{known}{where.replace(' where ', ' have ', 1)}."


class Listing:
    """``list the penguins heavier than 6 kg``, ``which days had wind above 9``."""

    name = "listing"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """Rows that meet conditions, without a figure of them."""
        bare = all(
            tag.used or tag.kind in ("frame", "entity", "row", "sep", "in", "with", "from", "rel", "and")
            for tag in clause.tags
        )
        asked = clause.claim("list") | ("whichrows" in question.flags) | bare
        if not asked or question.aggs or question.extreme or question.subject or question.keys or question.columns:
            return False
        clause.claim("row")
        clause.claim("ref")
        return bool(clause.found)

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Pick rows of {question.frame.name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """How many, and the first of them."""

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            return rows.code(f'print("count:", len({chosen}))', *desk.keep(question, chosen))

        outcome = yield from desk.run(question, write, self.title(question))
        count, where = facts(outcome.text).get("count", ""), conditions_text(question.conditions)
        if count == "0":
            return f"No row of `{question.frame.name}` meets the conditions{where.replace(' where ', ': ', 1)}."
        found = desk.table(outcome)
        few = Table(found.columns, found.rows[:20], found.total)
        rows = "row" if count == "1" else "rows"
        return f"**{figure(count)}** {rows} of `{question.frame.name}`{where}:\n\n" + markdown_table(few, 1)
