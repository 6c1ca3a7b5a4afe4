"""A task in a kernel of its own: the cells that are run there, and what came of it, read from the record.

It does not know who is asked on the way, nor how a line of the terminal is read.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from aether_nb.config import Approve, DataLevel, Mode
from aether_nb.config.home import expanded
from aether_nb.errors import AetherError, LeaseHeld, OptionError, UsageFault
from aether_nb.events.codec import decode, encode
from aether_nb.events.folds import fold
from aether_nb.events.kinds import Entry
from aether_nb.events.state import RunState
from aether_nb.jobs.own_kernel import Screen, in_a_kernel, kernel_file, text_in
from aether_nb.store.lease import Holder
from aether_nb.store.store import Store

__all__ = [
    "DONE",
    "FAILED",
    "NOT_DONE",
    "STOPPED",
    "WAITS",
    "Execution",
    "execute",
    "listed",
    "loading",
    "option",
    "recorded",
    "told",
]

NOT_DONE = "not done"

DONE, FAILED, WAITS, STOPPED = 0, 1, 3, 4
"""Exit codes: it was done; it failed, or was not done; it waits for somebody; somebody stopped it, or a limit did."""

CHOICES = {"mode": get_args(Mode), "data": get_args(DataLevel), "approve": get_args(Approve)}
"""Options of a task, of which each is one of a few words."""

SECONDS, WORD = r"\d+(\.\d*)?", r"[^\s\"'-]\S*"

READERS = {
    ".csv": "pandas.read_csv({file!r})",
    ".tsv": "pandas.read_csv({file!r}, sep='\\t')",
    ".parquet": "pandas.read_parquet({file!r})",
    ".feather": "pandas.read_feather({file!r})",
    ".json": "pandas.read_json({file!r})",
    ".jsonl": "pandas.read_json({file!r}, lines=True)",
    ".xlsx": "pandas.read_excel({file!r})",
}
"""How a file becomes a variable, by its ending; scripts and notebooks are run."""


@dataclass(frozen=True)
class Execution:
    """A task, and where it is worked on.

    Args:
        prompt: What is asked.
        run: The run's name.
        options: Options of the cell, as they are typed.
        load: Files whose variables are there before it is asked.
        folder: The working folder.
        environment: Variables of a fresh kernel beside those of this process.
        kernel: The kernel that runs already in which it is worked on; a fresh one when empty.
    """

    prompt: str
    run: str
    options: tuple[str, ...] = ()
    load: tuple[Path, ...] = ()
    folder: Path = field(default_factory=Path.cwd)
    environment: Mapping[str, str] = field(default_factory=dict)
    kernel: str = ""


def option(name: str, value: Any, where: str) -> str:
    """An option of a cell, as it is typed, from what a file says.

    Args:
        name: The option, without its dashes.
        value: What the file says. It is one word: two would be two options.
        where: What says it, for the error.

    Raises:
        OptionError: It cannot have this value.
    """
    word, allowed, form = str(value), CHOICES.get(name, ()), SECONDS if name == "park-after" else WORD
    if word in allowed or (not allowed and re.fullmatch(form, word)):
        return f"--{name} {word}"
    why = ", ".join(allowed) if allowed else "a number of seconds" if form == SECONDS else "one word"
    raise OptionError(
        f"{where}: {name} cannot be {word!r}.", f"It is {why}.", f"{name}: {allowed[0]}" if allowed else ""
    )


def listed(files: str | None) -> tuple[Path, ...]:
    """The files that were typed, with commas between them."""
    return tuple(Path(file.strip()) for file in (files or "").split(",") if file.strip())


def loading(file: Path) -> str:
    """The cell by which a file's variables come into a kernel.

    Args:
        file: Data, whose variable has the name of the file; or a script or notebook, which is run.

    Raises:
        OptionError: There is no such file, or nobody knows how it is read.
    """
    try:
        file = expanded(file)
        there = file.is_file()
    except OSError:  # no file can have this name
        there = False
    if not there:
        raise OptionError(f"{file} is no file.", "", "--load data.csv")
    place, suffix = str(file.resolve()), file.suffix.lower()
    if suffix in (".py", ".ipynb"):
        return f"get_ipython().run_line_magic('run', {'-i ' + json.dumps(place)!r})"
    if suffix not in READERS:
        known = ", ".join([*READERS, ".py", ".ipynb"])
        raise OptionError(f"Nobody knows how to load {file.name}.", f"There are {known}.", "Load it in a script: .py")
    name = re.sub(r"\W+", "_", file.stem).strip("_") or "data"
    name = f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name
    return f"import pandas\n{name} = {READERS[suffix].format(file=place)}"


def execute(task: Execution, store: Store, screen: Screen) -> RunState:
    """Work on a task until it has ended or waits, and say how it stands.

    Args:
        task: The task.
        store: Where its run is recorded; also by its kernel.
        screen: Where it is followed.

    Raises:
        OptionError: A file cannot be loaded.
        UsageFault: A run of that name is there already, or its cells failed before it began.
        LeaseHeld: Somebody else has begun it at this moment.
    """
    if store.state(task.run) is not None:
        hint = f"Look at it: aether show {task.run}"
        raise UsageFault(f"There is a run {task.run} already.", "A run is begun once.", hint)
    cells = [*map(loading, task.load)]
    kernel = kernel_file(task.kernel) if task.kernel else ""
    lines = ("--lines",) if kernel else ()  # a notebook keeps its panel: it is this run that is followed from here
    options = " ".join((*task.options, *lines, f"--run {task.run}"))
    cells.append(f"%%aether {options}\n{task.prompt}")
    faults: list[str] = []
    in_a_kernel(cells, task.folder, task.environment, replace(screen, failed=faults.append), kernel)
    state = store.state(task.run)
    if state is None and kernel:  # a notebook elsewhere has a record of its own, and the key to it
        state = _state_in(kernel, task.run)
    if state is None:
        raise _not_begun(store.leases.holder(task.run), "".join(faults[-1:]))
    return state


def _not_begun(holder: Holder | None, said: str) -> AetherError:
    """Why there is no such run: somebody else holds its name, or a cell before it, or its own one, has failed.

    Args:
        holder: Who holds it.
        said: What that cell has printed of its error: three parts of ours, or a traceback.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["Nobody says why."]
    parts = dict(line.split(": ", 1) for line in lines if line.startswith(("aether: ", "why: ", "next: ")))
    what = parts.get("aether", lines[-1])
    if holder is not None and holder.alive:
        return LeaseHeld(what, parts.get("why", "").strip(), parts.get("next", "").strip())
    why = " ".join(part.strip() for part in (what, parts.get("why", "")) if part)
    return UsageFault("The run did not begin.", why, parts.get("next", "aether doctor").strip())


def recorded(store: Store, run: str) -> str:
    """What is recorded of a run, for a process that cannot open the record itself."""
    events = [(entry.seq, entry.time, entry.event) for entry in store.log.read(run)]
    return json.dumps([(seq, time, one.kind, one.version, encode(one).decode()) for seq, time, one in events])


def _state_in(kernel: str, run: str) -> RunState | None:
    """How a run stands, as the kernel that has worked on it says; None when it has none of that name.

    Raises:
        UsageFault: It does not say.
    """
    rows = json.loads(text_in(kernel, f"__import__({__name__!r}, fromlist=['*']).recorded(session.store, {run!r})"))
    entries = [
        Entry(run, seq, time, decode(kind, version, payload.encode())) for seq, time, kind, version, payload in rows
    ]
    return fold(entries) if entries else None


def told(state: RunState) -> tuple[dict[str, Any], int]:
    """How a run stands, for a program, and the exit code that says the same.

    A run that came to an answer is *not done* all the same where nobody was there to approve a call of it, or where its
    model refused: whoever counts on it has to know.
    """
    ended = state.ended
    usage = state.usage
    row: dict[str, Any] = {
        "run": state.run,
        "outcome": ended.outcome if ended else "waits",
        "answer": state.answer,
        "model": state.model,
        "seconds": round(state.seconds, 3),
        "tokens": usage.tokens,
        "cost": usage.cost,
    }
    if ended and ended.outcome == "done" and (missed := _missed(state)):
        row |= {"outcome": NOT_DONE, **missed}
    if ended and ended.what:
        row |= {"what": ended.what, "why": ended.why, "hint": ended.hint}
    if ended is None and state.question:
        row["question"] = state.question.text
    if ended is None and state.gate:
        row["call"] = state.calls[state.gate].proposed.effect_text or state.calls[state.gate].name
    codes = {"done": DONE, "failed": FAILED, NOT_DONE: FAILED, "cancelled": STOPPED}
    return row, codes.get(row["outcome"], WAITS)


def _missed(state: RunState) -> dict[str, str]:
    """Why a run that has ended well is not done: what, why and what to type; empty when it is."""
    if state.unheard:
        names = ", ".join(dict.fromkeys(state.calls[id].name for id in state.unheard))
        return {"what": f"{names} was not run.", "why": "Nobody was there to approve it.", "hint": "--approve auto"}
    if state.finish in ("refusal", "content_filter"):
        return {"what": "The model refused to answer.", "why": "", "hint": "--model PROVIDER:MODEL"}
    return {}
