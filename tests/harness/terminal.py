"""IPython and the Jupyter console under a pseudo-terminal: what is typed, and what is read there, without the noise."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pexpect

PROMPT = r"In \[(\d+)\]: "

COMMANDS = {
    "ipython": ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
    "console": ["-m", "jupyter_console", "--simple-prompt", "--no-confirm-exit"],
}

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b\][^\x07]*\x07")


def normal(text: str) -> str:
    """A transcript with what differs from run to run made the same: times, names of runs, hashes, folders."""
    text = text.replace("\r\n", "\n").replace("\r", "")
    text = re.sub(r"chain (?:[0-9a-f]{64}|[0-9a-f]{16})", "chain CHAIN", text)
    text = re.sub(r"\brun [0-9a-f]{6,8}\b", "run RUN", text)
    text = re.sub(r"(%?aether \w+ |--run )[0-9a-f]{6,8}\b", r"\1RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( after [\d.]+ (ms|s))?", "TIME", text)
    text = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "0 s", text)
    text = re.sub(r"(/[\w.-]+)+/(?=[\w-]+\.txt\b)", "/FOLDER/", text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


class Typed:
    """A shell at a terminal of its own. A context: it is ended whatever happens.

    Args:
        shell: ``ipython`` or ``console``.
        folder: Where it works.
        environment: Its variables.
        columns: How wide the terminal is.
    """

    def __init__(self, shell: str, folder: Path, environment: dict[str, str], columns: int = 120) -> None:
        self.child: Any = pexpect.spawn(
            sys.executable,
            COMMANDS[shell],
            cwd=str(folder),
            env=environment | {"PROMPT_TOOLKIT_NO_CPR": "1"},
            timeout=20,
            encoding="utf-8",
            dimensions=(60, columns),
        )
        self.child.delaybeforesend = None

    def __enter__(self) -> Self:
        self.child.expect(PROMPT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.child.close(force=True)

    def run(self, line: str, *answers: tuple[str, str], clean: bool = True) -> str:
        """Type a line, then each answer at the words it belongs to; what was read until the next prompt.

        Args:
            line: What is typed.
            answers: A prompt, and what is typed there: a line, ``^C`` or ``^D``.
            clean: Whether colours are taken out.
        """
        self.child.sendline(line)
        read = ""
        for prompt, answer in answers:
            self.child.expect_exact(prompt)
            read += self.child.before + prompt
            if answer in ("^C", "^D"):
                (self.child.sendintr if answer == "^C" else self.child.sendeof)()
            else:
                self.child.sendline(answer)
        self.child.expect(PROMPT)
        read += self.child.before
        return normal(_ESCAPE.sub("", read) if clean else read)


def environment(home: dict[str, str], term: str = "dumb") -> dict[str, str]:
    """A user's environment at a terminal of some kind."""
    home = {name: value for name, value in home.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    return {**home, "TERM": term, "PYTHONPATH": os.pathsep.join(sys.path)}
