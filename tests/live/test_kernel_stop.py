"""Stop in real kernels, wherever the run is: the cell ends, queued cells are aborted, the kernel is usable."""

from __future__ import annotations

import pytest

from harness.bridge_cells import COMPUTING, HELPERS, SITUATIONS, value

pytestmark = pytest.mark.kernel


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
