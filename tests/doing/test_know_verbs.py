"""``know`` in a cell and in a terminal: the same words do the same, and what is said is what is there."""

from __future__ import annotations

import argparse
import io
import json
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import cli
from aether_nb.doing import know as know_verbs
from aether_nb.doing import know_desk
from aether_nb.errors import AetherError
from aether_nb.knowledge.embed import Chosen
from aether_nb.session.knowing import Knowing
from aether_nb.session.opening import known_here
from harness.home import bare

Say = Callable[[str], str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with documents, which is the working directory."""
    folder = tmp_path / "work"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "refunds.md").write_text("# Refunds\n\nRefunds are booked on the day of the order.\n")
    (folder / "docs" / "code.py").write_text("def book(order):\n    return order.total\n")
    (folder / "docs" / "bad.pdf").write_bytes(b"nothing")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("os.environ", bare(tmp_path / "home") | {"AETHER_EMBEDDER": "none"})
    return folder


@pytest.fixture
def terminal(project: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Types a line behind ``aether``, and gives what is printed."""

    def typed(line: str) -> str:
        assert cli.main(line.split()) == 0, capsys.readouterr().err
        said = capsys.readouterr()
        assert said.err == ""
        return said.out

    return typed


@pytest.fixture
def cell(project: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[InteractiveShell, Say]]:
    """A shell, and what types a line behind ``%aether`` in it."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    aether_nb.load_ipython_extension(shell)
    capsys.readouterr()

    def typed(line: str) -> str:
        shell.run_line_magic("aether", line)
        return capsys.readouterr().out

    yield shell, typed
    aether_nb.unload_ipython_extension(shell)


def test_a_folder_is_added_searched_shown_and_removed_in_a_terminal(terminal: Say, project: Path) -> None:
    """From nothing to an answer with its place, to a changed file, and back to nothing; each step says what it did."""
    assert "Nothing is in there yet: aether know add" in terminal("know")
    added = terminal("know add docs")
    assert added.startswith("2 added; 2 chunks in ") and "left out: docs/bad.pdf  is no PDF." in added
    listed = terminal("know")
    assert "knowledge: 3 documents, 2 chunks" in listed and "docs  3 documents, as it was read" in listed
    assert "docs/refunds.md:1-3" in terminal("know search when are refunds booked")
    (project / "docs" / "refunds.md").write_text("# Refunds\n\nRefunds are booked a week after.\n")
    (project / "docs" / "code.py").unlink()
    assert "1 changed, 1 gone since: aether know refresh" in terminal("know")
    assert terminal("know refresh").startswith("1 changed, 1 unchanged, 1 removed; 1 chunk in")
    assert "a week after" in terminal("know show refunds.md")
    assert "unread docs/bad.pdf  docs/bad.pdf is no PDF." in terminal("know doctor")
    assert terminal("know remove docs") == "2 documents no longer known. The files themselves stay.\n"
    assert (project / "docs" / "refunds.md").exists()


def test_all_of_it_is_json_for_programs(terminal: Say) -> None:
    """With --json each deed prints one value that another program reads."""
    assert json.loads(terminal("know add docs --tag mine --json"))["added"] == 2
    listed = json.loads(terminal("know --json"))
    assert listed["sources"] == [{"source": "docs", "documents": 3, "changed": 0, "gone": 0}]
    assert listed["categories"][0]["failed"] == 1
    (hit,) = json.loads(
        terminal("know search booked --kind markdown --tag mine --source docs --since 2020-01-01 --json")
    )
    assert (hit["path"], hit["start"], hit["scope"]) == ("docs/refunds.md", 1, "Refunds")
    assert json.loads(terminal("know search booked --tag other --json")) == []
    (shown,) = json.loads(terminal("know show docs/code.py --json"))
    assert shown["chunks"][0]["scope"] == "book"
    assert json.loads(terminal("know doctor --json"))["unread"][0]["path"] == "docs/bad.pdf"
    assert json.loads(terminal("know doctor --repair --json"))["repaired"] == []
    assert json.loads(terminal("know refresh --json"))["unchanged"] == 3
    assert json.loads(terminal("know remove code.py --json")) == {"removed": ["docs/code.py"]}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("know add", "know add what?"),
        ("know add nowhere", "nowhere does not exist"),
        ("know show refund.md", "Nothing that is known goes by 'refund.md'. Did you mean docs/refunds.md?"),
        ("know search --since yesterday words", "'yesterday' is no day"),
        ("know search --limit many words", "'many' is no number"),
        ("know add http://127.0.0.1:9/x", ""),
    ],
)
def test_what_cannot_be_done_is_said(terminal: Say, capsys, line: str, said: str) -> None:
    """A name that is not there, a day that is none, a page that nobody serves: what is wrong, and what to type."""
    terminal("know add docs")
    code = cli.main(line.split())
    told = capsys.readouterr()
    if said:
        assert code in (1, 2) and said in told.err.replace("\n  why:  ", " ").replace("\n  next: ", " ")
    else:
        assert "left out: http://127.0.0.1:9/x" in told.out


def test_variables_are_added_in_a_cell_and_hidden_columns_stay_out(cell, project, monkeypatch) -> None:
    """A text, a data dictionary and a frame by its template; of a hidden column no value is kept."""
    monkeypatch.setitem(os.environ, "AETHER_HIDE", "mail")
    shell, say = cell
    shell.user_ns["note"] = "The pump of hall seven is loud."
    shell.user_ns["meaning"] = {"amount": "what was paid, in euros"}
    shell.user_ns["people"] = pd.DataFrame({"name": ["Anna", "Bo"], "city": ["Rome", "Oslo"], "mail": ["a@x", "b@x"]})
    assert say("know add note meaning").startswith("2 added; 2 chunks")
    assert say('know add people --template "{name} lives in {city}"').startswith("1 added; 2 chunks")
    assert "variable:note" in say("know search loud pump")
    assert "what was paid, in euros" in say("know show meaning")
    shown = say("know show people")
    assert "Anna lives in Rome" in shown and "a@x" not in shown
    with pytest.raises(AetherError, match="'mail', which is no column"):
        know_verbs.know(
            argparse.Namespace(what="add", words=["people"], template="{mail}", tag="", json=False),
            know_desk.open_desk(shell.aether_magics.session.knowing, lambda _: None, namespace=shell.user_ns),
        )


def test_what_is_dropped_into_the_inbox_is_known_to_the_next_question(cell, project) -> None:
    """Nothing is typed for it: the file is there when the next run begins, and gone when it is taken away again."""
    shell, say = cell
    inbox = project / ".aether" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "pump.md").write_text("The pump of hall seven is loud.")
    shell.user_ns["total"] = 7
    shell.run_cell_magic("aether", "", "what is total?")
    assert ".aether/inbox/pump.md" in say("know search loud pump")
    (inbox / "pump.md").unlink()
    shell.run_cell_magic("aether", "", "what is total?")
    assert "Nothing that is known" in say("know search loud pump")


def test_looking_for_knowledge_costs_nothing_until_something_is_there(project) -> None:
    """A cell, a status and a question load neither LanceDB nor pyarrow while nothing was added."""
    code = (
        "import sys, aether_nb\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from traitlets.config import Config\n"
        "shell = InteractiveShell(config=Config(HistoryManager={'enabled': False}))\n"
        "aether_nb.load_ipython_extension(shell)\n"
        "shell.user_ns['total'] = 7\n"
        "shell.run_line_magic('aether', '')\n"
        "shell.run_cell_magic('aether', '', 'what is total?')\n"
        "print([name for name in ('lancedb', 'pyarrow') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=True)
    assert done.stdout.splitlines()[-1] == "[]" and done.stderr == ""


def test_a_folder_that_is_watched_is_read_when_it_changes(project, capsys, monkeypatch) -> None:
    """The words of a new file can be found as soon as the watcher has seen it; Ctrl-C ends it with a count."""
    seen = []

    def changes(*paths: Path, **_: object) -> Iterator[set[tuple[int, str]]]:
        seen.extend(paths)
        (project / "docs" / "new.md").write_text("fresh words")
        yield {(1, str(project / "docs" / "new.md"))}
        raise KeyboardInterrupt

    monkeypatch.setattr("watchfiles.watch", changes)
    knowing, said = known_here(), []
    desk = know_desk.open_desk(knowing, lambda _: None, say=said.append)
    options = argparse.Namespace(what="add", words=["docs"], tag="", json=False)
    know_verbs.know(options, desk)
    told = know_verbs.know(argparse.Namespace(what="watch", words=[], json=False), desk)
    assert seen == [project / "docs"] and told.startswith("1 added")
    assert said == ["Watching. Stop with Ctrl-C.", next(line for line in said if line.startswith("docs: 1 added"))]
    knowing.close()


class Lengths:
    """An embedder that knows how long a text is."""

    id, dimensions, normalised, max_tokens = "lengths", 2, False, 100

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """The length, and one."""
        return [[float(len(text)), 1.0] for text in texts]


def test_what_is_added_in_a_terminal_has_its_vectors_when_the_command_ends(terminal: Say, monkeypatch) -> None:
    """Nobody goes on making them after the process, so they are made before; an interrupt leaves the rest for later."""

    def known() -> Knowing:
        knowing = known_here()
        knowing.library.choose = lambda: Chosen(Lengths(), "Lengths serve.")
        return knowing

    monkeypatch.setattr("aether_nb.doing.know_terminal.known_here", known)
    monkeypatch.setattr("aether_nb.doing.know_terminal.PATIENCE", 0.01)
    assert terminal("know add docs").endswith("Lengths serve.\n")
    assert "2 of 2 chunks have vectors" in terminal("know")
    monkeypatch.setattr("aether_nb.knowledge.library.Library.filled", stopped := Stopped())
    terminal("know refresh")
    assert stopped.asked


class Stopped:
    """Somebody presses Ctrl-C while vectors are made."""

    asked = 0

    def __call__(self, *_: object) -> bool:
        """The first time, an interrupt."""
        self.asked += 1
        if self.asked == 1:
            raise KeyboardInterrupt
        return True


def test_a_bar_tells_how_far_it_is_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what is read, is on one line, goes when all is done or somebody stops it, and leaves no thread."""
    monkeypatch.setattr(know_desk, "DELAY", 0)
    for last in (2, 1):
        file, threads = io.StringIO(), threading.active_count()
        bar = know_desk.ProgressLine(file)
        for done in range(last + 1):
            time.sleep(0.11)  # it is not drawn more often than ten times a second
            bar(done, 3, f"docs/{done}.md")
        bar.close()
        lines = file.getvalue().split("\r")
        assert any("33%" in line and "1/3" in line and "docs/1.md" in line for line in lines)
        assert "\n" not in file.getvalue() and lines[-1].strip() == lines[-2].strip() == ""
        assert threading.active_count() == threads


def test_one_thing_needs_no_bar() -> None:
    """Where one document is read nothing is drawn, and so where all is over in a moment."""
    file = io.StringIO()
    bar = know_desk.ProgressLine(file)
    bar(0, 1, "docs/a.md")
    for done in range(50):
        bar(done, 50, "docs/a.md")
    bar.close()
    assert file.getvalue() == ""


def test_a_bar_is_as_wide_as_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow one it does not break its line, of which each drawing would leave a piece."""
    monkeypatch.setattr(know_desk, "DELAY", 0)
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 40))
    with os.fdopen(slave, "w") as file, closing(know_desk.ProgressLine(file)) as bar:
        for done in range(3):
            time.sleep(0.11)
            bar(done, 4, "docs/" + "long" * 20)
    drawn = os.read(master, 10_000).decode().split("\r")
    os.close(master)
    assert any("25%" in line for line in drawn) and max(map(len, drawn)) <= 40
