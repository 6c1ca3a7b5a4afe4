"""Many tasks from a file, so many at a time, each in a kernel of its own; begun again, it goes on where it was left.

    name: nightly
    concurrent: 2
    defaults: {mode: auto, data: stats, load: [sales.csv]}
    tasks:
      - {name: totals, task: "Total of @sales by month?", priority: 5}
      - {template: profile-table, set: {table: sales}}

Each task has a run whose name follows from the file's name and from the task itself: what is done is in the record and
nowhere else. It does not know how anything is shown.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from aether_nb.errors import AetherError, LeaseHeld, OptionError
from aether_nb.events.state import RunState
from aether_nb.jobs.executing import DONE, Execution, execute, loading, option, told
from aether_nb.jobs.own_kernel import Screen, in_a_kernel
from aether_nb.jobs.reading import yaml_in
from aether_nb.jobs.templates import Template
from aether_nb.store.store import Store

__all__ = ["Batch", "Outcome", "Task", "read_batch", "work"]

LARGEST = 20_000_000
CONCURRENT = 2
HIGHEST = 10**9
OPTIONS = ("mode", "data", "model", "park-after")
TASK_FIELDS = {"name", "task", "template", "set", "load", "priority", "approve", *OPTIONS}
FIELDS = {"name", "concurrent", "defaults", "tasks"}
SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    "defaults": ((dict,), "what each task says that does not say it itself"),
    "load": ((str, list), "a file, or a list of files"),
    "priority": ((int, float), "a number"),
    "set": ((dict,), "a word for each blank of the template: {table: sales}"),
}
"""Fields that are more than a word: the kinds of value that each may have, and what it is."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a batch; those of a higher priority begin earlier."""

    name: str
    execution: Execution
    priority: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """All tasks of a file, and how many of them are worked on at once."""

    name: str
    tasks: tuple[Task, ...]
    concurrent: int = CONCURRENT


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task: the state of its run, or why it could not be begun.

    ``before``: it was done already; ``held``: somebody else works on it.
    """

    task: Task
    state: RunState | None = None
    problem: str = ""
    before: bool = False
    held: bool = False


def read_batch(file: Path, template: Callable[[str], Template], environment: Mapping[str, str]) -> Batch:
    """The tasks in a file.

    Args:
        file: YAML; files that it names lie beside it.
        template: Finds a template by its name.
        environment: Variables that every kernel has.

    Raises:
        OptionError: It cannot be read; says where and what is wrong.
    """
    said = yaml_in(file, "batch", LARGEST, hint="aether batch tasks.yaml", smaller="Divide it into several batches.")
    if not isinstance(said, dict) or not isinstance(said.get("tasks"), list) or not said["tasks"]:
        raise OptionError(f"{file} has no tasks.", "", "tasks: [{task: How many rows has @df?}]")
    _only(said, FIELDS, f"{file}")
    _shaped(said, f"{file}")
    name, defaults = str(said.get("name") or file.stem), said.get("defaults") or {}
    concurrent = said.get("concurrent", CONCURRENT)
    if not isinstance(concurrent, int) or not 1 <= concurrent <= 64:
        raise OptionError(f"{file}: concurrent cannot be {concurrent!r}.", "A whole number from 1 to 64.", "")
    tasks = [
        _task(name, number, {**defaults, **each} if isinstance(each, dict) else {**defaults, "task": str(each)})
        for number, each in enumerate(said["tasks"], 1)
    ]
    folder, found = file.resolve().parent, cache(template)
    made = tuple(_with_place(task, folder, found, environment) for task in tasks)
    twice = [task.execution.run for task in made]
    if len(set(twice)) < len(twice):
        again = next(task.name for task in made if twice.count(task.execution.run) > 1)
        raise OptionError(f"{file} has the task {again} twice.", "Each has a name of its own.", "name: another")
    return Batch(name, made, concurrent)


@dataclass(frozen=True)
class _Said:
    """A task as it stands in the file."""

    batch: str
    where: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def _task(batch: str, number: int, fields: dict[str, Any]) -> _Said:
    where = f"Task {number}"
    _only(fields, TASK_FIELDS, where)
    _shaped(fields, where)
    if bool(fields.get("task")) == bool(fields.get("template")):
        raise OptionError(f"{where} has to say what is asked.", "Either task or template.", "task: How many rows?")
    return _Said(batch, where, str(fields.get("name") or fields.get("template") or f"task-{number}"), fields)


def _only(said: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(map(str, said)) - known):
        raise OptionError(f"{where} says {unknown[0]!r}.", f"It has: {', '.join(sorted(known))}.", "")


def _shaped(said: Mapping[str, Any], where: str) -> None:
    for name, (kinds, words) in SHAPES.items():
        if said.get(name) is not None and not isinstance(said[name], kinds):
            raise OptionError(f"{where}: {name} cannot be {said[name]!r}.", f"It is {words}.", "")
    if not abs(said.get("priority") or 0) < HIGHEST:  # also what is no number, by that name
        raise OptionError(f"{where}: priority is too high or too low.", f"It is a number below {HIGHEST:,}.", "")


def _with_place(said: _Said, folder: Path, template: Callable[[str], Template], environment: Mapping[str, str]) -> Task:
    fields, options = said.fields, list[str]()
    if fields.get("template"):
        used = template(str(fields["template"]))
        given = fields.get("set") or {}
        prompt = used.filled({str(name): str(value) for name, value in given.items()})
        options += [each for each in used.options if fields.get(each.split()[0].removeprefix("--")) is None]
    else:
        prompt = str(fields["task"]).strip()
    options += [option(name, fields[name], said.where) for name in OPTIONS if fields.get(name) is not None]
    load = fields.get("load") or []
    files = tuple(folder / str(file) for file in ([load] if isinstance(load, str) else load))
    approve = fields.get("approve")
    more = {} if approve is None else {"AETHER_APPROVE": option("approve", approve, said.where).split()[-1]}
    digest = hashlib.sha256(json.dumps([prompt, options, [str(file) for file in files]]).encode()).hexdigest()
    run = f"{_slug(said.batch)}-{_slug(said.name)}-{digest[:6]}"
    execution = Execution(prompt, run, tuple(options), files, folder, {**environment, **more})
    return Task(said.name, execution, float(fields.get("priority") or 0))


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-") or "task"


def work(batch: Batch, store: Callable[[], Store], screen: Screen, *, again: bool = False) -> Iterator[Outcome]:
    """Work on all tasks; gives each as it comes to its end, those that were done before first.

    Args:
        batch: The tasks.
        store: Opens the record: once to see what is done, and once for each task that is worked on.
        screen: How their kernels are followed.
        again: Begin those anew that have failed, were not done or were stopped.
    """
    left: list[Task] = []
    record = store()
    try:
        for task in sorted(batch.tasks, key=lambda task: -task.priority):
            task, state = _last(task, record)
            if state is None or state.ended is None:
                left.append(task)
            elif again and told(state)[1] != DONE:
                left.append(_anew(task))
            else:
                yield Outcome(task, state, before=True)
    finally:
        record.log.close()
    stop = threading.Event()
    watched = replace(screen, stopped=lambda: stop.is_set() or screen.stopped())
    pool = ThreadPoolExecutor(batch.concurrent, "aether-batch")
    try:
        working: dict[Future[RunState], Task] = {pool.submit(_worked, task, store, watched): task for task in left}
        for future in as_completed(working):
            try:
                yield Outcome(working[future], future.result())
            except AetherError as error:
                yield Outcome(working[future], problem=str(error), held=isinstance(error, LeaseHeld))
    finally:  # whoever has heard enough, or pressed Ctrl-C, stops what is at work; it goes on the next time
        stop.set()
        pool.shutdown(cancel_futures=True)


def _last(task: Task, record: Store) -> tuple[Task, RunState | None]:
    """The task in the last run that was begun for it, and how that stands; nothing where none was."""
    state = record.state(task.execution.run)
    while (after := record.state((anew := _anew(task)).execution.run)) is not None:
        task, state = anew, after
    return task, state


def _anew(task: Task) -> Task:
    """The same task, in the next run for it."""
    found = re.fullmatch(r"(.*-[0-9a-f]{6})(?:-(\d+))?", task.execution.run)
    assert found is not None
    run = f"{found[1]}-{int(found[2] or 1) + 1}"
    return replace(task, execution=replace(task.execution, run=run))


def _worked(task: Task, store: Callable[[], Store], screen: Screen) -> RunState:
    """Begin a task, or go on with its run where somebody has begun it."""
    execution, opened = task.execution, store()
    try:
        if (before := opened.state(execution.run)) is None:
            return execute(execution, opened, screen)
        cells = [*map(loading, execution.load), f"%aether resume {execution.run}"]
        in_a_kernel(cells, execution.folder, execution.environment, screen)
        return opened.state(execution.run) or before
    finally:
        opened.log.close()
