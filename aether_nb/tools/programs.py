"""Running another program for a tool: in the working folder, without the person's keys, never without an end.

It does not know which programs are harmless: whoever asks for one has judged that.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from aether_nb.errors import RepairableToolError
from aether_nb.events.kinds import OutputDelta
from aether_nb.tools.base import Context
from aether_nb.tools.function import bounded

__all__ = ["Ended", "run_fed", "run_program", "without_keys"]

Stream: TypeAlias = Literal["stdout", "stderr"]

LONGEST = 1_000_000
"""Bytes of output that are kept of a program; what comes after them is read and let go."""
LEFT = "What it had left running in the background was ended, unless that had made itself independent."
SHOWN = 30_000
"""Characters of each stream that a model is told: its beginning and its end."""

GRACE = 2.0
"""Seconds that a program is given to end by itself before it is killed, and its pipes to end after it."""
TICK = 0.05
"""Seconds after which it is looked again whether a program has ended whose pipes somebody else holds open."""

SECRET = re.compile(
    r"key|token|secret|passw|credential|cookie|_pat$|_dsn$|pwd$|(^|_)pw$|pass$|^pgservice|auth$|(^|_)(database|db|redis|"
    r"mongo|mongodb|amqp|broker|postgres|mysql|sqlalchemy)_?(ur[il]|uri)$|connection_?str|_sas$|webhook|netrc|"
    r"^git_config_(count|value|parameters)",  # which belong to GIT_CONFIG_KEY_n, and may be a header with a key in it
    re.IGNORECASE,
)
"""Names of variables whose values are nobody else's business: keys, passwords, and addresses that hold one."""
WITH_PASSWORD = re.compile(r"\w://[^\s/@:]*:[^\s/@]+@")
"""A value that is an address with a password in it, whatever it is called."""
NO_SECRETS = {"PWD", "OLDPWD", "SSH_AUTH_SOCK", "XAUTHORITY"}
"""Those that only sound like it."""
PROXY = re.compile(r"_proxy$", re.IGNORECASE)
"""Without these nothing leaves some networks."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a program: its exit code, what it printed, how long it took in seconds.

    ``left`` says that something it had started still held its pipes open, and was not waited for.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    left: bool = False

    def told(self) -> str:
        """All of it for a model, a section for each thing that there is."""
        note = f"[note] {LEFT}" if self.left else ""
        return "\n".join(filter(None, (f"[exit code] {self.code}", _printed(self.stdout, self.stderr), note)))

    def failure(self, command: Sequence[str]) -> subprocess.CalledProcessError:
        """The cause of an error that quotes what a program has printed: such an error is output, no word of ours."""
        return subprocess.CalledProcessError(self.code, command, self.stdout, self.stderr)


def _printed(stdout: str, stderr: str) -> str:
    """What a program has printed, for a model; empty when it has printed nothing."""
    streams = (("stdout", stdout), ("stderr", stderr))
    return "\n".join(f"[{name}]\n{bounded(text.rstrip(), SHOWN)}" for name, text in streams if text.strip())


def without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables whose names say that they hold a key."""
    return {
        name: value
        for name, value in environment.items()
        if name in NO_SECRETS or not (SECRET.search(name) or (WITH_PASSWORD.search(value) and not PROXY.search(name)))
    }


async def run_program(
    command: Sequence[str] | str,
    context: Context,
    *,
    seconds: float,
    more: Mapping[str, str | None] | None = None,
) -> Ended:
    """Run a program in the working folder to its end; what it prints is shown while it does.

    Args:
        command: The program and its arguments; one text is for the system's shell.
        context: Where what it prints is shown, and the folder it runs in.
        seconds: How long it may take; then it is ended, with everything that it has started.
        more: Variables that it gets beside those of this process that hold no key; None takes one away.

    Raises:
        RepairableToolError: It cannot be started, or takes longer.
    """

    def show(stream: Stream, text: str) -> None:
        context.emit(OutputDelta(context.call_id, text, stream))

    return await run_fed(command, context.workspace, seconds=seconds, more=more, show=show)


async def run_fed(
    command: Sequence[str] | str,
    folder: Path,
    *,
    seconds: float | None,
    told: bytes | None = None,
    more: Mapping[str, str | None] | None = None,
    show: Callable[[Stream, str], None] = lambda stream, text: None,
) -> Ended:
    """Run a program to its end. What it leaves running in the background ends with it.

    Args:
        command: The program and its arguments; one text is for the system's shell.
        folder: Where it runs.
        seconds: How long it may take; then it is ended, with everything that it has started. None: who waits ends it.
        told: What it gets as its standard input; None for nothing.
        more: Variables that it gets beside those of this process that hold no key; None takes one away.
        show: Is told what it prints, as it does.

    Raises:
        RepairableToolError: It cannot be started, or takes longer; then with what it has printed until then.
    """
    begun = time.monotonic()
    process = await _started(command, folder, told is not None, more or {})
    assert process.stdout is not None
    assert process.stderr is not None
    out: list[str] = []
    err: list[str] = []
    reading = asyncio.gather(
        _read(process.stdout, out, partial(show, "stdout")),
        _read(process.stderr, err, partial(show, "stderr")),
        _tell(process.stdin, told or b""),
    )
    late: TimeoutError | None = None
    left = False
    try:
        async with asyncio.timeout(seconds):
            await _exit(process)
        await asyncio.wait([reading], timeout=GRACE)
        left = not reading.done()  # what it left in the background may hold its pipes for ever
    except TimeoutError as error:
        late = error
    finally:
        await _end(process)
        # The pipes are at their end now, but for one that somebody has taken out of the group.
        await asyncio.wait([reading], timeout=GRACE)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        process._transport.close()  # type: ignore[attr-defined]  # there is no public way to let go of a pipe
    stdout, stderr = "".join(out), "".join(err)
    if late is not None:  # as the cause: what quotes a program is output, and no word of ours
        until = f"It had printed until then:\n{printed}" if (printed := _printed(stdout, stderr)) else ""
        what = f"The program was ended after {seconds or 0:g} seconds."
        raise RepairableToolError(what, until, "Give it more time, or less to do.") from late
    return Ended(process.returncode or 0, stdout, stderr, time.monotonic() - begun, left)


async def _started(
    command: Sequence[str] | str, folder: Path, fed: bool, more: Mapping[str, str | None]
) -> asyncio.subprocess.Process:
    """A program in a group of its own, so that what it has started itself can be ended with it.

    Raises:
        RepairableToolError: It cannot be started.
    """
    quiet = {"PAGER": "cat", "GIT_TERMINAL_PROMPT": "0", "TERM": "dumb"}
    variables = {**without_keys(os.environ), **quiet, **more}
    options: dict[str, Any] = {
        "cwd": folder,
        "env": {name: value for name, value in variables.items() if value is not None},
        "stdin": subprocess.PIPE if fed else subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options["start_new_session"] = True
    try:
        if isinstance(command, str):
            return await asyncio.create_subprocess_shell(command, **options)
        return await asyncio.create_subprocess_exec(*command, **options)
    except (OSError, ValueError) as error:
        name = command if isinstance(command, str) else command[0]
        why = getattr(error, "strerror", None) or str(error)
        raise RepairableToolError(f"{name} cannot be run.", why, "Is it installed? Look with shell.") from error


async def _read(stream: asyncio.StreamReader, kept: list[str], show: Callable[[str], None]) -> None:
    """Everything that comes by a pipe, shown as it comes, kept as far as there is room."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    room = LONGEST
    while data := await stream.read(65_536):
        text = decoder.decode(data)
        if room <= 0:
            continue  # read all the same: a full pipe would hold the program
        kept.append(text[:room])
        show(text[:room])
        room -= len(text)
        if room <= 0:
            kept.append("\n… the rest is left out …\n")
    if room > 0:
        kept.append(decoder.decode(b"", final=True))


async def _tell(stream: asyncio.StreamWriter | None, told: bytes) -> None:
    """Write all of it, and close; a program need not read what it is told."""
    if stream is not None:
        with suppress(BrokenPipeError, ConnectionResetError):
            stream.write(told)
            await stream.drain()
        stream.close()


async def _exit(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a program itself: some versions of Python wait for the end of its pipes as well."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait([waiting], timeout=TICK)
    finally:
        waiting.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a program and everything in its group: politely, then for sure."""
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await _exit(process)
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    await _exit(process)


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, number)
