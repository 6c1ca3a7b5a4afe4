"""The bridge in real kernels: queued cells, clicks, magics and the user's own asyncio, on ipykernel 7 and 6."""

from __future__ import annotations

import pytest

from harness.bridge_cells import HELPERS, value

pytestmark = pytest.mark.kernel


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
    """Other comms and anything else are left to the kernel; what comes for one that was closed is dropped."""
    kernel.click(kernel.run("print(other.comm_id)").text().strip(), {"to": "other"})
    kernel.run("lane.unwatch(panel.comm_id)")
    kernel.click(kernel.panel, {"to": "panel"})
    kernel.run("lane.watch(panel.comm_id, deliver)")
    assert value(kernel, "(ordinary, clicks)") == "([{'to': 'other'}], [])"


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
