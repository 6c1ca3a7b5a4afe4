"""The agent's code in real kernels: figures, errors, exit, threads and the user's outputs, on ipykernel 7 and 6."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.kernel import Kernel

pytestmark = pytest.mark.kernel

SETUP = """
import asyncio, threading
from comm import create_comm
from aether_nb.live.bridge import AgentThread, run_blocking, run_in_cell
from aether_nb.live.execute import Executor
from aether_nb.live.fastlane import FastLane

agent = AgentThread()
executor = Executor(get_ipython())
clicked = agent.submit(asyncio.sleep(0, asyncio.Event())).result()
panel = create_comm(target_name="panel")
lane = FastLane(get_ipython().kernel)
lane.watch(panel.comm_id, lambda content: agent.loop.call_soon_threadsafe(clicked.set))

async def run(code):
    async def work(jobs):
        return await jobs.main(lambda: executor.run(code))
    return await run_in_cell(agent, work)

def outputs(execution):
    return [sorted(bundle) for bundle in execution.outputs]

print(panel.comm_id)
"""


@pytest.fixture(scope="module", params=["this environment's ipykernel", "ipykernel 6"])
def python(request):
    """The interpreters whose kernels are tried."""
    return request.getfixturevalue("kernel6") if request.param == "ipykernel 6" else Path(sys.executable)


@pytest.fixture(scope="module")
def kernel(python, tmp_path_factory):
    """A kernel for the tests of this module."""
    with Kernel(python, folder=tmp_path_factory.mktemp("kernel")) as kernel:
        setup = kernel.run(SETUP)
        assert setup.status == "ok", setup.of("error")
        kernel.panel = setup.text().strip()
        yield kernel


def said(cell):
    """All that a cell shows: texts and outputs in order, without statuses."""
    kinds = {"stream", "display_data", "execute_result", "error", "update_display_data", "clear_output"}
    return [message["msg_type"] for message in cell.messages if message["msg_type"] in kinds]


def printed(kernel, code):
    """What a cell prints that must do nothing else."""
    cell = kernel.run(code)
    assert (cell.status, set(said(cell))) == ("ok", {"stream"}), cell.of("error")
    return cell.text()


@pytest.mark.parametrize("wait", ["", "\\nawait asyncio.sleep(0)\\n_"], ids=["sync", "awaiting"])
def test_nothing_shows_in_the_cell(kernel, wait):
    """Prints, displays and values of agent code come back to the caller and show nowhere."""
    code = "import asyncio\\n" * bool(wait) + "import pandas as pd\\nfrom IPython.display import *\\nprint('text')\\n"
    code += "display(HTML('<b>b</b>'))\\n" + "await asyncio.sleep(0)\\n" * bool(wait) + "pd.DataFrame({'a': [1]})"
    got = printed(kernel, f'e = await run("{code}")\nprint(repr(e.stdout), outputs(e), type(e.value).__name__)')
    assert got == "'text\\n' [['text/html', 'text/plain'], ['text/html', 'text/plain']] DataFrame\n"


@pytest.mark.parametrize("wait", ["", "await asyncio.sleep(0)"], ids=["sync", "awaiting"])
def test_figures_are_collected(kernel, wait):
    """A figure that is only drawn is shown after the code, as after a cell, and belongs to the code."""
    code = f"import asyncio\\nimport matplotlib.pyplot as plt\\nf, a = plt.subplots()\\na.plot([1, 2])\\n{wait}\\nx = 1"
    got = printed(kernel, f'e = await run("{code}")\nprint(outputs(e), e.figures == e.outputs)')
    assert got == "[['image/png', 'text/plain']] True\n"
    assert kernel.run("pass").of("display_data") == []


def test_a_figure_is_not_stolen_by_a_click(kernel):
    """A click between two strokes of a figure neither shows it half drawn nor breaks it in two."""
    cell = kernel.send(
        "clicked.clear()\n"
        "async def clicks():\n"
        "    threading.Thread(target=print, args=('half drawn',)).start()\n"
        "    await asyncio.wrap_future(agent.submit(clicked.wait()))\n"
        "import matplotlib.pyplot as plt\n"
        "e = await run('f, a = plt.subplots()\\na.plot([1])\\nawait clicks()\\na.plot([2])')\n"
        "print(len(e.figures), len(a.lines), e.error_text)"
    )
    kernel.printed(cell, "half drawn")
    kernel.click(kernel.panel, {})
    kernel.finish(cell)
    assert cell.text().endswith("1 2 \n")
    assert cell.of("display_data") == []


def test_an_error_publishes_no_error(kernel):
    """A failure of agent code is reported to the caller; the user's cell shows no error and does not fail."""
    got = printed(kernel, "e = await run('x = 1\\n{}[\"flipper\"]')\nprint(e.error_text)\nprint(e.traceback)")
    assert got == (
        "KeyError: 'flipper'\n"
        "Traceback (most recent call last):\n"
        '  File "<aether>", line 2, in <module>\n    {}["flipper"]\n'
        "KeyError: 'flipper'\n"
    )


@pytest.mark.parametrize("code", ["exit()", "quit()", "exit", "import sys\\nsys.exit(3)", "raise SystemExit"])
def test_exit_ends_nothing(kernel, code):
    """However agent code tries to end the kernel, it does not: it is told that it asked."""
    cell = kernel.run(f'e = await run("{code}")\nprint(e.exit_requested)')
    assert (cell.text(), cell.reply["content"]["payload"]) == ("True\n", [])
    assert kernel.alive and kernel.run("print('alive')").text() == "alive\n"


def test_the_users_prompt_is_unharmed(kernel):
    """Prompt number, ``_``, ``Out``, ``In`` and the result of the user's own cell are as without agent code."""
    mine = kernel.run("'mine'")
    got = kernel.run("e = await run('1 / 0')\ne = await run('\"theirs\"')\n_, [*Out.values()][-1], len(In)")
    count = mine.reply["content"]["execution_count"]
    assert got.of("execute_result")[0]["data"]["text/plain"] == f"('mine', 'mine', {count + 2})"
    assert got.reply["content"]["execution_count"] == count + 1


def test_the_users_threads_pass_through(kernel):
    """What a thread of the user's prints while agent code runs shows in the notebook."""
    cell = kernel.run(
        "go, done = threading.Event(), threading.Event()\n"
        "def user():\n    go.wait(10)\n    print('from a thread')\n    done.set()\n"
        "threading.Thread(target=user).start()\n"
        "e = await run('print(1)\\ngo.set()\\nassert done.wait(10)')\n"
        "print(repr(e.stdout), e.error_text)"
    )
    assert sorted(cell.text().splitlines()) == ["'1\\n' ", "from a thread"]


def test_shell_commands_and_magics_are_captured(kernel):
    """What ``!`` and cell magics print is the code's output too."""
    got = printed(kernel, "e = await run('!echo from the shell\\n%whos int')\nprint(repr(e.stdout[:14]), e.error_text)")
    assert got == "'from the shell' \n"


def test_an_update_of_the_users_output_reaches_it(kernel):
    """Agent code may update an output that the user displayed; it is the user's, and it changes."""
    kernel.run("from IPython.display import display\nhandle = display('first', display_id=True)")
    cell = kernel.run("e = await run('handle.update(\"second\")')\nprint(outputs(e))")
    assert (set(said(cell)), cell.text()) == ({"update_display_data", "stream"}, "[]\n")


def test_it_works_inside_capture(kernel):
    """The sync fallback inside %%capture collects as well, and ``%%capture`` keeps the rest."""
    kernel.run(
        "def fallback(line, cell):\n"
        "    async def work(jobs):\n"
        "        return await jobs.main(lambda: executor.run(cell))\n"
        "    print('got', repr(run_blocking(agent, work).stdout))\n"
        "get_ipython().register_magic_function(fallback, 'cell', 'fallback')"
    )
    kernel.run("%%capture inside\n%%fallback\nprint('said')")
    assert printed(kernel, "print(inside.stdout)") == "got 'said\\n'\n\n"
