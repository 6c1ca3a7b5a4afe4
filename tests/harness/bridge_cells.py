"""Cells for kernel tests of the bridge: what they set up, and runs that are busy in every way there is."""

from __future__ import annotations

from harness.kernel import Kernel

SETUP = '''
import asyncio, contextlib, signal, threading, time
from comm import create_comm
from aether_nb.live.bridge import AgentThread, run_blocking, run_in_cell
from aether_nb.live.execute import Executor
from aether_nb.live.fastlane import FastLane

agent = AgentThread()
executor = Executor(get_ipython())
clicks, ordinary, notes = [], [], []

def deliver(content):
    clicks.append((content, threading.current_thread() is threading.main_thread()))
    agent.loop.call_soon_threadsafe(clicked.set)

clicked = agent.submit(asyncio.sleep(0, asyncio.Event())).result()
panel, other = create_comm(target_name="panel"), create_comm(target_name="other")
for comm in (panel, other):
    comm.on_msg(lambda message: ordinary.append(message["content"]["data"]["content"]))
lane = FastLane(get_ipython().kernel)
lane.watch(panel.comm_id, deliver)

def python(code):
    return lambda: executor.run(code)

async def unharmed():
    """What has to hold after every run: SIGINT as before, and nothing left on either loop."""
    await asyncio.sleep(0.05)
    async def others():
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return agent.submit(others()).result(10)

async def checked(work):
    before = signal.getsignal(signal.SIGINT)
    try:
        return await run_in_cell(agent, work)
    finally:
        assert signal.getsignal(signal.SIGINT) is before
print(panel.comm_id)
'''

HELPERS = """
def announce():
    # From a thread of its own, so that no capture takes it.
    thread = threading.Thread(target=print, args=("started",))
    thread.start()
    thread.join()

def endless():
    announce()
    while True:
        pass

async def wrapped():
    return executor.run("announce()\\nwhile True: pass")

async def until_stopped(jobs, waiting):
    try:
        await waiting
    finally:
        notes.append(await jobs.main(lambda: "tidied"))

async def after_announcing(jobs, waiting):
    await jobs.main(announce)
    await waiting

async def forever():
    while True:
        await asyncio.sleep(0.01)
"""


def situation_of(waiting: str) -> str:
    """A cell whose run is busy with this expression until it is stopped."""
    return f"{HELPERS}\nasync def work(jobs):\n    await until_stopped(jobs, {waiting})\n"


def announced(waiting: str) -> str:
    """The same, where the expression cannot announce itself."""
    return situation_of(f"after_announcing(jobs, {waiting})")


SITUATIONS = {
    "waiting": announced("asyncio.Event().wait()"),
    "streaming": announced("forever()"),
    "in a job": situation_of("jobs.main(endless)"),
    "in agent code": situation_of("jobs.main(python('announce()\\nwhile True: pass'))"),
    "in a coroutine that computes": situation_of("jobs.main(wrapped)"),
    "in agent code that waits": situation_of("jobs.main(python('announce()\\nawait asyncio.sleep(60)'))"),
    "in agent code that waited and computes": situation_of(
        "jobs.main(python('await asyncio.sleep(0)\\nannounce()\\nwhile True: pass'))"
    ),
}
COMPUTING = set(SITUATIONS) - {"waiting", "streaming", "in agent code that waits"}


def value(kernel: Kernel, expression: str) -> str:
    """The repr of an expression in the kernel."""
    return kernel.run(f"print(repr({expression}))").text().strip()
