"""Who may decide about a call: the rules of the modes, the grants, and what a policy says when nobody is there.

Pure functions over values. Asking a person is the business of ``asking``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import Literal, TypeAlias

from aether_nb.events.kinds import CallProposed, GateAnswered, Grant, Mode, Risk, SkillOpened
from aether_nb.events.ruling import Policy as Rules
from aether_nb.events.ruling import parsed
from aether_nb.events.state import Call

__all__ = [
    "HOOK",
    "RISKS",
    "VARIABLES",
    "Policy",
    "Verdict",
    "covering",
    "decide",
    "named",
    "permits",
    "policy_allows",
    "refused",
    "riskiest",
    "within",
]

Verdict: TypeAlias = Literal["run", "granted", "ask", "deny"]
"""It runs by the mode's own rules, it runs because a person said so earlier, a person is asked, or the mode says no."""

Policy: TypeAlias = Literal["deny", "low", "auto"]
"""What ``AETHER_APPROVE`` says for the time when nobody is there.

deny: no to everything that would be asked. low: yes to what stays inside the kernel. auto: yes to medium risk too, such
as files in the workspace. High risk is never approved without a person.
"""

RISKS: tuple[Risk, ...] = ("low", "medium", "high")
"""From the least to the most."""

VARIABLES = "variables:"
"""How the rule of a grant for variables begins; their names follow, with commas between them."""

HOOK = "hook:"
"""How the rule of a call begins that a hook has vetoed; its name follows, and the first reason is what it said."""

RUNS_IN: dict[Mode, tuple[str, ...]] = {"plan": (), "ask": ("low",), "auto": ("low", "medium")}
"""The risks that run without a question, by mode."""


def decide(call: Call, mode: Mode, grants: Iterable[Grant], misled: bool = False) -> Verdict:
    """Whether a call runs, by which right, is asked about, or is refused.

    What a rule of the user's denies is refused, whatever else holds; what it wants to be asked about is. Beside that,
    what only reads always runs. In mode *plan* nothing else does. A grant turns a question into a yes; it never turns
    a refusal into one. Where data has tried to give the model orders (``misled``), no grant counts for high risk.
    """
    proposed = call.proposed
    if proposed.ruled == "deny":
        return "deny"
    reads = proposed.effect == "pure" and proposed.risk == "low" and proposed.ruled != "ask"
    if call.status == "approved" or reads:
        return "run"
    if mode == "plan":
        return "deny"
    if misled and proposed.risk == "high":
        return "ask"
    if proposed.ruled == "allow" or (proposed.risk in RUNS_IN[mode] and proposed.ruled != "ask"):
        return "run"
    return "granted" if covering(proposed, grants) else "ask"


def riskiest(one: Risk | Literal[""], other: Risk | Literal[""]) -> Risk | Literal[""]:
    """The greater of two risks; nothing said is less than any."""
    return max(one, other, key=("", *RISKS).index)


def refused(proposed: CallProposed) -> GateAnswered:
    """The no to a call that ``decide`` refuses, with its reason for the model."""
    by, reason = "policy:plan", "in mode plan only what reads is run; say in the plan what you would do"
    if proposed.ruled == "deny" and proposed.rule.startswith(HOOK):
        by, reason = proposed.rule, proposed.reasons[0]
    elif proposed.ruled == "deny":
        by, reason = (
            "policy:rule",
            f"the rule {proposed.rule} forbids it, whoever asks; find another way",
        )
    return GateAnswered(proposed.call.id, proposed.hash, "deny", by, reason=reason)


def covering(proposed: CallProposed, grants: Iterable[Grant]) -> Grant | None:
    """The grant that covers this exact call, if there is one.

    A grant for a tool covers every call of it; one for a folder what a tool does to one file inside it; one for
    variables what is plain to change no other variable. None covers more risk than it was given for.
    """
    for grant in grants:
        if grant.tool != proposed.call.name or RISKS.index(proposed.risk) > RISKS.index(grant.risk):
            continue
        if grant.rule in ("tool", f"call:{proposed.hash}"):
            return grant
        if grant.rule.startswith(VARIABLES) and proposed.variables and set(proposed.variables) <= named(grant):
            return grant
        if grant.rule.startswith("folder:") and proposed.path:
            folder = PurePath(grant.rule.removeprefix("folder:"))
            if PurePath(proposed.path).is_relative_to(folder) and ".." not in PurePath(proposed.path).parts:
                return grant
    return None


def named(grant: Grant) -> frozenset[str]:
    """The variables that a grant is for; none where it is for something else."""
    kind, _, names = grant.rule.partition(":")
    return frozenset(names.split(",")) if f"{kind}:" == VARIABLES else frozenset()


def within(policy: Rules, skills: Iterable[SkillOpened]) -> Rules:
    """The user's rules, and the limits of the skills that were opened: what none of them names is denied."""
    limits = [skill.only for skill in skills if skill.only is not None]
    return replace(policy, only=parsed(rule for rules in limits for rule in rules)) if limits else policy


def permits(proposed: CallProposed, risk: Risk, path: str, mode: Mode, grants: Iterable[Grant]) -> bool:
    """Whether what a running call is about to do needs no question.

    Writing to a file is judged as ``write_file`` would be, too: what that tool may do in a folder, code may do there.

    Args:
        proposed: The call, which was let run for what its card said.
        risk: How much what it is about to do could hurt.
        path: The file that it would write; empty when it is about something else.
        mode: The run's.
        grants: Those in force.
    """
    if risk in RUNS_IN[mode]:
        return True
    known = tuple(grants)
    acts = [replace(proposed, risk=risk, path=path, hash="", variables=())]  # nobody said so when it was read
    if path:
        acts.append(replace(acts[0], call=replace(proposed.call, name="write_file")))
    return any(covering(act, known) is not None for act in acts)


def policy_allows(proposed: CallProposed, policy: Policy) -> bool:
    """Whether a policy says yes to a call that nobody is there to approve."""
    if proposed.risk == "high" or proposed.ruled == "ask" or policy == "deny":
        return False
    return policy == "auto" or proposed.effect == "namespace"
