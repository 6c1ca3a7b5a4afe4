"""Shares and ratios: what part of the rows meets a condition, by group too; how the rows fall into categories."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, condition_code, group_code
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.phrasing import (
    condition_text,
    conditions_text,
    figure,
    listed,
    markdown_table,
    plain,
    share_text,
)
from aether_nb.models.analyst.question import Condition, Key, Question, Unclear
from aether_nb.models.analyst.results import Table, number
from aether_nb.models.analyst.script import Script

__all__ = ["Ratio", "Share"]

_TIMES = ("year", "years", "month", "date", "years in")


class Share:
    """``what share of passengers survived``, ``percentage of females by species``, ``share of each island``."""

    name = "share"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A share of rows; what stands before the verb is the whole, what stands behind it the part."""
        if not clause.has("share") and _leans(clause, question):
            return True
        if not clause.claim("share") or set(question.aggs) - {"mean", "sum"} or question.n:
            return False
        for kind in ("count", "row", "ref", "to", "list"):
            clause.claim(kind)
        if question.extreme and question.subject and not question.keys:
            question.keys, question.subject = [question.subject], None
        if question.subject is not None or len(question.keys) > 2 or (question.extreme and not question.keys):
            return False
        if (
            question.aggs == ["sum"]
            and len(question.columns) == 1
            and question.columns[0].numeric
            and not question.extreme
        ):
            return self._of_total(clause, question)
        if question.columns and not clause.found and not question.keys and len(question.columns) == 1:
            clause.claim("by")
            question.keys = [Key(question.columns.pop())]
            return question.keys[0].column.categorical and not question.extreme
        if _of_a_sum(clause, question):
            return self._of_total(clause, question)
        if question.columns or question.aggs:
            return False
        whole, part = _split(clause)
        if len(part) == 1 and part[0].op == "in" and clause.spoke("versus") and not question.keys:
            question.flags.add("each")
            question.keys = [Key(part[0].column)] if part[0].column else []
        if question.keys and part and not question.extreme and "each" not in question.flags:
            _check_grouped(clause, question)
        question.conditions, question.part = whole, part
        return bool(part) or (len(question.keys) == 1 and not question.extreme)

    def _of_total(self, clause: Clause, question: Question) -> bool:
        """The share of a sum that each group has."""
        question.flags.add("of total")
        return len(question.keys) == 1

    def title(self, question: Question) -> str:
        """What the plan says."""
        by = f" by {listed([key.column.name for key in question.keys])}" if question.keys else ""
        return f"Compute the share of rows{conditions_text(question.part)}{by}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """Part, whole and percent."""
        if not question.part or "each" in question.flags:
            return (yield from self._categories(question, desk))

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            tests = [condition_code(condition, chosen) for condition in question.part]
            met = tests[0] if len(tests) == 1 else " & ".join(f"({test})" for test in tests)
            figures = '.agg(met="sum", rows="size", percent=lambda met: met.mean() * 100)'
            rows.note(f"which rows meet the condition{conditions_text(question.part)}")
            if not question.keys:
                return rows.code(*desk.keep(question, f"({met}){figures}"))
            groups = group_code(question.keys, f"{chosen}.assign(met={met})") + '["met"]'
            by = "met" if "by number" in question.flags else "percent"
            order = (
                f".sort_values({by!r}, ascending={question.extreme == 'min'}, kind='stable')"
                if question.extreme
                else ""
            )
            return rows.code(*desk.keep(question, f"{groups}{figures}{order}"))

        outcome = yield from desk.run(question, write, self.title(question))
        found = desk.table(outcome)
        what = listed([condition_text(condition) for condition in question.part])
        of = conditions_text(question.conditions)
        if question.keys:
            labels = len(question.keys)
            heads = (*found.columns[:labels], "rows that meet it", "rows", "share")
            table = markdown_table(found, labels, heads, percent=("percent",))
            by = listed([plain(name) for name in found.columns[:labels]])
            lead = _leader(question, found) if question.extreme else ""
            return f"{lead}Share of rows with {what}{of}, by {by}:\n\n{table}"
        pairs = found.pairs()
        if number(pairs.get("rows", "")) == 0:
            return f"There are no rows{of}, so there is no share."
        return (
            f"**{share_text(pairs['percent'])}** of the rows{of} have "
            f"{what}: {figure(pairs['met'])} of {figure(pairs['rows'])}."
        )

    def _categories(self, question: Question, desk: Desk) -> Script:
        """How the rows, or a sum, fall into the groups."""
        measure, each = question.columns[0].name if question.columns else "", "each" in question.flags

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            groups = group_code(question.keys, chosen)
            counts = f"{groups}[{measure!r}].sum()" if measure else f"{groups}.size()"
            name = "total" if measure else "rows"
            whole = f"len({chosen})" if each else f'parts["{name}"].sum()'
            percent = f'percent=lambda parts: parts["{name}"] / {whole} * 100'
            picked = f".loc[{list(question.part[0].value)!r}]" if each else ""
            return rows.code(*desk.keep(question, f'{counts}.to_frame("{name}").assign({percent}){picked}'))

        outcome = yield from desk.run(question, write, self.title(question))
        found, labels = desk.table(outcome), len(question.keys)
        what = f"the total of {plain(measure)}" if measure else "the rows"
        by = listed([plain(name) for name in found.columns[:labels]])
        text = f"How {what}{conditions_text(question.conditions)} fall into {by}:\n\n"
        return text + markdown_table(found, labels, (*found.columns[:-1], "share"), percent=("percent",))


def _split(clause: Clause) -> tuple[list[Condition], list[Condition]]:
    """The conditions of the whole, and those of the part.

    What stands before the share is of the whole. A verb that no ``who`` or ``that`` opens divides the rest; without
    one, a relative clause does; without either, all of it is the part.
    """
    first = next((at for at, tag in enumerate(clause.tags) if tag.kind == "share"), 0)
    last = max((at for at, tag in enumerate(clause.tags) if tag.kind == "share"), default=0)
    places = [at for at, _ in clause.found]
    verbs = [
        at
        for at, tag in enumerate(clause.tags)
        if tag.kind == "verb"
        and at > last
        and clause.tags[at - 1].kind not in ("rel", "which")
        and any(p > at for p in places)
    ]
    flags = [at for at in places if clause.tags[at].kind == "column" and clause.tags[at].extra == "flag" and at > last]
    relative = [
        at
        for at, tag in enumerate(clause.tags)
        if at > last and (tag.kind in ("rel", "with") or (tag.kind == "which" and at > last + 1))
    ]
    border = last
    before_verb = [at for at in places if last < at]
    if verbs:
        border = verbs[0] if any(at < verbs[0] for at in before_verb) else last
    elif flags and flags[-1] == max(before_verb):
        border = flags[-1] - 1
    elif relative and any(at < relative[0] for at in before_verb):
        border = relative[0]
    whole = [c for at, c in clause.found if at <= border and (at < first or at > last or border > last)]
    part = [c for c in (pair[1] for pair in clause.found) if c not in whole]
    timed = [c for c in part if c.op in _TIMES or (c.column is not None and c.column.name.casefold() == "year")]
    if timed and len(timed) < len(part):
        whole, part = whole + timed, [c for c in part if c not in timed]
    return (whole, part) if part else ([], whole)


def _leader(question: Question, found: Table) -> str:
    """Which group is at the end that is asked for, and which ones share it."""
    end, numbered = "highest" if question.extreme == "max" else "lowest", "by number" in question.flags
    at = -3 if numbered else -1
    first = found.rows[0][at]
    names = [f"**{plain(row[0])}**" for row in found.rows if row[at] == first]
    told = f"number: **{figure(first)}**" if numbered else f"share: **{share_text(first)}**"
    return f"{listed(names)} {'has' if len(names) == 1 else 'share'} the {end} {told}. "


def _leans(clause: Clause, question: Question) -> bool:
    """``which age group is most satisfied``, ``which has the most smokers``: the share of yes, or the number of it."""
    columns, others = question.columns, question.aggs or question.keys or question.n or clause.has("count")
    if question.subject is None or question.extreme not in ("max", "min") or len(columns) != 1 or others:
        return False
    if columns[0].kind != "text" or columns[0].yes is None:
        return False
    question.conditions = [condition for _, condition in clause.found]
    question.part = [Condition(columns[0], "==", columns[0].yes)]
    question.keys, question.columns, question.subject = [question.subject], [], None
    if not any(tag.kind == "verb" and tag.text.casefold() in ("is", "are", "was", "were") for tag in clause.tags):
        question.flags.add("by number")
    return True


def _of_a_sum(clause: Clause, question: Question) -> bool:
    """``share of the sales by shop``: nothing but a measure and groups."""
    if len(question.columns) != 1 or clause.found or question.extreme or question.aggs:
        return False
    return question.columns[0].kind == "number" and not question.columns[0].flag


def _check_grouped(clause: Clause, question: Question) -> None:
    """``percentage by species on Dream`` may be of the species or of the island: it is not guessed."""
    verbs = any(tag.kind == "verb" for tag in clause.tags)
    first_key = next((at for at, tag in enumerate(clause.tags) if tag.kind == "by"), 0)
    flagged = any(tag.extra == "flag" for tag in clause.tags)
    if not verbs and not flagged and all(at > first_key for at, _ in clause.found):
        raise Unclear("it is not clear of what the share is to be taken")


class Ratio:
    """``ratio of males to females``, ``average ratio of bill length to bill depth``."""

    name = "ratio"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """Two values of one column, or two numeric columns."""
        if not clause.claim("ratio") or question.extreme or question.subject or len(question.keys) > 1:
            return False
        for kind in ("to", "versus", "between", "ref"):
            clause.claim(kind)
        pairs = [c for _, c in clause.found if c.op == "in" and len(c.value) == 2]
        if not question.columns and not question.aggs and len(pairs) == 1:
            question.part = pairs
            question.conditions = [c for _, c in clause.found if c is not pairs[0]]
            return True
        numeric = [column for column in question.columns if column.numeric]
        return len(numeric) == 2 == len(question.columns) and set(question.aggs) <= {"mean", "median"}

    def title(self, question: Question) -> str:
        """What the plan says."""
        names = [plain(str(v)) for c in question.part for v in c.value] or [column.name for column in question.columns]
        return f"Compute the ratio of {names[0]} to {names[1]}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The ratio, and what it was made of."""
        outcome = yield from desk.run(question, lambda rows: self._code(question, desk, rows), self.title(question))
        found, where = desk.table(outcome), conditions_text(question.conditions)
        head = self.title(question).removeprefix("Compute ")
        if question.keys:
            return f"{head[0].upper()}{head[1:]}{where}:\n\n" + markdown_table(found, 1)
        lines = [f"- {plain(name)}: **{figure(value)}**" for name, value in found.pairs().items()]
        return f"{head[0].upper()}{head[1:]}{where}:\n\n" + "\n".join(lines)

    def _code(self, question: Question, desk: Desk, rows: Rows) -> str:
        chosen = rows.filtered(question.conditions)
        if question.part:
            condition = question.part[0]
            one, other = condition.value
            if question.keys:
                keys = [*question.keys, *([Key(condition.column)] if condition.column else [])]
                groups = f"{group_code(keys, chosen)}.size().unstack()"
                frame = f"{groups}[{[one, other]!r}]"
                return rows.code(*desk.keep(question, f"{frame}.assign(ratio={groups}[{one!r}] / {groups}[{other!r}])"))
            tests = [condition_code(Condition(condition.column, "==", value), chosen) for value in (one, other)]
            first, second = (f"({test}).sum()" for test in tests)
            counts = f"{str(one)!r}: {first}, {str(other)!r}: {second}, 'ratio': {first} / {second}"
            return rows.code(*desk.keep(question, f"pd.Series({{{counts}}})"))
        one, other = (column.name for column in question.columns)
        made = f"({chosen}[{one!r}] / {chosen}[{other!r}])"
        if question.keys:
            groups = group_code(question.keys, f"{chosen}.assign(ratio={chosen}[{one!r}] / {chosen}[{other!r}])")
            return rows.code(*desk.keep(question, f'{groups}["ratio"].agg(["mean", "median"])'))
        cells = [f'"mean of the rows\' ratios": {made}.mean()', f'"median of the rows\' ratios": {made}.median()']
        if not question.aggs:
            cells.append(f'"ratio of the means": {chosen}[{one!r}].mean() / {chosen}[{other!r}].mean()')
        return rows.code(*desk.keep(question, f"pd.Series({{{', '.join(cells)}}})"))
