"""Recorded runs in a real kernel: shown again, performed again, forked, verified, and a notebook without its model."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest
from flows.test_cell import LOAD, shown

from harness.kernel import Cell, Kernel

pytestmark = pytest.mark.kernel

ASKED = "%%aether -o told --model script\nSum of sales"
SCRIPT = """script(
    code("total = df.sales.sum()\\nprint(total)"),
    ToolCall("", "write_file", {"path": "out.txt", "content": "45"}),
    "The sum is 45.",
)"""


def home(folder: Path) -> dict[str, str]:
    """The environment of a user who lives there."""
    folder.mkdir(exist_ok=True)
    return {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "IPYTHONDIR")}


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder with one run in it, recorded by the user who lives in ``author``; its file was written."""
    work = tmp_path / "work"
    work.mkdir()
    with Kernel(Path(sys.executable), home(tmp_path / "author") | {"AETHER_APPROVE": "auto"}, work) as kernel:
        kernel.run(LOAD)
        kernel.run(SCRIPT)
        cell = kernel.run(ASKED)
        assert (cell.status, (work / "out.txt").read_text()) == ("ok", "45"), shown(cell)
    return work


def aether(folder: Path, *words: str) -> tuple[int, str]:
    """What the command line does in a folder."""
    command = [sys.executable, "-m", "aether_nb", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def answer(kernel: Kernel, source: str, word: str) -> Cell:
    """Run a cell and type a word where it asks."""
    cell = kernel.send(source, allow_stdin=True)
    while not cell.ended:
        kernel.wait(0.05)
        if kernel.client.stdin_channel.msg_ready():
            kernel.client.get_stdin_msg(timeout=1)
            kernel.client.input(word)
    return cell


def test_a_run_is_shown_again_checked_and_performed_again(recorded: Path, tmp_path: Path) -> None:
    """pure and confirm act on nothing; confirm notices a file that changed; live does the code and no write again."""
    with Kernel(Path(sys.executable), home(tmp_path / "author"), recorded) as kernel:
        kernel.run(LOAD)
        pure = kernel.run("%aether replay -o again")
        assert pure.status == "ok", pure.of("error")
        for said in ("Replayed from the record of", "by script; no model was asked", "Nothing is performed", "45.0"):
            assert said in shown(pure)
        assert "The sum is 45." in shown(pure, "text/markdown")
        assert kernel.run("print(again, 'total' in globals())").text() == "The sum is 45. False\n"
        assert kernel.run("%aether replay --mode confirm").status == "ok"
        live = kernel.run("%aether replay --mode live --json")
        told = json.loads(live.text())
        assert (told["same"], [call["performed"] for call in told["calls"]]) == (True, [True, False])
        assert kernel.run("print(total)").text() == "45.0\n"
        (recorded / "out.txt").write_text("46")
        kernel.run("df.loc[0, 'sales'] = 1.0; del total")
        (run,) = (row for row in json.loads(kernel.run("%aether runs --json").text()) if row["model"] == "script")
        refused = kernel.run(f"%aether replay {run['run']} --mode confirm")
        assert refused.error == "WorldDiffers"
        assert "out.txt" in "".join(refused.of("error")[0]["traceback"])
        drifted = json.loads(kernel.run(f"%aether replay {run['run']} --mode live --json").text())
        assert [drift["what"] for drift in drifted["calls"][0]["drift"]] == ["result", "content"]
        assert "run_python said something else than then." in shown(kernel.run("%aether show"))
    assert (recorded / "out.txt").read_text() == "46"


def test_the_terminal_replays_and_verifies(recorded: Path) -> None:
    """What was recorded is read by the rules, and its chain is whole; one changed byte is named, and the code is 1."""
    code, text = aether(recorded, "replay")
    assert (code, "the record is what the rules do" in text, "The sum is 45." in text) == (0, True, True)
    said = json.loads(aether(recorded, "replay", "--mode", "confirm", "--json")[1])
    assert (said["same"], len(said["checked"]), said["unchecked"]) == (True, 1, [])
    assert aether(recorded, "verify")[0] == 0
    head = json.loads(aether(recorded, "verify", "--json")[1])[0]["head"]
    assert aether(recorded, "verify", said["run"], "--head", head)[0] == 0
    assert aether(recorded, "verify", said["run"], "--head", head[:12])[0] == 0
    assert aether(recorded, "verify", said["run"], "--head", "0" * 64)[0] == 1
    (recorded / "out.txt").unlink()
    code, text = aether(recorded, "replay", "--mode", "confirm", "--json")
    assert (code, json.loads(text)["same"]) == (1, False)
    with closing(sqlite3.connect(recorded / ".aether" / "runs.db")) as db, db:
        db.execute("UPDATE events SET payload = replace(payload, '45', '46') WHERE seq = 3 AND kind = 'model.asked'")
        db.execute("UPDATE events SET payload = replace(payload, 'sales', 'salez') WHERE seq = 4")
    code, text = aether(recorded, "verify")
    assert (code, "event 4: Event 4 was changed." in text) == (1, True)
    code, text = aether(recorded, "replay")
    assert (code, "is not what was written" in text) == (1, True)


def test_a_fork_goes_another_way_with_what_it_was_told(recorded: Path, tmp_path: Path) -> None:
    """The new run has the old one's beginning, hears the words, is told which variables differ, and ends by itself."""
    with Kernel(Path(sys.executable), home(tmp_path / "author"), recorded) as kernel:
        kernel.run(LOAD)
        kernel.run("script(lambda r: ' / '.join(m.text for m in r.messages[-2:]))")
        nothing = kernel.run("%aether fork")
        assert nothing.error == "RunNotFound" or "has nothing to do" in str(nothing.of("error"))
        run = json.loads(kernel.run("%aether runs --json").text())[0]["run"]
        cell = kernel.run(f"%aether fork {run} and by city")
        assert cell.status == "ok", cell.of("error")
        said = shown(cell, "text/markdown")
        assert "total is gone: it is not in this kernel" in said.replace("\\\\", "")
        assert "(said while you work) and by city" in said
        assert f"a fork of {run} at its event" in shown(cell)
        earlier = kernel.run(f"%aether fork {run} --at 2 by city")
        assert earlier.status == "ok", earlier.of("error")
        assert "(said while you work) by city" in shown(earlier, "text/markdown")
        rows = json.loads(kernel.run("%aether runs --json").text())
        assert [row["outcome"] for row in rows] == ["done"] * 3
        for row in rows:
            assert kernel.run(f"%aether replay {row['run']}").status == "ok"
        assert kernel.run("%aether verify").text().endswith("All are what was written.\n")


# ---- without a key


def book(folder: Path, *cells: str) -> Path:
    """A notebook."""
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=code)  # type: ignore[no-untyped-call]
    path = folder / "book.ipynb"
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path


def run_all(path: Path, user: Path, **environment: str) -> Any:
    """Run All by nbclient, as somebody who lives in ``user``; the executed notebook."""
    out = path.with_name("executed.ipynb")
    command = ["-m", "nbconvert", "--to", "notebook", "--execute", "--allow-errors", "--output", out.name, path.name]
    env = os.environ | home(user) | environment
    done = subprocess.run([sys.executable, *command], cwd=path.parent, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return nbformat.read(out, as_version=4)  # type: ignore[no-untyped-call]


def text_of(cell: Mapping[str, Any]) -> str:
    """All that a cell shows as text."""
    texts = [str(o.get("text") or o.get("data", {}).get("text/plain") or o.get("ename", "")) for o in cell["outputs"]]
    return "\n".join(texts)


CELLS = (LOAD, ASKED, "print(total)", "%%aether\nHow many rows does df have?", "%%aether -o told\nSum of sales twice")


def test_run_all_without_the_model_shows_every_run(recorded: Path, tmp_path: Path) -> None:
    """A notebook and its record elsewhere, without the model: a stranger sees it, its author has it performed again."""
    there = tmp_path / "there"
    shutil.copytree(recorded, there)
    (there / "out.txt").unlink()
    path = book(there, *CELLS)
    stranger = run_all(path, tmp_path / "stranger").cells
    for said in ("Replayed from the record of", "by script; no model was asked", "Somebody else recorded it", "45.0"):
        assert said in text_of(stranger[1])
    assert "Only shown: nothing of it was performed" in text_of(stranger[1])
    assert "The sum is 45." in text_of(stranger[1])
    assert text_of(stranger[2]) == "NameError"
    assert "3" in text_of(stranger[3]) and "aether:analyst" in text_of(stranger[3])
    assert "Replayed" not in text_of(stranger[4])  # another question is a new one
    author = run_all(path, tmp_path / "author").cells
    assert "Its code is performed again" in text_of(author[1]) and "Somebody else" not in text_of(author[1])
    assert text_of(author[2]) == "45.0\n"
    assert not (there / "out.txt").exists()


def test_a_stranger_says_yes_once_and_later_cells_work(recorded: Path, tmp_path: Path) -> None:
    """One question for the whole run; after a yes its code runs here, and what was written is not written again."""
    (recorded / "out.txt").unlink()
    with Kernel(Path(sys.executable), home(tmp_path / "stranger"), recorded) as kernel:
        kernel.run(LOAD)
        cell = answer(kernel, "%%aether -o told\nSum of sales", "1")
        assert cell.status == "ok", cell.of("error")
        assert "perform it again" in shown(cell)
        assert kernel.run("print(total, told)").text() == "45.0 The sum is 45.\n"
        named = kernel.run("%%aether --model openai:gpt-5\nSum of sales")  # a model whose key is not here
        assert "no model was asked" in shown(named)
        unknown = kernel.run("%%aether --model openai:gpt-5\nSomething that was never asked")
        assert unknown.error == "ModelUnavailable"
        kernel.run("script('Anew.')")
        assert "Anew." in shown(kernel.run(ASKED), "text/markdown")  # a model that is here is asked
    assert not (recorded / "out.txt").exists()


def test_a_record_that_was_changed_is_not_performed(recorded: Path, tmp_path: Path) -> None:
    """Whoever slips code into somebody's record breaks its chain; one who rewrites the chain lacks the key."""
    with closing(sqlite3.connect(recorded / ".aether" / "runs.db")) as db, db:
        db.execute("UPDATE events SET payload = replace(payload, 'total = ', 'evil = ') WHERE seq = 4")
    with Kernel(Path(sys.executable), home(tmp_path / "author"), recorded) as kernel:
        kernel.run(LOAD)
        assert kernel.run("%%aether\nSum of sales").error == "StoreTampered"
        assert kernel.run("print('evil' in globals())").text() == "False\n"


def test_a_saved_notebook_is_a_second_witness(recorded: Path, tmp_path: Path) -> None:
    """The hash stands in the outputs, and is checked against the record; a record that was cut is found out."""
    path = book(recorded, LOAD, SCRIPT, ASKED)
    run_all(path, tmp_path / "author")
    code, text = aether(recorded, "verify", "--notebook", "executed.ipynb")
    assert (code, text.count("  ok ")) == (0, 1)
    run = re.findall(r"  ok     (\w+)", text)[0]
    with closing(sqlite3.connect(recorded / ".aether" / "runs.db")) as db, db:
        head = db.execute("SELECT head FROM runs WHERE id = ?", (run,)).fetchone()[0]
        db.execute("DELETE FROM events WHERE run = ? AND seq = ?", (run, head))
        db.execute(
            "UPDATE runs SET head = ?, chain = (SELECT hash FROM events WHERE run = ? AND seq = ?) WHERE id = ?",
            (head - 1, run, head - 1, run),
        )
    assert aether(recorded, "verify", run)[0] == 0  # the record alone does not know
    code, text = aether(recorded, "verify", "--notebook", "executed.ipynb")
    assert (code, "noted elsewhere" in text) == (1, True)
    assert aether(recorded, "verify", "--notebook", "nowhere.ipynb")[0] == 2
