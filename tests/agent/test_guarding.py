"""What the house answers when code that runs wants to do more than its card said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent import calling
from aether_nb.agent.again import Recalled, Record
from aether_nb.agent.approvals import permits
from aether_nb.agent.asking import Asking
from aether_nb.agent.calls import Calls, Host
from aether_nb.agent.drift import Was
from aether_nb.agent.run import Run
from aether_nb.errors import StoreFull
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.events.state import RunState
from aether_nb.store.memory import MemoryLog
from aether_nb.tools.base import Context
from harness.agent import Script, call, here, stage

OPTIONS = ("yes", "no")


@tool(risk="low", effect="namespace", where="loop")
async def act(context: Context) -> str:
    """Do something for which a yes is needed at that moment."""
    return str(await asyncio.to_thread(context.allows, "May it?", OPTIONS))


@tool(risk="low", effect="namespace", where="loop")
async def act_here(context: Context) -> str:
    """The same, on the very thread on which an answer would have to come in."""
    return str(context.allows("May it?", OPTIONS))


@tool(risk="low", effect="namespace", where="loop")
async def look_at_rights(context: Context) -> str:
    """Say what needs no question."""
    return f"{context.permits('medium')} {context.permits('high')} {context.permits('medium', '/tmp/a/x')}"


def test_the_answer_is_recorded_with_the_call_that_asked() -> None:
    """A question of running code is an event of its call, marked so that an old answer is never taken for a new one."""
    person = Script(answers=["yes"])
    this = stage([[call("act")], "done"], tools=[act], person=person)
    assert this.drive().answer == "done"
    asked = next(event for event in this.stored if isinstance(event, k.QuestionAsked))
    assert (asked.text, asked.options, asked.guard) == ("May it?", OPTIONS, True)
    assert asked.call_id in this.run.state.calls
    assert this.told() == "yes"


def test_nobody_there_means_no() -> None:
    """Without anybody to ask, or where the answer could not come in, there is none."""
    for each in (act, act_here):
        this = stage([[call(each.spec.name)], "done"], tools=[each])
        this.drive()
        assert this.told() == "None"


def test_code_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its kernel does nothing else meanwhile: after a while the answer is no, and the record says why."""

    class Away(Script):
        async def answer(self, question: k.QuestionAsked) -> tuple[str | None, str]:
            await asyncio.sleep(60)
            return "yes", "panel"

    monkeypatch.setattr(calling, "GUARD_SECONDS", 0.02)
    this = stage([[call("act")], "done"], tools=[act], person=Away())
    assert this.drive().answer == "done"
    assert this.told() == "None"
    answered = next(event for event in this.stored if isinstance(event, k.QuestionAnswered))
    assert (answered.answer, answered.by) == (None, "policy:timeout")


@pytest.mark.parametrize("fault", [CancelledError(), StoreFull("The disk is full.")])
def test_a_question_that_comes_to_nothing_is_a_no(fault: Exception) -> None:
    """A run that is being stopped, or whose question cannot be recorded, lets nothing be done."""

    def hold(begin: Callable[[], Future[Any]]) -> Any:
        raise fault

    async def asking() -> str | None:
        calls = Calls(Run(MemoryLog(), "run1"), {}, Host(None, Path("/nowhere"), here, hold=hold), Asking(()))
        context = calls._context("c1", asyncio.get_running_loop())
        return await asyncio.to_thread(context.allows, "May it?", OPTIONS)

    assert asyncio.run(asking()) is None


def proposed(name: str = "run_python", risk: Any = "high") -> k.CallProposed:
    """A call of code."""
    return k.CallProposed(ToolCall("c", name, {}), "sha256:h", risk, "external")


def grant(rule: str, risk: Any = "medium", name: str = "run_python") -> k.Grant:
    """A yes that lasts."""
    return k.Grant("g", name, rule, risk, "run", "panel")


@pytest.mark.parametrize(
    ("risk", "path", "mode", "grants", "allowed"),
    [
        ("medium", "", "ask", [], False),
        ("medium", "", "auto", [], True),
        ("high", "", "auto", [], False),
        ("medium", "/tmp/a/x", "ask", [grant("folder:/tmp/a", name="write_file")], True),
        ("medium", "/tmp/b/x", "ask", [grant("folder:/tmp/a", name="write_file")], False),
        ("high", "/tmp/a/x", "ask", [grant("folder:/tmp/a", name="write_file")], False),
        ("medium", "", "ask", [grant("folder:/tmp/a", name="write_file")], False),
        ("high", "", "ask", [grant("tool", "high")], True),
        ("high", "", "ask", [grant("tool", "medium")], False),
        ("high", "", "ask", [grant("call:sha256:h", "high")], False),
    ],
)
def test_what_needs_no_question(risk: Any, path: str, mode: Any, grants: list[k.Grant], allowed: bool) -> None:
    """The mode and the grants count as at a gate; a yes to the exact call covers what its card said, and no more."""
    assert permits(proposed(), risk, path, mode, grants) is allowed


def test_a_call_is_told_what_its_run_permits() -> None:
    """The run's mode and its grants decide."""
    folder = [grant("folder:/tmp/a", name="write_file")]
    this = stage([[call("look_at_rights")], "done"], tools=[look_at_rights], grants=folder)
    this.drive()
    assert this.told() == "False False True"


def test_an_old_yes_to_running_code_does_not_count_again() -> None:
    """When a record is performed again, its answers count for tools, never for the guard."""
    was = Was(proposed(), answers=("yes", "yes"))
    record = Record("old", RunState(), (), {"c": was}, k.ContextComposed(()), 0.0)
    asking = Recalled(Asking([Script(answers=["no"])]), record)
    question = k.QuestionAsked("q1", "May it?", OPTIONS, "c", guard=True)
    assert asyncio.run(asking.answer(question)) == ("no", "panel")
    assert asyncio.run(asking.answer(replace(question, guard=False))) == ("yes", "record:old")
