"""Agents that are plain functions: what they are handed, what becomes of what they want, how they are told again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aether_nb.agent.egress import Egress, Rules
from aether_nb.errors import AetherError, AgentDrifted, ModelError, RepairableToolError
from aether_nb.events import kinds as k
from harness.agent import NO, YES, Script, call, resumed
from harness.hosted import TOOLS, asks_and_looks, cut, plain, works


@pytest.mark.parametrize("agent", [asks_and_looks, plain])
def test_what_a_function_wants_goes_the_way_of_every_run(agent: Any) -> None:
    """Its calls are gated, begun and finished, its requests asked and answered; what it returns is the answer.

    An async function and a plain one leave the same record.
    """
    play = works(agent, "blue")
    state = play.drive()
    assert state.answer == "blue · sent to ann"
    assert play.kinds[2:] == [
        "agent.said", "call.proposed", "call.begun", "call.finished",
        "model.asked", "model.answered",
        "agent.said", "call.proposed", "gate.opened", "gate.answered", "call.begun", "call.finished",
        "agent.said", "run.ended",
    ]  # fmt: skip
    assert [message.text for message in play.model.requests[0].messages] == ["What is that?", "saw the sky"]
    assert state.steps == 4
    assert [message.role for message in state.messages[2:]] == ["assistant", "tool", "assistant", "tool", "assistant"]


POINTS = ["agent.said", "call.proposed", "call.begun", "call.finished", "model.asked", "model.answered"]


@pytest.mark.parametrize("agent", [asks_and_looks, plain])
@pytest.mark.parametrize("point", POINTS)
def test_run_again_from_its_start_it_is_told_what_is_recorded(agent: Any, point: str) -> None:
    """Wherever it died, nothing that was answered is asked again, and nothing that was done is done again."""
    left = cut(works(agent, "blue"), point)
    paid = left.kinds.count("model.answered")
    play = resumed(left, [] if paid else ["blue"], tools=TOOLS, agent=agent, person=Script([YES]))
    state = play.drive()
    assert state.answer == "blue · sent to ann"
    assert play.kinds.count("model.answered") == 1
    assert [call.name for call in state.calls.values() if call.status == "finished"] == ["look", "send"]
    assert play.kinds.count("call.finished") == 2


def test_a_call_in_doubt_is_asked_about_and_not_done_again() -> None:
    """Killed after an outside call had begun: a person says what became of it, and the function is told that."""
    left = cut(works(asks_and_looks, "blue"), "call.begun", 2)
    play = resumed(left, [], tools=TOOLS, agent=asks_and_looks, person=Script(answers=["it ran"]))
    assert "it acted before the interruption" in play.drive().answer
    assert play.kinds.count("call.begun") == 2


def test_a_refused_or_failed_call_of_its_own_raises_and_that_of_a_model_is_told() -> None:
    """A function that counts on its call learns that it was not done; a model reads it, as in any run."""

    async def agent(house: Any) -> str:
        with pytest.raises(RepairableToolError, match="not now"):
            await house.call("send", to="ann")
        with pytest.raises(RepairableToolError, match="There is no tool 'fly'"):
            await house.call("fly")
        messages = [*house.opening]
        while (reply := await house.model(messages, tools=["look", "send"])).calls:
            messages.append(reply.message)
            for one in reply.calls:
                told = await house.call(one)
                messages.append(told.message)
                seen.append((told.ok, str(told)))
        return reply.text

    seen: list[tuple[bool, str]] = []
    play = works(agent, [call("look", "a"), call("send", "b", to="bob")], "done", person=Script([NO, NO]))
    assert play.drive().answer == "done"
    assert [ok for ok, _ in seen] == [True, False]
    assert "not now" in seen[1][1]
    assert [spec.name for spec in play.model.requests[0].tools] == ["look", "send"]
    assert [(m.role, m.call_id) for m in play.model.requests[1].messages[3:]] == [("tool", "a"), ("tool", "b")]


def test_calls_side_by_side_are_done_in_their_order() -> None:
    """What is wanted at once is done one after the other, and told again in the same order."""

    async def agent(house: Any) -> str:
        return " ".join(await asyncio.gather(*(house.call("look", what=what) for what in "abc")))

    left = cut(works(agent), "call.finished", 2)
    assert resumed(left, [], tools=TOOLS, agent=agent).drive().answer == "saw a saw b saw c"


# ---- drift


def takes(*ways: str) -> Any:
    """An agent that goes another way each time it is run."""
    left = list(ways)

    async def agent(house: Any) -> str:
        way = left.pop(0)
        if way == "model":
            await house.model("How?")
        elif way == "other model":
            await house.model("How else?")
        elif way == "raise":
            raise LookupError("lost")
        elif way != "end":
            await house.call("look", what=way)
        await house.call("send", to="ann")
        return "done"

    return agent


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("it", "that", "it called look(it); now it calls look(that)"),
        ("it", "model", "it called look(it); now it asks a model 'How?'"),
        ("model", "other model", "it asked a model (request "),
        ("it", "end", "it called look(it); now it calls send(ann)"),
        ("it", "raise", "it called look(it); now it raises LookupError"),
    ],
)
def test_another_way_than_recorded_is_refused_before_anything_is_done(first: str, then: str, said: str) -> None:
    """The error names both; nothing is recorded of it, so that the run can go on when the function is mended."""
    agent = takes(first, then, first)
    left = cut(works(agent, "so"), "gate.opened")
    play = resumed(left, [], tools=TOOLS, agent=agent, person=Script([YES]))
    before = play.run.state.head + 2  # the gate is answered, and the call is done, before the function is run
    with pytest.raises(AgentDrifted) as error:
        asyncio.run(play.driver.drive())
    assert said in str(error.value)
    assert "run1" in str(error.value)
    assert play.run.state.head == before + 1
    assert play.run.state.ended is None
    mended = resumed(play, [], tools=TOOLS, agent=agent)
    assert mended.drive().answer == "done"


def test_an_agent_that_ends_too_early_has_drifted_and_one_that_goes_on_has_not() -> None:
    """What is recorded must be wanted again; what comes behind it is new."""

    async def early(house: Any) -> str:
        return "at once"

    left = cut(works(asks_and_looks, "blue"), "model.answered")
    play = resumed(left, [], tools=TOOLS, agent=early)
    with pytest.raises(AgentDrifted, match="now it answers 'at once'"):
        asyncio.run(play.driver.drive())


def test_an_agent_that_had_answered_may_not_want_more_when_it_is_run_again() -> None:
    """A fork behind its answer runs it again; then its answer is what it must come to."""
    ways = iter([(), ("look",)])

    async def agent(house: Any) -> str:
        for name in next(ways):
            await house.call(name)
        return "done"

    left = cut(works(agent), "agent.said")
    left.run.log.append("run1", len(left.stored), (k.RunForked("run0", 3),), 2000.0)
    with pytest.raises(AgentDrifted, match=r"it answered; now it calls look\(\)"):
        asyncio.run(resumed(left, [], tools=TOOLS, agent=agent).driver.drive())


# ---- bad ends


def test_an_agent_that_raises_ends_its_run_and_says_how_to_go_on() -> None:
    """The run has failed, with the words of the error; what was paid for is not lost."""

    async def agent(house: Any) -> str:
        await house.model("How?")
        raise KeyError("price")

    state = works(agent, "so").drive()
    assert state.ended == k.RunEnded(
        "failed",
        "The agent guest broke off with KeyError.",
        "'price'",
        "Mend it, run its cell, and go on from here: %aether fork run1 --at 4 --anyway",
    )

    def at_once(house: Any) -> str:
        raise AetherError("No.", "Not today.")

    assert works(at_once).drive().ended == k.RunEnded(
        "failed", "The agent guest broke off with AetherError.", "No. Not today."
    )


@pytest.mark.parametrize("error", [StopIteration, SystemExit, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("plainly", [True, False])
def test_whatever_an_agent_raises_ends_its_run(error: type[BaseException], plainly: bool) -> None:
    """Nobody waits for a function that is gone, however oddly it went."""

    def beside(house: Any) -> None:
        raise error

    async def agent(house: Any) -> None:
        raise error

    ended = works(beside if plainly else agent).drive().ended
    assert ended is not None
    assert (ended.outcome, ended.what.startswith("The agent guest broke off with")) == ("failed", True)


def test_where_columns_are_hidden_the_words_of_an_error_are_not_recorded() -> None:
    """They could show a value of one."""

    def agent(house: Any) -> None:
        raise KeyError("ann@planted.example")

    play = works(agent, egress=Egress(Rules(hide=("email",))))
    play.drive()
    assert "planted" not in str(play.stored)


def test_a_model_that_does_not_answer_ends_the_run() -> None:
    """As in any run; the function is left where it waits."""
    state = works(plain, ModelError("It is down.")).drive()
    assert state.ended is not None
    assert (state.ended.outcome, state.ended.what) == ("failed", "It is down.")


def test_an_agent_that_says_nothing_has_done_its_work() -> None:
    """A function without a value has an answer all the same; another value is told as text."""

    async def nothing(house: Any) -> None:
        house.say("a line")

    play = works(nothing)
    assert play.drive().answer == "Done."
    assert [entry.event.note for entry in play.seen if isinstance(entry.event, k.Progress)] == ["a line"]
    assert works(lambda house: 42).drive().answer == "42"


def test_an_object_may_be_an_agent() -> None:
    """What is called like a function is one, also when that is async."""

    class Agent:
        async def __call__(self, house: Any) -> str:
            return await house.call("look", what=house.task)

    assert works(Agent()).drive().answer == "saw the question"


def test_lines_that_were_shown_are_not_shown_again() -> None:
    """What it says on the way is shown when it is new."""

    async def agent(house: Any) -> str:
        house.say("before")
        await house.call("look")
        house.say("between")
        await house.call("send", to="ann")
        house.say("after")
        return "done"

    left = cut(works(agent), "gate.opened")
    play = resumed(left, [], tools=TOOLS, agent=agent, person=Script([YES]))
    play.drive()
    assert [entry.event.note for entry in play.seen if isinstance(entry.event, k.Progress)] == ["after"]
