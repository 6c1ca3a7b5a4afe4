"""Batches: what a file says, in which order its tasks begin, and what is not done again."""

from __future__ import annotations

import json
import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aether_nb.doing import jobs as job_verbs
from aether_nb.errors import LeaseHeld, OptionError, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, ToolCall, Usage
from aether_nb.jobs import batch as module
from aether_nb.jobs.batch import Batch, Outcome, Task, read_batch, work
from aether_nb.jobs.executing import Execution, loading, told
from aether_nb.jobs.own_kernel import Screen
from aether_nb.jobs.templates import Template, find
from aether_nb.store.store import Store, open_store


def template(name: str) -> Template:
    """The shipped template of that name."""
    return find(name, Path("/nowhere"), Path("/nowhere"))


def read(tmp_path: Path, text: str) -> Batch:
    """The tasks of a file with this text."""
    (tmp_path / "night.yaml").write_text(text)
    return read_batch(tmp_path / "night.yaml", template, {"A": "1"})


def test_a_file_says_what_is_asked_and_how(tmp_path: Path) -> None:
    """Defaults hold for each task, its own words come before them, and files lie beside the file."""
    found = read(
        tmp_path,
        "concurrent: 3\ndefaults: {mode: plan, load: a.csv, approve: low}\ntasks:\n- How many?\n"
        "- {name: two, task: x, mode: auto, load: [b.csv, c.csv], priority: 2}\n"
        "- {template: personal-data, set: {table: df}, model: m}\n",
    )
    one, two, three = found.tasks
    assert (found.name, found.concurrent) == ("night", 3)
    assert (one.name, one.execution.prompt, one.execution.options) == ("task-1", "How many?", ("--mode plan",))
    assert one.execution.load == (tmp_path / "a.csv",)
    assert one.execution.environment == {"A": "1", "AETHER_APPROVE": "low"}
    assert (two.execution.options, two.priority) == (("--mode auto",), 2.0)
    assert three.execution.options == ("--data stats", "--mode plan", "--model m")
    assert "@df" in three.execution.prompt
    assert one.execution.run.startswith("night-task-1-")
    assert read(tmp_path, 'tasks: ["How many?"]').tasks[0].execution.run != one.execution.run


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("tasks: [", "is no batch"),
        ("tasks: []", "has no tasks"),
        ("tasks: [{task: x, load: 5}]", "load cannot be 5"),
        ("tasks: [{task: x, priority: high}]", "priority cannot be 'high'"),
        ("tasks: [{task: x, priority: 1" + "0" * 400 + "}]", "Task 1: priority is too high or too low"),
        ("tasks: [{task: x, priority: .nan}]", "Task 1: priority is too high or too low"),
        ("tasks: [y, {task: x, mode: wild}]", "Task 2: mode cannot be 'wild'. It is plan, ask, auto"),
        ('tasks: [{task: x, mode: "auto --approve auto"}]', "Task 1: mode cannot be 'auto --approve auto'"),
        ("tasks: [x]\ndefaults: {data: no}", "Task 1: data cannot be 'False'. It is schema, stats, sample, all"),
        ("tasks: [{task: x, approve: yes}]", "Task 1: approve cannot be 'True'. It is deny, low, auto"),
        ("tasks: [{task: x, park-after: soon}]", "Task 1: park-after cannot be 'soon'. It is a number of seconds"),
        ('tasks: [{task: x, model: "m --approve auto"}]', "Task 1: model cannot be 'm --approve auto'. It is one word"),
        ("tasks: [{task: x, model: --plan}]", "Task 1: model cannot be '--plan'. It is one word"),
        ("tasks: [{template: profile-table, set: [df]}]", "set cannot be"),
        ("tasks: [x]\ndefaults: [auto]", "defaults cannot be"),
        ("tasks: [x]\nspeed: 1", "says 'speed'"),
        ("tasks: [x]\nconcurrent: 0", "concurrent cannot be 0"),
        ("tasks: [{task: x, tusk: y}]", "Task 1 says 'tusk'"),
        ("tasks: [{name: x}]", "Task 1 has to say what is asked"),
        ("tasks: [{task: x, template: y}]", "Either task or template"),
        ("tasks: [{template: y}]", "There is no template"),
        ("tasks: [{name: a, task: x}, {name: a, task: x}]", "has the task a twice"),
    ],
)
def test_what_is_no_batch_is_refused(tmp_path: Path, text: str, what: str) -> None:
    """Nothing begins before the whole file is understood."""
    with pytest.raises(OptionError, match=what):
        read(tmp_path, text)


def test_no_task_of_a_large_file_is_lost(tmp_path: Path) -> None:
    """It is read to its last task, and a file that is too large for that is refused as a whole."""
    words = "x" * 600_000
    assert [task.execution.prompt for task in read(tmp_path, f"tasks: [one {words}, two {words}]").tasks] == [
        f"one {words}",
        f"two {words}",
    ]
    with pytest.raises(OptionError, match=r"too large for a batch\. It has 20,000,011 bytes.*several batches"):
        read(tmp_path, "tasks: [x]\n" + "#" * 20_000_000)


def test_a_template_is_looked_for_once(tmp_path: Path) -> None:
    """However many tasks of a file use it."""
    asked: list[str] = []

    def looked(name: str) -> Template:
        asked.append(name)
        return template(name)

    tables = "".join(f"- {{template: profile-table, set: {{table: t{n}}}}}\n" for n in range(5))
    (tmp_path / "many.yaml").write_text(f"tasks:\n{tables}")
    assert len(read_batch(tmp_path / "many.yaml", looked, {}).tasks) == 5
    assert asked == ["profile-table"]


@pytest.fixture
def record(tmp_path: Path) -> Callable[[], Store]:
    """Opens the record of this test."""
    return lambda: open_store(tmp_path / ".aether", "test")


def ran(store: Store, run: str, outcome: Any = "done") -> None:
    """Record a run that ended so; one that has not ended when it is None."""
    store.log.append(run, 0, (k.RunStarted("q", "m"),), 1.0)
    if outcome is not None:
        store.log.append(run, 1, (k.RunEnded(outcome),), 2.0)


def tasks(*names: str) -> Batch:
    """A batch of tasks by these names, each of a higher priority than the one before."""
    made = (Task(name, Execution("q", f"b-{name}-0000{n:02}"), n) for n, name in enumerate(names))
    return Batch("b", tuple(made), 1)


def test_what_is_done_is_not_done_again(record: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """Done stays done; what was left goes on; what failed begins anew only when somebody says so, in another run."""
    store = record()
    for name, outcome in (("done-000000", "done"), ("left-000001", None), ("failed-000002", "failed")):
        ran(store, f"b-{name}", outcome)
    store.log.close()
    began: list[str] = []

    def execute(task: Execution, store: Store, screen: Screen) -> Any:
        began.append(task.run)
        ran(store, task.run)
        return store.state(task.run)

    def resume(cells: list[str], *_: Any) -> int:
        began.append(cells[0])
        return 0

    monkeypatch.setattr(module, "execute", execute)
    monkeypatch.setattr(module, "in_a_kernel", resume)
    batch = tasks("done", "left", "failed", "new")
    first = {each.task.name: each for each in work(batch, record, Screen())}
    assert began == ["b-new-000003", "%aether resume b-left-000001"]
    assert (first["done"].before, first["failed"].before, first["new"].before) == (True, True, False)
    began.clear()
    again = {each.task.name: each for each in work(batch, record, Screen(), again=True)}
    assert began == ["b-failed-000002-2", "%aether resume b-left-000001"]
    assert again["failed"].task.execution.run == "b-failed-000002-2"
    began.clear()
    assert all(each.before for each in work(batch, record, Screen(), again=True) if each.task.name != "left")


def test_the_record_is_opened_once_to_see_what_is_done(record: Callable[[], Store]) -> None:
    """However many tasks there are: a store is not opened for each of them."""
    store = record()
    for n, name in enumerate("abc"):
        ran(store, f"b-{name}-0000{n:02}")
    store.log.close()
    opened: list[Store] = []

    def opens() -> Store:
        opened.append(record())
        return opened[-1]

    assert [each.before for each in work(tasks(*"abc"), opens, Screen())] == [True] * 3
    assert len(opened) == 1


def test_what_was_left_goes_on_with_what_it_had(
    record: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel is a new one: the files of the task are loaded again before its run is resumed."""
    store = record()
    ran(store, "b-left-000000", None)
    store.log.close()
    (tmp_path / "sales.csv").write_text("a\n1\n")
    begun: list[str] = []
    monkeypatch.setattr(module, "in_a_kernel", lambda cells, *_: begun.extend(cells))
    left = Task("left", Execution("q", "b-left-000000", load=(tmp_path / "sales.csv",)))
    list(work(Batch("b", (left,)), record, Screen()))
    assert [cell.splitlines()[-1].partition(" = ")[0] for cell in begun] == ["sales", "%aether resume b-left-000000"]


def test_one_that_cannot_be_begun_stops_no_other(record: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told with its reason; the others come to their end."""

    def execute(task: Execution, store: Store, screen: Screen) -> Any:
        if "bad" in task.run:
            raise UsageFault("The run did not begin.")
        if "theirs" in task.run:
            raise LeaseHeld("Somebody else advances it.")
        ran(store, task.run)
        return store.state(task.run)

    monkeypatch.setattr(module, "execute", execute)
    found = {each.task.name: each for each in work(tasks("good", "bad", "theirs"), record, Screen())}
    assert (found["bad"].problem, found["bad"].state) == ("The run did not begin.", None)
    outcomes = {name: job_verbs._row(each)["outcome"] for name, each in found.items()}
    assert outcomes == {"good": "done", "bad": "failed", "theirs": "waits"}
    assert found["good"].state is not None


def test_whoever_has_heard_enough_stops_the_rest(record: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is at work is told that nobody follows it, and what has not begun does not begin."""
    heard, began = threading.Event(), list[str]()

    def execute(task: Execution, store: Store, screen: Screen) -> Any:
        began.append(task.run)
        if "last" not in task.run:
            while not screen.stopped():
                heard.wait(0.01)
        return None

    monkeypatch.setattr(module, "execute", execute)
    working = work(tasks("third", "second", "last"), record, Screen())
    assert next(working).task.name == "last"
    working.close()
    assert began[0] == "b-last-000002"
    assert "b-third-000000" not in began


# ---- what is told


@pytest.mark.parametrize(
    ("events", "outcome", "code"),
    [
        ((k.RunEnded("done"),), "done", 0),
        ((k.RunEnded("failed", "It broke.", "w", "h"),), "failed", 1),
        ((k.RunEnded("cancelled", "Stopped by the user."),), "cancelled", 4),
        ((k.QuestionAsked("q", "Which one?"),), "waits", 3),
    ],
)
def test_how_a_run_stands_is_told_with_a_code(events: Any, outcome: str, code: int) -> None:
    """A program reads the outcome, and a shell the exit code, and both say the same."""
    from harness.agent import stage

    run = stage([]).run
    run.append(*events)
    row, found = told(run.state)
    assert (row["outcome"], found) == (outcome, code)
    assert row.get("what", "") == getattr(events[0], "what", "")
    assert row.get("question", "") == getattr(events[0], "text", "")


WRITE = ToolCall("c1", "write_file", {"path": "a"})


@pytest.mark.parametrize(
    ("by", "finish", "outcome"),
    [
        ("policy:deny", "stop", "not done"),
        ("policy:closed", "stop", "not done"),
        ("terminal", "stop", "done"),
        ("policy:plan", "stop", "done"),
        ("policy:rule", "stop", "done"),
        ("terminal", "refusal", "not done"),
        ("terminal", "content_filter", "not done"),
    ],
)
def test_what_nobody_could_approve_is_not_done(by: str, finish: str, outcome: str) -> None:
    """An answer after a no that nobody said is no success, nor is a refusal; a person's no, a rule and a plan are."""
    from harness.agent import stage

    run = stage([]).run
    run.append(
        k.ModelAnswered("m", Message("assistant", calls=(WRITE,)), Usage(1, 1), "tool_calls", 0.1),
        k.CallProposed(WRITE, "h", "medium", "external"),
        k.GateAnswered("c1", "h", "deny", by),
        k.ModelAnswered("m", Message.of("assistant", "I could not."), Usage(1, 1), finish, 0.1),
        k.RunEnded("done"),
    )
    row, code = told(run.state)
    assert (row["outcome"], code) == (outcome, 0 if outcome == "done" else 1)
    assert ("hint" in row) is (outcome != "done")


def test_what_was_not_done_is_repeated_when_it_is_asked_for(
    record: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is begun again leaves it, and names it; with --again it begins anew."""
    store = record()
    ran(store, "b-write-000000", None)
    gate = (k.CallProposed(WRITE, "h", "medium", "external"), k.GateAnswered("c1", "h", "deny", "policy:deny"))
    store.log.append("b-write-000000", 1, (*gate, k.RunEnded("done")), 2.0)
    store.log.close()
    monkeypatch.setattr(module, "execute", lambda task, *_: None)
    assert [each.before for each in work(tasks("write"), record, Screen())] == [True]
    begun = next(iter(work(tasks("write"), record, Screen(), again=True)))
    assert begun.task.execution.run == "b-write-000000-2"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sales 2026.csv", "import pandas\nsales_2026 = pandas.read_csv("),
        ("2026.parquet", "import pandas\n_2026 = pandas.read_parquet("),
        ("class.tsv", "import pandas\n_class = pandas.read_csv("),
        ("rows.jsonl", "import pandas\nrows = pandas.read_json("),
        ("setup.py", "get_ipython().run_line_magic('run', '-i "),
    ],
)
def test_a_file_becomes_a_variable(tmp_path: Path, name: str, code: str) -> None:
    """Its name is that of the file, as far as Python has such names; scripts are run."""
    file = tmp_path / name
    file.write_text("x = 1")
    assert loading(file).startswith(code)
    compile(loading(file), "cell", "exec")


def test_a_file_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """Before a kernel is started."""
    (tmp_path / "a.doc").write_text("x")
    with pytest.raises(OptionError, match=r"Nobody knows how to load a\.doc"):
        loading(tmp_path / "a.doc")
    with pytest.raises(OptionError, match="is no file"):
        loading(tmp_path / "b.csv")


# ---- the verbs


def test_a_list_of_outcomes_and_a_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    """Each task has a line, the sum has one, and the code says the worst."""
    from harness.agent import stage

    def outcome(name: str, *events: Any, problem: str = "") -> Outcome:
        run = stage([]).run
        for event in events:
            run.append(event)
        return Outcome(Task(name, Execution("q", name)), None if problem else run.state, problem)

    done, waits = outcome("a", k.RunEnded("done")), outcome("b", k.QuestionAsked("q", "Which?"))
    bad = outcome("c", problem="No such file.")
    options = Namespace(file="x", store="", concurrent=None, again=False, json=False)
    monkeypatch.setattr(job_verbs, "read_batch", lambda *_: Batch("b", ()))
    monkeypatch.chdir(tmp_path)
    for found, code, said in (((done,), 0, "1 done"), ((done, waits), 3, "1 waits"), ((done, bad), 1, "1 failed")):
        monkeypatch.setattr(job_verbs, "work", lambda *_, found=found, **__: iter(found))
        assert job_verbs.batch(options, Screen()) == code
        assert said in capsys.readouterr().out
    options.json = True
    job_verbs.batch(options, Screen())
    assert [row["task"] for row in json.loads(capsys.readouterr().out)] == ["a", "c"]
    options.concurrent = "many"
    with pytest.raises(OptionError, match="--concurrent cannot be 'many'"):
        job_verbs.batch(options, Screen())
    assert "profile-table (data)" in job_verbs.templates(Namespace(json=False))
    (tmp_path / ".aether" / "templates").mkdir(parents=True)
    (tmp_path / ".aether" / "templates" / "bad.yaml").write_text("task: [")
    assert "  bad: cannot be used. " in job_verbs.templates(Namespace(json=False))
    rows = {row["name"]: row for row in json.loads(job_verbs.templates(Namespace(json=True)))}
    assert "is no template" in rows["bad"]["problem"] and rows["profile-table"]["category"] == "data"
