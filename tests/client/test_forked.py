"""A client in a process that was forked: threads and locks of the parent are gone there, the client works."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from copy import copy, deepcopy

import pytest

from aether_nb.errors import UsageFault
from harness.client import scripted

BEGIN = """
import asyncio, multiprocessing, os, signal
from aether_nb import Aether, ScriptedModel
from aether_nb.events.messages import ToolCall

def add(a: int, b: int) -> int:
    "Add."
    return a + b

ADD = ToolCall("", "add", {"a": 1, "b": 2})
ai = Aether(ScriptedModel([ADD, "before", *[ADD, "after"] * 9]), tools=[add])
assert ai.session("s").ask_sync("x").text == "before"

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""
CHILD = """
child = os.fork()
if not child:
    signal.alarm(20)
    {work}
    os._exit(7)
print(ended(child), ai.ask_sync("x").text)
"""
POOL = """
def ask(question):
    signal.alarm(20)
    return ai.ask_sync(question).text

with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(ask, ["a", "b"]))
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")


def printed(script):
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "work",
    [
        'assert ai.ask_sync("x").text == "after"',
        'assert asyncio.run(ai.ask("x")).text == "after"',
        'assert "".join(ai.stream_text_sync("x")) == "after"',
        'assert ai.session("s").ask_sync("x").text == "after"',
        'assert ai.ask_sync("x").text == "after"; ai.close()',
    ],
)
def test_the_child_asks_and_so_does_its_parent(work):
    """With a tool that needs a thread, in each way of asking."""
    assert printed(BEGIN + CHILD.format(work=work)) == "7 after"


def test_a_pool_of_forked_processes():
    """As data people use them."""
    assert printed(BEGIN + POOL) == "['after', 'after']"


def test_a_turn_that_was_held_in_the_parent_is_free_in_the_child():
    """A stream that is open in the parent keeps nobody waiting in another process."""
    work = 'assert ai.session("t").ask_sync("x").text == "after"'
    opened = 'stream = ai.session("t").stream_text_sync("x")\nnext(stream)\n'
    assert printed(BEGIN + opened + CHILD.format(work=work)).startswith("7 ")


def test_a_stream_that_is_left_open_holds_up_no_exit():
    """The program ends with its code, not with the patience of a thread that is gone."""
    script = BEGIN + 'stream = ai.stream_text_sync("x")\nnext(stream)\nprint("open")'
    assert printed(script) == "open"


@pytest.mark.parametrize("make", [pickle.dumps, copy, deepcopy])
def test_a_client_is_not_copied(make):
    """It says what to do instead, in a typed error."""
    ai, _ = scripted("x", api_key=None)
    with pytest.raises(UsageFault) as caught:
        make(ai)
    assert (caught.value.what, caught.value.hint) == (
        "A client cannot be copied or pickled.",
        "Make one where it is needed, in each process: Aether(…)",
    )
