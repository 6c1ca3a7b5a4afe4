"""Hosted agents as a person meets them: named in a cell, listed, refused, resumed, and given tasks by other agents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aether_nb import host, plugins, registry
from aether_nb.errors import AgentDrifted, OptionError, ResumeRefused, RunFailed
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.events.folds import fold
from aether_nb.events.messages import ToolCall
from aether_nb.events.state import RunState
from harness.plain_shell import Notebook, flat, serve

CODE = {"code": "found = 41 + 1\nprint(found)"}


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Notebook]:
    """A notebook in a folder of its own; what a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])
    opened = Notebook(tmp_path / "work", tmp_path / "home", monkeypatch, capsys)
    yield opened
    opened.close()


def state(notebook: Notebook, run: str = "") -> RunState:
    """A run as its record has it."""
    return fold(notebook.session.store.log.read(run or notebook.session.last))


async def counter(house: Any) -> str:
    """Counts things."""
    seen = await house.call("run_python", **CODE)
    return (await house.model(["How many?", seen])).text


def test_a_cell_gives_a_task_to_a_function(notebook: Notebook) -> None:
    """It works in the notebook by the usual gates; its answer, cards and requests are shown, traced, evident."""
    host(counter)
    serve("There are 42.")
    said = notebook.ask("Count.", "--model script --mode auto --as-agent counter -o words")
    assert "There are 42." in said
    assert "run_python" in said
    assert (notebook.shell.user_ns["found"], notebook.shell.user_ns["words"]) == (42, "There are 42.")
    run = state(notebook)
    assert run.started is not None
    assert (run.started.agent, run.started.profile) == ("counter", "counter")
    assert "agent:counter" in run.started.versions
    trace = notebook.line("trace")
    assert "agent:counter calls a tool" in trace
    assert "agent:counter answers" in trace
    sentences = [event["text"] for event in json.loads(notebook.line("trace --json"))["events"]]
    assert "as counter: Count." in sentences[0]
    assert {"step 1: counter calls run_python", "step 3: counter answers"} <= set(sentences)
    audit = json.loads(notebook.line("audit --json"))
    assert "agent:counter" in json.dumps(audit)
    assert notebook.line("replay").count("There are 42.") == 1
    listed = notebook.line("profiles")
    assert "counter (a function): Counts things." in listed
    assert {one["name"]: one["agent"] for one in json.loads(notebook.line("profiles --json"))}["counter"] is True
    assert [turn.answer for turn in notebook.session.turns.values()] == ["There are 42."]


def test_a_value_may_be_wanted_of_it(notebook: Notebook) -> None:
    """What it returns is read as the type; no model is asked for that."""
    host(lambda house: 6 * 7, name="six")
    notebook.ask("?", "--as-agent six -o n --as int")
    assert notebook.shell.user_ns["n"] == 42


def test_what_it_says_on_the_way_is_shown_before_its_answer(notebook: Notebook) -> None:
    """The words of a model that the function goes on from are no answer, and are not lost either."""

    async def guest(house: Any) -> str:
        await house.model("First?")
        await house.model("Then?")
        return "In the end."

    host(guest)
    serve("One thing.", "Another thing.")
    said = notebook.ask("?", "--model script --as-agent guest")
    assert said.index("One thing.") < said.index("Another thing.") < said.index("In the end.")


def test_it_may_do_no_more_than_it_was_hosted_for(notebook: Notebook) -> None:
    """Its tools, rules and mode narrow the run as those of a profile do."""
    told: list[str] = []

    async def careful(house: Any) -> None:
        for one in (ToolCall("", "run_python", CODE), ToolCall("", "list_variables", {})):
            told.append(str(await house.call(one)))

    host(tools=["list_variables"])(careful)
    notebook.ask("?", "--mode auto --as-agent careful")
    assert "There is no tool 'run_python'" in told[0]
    run = state(notebook)
    assert run.started is not None
    assert set(run.started.tools) <= {"list_variables", "plan", "ask_user", "answer_with", "use_skill"}
    host(deny=["run_python"])(careful)
    notebook.ask("?", "--mode auto --as-agent careful")
    assert "run_python" in told[2]
    assert "found" not in notebook.shell.user_ns


def test_it_makes_no_plan_and_a_name_nobody_has_is_refused(notebook: Notebook) -> None:
    """Before anything is begun, with the nearest name."""
    host(counter)
    for options, what in (("--plan --as-agent counter", "makes no plan"), ("--as-agent countr", "There is: counter")):
        with pytest.raises(OptionError, match=what):
            notebook.ask("?", options)


def left(notebook: Notebook, agent: Any, at: str) -> str:
    """A run that was left: its record is cut behind the first event of a kind, as a kernel that died leaves it."""
    host(agent)
    notebook.ask("Count.", "--model script --mode auto --as-agent counter")
    store, run = notebook.session.store, notebook.session.last
    entries = list(store.log.read(run))
    end = next(n for n, entry in enumerate(entries) if entry.event.kind == at) + 1
    with store.leased("dead") as lease:
        store.log.append(
            "dead", 0, [entry.event for entry in entries[:end]], [entry.time for entry in entries[:end]], lease.epoch
        )
    return "dead"


def test_a_run_that_was_left_goes_on_where_its_record_ends(notebook: Notebook) -> None:
    """The function is run again; what it was told it is told again, and no model is asked for what was answered."""
    serve("There are 42.")
    run = left(notebook, counter, "model.answered")
    serve()
    assert "There are 42." in notebook.line(f"resume {run}")
    assert state(notebook, run).steps == 3
    with pytest.raises(ResumeRefused, match="has ended"):
        notebook.line(f"resume {run}")


def test_it_does_not_go_on_without_its_function_nor_with_another_one(notebook: Notebook) -> None:
    """What is missing is named, with what to do; another code is refused, and with --anyway its drift is."""
    serve("There are 42.")
    run = left(notebook, counter, "call.finished")
    registry.remove("profile", "counter")
    for options in ("", " --anyway"):
        with pytest.raises(ResumeRefused, match="hosted agent counter, which is not here"):
            notebook.line(f"resume {run}{options}")

    async def other(house: Any) -> str:
        return str(await house.call("list_variables"))

    host(name="counter")(other)
    with pytest.raises(ResumeRefused, match="agent counter has changed"):
        notebook.line(f"resume {run}")
    with pytest.raises(AgentDrifted) as drifted:
        notebook.line(f"resume {run} --anyway")
    assert "it called run_python(found = 41 + 1" in str(drifted.value)
    assert "now it calls list_variables()" in str(drifted.value)
    host(counter)
    assert "There are 42." in notebook.line(f"resume {run}")


def test_a_run_that_its_function_broke_goes_on_as_a_fork_when_that_is_mended(notebook: Notebook) -> None:
    """What was paid for is in the copy; only what comes behind it is new."""
    broken = True

    async def counter(house: Any) -> str:
        said = await house.model("How many?")
        if broken:
            raise KeyError("price")
        return said.text

    host(counter)
    serve("There are 42.")
    with pytest.raises(RunFailed) as failed:
        notebook.ask("Count.", "--model script --as-agent counter")
    run = notebook.session.last
    assert "broke off with KeyError" in str(failed.value)
    assert f"%aether fork {run} --at 4 --anyway" in str(failed.value)
    broken = False
    serve()
    assert "There are 42." in notebook.line(f"fork {run} --at 4 --anyway")


def errand(**more: Any) -> ToolCall:
    """A call that gives a task to somebody."""
    return ToolCall("s1", "spawn", {"task": "Count them.", **more})


def test_another_agent_gives_it_a_task(notebook: Notebook) -> None:
    """It is a child as any other: it may do no more than its parent, and is asked about through it."""
    host(deny=["shell"], data="stats")(counter)
    serve(errand(agent="counter", model="helper"), "They are counted.")
    serve("There are 42.", name="helper")
    assert "They are counted." in notebook.ask("Have them counted.", "--model script --mode auto")
    child = state(notebook, child_of(notebook.session.last, "s1"))
    assert child.started is not None
    assert (child.started.agent, child.started.data, child.started.mode) == ("counter", "stats", "auto")
    assert (child.answer, child.started.deny) == ("There are 42.", ("shell",))


def test_a_child_of_a_profile_is_never_wider_than_its_parent(notebook: Notebook) -> None:
    """Its mode, its data and its tools are the less of both; a name nobody has goes back to the model."""
    host(name="wide", mode="ask", data="all", tools=["run_python", "fly"])(counter)
    serve(errand(agent="wid"), ToolCall("s2", "spawn", {"task": "x", "agent": "wide", "model": "helper"}), "Done.")
    serve("There are 42.", name="helper")
    notebook.ask("Have it done.", "--model script --mode auto --data schema")
    parent = state(notebook)
    assert "There is no profile 'wid'" in next(m.text for m in parent.messages if m.call_id == "s1")
    child = state(notebook, child_of(parent.run, "s2"))
    assert child.started is not None
    assert (child.started.mode, child.started.data) == ("ask", "schema")
    assert set(child.started.tools) <= {"run_python", "plan", "ask_user", "use_skill"}


# ---- routing


def test_the_fitting_profile_is_chosen_only_when_that_is_asked_for(notebook: Notebook) -> None:
    """One request to the model for small tasks; the reason is shown and recorded with the run's first event."""
    serve("Nothing is open.")
    serve("security: it asks about weak spots", name="small")
    notebook.line("model small --role utility")
    said = flat(notebook.ask("Is this safe?", "--model script --as-agent auto"))
    assert "As *security*: it asks about weak spots" in said
    run = state(notebook)
    assert run.started is not None
    assert (run.started.profile, run.started.mode) == ("security", "plan")
    kinds = [entry.event.kind for entry in notebook.session.store.log.read(run.run)]
    assert kinds[:2] == ["run.started", "profile.routed"]
    assert "as security: it asks about weak spots" in notebook.line("trace --json")
    serve("Yes.")
    notebook.ask("Is this safe?", "--model script")
    plain = state(notebook)
    assert plain.started is not None
    assert plain.started.profile == ""


def test_without_a_model_for_small_tasks_the_run_works_as_always_and_says_so(notebook: Notebook) -> None:
    """Nothing is guessed; what to type is said."""
    serve("So it is.")
    said = flat(notebook.ask("?", "--model script --as-agent auto"))
    assert "As usual: no profile was chosen" in said
    assert "--role utility" in said
    assert "So it is." in said


def test_a_profile_with_a_model_of_its_own_is_asked_by_it(notebook: Notebook) -> None:
    """As where it is named; the model that the question names comes first."""
    registry.register("profile", "finance", _finance())
    serve("finance: money", "finance: money", name="small")
    serve("From the ledger.", name="ledger")
    serve("From the script.")
    notebook.line("model small --role utility")
    assert "From the ledger." in notebook.ask("Costs?", "--as-agent auto")
    serve("finance: money", name="small")
    assert "From the script." in notebook.ask("Costs?", "--as-agent auto --model script")


def _finance() -> Any:
    from aether_nb.agent.profiles import Profile

    return Profile("finance", description="Money.", model="ledger")


def test_what_was_routed_is_not_routed_again(notebook: Notebook) -> None:
    """Its profile stands in the run's first event: whoever takes it up asks nobody."""
    serve("security: weak spots", name="small")
    serve("Open.")
    notebook.line("model small --role utility")
    notebook.ask("Is this safe?", "--model script --as-agent auto")
    store = notebook.session.store
    entries = [
        e for e in store.log.read(notebook.session.last) if not isinstance(e.event, k.ModelAnswered | k.RunEnded)
    ]
    with store.leased("dead") as lease:
        store.log.append("dead", 0, [e.event for e in entries], [e.time for e in entries], lease.epoch)
    serve("Open again.")
    assert "Open again." in notebook.line("resume dead")
