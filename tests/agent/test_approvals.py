"""Who may decide about a call: every combination of mode, risk and effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aether_nb.agent.approvals import covering, decide, policy_allows
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.events.state import Call


def proposed(risk: Any = "medium", effect: Any = "external", path: str = "") -> k.CallProposed:
    """A call of write_file."""
    return k.CallProposed(ToolCall("c", "write_file", {}), "sha256:h", risk, effect, path=path)


@pytest.mark.parametrize(
    ("mode", "risk", "effect", "verdict"),
    [
        ("plan", "low", "pure", "run"),
        ("plan", "low", "namespace", "deny"),
        ("plan", "high", "external", "deny"),
        ("ask", "low", "pure", "run"),
        ("ask", "low", "namespace", "run"),
        ("ask", "medium", "namespace", "ask"),
        ("ask", "high", "external", "ask"),
        ("auto", "medium", "external", "run"),
        ("auto", "high", "external", "ask"),
    ],
)
def test_the_table_of_modes(mode: Any, risk: Any, effect: Any, verdict: str) -> None:
    """Each mode runs, asks or refuses exactly what the README's table says."""
    assert decide(Call(proposed(risk, effect)), mode, ()) == verdict


def test_an_approved_call_runs_in_every_mode_that_asks() -> None:
    """A yes to the exact call is enough."""
    assert decide(Call(proposed("high"), "approved"), "ask", ()) == "run"


@pytest.mark.parametrize(
    ("rule", "path", "risk", "covered"),
    [
        ("call:sha256:h", "", "high", True),
        ("call:sha256:other", "", "medium", False),
        ("folder:/tmp/a", "/tmp/a/x.csv", "medium", True),
        ("folder:/tmp/a", "/tmp/a/b/x.csv", "medium", True),
        ("folder:/tmp/a", "/tmp/ab/x.csv", "medium", False),
        ("folder:/tmp/a", "/tmp/a/../x.csv", "medium", False),
        ("folder:/tmp/a", "/tmp/a/x.csv", "high", False),
        ("folder:/tmp/a", "", "medium", False),
    ],
)
def test_what_a_grant_covers(rule: str, path: str, risk: Any, covered: bool) -> None:
    """A grant covers the exact call, or a file inside its folder of less than high risk, and nothing near it."""
    grant = k.Grant("g", "write_file", rule, "high" if rule.startswith("call") else "medium", "run", "panel")
    assert (covering(proposed(risk, path=path), (grant,)) is grant) is covered


def test_a_grant_is_for_its_own_tool() -> None:
    """A yes to one tool says nothing about another."""
    assert covering(proposed(), (k.Grant("g", "shell", "call:sha256:h", "high", "run", "panel"),)) is None


def test_a_grant_never_turns_a_refusal_into_a_yes() -> None:
    """What the mode refuses stays refused, whatever was granted."""
    grant = k.Grant("g", "write_file", "call:sha256:h", "medium", "notebook", "panel")
    assert decide(Call(proposed()), "plan", (grant,)) == "deny"
    assert decide(Call(proposed()), "ask", (grant,)) == "granted"


@pytest.mark.parametrize(
    ("policy", "risk", "effect", "allowed"),
    [
        ("deny", "medium", "namespace", False),
        ("low", "medium", "namespace", True),
        ("low", "medium", "external", False),
        ("auto", "medium", "external", True),
        ("auto", "high", "namespace", False),
        ("auto", "high", "external", False),
    ],
)
def test_what_a_policy_says_when_nobody_is_there(policy: Any, risk: Any, effect: Any, allowed: bool) -> None:
    """deny refuses, low allows what stays in the kernel, auto allows medium risk, high is never allowed."""
    assert policy_allows(proposed(risk, effect), policy) is allowed


def test_a_grant_never_covers_more_risk_than_it_was_given_for() -> None:
    """The same call may hurt more later: a yes to a new file is no yes to replacing one."""
    grant = k.Grant("g", "write_file", "call:sha256:h", "medium", "notebook", "panel")
    assert decide(Call(proposed("high")), "ask", (grant,)) == "ask"


@pytest.mark.parametrize(
    ("ruled", "mode", "risk", "effect", "verdict"),
    [
        ("deny", "auto", "low", "pure", "deny"),
        ("ask", "auto", "low", "pure", "ask"),
        ("ask", "plan", "low", "pure", "deny"),
        ("allow", "ask", "high", "external", "run"),
        ("allow", "plan", "medium", "external", "deny"),
    ],
)
def test_rules_come_before_the_mode(ruled: Any, mode: Any, risk: Any, effect: Any, verdict: str) -> None:
    """What a rule denies or wants to be asked about is, in every mode; what one allows runs, but not in mode plan."""
    assert decide(Call(replace(proposed(risk, effect), ruled=ruled)), mode, ()) == verdict


def test_a_denied_call_stays_denied_whatever_was_said() -> None:
    """Neither a yes to the exact call nor a grant gets past a rule that denies."""
    grant = k.Grant("g", "write_file", "call:sha256:h", "medium", "notebook", "panel")
    assert decide(Call(replace(proposed(), ruled="deny"), "approved"), "auto", (grant,)) == "deny"


def test_an_allowed_call_is_asked_about_where_data_gave_orders() -> None:
    """A rule that allows does not count for high risk once data has tried to give the model orders."""
    call = Call(replace(proposed("high"), ruled="allow"))
    assert (decide(call, "ask", ()), decide(call, "ask", (), misled=True)) == ("run", "ask")


def test_nobody_says_yes_to_what_a_rule_wants_asked() -> None:
    """A rule that asks wants a person: no policy for the time when nobody is there answers in his place."""
    assert not policy_allows(replace(proposed("medium", "namespace"), ruled="ask"), "auto")
