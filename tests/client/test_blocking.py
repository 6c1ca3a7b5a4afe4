"""The sync twins: in a script, in a running loop, in a cell, from inside a tool, and interrupted."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from aether_nb.errors import ModelError, RunStopped
from aether_nb.events.messages import ToolCall
from aether_nb.tools.function import tool
from harness.client import ADD, add, scripted


@pytest.fixture(autouse=True)
def _closed(threads):
    """No thread is left behind."""


def every_twin(ai):
    """What each of the twins gives."""
    return (
        str(ai.complete_sync("a")),
        str(ai.ask_sync("b")),
        "".join(ai.stream_text_sync("c")),
        str(ai.run_sync("d")),
        ai.ask_sync("e", as_=int),
    )


LINES = ("1", ADD, "2", "3 3", "4", "5")
GIVEN = ("1", "2", "3 3", "4", 5)


def test_in_a_script():
    """Where no loop runs."""
    ai, _ = scripted(*LINES, tools=[add])
    assert every_twin(ai) == GIVEN


async def test_in_a_running_loop():
    """Where one runs, as in a notebook's cell; it need not be nested."""
    ai, _ = scripted(*LINES, tools=[add])
    assert every_twin(ai) == GIVEN
    assert str(await asyncio.to_thread(scripted("x")[0].ask_sync, "x")) == "x"


def test_in_a_cell():
    """In IPython, with top-level await in the same cell."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    shell.user_ns |= {"ai": scripted(*LINES, "6", tools=[add])[0], "every_twin": every_twin}
    result = shell.run_cell("given = every_twin(ai)\nlast = str(await ai.ask('x'))")
    result.raise_error()
    assert (shell.user_ns["given"], shell.user_ns["last"]) == (GIVEN, "6")


async def test_from_inside_a_tool():
    """A tool, on a thread or on the loop, may wait for an answer itself, twice over; nothing waits for itself."""

    @tool(risk="low", effect="pure", where="loop")
    def inner() -> str:
        """Ask."""
        return str(deep.ask_sync("x"))

    @tool(risk="low", effect="pure")
    def outer() -> str:
        """Ask somebody who asks."""
        return str(middle.ask_sync("x"))

    deep, _ = scripted("from the depth")
    middle, told = scripted(ToolCall("", "inner", {}), "from the middle", tools=[inner])
    ai, model = scripted(ToolCall("", "outer", {}), "done", tools=[outer])
    assert str(ai.ask_sync("x")) == "done"
    assert told.requests[1].messages[-1].text == "from the depth"
    assert model.requests[1].messages[-1].text == "from the middle"


def test_context_variables_reach_the_tools():
    """What the caller has set is seen where the work is done."""
    who = contextvars.ContextVar("who", default="nobody")

    @tool(risk="low", effect="pure")
    def name() -> str:
        """Say who calls."""
        return who.get()

    ai, model = scripted(ToolCall("", "name", {}), "x", tools=[name])
    who.set("caller")
    ai.ask_sync("x")
    assert model.requests[1].messages[-1].text == "caller"


def test_errors_are_raised_here():
    """The model's own error, from each twin."""
    for ask in ("ask_sync", "complete_sync", "run_sync"):
        with pytest.raises(ModelError, match=r"^No\.$"):
            getattr(scripted(ModelError("No."))[0], ask)("x")
    with pytest.raises(ModelError, match=r"^No\.$"):
        list(scripted(ModelError("No."))[0].stream_text_sync("x"))


def interrupted_soon(begun):
    """Ctrl-C, a moment after something has begun."""

    def strike():
        begun.wait(10)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=strike)
    thread.start()
    return thread


@pytest.mark.parametrize("twin", ["ask_sync", "run_sync", "stream_text_sync"])
def test_ctrl_c_stops_the_work(twin):
    """The wait ends with RunStopped, and the run was cancelled before that: it does not go on."""
    begun, cancelled = threading.Event(), threading.Event()

    @tool(risk="low", effect="pure")
    async def wait() -> str:
        """Wait for ever."""
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "never"

    ai, _ = scripted(ToolCall("", "wait", {}), "never", tools=[wait])
    striking = interrupted_soon(begun)
    with pytest.raises(RunStopped):
        list(getattr(ai, twin)("x"))
    striking.join()
    assert cancelled.is_set()
    assert str(scripted("later")[0].ask_sync("x")) == "later"


def test_leaving_a_stream_stops_the_work():
    """The model is not asked further, and what it took until then is counted as a guess."""
    ai, _ = scripted("word " * 10_000)
    stream = ai.stream_text_sync("x")
    assert next(stream) == "word "
    stream.close()
    took = ai.usage
    assert (took.requests, took.estimated, took.cost, took.input_tokens) == (1, True, None, 1)
    assert 1 < took.output_tokens < 12_500


def test_a_process_ends_although_its_thread_was_used():
    """The thread is a daemon: nothing has to be closed for the interpreter to exit."""
    code = (
        "from aether_nb.client.face import Aether\nfrom aether_nb.models.scripted import ScriptedModel\n"
        "print(Aether(ScriptedModel(['x'])).ask_sync('x'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x\n", "")
