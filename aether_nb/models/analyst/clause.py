"""A clause: the tags of one question, and what the rules of understanding need to look at them.

Every rule marks the tags that it has understood as used. A clause is understood when no tag is left over; that is what
keeps the analyst from answering another question than the one that was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from aether_nb.models.analyst.matching import Tag, Vocabulary, single
from aether_nb.models.analyst.namespace import Column
from aether_nb.models.analyst.nouns import ATTRIBUTES
from aether_nb.models.analyst.question import Ambiguous, Condition, Unclear
from aether_nb.models.analyst.words import canon, column_words

__all__ = ["Clause"]

_LINKS = frozenset({"verb", "with", "rel", "in", "from", "stop", "valueword"})


@dataclass(slots=True)
class Clause:
    """The tags of a clause, and the conditions found in it, each with the place where it stood."""

    tags: list[Tag]
    words: Vocabulary
    found: list[tuple[int, Condition]] = field(default_factory=list)

    def prepare(self) -> None:
        """Merge what belongs together and make every column tag stand for one column.

        Raises:
            Unclear: A word is unknown.
            Ambiguous: A phrase may be one of several columns.
        """
        unknown = tuple(tag.text for tag in self.tags if tag.kind == "unknown")
        if unknown:
            raise Unclear("I do not know what to make of " + _listed(unknown), unknown)
        self._merge()
        self._units()
        for at, tag in enumerate(self.tags):
            if at and tag.kind == "which" and self._relative(at):
                tag.kind = "rel"
        for at, tag in enumerate(self.tags[:-1]):
            if tag.kind == "op" and tag.extra and self._speaks_of_value(at):
                tag.kind = "more"
        self._second_meanings()
        self.tags = [tag for tag in self.tags if tag.kind != "stop"]
        self._adjectives()
        hints = self._hints()
        for tag in self.tags:
            if tag.kind == "column":
                tag.value = [single(tag, hints)]

    def _relative(self, at: int) -> bool:
        """Whether ``where``, ``who`` or ``which`` opens a relative clause and not a question."""
        word, before = self.tags[at].text.casefold(), self.tags[at - 1].kind
        if word in ("where", "whose", "who", "when"):
            return before not in ("sep", "and")
        return (
            word == "which"
            and before in ("entity", "frame", "row", "value", "column")
            and self.tags[at + 1 :][:1] != []
            and self.tags[at + 1].kind == "verb"
        )

    def _merge(self) -> None:
        """Two halves of one column's name that were matched one by one become one tag."""
        at = 0
        while at + 1 < len(self.tags):
            one, other = self.tags[at], self.tags[at + 1]
            if one.kind == other.kind == "column":
                common = [column for column in one.value if column in other.value]
                if common and (len(one.value) > 1 or len(other.value) > 1 or one.value == other.value):
                    self.tags[at : at + 2] = [
                        Tag("column", f"{one.text} {other.text}", common, one.extra or other.extra)
                    ]
                    continue
            at += 1

    def _units(self) -> None:
        """A unit belongs to the number before it, or to the column; elsewhere it is left over."""
        for at, tag in enumerate(self.tags):
            if tag.kind == "unit" and at and self.tags[at - 1].kind in ("number", "column"):
                self.tags[at - 1].extra = tag.value
                tag.used = True
        self.tags = [tag for tag in self.tags if not (tag.kind == "unit" and tag.used)]

    def _second_meanings(self) -> None:
        """Words that mean something else beside others: ``columns contain gaps``, ``draw a line``, ``murder rate``."""
        for at in reversed(range(len(self.tags) - 1)):
            tag = self.tags[at]
            if tag.kind == "task" and tag.text.endswith("between") and self.tags[at + 1].kind in ("number", "date"):
                self.tags.insert(at + 1, Tag("between", "between"))
        if not any(tag.kind in ("pair", "method") or tag.value in ("corr", "matrix", "skew") for tag in self.tags):
            for tag in self.tags:
                if tag.text.casefold() in ("strongest", "weakest") and tag.kind in ("strength", "weakest"):
                    tag.kind, tag.value = "top", "max" if tag.kind == "strength" else "min"
        several = any(tag.kind == "agg" for tag in self.tags)
        drawing = any(tag.kind == "plot" for tag in self.tags)
        for at, tag in enumerate(self.tags):
            following = self.tags[at + 1].kind if at + 1 < len(self.tags) else ""
            if tag.kind == "op" and tag.value == "contains" and following == "task":
                tag.kind = "verb"
            elif tag.kind == "row" and tag.text.casefold() in ("line", "lines"):
                if drawing or (following == "by" and not any(other.kind == "count" for other in self.tags)):
                    tag.kind, tag.value = "plot", "line"
            elif several and tag.kind == "top" and tag.text.casefold() in ("max", "min", "maximum", "minimum"):
                if {following, self.tags[at - 1].kind if at else ""} & {"and", "sep"}:
                    tag.kind = "agg"
            elif tag.kind == "task" and tag.value == "types" and at and self.tags[at - 1].kind in ("by", "which"):
                beside = self.tags[at + 1 : at + 3]
                if [other.kind for other in beside] == ["in", "column"]:
                    tag.kind = beside[0].kind = "stop"
            elif tag.kind == "share" and tag.text.casefold() in ("rate", "rates") and self._measured_before(at):
                tag.used = True

    def _speaks_of_value(self, at: int) -> bool:
        """Whether a comparison is one with other rows: ``heavier than Adelies``, ``windier than on days of sun``."""
        at += 1
        while at < len(self.tags) and self.tags[at].kind in (*_LINKS, "entity", "frame", "row"):
            at += 1
        return at < len(self.tags) and self.tags[at].kind == "value"

    def _measured_before(self, at: int) -> bool:
        """Whether a ``rate`` stands behind a column of numbers, which is then a rate by itself."""
        at -= 1
        while at >= 0 and self.tags[at].kind in ("frame", "entity"):
            at -= 1
        tag = self.tags[at] if at >= 0 else None
        return tag is not None and tag.kind == "column" and all(c.numeric and not c.flag for c in tag.value)

    def _adjectives(self) -> None:
        """``how heavy`` speaks of the column for the mass, unless it only tells two columns apart."""
        hints = self._hints()
        unclear = [tag for tag in self.tags if tag.kind == "column" and len(tag.value) > 1]
        for tag in [tag for tag in self.tags if tag.kind == "adj"]:
            if any(set(hints) & set(column_words(c.name)[0]) for other in unclear for c in other.value):
                self.tags.remove(tag)
            else:
                tag.kind, tag.value = "column", self.by_attribute(tag.value, tag.text)

    def _hints(self) -> tuple[str, ...]:
        attributes = {tag.extra for tag in self.tags if tag.kind in ("top", "op", "more") and tag.extra}
        attributes |= {tag.value for tag in self.tags if tag.kind == "adj"}
        return tuple(word for attribute in attributes for word in ATTRIBUTES.get(attribute, ()))

    def by_attribute(self, attribute: str, phrase: str, labels: bool = False) -> list[Column]:
        """The columns that an attribute may mean, as ``mass`` for ``heaviest``; with ``labels`` it may be a text.

        Raises:
            Unclear: There is none.
        """
        for word in ATTRIBUTES.get(attribute, ()):
            columns = [c for c in self.words.frame.columns if word in {canon(w) for w in column_words(c.name)[0]}]
            columns = [c for c in columns if labels or c.numeric or c.dated]
            if columns:
                chosen = self.words.choices.get(canon(phrase))
                return [c for c in columns if c.name == chosen] or columns
        raise Unclear(f"no column of {self.words.frame.name} says what '{phrase}' means")

    def one(self, columns: list[Column], phrase: str) -> Column:
        """The only one of several columns.

        Raises:
            Ambiguous: There are more.
        """
        if len(columns) > 1:
            raise Ambiguous(canon(phrase), tuple(column.name for column in columns))
        return columns[0]

    def kind(self, at: int) -> str:
        """The kind of a tag that is still free; empty when there is none."""
        return self.tags[at].kind if 0 <= at < len(self.tags) and not self.tags[at].used else ""

    def column(self, at: int) -> Column | None:
        """The column that a free tag stands for."""
        if self.kind(at) != "column":
            return None
        column: Column = self.tags[at].value[0]
        return column

    def before(self, at: int) -> int:
        """The place before, links such as ``is`` and ``with`` skipped; -1 when there is none."""
        at -= 1
        while at >= 0 and self.tags[at].kind in _LINKS and self.tags[at].kind != "sep":
            at -= 1
        return at

    def after(self, at: int) -> int:
        """The place behind, links skipped; past the end when there is none."""
        at += 1
        while at < len(self.tags) and self.tags[at].kind in _LINKS:
            at += 1
        return at

    def negated(self, at: int) -> bool:
        """Whether a ``not`` stands before; it is then understood."""
        place = at - 1
        while place >= 0 and self.tags[place].kind in ("verb", "in", "with", "from", "or"):
            place -= 1
        if self.kind(place) == "not":
            self.tags[place].used = True
            return True
        return False

    def take(self, *places: int) -> None:
        """Mark tags as understood."""
        for place in places:
            self.tags[place].used = True

    def free(self, *kinds: str) -> Iterator[tuple[int, Tag]]:
        """The tags of these kinds that are still free, with their places."""
        for at, tag in enumerate(self.tags):
            if not tag.used and tag.kind in kinds:
                yield at, tag

    def has(self, kind: str, value: str | None = None) -> bool:
        """Whether there is such a free tag."""
        return any(value is None or tag.value == value for _, tag in self.free(kind))

    def spoke(self, kind: str) -> bool:
        """Whether there is such a tag, understood or not."""
        return any(tag.kind == kind for tag in self.tags)

    def claim(self, kind: str, value: str | None = None) -> bool:
        """Whether there are such free tags; all of them are then understood."""
        places = [at for at, tag in self.free(kind) if value is None or tag.value == value]
        self.take(*places)
        return bool(places)

    def add(self, at: int, condition: Condition) -> None:
        """Keep a condition that stood at a place."""
        self.found.append((at, condition))


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
