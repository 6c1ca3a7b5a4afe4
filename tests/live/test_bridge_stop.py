"""Stop, in this process: wherever the run is, for both ways of waiting."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import time

import pytest

from aether_nb.errors import RunStopped
from aether_nb.live import bridge
from aether_nb.live.bridge import run_in_cell
from aether_nb.live.execute import Executor
from aether_nb.live.interrupt import Interrupts, Job, Mark, Where
from harness.bridge import HANG, awaiting, others, press_stop
from harness.keeping import new_shell


def stopped(cell, work):
    """The cell ends with RunStopped, its handler put back."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RunStopped):
        cell(work)
    assert signal.getsignal(signal.SIGINT) is before


def test_stop_while_waiting(cell):
    """SIGINT while the cell waits cancels the work, whose cleanup may still run jobs."""
    seen = []

    async def work(jobs):
        threading.Thread(target=press_stop).start()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(await jobs.main(lambda: "a job of the cleanup"))

    stopped(cell, work)
    assert seen == ["a job of the cleanup"]


def test_a_stop_while_the_loop_sees_to_a_step_is_not_raised_in_the_loop():
    """It would end the kernel: what the job awaits is cancelled instead; in the job's own code it is raised."""
    posted, cancelled = [], []
    interrupts, job = Interrupts(posted.append, lambda: Where.JOB, cancelled.append), Job(lambda: None)

    def performing():
        interrupts.begin(job)
        with pytest.raises(KeyboardInterrupt):
            interrupts(signal.SIGINT, sys._getframe())
        return job.struck

    with interrupts:
        assert performing() and cancelled == []
        interrupts(signal.SIGINT, sys._getframe())  # a frame that the job has not called
        assert (posted, cancelled, job.struck) == ([Mark.INTERRUPT] * 2, [job], False)
        interrupts.end()
        interrupts(signal.SIGINT, sys._getframe())
        assert cancelled == [job]


def test_job_that_is_given_up_says_nothing_afterwards(cell):
    """What a job raises when its caller was cancelled is nobody's: it shows up in no later output."""
    said = []

    def endless():
        while True:
            time.sleep(0.01)

    async def work(jobs):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context["message"]))
        given_up = asyncio.ensure_future(jobs.main(endless))
        await asyncio.sleep(0.1)
        given_up.cancel()
        await asyncio.wait({given_up})
        del given_up
        gc.collect()
        return await jobs.main(lambda: "the next job")

    assert cell(work) == "the next job"
    gc.collect()
    assert said == []


def test_an_interrupt_that_a_job_raises_itself_is_its_failure(cell):
    """Nobody pressed Stop: the run goes on, also where the main thread waits inside a job."""

    def raising():
        raise KeyboardInterrupt

    async def work(jobs):
        loop = asyncio.get_running_loop()
        with pytest.raises(RuntimeError, match="the job raised KeyboardInterrupt"):
            await jobs.main(raising)
        inner = jobs.main(raising)
        with pytest.raises(RuntimeError, match="the job raised KeyboardInterrupt"):
            await jobs.main(lambda: jobs.hold(lambda: asyncio.run_coroutine_threadsafe(inner, loop)))
        return await jobs.main(lambda: "the next job")

    assert cell(work) == "the next job"


def test_an_interrupt_past_our_handler_is_a_stop(cell):
    """Code that has put a handler of its own in place of ours is stopped all the same: nobody could tell them apart."""

    def own_handler():
        ours = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as interrupt:
            return interrupt, ours
        raise AssertionError("no interrupt")

    put_back = []

    def job():
        interrupt, ours = own_handler()
        put_back.append(ours)
        raise interrupt

    async def work(jobs):
        try:
            await jobs.main(job)
        finally:
            await jobs.main(lambda: signal.signal(signal.SIGINT, put_back[0]))

    stopped(cell, work)


@pytest.mark.parametrize("before", ["", "import asyncio\nawait asyncio.sleep(0)\n"])
def test_code_that_raises_an_interrupt_was_not_stopped(cell, before):
    """It ended with an error of its own, whether it awaits or not."""
    executor = Executor(new_shell())

    async def work(jobs):
        return await jobs.main(lambda: executor.run(f"{before}raise KeyboardInterrupt"))

    execution = cell(work)
    assert (execution.error_name, execution.interrupted) == ("KeyboardInterrupt", False)


def test_a_stop_that_code_makes_its_own_interrupt_of_is_a_stop(cell):
    """Who catches the interrupt and raises another one has been stopped."""
    seen = []
    code = "try:\n    press()\n    while True: pass\nexcept KeyboardInterrupt:\n    pass\nraise KeyboardInterrupt"
    shell = new_shell()
    shell.user_ns["press"] = threading.Thread(target=press_stop, kwargs={"after": 0.1}).start

    async def work(jobs):
        await jobs.main(lambda: seen.append(Executor(shell).run(code)))

    stopped(cell, work)
    assert seen[0].interrupted


def test_stop_in_a_job(cell):
    """SIGINT in a job is raised in its code, and ends the run."""
    seen = []

    def endless():
        threading.Thread(target=press_stop, kwargs={"after": 0.1}).start()
        try:
            while True:
                pass
        except KeyboardInterrupt:
            seen.append("the job was interrupted")
            raise

    async def work(jobs):
        try:
            await jobs.main(endless)
        finally:
            await asyncio.sleep(0.01)
            seen.append("the work tidied up")

    stopped(cell, work)
    assert seen == ["the job was interrupted", "the work tidied up"]


def test_stop_ends_the_run_even_when_the_job_swallows_it(cell):
    """A job that catches everything is ended by Stop, and so is its run: the agent does not go on."""
    seen = []

    def stubborn():
        threading.Thread(target=press_stop, kwargs={"after": 0.1}).start()
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001  # as careless as user code can be
            return "swallowed"

    async def work(jobs):
        await jobs.main(stubborn)
        await jobs.main(lambda: seen.append("went on"))

    stopped(cell, work)
    assert seen == []


@pytest.mark.parametrize("busy", [True, False], ids=["computing", "waiting"])
def test_stop_in_what_a_job_awaits(thread, busy):
    """SIGINT reaches awaited code too, whether it waits or computes."""

    async def job():
        await asyncio.sleep(0)
        threading.Thread(target=press_stop, kwargs={"after": 0.1}).start()
        while busy:
            pass
        await asyncio.Event().wait()

    async def work(jobs):
        await jobs.main(job)

    stopped(lambda work: awaiting(thread, work), work)


@pytest.mark.parametrize("kind", ["waiting", "job", "awaited", "awaited and computing"])
def test_stop_from_another_thread(thread, kind):
    """The panel's Stop takes the same path, from any thread, pressed as often as one likes."""
    seen = []

    def endless():
        while True:
            pass

    async def computing():
        await asyncio.sleep(0)
        endless()

    async def work(jobs):
        timers = [threading.Timer(0.1, jobs.stop), threading.Timer(0.1, jobs.stop)]
        for timer in timers:
            timer.start()
        try:
            await {
                "waiting": asyncio.Event().wait,
                "job": lambda: jobs.main(endless),
                "awaited": lambda: jobs.main(lambda: asyncio.sleep(60)),
                "awaited and computing": lambda: jobs.main(computing),
            }[kind]()
        finally:
            await asyncio.sleep(0.05)
            seen.append("tidied")

    stopped(lambda work: awaiting(thread, work), work)
    assert seen == ["tidied"]


def test_the_second_stop_waits_no_longer(cell, thread):
    """Pressed again during the cleanup, Stop ends the cell at once."""
    release = threading.Event()

    async def work(jobs):
        threading.Thread(target=press_stop).start()
        try:
            await asyncio.Event().wait()
        finally:
            threading.Thread(target=press_stop).start()
            await asyncio.to_thread(release.wait, HANG)

    try:
        stopped(cell, work)
        assert not release.is_set()
    finally:
        release.set()
    for _ in range(200):  # the abandoned cleanup ends by itself, a moment later
        if thread.submit(others()).result(HANG) == []:
            break
        time.sleep(0.01)


def test_a_cleanup_that_takes_too_long_is_left_behind(cell, thread, monkeypatch):
    """The cell does not wait for ever for a run that does not tidy up."""
    monkeypatch.setattr(bridge, "CLEANUP_SECONDS", 0.1)
    release = threading.Event()

    async def work(jobs):
        threading.Thread(target=press_stop).start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(release.wait, HANG)

    stopped(cell, work)
    release.set()
    for _ in range(200):
        if thread.submit(others()).result(HANG) == []:
            break
        time.sleep(0.01)


def test_a_cell_that_is_cancelled_takes_its_run_with_it(thread):
    """Who cancels the cell's own coroutine, as asyncio.timeout does, ends the run and sees the cancellation."""
    seen = []

    async def work(jobs):
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("tidied")

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await run_in_cell(thread, work)
        return asyncio.current_task().cancelling()

    assert asyncio.run(main()) == 0
    assert seen == ["tidied"]


def test_the_works_error_is_kept_when_it_was_stopped(cell):
    """When the cleanup fails after Stop, the cell says stopped, and the error is its cause."""

    async def work(jobs):
        threading.Thread(target=press_stop).start()
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("disk full")

    with pytest.raises(RunStopped) as caught:
        cell(work)
    assert repr(caught.value.__cause__) == "OSError('disk full')"
