"""Asking the offline analyst a question over frames, through the real loop, the real tools and a real IPython shell."""

from __future__ import annotations

import asyncio
import inspect
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from aether_nb.agent.asking import Answer, Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.context import compose
from aether_nb.agent.driver import Driver
from aether_nb.agent.run import Run
from aether_nb.agent.waiting import Waiting
from aether_nb.events import kinds as k
from aether_nb.events.state import Call
from aether_nb.live.summary import summarize
from aether_nb.models.analyst import Analyst
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.builtin import BUILT_IN
from questions.figures import kinds_of
from questions.outcome import Outcome

__all__ = ["ask"]


class Somebody:
    """A person who approves everything and answers no question, but remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def present(self) -> bool:
        return True

    async def approve(self, call: Call) -> Answer:
        return Answer("approve", "panel")

    async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
        self.asked.append(question.text)
        return None, "panel"


def ask(frames: Mapping[str, Any], text: str) -> Outcome:
    """Ask the analyst, in a folder of its own; whatever it writes and draws is collected."""
    import matplotlib.pyplot as plt

    shell = _shell()
    shell.reset(new_session=False)
    shell.user_ns.update(frames)
    kinds: list[str] = []

    def collect() -> None:
        for number in plt.get_fignums():
            kinds.extend(kinds_of(plt.figure(number)))
        plt.close("all")

    shell.events.register("post_execute", collect)
    person = Somebody()
    before = os.getcwd()  # noqa: PTH109
    with tempfile.TemporaryDirectory() as place:
        folder = Path(os.path.realpath(place))
        os.chdir(folder)
        try:
            answer = asyncio.run(_drive(shell, text, folder, person))
        finally:
            os.chdir(before)
            shell.events.unregister("post_execute", collect)
        files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    return Outcome(
        answer=answer,
        asked=tuple(person.asked),
        declined=None,
        files=files,
        figures=len(kinds),
        namespace=dict(shell.user_ns),
        kinds=tuple(kinds),
    )


@cache
def _shell() -> InteractiveShell:
    """One shell for all questions: each of them ends with its process only."""
    return InteractiveShell(config=Config(HistoryManager={"enabled": False}))


async def _drive(shell: InteractiveShell, text: str, folder: Path, person: Somebody) -> str:
    summary = summarize(shell.user_ns, text, hidden=shell.user_ns_hidden)
    run = Run(MemoryLog())
    run.append(k.RunStarted(text, "aether:analyst"))
    run.append(k.ContextComposed(compose(text, summary.parts, mode="ask", workspace=folder, prior=())))

    async def main(function: Any) -> Any:
        value = function()
        return await value if inspect.isawaitable(value) else value

    asking = Asking([person])
    calls = Calls(run, {tool.spec.name: tool for tool in BUILT_IN}, Host(shell, folder, main), asking)
    analyst = Analyst()
    state = await Driver(run, lambda _: analyst, calls, Waiting(asking)).drive()
    return state.answer
