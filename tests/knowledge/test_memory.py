"""What a person wants to be remembered is a plain file: kept as typed, found again, changed and taken back."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import pytest

from aether_nb.errors import KnowledgeError, KnowledgeMissing, UsageFault
from aether_nb.knowledge import fusing
from aether_nb.knowledge.memory import Fact, Memory

NOON = datetime(2026, 11, 29, 12, 30)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / ".aether" / "memory")


def test_nothing_is_there_before_something_is_kept(memory: Memory) -> None:
    """Asking makes no file, and a run is given nothing."""
    assert (memory.facts(), memory.days(), memory.about("anything", NOON), memory.exported()) == ([], [], [], "\n")
    assert not memory.folder.exists()


def test_a_fact_is_a_line_that_anybody_can_edit(memory: Memory) -> None:
    """As typed, once, with its day; lines that were written by hand count the same, and other text stays untouched."""
    fact = memory.remember("Prices are in euros,\n  net of tax.", NOON)
    assert memory.remember("Prices are in euros, net of tax.", NOON) == fact
    assert memory.facts() == [Fact("Prices are in euros, net of tax.", "2026-11-29")]
    assert (memory.folder.parent / ".gitignore").read_text() == "*\n"
    with memory.file.open("a") as file:
        file.write("\nNot a fact.\n* I live in Vienna.")
    memory.remember("Weeks begin on Monday <!-- x -->", NOON)
    assert [one.text for one in memory.facts()] == [
        "Prices are in euros, net of tax.", "I live in Vienna.", "Weeks begin on Monday ‹!-- x -->",
    ]  # fmt: skip
    assert "Not a fact." in memory.file.read_text()


def test_a_fact_is_changed_and_taken_back(memory: Memory) -> None:
    """By its name or by words that only it has; where that is not one, nothing changes and the error says so."""
    one, two = memory.remember("Prices are net.", NOON), memory.remember("Prices of 2025 are gross.", NOON)
    new = memory.edit(two.id, "Prices of 2025 are net, too.")
    assert memory.facts() == [one, new]
    for name in ("prices", "bread", ""):
        with pytest.raises(KnowledgeMissing):
            memory.forget(name)
    with pytest.raises(UsageFault):
        memory.edit(one.id, " ")
    assert memory.forget("2025") == new
    assert memory.facts() == [one]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 1001])
def test_what_is_no_fact_is_refused(memory: Memory, text: str) -> None:
    """No words, or a whole document, are not kept; the error says what to type."""
    with pytest.raises(UsageFault) as caught:
        memory.remember(text, NOON)
    assert caught.value.hint.startswith("%aether remember")
    assert not memory.folder.exists()


def test_a_run_is_given_what_has_to_do_with_it(memory: Memory) -> None:
    """All facts while they are few; of many those that share words with the question; and lines of earlier days."""
    later = datetime(2026, 11, 30, 8, 0)
    memory.remember("Prices are net.", NOON)
    assert memory.about("How is the weather?", later) == [("facts.md", "Prices are net.")]
    for number in range(60):
        memory.remember(f"Fact number {number} tells of something that nobody asks about, at some length.", NOON)
    memory.remember("The fiscal year begins in October.", NOON)
    given = memory.about("When does the fiscal year begin?", later)
    assert given[0] == ("facts.md", "The fiscal year begins in October.")
    assert sum(len(line) for _, line in given) <= 2000
    days = Memory(memory.folder.parent / "days")
    days.note("Which month is best? → done: October (run 1)", NOON)
    days.note("Something else", NOON)
    line = "2026-11-29: 12:30 Which month is best? → done: October (run 1)"
    assert days.about("the best month?", later) == [("2026-11-29.md", line)]
    assert days.about("the best month?", NOON) == []
    assert days.about("bread?", later) == []


def test_a_question_is_taken_apart_once_and_what_is_older_is_not_read(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With five lines that have to do with a question, the newest first, no other line is looked at."""
    taken: list[str] = []

    def counted(text: str) -> set[str]:
        taken.append(text)
        return stems(text)

    stems = fusing._stems
    monkeypatch.setattr(fusing, "_stems", counted)
    question = "Which month is best?"
    for day in range(1, 21):
        for number in range(3):
            memory.note(f"The best month is number {number}", datetime(2026, 11, day, 12, 30))
    given = memory.about(question, datetime(2026, 11, 30, 8, 0))
    assert [(file, line[-1]) for file, line in given] == [
        *[("2026-11-20.md", number) for number in "012"],
        *[("2026-11-19.md", number) for number in "01"],
    ]
    assert taken.count(question) == 1
    assert len(taken) == 1 + 5


def test_days_and_sessions_are_files(memory: Memory) -> None:
    """A line a run, a summary a session, in the file of the day; all of it can be written out as one text."""
    memory.note("first", NOON)
    memory.summarise("one\ntwo", NOON, datetime(2026, 11, 29, 13, 0))
    memory.note("next", datetime(2026, 11, 30, 9, 0))
    memory.remember("a fact", NOON)
    assert [day.name for day in memory.days()] == ["2026-11-30.md", "2026-11-29.md"]
    first = memory.days()[1].read_text()
    assert first == "# 2026-11-29\n\n- 12:30 first\n\n## Session 12:30-13:00\n\n> one\n> two\n\n"
    text = memory.exported()
    assert text.index("a fact") < text.index("first") < text.index("next")


def test_many_who_write_lose_nothing(memory: Memory) -> None:
    """A line is one write: kernels that remember at the same time do not lose what the others said."""
    memory.remember("begin", NOON)
    threads = [
        threading.Thread(target=lambda n=n: [memory.remember(f"fact {n} {m}", NOON) for m in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(memory.facts()) == 81


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Where nothing can be kept the error names the file and the reason."""
    (tmp_path / "memory").write_text("a file")
    memory = Memory(tmp_path / "memory")
    with pytest.raises(KnowledgeError, match=r"facts\.md"):
        memory.remember("a fact", NOON)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A shared folder may hold a link in the place of a file: what it leads to is somebody's, and stays as it is."""
    memory, outside = Memory(tmp_path / ".aether" / "memory"), tmp_path / "bashrc"
    outside.write_text("mine\n")
    memory.folder.mkdir(parents=True)
    memory.file.symlink_to(outside)
    with pytest.raises(KnowledgeError, match="is a link"):
        memory.remember("Prices are in euros.", NOON)
    assert outside.read_text() == "mine\n"
