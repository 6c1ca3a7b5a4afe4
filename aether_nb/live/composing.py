"""Descriptions as parts of a text: each piece carries what it shows of the data, and of which column.

Any of the pieces can be left out and the rest still reads well: ``- df: pandas.DataFrame, 3 rows × 1 column`` is
followed by ``- price: float64``, then by ``, 0.0 … 9.5``, each a part of its own. It does not know who reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from aether_nb.events.messages import ANY, Text
from aether_nb.live.describing.looks import Description
from aether_nb.live.describing.words import one_line, word

__all__ = ["Block", "fields_of", "line", "listed", "size", "weight", "written"]


KINDS = 100
"""Characters in which the types of the columns are told that have no line of their own."""
LEAST = 40
"""Where there is less room, no column is looked at: its line would be longer."""


def line(begin: str, head: str, facts: str, sample: str, columns: tuple[str, ...], limit: int = 100_000) -> list[Text]:
    """One line as parts: what it is, what it amounts to, single values of it, cut where it gets too long.

    Args:
        begin: What stands before it, the line break included.
        head: Names, types and sizes.
        facts: Aggregates.
        sample: Single values.
        columns: Whose values they are, as ``frame.column``; the first of them is what the line names.
        limit: How many characters the line may have.
    """
    parts = [Text(begin + one_line(head, limit), "schema", columns[:1])]
    limit -= len(parts[0].text)
    for text, data in ((facts, "statistics"), (sample, "rows")):
        cut = text if len(text) <= limit else text[: limit - 1] + "…"
        if text and limit > 10:
            parts.append(Text(cut, data, columns))  # type: ignore[arg-type]  # one of the words of DataKind
            limit -= len(cut)
    return parts


def fields_of(name: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Columns of a variable as ``frame.column``, each once; what may be any column stays that."""
    return tuple(dict.fromkeys(column if column == ANY else f"{name}.{column}" for column in columns))


def size(parts: Iterable[Text]) -> int:
    """How many bytes they have, as they are sent."""
    return sum(map(weight, (part.text for part in parts)))


def weight(text: str) -> int:
    """How many bytes a text has, as it is sent: half as many are at least as many as its tokens."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def written(parts: Iterable[Text]) -> Iterator[Text]:
    """The parts with neighbours of one kind and of the same columns made one."""
    last: Text | None = None
    for part in parts:
        if last is not None and (last.data, last.columns) == (part.data, part.columns):
            last = Text(last.text + part.text, last.data, last.columns)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last


def listed(names: Iterable[object], room: int) -> str:
    """Names with commas between them, as many as there is room for."""
    told: list[str] = []
    for name in names:
        told.append(word(name))
        room -= weight(told[-1]) + 2
        if room < 0:
            return ", ".join([*told[:-1], "…"])
    return ", ".join(told)


class Block:
    """A variable on its way into a text: a line, and a line about each of its columns while there is room."""

    def __init__(self, name: str, description: Description, words: frozenset[str]) -> None:
        self.name, self.description = name, description
        self.named = name.lower() in words
        self.mentioned = self.named or (bool(words) and not words.isdisjoint(map(str.lower, description.columns)))
        self.type = description.head.split(",", 1)[0]
        self.parts: list[Text] = []

    @property
    def width(self) -> int:
        """How many characters its line would have."""
        told = self.description
        return len(self.name) + len(told.head) + len(told.facts) + len(told.sample) + 5

    def begin(self, limit: int) -> int:
        """Put the line, and say how many characters it has."""
        told = self.description
        columns = (self.name, *fields_of(self.name, told.holds))
        self.parts = line("\n- ", f"{word(self.name)}: {told.head}", told.facts, told.sample, columns, limit)
        return size(self.parts)

    def fill(self, room: int) -> int:
        """Put lines about the columns, as far as there is room, and say how many characters they have."""
        if room < LEAST:
            return 0
        names, before = self.description.columns, room
        keep = min(room // 4, 60 + sum(map(len, names)) + 4 * len(names)) if names else 0
        room -= keep
        told: set[str] = set()
        for one in self.description.lines if room >= LEAST else ():
            columns = fields_of(self.name, (one.column, *one.holds))
            parts = line("\n  - ", one.head, one.facts, one.sample, columns)
            if size(parts) > room:
                break
            room -= size(parts)
            self.parts += parts
            told.add(one.column)
            if room < LEAST:
                break
        if names and keep >= 60 and (left := [name for name in names if name not in told]):
            self._rest(left, told, keep)
            room -= size(self.parts[-1:])
        return before - room - keep

    def _rest(self, left: list[str], told: set[str], room: int) -> None:
        """Put a line about the columns that have none: of which types they are, and their names."""
        types = self.description.types if room >= 4 * KINDS else None
        kinds = f", {_kinds(self.description.columns, types(), told)}" if types is not None else ""
        begin = f"\n  - … {len(left)} more columns{kinds} (names only): "
        keys = dict(zip(self.description.columns, self.description.keys, strict=False))
        rest = listed((keys.get(name, name) for name in left), room - weight(begin) - 5)
        named = tuple(f"{self.name}.{column}" for column in left[: rest.count(", ") + 1])
        self.parts.append(Text(begin + rest, "schema", named))


def _kinds(names: Iterable[str], types: Iterable[str], told: set[str]) -> str:
    """Of which types those columns are that were not told: ``976 float64, 4 str``, the commonest first."""
    counts = Counter([kind for name, kind in zip(names, types, strict=False) if name not in told])
    words = [f"{count} {kind}" if len(counts) > 1 else f"all {kind}" for kind, count in counts.most_common(4)]
    return one_line(", ".join(words) + ", …" * (len(counts) > 4), KINDS)
