"""What is clicked in the panel: words in the letter box, what is thought of an answer, files in the working folder."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb.agent.mail import heard
from aether_nb.cell.clicks import Said
from aether_nb.errors import OptionError, StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold, step
from aether_nb.events.messages import Image, Text
from aether_nb.store.seal import Sealer
from aether_nb.store.store import Store, memory_store

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Notebook(SimpleNamespace):
    """As much of a session as a click needs."""

    store: Store
    revoked: list[str]

    rated: list[tuple[int, str]]

    @property
    def knowing(self) -> Any:
        """Notes what it is told of thumbs."""
        return SimpleNamespace(rated=lambda entries, value: self.rated.append((len(entries), value)))

    @property
    def yeses(self) -> Notebook:
        return self

    def revoke(self, id: str) -> None:
        if id != "g1":
            raise OptionError("There is no such grant.")
        self.revoked.append(id)


@pytest.fixture
def book(tmp_path: Path) -> Notebook:
    """A notebook with one run that has ended."""
    store, work = memory_store(), tmp_path / "work"
    work.mkdir()
    store.log.append("run1", 0, [k.RunStarted("q", "m"), k.RunEnded("done")], 1.0)
    return Notebook(store=store, sealer=Sealer(tmp_path / "key"), workspace=work, revoked=[], rated=[])


@pytest.fixture
def said(book: Notebook) -> Said:
    """The clicks on its panel."""
    return Said(book, "run1")  # type: ignore[arg-type]


def words(book: Notebook) -> list[tuple[str, dict[str, Any]]]:
    """What lies in the letter box."""
    return [(signal.type, dict(signal.body)) for signal in book.store.signals.pending("run1")]


def drop(data: bytes, at: int = 0, size: int | None = None, name: str = "a.csv", id: str = "d1") -> dict[str, Any]:
    """A piece of a file."""
    piece = base64.b64encode(data).decode()
    return {
        "type": "drop",
        "id": id,
        "name": name,
        "size": len(data) if size is None else size,
        "at": at,
        "data": piece,
    }


def test_a_click_becomes_a_word_with_what_belongs_to_it(book: Notebook, said: Said) -> None:
    """Nothing else of the command travels."""
    assert said({"type": "tell", "text": "Use euros", "x": 1}) == said({"type": "pause"}) == ""
    assert said({"type": "plan", "items": [{"title": "Look", "tool": ""}]}) == ""
    assert words(book) == [
        ("tell", {"text": "Use euros"}),
        ("pause", {}),
        ("plan", {"items": [{"title": "Look", "tool": ""}]}),
    ]


def test_a_yes_is_taken_back_in_the_run_and_in_the_notebook(book: Notebook, said: Said) -> None:
    """One that was given for the run alone is taken back there."""
    assert said({"type": "revoke", "id": "g1"}) == said({"type": "revoke", "id": "g2"}) == ""
    assert (book.revoked, words(book)) == (["g1"], [("revoke", {"id": "g2"})]), "a lasting one is taken from all runs"


def test_what_is_thought_of_an_answer_stands_at_the_end_of_its_record(book: Notebook, said: Said) -> None:
    """The last word counts, and the run can be read as before."""
    for value in ("up", "down", ""):
        assert said({"type": "feedback", "value": value}) == ""
        for thread in threading.enumerate():
            if thread.name == "aether-thumb":
                thread.join(10)
    assert book.rated == [(3, "up"), (4, "down"), (5, "")]  # a solution is kept, or put behind
    events = [entry.event for entry in book.store.log.read("run1")]
    assert events[2:] == [k.FeedbackGiven(value, "panel") for value in ("up", "down", "")]  # type: ignore[arg-type]


def test_what_cannot_be_recorded_is_said(book: Notebook, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """A click that came to nothing is no silence."""

    def full(*_: Any) -> None:
        raise StoreFull("The disk is full.", "Nothing was written.")

    monkeypatch.setattr(book.store.log, "append", full)
    assert said({"type": "feedback", "value": "up"}) == "The disk is full. Nothing was written."


def test_a_dropped_file_lies_in_the_working_folder_and_the_run_is_told(book: Notebook, said: Said) -> None:
    """In pieces, whole, and under a name that is free."""
    assert said(drop(b"a,b\n", size=8)) == ""
    assert said(drop(b"1,2\n", at=4, size=8)) == "a.csv is in the working folder (8 bytes)."
    assert said(drop(b"other", id="d2")) == "a-2.csv is in the working folder (5 bytes)."
    assert said(drop(b"", name="empty.txt", id="d3")) == "empty.txt is in the working folder (0 bytes)."
    assert (book.workspace / "a.csv").read_bytes() == b"a,b\n1,2\n"
    assert (book.workspace / "a-2.csv").read_bytes() == b"other"
    assert words(book)[0] == ("tell", {"text": "I have put a file into the working folder: a.csv (8 bytes)."})
    assert said(drop(b"x", name="plot.png", id="d4")).startswith("plot.png")
    assert "a file" in words(book)[-1][1]["text"]  # a name makes no picture


def test_a_dropped_picture_goes_along_as_a_picture(book: Notebook, said: Said) -> None:
    """The run reads it before its next step, with the words that say where it lies."""
    told = said(drop(PIXEL, name="plot.png"))
    assert (
        told == f"plot.png is in the working folder ({len(PIXEL)} bytes), and goes with the next message as a picture."
    )
    assert (book.workspace / "plot.png").read_bytes() == PIXEL
    body = words(book)[0][1]
    assert body["text"].startswith("I have put a picture into the working folder: plot.png")
    state = fold([k.Entry("run1", 1, 0.0, k.RunStarted("q", "m"))])
    for event in heard(state, book.store.signals.pending("run1")[0]):
        state = step(state, k.Entry("run1", 2, 0.0, event))
    text, picture = state.messages[-1].parts
    assert isinstance(text, Text) and text.text.startswith("(said while you work) I have put a picture")
    assert picture == Image("image/png", base64.b64encode(PIXEL).decode())


@pytest.mark.parametrize("name", ["../../up.txt", "/etc/up.txt", "C:\\Temp\\up.txt"])
def test_a_dropped_file_lies_nowhere_else(book: Notebook, said: Said, name: str) -> None:
    """Only the last part of its name counts."""
    assert said(drop(b"x", name=name)).startswith("up.txt is in the working folder")
    assert [path.name for path in book.workspace.iterdir()] == ["up.txt"]


def test_a_hidden_file_is_not_taken(book: Notebook, said: Said) -> None:
    """Hidden files hold keys, histories and settings."""
    assert ".env is hidden" in said(drop(b"x", name=".env"))
    assert list(book.workspace.iterdir()) == words(book) == []


@pytest.mark.parametrize("second", [drop(b"xy", at=1, size=4), drop(b"xyz", at=2, size=4), drop(b"", at=2, size=4)])
def test_a_file_that_does_not_arrive_whole_is_not_written(book: Notebook, said: Said, second: dict[str, Any]) -> None:
    """A piece that is missing, too long or empty spoils it; dropping it once more mends it."""
    assert said(drop(b"ab", size=4)) == ""
    assert said(second) == "a.csv did not arrive whole. Drop it once more."
    assert said({**drop(b""), "size": 3, "data": "?"}) == "a.csv did not arrive whole. Drop it once more."
    assert list(book.workspace.iterdir()) == []


def test_files_that_never_come_to_an_end_are_forgotten(said: Said) -> None:
    """So many on their way at once, and no more."""
    for number in range(30):
        said(drop(b"a", size=4, id=f"d{number}"))
    assert len(said._drops) == 10


def test_a_folder_that_cannot_be_written_is_said(book: Notebook, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is a name that is there too often."""

    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    def there(*_: Any, **__: Any) -> None:
        raise FileExistsError

    monkeypatch.setattr("aether_nb.session.attaching.place", refused)
    assert said(drop(b"x")) == "a.csv cannot be written. Permission denied"
    monkeypatch.setattr("aether_nb.session.attaching.place", there)
    assert said(drop(b"x")).startswith("a.csv is there a hundred times.")
