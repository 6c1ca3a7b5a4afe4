"""Runs that work for another run: what they may do, who is asked, who pays, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb import register
from aether_nb.agent.profiles import Profile
from aether_nb.config import Settings
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.events.folds import fold
from aether_nb.events.messages import ToolCall
from aether_nb.events.state import RunState
from aether_nb.session.delegating import DEEPEST, Delegate
from aether_nb.session.tasks import begun
from aether_nb.tools.base import Errand
from aether_nb.tools.spawn import spawn
from harness.agent import stage
from harness.plain_shell import Notebook, serve
from harness.tools import ToolContext, assessed, told

CODE = ToolCall("k1", "run_python", {"code": "found = 41 + 1\nprint(found)"})


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Notebook]:
    """A notebook in a folder of its own."""
    opened = Notebook(tmp_path / "work", tmp_path / "home", monkeypatch, capsys)
    yield opened
    opened.close()


def errand(id: str = "s1", **more: Any) -> ToolCall:
    """A call that gives a task to another agent, whose model is the one called helper."""
    return ToolCall(id, "spawn", {"task": "Find it.", "model": "helper", **more})


def state(notebook: Notebook, run: str) -> RunState:
    """A run as its record has it."""
    return fold(notebook.session.store.log.read(run))


def test_a_child_works_alone_and_its_parent_sees_the_result(notebook: Notebook) -> None:
    """It has a log of its own and does not see the conversation; what it made is there, its costs are the parent's."""
    serve(errand(steps=5), "It is found.")
    serve(CODE, "The result is 42.", name="helper")
    said = notebook.ask("Have it found.", "--model script --mode auto")
    assert "It is found." in said
    assert "▸ run_python" in said
    parent = state(notebook, notebook.session.last)
    child = state(notebook, child_of(parent.run, "s1"))
    assert notebook.shell.user_ns["found"] == 42
    assert child.started is not None
    assert (child.answer, child.started.parent, child.started.depth) == ("The result is 42.", parent.run, 1)
    assert "Have it found." not in child.messages[-4].text
    assert child.allowed.steps == 5
    assert [message.text for message in parent.messages if message.role == "tool"] == ["The result is 42."]
    assert parent.usage.tokens >= child.usage.tokens
    events = [entry.event for entry in notebook.session.store.log.read(parent.run)]
    (begun,) = [event for event in events if isinstance(event, k.ChildSpawned)]
    (ended,) = [event for event in events if isinstance(event, k.ChildEnded)]
    assert (begun.run, ended.run, ended.outcome) == (child.run, child.run, "done")
    assert [turn.prompt for turn in notebook.session.turns.values()] == ["Have it found."]


def test_a_child_may_do_no_more_than_its_parent(notebook: Notebook) -> None:
    """Tools that its parent has not got are refused; those that it gets are all it has, and the parent's mode holds."""
    serve(errand("s1", tools=["fly"]), errand("s2", tools=["list_variables"]), "Done.")
    serve(CODE, "I could not.", name="helper")
    notebook.ask("Have it found.", "--model script --mode auto")
    parent = state(notebook, notebook.session.last)
    tools = [message.text for message in parent.messages if message.role == "tool"]
    assert "It cannot get the tool 'fly'" in tools[0]
    child = state(notebook, child_of(parent.run, "s2"))
    assert child.started is not None
    assert (child.started.tools, child.started.mode) == (("list_variables",), "auto")
    assert "There is no tool 'run_python'" in child.messages[-2].text


def test_a_profile_brings_no_tool_that_the_parent_has_not_got(notebook: Notebook) -> None:
    """Where nothing is left of both, nobody is begun, and the profile's own list is not what is left instead."""
    register("profile", "coder", Profile("coder", tools=("run_python", "shell")))
    serve(errand("s1", agent="coder", tools=["list_variables"]), "Done.")
    serve(CODE, "I did it.", name="helper")
    notebook.ask("Have it found.", "--model script --mode auto")
    parent = state(notebook, notebook.session.last)
    (tool,) = [message.text for message in parent.messages if message.role == "tool"]
    assert "coder cannot get any tool that it works with" in tool
    assert state(notebook, child_of(parent.run, "s1")).started is None
    assert "found" not in notebook.shell.user_ns


def test_a_childs_tools_are_counted_once(tmp_path: Path) -> None:
    """One that may only begin another, where there is no deeper, gets none, whatever its profile names."""
    run = stage([]).run
    run.append(k.RunStarted("q", "m", tools=("read_file", "spawn"), depth=1))
    unused: Any = None
    profile = Profile("coder", tools=("shell", "spawn"))
    question = Delegate(run, unused, unused, unused, lambda _: profile)._question(Errand("x", (), agent="coder"), "c")
    assert (question.tools, begun(question, "m", Settings(), (), "", tmp_path).tools) == ((), ())


def test_a_run_that_began_with_no_tool_goes_on_with_none(notebook: Notebook) -> None:
    """A profile of which nothing is there here leaves none, also to whoever goes on with the run later."""
    started = k.RunStarted("q", "m", profile="bare", tools=("no_such_*",))
    assert notebook.session.tools(started) == {}
    assert notebook.session.tools(replace(started, tools=(), versions={"aether-nb": "1"})) == {}
    assert "run_python" in notebook.session.tools(replace(started, tools=()))


def test_a_gate_of_a_child_is_put_to_whoever_is_asked_by_its_parent(notebook: Notebook) -> None:
    """Nobody there means no, for a child as well; its parent goes on with what it was told."""
    serve(errand(), "It was not written.")
    serve(ToolCall("w1", "shell", {"command": "echo x > a.txt"}), "I was refused.", name="helper")
    notebook.ask("Have it written.", "--model script --mode auto")
    parent = state(notebook, notebook.session.last)
    child = state(notebook, child_of(parent.run, "s1"))
    assert not (Path.cwd() / "a.txt").exists()
    assert "nobody was there to approve it" in child.messages[-2].text
    events = [entry.event for entry in notebook.session.store.log.read(parent.run)]
    (asked,) = [event for event in events if isinstance(event, k.QuestionAsked)]
    assert "The agent that works on 'Find it.' wants to use shell (high risk): runs in" in asked.text
    assert "echo x > a.txt" in asked.text
    assert parent.answer == "It was not written."


def test_it_does_not_go_on_for_ever_downwards(notebook: Notebook) -> None:
    """A child may have a child; that one has no tool to begin another."""
    serve(errand(), "Done.")
    serve(ToolCall("s9", "spawn", {"task": "Deeper.", "model": "deepest"}), "Passed on.", name="helper")
    serve("I am the last.", name="deepest")
    notebook.ask("Pass it on.", "--model script --mode auto")
    first = child_of(notebook.session.last, "s1")
    last = state(notebook, child_of(first, "s9"))
    assert last.started is not None
    assert (last.answer, last.started.depth, "spawn" in last.started.tools) == ("I am the last.", DEEPEST, False)


def test_several_work_side_by_side(notebook: Notebook) -> None:
    """Calls that begin other agents run together, each with its own run."""
    serve([errand("s1"), errand("s2")], "Both are done.")
    serve("Mine is done.", name="helper")
    notebook.ask("Have both done.", "--model script --mode auto")
    parent = state(notebook, notebook.session.last)
    assert parent.calls["s1"].proposed.parallel
    kinds = [entry.event.kind for entry in notebook.session.store.log.read(parent.run)]
    assert kinds.index("child.spawned") < kinds.index("call.finished")
    assert kinds.count("child.ended") == 2


def test_a_child_that_fails_is_an_error_the_parent_can_mend(notebook: Notebook) -> None:
    """The parent is told why and goes on."""
    serve(errand(), "I did it myself.")
    serve(RuntimeError("no luck"), name="helper")
    notebook.ask("Have it done.", "--model script --mode auto")
    parent = state(notebook, notebook.session.last)
    tool = next(message.text for message in parent.messages if message.role == "tool")
    assert "did not finish (failed)" in tool
    assert parent.answer == "I did it myself."


def test_the_same_call_has_the_same_child(notebook: Notebook) -> None:
    """A call that is tried again, because its kernel died, finds the run that it had begun; none is begun twice."""
    serve(errand(), "Done.")
    serve("Mine is done.", name="helper")
    notebook.ask("Have it done.", "--model script --mode auto")
    parent, store = notebook.session.last, notebook.session.store
    entries = list(store.log.read(parent))
    cut = next(n for n, entry in enumerate(entries) if entry.event.kind == "child.ended")
    store.log.append("left", 0, tuple(entry.event for entry in entries[:cut]), 1.0)
    child = child_of("left", "s1")
    theirs = tuple(entry.event for entry in store.log.read(child_of(parent, "s1")))
    store.log.append(child, 0, theirs[:-2], 1.0)  # it had not answered when its kernel died
    serve("Done.")
    serve("Mine is done, after all.", name="helper")
    notebook.line("resume left --anyway")
    resumed = state(notebook, "left")
    assert resumed.answer == "Done."
    events = [entry.event for entry in store.log.read("left")]
    assert [event.run for event in events if isinstance(event, k.ChildEnded)] == [child]
    assert sum(isinstance(event, k.ChildSpawned) for event in events) == 1
    assert state(notebook, child).answer == "Mine is done, after all."


def test_the_costs_of_a_child_count_once(notebook: Notebook) -> None:
    """A kernel that dies just after the child's end was recorded does not make its parent pay again."""
    serve(errand(), "Done.")
    serve("Mine is done.", name="helper")
    notebook.ask("Have it done.", "--model script --mode auto")
    parent, store = notebook.session.last, notebook.session.store
    entries = list(store.log.read(parent))
    cut = next(n for n, entry in enumerate(entries) if entry.event.kind == "child.ended") + 1
    events = [entry.event for entry in entries[:cut]]
    child = child_of("left", "s1")
    events[-1] = k.ChildEnded("s1", child, "done", steps=1)
    store.log.append("left", 0, tuple(events), 1.0)
    theirs = tuple(entry.event for entry in store.log.read(child_of(parent, "s1")))
    store.log.append(child, 0, theirs, 1.0)
    serve("Done.")
    notebook.line("resume left --anyway")
    assert state(notebook, "left").answer == "Done."
    assert sum(isinstance(entry.event, k.ChildEnded) for entry in store.log.read("left")) == 1


def test_all_that_holds_for_a_run_holds_for_its_children(notebook: Notebook, tmp_path: Path) -> None:
    """Rules of the profile, hidden columns, and the care of a run that was given orders by data go on to a child."""

    def asked_of(*more: k.Event) -> k.RunStarted:
        run = stage([]).run
        tools = ("query",)
        run.append(k.RunStarted("q", "m", tools=tools, profile="p", deny=("git",), ask=("query",), hide=("email",)))
        for event in more:
            run.append(event)
        unused: Any = None
        question = Delegate(run, unused, unused, unused, unused)._question(Errand("do it", ()), "c1")
        return begun(question, "m", Settings(hide=("ssn",)), (), "", tmp_path)

    held = asked_of(k.InstructionsFound(("y",), "x", "c1"))
    assert (held.profile, held.deny, held.ask, held.hide) == (
        "p",
        ("git",),
        ("query", "*(risk=high)"),
        ("email", "ssn"),
    )
    assert asked_of().ask == ("query",)


def test_a_child_that_is_left_no_tool_has_none(notebook: Notebook) -> None:
    """One that was given only the tool to begin another, where there is no deeper, does not get all there are."""
    serve(errand(), "Done.")
    serve(ToolCall("s9", "spawn", {"task": "Deeper.", "model": "deepest", "tools": ["spawn"]}), "Ok.", name="helper")
    serve("I am the last.", name="deepest")
    notebook.ask("Pass it on.", "--model script --mode auto")
    last = state(notebook, child_of(child_of(notebook.session.last, "s1"), "s9"))
    assert last.started is not None
    assert (last.answer, last.started.tools) == ("I am the last.", ())


def test_children_side_by_side_share_what_is_left(notebook: Notebook) -> None:
    """Eight of them may not spend eight times what their parent has."""
    serve([errand("s1", cost=5.0), errand("s2")], "Both are done.")
    serve("Mine is done.", name="helper")
    notebook.ask("Have both done.", "--model script --mode auto")
    parent = notebook.session.last
    allowed = [state(notebook, child_of(parent, id)).started.limits for id in ("s1", "s2")]  # type: ignore[union-attr]
    whole = state(notebook, parent).allowed
    assert whole.cost is not None
    assert [limits.cost for limits in allowed] == [whole.cost / 2, whole.cost / 2]


def test_a_profile_holds_for_a_run_and_its_children(notebook: Notebook) -> None:
    """A run by a profile has its tools and no others, and so has whoever works for it; what is typed widens nothing."""
    notebook.shell.user_ns["x"] = 1
    serve(CODE, "I only look.")
    notebook.ask("Look for weaknesses.", "--model script --mode auto --data all --as-agent security")
    run = state(notebook, notebook.session.last)
    assert run.started is not None
    assert (run.started.profile, run.started.mode, run.started.data) == ("security", "plan", "stats")
    assert "run_python" not in run.started.tools
    assert "There is no tool 'run_python'" in run.messages[-2].text
    assert "Never show a secret" in run.messages[0].text
    assert "security (built in): Looking for weaknesses" in notebook.line("profiles")


# ---- the tool


def test_the_tool_says_what_it_would_do() -> None:
    """By itself it is harmless; another model is sent something, and that is asked about."""
    context = ToolContext()
    plain = assessed(spawn, context, task="Find it.")
    assert (plain.risk, plain.effect, plain.beside) == ("low", "idempotent", True)
    other = assessed(spawn, context, task="Find it.", model="openai:x")
    assert (other.risk, other.reasons) == ("medium", ("the task, and what its tools tell, go to the model openai:x",))
    assert told(spawn, context, task="Find it.", tools=["query"], cost=0.5) == "did: Find it."
    (given,) = context.errands
    assert (given.tools, given.cost, given.steps) == (("query",), 0.5, 15)


@pytest.mark.parametrize(("task", "what"), [(" ", "There is no task"), ("fail", "did not finish")])
def test_what_comes_to_nothing_is_an_error(task: str, what: str) -> None:
    """The model is told, and can do it in another way."""
    from aether_nb.errors import RepairableToolError

    with pytest.raises(RepairableToolError, match=what):
        told(spawn, ToolContext(), task=task)
