"""``Aether``: one request, one loop, what it counts, and which model it asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aether_nb.client.bus import EVENTS
from aether_nb.client.face import Aether
from aether_nb.client.prompts import conversation
from aether_nb.client.responses import Totals
from aether_nb.errors import (
    ConfigError,
    FatalToolError,
    ModelError,
    ModelNotFound,
    ModelUnavailable,
    OptionError,
    RunFailed,
)
from aether_nb.events.kinds import Limits
from aether_nb.events.messages import Image, Message, Text, ToolCall, Usage
from aether_nb.models.base import Options
from aether_nb.models.scripted import Say, ScriptedModel
from aether_nb.registry import register
from harness.client import ADD, add, scripted

USAGE = Usage(10, 5, 0.25, cached_tokens=4, reasoning_tokens=2)


async def test_complete_is_one_request_without_a_loop():
    """Calls come back to the program, with all that a response has."""
    ai, model = scripted(Say("I will add.", ADD, "hm", USAGE), tools=[add])
    answer = await ai.complete("1+2?", temperature=0.5, stop="\n")
    call = ToolCall("call_1", "add", {"a": 1, "b": 2})
    assert (answer.text, answer.thinking, answer.tool_calls, answer.finish_reason) == (
        "I will add.",
        "hm",
        (call,),
        "tool_calls",
    )
    assert (answer.usage, answer.cost, answer.model, answer.provider) == (USAGE, 0.25, "aether:scripted", "aether")
    assert answer.message == Message("assistant", (Text("I will add."),), (call,), thinking="hm")
    (request,) = model.requests
    assert [spec.name for spec in request.tools] == ["add"]
    assert (request.options, request.stream) == (Options(temperature=0.5, stop=("\n",)), False)


async def test_complete_takes_a_conversation():
    """A program that carries out calls itself hands the whole history over."""
    ai, model = scripted("3", system="Be brief.")
    said = [Message.of("user", "1+2?"), Message("assistant", calls=(ADD,)), Message.of("tool", "3", call_id="")]
    await ai.complete(said)
    assert model.requests[0].messages == (Message.of("system", "Be brief."), *said)


async def test_ask_goes_through_the_tools_to_the_answer():
    """The text is that of the last reply; calls and usage are those of the whole loop."""
    ai, model = scripted(Say("Let me add.", ADD, usage=USAGE), Say("It is 3.", usage=USAGE), tools=[add])
    answer = await ai.ask("1+2?")
    assert (answer.text, [call.arguments for call in answer.tool_calls]) == ("It is 3.", [{"a": 1, "b": 2}])
    assert answer.usage == Usage(20, 10, 0.5, cached_tokens=8, reasoning_tokens=4)
    assert model.requests[1].messages[-1] == Message("tool", (Text("3", "output"),), call_id="call_1")


async def test_usage_adds_up_by_model_and_unknown_stays_unknown():
    """Requests, tokens and money; one unknown price makes the sum unknown, not smaller."""
    ai, _ = scripted(Say("x", usage=USAGE), Say("y", usage=USAGE))
    other = ScriptedModel([Say("z", usage=Usage(1, 1))], name="else:where")
    assert ai.usage == Totals(cost=0.0)
    await ai.ask("a")
    await ai.complete("b")
    assert (ai.usage.requests, ai.usage.tokens, ai.usage.cost) == (2, 30, 0.5)
    await ai.ask("c", model=other)
    total = ai.usage
    assert (total.requests, total.tokens, total.cost) == (3, 32, None)
    costs = {name: (each.requests, each.tokens, each.cost) for name, each in total.by_model.items()}
    assert costs == {"aether:scripted": (2, 30, 0.5), "else:where": (1, 2, None)}


async def test_a_model_that_fails_raises_its_own_error():
    """The error is the one that the model raised, with its status; a failed request is not counted."""
    error = ModelUnavailable("No.", status=429, retry_after=3.0)
    ai, _ = scripted(error)
    with pytest.raises(ModelUnavailable) as caught:
        await ai.ask("x")
    assert (caught.value, ai.usage.requests) == (error, 0)


async def test_bad_ends_are_typed():
    """An answer without words, a fatal tool, and a limit each say what happened."""

    def broken() -> None:
        """Break."""
        raise FatalToolError("The disk is gone.", hint="Buy one.")

    with pytest.raises(ModelError, match="gave no answer"):
        await scripted("")[0].ask("x")
    with pytest.raises(FatalToolError, match="The disk is gone"):
        await scripted(ToolCall("", "broken", {}), tools=[broken])[0].ask("x")
    with pytest.raises(RunFailed, match="ended at its limit of 1 step"):
        await scripted(ADD, ADD, tools=[add])[0].ask("x", limits=Limits(steps=1))
    with pytest.raises(ModelError, match="has no line"):
        await scripted()[0].complete("x")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"temprature": 1}, "There is: temperature."),
        ({"tool": []}, "There is: tools"),
    ],
)
async def test_an_unknown_option_is_named(wrong, hint):
    """A typo is an error with the near names, in the constructor and in a call."""
    ai, _ = scripted("x")
    for call in (lambda: Aether(**wrong), lambda: ai.stream("x", **wrong), lambda: ai.run("x", **wrong)):
        with pytest.raises(OptionError) as caught:
            call()
        assert caught.value.what == f"There is no option {next(iter(wrong))!r}."
        assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("name", ["limits", "images", "as_", "agent"])
def test_what_belongs_to_a_question_is_no_option_of_a_client(name):
    """It is said where it belongs."""
    with pytest.raises(OptionError) as caught:
        Aether(**{name: None})
    said = (f"There is no option {name!r} here.", "It belongs to a question.", f"ask(…, {name}=…)")
    assert (caught.value.what, caught.value.why, caught.value.hint) == said


@pytest.mark.parametrize(
    "wrong", [{"tool_format": "xml"}, {"timeout": -1}, {"base_url": "http://x"}, {"tools": [3]}, {"tools": ["nobody"]}]
)
def test_a_wrong_argument_is_an_error_at_once(wrong):
    """Nothing invalid is silently replaced by a default."""
    with pytest.raises(OptionError):
        Aether(**wrong)


async def test_call_before_environment_before_file_before_default(monkeypatch, tmp_path):
    """Who is asked is looked up at each call, in this order."""
    for name in ("said", "variable", "written"):
        register("model", name, ScriptedModel([name] * 9, name=name))

    async def nobody(*_: object, **__: object) -> list[object]:
        return []

    # What else runs here is not ours to know.
    monkeypatch.setattr("aether_nb.models.catalogue.discovery.find_local", nobody)
    ai = Aether()
    assert (await ai.complete("What is 1 + 1?")).model == "aether:analyst"
    (tmp_path / "aether.toml").write_text('model = "written"')
    assert str(await ai.complete("x")) == "written"
    monkeypatch.setenv("AETHER_MODEL", "variable")
    assert str(await ai.complete("x")) == "variable"
    assert [str(await Aether("said").complete("x")), str(await ai.complete("x", model="said"))] == ["said", "said"]
    monkeypatch.setenv("AETHER_MAX_STEPS", "many")
    with pytest.raises(ConfigError, match="AETHER_MAX_STEPS"):
        await ai.ask("x")


async def test_the_model_can_be_swapped_between_two_tool_turns():
    """From the next step on another model is asked, with the tools' results in the history."""
    second = ScriptedModel(["It is 3."], name="other:model")

    def swap() -> str:
        """Swap."""
        ai.use(second)
        return "swapped"

    ai, first = scripted(ToolCall("", "swap", {}), tools=[swap])
    assert (await ai.ask("x")).model == "other:model"
    assert (len(first.requests), second.requests[0].messages[-1].text) == (1, "swapped")


async def test_a_swap_to_nobody_is_the_error_of_the_run():
    """The model that is asked next cannot be opened: the run ends with the reason, and nobody is asked again."""

    def swap() -> str:
        """Swap."""
        ai.use("nobody:here")
        return "swapped"

    ai, model = scripted(ToolCall("", "swap", {}), "never", tools=[swap])
    with pytest.raises(ModelNotFound, match="nobody"):
        await ai.ask("x")
    assert len(model.requests) == 1


async def test_a_model_that_stops_in_the_middle_is_an_error():
    """Without a whole reply there is no answer, in one request and in a run."""

    class Cut(ScriptedModel):
        async def stream(self, request):
            async for delta in super().stream(request):
                if delta.reply is None:
                    yield delta

    ai = Aether(Cut(["half an answer"] * 2))
    for ask in (ai.complete, ai.ask):
        with pytest.raises(ModelError, match="ended its answer before it was whole"):
            await ask("x")


async def test_a_type_is_for_whole_answers():
    """Where ``as_`` means nothing it is refused, not forgotten."""
    ai, model = scripted("7")
    with pytest.raises(OptionError, match="'as_'"):
        await ai.complete("x", as_=int)
    with pytest.raises(OptionError, match="needs the whole answer"):
        await ai.run("x", as_=int)
    with pytest.raises(OptionError, match="needs the whole answer"):
        await anext(ai.stream("x", as_=int))
    assert model.requests == []


async def test_a_conversation_has_to_be_messages():
    """What is no message is refused before anybody is asked."""
    for wrong in ([], ["x"], [{"role": "user"}]):
        with pytest.raises(OptionError, match="The question cannot be"):
            await conversation(wrong, "")


async def test_pictures_stand_behind_the_words():
    """Images belong to the question, also to the last message of a conversation."""
    ai, model = scripted("x", "y")
    picture = Image("image/png", "aGk=")
    await ai.complete("look", images=[picture, picture])
    await ai.ask([Message.of("user", "see")], images=picture)
    assert [request.messages[-1].parts for request in model.requests] == [
        (Text("look"), picture, picture),
        (Text("see"), picture),
    ]


async def test_a_client_closes_what_it_opened_and_nothing_else():
    """A ready model is its owner's; a client may be used again after it was closed."""
    closed = []

    class Owned(ScriptedModel):
        async def aclose(self) -> None:
            closed.append(self.name)

    register("model", "opened", lambda: Owned(["x"], name="opened"))
    async with Aether("opened") as ai, Aether(Owned(["y"], name="ready")) as other:
        await ai.ask("x")
        await other.ask("y")
    assert closed == ["opened"]


def test_the_readme_lists_every_event_of_the_bus():
    """The table in the README names the ten events that can be observed, and no other."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    table = readme.partition("| `ai.on(EVENT, observer)`")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+\.[a-z]+)`", table)) == set(EVENTS)
