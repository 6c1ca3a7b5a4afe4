"""Yeses for variables: what they cover, that they are given only for what was shown, and what ends them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from aether_nb.agent.approvals import covering, permits
from aether_nb.agent.asking import Answer, Terminal
from aether_nb.agent.calling import Trace
from aether_nb.agent.ending import settled
from aether_nb.agent.granting import Grants
from aether_nb.agent.mail import heard
from aether_nb.agent.scoping import choices, kept_to, rule
from aether_nb.agent.sealing import gate_events
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import Call, RunState
from aether_nb.session.yeses import Yeses
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import memory_store
from aether_nb.tools.base import Assessment, Context, PartlyDone, Result
from aether_nb.tools.function import FunctionTool, declare
from harness.agent import YES, Script, call, here, stage

CODE = k.CallProposed(call("run_python", "c1", code="x"), "h1", "medium", "namespace", variables=("df", "other"))
YES_FOR_DF = k.Grant("g1", "run_python", "variables:df", "medium", "notebook", "panel")
FOR_VARIABLES = Answer("approve", "panel", "run", scope="variables")


@pytest.mark.parametrize(
    ("variables", "covered"), [(("df",), True), (("df", "other"), False), (("other",), False), ((), False)]
)
def test_a_yes_for_variables_covers_what_is_plain_to_change_no_other(variables: tuple[str, ...], covered: bool) -> None:
    """A call of which nobody can say what it changes is covered by none."""
    assert bool(covering(replace(CODE, variables=variables), [YES_FOR_DF])) is covered


def test_a_yes_for_variables_covers_neither_more_risk_nor_another_tool() -> None:
    """Whatever else holds."""
    one = replace(CODE, variables=("df",))
    assert covering(replace(one, risk="high"), [YES_FOR_DF]) is None
    assert covering(replace(one, call=call("other", "c2")), [YES_FOR_DF]) is None


def test_a_yes_for_variables_opens_no_file_to_code_that_runs() -> None:
    """What code is about to do beside its variables is asked about."""
    one = replace(CODE, variables=("df",))
    assert not permits(one, "medium", "/w/a.csv", "ask", [YES_FOR_DF])


def test_a_yes_is_for_nothing_but_what_was_shown() -> None:
    """Whoever changes a call so that it touches something else has given a yes for that exact call."""
    shown = replace(CODE, path="/w/out/a.csv")
    assert rule(shown, "variables", shown) == "variables:df,other"
    assert rule(replace(shown, variables=("df",)), "variables", shown) == "call:h1"
    assert rule(replace(shown, variables=()), "variables", replace(shown, variables=())) == "call:h1"
    assert rule(shown, "folder", shown) == "folder:/w/out"
    assert rule(replace(shown, path="/etc/a.csv"), "folder", shown) == "call:h1"


def test_what_a_yes_can_be_for_is_told_in_words() -> None:
    """Beside the exact call: the folder of its file, and its variables."""
    assert choices(replace(CODE, path="/w/out/a.csv")) == [
        ("folder", "whatever run_python does in /w/out"),
        ("variables", "whatever changes only df, other"),
    ]
    assert choices(replace(CODE, variables=())) == []


def changed(*changes: tuple[str, str]) -> k.NamespaceChanged:
    """What a call did, by name."""
    return k.NamespaceChanged("c1", tuple(k.Change(name, what) for name, what in changes))  # type: ignore[arg-type]


def test_a_call_that_did_more_marks_it_and_ends_its_yes() -> None:
    """What is new, the run's own, private, or of unknown fate is no more than what the yes is for."""
    one, state = replace(CODE, variables=("df",)), RunState(grants=(YES_FOR_DF,), made=("mine",))
    kept = changed(("df", "changed"), ("new", "added"), ("mine", "changed"), ("_x", "changed"), ("big", "unknown"))
    assert kept_to(one, state, [kept]) == (kept,)
    more = changed(("df", "changed"), ("theirs", "changed"), ("gone", "removed"))
    marked, revoked = kept_to(one, state, [more])
    assert revoked == k.GrantRevoked("g1", k.WIDER)
    assert isinstance(marked, k.NamespaceChanged)
    assert [bool(change.flags) for change in marked.changes] == [False, True, True]
    assert marked.changes[1].flags[0].text == "the yes was for df alone, and is taken back"


def test_a_call_without_such_a_yes_is_left_as_it_is() -> None:
    """One that a person has looked at may do what he has seen."""
    more = changed(("theirs", "changed"))
    assert kept_to(CODE, RunState(grants=(YES_FOR_DF,)), [more]) == (more,)
    exact = replace(YES_FOR_DF, rule="call:h1")
    assert kept_to(CODE, RunState(grants=(exact,)), iter([more])) == (more,)


def changing(*really: str, fails: bool = False) -> FunctionTool:
    """A tool that is read to change ``df``, and changes these."""

    def judge(arguments: object, context: Context) -> Assessment:
        return Assessment("medium", "namespace", variables=("df",))

    @declare(judge=judge, where="loop")
    async def run_python(code: str, context: Context) -> Result:
        """Run.

        Args:
            code: The code.
        """
        events = (k.NamespaceChanged(context.call_id, tuple(k.Change(name, "changed") for name in really)),)
        if fails:
            raise PartlyDone("it broke", events=events)
        return Result.of("done", events=events)

    return run_python


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(("really", "asked"), [(("df",), 1), (("df", "theirs"), 3)])
def test_a_yes_for_variables_lasts_until_a_call_does_more(really: tuple[str, ...], asked: int, fails: bool) -> None:
    """Other code that changes the same variable runs unasked; after more than that was changed it is asked again."""
    person = Script([FOR_VARIABLES, YES, YES])
    calls = [call("run_python", code=f"df['a'] = {n}") for n in range(3)]
    play = stage([*calls, "done"], tools=[changing(*really, fails=fails)], person=person)
    state = play.drive()
    assert len(person.asked) == asked
    assert [event.by for event in play.stored if isinstance(event, k.GrantRevoked)] == [k.WIDER] * (asked > 1)
    assert len(state.beyond) == (asked > 1)


def test_a_call_that_is_stopped_after_it_did_more_ends_its_yes() -> None:
    """What it did until then is told with the stop."""
    call = Call(replace(CODE, variables=("df",)), "begun")
    state = RunState("r", started=k.RunStarted("p", "m"), grants=(YES_FOR_DF,), calls={"c1": call}, open=("c1",))
    events = settled(state, k.RunEnded("cancelled"), {"c1": Trace(0.0, events=(changed(("theirs", "changed")),))})
    assert [event.kind for event in events] == ["namespace.changed", "call.failed", "grant.revoked", "run.ended"]


@pytest.fixture
def yeses(tmp_path: Path) -> Yeses:
    """Those of a notebook, in a store in memory, with one in force."""
    made = Yeses(Grants(memory_store(), Sealer(tmp_path / "key"), "/a.ipynb"))
    made.kept.keep(YES_FOR_DF)
    assert made.lasting == [YES_FOR_DF]
    return made


def test_a_yes_that_was_gone_beyond_is_gone_for_later_runs_and_kernels(yeses: Yeses) -> None:
    """Another run that still has it does not bring it back."""
    yeses.learn(RunState(beyond=("g1", "g2")))
    yeses.learn(RunState(grants=(YES_FOR_DF,)))
    assert (yeses.lasting, yeses.kept.standing()) == ([], [])


def test_a_yes_for_variables_can_be_sent_from_outside() -> None:
    """A word that names what it covers makes such a grant; any other word makes one for the exact call."""
    opened = [k.RunStarted("p", "m"), CODE, k.GateOpened("c1", "h1")]
    state = fold([k.Entry("r", n, 0.0, event) for n, event in enumerate(opened, 1)])
    for said, expected in (("variables", "variables:df,other"), ("folder", "call:h1"), ("all", "call:h1")):
        body = {"call_id": "c1", "hash": "h1", "lasts": "run", "scope": said}
        given = heard(state, Signal("r", "approve", "ada", body))[-1]
        assert isinstance(given, k.GrantGiven) and given.grant.rule == expected


@pytest.mark.parametrize(
    ("lines", "proposed", "scope"),
    [
        (["r", "v"], CODE, "variables"),
        (["r", "Variables"], CODE, "variables"),
        (["b", ""], CODE, "call"),
        (["b"], CODE, "call"),
        (["r", "f"], replace(CODE, path="/w/a"), "folder"),
        (["r"], replace(CODE, variables=()), "call"),
        (["y"], CODE, "call"),
    ],
)
def test_at_a_terminal_it_is_asked_what_a_lasting_yes_is_for(
    lines: list[str], proposed: k.CallProposed, scope: str
) -> None:
    """Where there is a choice; whatever else is typed is a yes for the exact call."""
    shown: list[str] = []

    def read(prompt: str) -> str:
        shown.append(prompt)
        if not lines:
            raise EOFError
        return lines.pop(0)

    terminal = Terminal(here, read, lambda call: "", True)
    said = asyncio.run(terminal.approve(Call(proposed)))
    assert (said.scope, lines) == (scope, [])
    assert ("[v] for whatever changes only df, other" in shown[-1]) is (len(shown) > 1)


def test_an_edit_at_the_gate_gives_no_wider_yes() -> None:
    """The grant that goes with an edited call is bound to what was on the card."""
    other = gate_events(replace(CODE, variables=("third",)), FOR_VARIABLES, 0.0, shown=CODE)[1]
    assert isinstance(other, k.GrantGiven) and other.grant.rule == "call:h1"
