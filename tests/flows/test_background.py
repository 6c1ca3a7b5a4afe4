"""Runs in the background, in a real kernel with a panel that somebody looks at: the cell returns, the run goes on."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.kernel import Cell, Kernel, comms, interpreter, shown

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

LOAD = """
%load_ext aether_nb
import os, time
import pandas as pd
from aether_nb import ScriptedModel, register, tool
from aether_nb.events.messages import ToolCall
asked = []
class Slow(ScriptedModel):
    async def stream(self, request):
        asked.append([message.text for message in request.messages])
        async for delta in super().stream(request):
            yield delta
def script(*replies, name="script", **more):
    register("model", name, lambda: Slow(replies, name=name, **more))
def code(text):
    return ToolCall("", "run_python", {"code": text})
@tool(risk="high", effect="external")
def send(to: str) -> str:
    "Send a letter."
    return f"sent to {to}"
posted = []
@tool(risk="low", effect="external")
async def post(to: str) -> str:
    "Post a letter, which takes its time."
    globals()["posting"] = True
    await __import__("asyncio").sleep(3)
    posted.append(to)
    return f"posted to {to}"
"""


@pytest.fixture(params=["now", pytest.param("six", marks=pytest.mark.full)], scope="module")
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreters whose kernels are tested: this one's, and that of an environment with ipykernel 6."""
    return interpreter(request)


@pytest.fixture(scope="module")
def shared(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel, with a panel that somebody has looked at, and two places in the background."""
    with Kernel(python, {"AETHER_BACKGROUND": "2"}, tmp_path_factory.mktemp("work")) as kernel:
        assert kernel.run(LOAD).status == "ok"
        over(kernel, launched(kernel, "script('hello')", "Say hello")[0])  # before its model gives way to another
        yield kernel


@pytest.fixture
def kernel(shared: Kernel) -> Kernel:
    """The shared kernel, with no memory of earlier questions."""
    shared.run("%aether new\nasked.clear()")
    return shared


def looked_at(kernel: Kernel, cell: Cell) -> str:
    """Say hello as a view does when it is drawn; the panel's comm."""
    kernel.until(lambda: bool(comms(cell) and cell.of("display_data")), "a panel", [cell])
    kernel.click(comms(cell)[-1], {"type": "hello", "seq": -1})
    return comms(cell)[-1]


def launched(kernel: Kernel, model: str, question: str, options: str = "", name: str = "script") -> tuple[Cell, str]:
    """A background cell that has returned, and its panel's comm."""
    assert kernel.run(model).status == "ok"
    cell = kernel.send(f"%%aether --bg --model {name} {options}\n{question}")
    comm = looked_at(kernel, cell)
    kernel.finish(cell)
    assert cell.status == "ok", cell.of("error")
    return cell, comm


def over(kernel: Kernel, cell: Cell, word: str = "Done") -> str:
    """What the cell shows when its run is over."""
    kernel.until(lambda: word in shown(cell), f"the run to be {word}", [cell])
    kernel.wait(0.3)
    return shown(cell)


def number(cell: Cell) -> str:
    """The number under which a background run was launched."""
    return cell.text().split("run ")[1].split()[0]


def gates(kernel: Kernel, comm: str) -> list[dict[str, Any]]:
    """The cards with a gate that a panel was sent."""
    blocks = [block for data in kernel.sent.get(comm, ()) for block in data.get("content", {}).get("blocks", [])]
    return [block for block in blocks if block.get("gate")]


def approval(kernel: Kernel, comm: str) -> dict[str, str]:
    """The click that approves the open gate of a panel."""
    card = gates(kernel, comm)[-1]
    call, hash = card["id"].partition(":")[2], card["gate"]["hash"]
    return {"type": "gate", "call_id": call, "hash": hash, "decision": "approve", "lasts": "once"}


SPEAKS = """script(code('''
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.show()
made = 5
print('printed', made)'''), 'all **done**', delay=0.05)"""


def test_the_cell_returns_and_the_answer_comes_to_it_while_others_run(kernel: Kernel) -> None:
    """Output, figure, answer and variable of a background run stand in the launching cell, nothing in others."""
    cell, _ = launched(kernel, SPEAKS, "Compute", "-o said")
    assert "goes on in the background" in cell.text() and "Done" not in shown(cell)
    later = kernel.run("begun = time.time(); time.sleep(1.0); print('later', 'made' in globals())")
    assert "printed 5" in over(kernel, cell)
    assert later.text() == "later False\n" and shown(later) == ""
    assert "all **done**" in shown(cell, "text/markdown") and shown(cell, "image/png").strip()
    assert cell.text().endswith("aether: said is bound to the answer.\n")
    assert kernel.run("print(made, said)").text() == "5 all **done**\n"


def test_a_gate_waits_for_a_click_while_other_cells_run(kernel: Kernel) -> None:
    """Nobody's silence is a no in the background; a click lets the run go on after other cells have run."""
    cell, comm = launched(kernel, "script(ToolCall('', 'send', {'to': 'anna'}), 'sent')", "Send it")
    kernel.until(lambda: bool(gates(kernel, comm)), "the gate", [cell])
    kernel.wait(0.5)
    runs = json.loads(kernel.run("%aether runs --json").text())
    assert runs[0]["waits_for"] == "a yes or a no to send" and runs[0]["background"] == int(number(cell))
    kernel.click(comm, approval(kernel, comm))
    assert "sent to anna" in over(kernel, cell)


def test_so_many_at_once_and_the_others_wait_for_their_turn(kernel: Kernel) -> None:
    """Beyond the limit it is said that a run waits; it is dropped by its number, or begins when a place is free."""
    scripts = {"a": "'a b c d e f g', delay=1.0", "b": "'a b c d e f g', delay=1.0", "c": "'third'", "d": "'fourth'"}
    cells = [launched(kernel, f"script({text}, name={name!r})", name, name=name) for name, text in scripts.items()]
    first, second, third, fourth = [cell for cell, _ in cells]
    assert "No more than 2 may be at work at once (AETHER_BACKGROUND)" in third.text()
    waits = "until one of the others is over"
    kernel.until(lambda: waits in str(kernel.sent), "the panel to say that it waits", [third])
    told = kernel.run("%aether runs").text().partition("In the background")[2]
    assert told.count("at work") == 2 and told.count("waits for its turn") == 2
    assert (
        kernel.run(f"%aether stop {number(fourth)}").text() == f"Run {number(fourth)} had not begun: it is dropped.\n"
    )
    assert "dropped before it began" in over(kernel, fourth, "Broken off")
    assert "Told to stop. It" in kernel.run(f"%aether stop {number(first)}").text()
    assert "third" in (over(kernel, third), shown(third, "text/markdown"))[1]
    kernel.run(f"%aether stop {number(second)}")
    assert all("Stopped" in over(kernel, cell, "Stopped") for cell in (first, second))
    assert "In the background" not in kernel.run("%aether runs").text()


def test_it_sees_the_history_of_its_launch_and_joins_it_at_its_end(kernel: Kernel) -> None:
    """What is asked after the launch is not in its history; when it has ended, later questions see its turn."""
    cell, _ = launched(kernel, "script('slow answer', delay=0.5)", "The slow question")
    kernel.run("script('quick answer', name='quick')")
    kernel.run("%%aether --model quick\nThe quick question")
    over(kernel, cell)
    kernel.run("script('last', name='last')")
    kernel.run("%%aether --model last\nThe last question")
    seen = kernel.run("for texts in asked: print(['slow answer' in str(texts), 'quick answer' in str(texts)])").text()
    assert seen.splitlines() == ["[False, False]", "[False, False]", "[True, True]"]


@pytest.mark.parametrize("line", ["%aether resume", "%aether undo --yes"])
def test_a_run_that_is_at_work_here_is_not_taken_up_once_more(kernel: Kernel, line: str) -> None:
    """Its letter goes out once: no second driver begins, and nothing is taken back under the hands of the first."""
    cell, _ = launched(
        kernel, "script(code('mail = []'), ToolCall('', 'post', {'to': 'anna'}), 'sent')", "Post it", "--mode auto"
    )
    kernel.until(lambda: kernel.run("print('posting' in globals())").text() == "True\n", "the letter", [cell])
    refused = kernel.run(line)
    assert refused.status == "error" and "is at work in this kernel already" in str(refused.of("error"))
    assert "sent" in over(kernel, cell)
    assert kernel.run("print(posted); del posting; posted.clear()").text() == "['anna']\n"


@pytest.mark.parametrize("how", ["panel", "kernel"])
def test_stop_ends_a_background_run_and_the_kernel_is_sound(kernel: Kernel, python: Path, how: str) -> None:
    """The panel's button, or the kernel's while its code runs, ends this run and nothing else."""
    if how == "panel" and python != Path(sys.executable):
        pytest.skip("no click comes while code runs on the older kernel")
    cell, comm = launched(kernel, "script(code('began = 1\\ntime.sleep(60)'), 'never')", "Sleep")
    kernel.until(lambda: "TOOL_CALLING" in str(kernel.sent.get(comm)), "the call", [cell])
    kernel.wait(0.5)
    kernel.interrupt() if how == "kernel" else kernel.click(comm, {"type": "stop"})
    assert "Stopped" in over(kernel, cell, "Stopped")
    assert kernel.run("print(began); del began").text() == "1\n"


def test_a_value_that_is_missing_is_told_in_the_launching_cell(kernel: Kernel) -> None:
    """--as without a value cannot fail a cell that has ended: it says so there, and binds nothing."""
    cell, _ = launched(kernel, "script('no idea', 'none at all', 'none')", "What?", "-o total --as float")
    over(kernel, cell)
    assert "total is as it was" in cell.text("stderr") and "is bound" not in cell.text()
    assert kernel.run("print('total' in globals())").text() == "False\n"


def test_code_of_a_background_run_asks_no_agent(kernel: Kernel) -> None:
    """What an agent's code types is nobody's question."""
    ask = "get_ipython().run_cell_magic('aether', '--model script', 'What now?')"
    model = f"script(code({ask!r}), 'over')"
    cell, comm = launched(kernel, model, "Ask")
    kernel.until(lambda: bool(gates(kernel, comm)), "the gate", [cell])
    kernel.click(comm, approval(kernel, comm))
    assert "Another question is being worked on." in over(kernel, cell)


def test_nobody_there_waits_for_the_answer_and_a_dead_kernel_leaves_it_resumable(tmp_path: Path) -> None:
    """A runner of notebooks gets the answer in its cell and a line that says so; a killed kernel's run is taken up."""
    with Kernel(Path(sys.executable), folder=tmp_path) as kernel:
        kernel.run(LOAD)
        kernel.run("script('here')")
        alone = kernel.run("%%aether --bg --model script\nAnybody?")
        assert "--bg is left out: nobody looks at this notebook" in alone.text()
        assert "here" in shown(alone, "text/markdown")
        nested = kernel.run("%%time\n%%aether --bg\nAnybody?")
        assert "inside of another magic nothing goes on after the cell" in nested.text()
        launched(kernel, "script('a b c d e f', delay=5)", "Slowly")
        run = json.loads(kernel.run("%aether runs --json").text())[0]["run"]
        os.kill(int(kernel.run("print(os.getpid())").text()), signal.SIGKILL)
    with Kernel(Path(sys.executable), folder=tmp_path) as kernel:
        assert f"%aether resume {run}" in kernel.run(LOAD).text()
        kernel.run("script('all there')")
        resumed = kernel.run(f"%aether resume {run}")
        assert "all there" in shown(resumed, "text/markdown"), resumed.of("error")
