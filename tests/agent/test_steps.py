"""What comes next: the pure function, without a loop, a model or a tool."""

from __future__ import annotations

import pytest

from aether_nb.agent.context import compose, turn_of
from aether_nb.agent.steps import Act, Ask, Finish, Gate, Pause, Plan, Propose, Wait, next_step
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.messages import Message, Text, ToolCall, Usage, arguments_hash
from aether_nb.events.state import Call, RunState

ONE = ToolCall("c1", "send", {"to": "a"})
READER = ToolCall("c2", "look", {})


def state(*events: k.Event, mode: k.Mode = "ask", plan_only: bool = False, limits: k.Limits | None = None) -> RunState:
    """The state of a run in which these happened, a tenth of a second apart."""
    first = k.RunStarted("q", "m", mode, limits or k.Limits(), plan_only=plan_only)
    everything = (first, k.ContextComposed((Message.of("user", "q"),)), *events)
    return fold(k.Entry("r", n, 100 + n / 10, event) for n, event in enumerate(everything, 1))


def answered(*calls: ToolCall, text: str = "") -> k.ModelAnswered:
    """A reply with these calls."""
    return k.ModelAnswered(
        "m", Message("assistant", (Text(text),) if text else (), calls), Usage(1, 1, 0.0), "stop", 0.1
    )


def proposed(call: ToolCall, risk: k.Risk = "medium", effect: k.Effect = "external", parallel: bool = False) -> k.Event:
    """A call as it was judged."""
    return k.CallProposed(call, arguments_hash(call.name, call.arguments), risk, effect, parallel=parallel)


HASH = arguments_hash("send", {"to": "a"})
OPEN = (answered(ONE), proposed(ONE))


def test_a_run_asks_first_and_plans_first_when_only_a_plan_is_wanted() -> None:
    """The first step is Ask, or Plan with --plan."""
    assert (next_step(state()), next_step(state(plan_only=True))) == (Ask(), Plan())


def test_calls_are_looked_at_then_gated_then_carried_out() -> None:
    """A reply's calls go Propose, Gate, Act, in this order."""
    assert next_step(state(answered(ONE))) == Propose("c1")
    waiting = state(*OPEN)
    assert next_step(waiting) == Gate(waiting.calls["c1"])
    allowed = state(*OPEN, k.GateOpened("c1", HASH), k.GateAnswered("c1", HASH, "approve", "panel"))
    assert next_step(allowed) == Act((allowed.calls["c1"],))


def test_a_refused_call_goes_back_to_the_model() -> None:
    """After a denial nothing is open and the model is asked again, with the denial in its messages."""
    after = state(*OPEN, k.GateAnswered("c1", HASH, "deny", "panel", reason="no"))
    assert (next_step(after), after.messages[-1].text) == (Ask(), "denied by the user: no")


def test_in_mode_plan_a_call_that_acts_is_refused_without_a_question() -> None:
    """The gate of mode plan is a refusal."""
    waiting = state(*OPEN, mode="plan")
    assert next_step(waiting) == Gate(waiting.calls["c1"], refused=True)


def test_readers_go_together_and_stop_at_the_first_that_does_not_only_read() -> None:
    """Leading calls that only read are one step."""
    second = ToolCall("c3", "look", {"n": 1})
    calls = (
        answered(READER, second, ONE),
        *(proposed(c, "low", "pure", True) for c in (READER, second)),
        proposed(ONE),
    )
    step = next_step(state(*calls))
    assert isinstance(step, Act) and [call.id for call in step.calls] == ["c2", "c3"]


def test_a_question_is_waited_for_before_anything_else() -> None:
    """An open question holds the run."""
    question = k.QuestionAsked("q", "Go on?", ("go on", "stop here"), limit="steps")
    assert next_step(state(*OPEN, question)) == Wait(question)


@pytest.mark.parametrize(
    ("limits", "limit"),
    [(k.Limits(steps=1), "steps"), (k.Limits(tokens=2), "tokens"), (k.Limits(seconds=0.1), "seconds")],
)
def test_a_limit_pauses_the_next_question_to_the_model(limits: k.Limits, limit: str) -> None:
    """What is used up pauses the run; calls that are open are settled first."""
    asked = k.ModelAsked("m", 1)
    failed = k.CallFailed("c1", "no")
    assert next_step(state(asked, *OPEN, failed, limits=limits)) == Pause(limit)
    assert isinstance(next_step(state(asked, *OPEN, limits=limits)), Gate)


def test_an_unknown_cost_is_over_no_limit() -> None:
    """A model whose price nobody knows cannot use up the money; it is not counted as zero either."""
    reply = k.ModelAnswered("m", Message.of("assistant", ""), Usage(1, 1, None), "stop", 0.1)
    after = state(reply, limits=k.Limits(cost=0.01))
    assert (after.over(), after.usage.cost) == ("", None)


def test_every_way_to_an_end_is_finish_and_after_the_end_there_is_nothing() -> None:
    """An answer, a failure, a declined limit and a plan end the run; an ended run has no next step."""
    question = k.QuestionAsked("q", "Go on?", ("go on", "stop here"), limit="steps")
    ends = (
        state(answered(text="done")),
        state(k.ModelFailed("m", "no")),
        state(question, k.QuestionAnswered("q", None, "policy:deny")),
        state(k.PlanMade((k.PlanItem("x"),)), plan_only=True),
    )
    assert [next_step(one) for one in ends] == [Finish()] * 4
    assert next_step(state(k.RunEnded("done"))) is None


def test_a_state_of_no_run_is_refused() -> None:
    """Deciding needs the run's first event."""
    with pytest.raises(ValueError, match=r"run\.started"):
        next_step(RunState())


def test_later_turns_see_prompt_answer_and_one_line_a_call() -> None:
    """The history of an earlier turn holds no tool results, and its own plan is left out."""
    made = k.NamespaceChanged("c1", (k.Change("summary", "added"),))
    ended = state(*OPEN, made, k.CallFinished("c1", (Text("secret rows"),), 0.1), answered(text="It is 5."))
    turn = turn_of(ended)
    assert turn == k.Turn("r", 7, "q", "It is 5.", ("send(a): finished",), ("summary",))
    messages = compose(
        "next", [Text("variables (0):", "schema")], mode="ask", workspace=__import__("pathlib").Path("/w"), prior=[turn]
    )
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert (
        messages[2].text
        == "It is 5.\n\nCalls of this turn:\n- send(a): finished\n\nVariables made in this turn: summary"
    )
    assert not any("secret" in message.text for message in messages)


def test_what_left_is_counted_by_kind_of_data() -> None:
    """The question and the summary's parts stand side by side, each with what it shows of the data."""
    from pathlib import Path

    parts = (Text("a: int64", "schema"), Text(", 1 … 9", "statistics", ("df.a",)))
    asked = compose("q", parts, mode="ask", workspace=Path("/w"), prior=())[-1]
    assert asked.parts == (Text("q"), Text("\n\n", "schema"), *parts)
    assert asked.text == "q\n\na: int64, 1 … 9"


def test_the_call_value_names_itself() -> None:
    """A call as it stands knows its id and its tool."""
    call = Call(k.CallProposed(ONE, HASH, "low", "pure"))
    assert (call.id, call.name) == ("c1", "send")
