"""A glance at a record: what was left behind, told without opening the store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aether_nb.events import kinds as k
from aether_nb.store.encrypting import encrypt
from aether_nb.store.glance import Left, left_behind, wrapped_in
from aether_nb.store.store import Store, open_store
from aether_nb.store.vault import new_key
from aether_nb.store.wrapping import wrap
from harness.lasting import SEND, answered, letter
from harness.story import hash_of

GATE = (answered(SEND), letter(SEND), k.GateOpened("call_2", hash_of(SEND)))


def recorded(store: Store, run: str, *events: k.Event, notebook: str = "", time: float = 1000.0) -> None:
    """A run of a notebook, with these events after its first."""
    store.log.append(run, 0, (k.RunStarted(f"question of {run}", "script", notebook=notebook), *events), time)


def test_only_what_nobody_goes_on_with_is_told(tmp_path: Path) -> None:
    """Interrupted and parked runs, newest first, with what they wait for; not what has ended."""
    store = open_store(tmp_path)
    recorded(store, "aaaa1111", time=1000.0)
    recorded(store, "bbbb2222", *GATE, k.RunParked("gate", "call_2"), time=1001.0)
    recorded(store, "cccc3333", k.RunEnded("done"), time=1002.0)
    recorded(store, "dddd4444", k.QuestionAsked("q", "Which?"), k.RunParked("question", "q"), time=1003.0)
    recorded(store, "eeee5555", k.SignalReceived("s", "pause", "cell"), k.RunParked("go"), time=1004.0)
    assert left_behind(tmp_path) == [
        Left("eeee5555", "question of eeee5555", "a word to go on"),
        Left("dddd4444", "question of dddd4444", "an answer"),
        Left("bbbb2222", "question of bbbb2222", "a yes or a no to send_letter"),
        Left("aaaa1111", "question of aaaa1111"),
    ]


def test_runs_of_other_notebooks_are_not_told(tmp_path: Path) -> None:
    """Of a notebook that is known its own runs are told, and those of which no notebook is known."""
    store = open_store(tmp_path)
    for run, notebook in {"aaaa1111": "/a.ipynb", "bbbb2222": "/b.ipynb", "cccc3333": ""}.items():
        recorded(store, run, notebook=notebook)
    assert [one.run for one in left_behind(tmp_path, "/a.ipynb")] == ["aaaa1111", "cccc3333"]
    assert len(left_behind(tmp_path)) == 3


def test_run_that_somebody_alive_holds_is_not_told(tmp_path: Path) -> None:
    """Another process that holds a run goes on with it; once it has died the run is told."""
    store = open_store(tmp_path)
    recorded(store, "aaaa1111")
    hold = f"""
from pathlib import Path
from aether_nb.store.store import open_store
open_store(Path({str(tmp_path)!r})).leases.take("aaaa1111", 1.0)
print("held", flush=True)
input()
"""
    process = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert left_behind(tmp_path) == []
        process.kill()
    assert [one.run for one in left_behind(tmp_path)] == ["aaaa1111"]


def test_nothing_is_told_of_what_cannot_be_read(tmp_path: Path) -> None:
    """No record, another file and an older one say nothing, and nothing is written."""
    assert left_behind(tmp_path / "nowhere") == []
    (tmp_path / "runs.db").write_text("no database at all, but a text of some length" * 30)
    assert left_behind(tmp_path) == []
    assert [file.name for file in tmp_path.iterdir()] == ["runs.db"]


def test_whether_it_is_encrypted_is_told_without_making_anything(tmp_path: Path) -> None:
    """Of no record, of one that is no database, and of each kind."""
    assert wrapped_in(tmp_path) is None and not list(tmp_path.iterdir())
    key = new_key()
    wrapped = wrap(key, "random", "keyring", 1.0)
    recorded(store := open_store(tmp_path), "r")
    store.log.close()
    assert wrapped_in(tmp_path) is None
    encrypt(tmp_path, wrapped, key)
    assert wrapped_in(tmp_path) == wrapped
    (tmp_path / "runs.db").write_text("no database")
    assert wrapped_in(tmp_path) is None
