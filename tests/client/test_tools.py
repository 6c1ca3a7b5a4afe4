"""Tools of a program: by which right they run, where, and how many at once."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from aether_nb import registry
from aether_nb.client.registering import register_tool
from aether_nb.errors import OptionError
from aether_nb.events.messages import ToolCall
from aether_nb.models.scripted import Say
from aether_nb.tools.base import Assessment
from aether_nb.tools.function import tool
from harness.client import ADD, Meeting, add, heard, scripted


@pytest.fixture
def registered(monkeypatch):
    """What a test registers is forgotten."""
    monkeypatch.setattr(registry, "_things", {})


def told(model):
    """What the model was told last."""
    return model.requests[-1].messages[-1].text


@tool(risk="high", effect="external")
def launch(where: str) -> str:
    """Launch it."""
    return f"launched to {where}"


@tool(effect="external", judge=lambda arguments, context: Assessment(arguments["risk"], "external", ("judged",)))
def judged(risk: str) -> str:
    """Do what a judge looks at."""
    return f"done at {risk} risk"


LAUNCH = ToolCall("", "launch", {"where": "Mars"})


async def test_what_a_program_hands_over_may_be_called():
    """A plain function needs no approval: that is what handing it over means."""
    ai, model = scripted(ADD, "3", tools=[add])
    await ai.ask("x")
    assert told(model) == "3"


async def test_what_is_declared_high_risk_is_refused_without_approve(caplog):
    """The model is told, the program's log has a note, and so has the stream; the function is not called."""
    ai, model = scripted(LAUNCH, "well", tools=[launch])
    chunks = [chunk async for chunk in ai.stream("x")]
    refusal = "it is declared high risk, and nobody is there to approve it"
    assert told(model) == f"denied by program: {refusal}"
    note = "launch was refused: it is declared high risk. Give the client approve= to decide about it."
    assert (caplog.messages, [chunk.note for chunk in chunks if chunk.note]) == ([note], [note])
    (result,) = [chunk.result for chunk in chunks if chunk.result]
    assert (result.name, result.failed, result.text) == ("launch", True, f"refused: {refusal}")


async def test_what_a_tool_says_of_itself_is_no_order():
    """A docstring that speaks of deleting files takes no right from the tools of its program."""

    def clear(folder: str) -> str:
        """Delete the files of a folder."""
        return f"{folder} is empty"

    ai, model = scripted(ADD, ToolCall("", "clear", {"folder": "tmp"}), "well", tools=[add, clear])
    await ai.ask("x")
    assert [message.text for message in model.requests[-1].messages if message.role == "tool"] == ["3", "tmp is empty"]


def manual(topic: str) -> str:
    """Look up a topic."""
    return "DROP TABLE removes a table and its rows."


@tool(risk="medium", effect="external")
def note(text: str) -> str:
    """Note something."""
    return "noted"


async def test_after_data_that_reads_like_an_order_high_risk_needs_a_yes_of_its_own(caplog):
    """The refusal names that cause, what the data says, and what to do; what is declared to be less still runs."""
    calls = ToolCall("", "manual", {"topic": "sql"}), ADD, ToolCall("", "note", {"text": "a"}), LAUNCH
    ai, model = scripted(*calls, "well", tools=[manual, add, note, launch])
    await ai.ask("x")
    results = [message.text for message in model.requests[-1].messages if message.role == "tool"]
    why = "data of this run reads like an order: it wants secrets, or damage"
    assert results[1:3] == [f"denied by program: {why}, and nobody is there to approve it", "noted"]
    assert results[3] == "denied by program: it is declared high risk, and nobody is there to approve it"
    assert caplog.messages[0] == (
        f"add was refused: {why}. It says: 'DROP TABLE removes a table and its rows.'. Declare how risky it is, as "
        '@tool(risk="low", effect="pure"). Give the client approve= to decide about it.'
    )


async def test_who_approves_is_told_that_data_reads_like_an_order():
    """Of an undeclared function the reasons say that, and that nobody has said how risky it is."""
    heard = []
    calls = ToolCall("", "manual", {"topic": "sql"}), ADD
    ai, model = scripted(*calls, "3", tools=[manual, add], approve=lambda *asked: heard.append(asked) or True)
    await ai.ask("x")
    assert told(model) == "3"
    why = "data of this run reads like an order: it wants secrets, or damage"
    assert heard == [("add", {"a": 1, "b": 2}, ("nobody has declared how risky the tool is", why))]


async def yes(name, arguments, reasons):
    """An approval that awaits."""
    await asyncio.sleep(0)
    return (name, arguments["where"], reasons) == (
        "launch",
        "Mars",
        ("the tool is declared high risk, external",),
    )


@pytest.mark.parametrize(
    ("approve", "answer"),
    [
        (yes, "launched to Mars"),
        (lambda *_: True, "launched to Mars"),
        (lambda *_: yes(*_), "launched to Mars"),
        (lambda *_: False, "denied by program: the program"),
        (lambda *_: "yes", "denied by program: the program"),
    ],
    ids=["async", "plain", "plain that gives an async", "no", "not True"],
)
async def test_approve_decides(approve, answer):
    """It is asked about the exact call; only True is a yes."""
    ai, model = scripted(LAUNCH, "well", tools=[launch], approve=approve)
    await ai.ask("x")
    assert told(model) == answer


async def test_a_judge_is_believed():
    """Of a tool with a judge, medium calls are covered by the program's yes and high ones are not."""
    ai, model = scripted(
        *(ToolCall("", "judged", {"risk": risk}) for risk in ("low", "medium", "high")), "x", tools=[judged]
    )
    await ai.ask("x")
    results = [message.text for message in model.requests[-1].messages if message.role == "tool"]
    assert results[:2] == ["done at low risk", "done at medium risk"]
    assert results[2].startswith("denied by program")


async def test_plain_functions_that_read_run_side_by_side_off_the_loop():
    """Eight of them wait for one another; none of them is on the event loop's thread; context variables are there."""
    meeting, who, threads = Meeting(8), contextvars.ContextVar("who"), set()
    who.set("caller")

    @tool(risk="low", effect="pure")
    def meet() -> str:
        """Meet the others."""
        threads.add(threading.current_thread())
        return f"{meeting.meet()} {who.get()}"

    ai, model = scripted([ToolCall("", "meet", {})] * 8, "x", tools=[meet])
    await ai.ask("x")
    results = [message.text for message in model.requests[-1].messages if message.role == "tool"]
    assert results == ["met caller"] * 8
    assert len(threads) == 8
    assert threading.current_thread() not in threads


async def test_async_functions_that_read_run_side_by_side_on_the_callers_loop():
    """Eight of them wait for one another, on the loop of whoever asked."""
    meeting, loops = Meeting(8), set()

    @tool(risk="low", effect="pure")
    async def meet() -> str:
        """Meet the others."""
        loops.add(asyncio.get_running_loop())
        return await meeting.meet_async()

    ai, _ = scripted([ToolCall("", "meet", {})] * 8, "x", tools=[meet])
    await ai.ask("x")
    assert loops == {asyncio.get_running_loop()}


async def test_a_tool_that_raises_is_told_to_the_model_and_to_observers():
    """The run goes on, and tool.error has the reason."""

    def divide(a: int) -> float:
        """Divide."""
        return a / 0

    ai, model = scripted(ToolCall("", "divide", {"a": 1}), "sorry", tools=[divide])
    events = heard(ai)
    assert str(await ai.ask("x")) == "sorry"
    assert told(model).startswith("error: ZeroDivisionError: division by zero")
    (error,) = [event for event in events if event.event == "tool.error"]
    assert (error.tool, error.arguments, error.error.what) == (
        "divide",
        {"a": 1},
        "ZeroDivisionError: division by zero",
    )


async def test_registered_tools_are_offered_to_every_run(registered):
    """By decorator, with declarations, and by name; complete offers only what it was given."""
    register_tool(add)

    @register_tool(name="twice", risk="low", effect="pure")
    def double(x: int) -> int:
        """Double it."""
        return 2 * x

    ai, model = scripted(ADD, "x", "y", "z")
    await ai.ask("a")
    await ai.complete("b")
    await ai.complete("c", tools=["twice"])
    offered = [[spec.name for spec in request.tools] for request in model.requests]
    assert offered == [["add", "twice"], ["add", "twice"], [], ["twice"]]
    assert (double.name, double.risk, double(4)) == ("twice", "low", 8)


def test_what_is_no_tool_cannot_be_registered(registered):
    """It is said where it stands, and nothing is kept."""

    def anything(*things: int) -> None:
        """Take anything."""

    for wrong in (anything, 3):
        with pytest.raises(OptionError):
            register_tool(wrong)
    assert registry.names("tool") == ()


async def test_tools_of_a_call_are_added_to_the_clients():
    """Later ones win where names meet."""

    @tool(name="add")
    def other(a: int, b: int) -> str:
        """Add them otherwise."""
        return "other"

    ai, model = scripted(Say(calls=ADD), "x", tools=[add])
    await ai.ask("x", tools=[other, launch])
    assert ([spec.name for spec in model.requests[0].tools], told(model)) == (["add", "launch"], "other")


@pytest.mark.parametrize(
    ("error", "told_so"), [(SystemExit(2), "with exit code 2"), (KeyboardInterrupt(), "it raised")]
)
async def test_a_tool_ends_nobody_elses_program(error, told_so):
    """What a plain function raises on its thread is the call's failure; other runs of the program go on."""

    def parse() -> str:
        """Parse it."""
        raise error

    (ai, model), (other, _) = scripted(ToolCall("", "parse", {}), "well", tools=[parse]), scripted("fine")
    one, two = await asyncio.gather(ai.ask("x"), other.ask("y"))
    assert (one.text, two.text) == ("well", "fine")
    assert told_so in told(model)
