"""Explaining, auditing, packing and cleaning a record, as both faces do it."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from aether_nb import cli
from aether_nb.doing import packing, record_care
from aether_nb.doing import records as record_verbs
from aether_nb.errors import OptionError, RunNotFound, StoreTampered, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.session.signalling import named, stands
from aether_nb.store.log import JOURNAL
from aether_nb.store.store import Store, open_store
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.view import view_of
from aether_nb.widgets.witness import noted
from harness.evidence import play

KEY = "sk-abcdefghijklmnopqrstuvwx"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A record with two runs: one of this notebook, with a key in it, and a failed one of another."""
    monkeypatch.chdir(tmp_path)
    found = open_store(tmp_path / ".aether")
    entries = list(play().run.log.read("run1"))
    started = k.RunStarted(f"use {KEY}", "aether:scripted", notebook=str(tmp_path / "book.ipynb"), cell="cell-1")
    events = [started, *(entry.event for entry in entries[1:])]
    found.log.append("run1", 0, events, [entry.time for entry in entries])
    traceback = "Traceback …\nZeroDivisionError: division by zero"
    proposed = next(e.event for e in entries if isinstance(e.event, k.CallProposed) and e.event.call.id == "c1")
    failed = [
        k.RunStarted("divide", "m", notebook=str(tmp_path / "other.ipynb")), k.ContextComposed(()), proposed,
        k.CallBegun("c1", proposed.hash), k.CallFailed("c1", "division by zero", traceback),
        k.RunEnded("failed", "No model.", "It is asleep.", "%aether model"),
    ]  # fmt: skip
    found.log.append("run2", 0, failed, 5_000.0)
    yield found
    found.log.close()


def typed(**said: Any) -> Namespace:
    """What was typed, with what is left out."""
    left = {"run": "", "since": "", "until": "", "out": "", "json": False, "notebook": "", "head": "", "mode": ""}
    left |= {"older": "", "larger": "", "keep": "", "prune": True}
    return Namespace(**left | said)


# ---- a record that somebody was at

TAMPERED = {
    "removed": "DELETE FROM events WHERE run = 'run3' AND seq = 3",
    "unreadable": "UPDATE events SET payload = '{nonsense' WHERE run = 'run3' AND seq = 3",
    "unknown": "UPDATE events SET kind = 'run.exploded' WHERE run = 'run3' AND seq = 3",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_record_that_was_changed_is_shown_as_far_as_it_is_whole(store: Store, statement: str) -> None:
    """trace, show and audit tell what came before the changed event and name it; runs still tells of all the others."""
    events = [entry.event for entry in store.log.read("run2")][:5]
    store.log.append("run3", 0, events, 6_000.0)
    store.log.append("run4", 0, events[:2], 7_000.0)
    with closing(sqlite3.connect(Path(store.place) / "runs.db")) as db, db:
        db.execute(statement)
    fault = store.chain.verify("run3").fault
    for said, ok in (record_verbs.traced(store, "run3", False), record_verbs.traced(store, "run3", True)):
        assert fault in said and not ok
    (picture,), ok = record_verbs.shown(store, "run3")
    assert fault in picture["text/plain"] and fault in picture["text/html"] and not ok
    assert fault in record_care.audited(store, typed())
    assert {one.state.run: one.word for one in stands(store)} == {"run4": "interrupted", "run3": "damaged"}
    assert named(store, "resume", "").state.run == "run4"
    with pytest.raises(StoreTampered, match="run3"):
        named(store, "resume", "run3")


def test_record_of_which_nothing_is_left_is_said_to_be_that(store: Store) -> None:
    """Where no event is whole there is nothing to show: the fault is said, and no run without a name is made up."""
    with closing(sqlite3.connect(Path(store.place) / "runs.db")) as db, db:
        db.execute("DELETE FROM events WHERE run = 'run2'")
        db.execute("UPDATE runs SET outcome = NULL WHERE id = 'run2'")
    assert [(one.state.run, one.word) for one in stands(store)] == [("run2", "damaged")]
    for look in (record_verbs.shown, lambda store, run: record_verbs.traced(store, run, False), record_care.explained):
        with pytest.raises(StoreTampered, match="events 1 to 6 were removed"):
            look(store, "run2")


# ---- why


def test_why_tells_the_last_failure_with_its_traceback(store: Store) -> None:
    """What failed, why, and what to type; a call that failed before a good end is told as such."""
    assert record_care.explained(store, "run2").splitlines()[1:] == [
        "No model.", "  It is asleep.", "next: %aether model",
    ]  # fmt: skip
    assert record_care.explained(store).startswith("Run run2 of ")
    assert record_care.explained(store, "run1").startswith("Nothing failed in run run1.")
    assert "Nothing failed" in record_care.explained(store, notebook="/another.ipynb")
    entries = [entry for entry in store.log.read("run2") if not isinstance(entry.event, k.RunEnded)]
    from aether_nb.doing.audits import why_text

    told = why_text([*entries, k.Entry("run2", 9, 5_001.0, k.RunEnded("done"))])
    for said in (
        "look failed: division by zero",
        "  ZeroDivisionError",
        "The run went on after it",
        "%aether fork run2",
    ):
        assert said in told


# ---- audit


def test_an_audit_says_who_approved_what_and_whether_the_record_is_true(store: Store, tmp_path: Path) -> None:
    """As Markdown and as JSON, of one run or of some days, here or in a file."""
    text = record_care.audited(store, typed(run="run1"))
    for said in (
        "# Audit of runs",
        "every record is what was written",
        "| c3 | send | medium, external | in the panel |",
    ):
        assert said in text
    assert "refused in the panel" in text and "> The answer." in text
    whole = json.loads(record_care.audited(store, typed(json=True)))
    assert [run["run"] for run in whole] == ["run1", "run2"]
    assert all(run["record"]["ok"] for run in whole)
    assert record_care.audited(store, typed(out=str(tmp_path / "a.json"))) == f"2 runs in {tmp_path / 'a.json'}"
    assert len(json.loads((tmp_path / "a.json").read_text())) == 2
    assert "run2" in record_care.audited(store, typed(since="1970-01-01", until="1970-01-02"))
    with pytest.raises(RunNotFound, match="in these days"):
        record_care.audited(store, typed(since="2020-01-01"))
    with pytest.raises(OptionError, match="is no date"):
        record_care.audited(store, typed(since="yesterday"))
    with pytest.raises(OptionError, match="together"):
        record_care.audited(store, typed(run="run1", since="2020-01-01"))


# ---- pack


def notebook(folder: Path, store: Store, cell: str = "cell-1") -> Path:
    """A saved notebook with a transcript of run1 and a key in a cell."""
    view = view_of(store.log.read("run1"))
    view.chain = store.chain.head("run1")
    output = {"output_type": "display_data", "data": bundle(view), "metadata": {}}
    cells = [{"cell_type": "code", "id": cell, "source": [f"key = '{KEY}'"], "outputs": [output], "metadata": {}}]
    path = folder / "book.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_a_pack_holds_the_notebook_and_its_runs_without_keys(store: Store, tmp_path: Path) -> None:
    """Only its own runs; keys are masked in both; the packed record is whole, and says that it was masked."""
    path = notebook(tmp_path, store)
    said = record_care.packed(store, typed(notebook=str(path)), {})
    assert "1 run." in said and "Keys were masked in 1 event and in the notebook." in said
    there = tmp_path / "there"
    with zipfile.ZipFile(tmp_path / "book.zip") as archive:
        assert {name.rpartition("/")[2] for name in archive.namelist()} >= {"book.ipynb", "runs.db", ".gitignore"}
        archive.extractall(there)
    assert not any(KEY.encode() in file.read_bytes() for file in there.rglob("*") if file.is_file())
    copy = open_store(there / ".aether")
    assert [run.id for run in copy.log.runs()] == ["run1"]
    assert copy.chain.verify("run1").ok
    packed = [entry.event for entry in copy.log.read("journal")]
    assert packed == [k.RunPacked("run1", store.chain.verify("run1").events, store.chain.head("run1"), 1)]
    text, ok = record_verbs.verified(copy, typed(notebook=str(there / "book.ipynb")))
    assert ok and "  ok     run1" in text  # what the notebook noted is the chain before the masking
    copy.log.close()


def test_a_pack_without_keys_keeps_the_chain(store: Store, tmp_path: Path) -> None:
    """What is not masked is the very same record; without a notebook, or with none that is one, nothing is packed."""
    store.log.append("run3", 0, (k.RunStarted("plain", "m", cell="cell-3"), k.RunEnded("done")), 1.0)
    path = tmp_path / "plain.ipynb"
    path.write_text(json.dumps({"cells": [{"id": "cell-3"}, "odd"]}))
    assert "Keys" not in record_care.packed(store, typed(notebook=str(path), out=str(tmp_path / "p.zip")), {})
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        archive.extractall(tmp_path / "p")
    copy = open_store(tmp_path / "p" / ".aether")
    assert copy.chain.head("run3") == store.chain.head("run3")
    copy.log.close()
    for text in ("no json", "[]"):
        path.write_text(text)
        with pytest.raises(UsageFault):
            record_care.packed(store, typed(notebook=str(path)), {})
    with pytest.raises(OptionError, match="No notebook is named"):
        record_care.packed(store, typed(), {})


def test_a_notebook_is_read_once_for_all_runs(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its outputs show is sought once, however many runs the folder has."""
    looked: list[int] = []

    def looks(content: Mapping[str, Any]) -> list[tuple[str, str]]:
        looked.append(1)
        return noted(content)

    monkeypatch.setattr(packing, "noted", looks)
    assert len(store.log.runs()) > 1
    assert packing.pack(notebook(tmp_path, store), store, tmp_path / "p.zip", (), 1.0).runs == ("run1",)
    assert len(looked) == 1


# ---- prune


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({"older": "30"}, []),
        ({"older": "9000"}, ["run1", "run2"]),
        ({"larger": "1GB"}, ["run1", "run2"]),
        ({"larger": "10"}, []),
        ({"keep": "1"}, ["run2"]),
        ({"keep": "0", "older": "30"}, []),
    ],
)
def test_runs_are_dropped_by_age_by_size_and_by_number(
    store: Store, tmp_path: Path, said: dict[str, str], left: list[str]
) -> None:
    """What was asked for is dropped and no more, and the journal says so."""
    now = 10_000.0 + 100 * 86_400
    told = record_care.pruned(store, tmp_path / ".aether", typed(**said), now)
    assert sorted(run.id for run in store.log.runs()) == left
    journal = [entry.event for entry in store.log.read("journal") if isinstance(entry.event, k.RunsPruned)]
    assert len(journal) == 2 - len(left)
    assert told.startswith(f"{2 - len(left)} run") and all(next(iter(said)) in event.why for event in journal)
    assert record_verbs.verified(store, typed())[1]


def test_runs_that_work_for_another_go_and_stay_with_it(store: Store, tmp_path: Path) -> None:
    """They are not counted among those that are kept: a person has asked for one run."""
    began = (k.RunStarted("work", "m"), k.RunEnded("done"))
    for run, time in (
        (child_of("run1", "a"), 5_001.0),
        ("run3", 6_000.0),
        (child_of("run3", "a"), 6_001.0),
        (child_of(child_of("run3", "a"), "b"), 6_002.0),
    ):
        store.log.append(run, 0, began, time)
    record_care.pruned(store, tmp_path / ".aether", typed(keep="2"), 10_000.0)
    assert {run.id[:4] for run in store.log.runs()} == {"run2", "run3"} and len(store.log.runs()) == 4
    record_care.pruned(store, tmp_path / ".aether", typed(keep="1"), 10_000.0)
    assert {run.id[:4] for run in store.log.runs()} == {"run3"} and len(store.log.runs()) == 3


@pytest.mark.parametrize(
    "said", [{}, {"older": "some"}, {"larger": "large"}, {"larger": "5 apples"}, {"keep": "1", "larger": "1"}]
)
def test_what_cannot_be_meant_drops_nothing(store: Store, tmp_path: Path, said: dict[str, str]) -> None:
    """Cleaning says which runs, or does nothing."""
    with pytest.raises(OptionError):
        record_care.pruned(store, tmp_path / ".aether", typed(**said), 10_000.0)
    assert len(store.log.runs()) == 2


def test_that_the_file_keeps_its_size_while_a_run_is_at_work_is_said(store: Store, tmp_path: Path) -> None:
    """Whoever cleans to have room again is told why there is none."""
    with store.leased("run9"):
        told = record_care.pruned(store, tmp_path / ".aether", typed(keep="1"), 10_000.0)
    assert "A run is at work here, so the file keeps its size" in told
    assert "at work" not in record_care.pruned(store, tmp_path / ".aether", typed(keep="0"), 10_000.0)


# ---- verify


def test_a_run_that_was_dropped_is_verified_by_the_journal(store: Store, tmp_path: Path) -> None:
    """By its name or the beginning of it, also where runs that worked for it, or none at all, are left."""
    head = store.chain.head("run1")
    orphan = child_of("run1", "a")
    store.log.append(orphan, 0, (k.RunStarted("work", "m"),), 5_001.0)
    record_care.pruned(store, tmp_path / ".aether", typed(keep="1"), 10_000.0)
    text, ok = record_verbs.verified(store, typed(run="run1", head=head[:12]))
    assert ok and "  ok     run1  " in text and head in text
    record_care.pruned(store, tmp_path / ".aether", typed(keep="0"), 10_000.0)
    assert head in record_verbs.verified(store, typed(run="run1"))[0]
    with pytest.raises(RunNotFound, match="no run 'run9'"):
        record_verbs.verified(store, typed(run="run9"))


def test_a_run_that_was_dropped_is_no_run_that_was_tampered_with(store: Store, tmp_path: Path) -> None:
    """What a notebook shows and cleaning has dropped is told as whole; what nobody knows of is not."""
    path = notebook(tmp_path, store)
    record_care.pruned(store, tmp_path / ".aether", typed(keep="1"), 10_000.0)
    assert record_verbs.verified(store, typed(notebook=str(path)))[1]
    path.write_text(path.read_text().replace("aether run run1 chain", "aether run run9 chain"))
    text, ok = record_verbs.verified(store, typed(notebook=str(path)))
    assert not ok and "run9  event 1: It is not in this record" in text
    path.write_text(json.dumps({"cells": []}))
    assert record_verbs.verified(store, typed(notebook=str(path))) == (f"{path} shows no run.", True)
    with pytest.raises(UsageFault, match="says by itself"):
        record_verbs.verified(store, typed(notebook=str(path), run="run1"))


def test_the_journal_is_read_once_and_only_where_a_run_is_not_as_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a notebook with many runs nothing is looked up that the runs themselves say; of those that are gone, once."""
    heads = {run: store.chain.head(run)[:16] for run in ("run1", "run2")}
    text = "\n".join(f"run {run} · chain {head}" for run, head in heads.items())
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": [{"outputs": [{"text": text}]}]}))
    looked: list[str] = []

    def noting(act: Any, run: str, *more: Any) -> Any:
        looked.append(run)
        return act(run, *more)

    monkeypatch.setattr(store.log, "read", partial(noting, store.log.read))
    monkeypatch.setattr(store.chain, "verify", partial(noting, store.chain.verify))
    assert record_verbs.verified(store, typed(notebook=str(path)))[1] and JOURNAL not in looked
    record_care.pruned(store, tmp_path / ".aether", typed(keep="0"), 10_000.0)
    looked.clear()
    assert record_verbs.verified(store, typed(notebook=str(path)))[1]
    assert looked.count(JOURNAL) == 2  # what it says, and whose it is


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["why"], "No model."),
        (["audit", "run1"], "# Audit of runs"),
        (["verify"], "All are what was written."),
        (["runs", "--prune", "--keep", "5"], "0 runs dropped"),
        (["pack", "book.ipynb"], "book.zip: book.ipynb with 1 run."),
        (["trace", "run1"], "item 1: Look [done]"),
        (["show", "run1"], "chain "),
    ],
)
def test_the_terminal_has_the_same_verbs(
    store: Store, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each works in the folder of the record, and ends with 0."""
    notebook(tmp_path, store)
    assert cli.main(words) == 0
    assert said in capsys.readouterr().out


def test_an_empty_record_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is recorded there is nothing to look at."""
    monkeypatch.chdir(tmp_path)
    assert record_verbs.verified(open_store(tmp_path / ".aether"), typed()) == ("No runs are recorded here yet.", True)
    assert record_care.explained(open_store(tmp_path / ".aether")).startswith("Nothing failed")
