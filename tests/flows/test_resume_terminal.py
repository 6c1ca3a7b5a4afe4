"""``aether resume`` under a pseudo-terminal: a kernel of its own, questions asked here, nobody means wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from harness.home import bare
from harness.kernel import Kernel
from harness.provider import Provider, provider

pytestmark = [pytest.mark.kernel, pytest.mark.slow]


@pytest.fixture
def server() -> Iterator[Provider]:
    """A model server."""
    with provider() as found:
        yield found


@pytest.fixture
def home(tmp_path: Path, server: Provider) -> dict[str, str]:
    """The environment of a user whose model is that server's."""
    keyed = {"OPENAI_API_KEY": "sk-test-0123456789", "OPENAI_BASE_URL": f"{server.url}/v1"}
    return bare(tmp_path / "home") | keyed


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder of a notebook."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def said(home: dict[str, str], work: Path, *words: str, code: int = 0) -> str:
    """What ``aether …`` prints where nobody can type."""
    command = [sys.executable, "-m", "aether_nb", *words]
    done = subprocess.run(
        command, cwd=work, env=home, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def typing(home: dict[str, str], work: Path, *words: str) -> Any:
    """The command at a terminal of its own."""
    wide = {"encoding": "utf-8", "timeout": 30, "dimensions": (60, 160)}
    return pexpect.spawn(sys.executable, ["-m", "aether_nb", *words], env=home, cwd=str(work), **wide)


def ended(terminal: Any) -> int:
    """The exit code."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    return int(terminal.exitstatus)


def parked(home: dict[str, str], work: Path) -> str:
    """A run that waits at a gate in a kernel that is gone."""
    with Kernel(Path(sys.executable), home, work) as kernel:
        kernel.run("%load_ext aether_nb")
        cell = kernel.run("%%aether --model openai:writer --park-after 0.3\nWrite it down")
        assert cell.status == "ok", cell.of("error")
    return str(json.loads(said(home, work, "runs", "--json"))[0]["run"])


def interrupted(home: dict[str, str], work: Path) -> str:
    """A run whose kernel was killed while code of it acted outside."""
    with Kernel(Path(sys.executable), home, work) as kernel:
        kernel.run("%load_ext aether_nb")
        pid = int(kernel.run("import os; print(os.getpid())").text())
        kernel.send("%%aether --model openai:sleeper\nWrite, then sleep", allow_stdin=True)
        deadline = time.monotonic() + 20
        while not kernel.client.stdin_channel.msg_ready():
            kernel.wait(0.1)
            assert time.monotonic() < deadline, "the gate"
        kernel.client.input("y")
        while not (work / "begun.txt").exists():
            kernel.wait(0.1)
            assert time.monotonic() < deadline, "the tool to begin"
        os.kill(pid, signal.SIGKILL)
    return str(json.loads(said(home, work, "runs", "--json"))[0]["run"])


def test_a_gate_is_typed_in_sight_of_the_exact_call(home: dict[str, str], work: Path) -> None:
    """A parked run goes on in a kernel of its own; the call is shown, y lets it act, and the answer is printed."""
    run = parked(home, work)
    assert not (work / "answer.txt").exists()
    terminal = typing(home, work, "resume")
    terminal.expect_exact("open('answer.txt', 'w').write(str(6 * 7))")
    terminal.expect_exact("Went on in another kernel")
    terminal.expect_exact("[n]o? ")
    terminal.sendline("y")
    terminal.expect_exact("The answer is 42.")
    assert ended(terminal) == 0
    assert (work / "answer.txt").read_text() == "42"
    assert json.loads(said(home, work, "runs", "--json"))[0]["outcome"] == "done"
    assert "has ended (done)" in said(home, work, "resume", run, code=1)


def test_a_run_goes_on_with_the_files_that_it_had(home: dict[str, str], work: Path) -> None:
    """A kernel of its own has no variables: --load brings those of files; one that is none is said before it begins."""
    run = parked(home, work)
    (work / "mine.py").write_text("open('loaded.txt', 'w').close()")
    said(home, work, "resume", run, "--load", "mine.py", code=3)  # nobody can type: it still waits
    assert (work / "loaded.txt").exists()
    assert "nowhere.csv is no file" in said(home, work, "resume", run, "--load", "nowhere.csv", code=2)


def test_a_question_that_is_answered_elsewhere_is_taken_back(home: dict[str, str], work: Path) -> None:
    """While the gate stands at one terminal a yes is given at another: the first one goes on without a key."""
    run = parked(home, work)
    terminal = typing(home, work, "resume", run)
    terminal.expect_exact("[n]o? ")
    other = typing(home, work, "approve", run, "--lasts", "run")
    other.expect_exact("open('answer.txt', 'w').write(str(6 * 7))")
    other.expect_exact("Say yes to it? [y/N] ")
    other.sendline("y")
    other.expect_exact("It has heard it.")
    assert ended(other) == 0
    terminal.expect("Approved by .* from a terminal, for this run")
    terminal.expect_exact("The answer is 42.")
    assert ended(terminal) == 0


def test_a_doubt_is_settled_by_a_number(home: dict[str, str], work: Path) -> None:
    """What was interrupted is shown whole with three numbered ways out; what was done is not done again."""
    interrupted(home, work)
    terminal = typing(home, work, "resume")
    terminal.expect_exact("open('begun.txt', 'a').write('x')")
    terminal.expect_exact("Nobody knows whether it acted")
    terminal.expect_exact("1. it ran")
    terminal.expect_exact("3. skip")
    terminal.sendline("1")
    terminal.expect("It ran: settled in the terminal")
    assert ended(terminal) == 0
    assert (work / "begun.txt").read_text() == "x"


def test_ctrl_c_stops_the_run_and_the_kernel(home: dict[str, str], work: Path) -> None:
    """At the question Ctrl-C is the same Stop as in a cell: the run is over, and says so."""
    parked(home, work)
    terminal = typing(home, work, "resume")
    terminal.expect_exact("[n]o? ")
    terminal.sendintr()
    terminal.expect_exact("the run was stopped")
    assert ended(terminal) == 1
    assert json.loads(said(home, work, "runs", "--json"))[0]["outcome"] == "cancelled"


def test_where_nobody_can_type_the_gate_stays_open_unless_it_was_answered(home: dict[str, str], work: Path) -> None:
    """Without a terminal a run is parked again (3); a yes said before is heard; a policy can be named."""
    run = parked(home, work)
    told = " ".join(said(home, work, "resume", code=3).split())
    assert f"Next: aether approve {run}. If its kernel is gone: aether resume {run}" in told and "%aether" not in told
    assert "Nobody can type here" in said(home, work, "approve", code=2)
    assert f"Go on with it: aether resume {run}" in said(home, work, "approve", "--yes")
    assert "The answer is 42." in said(home, work, "resume")
    assert (work / "answer.txt").read_text() == "42"


def test_words_are_refused_when_they_fit_nothing(home: dict[str, str], work: Path) -> None:
    """What the run does not wait for, what is missing and what does not exist is said, with what to type."""
    assert "No run waits for a yes or a no." in said(home, work, "approve", "--yes", code=1)
    run = parked(home, work)
    assert f"Run {run} does not wait for an answer." in said(home, work, "answer", run, "yes", code=1)
    assert f"next: aether approve {run} · aether deny {run}" in said(home, work, "settle", run, "ran", code=1)
    assert "There is nothing to tell." in said(home, work, "tell", run, code=2)
    assert "There is no run 'zzzz'." in said(home, work, "pause", "zzzz", code=1)
    row = json.loads(said(home, work, "tell", "--json", run, "Use", "euros"))
    assert (row["run"], row["said"], row["heard"], row["stands"]) == (run, "tell", False, "parked")


def test_a_stop_ends_a_run_that_nobody_holds(home: dict[str, str], work: Path) -> None:
    """Parked or broken off, it is over at once; what may have acted outside is named; the record can be replayed."""
    run = parked(home, work)
    assert f"Run {run}: Told to stop. It is ended (cancelled)." in said(home, work, "stop", run)
    other = interrupted(home, work)
    told = said(home, work, "stop", other)
    assert "It is ended (cancelled). Look whether these acted: run_python." in told
    assert [row["outcome"] for row in json.loads(said(home, work, "runs", "--json"))] == ["cancelled", "cancelled"]
    assert "No run waits for somebody to go on with it." in said(home, work, "resume", code=1)
    assert "the record is what the rules do" in said(home, work, "replay", other)


@pytest.mark.full
def test_where_nobody_can_type_a_pause_and_a_doubt_stay_open(home: dict[str, str], work: Path) -> None:
    """A resume there does not wait for ever, and settles nothing by itself: it says what to type."""
    run = parked(home, work)
    assert f"aether approve {run}" in said(home, work, "resume", run, "--approve", "low", code=3)
    said(home, work, "pause", run)
    said(home, work, "approve", run, "--yes")
    assert f"aether go {run}" in said(home, work, "resume", run, code=3)
    assert not (work / "answer.txt").exists()
    said(home, work, "go", run)
    assert "The answer is 42." in said(home, work, "resume", run)
    other = interrupted(home, work)
    told = " ".join(said(home, work, "resume", other, "--approve", "auto", code=3).split())
    assert f"aether settle {other} ran|rerun|skip" in told
    said(home, work, "settle", other, "ran")
    assert "The answer is 42." in said(home, work, "resume", other)
    assert (work / "begun.txt").read_text() == "x"
