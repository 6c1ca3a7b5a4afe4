"""Trends: a measure over time, resampled to days, weeks, months, quarters or years; and the period that is covered."""

from __future__ import annotations

from aether_nb.models.analyst.clause import Clause
from aether_nb.models.analyst.code import Rows, aggregate, group_code, key_name
from aether_nb.models.analyst.desk import Desk
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.phrasing import agg_name, conditions_text, figure, markdown_table, plain
from aether_nb.models.analyst.question import Key, Question, Unclear
from aether_nb.models.analyst.results import facts, number
from aether_nb.models.analyst.script import Script
from aether_nb.models.analyst.times import time_column

__all__ = ["Period", "Trend"]

_NAMES = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year", "h": "hour", "decade": "decade"}


class Trend:
    """``how did the price develop``, ``monthly trend of temp_max``."""

    name = "trend"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word for it, one measure, and a column that says when."""
        if not clause.claim("task", "trend") or question.extreme or question.subject or len(question.aggs) > 1:
            return False
        for kind in ("ref", "howmuch", "list", "by", "valueword"):
            clause.claim(kind)
        when = next((key.column for key in question.keys if key.freq), time_column(clause))
        question.columns = [column for column in question.columns if column != when]
        if when is None:
            raise Unclear(f"{question.frame.name} has no column, or several, that could say when")
        timed = [key for key in question.keys if key.column == when]
        others = [key for key in question.keys if key.column != when]
        freq = timed[0].freq if timed and timed[0].freq else _frequency(when) if when.dated else ""
        if (
            len(question.columns) != 1
            or not question.columns[0].numeric
            or len(others) > 1
            or set(question.aggs) & {"mode", "rare", "quartiles", "typical"}
        ):
            return False
        question.aggs = question.aggs or ["mean"]
        question.keys = [Key(when, freq), *others]
        return True

    def title(self, question: Question) -> str:
        """What the plan says."""
        by = _NAMES.get(question.keys[0].freq, question.keys[0].column.name)
        return f"Follow {question.columns[0].name} by {by}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """Where it began and ended, the highest and lowest period, and the figures."""
        if len(question.keys) > 1:
            return (yield from self._groups(question, desk))
        key, measure, agg = question.keys[0], question.columns[0].name, question.aggs[0]
        label = agg_name(agg)

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            desk.table_name(question)
            series = rows.helper("series")
            rows.note(self.title(question))
            source = f"{group_code([key], chosen)}[{measure!r}]"
            rows.lines.append(f"{series} = {aggregate(agg, source)}.dropna().rename({label!r})")
            prints = [
                f'print("periods:", len({series}))', (
                    'print("first:", '
                    f'{series}.iloc[0])'
                ), f'print("last:", {series}.iloc[-1])',
                f'print("change:", {series}.iloc[-1] - {series}.iloc[0])',
                f'print("start:", {series}.index[0])', f'print("end:", {series}.index[-1])',
                f'print("highest:", {series}.max())', f'print("peak:", {series}.idxmax())',
                f'print("lowest:", {series}.min())', f'print("trough:", {series}.idxmin())',
            ]  # fmt: skip
            return rows.code(*prints, *desk.keep(question, f"{series}.to_frame()"))

        outcome = yield from desk.run(question, write, self.title(question))
        found, told = desk.table(outcome), facts(outcome.text)
        period = _NAMES.get(key.freq, plain(key.column.name))
        change = number(told.get("change", "")) or 0.0
        way = "rose" if change > 0 else "fell" if change < 0 else "did not change"
        by = f" by {figure(str(abs(change)))}" if change else ""
        head = (
            f"By {period}, the {label} of {plain(measure)}{conditions_text(question.conditions)} "
            f"{way}{by}, from **{figure(told.get('first', ''))}** "
            f"({_day(told.get('start', ''))}) to **{figure(told.get('last', ''))}** "
            f"({_day(told.get('end', ''))}). The highest {period} is "
            f"{_day(told.get('peak', ''))} ({figure(told.get('highest', ''))}), the "
            f"lowest {_day(told.get('trough', ''))} ({figure(told.get('lowest', ''))})."
        )
        return f"{head}\n\n" + markdown_table(found, 1)

    def _groups(self, question: Question, desk: Desk) -> Script:
        """One line for each group: where it began and ended."""
        measure, agg = question.columns[0].name, question.aggs[0]
        group = question.keys[1].column.name

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            lines = desk.table_name(question)
            source = f"{group_code(question.keys, chosen)}[{measure!r}]"
            rows.note(self.title(question))
            rows.lines.append(f"{lines} = {aggregate(agg, source)}.unstack()")
            ends = (
                f'"first": {lines}.bfill().iloc[0], "last": {lines}.ffill().iloc[-1], '
                f'"highest": {lines}.max(), "lowest": {lines}.min()'
            )
            return rows.code(f"pd.DataFrame({{{ends}}})")

        outcome = yield from desk.run(question, write, self.title(question))
        period = key_name(question.keys[0])
        text = (
            f"{plain(measure)} ({agg_name(agg)}) by {plain(period)}, for "
            f"each {plain(group)}{conditions_text(question.conditions)}:\n\n"
        )
        return text + markdown_table(desk.table(outcome), 1)


def _frequency(column: Column) -> str:
    """The steps that suit the time a column spans: years, months, or days."""
    days = column.span_days()
    return "M" if days is None else "Y" if days > 8 * 365 else "M" if days > 120 else "D"


def _day(text: str) -> str:
    """A date without a time of midnight."""
    return plain(text.removesuffix(" 00:00:00"))


def _asks_when(clause: Clause) -> bool:
    """``when was the first order``: an end of the rows in time."""
    asked = any(tag.kind == "which" and tag.text.casefold() == "when" for tag in clause.tags)
    ends = clause.has("last") or any(tag.value == 1 for _, tag in clause.free("ordinal"))
    return asked and ends and any(True for _ in clause.free("row", "entity", "frame"))


class Period:
    """``what period does the data cover``, ``earliest date``."""

    name = "period"

    def recognise(self, clause: Clause, question: Question) -> bool:
        """A word for it, or an end of the column that says when."""
        asked = clause.claim("period")
        when = time_column(clause)
        rows = {"rows", "whichrows"} & question.flags
        if when is not None and when.dated and not question.columns and _asks_when(clause):
            question.columns = [when]
        if when is not None and when.dated and question.columns == [when] and not question.aggs and not rows:
            ordinals = [at for at, tag in clause.free("ordinal") if tag.value == 1]
            clause.take(*ordinals)
            asked |= bool(ordinals) | clause.claim("last")
        ends = (
            {"range"} >= set(question.aggs)
            and question.columns == [when]
            and (bool(question.aggs) or bool(question.extreme))
        )
        if when is None or not (asked or (ends and when.dated)) or question.keys or question.n or question.subject:
            return False
        if question.columns not in ([], [when]):
            return False
        for kind in ("freq", "ref", "row", "by"):
            clause.claim(kind)
        question.columns = [when]
        return True

    def title(self, question: Question) -> str:
        """What the plan says."""
        return f"Find the first and last {question.columns[0].name}"

    def answer(self, question: Question, desk: Desk) -> Script:
        """The first and the last."""
        name = question.columns[0].name

        def write(rows: Rows) -> str:
            chosen = rows.filtered(question.conditions)
            cells = f'"first": {chosen}[{name!r}].min(), "last": {chosen}[{name!r}].max()'
            return rows.code(*desk.keep(question, f"pd.Series({{{cells}}}).astype(str)"))

        outcome = yield from desk.run(question, write, self.title(question))
        ends = desk.table(outcome).pairs()
        return (
            f"{plain(name)} runs from **{_day(ends.get('first', ''))}** to "
            f"**{_day(ends.get('last', ''))}**{conditions_text(question.conditions)}."
        )
