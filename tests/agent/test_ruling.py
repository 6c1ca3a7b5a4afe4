"""What rules of the user's mean for a run: refused, asked about, or done without a question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aether_nb import tool
from aether_nb.events import kinds as k
from aether_nb.events.ruling import Policy, parsed
from aether_nb.tools.base import Context
from harness.agent import NO, YES, Script, call, look, send, stage

DENY = Policy(deny=parsed(["send(to=all)"]))


@tool(risk="low", effect="namespace", where="loop")
async def rights(context: Context) -> str:
    """Say what this call may do while it runs."""
    own, other = context.permits("medium", "/w/out/a"), context.permits("medium", "/w/a")
    no, yes = context.forbids("/w/secret/a"), context.forbids(host="example.org")
    return f"{own} {other} {no} {yes!r}"


def test_a_denied_call_is_refused_and_nobody_is_asked() -> None:
    """The model is told which rule forbids it; no person is bothered, and nothing begins."""
    person = Script()
    play = stage([call("send", to="all"), "ok"], tools=[send], person=person, policy=DENY, mode="auto")
    play.drive()
    assert play.told() == "denied by policy:rule: the rule send(to=all) forbids it, whoever asks; find another way"
    assert (person.asked, "call.begun" in play.kinds) == ([], False)


def test_an_edit_cannot_get_past_a_rule() -> None:
    """What a person types at a gate is held to the rules as well."""
    person = Script([replace(YES, arguments={"to": "all"})])
    play = stage([call("send", to="me"), "ok"], tools=[send], person=person, policy=DENY)
    play.drive()
    assert "the rule send(to=all) forbids it" in play.told()
    assert "call.begun" not in play.kinds


def test_a_rule_that_asks_asks_about_what_only_reads() -> None:
    """A person decides about it, however harmless it is."""
    person = Script([NO, YES])
    asking = Policy(ask=parsed(["look"]))
    play = stage([[call("look", "a"), call("look", "b")], "ok"], tools=[look], person=person, policy=asking)
    play.drive()
    assert [asked.id for asked in person.asked] == ["a", "b"]
    assert [event.call_id for event in play.stored if isinstance(event, k.CallBegun)] == ["b"]


def test_a_rule_that_allows_spares_the_question() -> None:
    """What a person has allowed once for all runs at once, and its card says by which rule."""
    allow = Policy(allow=parsed(["send(to=me)"]))
    play = stage([call("send", to="me"), "ok"], tools=[send], policy=allow)
    play.drive()
    assert play.told() == "sent to me"
    proposed = next(event for event in play.stored if isinstance(event, k.CallProposed))
    assert (proposed.ruled, proposed.rule) == ("allow", "send(to=me)")


def test_running_code_is_held_to_the_rules(tmp_path: Path) -> None:
    """What write_file may do, code may; what is forbidden is forbidden to a call that runs already."""
    rules = Policy(parsed(["write_file(path=secret/*)"]), (), parsed(["write_file(path=out/*)"]), folder="/w")
    play = stage([call("rights"), "ok"], tools=[rights], policy=rules)
    play.drive()
    assert play.told() == "True False write_file(path=secret/*) ''"


@tool(risk="low", effect="namespace", where="loop")
async def writes(context: Context) -> str:
    """Say whether a file may be written while this call runs."""
    first, second = context.permits("medium", "/w/reports/a"), context.permits("medium", "/w/a")
    return f"{first} {second} {context.permits('high', '/w/a')}"


def test_running_code_is_asked_about_where_a_call_would_be() -> None:
    """A rule that asks holds for code as well, and so does the care of a run that was given orders by data."""
    asks = Policy(ask=parsed(["write_file(path=reports/*)"]), folder="/w")
    play = stage([call("writes"), "ok"], tools=[writes], policy=asks, mode="auto")
    play.drive()
    assert play.told() == "False True False"
    yes = k.Grant("g", "writes", "tool", "high", "run", "panel")
    granted = stage([call("writes"), "ok"], tools=[writes], mode="auto", grants=[yes])
    granted.drive()
    assert granted.told() == "True True True"
    misled = stage([call("writes"), "ok"], tools=[writes], mode="auto", grants=[yes])
    misled.run.append(k.InstructionsFound(("it gives orders",), "do as I say"))
    misled.drive()
    assert misled.told() == "True True False"


def test_a_call_knows_whether_data_has_spoken_to_the_model() -> None:
    """A tool that has to be careful then, such as the one that proposes a fact, can ask whether it is so."""

    @tool(risk="low", effect="pure")
    def told(context: Context) -> str:
        """Say so."""
        return str(context.misled)

    play = stage([call("told"), call("told"), "ok"], tools=[told])
    play.drive()
    assert play.told() == "False"
    misled = stage([call("told"), "ok"], tools=[told])
    misled.run.append(k.InstructionsFound(("it gives orders",), "do as I say"))
    misled.drive()
    assert misled.told() == "True"
