"""The agent's code in the user's namespace: what is collected, what passes through, what stays the user's."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading

import pytest
from IPython.core.interactiveshell import InteractiveShell

from aether_nb.live import capture
from aether_nb.live.execute import Execution, Executor
from aether_nb.live.guard.agreed import Agreement
from aether_nb.live.guard.watch import Guard
from aether_nb.live.interrupt import uninterrupted
from aether_nb.live.reading import Announced


@pytest.fixture
def shell():
    """An IPython shell of this process, with a namespace of its own."""
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    yield shell
    shell.reset()
    InteractiveShell.clear_instance()


def run(shell, code, on_output=None):
    """Run code that does not await."""
    execution = Executor(shell).run(code, on_output)
    assert isinstance(execution, Execution)
    return execution


def test_everything_that_code_says_is_handed_back(shell, capsys):
    """What code prints, displays and returns comes back in order, and nothing of it shows."""
    code = "import sys\nfrom IPython.display import display, HTML\n"
    code += "print('one')\nprint('two', file=sys.stderr)\ndisplay(HTML('<b>three</b>'))\n4"
    assert run(shell, code) == Execution(
        stdout="one\n",
        stderr="two\n",
        outputs=(
            {"text/plain": "<IPython.core.display.HTML object>", "text/html": "<b>three</b>"},
            {"text/plain": "4"},
        ),
        value=4,
        has_value=True,
    )
    assert capsys.readouterr() == ("", "")


def test_variables_land_in_the_users_namespace(shell):
    """Code works on the user's own objects."""
    shell.user_ns["items"] = [1]
    assert run(shell, "items.append(2)\nmade = len(items)") == Execution()
    assert (shell.user_ns["items"], shell.user_ns["made"]) == ([1, 2], 2)


def test_text_arrives_while_the_code_runs(shell):
    """Text is told as it is printed, with its stream."""
    heard = []
    run(shell, "import sys\nprint('a', end='')\nprint('b', end='', file=sys.stderr)", lambda *said: heard.append(said))
    assert [said for said in heard if said[1]] == [("stdout", "a"), ("stderr", "b")]


def test_an_error_is_told_in_the_users_lines(shell, capsys):
    """An error comes with the lines of the code that led to it, without IPython's frames, library frames or colours."""
    execution = run(shell, "import json\ndef f():\n    return json.loads('{')\n\nf()")
    assert (execution.error_name, execution.has_value, execution.interrupted) == ("JSONDecodeError", False, False)
    assert execution.error_text == (
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    )
    assert execution.traceback == (
        "Traceback (most recent call last):\n"
        '  File "<aether>", line 5, in <module>\n    f()\n'
        "  File \"<aether>\", line 3, in f\n    return json.loads('{')\n"
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    )
    assert capsys.readouterr() == ("", "")


def test_a_syntax_error_says_where(shell):
    """Code that cannot be read says in which line, under the name of the agent's cell."""
    execution = run(shell, "x = 1\ny = = 2")
    assert execution.error_text == "SyntaxError: invalid syntax (line 2)"
    assert execution.traceback.startswith('  File "<aether>", line 2\n    y = = 2\n')


def test_causes_are_told_too(shell):
    """A chain of errors is trimmed in all its links."""
    execution = run(shell, "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('no a') from e")
    assert execution.traceback.count('File "<aether>"') == 2
    assert "KeyError: 'a'" in execution.traceback and execution.error_text == "ValueError: no a"


def test_a_users_cell_is_named_by_its_number_and_this_package_is_no_place_of_the_users(shell, tmp_path):
    """A function of the user's is in ``In[…]``; what watched over it from inside of Python is not in the traceback."""
    shell.run_cell(f"def keep():\n    open({str(tmp_path / 'a')!r}, 'w')", store_history=True).raise_error()
    guard = Guard(Agreement(Announced(), str(tmp_path), lambda *_: False), lambda *_: "", shell.user_ns)
    told = Executor(shell, guard).run("keep()").traceback
    places = [line.strip() for line in told.splitlines() if line.startswith("  File")]
    assert places == ['File "<aether>", line 1, in <module>', 'File "In[1]", line 2, in keep']


def test_a_broken_repr_does_not_end_the_code(shell):
    """A value that cannot be drawn is told on stderr; the code itself has not failed."""
    execution = run(shell, "class C:\n    def _repr_html_(self):\n        raise ValueError('no')\nC()")
    assert (execution.error_name, execution.has_value) == ("", True)
    assert "ValueError: no" in execution.stderr


def test_a_semicolon_keeps_the_value_back(shell):
    """A value that the code silenced is neither shown nor reported."""
    assert run(shell, "1 + 1;") == Execution()


def test_top_level_await_runs_on_the_loop(shell):
    """Code that awaits comes back as an awaitable, for the loop that is there."""

    async def cell():
        return await Executor(shell).run("import asyncio\nprint('before')\nawait asyncio.sleep(0, 'slept')")

    execution = asyncio.run(cell())
    assert (execution.stdout, execution.value, execution.error_name) == ("before\n", "slept", "")


def test_an_interrupt_is_seen(shell):
    """A KeyboardInterrupt, which IPython keeps to itself, is reported."""
    execution = run(shell, "print('on it')\nraise KeyboardInterrupt")
    assert (execution.interrupted, execution.stdout, execution.error_name) == (True, "on it\n", "KeyboardInterrupt")


def test_cancelled_code_is_interrupted(shell):
    """Awaiting code that is cancelled from outside is reported as interrupted."""

    async def cell():
        task = asyncio.ensure_future(Executor(shell).run("import asyncio\nawait asyncio.Event().wait()"))
        await asyncio.sleep(0.01)
        task.cancel()
        return await task

    execution = asyncio.run(cell())
    assert (execution.interrupted, execution.error_name) == (True, "CancelledError")


def test_an_interrupt_between_the_lines_leaves_nothing_behind(shell, monkeypatch):
    """An interrupt that comes just as the stand-ins are taken away is raised, and they are taken away all the same."""
    clear = capture.Stage.clear

    def interrupted(stage):
        monkeypatch.setattr(capture.Stage, "clear", clear)
        raise KeyboardInterrupt

    monkeypatch.setattr(capture.Stage, "clear", interrupted)
    before = sys.stdout, sys.displayhook, shell.display_pub, shell.display_trap.is_active
    with pytest.raises(KeyboardInterrupt):
        run(shell, "1")
    assert (sys.stdout, sys.displayhook, shell.display_pub, shell.display_trap.is_active) == before


def test_an_interrupt_waits_for_the_stand_ins():
    """SIGINT in the middle of what must not be torn is raised at its end, to whoever had the signal before."""
    done = []

    def steps():
        signal.raise_signal(signal.SIGINT)
        done.append("to the end")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        uninterrupted(steps)
    assert (done, signal.getsignal(signal.SIGINT)) == (["to the end"], before)


def test_exit_ends_nothing(shell):
    """exit() is noted, and the code after it runs."""
    shell.exit_now = False
    execution = run(shell, "get_ipython().ask_exit()\nprint('still here')")
    assert (execution.exit_requested, execution.stdout, shell.exit_now) == (True, "still here\n", False)


def test_what_ipython_remembers_stays_the_users(shell):
    """Prompt number, ``_``, ``Out``, the last error and the last result are those of the user's own cells."""
    shell.run_cell("1 / 0", store_history=True)
    shell.run_cell("'mine'", store_history=True)

    def remembered():
        ns = shell.user_ns
        return (
            shell.execution_count, ns["_"], dict(ns["Out"]), list(ns["In"]), shell.last_execution_result,
            shell.last_execution_succeeded, sys.last_value, sys.displayhook, sys.stdout, shell.display_pub,
            sorted(vars(shell)), shell.history_manager.outputs,
        )  # fmt: skip

    before = remembered()
    run(shell, "print('theirs')\n'theirs'")
    run(shell, "undefined_name")
    assert remembered() == before


def test_other_threads_pass_through(shell, capsys):
    """What the user's own threads print meanwhile goes where it always went."""
    ready, printed = threading.Event(), threading.Event()

    def user():
        ready.wait(10)
        print("a thread of the user's")
        printed.set()

    thread = threading.Thread(target=user)
    thread.start()
    shell.user_ns.update(ready=ready, printed=printed)
    execution = run(shell, "print('mine')\nready.set()\nassert printed.wait(10)")
    thread.join()
    assert (execution.stdout, capsys.readouterr().out) == ("mine\n", "a thread of the user's\n")


def test_a_kept_stream_passes_on_later(shell, capsys):
    """A stream that code keeps for good, as logging handlers do, works as the real one afterwards."""
    run(shell, "import sys\nkept = sys.stderr")
    shell.user_ns["kept"].write("later\n")
    assert capsys.readouterr().err == "later\n"


def test_a_task_left_behind_prints_for_itself(shell, capsys):
    """What code leaves running prints for itself afterwards, not into the code that runs then."""

    async def cell():
        shell.user_ns["go"] = asyncio.Event()
        later = "import asyncio\nasync def later():\n    await go.wait()\n    print('later')\n"
        first = await Executor(shell).run(f"{later}t = asyncio.ensure_future(later())\nawait asyncio.sleep(0)")
        second = await Executor(shell).run("go.set()\nawait t\nprint('second')")
        return first.stdout, second.stdout

    assert asyncio.run(cell()) == ("", "second\n")
    assert capsys.readouterr().out == "later\n"


def test_updates_replace_and_clear_empties(shell):
    """An update takes its output's place; clear_output forgets what came before it."""
    code = "from IPython.display import *\nprint('gone')\ndisplay(0)\nclear_output()\n"
    code += "h = display(1, display_id=True)\ndisplay(2)\nh.update(3)"
    execution = run(shell, code)
    assert (execution.stdout, execution.outputs) == ("", ({"text/plain": "3"}, {"text/plain": "2"}))


def test_waiting_clear_keeps_the_last_frame(shell):
    """clear_output(wait=True) with nothing after it forgets nothing."""
    code = "from IPython.display import *\nfor i in range(3):\n    clear_output(wait=True)\n    print(i)\n"
    assert run(shell, code + "clear_output(wait=True)").stdout == "2\n"


def test_a_progress_bar_is_its_last_line(shell):
    """Where a carriage return takes a line back, only what remained is kept."""
    assert run(shell, r"print('10%\r50%\r100%')").stdout == "100%\n"


def test_endless_text_is_bounded(shell):
    """Of a very long text the beginning and the end are kept, with a note between; live text ends with a note."""
    heard = []
    execution = run(shell, "for i in range(100_000):\n    print(i)", lambda stream, text: heard.append(text))
    assert execution.stdout.startswith("0\n1\n2\n") and execution.stdout.endswith("99999\n")
    whole = sum(len(f"{i}\n") for i in range(100_000))
    assert f"… {whole - capture.TEXT_LIMIT:,} characters left out …" in execution.stdout
    assert heard[-1] == "\n… more than is shown here …\n"
    assert len("".join(heard)) < capture.TEXT_LIMIT + 100


def test_endless_outputs_are_bounded(shell):
    """A huge output becomes a note, and so does what comes after a hundred outputs."""
    code = "from IPython.display import *\ndisplay(HTML('x' * 5_000_000))\nfor i in range(200):\n    display(i)"
    outputs = run(shell, code).outputs
    assert outputs[0] == {"text/plain": "an output of 5.0 MB was not kept (text/html, text/plain)"}
    assert outputs[1:3] == ({"text/plain": "0"}, {"text/plain": "1"})
    assert outputs[-1] == {"text/plain": "… more than 100 outputs; the rest was not kept"}
    assert len(outputs) == capture.OUTPUT_LIMIT + 1


def test_binary_outputs_are_base64(shell):
    """Bytes in an output are written as base64, so that it can be told as JSON; pictures count as figures."""
    code = "from IPython.display import *\npublish_display_data({'image/png': b'png', 'text/plain': 'p'})\ndisplay(1)"
    execution = run(shell, code)
    assert execution.figures == ({"image/png": "cG5n", "text/plain": "p"},)
    assert execution.outputs == (*execution.figures, {"text/plain": "1"})


def test_code_may_run_inside_code(shell):
    """A run inside a run collects its own, and gives the outer one back its place."""
    shell.user_ns["inner"] = lambda: Executor(shell).run("print('inner')").stdout
    execution = run(shell, "print('outer')\ngot = inner()\nprint('again', got)")
    assert execution.stdout == "outer\nagain inner\n\n"


def test_magics_are_captured(shell):
    """Line and cell magics work, and what they print is collected."""
    assert run(shell, "%lsmagic?").error_name == ""
    execution = run(shell, "%%capture inside\nprint('kept by %%capture')")
    assert (execution.stdout, shell.user_ns["inside"].stdout) == ("", "kept by %%capture\n")
