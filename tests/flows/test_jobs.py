"""Tasks from a terminal, in real kernels; a batch that is killed in the middle goes on, and does nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from aether_nb.store.store import open_store

SETUP = """\
from pathlib import Path
from aether_nb import ScriptedModel, register, tool

@tool(risk="low", effect="external", where="loop")
async def send(name: str) -> str:
    \"\"\"Send something outside, once.\"\"\"
    import asyncio
    with Path("sent.txt").open("a") as file:
        file.write(name + chr(10))
    await asyncio.sleep({seconds})
    return "sent"

from aether_nb.events.messages import ToolCall

def sender():
    return ScriptedModel([ToolCall("c1", "send", {{"name": get_ipython().user_ns["who"]}}), "It is sent."])

register("model", "sender", sender)
"""


def aether(folder: Path, *words: str, stdin: str | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
    """Type a line in a terminal where nobody can answer."""
    command = [sys.executable, "-m", "aether_nb", *words]
    said: Any = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, **said, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table."""
    (tmp_path / "sales.csv").write_text("month,amount\n1,10\n1,20\n2,5\n")
    return tmp_path


def test_a_task_is_worked_on_in_a_kernel_of_its_own(folder: Path) -> None:
    """What is piped in is asked, files are there as variables, and a program reads how it ended."""
    done = aether(folder, "execute", "--load", "sales.csv", "--run", "rows", "--json", stdin="How many rows has sales?")
    row = json.loads(done.stdout)
    assert (done.returncode, row["outcome"], row["run"]) == (0, "done", "rows")
    assert "3" in row["answer"]
    again = aether(folder, "execute", "--run", "rows", "How many rows?")
    assert (again.returncode, "There is a run rows already" in again.stderr) == (2, True)


AGENT = """\
from aether_nb import host

@host
def counter(house):
    house.call("run_python", code="months = int(sales.month.nunique())")
    return f"{months} months, {house.task}"
"""


@pytest.mark.full
def test_an_agent_from_a_script_works_on_a_task(folder: Path) -> None:
    """A file that hosts a function is loaded as any other; --as-agent names it."""
    (folder / "agents.py").write_text(AGENT)
    words = ("--load", "sales.csv,agents.py", "--as-agent", "counter", "--approve", "auto", "--json")
    done = aether(folder, "execute", *words, "Count.")
    assert json.loads(done.stdout)["answer"] == "2 months, Count.", done.stderr


def test_a_plan_changes_nothing_and_nothing_is_asked_of_nobody(folder: Path) -> None:
    """A template that needs what is not there is refused before a kernel starts; a plan only reads."""
    planned = aether(folder, "plan", "--load", "sales.csv", "Total amount in sales by month?")
    assert planned.returncode == 0, planned.stderr
    assert "Compute the total" in planned.stdout
    missing = aether(folder, "execute", "--template", "profile-table")
    assert (missing.returncode, "needs table" in missing.stderr) == (2, True)


ASKS = """
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
call = ToolCall("c1", "write_file", {"path": "out.txt", "content": "42"})
register("model", "writer", lambda: ScriptedModel([call, "It is written."], name="writer"))
"""


@pytest.mark.full
@pytest.mark.parametrize(("typed", "written"), [("y", True), ("n", False), ("", False)])
def test_what_a_task_asks_is_answered_in_the_terminal(folder: Path, typed: str, written: bool) -> None:
    """A call is shown before it acts; y lets it, n does not, nor does the end of input; the task goes on."""
    (folder / "asks.py").write_text(ASKS)
    words = ["-m", "aether_nb", "execute", "--load", "asks.py", "--model", "writer", "Write it down."]
    terminal = pexpect.spawn(sys.executable, words, cwd=str(folder), encoding="utf-8", timeout=60)
    terminal.expect_exact("out.txt")
    terminal.expect_exact("[n]o? ")
    terminal.sendline(typed) if typed else terminal.sendeof()
    if typed == "n":
        terminal.expect_exact("why not")
        terminal.sendline("not today")
    terminal.expect_exact("It is written.")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert (terminal.exitstatus, (folder / "out.txt").is_file()) == (0 if typed else 1, written)


@pytest.mark.full
def test_a_profile_is_chosen_in_a_terminal(folder: Path) -> None:
    """A task is worked on by the profile that is named; one that there is not is said before anything is asked."""
    (folder / "asks.py").write_text(ASKS)
    words = ("--load", "asks.py", "--model", "writer", "--approve", "auto", "--json", "Write it down.")
    row = json.loads(aether(folder, "execute", "--as-agent", "security", *words).stdout)
    assert row["outcome"] == "done"
    assert not (folder / "out.txt").exists()
    done = aether(folder, "execute", "--as-agent", "nobody", *words)
    assert (done.returncode, "There is no profile 'nobody'" in done.stderr) == (2, True)


def batch(folder: Path, count: int, seconds: float, concurrent: int) -> Path:
    """A batch of tasks that each send something once."""
    (folder / "setup.py").write_text(SETUP.format(seconds=seconds))
    tasks = []
    for n in range(count):
        (folder / f"who{n}.py").write_text(f"who = 'n{n}'\n")
        tasks.append({"name": f"n{n}", "task": "Send it.", "load": ["setup.py", f"who{n}.py"], "model": "sender"})
    (folder / "batch.yaml").write_text(json.dumps({"concurrent": concurrent, "tasks": tasks}))
    return folder / "batch.yaml"


def killed_and_begun_again(folder: Path, count: int, seconds: float, concurrent: int) -> dict[str, str]:
    """Kill a batch with all its kernels while it works, begin it again, and say how each task ended."""
    file = batch(folder, count, seconds, concurrent)
    command = [sys.executable, "-m", "aether_nb", "batch", file.name]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as first:
        sent = folder / "sent.txt"
        deadline = time.monotonic() + 120
        while not sent.exists() or len(sent.read_text().splitlines()) < count // 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        kernels = subprocess.run(
            ["pgrep", "-g", str(os.getpgid(first.pid))], capture_output=True, text=True, check=False
        ).stdout.split()
        for process in {*map(int, kernels), first.pid}:
            os.kill(process, signal.SIGKILL)
    time.sleep(0.5)
    again = aether(folder, "batch", file.name, "--json")
    rows = json.loads(again.stdout)
    assert len(rows) == count, again.stderr
    return {row["task"]: row["outcome"] for row in rows}


def never_twice(folder: Path, outcomes: dict[str, str]) -> None:
    """Nothing was sent twice; what was in the middle of it when it was killed waits for somebody to look."""
    sent = (folder / "sent.txt").read_text().split()
    assert len(sent) == len(set(sent))
    assert set(outcomes.values()) <= {"done", "waits"}
    for task, outcome in outcomes.items():
        assert task in sent, outcome


def test_a_batch_that_was_killed_goes_on(tmp_path: Path) -> None:
    """What is done stays done, what was left is resumed, and no effect happens twice."""
    outcomes = killed_and_begun_again(tmp_path, 4, 0.5, 2)
    never_twice(tmp_path, outcomes)
    store = open_store(tmp_path / ".aether", "test")
    assert len(store.log.runs()) == 4


@pytest.mark.full
def test_a_batch_of_fifty_that_was_killed_goes_on(tmp_path: Path) -> None:
    """The same with fifty tasks, four at a time."""
    outcomes = killed_and_begun_again(tmp_path, 50, 0.5, 4)
    never_twice(tmp_path, outcomes)
    assert len(outcomes) == 50
