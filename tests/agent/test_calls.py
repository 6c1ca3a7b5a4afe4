"""What a running call is handed, and what becomes of calls that cannot be judged or fail half-way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aether_nb import tool
from aether_nb.agent.asking import Desk
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold, line, step
from aether_nb.events.messages import Image, Message, Text, ToolCall
from aether_nb.events.state import sent
from aether_nb.models.base import Delta, Request
from aether_nb.tools.base import Assessment, Context, PartlyDone, Result
from aether_nb.tools.function import declare
from harness.agent import YES, Script, call, stage


def test_a_call_is_handed_the_house_and_no_more(tmp_path: Path) -> None:
    """A tool sees its folder, its shell, the plan, what the run has made and written; it can ask, show and use main."""
    seen: dict[str, Any] = {}

    @tool(risk="low", effect="pure", where="loop")
    async def peek(context: Context) -> str:
        """Look at the context."""
        seen.update(
            workspace=context.workspace,
            names=sorted(context.shell.user_ns),
            plan=context.plan,
            made=context.made,
            main=await context.main(lambda: 42),
            keeper=context.keeper,
            effect=context.effect,
        )
        context.emit(k.Progress(context.call_id, 1, 2, "half"))
        await asyncio.sleep(0.01)
        return str(await context.ask("Which?", ("a", "b")))

    @declare(judge=lambda arguments, context: Assessment("medium", "external", path="/w/x.csv"), where="loop")
    async def put(context: Context) -> Result:
        """Write and make something."""
        change = k.Change("t", "added", "int")
        return Result((Text("ok"),), events=(k.NamespaceChanged(context.call_id, (change,)),))

    plan = call("plan", items=[{"title": "Look", "tool": "peek"}])
    person = Script([YES], ["b"])
    play = stage(
        [[plan, call("put")], call("peek"), "done"],
        tools=[peek, put],
        person=person,
        namespace={"df": 1},
        workspace=tmp_path,
    )
    play.drive()
    assert seen == {
        "workspace": tmp_path,
        "names": ["df"],
        "keeper": None,
        "effect": "pure",
        "plan": (k.PlanItem("Look", "peek"),),
        "made": ("t",),
        "main": 42,
    }
    assert play.told() == "b"
    assert [e.event.note for e in play.seen if isinstance(e.event, k.Progress)] == ["half"]
    asked = [event for event in play.stored if isinstance(event, k.QuestionAsked | k.QuestionAnswered)]
    assert asked == [
        k.QuestionAsked(asked[0].id, "Which?", ("a", "b"), call_id=asked[0].call_id),  # type: ignore[union-attr]
        k.QuestionAnswered(asked[0].id, "b", "panel"),
    ]


def test_what_a_failed_call_showed_and_changed_is_kept() -> None:
    """A call that fails half-way leaves its outputs and its changes in the log."""
    change = k.NamespaceChanged("x", (k.Change("a", "added", "int"),))

    @tool(risk="low", effect="namespace", where="loop")
    async def half(context: Context) -> str:
        """Do half."""
        raise PartlyDone("It broke.", "Half-way.", outputs=({"text/plain": "seen"},), events=(change,))

    play = stage([call("half"), "ok"], tools=[half])
    state = play.drive()
    failed = next(event for event in play.stored if isinstance(event, k.CallFailed))
    assert (failed.what, failed.why, failed.outputs) == ("It broke.", "Half-way.", ({"text/plain": "seen"},))
    assert state.made == ("a",)


class Odd:
    """A model that answers in a way of its own."""

    name = "odd"

    def __init__(self, *deltas: Delta, pause: float = 0) -> None:
        self.deltas, self.pause = deltas, pause

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        for delta in self.deltas:
            yield delta
        await asyncio.sleep(self.pause)


def test_a_reply_that_is_never_whole_is_a_failure() -> None:
    """A stream that ends without its reply is the model's failure, and what was shown of it stays transient."""
    play = stage([])
    play.driver.choose = lambda _: Odd(Delta(call="plan {"), Delta(thinking="hm"))
    assert play.drive().ended == k.RunEnded(
        "failed", "The model odd ended its answer before it was whole.", hint="Ask again."
    )
    assert {"call.delta", "thinking.delta"} <= {entry.event.kind for entry in play.seen}


def test_a_model_that_outlasts_the_seconds_is_left_and_the_person_is_asked() -> None:
    """The limit of seconds holds while a model streams: the request is given up, and the run asks."""
    play = stage([], limits=k.Limits(seconds=0.05), person=Script(answers=["stop here"]))
    play.driver.choose = lambda _: Odd(pause=30)
    ended = play.drive().ended
    assert ended is not None and ended.what == "The run was ended at its limit of 0 seconds."


def test_a_run_without_a_limit_of_seconds_waits() -> None:
    """No limit means no deadline."""
    play = stage(["fine"], limits=k.Limits(seconds=None))
    assert play.drive().answer == "fine"


def test_a_reply_that_is_cut_keeps_its_plan_open() -> None:
    """Items that were never worked on stay pending in a run that is done; only those without a tool tick."""
    plan = call("plan", items=[{"title": "Send", "tool": "send"}, {"title": "Tell"}])
    state = stage([plan, "ok"]).drive()
    assert [item.status for item in state.plan] == ["pending", "done"]


def test_a_question_at_the_panel_is_answered_by_its_own_words() -> None:
    """The panel's answer to a question reaches whoever asked, and another question's does not."""

    async def main() -> tuple[str | None, str]:
        async def seen() -> bool:
            return True

        async def never() -> None:
            await asyncio.sleep(3600)

        desk = Desk(seen, never)
        waiting = asyncio.create_task(desk.answer(k.QuestionAsked("q1", "Which?")))
        await asyncio.sleep(0)
        desk.command({"type": "question", "id": "q2", "answer": "no"})
        desk.command({"type": "question", "id": "q1", "answer": "yes"})
        return await asyncio.wait_for(waiting, 5)

    assert asyncio.run(main()) == ("yes", "panel")


def entries(*events: k.Event) -> list[k.Entry]:
    """These events as a log."""
    return [k.Entry("r", n, 100.0 + n, event) for n, event in enumerate(events, 1)]


def test_what_does_not_fit_the_state_changes_nothing() -> None:
    """Answers to questions that are not open, items beyond the plan and transient events leave the state alone."""
    start = fold(entries(k.RunStarted("q", "m")))
    for event in (
        k.QuestionAnswered("q9", "yes", "panel"),
        k.ItemFinished(7),
        k.GateAnswered("c9", "h", "approve", "panel"),
    ):
        after = fold([k.Entry("r", 2, 101.0, event)], start)
        assert (after.question, after.plan, after.calls) == (None, (), {})
    assert step(start, k.Entry("r", 1, 200.0, k.TextDelta("x"))) is start


def test_a_grant_that_is_taken_back_is_gone() -> None:
    """Revoking removes exactly the grant that is named."""
    one, two = (k.Grant(id, "send", "call:h", "medium", "run", "panel") for id in ("g1", "g2"))
    state = fold(
        entries(k.RunStarted("q", "m"), k.GrantGiven(one), k.GrantGiven(two), k.GrantRevoked("g1", "the user"))
    )
    assert state.grants == (two,)


def test_a_question_that_a_call_asks_is_closed_by_its_answer() -> None:
    """The state waits while a question is open, and only so long."""
    asked = fold(entries(k.RunStarted("q", "m"), k.QuestionAsked("q1", "Which?", call_id="c1")))
    answered = fold([k.Entry("r", 3, 103.0, k.QuestionAnswered("q1", "a", "panel"))], asked)
    assert (asked.waiting, answered.waiting, answered.seconds) == (True, False, 1.0)


def test_a_message_says_its_text_and_leaves_pictures_out() -> None:
    """The text of a message is that of its text parts."""
    message = Message("user", (Text("a", "rows", ("df.x",)), Image("image/png", "AAAA"), Text("b")))
    assert message.text == "ab"
    assert sent([message]) == (k.Sent("image", 1), k.Sent("rows", 1, ("df.x",)), k.Sent("text", 1))
    assert line(ToolCall("c", "send", {"to": "x" * 100}), "finished") == f"send({'x' * 80}…): finished"


def test_a_run_names_itself_when_it_is_not_named() -> None:
    """Every run has a short name of its own that can be typed."""
    from aether_nb.agent.run import Run
    from aether_nb.store.memory import MemoryLog

    one, two = Run(MemoryLog()), Run(MemoryLog())
    assert len(one.id) == 8
    assert one.id != two.id


def test_stopping_a_run_that_is_over_says_nothing() -> None:
    """A Stop that comes too late leaves the log as it is."""
    from aether_nb.agent.driver import settled

    assert settled(stage(["done"]).drive(), k.RunEnded("cancelled")) == []


def test_a_burst_of_output_is_shown_in_one_piece_a_stream() -> None:
    """A thousand prints in a row wake the loop once; order and text are kept."""

    @tool(risk="low", effect="pure", where="loop")
    async def loud(context: Context) -> str:
        """Print a lot."""
        for n in range(1000):
            context.emit(k.OutputDelta(context.call_id, f"{n}\n"))
        context.emit(k.Progress(context.call_id, 1))
        context.emit(k.OutputDelta(context.call_id, "oops", "stderr"))
        await asyncio.sleep(0)
        return "ok"

    play = stage([call("loud"), "done"], tools=[loud])
    play.drive()
    shown = [entry.event for entry in play.seen if isinstance(entry.event, k.OutputDelta | k.Progress)]
    assert [type(event) for event in shown] == [k.OutputDelta, k.Progress, k.OutputDelta]
    assert shown[0].text == "".join(f"{n}\n" for n in range(1000))  # type: ignore[union-attr]


def test_a_fatal_error_settles_the_calls_beside_it_before_the_run_ends() -> None:
    """Nothing happens after run.ended, whoever failed."""
    from aether_nb import FatalToolError

    @tool(risk="low", effect="pure", where="loop")
    async def bad() -> str:
        """Fail."""
        raise FatalToolError("Gone.")

    @tool(risk="low", effect="pure", where="loop")
    async def good() -> str:
        """Succeed."""
        await asyncio.sleep(0.01)
        return "ok"

    play = stage([[call("bad"), call("good"), call("plan", items=[{"title": "x"}])]], tools=[bad, good])
    assert play.drive().ended == k.RunEnded("failed", "Gone.")
    assert play.kinds.count("run.ended") == 1
    assert play.kinds[-1] == "run.ended"
    assert play.run.state.open == ()


def test_two_calls_of_one_tool_tick_two_items() -> None:
    """Parallel calls of a tool each take an item of the plan of their own."""

    @tool(risk="low", effect="pure", where="loop")
    async def look(n: int) -> str:
        """Look."""
        await asyncio.sleep(0.001)
        return ""

    plan = call("plan", items=[{"title": "a", "tool": "look"}, {"title": "b", "tool": "look"}])
    state = stage([plan, [call("look", n=1), call("look", n=2)], "ok"], tools=[look]).drive()
    assert [item.status for item in state.plan] == ["done", "done"]


def test_a_call_that_outlasts_the_seconds_is_ended_and_the_person_is_asked() -> None:
    """The limit of seconds holds while a tool runs: what only reads fails, what acts outside is in doubt."""
    from dataclasses import replace

    @tool(risk="low", effect="pure", where="loop")
    async def slow() -> str:
        """Take long."""
        await asyncio.sleep(30)
        return ""

    for effect, kind in (("pure", "call.failed"), ("external", "call.doubtful")):
        offered = replace(slow, effect=effect)  # type: ignore[arg-type]
        play = stage([call("slow"), "x"], tools=[offered], limits=k.Limits(seconds=0.05))
        play.driver.run.clock = __import__("time").time
        ended = play.drive().ended
        assert kind in play.kinds
        assert ended is not None
        assert ended.outcome == "cancelled"


def test_time_spent_asking_inside_a_call_does_not_count() -> None:
    """A person may take longer than the run has."""

    @tool(risk="low", effect="pure", where="loop")
    async def ask(context: Context) -> str:
        """Ask."""
        return str(await context.ask("Well?"))

    class Slow(Script):
        async def answer(self, question: Any) -> tuple[str | None, str]:
            await asyncio.sleep(0.2)
            return "yes", "panel"

    play = stage([call("ask"), "ok"], tools=[ask], person=Slow(), limits=k.Limits(seconds=0.1))
    assert play.drive().ended == k.RunEnded("done")
    assert play.told() == "yes"


def test_a_timeout_of_the_models_own_is_no_limit() -> None:
    """Only the run's own clock makes a limit of it."""
    ended = stage([TimeoutError("server")], limits=k.Limits(seconds=None)).drive().ended
    assert ended == k.RunEnded("failed", "The model aether:scripted broke off with TimeoutError.", "server")


def test_an_empty_answer_is_a_failure() -> None:
    """A model that says nothing, or refuses, has not done its work."""
    ended = stage([""]).drive().ended
    assert ended == k.RunEnded(
        "failed",
        "The model aether:scripted gave no answer.",
        "It ended with 'stop' and no words.",
        "Ask in other words.",
    )


def test_what_a_stopped_call_did_is_recorded_with_the_stop() -> None:
    """Stop does not hide what happened: outputs, changes and seconds of the call are in the log."""
    begun = asyncio.Event()
    change = k.NamespaceChanged("c", (k.Change("a", "added"),))

    @tool(risk="low", effect="namespace", where="loop")
    async def work(context: Context) -> str:
        """Work."""
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            context.leave(({"text/plain": "so far"},), (change,))
        return ""

    play = stage([call("work")], tools=[work])

    async def stopped() -> None:
        task = asyncio.create_task(play.driver.drive())
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(stopped())
    failed = next(event for event in play.stored if isinstance(event, k.CallFailed))
    assert (failed.stopped, failed.outputs, play.run.state.made) == (True, ({"text/plain": "so far"},), ("a",))
    assert failed.seconds > 0


def test_a_log_that_cannot_be_written_stops_the_run_and_keeps_what_it_has() -> None:
    """When the record fails nothing more is done or told, and the error is the store's own."""
    from aether_nb.errors import StoreFull

    play = stage([call("look"), "never"])
    append = play.run.log.append

    def full(run: str, head: int, events: Any, time: float, epoch: int = 0) -> Any:
        if any(isinstance(event, k.ModelAnswered) for event in events):
            raise StoreFull("The disk is full.")
        return append(run, head, events, time)

    play.run.log.append = full  # type: ignore[method-assign]
    with pytest.raises(StoreFull):
        play.drive()
    assert play.kinds == ["run.started", "context.composed", "model.asked"]
    assert len(play.model.requests) == 1


def test_an_earlier_turn_without_calls_is_only_its_words() -> None:
    """Nothing is said of calls and variables where there were none."""
    from aether_nb.agent.context import compose

    turn = k.Turn("r", 1, "hi", "hello")
    messages = compose("next", [Text("s", "schema")], mode="ask", workspace=Path("/w"), prior=[turn])
    assert [message.text for message in messages[1:3]] == ["hi", "hello"]
