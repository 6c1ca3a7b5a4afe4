"""What a person wants to be remembered, and what was done on which day: plain Markdown files that anybody can edit.

    .aether/memory/facts.md         one fact a line, as it was typed
    .aether/memory/2026-11-29.md    the day's questions and outcomes, and a summary of each session

Nothing gets in that nobody has agreed to: a fact is typed by a person, a day's line tells of a run that hid nothing.
What is remembered is text like any other for a model: material, and never an instruction. No database, no model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from aether_nb.errors import KnowledgeError, KnowledgeMissing, UsageFault
from aether_nb.knowledge.fusing import coverage

__all__ = ["LONGEST", "Fact", "Memory", "one_line"]

BUDGET = 2_000
"""Characters of facts that a run is given; with more of them, those that have to do with its question."""

LONGEST = 1_000
"""Characters of one fact: more is a document."""

NEAR = 0.5
"""The share of a question's telling words that a day's line has to have."""

NEWEST = 5
"""So many lines of days a run is given, the newest first: what is older is not read once there are as many."""

HEAD = "# What you want to be remembered\n\nOne fact a line. Edit it as you like.\n\n"
LINE = re.compile(r"^[-*] +(?P<text>.+?)(?: +<!-- (?P<day>\d{4}-\d\d-\d\d) -->)?$")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Fact:
    """A line that somebody kept. ``day`` is when, as 2026-01-31; empty where a person wrote the line by hand."""

    text: str
    day: str = ""

    @property
    def id(self) -> str:
        """Its name: four hexadecimal digits, which follow from its words."""
        return blake2b(self.text.encode("utf-8", "surrogatepass"), digest_size=2).hexdigest()


@dataclass(frozen=True)
class Memory:
    """The files of one project.

    Args:
        folder: Where they lie; it need not exist.
    """

    folder: Path

    @property
    def file(self) -> Path:
        """The file of facts."""
        return self.folder / "facts.md"

    # ---- facts

    def facts(self) -> list[Fact]:
        """All that is to be remembered, in the order in which it was kept.

        Raises:
            KnowledgeError: The file cannot be read.
        """
        lines = (LINE.match(line) for line in self._read(self.file).splitlines())
        return [Fact(match["text"].strip(), match["day"] or "") for match in lines if match]

    def remember(self, text: str, now: datetime) -> Fact:
        """Keep a fact; one that is kept already stays as it is.

        Raises:
            UsageFault: There are no words, or too many.
            KnowledgeError: It cannot be written.
        """
        fact = Fact(one_line(text), now.strftime("%Y-%m-%d"))
        if not fact.text or len(fact.text) > LONGEST:
            what = f"A fact has at most {LONGEST:,} characters." if fact.text else "There is nothing to remember."
            more = "Add longer texts as documents: %aether know add FILE" if fact.text else ""
            raise UsageFault(what, more, "%aether remember Prices are in euros, net of tax.")
        for known in self.facts():
            if known.text == fact.text:
                return known
        before = self._read(self.file)
        gap = "" if not before or before.endswith("\n") else "\n"
        self._append(self.file, ("" if before else HEAD) + f"{gap}- {fact.text} <!-- {fact.day} -->\n")
        return fact

    def forget(self, name: str) -> Fact:
        """Let go of a fact, by its name or by its words.

        Raises:
            KnowledgeMissing: There is none, or several go by that.
        """
        fact = self.named(name)
        self._change(fact, None)
        return fact

    def edit(self, name: str, text: str) -> Fact:
        """Put other words in the place of a fact's.

        Raises:
            KnowledgeMissing: There is none.
            UsageFault: There are no words.
        """
        fact, new = self.named(name), one_line(text)
        if not new:
            raise UsageFault("There is nothing to put in its place.", "", f"%aether forget {fact.id}")
        self._change(fact, new)
        return Fact(new, fact.day)

    def named(self, name: str) -> Fact:
        """The fact of that name, or the only one with these words in it.

        Raises:
            KnowledgeMissing: There is none, or there are several.
        """
        facts = self.facts()
        found = [fact for fact in facts if fact.id == name] or [
            fact for fact in facts if name and name.casefold() in fact.text.casefold()
        ]
        if len(found) != 1:
            what = f"{len(found)} facts have {name!r} in them." if found else f"Nothing is remembered as {name!r}."
            raise KnowledgeMissing(what, "", "See them with their names: %aether memory")
        return found[0]

    def _change(self, fact: Fact, text: str | None) -> None:
        kept = []
        for line in self._read(self.file).splitlines(keepends=True):
            match = LINE.match(line.rstrip("\r\n"))
            if match is None or match["text"].strip() != fact.text:
                kept.append(line)
            elif text is not None:
                kept.append(line.replace(fact.text, text, 1))
        self._write(self.file, "".join(kept))

    # ---- days

    def note(self, line: str, now: datetime) -> None:
        """Write a line into the day's log.

        Raises:
            KnowledgeError: It cannot be written.
        """
        file = self.folder / f"{now:%Y-%m-%d}.md"
        head = "" if file.exists() else f"# {now:%Y-%m-%d}\n\n"
        self._append(file, f"{head}- {now:%H:%M} {one_line(line)}\n")

    def summarise(self, text: str, began: datetime, now: datetime) -> None:
        """Write down what a session came to."""
        body = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
        self._append(self.folder / f"{now:%Y-%m-%d}.md", f"\n## Session {began:%H:%M}-{now:%H:%M}\n\n{body}\n\n")

    def days(self) -> list[Path]:
        """The days of which there is a log, the newest first."""
        files = self.folder.glob("*.md") if self.folder.is_dir() else ()
        return sorted((file for file in files if DAY.fullmatch(file.stem)), reverse=True)

    # ---- what a run is given

    def about(self, question: str, now: datetime, budget: int = BUDGET) -> list[tuple[str, str]]:
        """What a run about this ought to know: all facts, or those that have to do with it; and what was done lately.

        Args:
            question: What is asked.
            now: The time; what was done on this day stands in the conversation.
            budget: Characters of all lines together.

        Returns:
            The file of each line, and the line.
        """
        facts, share = self.facts(), coverage(question)
        if sum(len(fact.text) for fact in facts) > budget:
            facts = sorted(facts, key=lambda fact: -share(fact.text))
        lines = [(self.file.name, fact.text) for fact in facts]
        before = [day for day in self.days() if day.stem < f"{now:%Y-%m-%d}"][:30]
        near = ((day.name, f"{day.stem}: {line}") for day in before for line in self._near(day, share))
        lines += islice(near, NEWEST)
        return list(_within(lines, budget))

    def _near(self, day: Path, share: Callable[[str], float]) -> Iterator[str]:
        lines = (line.lstrip("->* ").strip() for line in self._read(day).splitlines() if line and line[0] in "->*")
        return (line for line in lines if share(line) >= NEAR)

    def exported(self) -> str:
        """All of it in one text."""
        texts = [self._read(file).strip() for file in (self.file, *reversed(self.days()))]
        return "\n\n".join(text for text in texts if text) + "\n"

    # ---- files

    def _read(self, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise KnowledgeError(f"{file} cannot be read.", f"{error.strerror}.") from error

    def _append(self, file: Path, text: str) -> None:
        """Add to a file in one write, which no other process can come between."""
        if file.is_symlink() or self.folder.is_symlink():  # as one that came with a folder may be
            raise KnowledgeError(
                f"{file} is a link.", "What is remembered is written to no other place.", "Take it away."
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.folder.parent / ".gitignore"
            if self.folder.parent.name == ".aether" and not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            with file.open("ab") as stream:
                stream.write(text.encode("utf-8", "replace"))
        except OSError as error:
            raise KnowledgeError(f"{file} cannot be written.", f"{error.strerror}.", "Look at its folder.") from error

    def _write(self, file: Path, text: str) -> None:
        part = file.with_suffix(".part")
        try:
            part.write_text(text, encoding="utf-8", errors="replace", newline="")
            part.replace(file)
        except OSError as error:
            raise KnowledgeError(f"{file} cannot be written.", f"{error.strerror}.", "Look at its folder.") from error


def one_line(text: str) -> str:
    """A text on one line, which ends no list and opens no comment."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).replace("<!--", "‹!--").split())


def _within(lines: Iterable[tuple[str, str]], budget: int) -> Iterable[tuple[str, str]]:
    for file, line in lines:
        budget -= len(line)
        if budget < 0:
            return
        yield file, line
