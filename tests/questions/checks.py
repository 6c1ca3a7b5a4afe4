"""What an answer must say to be right: numbers, names, an order, a date, a p-value.

A check is a plain value that holds the truth of one question. It can say whether an outcome holds it, and give an
example of an outcome that does, which is how the checks themselves are tested. It knows no question and no frame.
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from questions.outcome import Outcome, says_it_cannot
from questions.reading import Line, Numeral, Reading, first_place, fold, mentions, numerals, read, statements

__all__ = ["Date", "Named", "Number", "Numbers", "Order", "PValue", "Share", "Winner", "Words", "exact"]

LARGE = 2
"""A table with more rows than this holds many numbers, so a number in it counts only beside its name."""
STATISTIC = re.compile(r"\b(mean|average|median|sum|total|min|max|std|deviation|skew|quartile|percentile|pearson)|%")
"""What a number is called in a table of statistics."""
DENIED = re.compile(
    r"\b(?:no|not|without)\b[^.\n]{0,40}\b(?:significant|differ|evidence|associat)|n't (?:significant|differ)|by chance"
)
"""How an answer says that a test found nothing."""
SHORT = 12
"""A longer table lists dates rather than answers with one."""


def _heard(outcome: Outcome) -> Reading:
    """The answer as far as it counts: beside a refusal, the tables and lists of a profile are no claim."""
    reading = read(outcome.answer)
    if not says_it_cannot(outcome):
        return reading
    return Reading(tuple(line for line in reading.prose if not re.match(r"[-*+•]\s", line.text)), ())


def _lines(reading: Reading) -> list[Line]:
    return [*reading.prose, *(row for table in reading.tables for row in table)]


def _shows(token: Numeral, value: float, rel: float) -> bool:
    """Whether a written number is ``value``, rounded as people round; whole numbers (``int``) must be exact."""
    if token.percent:
        return False
    gap = abs(token.value - value)
    if isinstance(value, int):
        return gap < 1e-9 or (token.half >= 5 and gap <= token.half and token.digits >= 2)
    close = gap <= max(rel * abs(value), 1e-12)
    fine = token.digits >= 3 or (token.digits == 2 and token.half < 0.5)
    return close or (fine and gap <= token.half * 1.001 and gap <= 0.02 * abs(value))


@dataclass(frozen=True, slots=True)
class Number:
    """A number that must be stated, in a line that also has every word of ``near`` (alternatives parted by ``|``)."""

    value: float
    rel: float = 0.002
    near: tuple[str, ...] = ()

    def holds(self, outcome: Outcome) -> bool:
        reading = _heard(outcome)
        small = [row for table in reading.tables for row in table if len(table) <= LARGE or _is_statistic(row)]
        lines = _lines(reading) if self.near else [*reading.prose, *small]
        return any(
            any(_shows(token, self.value, self.rel) for token in tokens)
            and all(mentions(text, word) for word in self.near)
            for line in lines
            for text, tokens in statements(line)
        )

    def example(self) -> Outcome:
        return Outcome(" ".join((*(word.split("|")[0] for word in self.near), "is", _written(self.value))))


def _is_statistic(row: Line) -> bool:
    """Whether a row is a statistic by name and its value, as a list of them has."""
    return len(row.cells) == 2 and bool(STATISTIC.search(row.cells[0].casefold()))


def exact(value: float, *near: str) -> Number:
    """A number that stands in the data as it is (a minimum, a maximum): near misses are wrong."""
    return Number(value, 1e-6, near)


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction between 0 and 1, stated as 43.6 %, as 43.6 under a heading that says so, or as 0.436."""

    value: float
    near: tuple[str, ...] = ()

    def holds(self, outcome: Outcome) -> bool:
        return any(
            any(self._shown(token) for token in tokens) and all(mentions(text, word) for word in self.near)
            for line in _lines(_heard(outcome))
            for text, tokens in statements(line)
        )

    def _shown(self, token: Numeral) -> bool:
        if _shows(replace(token, percent=False), self.value * 100.0, 0.002):
            return True
        if token.percent:
            return token.digits >= 2 and abs(token.value - self.value * 100.0) <= token.half
        return _shows(token, self.value, 0.002)

    def example(self) -> Outcome:
        return Outcome(" ".join((*self.near, f"is {self.value * 100:.1f} %")))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Several numbers that must all be stated, anywhere."""

    values: tuple[float, ...]
    rel: float = 0.002

    def holds(self, outcome: Outcome) -> bool:
        tokens = [token for line in _lines(_heard(outcome)) for _, found in statements(line) for token in found]
        return all(any(_shows(token, value, self.rel) for token in tokens) for value in self.values)

    def example(self) -> Outcome:
        return Outcome("They are " + " and ".join(map(_written, self.values)))


@dataclass(frozen=True, slots=True)
class Named:
    """Each name with its own number: in its row, or next to it in a sentence. ``share`` reads them as fractions."""

    values: Mapping[str, float]
    rel: float = 0.002
    share: bool = False

    def holds(self, outcome: Outcome) -> bool:
        lines = [(line.text, line) for line in _lines(_heard(outcome))]
        return all(
            any(self._states(text, line, name, value) for text, line in lines) for name, value in self.values.items()
        )

    def _states(self, text: str, line: Line, name: str, value: float) -> bool:
        if line.cells:
            inside = any(first_place(fold(part), name) == 0 for part in line.cells)
            across = [cell for cell, head in zip(line.cells, line.header, strict=True) if fold(head) == fold(name)]
            cells = line.cells if inside else tuple(across)
            return any(self._shown(token, value) for cell in cells for token in numerals(cell))
        return any(
            self._shown(token, value) for part in _around(text, name, list(self.values)) for token in numerals(part)
        )

    def _shown(self, token: Numeral, value: float) -> bool:
        if self.share:
            return Share(value)._shown(token)
        return _shows(token, value, self.rel)

    def example(self) -> Outcome:
        shown = {name: f"{value * 100:.1f} %" if self.share else _written(value) for name, value in self.values.items()}
        return Outcome("\n".join(f"- {name}: {value}" for name, value in shown.items()))


def _around(text: str, name: str, names: list[str]) -> list[str]:
    """The pieces of a sentence next to ``name``: back to the name before it, and on to the one after it."""
    found = ((re.search(rf"(?<![\w.]){re.escape(other)}(?!\w|\.\d)", text, re.IGNORECASE), other) for other in names)
    places = sorted((hit.start(), other) for hit, other in found if hit)
    order = [other for _, other in places]
    if name not in order:
        return []
    at = order.index(name)
    begin, end = places[at][0], places[at][0] + len(name)
    before = places[at - 1][0] + len(order[at - 1]) if at else 0
    after = places[at + 1][0] if at + 1 < len(places) else len(text)
    if name.isdigit() and not numerals(text[end:after]):
        return [text[end:]]
    return [text[end:after], text[before:begin]]


@dataclass(frozen=True, slots=True)
class Words:
    """Names that must all be stated; alternatives are parted by ``|``."""

    words: tuple[str, ...]

    def holds(self, outcome: Outcome) -> bool:
        reading = _heard(outcome)
        text = "\n".join((*(" ".join((*line.header, line.text)) for line in _lines(reading)),))
        return all(mentions(text, word) for word in self.words)

    def example(self) -> Outcome:
        return Outcome(", ".join(word.split("|")[0] for word in self.words))


@dataclass(frozen=True, slots=True)
class Winner:
    """The one name that is the answer, among rivals: the first that prose names, else the first row of a table."""

    name: str
    rivals: tuple[str, ...] = ()

    def holds(self, outcome: Outcome) -> bool:
        reading = _heard(outcome)
        for group in (reading.prose, *reading.tables):
            for line in group:
                places = self._places(line.text)
                if places and not _merely_lists(line.text, len(places)):
                    return max(places)[1] == self.name if _sets_a_scene(line.text) else min(places)[1] == self.name
        return False

    def _places(self, text: str) -> list[tuple[int, str]]:
        folded = fold(text)
        found = [(first_place(folded, name), name) for name in (self.name, *self.rivals)]
        return [(place, name) for place, name in found if place >= 0]

    def example(self) -> Outcome:
        return Outcome(f"{self.name} it is.")


def _merely_lists(text: str, names: int) -> bool:
    """Whether a line names several and says nothing of which is ahead."""
    ahead = r"\d|\b(more|most|less|least|than|high|low|best|worst|then|ahead|lead\w*|follow\w*|\w+er|\w+est)\b"
    return names > 1 and not re.search(ahead, text.casefold())


def _sets_a_scene(text: str) -> bool:
    """Whether a sentence begins by listing who took part, so that the winner comes last."""
    return fold(text).split(" ")[0] in ("of", "across", "among", "between", "out")


@dataclass(frozen=True, slots=True)
class Order:
    """Names that must be stated in this order, in one table or one run of prose, with no rival before the last."""

    names: tuple[str, ...]
    rivals: tuple[str, ...] = ()

    def holds(self, outcome: Outcome) -> bool:
        reading = _heard(outcome)
        groups = [reading.prose, *reading.tables, *((line,) for line in reading.prose)]
        return any(self._stands("\n".join(line.text for line in group)) for group in groups)

    def _stands(self, text: str) -> bool:
        folded = fold(text)
        places = [first_place(folded, name) for name in self.names]
        intruders = [place for rival in self.rivals if 0 <= (place := first_place(folded, rival)) < max(places)]
        return min(places) >= 0 and places == sorted(places) and not intruders

    def example(self) -> Outcome:
        return Outcome("\n".join(f"{place}. {name}" for place, name in enumerate(self.names, 1)))


@dataclass(frozen=True, slots=True)
class Date:
    """A day, or a month when ``day`` is 0, in ISO form or in words."""

    year: int
    month: int
    day: int = 0

    def holds(self, outcome: Outcome) -> bool:
        reading = _heard(outcome)
        short = [row for table in reading.tables if len(table) <= SHORT for row in table]
        said, listed = (_plain(lines) for lines in (reading.prose, short))
        forms = [form.casefold() for form in self._forms()]
        if self.day:
            return any(form in said or form in listed for form in forms)
        alone = "|".join(rf"{re.escape(form)}(?!-\d)" for form in forms)
        return bool(re.search(alone, listed)) or any(form in said for form in forms)

    def _forms(self) -> list[str]:
        names = [calendar.month_name[self.month], calendar.month_abbr[self.month]]
        if not self.day:
            return [f"{self.year}-{self.month:02d}", *(f"{name} {self.year}" for name in names)]
        words = [f"{name} {self.day} {self.year}" for name in names] + [
            f"{self.day} {name} {self.year}" for name in names
        ]
        return [f"{self.year}-{self.month:02d}-{self.day:02d}", *words]

    def example(self) -> Outcome:
        return Outcome(f"It was {self._forms()[0]}.")


def _plain(lines: Iterable[Line]) -> str:
    """Lines as dates are looked for: lower case, no commas, no stars."""
    return " ".join(line.text for line in lines).casefold().replace(",", "").replace("*", "")


@dataclass(frozen=True, slots=True)
class PValue:
    """The p-value of a fitting test, and no verdict against it. ``accepted`` has one for each test that would do."""

    accepted: tuple[float, ...]

    def holds(self, outcome: Outcome) -> bool:
        text = "\n".join(" ".join((*line.header, line.text)) for line in _lines(_heard(outcome)))
        if not re.search(r"\bp\b|p-value|p_value|pvalue", text.casefold()):
            return False
        denied = DENIED.search(text.casefold())
        if bool(denied) == all(p < 0.05 for p in self.accepted):
            return False
        bounds = [float(bound) for bound in re.findall(r"<\s*(\d*\.\d+(?:e-\d+)?|\d+e-\d+)", text.casefold())]
        tokens = numerals(text)
        return any(p < bound <= 0.01 for p in self.accepted for bound in bounds) or any(
            abs(token.value - p) <= 0.03 * p or (p > 1e-3 and token.half < 0.01 and abs(token.value - p) <= token.half)
            for p in self.accepted
            for token in tokens
        )

    def example(self) -> Outcome:
        verdict = "significant" if self.accepted[0] < 0.05 else "not significant"
        return Outcome(f"The difference is {verdict} (p = {self.accepted[0]:.3g}).")


def _written(value: float) -> str:
    """A number as an answer would give it."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.{max(2, 3 - math.floor(math.log10(abs(value) or 1)))}f}"
