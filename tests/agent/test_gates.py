"""What is judged and asked is what runs: calls that change their meaning, edits, and calls that cannot be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aether_nb import tool
from aether_nb.tools.base import Assessment, Context
from aether_nb.tools.function import declare
from harness.agent import NO, YES, Script, call, stage


def test_what_cannot_be_judged_is_high_and_asked() -> None:
    """A judge that breaks makes its call high risk: a person looks at it."""

    def broken(arguments: Any, context: Context) -> Assessment:
        raise RuntimeError("no idea")

    @declare(judge=broken, where="loop")
    async def odd() -> str:
        """Do something odd."""
        return "did it"

    person = Script([NO])
    stage([call("odd"), "ok"], tools=[odd], person=person).drive()
    proposed = person.asked[0].proposed
    assert (proposed.risk, proposed.reasons) == ("high", ("it could not be judged (RuntimeError)",))


def test_a_judge_may_refuse_before_anybody_is_asked() -> None:
    """What is plainly not allowed, such as a path outside the folder, goes back to the model without a gate."""
    person = Script()
    play = stage([call("write_file", path="../x", content="x"), "ok"], person=person, workspace=Path("/w"))
    play.drive()
    assert play.told().startswith("error: ../x lies outside the working folder.")
    assert person.asked == []


def test_a_call_whose_meaning_changed_while_somebody_was_asked_is_asked_again() -> None:
    """What was approved is what runs: a call that is judged otherwise just before it begins goes back to its gate."""
    risks = iter(["medium", "high", "high"])

    def judge(arguments: Any, context: Context) -> Assessment:
        return Assessment(next(risks), "external")  # type: ignore[arg-type]

    @declare(judge=judge, where="loop")
    async def act() -> str:
        """Act."""
        return "acted"

    person = Script([YES, NO])
    play = stage([call("act"), "ok"], tools=[act], person=person)
    play.drive()
    assert [asked.proposed.risk for asked in person.asked] == ["medium", "high"]
    assert "call.begun" not in play.kinds


def test_an_edit_that_differs_in_type_only_is_an_edit() -> None:
    """True is not 1: what the person typed is what runs."""
    from dataclasses import replace

    @tool(risk="medium", effect="external", where="loop")
    async def put(value: Any) -> str:
        """Put."""
        return repr(value)

    play = stage([call("put", value=1), "ok"], tools=[put], person=Script([replace(YES, arguments={"value": True})]))
    play.drive()
    assert play.told().endswith("True")


def test_an_edit_that_raises_the_risk_is_asked_about_again() -> None:
    """Whoever edits a call into something worse sees it judged before it runs."""
    from dataclasses import replace

    def judge(arguments: Any, context: Context) -> Assessment:
        return Assessment("high" if arguments["to"] == "all" else "medium", "external")

    @declare(judge=judge, where="loop")
    async def mail(to: str) -> str:
        """Mail."""
        return f"mailed {to}"

    person = Script([replace(YES, arguments={"to": "all"}), NO])
    play = stage([call("mail", to="me"), "ok"], tools=[mail], person=person)
    play.drive()
    assert [asked.proposed.risk for asked in person.asked] == ["medium", "high"]
    assert "call.begun" not in play.kinds
