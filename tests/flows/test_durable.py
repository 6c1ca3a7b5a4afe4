"""Runs that outlive their cell and their kernel, in real kernels: announced, spoken to from outside, woken, resumed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.kernel import Kernel, interpreter, shown

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

LOAD = """
%load_ext aether_nb
import os, time, pathlib
from aether_nb import ScriptedModel, register, tool
from aether_nb.events.messages import ToolCall

@tool(risk=os.environ.get("RISK", "high"), effect="external")
def send(to: str, wait: float = 0.0, file: str = "") -> str:
    \"\"\"Send a letter, after so many seconds, and when that file is there.\"\"\"
    with open("begun.txt", "a") as begun:
        begun.write(to + "\\n")
    time.sleep(wait)
    while file and not pathlib.Path(file).exists():
        time.sleep(0.02)
    with open("sent.txt", "a") as file:
        file.write(to + "\\n")
    return f"sent to {to}"

class Script:
    name = "script"
    async def stream(self, request):
        n = sum(bool(message.calls) for message in request.messages)
        async for delta in ScriptedModel([SCRIPT[n]], name="script").stream(request):
            yield delta

register("model", "script", Script)
def send_to(name, **more):
    return ToolCall("", "send", {"to": name, **more})
"""


def setup(*script: str) -> str:
    """A cell that loads the extension, a tool that acts outside, and a model that says this, from where it was left."""
    return f"{LOAD}SCRIPT = [{', '.join(script)}]"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder of a notebook."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture(params=["now", pytest.param("six", marks=pytest.mark.full)])
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreters whose kernels are tested: this one's, and that of an environment with ipykernel 6."""
    return interpreter(request)


@pytest.fixture
def kernel(python: Path, work: Path) -> Iterator[Kernel]:
    """A kernel in it."""
    with Kernel(python, folder=work) as kernel:
        yield kernel


def aether(work: Path, *words: str, code: int = 0) -> str:
    """What ``aether …`` prints in a shell in that folder."""
    command = [sys.executable, "-m", "aether_nb", *words]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def the_run(work: Path) -> str:
    """The name of the newest run."""
    return str(json.loads(aether(work, "runs", "--json"))[0]["run"])


def until(kernel: Kernel, holds: Any, what: str, seconds: float = 15) -> None:
    """Take in what the kernel publishes until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        kernel.wait(0.2)


def test_a_parked_run_is_woken_by_a_yes_from_a_shell(kernel: Kernel, work: Path) -> None:
    """The cell ends with a picture that says how to go on; aether approve wakes the run, in the same cell's output."""
    assert kernel.run(setup("[send_to('anna')]", "'all done'")).status == "ok"
    cell = kernel.run("%%aether --model script --park-after 0.5\nSend it")
    assert cell.status == "ok", cell.of("error")
    picture, run = shown(cell), the_run(work)
    assert f"%aether approve {run}" in picture and "waits for a yes or a no to send" in picture
    assert '"to": "anna"' in picture and "Parked" in picture
    assert json.loads(aether(work, "runs", "--json"))[0]["outcome"] == "parked"
    said = aether(work, "approve", "--yes")
    assert '"to": "anna"' in said and "Approved: send." in said and "It has heard it." in said
    until(kernel, lambda: "all done" in shown(cell), "the run to end in its own cell")
    assert "Done" in shown(cell) and "from a terminal" in shown(cell)
    assert (work / "sent.txt").read_text() == "anna\n"


def test_several_parked_runs_wake_each_by_its_own_word(kernel: Kernel, work: Path) -> None:
    """What is said to one run leaves the other parked; a cell's own approve wakes it too."""
    kernel.run(setup("[send_to('anna')]", "'all done'"))
    cells = [kernel.run("%%aether --model script --park-after 0.5\nSend it") for _ in range(2)]
    first, second = [re.search(r"approve (\w{8})", shown(cell))[1] for cell in cells]  # type: ignore[index]
    refused = aether(work, "approve", "--yes", code=1)
    assert "Several runs wait for a yes or a no." in refused and first in refused and second in refused
    said = kernel.run(f'%aether deny {second} --reason "not her"')
    assert "It goes on by itself, in the cell where it was parked." in said.text(), said.of("error")
    until(kernel, lambda: "Done" in shown(cells[1]), "the second run to end")
    assert "Parked" in shown(cells[0]) and "not her" in shown(cells[1])
    kernel.run(f"%aether approve {first}")
    until(kernel, lambda: "Done" in shown(cells[0]), "the first run to end")
    assert (work / "sent.txt").read_text() == "anna\n"


def killed(work: Path, script: tuple[str, ...], cell: str, until_there: Path) -> str:
    """Begin a run in a kernel of its own and kill that with SIGKILL as soon as a file is there. The run's name."""
    with Kernel(Path(sys.executable), {"RISK": "low"}, work) as kernel:
        kernel.run(setup(*script))
        pid = int(kernel.run("print(os.getpid())").text())
        kernel.send(cell)
        until(kernel, until_there.exists, "the tool to begin")
        os.kill(pid, signal.SIGKILL)
    return the_run(work)


def lost(work: Path) -> str:
    """A run whose kernel died while its tool acted outside."""
    script = ("[send_to('anna', wait=30.0)]", "'all done'")
    return killed(work, script, "%%aether --model script\nSend it", work / "begun.txt")


def test_a_run_whose_kernel_died_is_announced_and_its_doubt_is_settled(work: Path) -> None:
    """%load_ext says it in one line; resume asks what became of the call, and a word from a shell settles it."""
    run = lost(work)
    with Kernel(Path(sys.executable), folder=work) as kernel:
        loaded = kernel.run(setup("[send_to('anna', wait=30.0)]", "'all done'")).text().splitlines()
        assert loaded[1] == f'aether: run {run} was interrupted ("Send it"). Go on: %aether resume {run}'
        assert f"{run}  interrupted · nobody holds it: %aether resume {run}" in kernel.run("%aether").text()
        early = aether(work, "settle", "ran", code=1)
        assert "No run has a call in doubt." in early and run in early
        cell = kernel.send("%aether resume --park-after 30")
        kernel.wait(3)
        assert "It waits for word of what became of send." in aether(work, "approve", run, "--yes", code=1)
        said = aether(work, "settle", "ran")
        assert "Settled: send: it ran. It has heard it." in said and '"wait": 30.0' in said
        kernel.finish(cell)
        assert cell.status == "ok", cell.of("error")
        assert "It ran: settled by" in shown(cell) and "Went on in another kernel" in shown(cell)
    assert (work / "begun.txt").read_text() == "anna\n" and not (work / "sent.txt").exists()
    assert "has ended (done)" in aether(work, "stop", run, code=1)


def test_a_woken_run_gives_its_answer_to_the_variable(kernel: Kernel, work: Path) -> None:
    """-o NAME is bound when the run ends, however long after its cell; other cells run meanwhile as ever."""
    kernel.run(setup("[send_to('anna', wait=1.0)]", "'all done'"))
    cell = kernel.run("%%aether -o said --model script --park-after 0.5\nSend it")
    assert kernel.run("'said' in globals()").status == "ok"
    aether(work, "approve", "--yes")
    between = kernel.run("x = 6 * 7\nprint(x)")
    assert between.text() == "42\n"
    until(kernel, lambda: "all done" in shown(cell), "the run to end")
    assert kernel.run("print(said)").text() == "all done\n"
    assert "all done" not in shown(between) and between.text("stderr") == ""


def test_a_running_run_hears_pause_words_go_and_stop(kernel: Kernel, work: Path) -> None:
    """Orders and words from a shell reach a run that a cell is working on, between two steps; Stop ends a call."""
    script = setup("[send_to('anna', file='stamps.txt')]", "[send_to('bert', wait=60.0)]", "'all done'")
    kernel.run(script.replace('"high"', '"low"'))
    cell = kernel.send("%%aether --model script\nSend both")
    until(kernel, (work / "begun.txt").exists, "the first letter to begin")
    assert "Told to pause before its next step." in aether(work, "pause")
    assert "the model reads it before its next step" in aether(work, "tell", "Don't", "forget", "the", "“stamps”")
    (work / "stamps.txt").touch()
    deadline = time.monotonic() + 15
    while json.loads(aether(work, "runs", "--json"))[0]["waits_for"] != "a word to go on: it is paused":
        assert time.monotonic() < deadline
    assert (work / "begun.txt").read_text() == "anna\n"
    assert "It has heard it." in aether(work, "go")
    until(kernel, lambda: "bert" in (work / "begun.txt").read_text(), "the second letter to begin")
    assert "It is ended (cancelled). Look whether these acted: send." in aether(work, "stop")
    kernel.finish(cell)
    picture = shown(cell)
    assert "» Don't forget the “stamps” (said by" in picture and "Paused by" in picture
    assert "Stopped by cli:" in picture and (work / "sent.txt").read_text() == "anna\n"


def test_a_question_of_a_running_call_is_answered_from_a_shell(kernel: Kernel, work: Path) -> None:
    """What a call asks at an input box may be answered elsewhere: the box is given up, and the call goes on."""
    kernel.run(setup("[ToolCall('', 'ask_user', {'question': 'Which city?'})]", "'all done'"))
    cell = kernel.send("%%aether --model script\nAsk me", allow_stdin=True)
    until(kernel, kernel.client.stdin_channel.msg_ready, "the question")
    assert "It waits for an answer: Which city?" in aether(work, "approve", the_run(work), "--yes", code=1)
    assert "Answered: “Rome”. It has heard it." in aether(work, "answer", "Rome")
    kernel.finish(cell)
    assert cell.status == "ok", cell.of("error")
    assert "Rome (by" in shown(cell) and "all done" in shown(cell, "text/markdown")


CODE = "import asyncio\\nawait asyncio.sleep(0.1)\\nmade = 5\\nprint('printed', made)\\nmade + 1"


def test_code_of_a_woken_run_works_between_the_cells_as_in_one(kernel: Kernel, work: Path) -> None:
    """It awaits, prints on its card and makes variables; nothing of it shows in cells that ran meanwhile."""
    call = f"ToolCall('', 'run_python', {{'code': {CODE!r}}})".replace("\\\\", "\\")
    kernel.run(setup("[send_to('anna')]", f"[{call}]", "'all done'"))
    cell = kernel.run("%%aether --model script --park-after 0.5\nSend it, then compute")
    later = kernel.run("import threading\nprint('later')")
    aether(work, "approve", "--yes")
    until(kernel, lambda: "all done" in shown(cell), "the run to end")
    assert "printed 5" in shown(cell) and "made" in shown(cell)
    assert kernel.run("print(made)").text() == "5\n"
    assert later.text() == "later\n" and len(later.messages) < 8


@pytest.mark.parametrize("how", ["stop", "interrupt"])
def test_stop_ends_a_woken_run_that_is_at_work(kernel: Kernel, work: Path, how: str) -> None:
    """Neither a word from a shell nor the kernel's own Stop waits for the tool; the kernel is as sound as before."""
    kernel.run(setup("[send_to('anna', wait=60.0)]", "'all done'"))
    cell = kernel.run("%%aether --model script --park-after 0.5\nSend it")
    aether(work, "approve", "--yes")
    until(kernel, (work / "begun.txt").exists, "the tool to begin")
    kernel.interrupt() if how == "interrupt" else aether(work, "stop")
    until(kernel, lambda: "Stopped" in shown(cell), "the run to end")
    assert kernel.run("print(6 * 7)").text() == "42\n"
    assert not (work / "sent.txt").exists()
    assert json.loads(aether(work, "runs", "--json"))[0]["outcome"] == "cancelled"
    again = kernel.run("%%aether --model script --park-after 0.5\nSend it")
    assert "Parked" in shown(again)


def test_a_doubt_is_asked_at_an_input_box_in_sight_of_the_whole_call(work: Path) -> None:
    """Where there is no panel the question comes with the call's arguments and three numbers, and a number answers."""
    run = lost(work)
    with Kernel(Path(sys.executable), folder=work) as kernel:
        kernel.run(setup("[send_to('anna', wait=0.0)]", "'all done'"))
        cell = kernel.send(f"%aether resume {run}", allow_stdin=True)
        until(kernel, kernel.client.stdin_channel.msg_ready, "the question")
        prompt = kernel.client.get_stdin_msg(timeout=1)["content"]["prompt"]
        assert '"wait": 30.0' in prompt and "What became of it?" in prompt and "  2. run it" in prompt
        kernel.client.input("3")
        kernel.finish(cell)
        assert "Left as it is: settled in the terminal" in shown(cell)
    assert not (work / "sent.txt").exists()
