"""What a hosted agent says to a model: which words are data, what a limit withholds, what cannot be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aether_nb import ScriptedModel, tool
from aether_nb.agent.egress import Egress, Rules, limit_rule
from aether_nb.agent.fencing import fence_rule
from aether_nb.agent.hosting import Told
from aether_nb.agent.wording import Wording
from aether_nb.errors import OptionError
from aether_nb.events.demands import request_hash
from aether_nb.events.messages import Image, Message, Text
from aether_nb.models.base import PLAIN, Request
from aether_nb.tools.base import Result
from harness.agent import Stage, look, stage

FENCE = "f00df00d"


class Elsewhere(ScriptedModel):
    """A scripted model that counts as one that is not on this machine."""

    local = False


@tool(risk="low", effect="pure", where="loop")
async def table() -> Result:
    """Rows of a table."""
    return Result((Text("ann,7", "rows", ("df.name",), 1), Text(" in all 1", "statistics")))


def asked(agent: Any, replies: Sequence[Any], rules: Rules, models: Sequence[Callable[..., ScriptedModel]]) -> Stage:
    """A run whose models are each of another place, by turns."""
    play = stage([], tools=(look, table), agent=agent, egress=Egress(rules, FENCE))
    there = [model([reply], name=f"m{n}") for n, (model, reply) in enumerate(zip(models, replies, strict=True))]
    left = list(there)
    play.driver.choose = lambda _: left.pop(0)
    play.there = there  # type: ignore[attr-defined]
    return play


def sent(play: Stage, n: int) -> str:
    """The last message of the n-th request."""
    request: Request = play.there[n].requests[0]  # type: ignore[attr-defined]
    return request.messages[-1].text


def test_a_result_that_is_handed_on_keeps_its_kind() -> None:
    """Under a limit only the rows are withheld; what is said with them, and was said before, is not."""

    async def agent(house: Any) -> str:
        first = await house.model([{"role": "system", "content": "Be brief."}, "What is there?"])
        rows = await house.call("table")
        return (
            await house.model([{"role": "system", "content": "Be brief."}, ["What is there?", rows], first.message])
        ).text

    play = asked(agent, ["a table", "ann"], Rules("stats"), [Elsewhere, Elsewhere])
    assert play.drive().answer == "ann"
    request = play.there[1].requests[0]  # type: ignore[attr-defined]
    assert "Be brief." in request.messages[0].text
    assert FENCE in request.messages[0].text
    assert "The user limits what you see" in request.messages[0].text
    assert request.messages[1].text.startswith("What is there?")
    assert "in all 1" in request.messages[1].text
    assert "ann,7" not in request.messages[1].text
    assert request.messages[2].text == "a table"


@pytest.mark.parametrize(("rules", "leaves"), [(Rules("schema"), False), (Rules(), True)])
def test_words_that_may_be_made_of_a_result_count_as_output(rules: Rules, leaves: bool) -> None:
    """Copied into a text of its own, in a message of its own making, what a call brought does not slip past a limit."""

    async def agent(house: Any) -> str:
        rows = await house.call("table")
        return (await house.model([house.task, Message.of("user", f"Look: {rows}")])).text

    play = asked(agent, ["so"], rules, [Elsewhere])
    play.drive()
    assert ("ann,7" in sent(play, 0)) is leaves


def test_what_a_model_on_this_machine_said_does_not_leave_by_another() -> None:
    """It was told everything; with a limit, its words stay here, whether handed on or copied."""

    async def agent(house: Any) -> str:
        near = await house.model(["All of it?", await house.call("table")])
        await house.model(["And now?", near.message])
        return (await house.model(["And now?", Message("assistant", near.message.parts)])).text

    play = asked(agent, ["ann is 7", "so", "so"], Rules("stats"), [ScriptedModel, Elsewhere, Elsewhere])
    play.drive()
    assert "ann,7" in sent(play, 0)
    assert "ann is 7" not in sent(play, 1) + sent(play, 2)


def test_the_opening_of_a_run_of_ours_may_be_used_as_it_is() -> None:
    """Its rules speak of the fence already; its parts keep their kinds, whatever calls have brought."""
    egress = Egress(Rules("stats"), FENCE)
    rule = f"rules {fence_rule(FENCE)}{limit_rule(egress.rules)}"
    opening = (Message.of("system", rule), Message("user", (Text("all"), Text("df: a", "schema"))))
    wording = Wording(stage([]).driver.calls, egress, PLAIN, True)
    wording.known(opening)
    found = wording.request(opening, False, {"max_tokens": 5}, True)
    assert found.request.messages == opening
    assert found.request.options.max_tokens == 5


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (lambda house: house.model([]), "The request is empty."),
        (lambda house: house.model([{"role": "boss", "content": "x"}]), "is no message"),
        (lambda house: house.model([{"role": "tool", "content": "x"}]), "result.message"),
        (lambda house: house.model([{"content": 7}]), "cannot be made of int"),
        (lambda house: house.model([[7]]), "cannot be made of list"),
        (lambda house: house.model("x", tools=["fly"]), "There is no tool 'fly' here."),
        (lambda house: house.model("x", heat=1), "There is no option 'heat'."),
        (lambda house: house.model("x", max_tokens=object()), "model cannot be called with such a value"),
        (lambda house: house.call("look", what=float("nan")), "look cannot be called with such a value"),
    ],
)
def test_what_cannot_be_sent_or_recorded_is_said_to_the_function(wanted: Any, said: str) -> None:
    """It is a mistake in the function: its run fails with words that say what to write instead."""

    async def agent(house: Any) -> None:
        with pytest.raises(OptionError) as error:
            await wanted(house)
        assert said in str(error.value)

    assert stage([], tools=(look,), agent=agent).drive().answer == "Done."


def test_the_tools_of_a_request_are_all_none_or_those_that_are_named() -> None:
    """A model is told of what the function wants it to be told of."""

    async def agent(house: Any) -> None:
        await house.model("a")
        await house.model("b", tools=True)
        await house.model("c", tools="look")
        await house.model("d", tools=False)
        assert "look" in house.tools

    play = stage(["1", "2", "3", "4"], tools=(look,), agent=agent)
    play.drive()
    offered = [[spec.name for spec in request.tools] for request in play.model.requests]
    assert (offered[0], offered[2], offered[3]) == ([], ["look"], [])
    assert {"look", "run_python"} <= set(offered[1])


def test_a_result_is_a_text_with_parts() -> None:
    """It may be cut and joined as a text; as a message it answers the call of a model, or is words of the user's."""
    told = Told((Text("seven"), Image("image/png", "AA==")), True, "c1")
    assert (told[:3], told.message.role, told.message.call_id) == ("sev", "tool", "c1")
    assert Told(told.parts).message.role == "user"


def test_two_requests_are_the_same_when_all_that_is_asked_is() -> None:
    """The words, the pictures, the calls, the tools and the options count; ids and what was thought do not."""
    one = Message("user", (Text("a"), Image("image/png", "AA==")))
    base = request_hash([one], ["look"], {"max_tokens": 5})
    assert request_hash([Message("user", one.parts, thinking="hm")], ["look"], {"max_tokens": 5}) == base
    others = [
        ([Message.of("user", "a")], ["look"], {"max_tokens": 5}),
        ([one], [], {"max_tokens": 5}),
        ([one], ["look"], {}),
    ]
    assert base not in {request_hash(*other) for other in others}


def test_nothing_is_told_to_whoever_has_stopped_waiting() -> None:
    """A function may give up on what it wanted; what comes of it is recorded all the same."""

    async def agent(house: Any) -> str:
        wanted = asyncio.ensure_future(house.call("look", what="a"))
        await asyncio.sleep(0)
        wanted.cancel()
        return str(await house.call("look", what="b"))

    play = stage([], tools=(look,), agent=agent)
    assert play.drive().answer == "saw b"
    assert play.kinds.count("call.finished") == 2
