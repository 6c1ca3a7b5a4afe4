"""The bridge in real kernels: Stop, queued cells, clicks and the user's own asyncio, on ipykernel 7 and 6."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.kernel import Kernel

pytestmark = pytest.mark.kernel

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


@pytest.fixture(scope="module", params=["this environment's ipykernel", "ipykernel 6"])
def python(request):
    """The interpreters whose kernels are tried."""
    return request.getfixturevalue("kernel6") if request.param == "ipykernel 6" else Path(sys.executable)


@pytest.fixture(scope="module")
def shared(python, tmp_path_factory):
    """A kernel for the tests of this module: each leaves it usable, or fails."""
    with Kernel(python, folder=tmp_path_factory.mktemp("kernel")) as kernel:
        setup = kernel.run(SETUP)
        assert setup.status == "ok", setup.of("error")
        kernel.panel = setup.text().strip()
        kernel.new = kernel.run("import ipykernel; print(ipykernel.version_info[0] >= 7)").text() == "True\n"
        yield kernel


@pytest.fixture
def kernel(shared):
    """The kernel, its records empty; afterwards it must be usable, with nothing left behind."""
    shared.run("clicks.clear(); ordinary.clear(); notes.clear(); clicked.clear()")
    yield shared
    assert shared.alive
    after = shared.run("print(await unharmed())")
    assert (after.status, after.text()) == ("ok", "[]\n")


def value(kernel, expression):
    """The repr of an expression in the kernel."""
    return kernel.run(f"print(repr({expression}))").text().strip()


# ---- queued cells, results


def test_cells_queued_during_a_run_are_all_answered(kernel):
    """Run All works: cells queued behind a run, and a second run, are answered in their order."""
    cells = [
        kernel.send("async def work(jobs):\n    await asyncio.sleep(0.3)\n    return await jobs.main(lambda: 'one')"),
        kernel.send("print(await checked(work))"),
        kernel.send("print('two')"),
        kernel.send("print(await checked(work), 'again')"),
    ]
    kernel.finish(*cells)
    assert [cell.text() for cell in cells] == ["", "one\n", "two\n", "one again\n"]


def test_what_a_job_prints_shows_in_its_cell(kernel):
    """Output of a job belongs to the cell that waits, and nothing is lost."""
    code = "async def work(jobs):\n    await jobs.main(lambda: print('from a job'))\nawait checked(work)"
    assert kernel.run(code).text() == "from a job\n"


# ---- Stop

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


def situation_of(waiting):
    """A cell whose run is busy with this expression until it is stopped."""
    return f"{HELPERS}\nasync def work(jobs):\n    await until_stopped(jobs, {waiting})\n"


def announced(waiting):
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


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_kernels_stop_ends_a_run(kernel, situation):
    """SIGINT ends the cell, wherever the run is; its cleanup runs, and queued cells are aborted, as people mean it."""
    kernel.run(SITUATIONS[situation])
    cell = kernel.send("await checked(work)")
    queued = kernel.send("notes.append('a queued cell ran')")
    kernel.printed(cell, "started")
    kernel.interrupt()
    kernel.finish(cell, queued)
    assert (cell.status, cell.error, queued.status) == ("error", "RunStopped", "aborted")
    assert len(cell.of("error")[0]["traceback"]) == 1
    assert value(kernel, "notes") == "['tidied']"


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_panels_stop_ends_a_run(kernel, situation):
    """A click on Stop takes the same path; on ipykernel 6 a computation hears only the kernel's Stop."""
    kernel.run(SITUATIONS[situation])
    cell = kernel.send(
        "stopping = []\n"
        "async def stoppable(jobs):\n"
        "    stopping.append(jobs)\n"
        "    await work(jobs)\n"
        "lane.watch(panel.comm_id, lambda content: stopping[0].stop())\n"
        "try:\n"
        "    await checked(stoppable)\n"
        "finally:\n"
        "    lane.watch(panel.comm_id, deliver)\n"
    )
    queued = kernel.send("notes.append('a queued cell ran')")
    kernel.printed(cell, "started")
    kernel.click(kernel.panel, {"do": "stop"})
    if not kernel.new and situation in COMPUTING:
        kernel.wait(0.3)
        assert not cell.ended
        kernel.interrupt()
    kernel.finish(cell, queued)
    assert (cell.status, cell.error, queued.status) == ("error", "RunStopped", "aborted")
    assert value(kernel, "notes") == "['tidied']"


@pytest.mark.slow
def test_stop_at_any_moment_leaves_the_shell_as_it_was(kernel):
    """Whenever Stop comes in a quick succession of jobs, outputs go their ordinary ways afterwards."""
    kernel.run(
        f"{HELPERS}\n"
        "async def busy(jobs):\n"
        "    while True:\n"
        "        await jobs.main(python('print(sum(range(10_000)))\\n1'))\n"
        "        await jobs.main(python('await asyncio.sleep(0)\\nsum(range(10_000))'))\n"
        "async def work(jobs):\n"
        "    await until_stopped(jobs, after_announcing(jobs, busy(jobs)))\n"
        "import sys\n"
        "def ways():\n"
        "    shell = get_ipython()\n"
        "    return sys.stdout, sys.stderr, sys.displayhook, shell.display_pub, vars(shell).keys()\n"
        "before = ways()"
    )
    for round_ in range(12):
        cell = kernel.send("notes.clear()\nawait checked(work)")
        kernel.printed(cell, "started")
        kernel.wait(0.017 * round_)
        kernel.interrupt()
        kernel.finish(cell)
        assert (cell.status, cell.error) == ("error", "RunStopped")
        assert value(kernel, "(notes, ways() == before)") == "(['tidied'], True)"


def test_the_second_stop_is_not_polite(kernel):
    """Pressed twice, Stop ends a cell whose cleanup hangs, and the kernel lives on."""
    cell = kernel.send(
        HELPERS + "release = threading.Event()\n"
        "async def work(jobs):\n"
        "    await jobs.main(announce)\n"
        "    try:\n"
        "        await asyncio.Event().wait()\n"
        "    finally:\n"
        "        await jobs.main(lambda: print('tidying'))\n"
        "        await asyncio.to_thread(release.wait, 20)\n"
        "await checked(work)"
    )
    kernel.printed(cell, "started")
    kernel.interrupt()
    kernel.printed(cell, "tidying")
    kernel.interrupt()
    kernel.finish(cell)
    assert (cell.status, cell.error) == ("error", "RunStopped")
    kernel.run("release.set()")


def test_the_second_stop_ends_a_task_that_holds_the_loop(kernel):
    """A task of agent code that computes for ever is ended by the second Stop; the kernel lives on."""
    cell = kernel.send(
        f"{HELPERS}\n"
        "async def hog():\n    endless()\n"
        "async def work(jobs):\n"
        "    await jobs.main(python('task = asyncio.ensure_future(hog())\\nawait asyncio.sleep(60)'))\n"
        "await checked(work)"
    )
    kernel.printed(cell, "started")
    kernel.interrupt()
    kernel.wait(0.3)
    assert not cell.ended
    kernel.interrupt()
    kernel.finish(cell)
    assert (cell.status, cell.error) == ("error", "RunStopped")


# ---- clicks


def test_a_click_arrives_while_a_cell_waits(kernel):
    """A click is delivered while the cell waits for it, once, with its message's id."""
    work = "async def work(jobs):\n    await jobs.main(announce)\n    await clicked.wait()\n"
    cell = kernel.send(f"{HELPERS}{work}await checked(work)")
    kernel.printed(cell, "started")
    msg_id = kernel.click(kernel.panel, {"answer": "yes"})
    kernel.finish(cell)
    assert cell.status == "ok"
    assert value(kernel, "[click for click, _ in clicks]") == repr([{"answer": "yes", "msg_id": msg_id}])
    assert value(kernel, "ordinary") == "[]"


def test_a_click_arrives_while_a_cell_computes(kernel):
    """On ipykernel 7 a click arrives even in the middle of a computation; on 6, as soon as it is over."""
    cell = kernel.send(
        "def compute():\n"
        "    print('computing')\n"
        f"    end = time.monotonic() + {15 if kernel.new else 0.5}\n"
        "    while not clicks and time.monotonic() < end:\n"
        "        pass\n"
        "    return len(clicks)\n"
        "async def work(jobs):\n"
        "    return await jobs.main(compute)\n"
        "print('clicks:', await checked(work))"
    )
    kernel.printed(cell, "computing")
    kernel.click(kernel.panel, {"answer": "yes"})
    kernel.finish(cell)
    assert f"clicks: {int(kernel.new)}" in cell.text()
    assert value(kernel, "[click['answer'] for click, _ in clicks]") == "['yes']"


def test_other_messages_go_the_ordinary_way(kernel):
    """Other comms, comms no longer watched and anything else are left to the kernel."""
    kernel.click(kernel.run("print(other.comm_id)").text().strip(), {"to": "other"})
    kernel.run("lane.unwatch(panel.comm_id)")
    kernel.click(kernel.panel, {"to": "panel"})
    kernel.run("lane.watch(panel.comm_id, deliver)")
    assert value(kernel, "(ordinary, clicks)") == "([{'to': 'other'}, {'to': 'panel'}], [])"


def test_a_forged_click_is_not_delivered(kernel):
    """A message that is not signed with the kernel's key is nobody's click."""
    key, kernel.client.session.key = kernel.client.session.key, b"another key"
    try:
        kernel.click(kernel.panel, {"answer": "forged"})
    finally:
        kernel.client.session.key = key
    kernel.click(kernel.panel, {"answer": "real"})
    kernel.run("await asyncio.wait_for(asyncio.wrap_future(agent.submit(clicked.wait())), 20)")
    assert value(kernel, "[click['answer'] for click, _ in clicks]") == "['real']"
    assert value(kernel, "ordinary") == "[]"


def test_loading_twice_delivers_once(kernel):
    """A second load of the extension shares the first one's place; nothing is stacked."""
    kernel.run(
        "import importlib, aether_nb.live.fastlane as module\n"
        "importlib.reload(module)\n"
        "again = module.FastLane(get_ipython().kernel)\n"
        "again.watch(panel.comm_id, deliver)"
    )
    kernel.click(kernel.panel, {"answer": "once"})
    kernel.run("await asyncio.wait_for(asyncio.wrap_future(agent.submit(clicked.wait())), 20)")
    assert value(kernel, "(again.available, [click['answer'] for click, _ in clicks])") == "(True, ['once'])"
    wrapped = "inspect.getclosurevars(get_ipython().kernel.shell_stream._recv_callback).nonlocals['original']"
    kernel.run("import inspect")
    assert value(kernel, f"getattr({wrapped}, '__module__', '')").find("aether_nb") == -1


# ---- the sync fallback


def test_capture_and_other_magics_work_by_the_fallback(kernel):
    """Inside %%capture the run blocks; what it prints is captured, and the cell ends as usual."""
    kernel.run(
        "def fallback(line, cell):\n"
        "    async def work(jobs):\n"
        "        return await jobs.main(lambda: print('said', cell.strip()))\n"
        "    run_blocking(agent, work)\n"
        "get_ipython().register_magic_function(fallback, 'cell', 'fallback')"
    )
    cell = kernel.run("%%capture inside\n%%fallback\nhello")
    assert (cell.status, cell.text()) == ("ok", "")
    assert value(kernel, "inside.stdout") == "'said hello\\n'"


def test_the_fallback_awaits_where_it_can(kernel):
    """Code that awaits inside the fallback runs on old kernels; on new ones it says what to do, and no cell is lost."""
    cells = [
        kernel.send(
            "async def work(jobs):\n"
            "    try:\n"
            "        return (await jobs.main(python('await asyncio.sleep(0.1, \"slept\")'))).value\n"
            "    except Exception as error:\n"
            "        return type(error).__name__\n"
            "print(run_blocking(agent, work))"
        ),
        kernel.send("print('queued')"),
    ]
    kernel.finish(*cells)
    assert [cell.text() for cell in cells] == ["RepairableToolError\n" if kernel.new else "slept\n", "queued\n"]


@pytest.mark.parametrize("situation", ["waiting", "in a job", "in agent code"])
def test_the_kernels_stop_ends_the_fallback(kernel, situation):
    """SIGINT ends a blocking cell as well, and its cleanup runs."""
    kernel.run(SITUATIONS[situation])
    cell = kernel.send("run_blocking(agent, work)")
    kernel.printed(cell, "started")
    kernel.interrupt()
    kernel.finish(cell)
    assert (cell.status, cell.error) == ("error", "RunStopped")
    assert value(kernel, "notes") == "['tidied']"


def test_a_user_who_patched_asyncio_is_served_too(kernel):
    """nest_asyncio, applied by the user before or after, changes nothing for a run."""
    kernel.run("import nest_asyncio; nest_asyncio.apply()")
    cells = [
        kernel.send(
            "async def work(jobs):\n"
            "    await asyncio.sleep(0.2)\n"
            "    execution = await jobs.main(python('await asyncio.sleep(0.1, 1)'))\n"
            "    return execution.value + await jobs.main(lambda: 1)\n"
            "print(await checked(work))"
        ),
        kernel.send("print('queued')"),
    ]
    kernel.finish(*cells)
    assert [cell.text() for cell in cells] == ["2\n", "queued\n"]
