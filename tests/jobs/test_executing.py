"""A task in a notebook that runs already: what is carried there, and how its end is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb import verbs
from aether_nb.cell import faces
from aether_nb.cell.still_faces import StillFace, TerminalFace
from aether_nb.doing import jobs as job_verbs
from aether_nb.errors import LeaseHeld, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.jobs import executing
from aether_nb.jobs.executing import Execution, execute, told
from aether_nb.jobs.own_kernel import Screen
from aether_nb.store.store import Store, memory_store
from harness.home import bare
from harness.plain_shell import Notebook, serve

EVENTS = (
    k.RunStarted("How much is it?", "m"),
    k.ModelAsked("m", 1),
    k.ModelAnswered("m", Message.of("assistant", "It is 5 €."), Usage(3, 4), "stop", 0.1),
    k.RunEnded("done"),
)


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Notebook]:
    """A notebook in a folder of its own."""
    opened = Notebook(tmp_path / "work", tmp_path / "home", monkeypatch, capsys)
    yield opened
    opened.close()


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> tuple[Store, list[str]]:
    """The record of a notebook elsewhere, which nobody here could open, and the cells that are run there."""
    store, cells = memory_store(), list[str]()

    def run(code: Any, *_: object) -> int:
        cells.extend(code)
        if store.state("there") is None:
            store.log.append("there", 0, EVENTS, 1.0)
        return 0

    monkeypatch.setattr(executing, "kernel_file", lambda name: f"/run/{name}.json")
    monkeypatch.setattr(executing, "in_a_kernel", run)
    monkeypatch.setattr(executing, "text_in", lambda _, asked: eval(asked, {"session": SimpleNamespace(store=store)}))
    return store, cells


def test_what_came_of_it_is_said_by_the_kernel(theirs: tuple[Store, list[str]]) -> None:
    """Its record may be on a server, or encrypted: the kernel has opened it, and tells all that is in it."""
    store, cells = theirs
    state = execute(Execution("How much?", "there", kernel="existing"), memory_store(), Screen())
    assert told(state)[0]["answer"] == "It is 5 €."
    assert state == store.state("there")
    assert cells[-1] == "%%aether --lines --run there\nHow much?"
    with pytest.raises(UsageFault, match="did not begin"):
        execute(Execution("How much?", "nowhere", kernel="existing"), memory_store(), Screen())


FAULT = "aether: There is no model x.\n  why:  Nobody has it.\n  next: aether models\n"
LOADING = "FileNotFoundError    Traceback (most recent call last)\nCell In[1]\n\nFileNotFoundError: no a.csv\n"


@pytest.mark.parametrize(
    ("said", "why", "hint"),
    [
        ([FAULT], "There is no model x. Nobody has it.", "aether models"),
        ([LOADING], "FileNotFoundError: no a.csv", "aether doctor"),
        (["The kernel of this run has died."], "The kernel of this run has died.", "aether doctor"),
        ([], "Nobody says why.", "aether doctor"),
    ],
)
def test_why_a_run_did_not_begin_is_said_with_it(
    monkeypatch: pytest.MonkeyPatch, said: list[str], why: str, hint: str
) -> None:
    """A program that reads the outcome sees nothing of what was printed: the error says what its cell said."""

    def run(cells: Any, folder: Any, environment: Any, screen: Screen, kernel: str) -> int:
        for one in said:
            screen.failed(one)
        return 1

    monkeypatch.setattr(executing, "in_a_kernel", run)
    with pytest.raises(UsageFault, match="The run did not begin") as caught:
        execute(Execution("How much?", "new"), memory_store(), Screen())
    assert (caught.value.why, caught.value.hint) == (why, hint)


def test_a_run_that_somebody_else_begins_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two who begin the same task at once: one of them is told that the other has it."""
    store = memory_store()

    def run(cells: Any, folder: Any, environment: Any, screen: Screen, kernel: str) -> int:
        store.leases.take("new", 1.0)
        screen.failed("aether: Run new is being advanced by b.\n  why:  It is alive.\n  next: aether trace new")
        return 1

    monkeypatch.setattr(executing, "in_a_kernel", run)
    with pytest.raises(LeaseHeld, match="being advanced by b") as caught:
        execute(Execution("How much?", "new"), store, Screen())
    assert (caught.value.why, caught.value.hint) == ("It is alive.", "aether trace new")


def test_a_yes_in_advance_is_one_runs_own(notebook: Notebook) -> None:
    """``--approve`` answers for nobody in this run, and in no other one of the same notebook."""
    write = ToolCall("w1", "write_file", {"path": "out.txt", "content": "42"})
    serve(write, "It is written.")
    notebook.ask("Write it.", "--model script --approve auto")
    assert Path("out.txt").read_text() == "42"
    assert notebook.session.models.settings.approve == "deny"
    Path("out.txt").unlink()
    serve(write, "It is not written.")
    notebook.ask("Write it.", "--model script")
    assert not Path("out.txt").exists()


def test_lines_are_wanted_for_one_run(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows from a terminal reads lines, where the notebook could draw something else for everybody else."""
    monkeypatch.setattr(faces, "shown_by", lambda *_: "picture")
    assert isinstance(faces.face_of(notebook.session, "r", lines=True), TerminalFace)
    assert isinstance(faces.face_of(notebook.session, "r"), StillFace)


def test_what_is_typed_for_a_task_goes_with_its_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The yes in advance is an option of the cell, and no variable of the kernel."""
    monkeypatch.chdir(tmp_path)
    seen: list[Execution] = []

    def noted(task: Execution, *_: object) -> None:
        seen.append(task)
        raise UsageFault("That is enough.")

    monkeypatch.setattr(job_verbs, "execute", noted)
    options = verbs.parse(verbs.find("execute", "terminal"), ["--approve", "auto", "Total?"], "terminal")
    with pytest.raises(UsageFault):
        job_verbs.run(options, Screen(), plan=False)
    assert seen[0].options == ("--approve auto",)
    assert "AETHER_APPROVE" not in seen[0].environment


@pytest.mark.parametrize("verb", ["execute", "batch"])
def test_a_variable_that_nobody_reads_is_told_before_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    """A column that it was to hide would be sent; what is read is not told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", bare(tmp_path / "home") | {"AETHER_HIDDE": "ssn", "AETHER_BASE_URL": "http://x"})
    (tmp_path / "t.yaml").write_text("tasks: [x]\n")

    def noted(*_: object, **__: object) -> None:
        raise UsageFault("That is enough.")

    monkeypatch.setattr(job_verbs, "execute", noted)
    monkeypatch.setattr(job_verbs, "work", noted)
    options = verbs.parse(verbs.find(verb, "terminal"), ["t.yaml"], "terminal")
    with pytest.raises(UsageFault, match="That is enough"):
        job_verbs.batch(options, Screen()) if verb == "batch" else job_verbs.run(options, Screen(), plan=False)
    said = capsys.readouterr().err
    assert said == "aether: the variable AETHER_HIDDE is no setting. Did you mean AETHER_HIDE?\n"
