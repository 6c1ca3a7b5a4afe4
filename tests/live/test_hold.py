"""A job that waits on the main thread for the agent: what the agent has to ask there is done meanwhile."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from aether_nb.errors import FatalToolError, RunStopped
from aether_nb.live.bridge import AgentThread, Jobs, run_blocking


def worked(work: Callable[[Jobs], Any]) -> Any:
    """Work on the agent's thread, with this thread as the main one."""
    thread = AgentThread()
    try:
        return run_blocking(thread, work)
    finally:
        thread.close()


async def held(jobs: Jobs, find_out: Callable[[], Any]) -> Any:
    """A job that waits for what a coroutine on the agent's loop finds out."""
    loop = asyncio.get_running_loop()
    return await jobs.main(lambda: jobs.hold(lambda: asyncio.run_coroutine_threadsafe(find_out(), loop)))


def test_jobs_that_come_meanwhile_run_inside() -> None:
    """The main thread waits in a job; another job runs there nevertheless, and the first one gets the answer."""
    where: list[Any] = []

    async def work(jobs: Jobs) -> Any:
        async def find_out() -> str:
            assert jobs.held
            for _ in range(2):
                await jobs.main(lambda: where.append(threading.current_thread()))
            return "yes"

        found = await held(jobs, find_out)
        await jobs.main(lambda: where.append("after"))
        assert not jobs.held
        return found

    assert worked(work) == "yes"
    assert where == [threading.main_thread(), threading.main_thread(), "after"]


def test_what_they_raise_reaches_who_asked_and_nobody_else() -> None:
    """An error of the inner job is its own, one that would have to await is refused, one given up ends."""

    async def work(jobs: Jobs) -> list[str]:
        said: list[str] = []
        late: list[asyncio.Task[Any]] = []

        async def find_out() -> str:
            for job in (lambda: 1 // 0, lambda: asyncio.sleep(0)):
                try:
                    await jobs.main(job)
                except (ZeroDivisionError, FatalToolError) as error:
                    said.append(type(error).__name__)
            late.append(asyncio.ensure_future(jobs.main(lambda: time.sleep(20))))
            await asyncio.sleep(0.02)
            late[0].cancel()
            await asyncio.wait(late)
            return "yes"

        said.append(await held(jobs, find_out))
        return said

    assert worked(work) == ["ZeroDivisionError", "FatalToolError", "yes"]


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    """A job whose caller has gone is left out, and one that comes too late is given up with the wait."""

    async def work(jobs: Jobs) -> Any:
        async def find_out() -> str:
            busy = asyncio.ensure_future(jobs.main(lambda: time.sleep(0.1)))
            gone = asyncio.ensure_future(jobs.main(lambda: pytest.fail("nobody waits for this")))
            await asyncio.sleep(0.02)
            gone.cancel()
            await asyncio.wait([busy, gone])
            return f"{busy.done()} {gone.cancelled()}"

        return await held(jobs, find_out)

    assert worked(work) == "True True"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
@pytest.mark.parametrize("inside", [False, True])
def test_stop_ends_the_wait_and_what_runs_inside(inside: bool) -> None:
    """SIGINT while the main thread waits, or asks, ends the run; what was waited for is given up."""
    coming: list[Future[Any]] = []

    async def work(jobs: Jobs) -> None:
        async def find_out() -> None:
            threading.Timer(0.1, lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)).start()
            if inside:
                await jobs.main(lambda: time.sleep(20))
            await asyncio.sleep(20)

        loop = asyncio.get_running_loop()

        def job() -> Any:
            def begin() -> Future[None]:
                coming.append(asyncio.run_coroutine_threadsafe(find_out(), loop))
                return coming[0]

            return jobs.hold(begin)

        await jobs.main(job)

    begun = time.monotonic()
    with pytest.raises(RunStopped):
        worked(work)
    assert time.monotonic() - begun < 10
    assert coming[0].done()
