"""Hooks in real kernels: one that is killed in the middle asks about nothing twice, and one that ends says so."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from harness.kernel import Kernel, shown

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.full]

LOAD = """
%load_ext aether_nb
import os, pathlib, signal, time
from aether_nb import ScriptedModel, hook, register, tool
from aether_nb.events.messages import ToolCall

@tool(risk="low", effect="pure")
def first() -> str:
    \"\"\"Do something.\"\"\"
    return "a secret"

@tool(risk="low", effect="pure")
def second() -> str:
    \"\"\"Do something, and die the first time.\"\"\"
    if not pathlib.Path("died").exists():
        time.sleep(0.3)  # what was proposed is recorded by now
        pathlib.Path("died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "another secret"

class Script:
    name = "script"
    async def stream(self, request):
        n = sum(bool(message.calls) for message in request.messages)
        lines = [ToolCall("c1", "first", {}), ToolCall("c2", "second", {}), "all done"]
        async for delta in ScriptedModel([lines[n]], name="script").stream(request):
            yield delta

register("model", "script", Script)

def asked(about):
    with open("asked.txt", "a") as file:
        file.write(f"{about['event']} {about['tool']}\\n")
    return {"mask": ["secret"]} if about["event"] == "after_tool" else None

hook("before_tool", name="before")(asked)
hook("after_tool", name="after")(asked)
"""


def come(file: Path) -> None:
    """Wait for a file, and a moment longer, so that it is whole."""
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)


def test_a_kernel_that_is_killed_between_two_calls_asks_no_hook_again(tmp_path: Path) -> None:
    """What was finished keeps what a hook made of it; what was only begun is shown to the hook of its end once."""
    work = tmp_path / "work"
    work.mkdir()
    with Kernel(Path(sys.executable), folder=work) as kernel:
        assert kernel.run(LOAD).status == "ok"
        kernel.send("%%aether --model script\nGo")
        come(work / "died")
    with Kernel(Path(sys.executable), folder=work) as kernel:
        assert kernel.run(LOAD).status == "ok"
        cell = kernel.run("%aether resume")
        assert cell.status == "ok", cell.of("error")
        assert "all done" in shown(cell)
        trace = kernel.run("%aether trace --json")
        events = json.loads(trace.text())["events"]
    lines = (work / "asked.txt").read_text().splitlines()
    assert sorted(lines) == ["after_tool first", "after_tool second", "before_tool first", "before_tool second"]
    assert sum("hook.took" in json.dumps(event) for event in events) == 2


def test_the_end_of_a_kernel_is_told_to_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is shut down, without a word of anybody's."""
    work = tmp_path / "work"
    work.mkdir()
    code = "import sys; open('told', 'w').write(sys.stdin.read())"
    (tmp_path / "own.toml").write_text(
        f"[hooks.end]\nevent = 'session_end'\ncommand = ['{sys.executable}', '-c', \"{code}\"]\n"
    )
    monkeypatch.setenv("AETHER_CONFIG", str(tmp_path / "own.toml"))
    with Kernel(Path(sys.executable), folder=work) as kernel:
        assert kernel.run(LOAD).status == "ok"
        kernel.run("from pathlib import Path\nPath('died').touch()")
        assert kernel.run("%%aether --model script\nGo").status == "ok"
        kernel.run("exit()")
        come(tmp_path / "told")
    assert json.loads((tmp_path / "told").read_text())["runs"] == 1
