"""What one process of a story does: it asks, resumes, or says something to a run, in a shell with the errand's tools.

The same in a child of the nursery, which has a shell but no kernel, and in a real kernel. It is an ordinary cell that
is run; only the person at the keyboard and the hook that kills are put in place from outside.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import aether_nb
from aether_nb import host, registry
from aether_nb.agent import run as run_module
from aether_nb.agent.sealing import signal_fields
from aether_nb.cell import faces, still_faces
from aether_nb.config import own_file
from aether_nb.events.folds import fold
from aether_nb.store.place import FOLDER
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import Store, open_store
from aether_nb.tools import code as code_tool
from aether_nb.tools import files as files_tool
from aether_nb.tools.builtin import BUILT_IN
from harness import errand
from harness.guest import AGENTS
from harness.points import Points

PROMPT = "Do the errand"
EAGER = (
    "aether_nb.magics",
    "aether_nb.session.opening",
    "aether_nb.models.catalogue.keys",
    "IPython.core.logger",
    "bdb",
    "platformdirs.unix",
)
"""What every cell imports sooner or later."""

END = "end.json"
"""What the last process of a story leaves: its variables."""


def prepare(shell: Any, job: Mapping[str, Any]) -> None:
    """Make a shell ready for a cell: the extension, the model, the tools, the person, and the hook that kills.

    Args:
        shell: An IPython shell.
        job: ``folder``, ``env``, ``targets`` and ``person``, a yes or no. ``hold`` is the name of a point at which the
            process waits ``until`` that file of its folder is there. ``first`` is code that is run before the cells.
            ``each``: all that happens is recorded by itself, as where things take long; else what only announces work
            is recorded with what follows, however long that takes, so that commits do not hang on the clock.
            ``agent`` is the hosted agent that works on it.
    """
    folder = Path(job["folder"])
    os.chdir(folder)
    os.environ.update(job["env"])
    points = Points(folder, job["targets"])
    if held := job.get("hold"):
        points.hold(held, folder / job["until"])
    points.install()
    errand.passing[:] = [points.pass_by]
    run_module.AT_ONCE = 3600.0
    if job.get("each"):
        run_module.Run._announces = lambda run, events: False  # type: ignore[method-assign]
    _around(files_tool, "put_in_place", "write_file")
    _around(code_tool, "compare", "run_python", after=False)
    registry.register("model", "script", errand.model)
    for name, agent in AGENTS.items():
        host(name=name)(agent)
    shell.push({name: tool for name, tool in errand.TOOLS.items() if name not in job.get("without", ())})
    if job["person"]:
        for face in (faces, still_faces):
            face.can_type = lambda _: True
            face.input = lambda prompt="": errand.says(prompt, folder)  # a kernel puts its own among the builtins
    aether_nb.load_ipython_extension(shell)


def _around(module: Any, name: str, tool: str, after: bool = True) -> None:
    """Make places of the moments before and after a function of a tool that is built in."""
    function = getattr(module, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        errand.at(f"{tool}, before it acts" if after else f"{tool}, after it acted")
        value = function(*args, **kwargs)
        if after:
            errand.at(f"{tool}, after it acted")
        return value

    setattr(module, name, wrapped)


def cell(job: Mapping[str, Any]) -> str:
    """The source of the cell that this process runs."""
    park = "--park-after 0" if job.get("park", not job["person"]) else ""
    if job["do"] == "ask":
        agent = f"--as-agent {job['agent']}" if "agent" in job else ""
        return f"%%aether {park} {agent}\n{PROMPT}"
    return f"%aether resume {park} {job.get('more', '')}".rstrip()


def work(shell: Any, job: Mapping[str, Any]) -> None:
    """Do a job in this process."""
    if job["do"] == "say":
        os.environ.update(job["env"])
        folder = Path(job["folder"])
        Points(folder, job["targets"]).install()
        say(folder)
        return
    prepare(shell, job)
    errors = []
    exec(job.get("first", ""))
    for source in job.get("cells") or [cell(job)]:
        result = shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        errors.append(f"{type(error).__name__}: {error}" if error else "")
    found = {name: shell.user_ns.get(name) for name in ("stock", "names")}
    said = {"variables": found, "error": errors[-1], "errors": errors}
    (Path(job["folder"]) / job.get("end", END)).write_text(json.dumps(said))


# ---- a person who is somewhere else


def say(folder: Path) -> None:
    """Say to the newest run what it waits for; twice, as somebody does who is not sure of the line."""
    store = open_store(folder / FOLDER, "the person")
    run = store.log.resolve("")
    for signal in answers(store, run, folder):
        for _ in range(2):
            store.signals.send(signal)


def answers(store: Store, run: str, folder: Path) -> Iterator[Signal]:
    """The signals that answer what a run waits for."""
    state = fold(store.log.read(run))
    body: dict[str, Any]
    if state.gate:
        body = {"call_id": state.gate, "hash": state.calls[state.gate].proposed.hash}
        yield sealed(Signal(run, "approve", "test", body, f"gate-{state.gate}", time.time()))
        yield sealed(Signal(run, "tell", "test", {"text": "I am back."}, f"tell-{state.gate}", time.time()))
    elif question := state.question:
        if question.doubt:
            how = {"it ran": "ran", "run it": "rerun"}[errand.doubt(question.text, folder)]
            body = {"call_id": question.call_id, "how": how}
            yield sealed(Signal(run, "settle", "test", body, f"settle-{question.id}", time.time()))
        else:
            body = {"id": question.id, "text": question.options[0]}
            yield sealed(Signal(run, "answer", "test", body, f"answer-{question.id}", time.time()))


def sealed(signal: Signal) -> Signal:
    """The signal with this user's seal."""
    return replace(signal, seal=Sealer(own_file().parent).seal(signal_fields(signal)))


def shell_without_kernel() -> Any:
    """A shell for children of a nursery: no history, which would be a thread of its own, and no colours."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    for name in EAGER:
        import_module(name)
    for tool in (*BUILT_IN, *errand.TOOLS.values()):
        tool.spec  # noqa: B018  # worked out once, before there are children
    HistoryManager.enabled = False
    asyncio.set_event_loop(None)
    return InteractiveShell.instance(colors="NoColor")
