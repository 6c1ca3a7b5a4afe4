"""The bridge in this process: jobs, results, errors and contexts, for both ways of waiting."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading

import pytest

from aether_nb.errors import FatalToolError, RepairableToolError
from aether_nb.live.bridge import AgentThread, run_blocking, run_in_cell
from harness.bridge import HANG, awaiting


def test_the_work_runs_on_the_agents_thread_and_jobs_on_the_main_one(cell, thread):
    """The work has a thread of its own; a job runs on the main thread, and its result goes back."""

    async def work(jobs):
        return threading.current_thread().name, await jobs.main(threading.current_thread)

    assert cell(work) == ("test-agent", threading.main_thread())
    assert thread.loop is thread.start()


def test_nothing_starts_before_it_is_needed():
    """A thread that was never needed was never there, and closing it does nothing."""
    before = threading.active_count()
    AgentThread().close()
    assert threading.active_count() == before


def test_a_thread_can_be_started_again(thread):
    """After a close, the next use starts anew."""
    assert thread.submit(asyncio.sleep(0, 1)).result(HANG) == 1
    thread.close()
    assert thread.submit(asyncio.sleep(0, 2)).result(HANG) == 2


def test_closing_cancels_what_runs():
    """Closing lets what still runs tidy up."""
    thread, tidied, begun = AgentThread(), threading.Event(), threading.Event()

    async def endless():
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            tidied.set()

    thread.submit(endless())
    assert begun.wait(HANG)
    thread.close()
    assert tidied.is_set()


def test_the_context_of_the_cell_reaches_the_work(cell):
    """The work sees the context variables of the cell that started it, and so do its jobs."""
    name = contextvars.ContextVar("name", default="nobody")
    name.set("the cell")

    async def work(jobs):
        return name.get(), await jobs.main(name.get)

    assert cell(work) == ("the cell", "the cell")


def test_what_a_job_sets_in_its_context_stays_in_the_cell(thread):
    """A job runs in the cell's own context, as its code would: what it sets, the next job sees."""
    name = contextvars.ContextVar("name", default="nobody")

    async def job():
        await asyncio.sleep(0)
        name.set("set by a job")

    async def work(jobs):
        await jobs.main(job)
        return await jobs.main(name.get)

    assert awaiting(thread, work) == "set by a job"


def test_errors_travel(cell):
    """What a job raises, the agent sees; what the agent raises, the cell sees."""

    async def work(jobs):
        try:
            await jobs.main(lambda: {}["flipper"])
        except KeyError as error:
            raise LookupError("seen") from error

    with pytest.raises(LookupError, match="seen") as caught:
        cell(work)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration(), StopAsyncIteration()])
def test_what_no_future_can_carry_becomes_an_error(cell, error):
    """A job that tries to end the kernel, or ends an iteration, fails; nobody waits for ever and nothing ends."""

    def job():
        raise error

    async def work(jobs):
        try:
            await jobs.main(job)
        except (FatalToolError, RuntimeError) as seen:
            return type(seen), str(seen)

    assert cell(work) in [
        (FatalToolError, "Something in the run tried to end the kernel. SystemExit: 3 The kernel goes on."),
        (RuntimeError, f"the job raised {type(error).__name__}"),
    ]


def test_work_that_exits_does_not_end_the_agent(cell, thread):
    """SystemExit in the work is an error of the run; the agent's loop goes on."""

    async def work(jobs):
        raise SystemExit(1)

    with pytest.raises(FatalToolError, match="tried to end the kernel"):
        cell(work)
    assert thread.submit(asyncio.sleep(0, "alive")).result(HANG) == "alive"


def test_a_job_may_return_an_awaitable(thread):
    """What a job returns is awaited on the user's loop, in its cell."""
    loops = []

    async def job():
        await asyncio.sleep(0.01)
        loops.append(asyncio.get_running_loop())
        return asyncio.current_task()

    async def main():
        async def work(jobs):
            return await jobs.main(job)

        return await run_in_cell(thread, work), asyncio.current_task(), loops[0] is asyncio.get_running_loop()

    inside, outside, same_loop = asyncio.run(main())
    assert inside is outside and same_loop


def test_blocking_drives_an_awaitable_where_no_loop_runs(thread):
    """Without a running loop, blocking mode awaits on the loop that IPython uses."""

    async def work(jobs):
        return await jobs.main(lambda: asyncio.sleep(0.01, "slept"))

    assert run_blocking(thread, work) == "slept"


def in_a_kernel_like(monkeypatch, version):
    """Make this process look like a kernel of that version of ipykernel."""
    import ipykernel

    monkeypatch.setattr(ipykernel, "version_info", version)


def test_a_new_kernels_loop_is_never_nested(thread, monkeypatch):
    """Where nesting would lose cells, a job that really waits fails and says what to do; its code sees the end."""
    in_a_kernel_like(monkeypatch, (7, 4, 0))
    seen = []

    async def job():
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("tidied")

    async def sync_inside():
        return "never waited"

    async def work(jobs):
        first = await jobs.main(sync_inside)
        with pytest.raises(RepairableToolError, match="await") as caught:
            await jobs.main(job)
        return first, caught.value.hint

    async def main():
        return run_blocking(thread, work)

    assert asyncio.run(main()) == (
        "never waited",
        "Write it without await, or ask again in a cell whose first line is %%aether.",
    )
    assert (seen, hasattr(asyncio, "_nest_patched")) == (["tidied"], False)


def test_jobs_run_one_after_the_other(thread):
    """Jobs that wait are not interleaved with others."""
    said = []

    async def job(name):
        said.append(f"{name} begins")
        await asyncio.sleep(0.01)
        said.append(f"{name} ends")

    async def work(jobs):
        await asyncio.gather(*(jobs.main(lambda name=name: job(name)) for name in "ab"))

    awaiting(thread, work)
    assert said == ["a begins", "a ends", "b begins", "b ends"]


def test_a_caller_that_gives_up_interrupts_its_job_only(cell):
    """A timeout round a job ends the job; the run goes on."""

    def endless():
        while True:
            pass

    async def work(jobs):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await jobs.main(endless)
        return await jobs.main(lambda: "the run goes on")

    assert cell(work) == "the run goes on"


def test_a_caller_that_gives_up_cancels_what_its_job_awaits(thread):
    """The same for a job that waits: it is cancelled, and its cleanup is over before the caller hears of it."""
    seen = []

    async def job():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            seen.append("tidied")

    async def work(jobs):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await jobs.main(job)
        seen.append("heard")
        return await jobs.main(lambda: asyncio.current_task().cancelling())

    assert awaiting(thread, work) == 0
    assert seen == ["tidied", "heard"]


def test_a_job_after_the_end_is_refused(thread):
    """When the cell has ended, nobody runs jobs for it, and whoever asks is told."""
    kept = []

    async def work(jobs):
        kept.append(jobs)

    awaiting(thread, work)
    kept[0].stop()
    with pytest.raises(FatalToolError, match="has ended"):
        thread.submit(kept[0].main(lambda: None)).result(HANG)


def test_a_run_inside_a_run(cell, thread):
    """A job may be a cell with a run of its own; both end well."""

    async def inner(jobs):
        return await jobs.main(lambda: "inner")

    async def work(jobs):
        return await jobs.main(lambda: run_blocking(thread, inner)), await jobs.main(lambda: "outer")

    assert cell(work) == ("inner", "outer")


def test_off_the_main_thread_it_works_without_signals(thread):
    """A cell on another thread (a subshell's) runs its jobs there, and leaves signals alone."""
    before = signal.getsignal(signal.SIGINT)
    results = []

    async def work(jobs):
        return await jobs.main(threading.current_thread), signal.getsignal(signal.SIGINT)

    other = threading.Thread(target=lambda: results.append(awaiting(thread, work)))
    other.start()
    other.join(HANG)
    assert results == [(other, before)]
