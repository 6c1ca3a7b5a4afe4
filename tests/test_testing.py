"""Whether a tool keeps the contract of a step is told law by law; the page of guarantees is true where it runs."""

from __future__ import annotations

import asyncio
import doctest
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aether_nb import RepairableToolError, testing, tool
from aether_nb.testing import Finding, check_tool
from aether_nb.tools.base import Assessment, Context, Result
from aether_nb.tools.builtin import BUILT_IN
from aether_nb.tools.function import FunctionTool, declare

OUTSIDE: list[str] = []


def states(found: list[Finding]) -> dict[str, str]:
    """Laws and whether they are kept."""
    return {finding.law: finding.state for finding in found}


def broken(found: list[Finding]) -> dict[str, str]:
    """The laws that are broken, with what was seen."""
    return {finding.law: finding.what for finding in found if finding.state == "broken"}


def test_the_page_of_guarantees_runs() -> None:
    """The code on the page does what the page says."""
    done = doctest.testmod(testing)
    assert (done.failed, done.attempted) == (0, 4)


def test_a_tool_that_keeps_the_contract() -> None:
    """Each law is looked at; what cannot be tried is said to be so."""

    @tool(risk="low", effect="pure", where="loop")
    async def look(what: str, context: Context) -> str:
        """Look at something."""
        await asyncio.sleep(0)
        if what == "nothing":
            raise RepairableToolError("There is nothing.")
        return f"{what} {await context.ask('Really?')}"

    found = check_tool(look, {"what": "it"}, wrong=[{"what": "nothing"}], answers=["yes"], namespace={"x": [1]})
    assert states(found) == {
        "schema": "kept",
        "check": "kept",
        "unknown arguments": "kept",
        "judge": "kept",
        "verify before": "untold",
        "run": "kept",
        "pure": "kept",
        "verify after": "untold",
        "cancellation": "kept",
        'error for {"what": "nothing"}': "kept",
    }


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("list_variables", {}),
        ("list_files", {}),
        ("read_file", {"path": "a.txt"}),
        ("write_file", {"path": "new.txt", "content": "x"}),
        ("search_files", {"pattern": "hel+o"}),
        ("edit_file", {"path": "a.txt", "old": "hello", "new": "goodbye"}),
        ("list_packages", {"names": ["pytest"]}),
        ("git", {"command": "status"}),
        ("time_now", {"zone": "UTC"}),
        ("plan", {"items": [{"title": "Look"}]}),
        ("ask_user", {"question": "Which?"}),
    ],
)
def test_the_tools_of_the_house_keep_it(name: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    """What is asked of others holds here."""
    (tmp_path / "a.txt").write_text("hello")
    ours = next(tool for tool in BUILT_IN if tool.spec.name == name)
    assert broken(check_tool(ours, arguments, workspace=tmp_path, namespace={"df": [1, 2]})) == {}


def declared(effect: Any, **more: Any) -> Any:
    """A decorator for a tool that says what it leaves behind."""
    return tool(risk="low", effect=effect, where="loop", **more)


def test_a_false_effect_is_found() -> None:
    """pure that leaves something, namespace that writes files, idempotent that adds up."""

    @declared("pure")
    async def sly(context: Context) -> str:
        """Change a variable."""
        context.shell.user_ns["x"].append(1)
        return "done"

    @declared("namespace")
    async def scribble(context: Context) -> str:
        """Write a file."""
        (context.workspace / "a.txt").write_text("x")
        return "done"

    @declared("idempotent")
    async def count(context: Context) -> str:
        """Add up."""
        OUTSIDE.append(context.key)
        return "done"

    @declared("idempotent")
    async def put(context: Context) -> str:
        """Put something where it belongs."""
        OUTSIDE[:] = [context.key]
        return "done"

    assert broken(check_tool(sly, {}, namespace={"x": []})) == {
        "pure": "it says that it is pure, and changed variables"
    }
    assert broken(check_tool(scribble, {})) == {"namespace": "it says that it touches variables only, and changed more"}
    OUTSIDE.clear()
    said = {"idempotent": "the second time with the same key changed the world"}
    assert broken(check_tool(count, {}, world=lambda: list(OUTSIDE))) == said
    OUTSIDE.clear()
    assert broken(check_tool(put, {}, world=lambda: list(OUTSIDE))) == {}


def test_a_verifier_that_is_wrong_is_found() -> None:
    """It has to say no before and yes after, and to change nothing; one that cannot tell is untold."""

    def posting(verify: Any) -> FunctionTool:
        @declared("external", on_doubt="verify", verify=verify)
        async def post() -> str:
            """Post something."""
            OUTSIDE.append("post")
            return "posted"

        made: FunctionTool = post
        return made

    def acts(arguments: Mapping[str, Any], context: Context) -> bool:
        OUTSIDE.append("look")
        return True

    async def breaks(arguments: Mapping[str, Any], context: Context) -> bool:
        raise OSError("no")

    def see() -> list[str]:
        return list(OUTSIDE)

    for verify, expected in (
        (lambda arguments, context: "post" in OUTSIDE, {}),
        (lambda arguments, context: Result.of("posted") if OUTSIDE else False, {}),
        (lambda arguments, context: None, {}),
        (
            lambda arguments, context: True,
            {"verify before": "it says that the call acted, and it is the other way round"},
        ),
        (acts, dict.fromkeys(("verify before", "verify after"), "it acts while it looks")),
        (breaks, dict.fromkeys(("verify before", "verify after"), "it raised OSError: no")),
    ):
        OUTSIDE.clear()
        assert broken(check_tool(posting(verify), {}, world=see)) == expected


def test_a_judge_that_acts_or_wavers_is_found() -> None:
    """Judging is looking; the same call is judged the same way."""
    risks = iter(["low", "medium"] * 3)

    def acting(arguments: Mapping[str, Any], context: Context) -> Assessment:
        context.shell.user_ns["seen"] = True
        return Assessment("low", "pure")

    def wavering(arguments: Mapping[str, Any], context: Context) -> Assessment:
        return Assessment(next(risks), "external")  # type: ignore[arg-type]

    def breaking(arguments: Mapping[str, Any], context: Context) -> Assessment:
        raise KeyError("x")

    def refusing(arguments: Mapping[str, Any], context: Context) -> Assessment:
        raise RepairableToolError("Not that.")

    for judge, state, what in (
        (acting, "broken", "it acts while it judges"),
        (wavering, "broken", "it judges the same call in two ways"),
        (breaking, "broken", "it raised KeyError: 'x'"),
        (refusing, "untold", "it refuses the call: Not that."),
    ):

        @declare(judge=judge, where="loop")
        async def judged() -> str:
            """Do something."""
            return "done"

        (finding,) = (finding for finding in check_tool(judged, {}) if finding.law == "judge")
        assert (finding.state, finding.what) == (state, what)


def test_errors_without_a_type_and_a_deaf_tool_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tool raises has a type of ours; a Stop reaches it; it says something to the model."""
    monkeypatch.setattr(testing, "PATIENCE", 0.05)

    @declared("pure")
    async def odd(n: int = 0) -> Any:
        """Do something odd."""
        if n == 1:
            raise ValueError("odd")
        if n == 2:
            raise RepairableToolError("No.")
        return Result(()) if n == 3 else "done"

    @declared("pure")
    async def deaf() -> str:
        """Hear nothing."""
        for _ in range(100):
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                pass
        return "done"

    said = broken(check_tool(odd, {"n": 0}, wrong=[{"n": 1}, {"n": 0}, {"n": 2}]))
    assert said == {
        'error for {"n": 1}': "it raised ValueError: odd, which is not typed",
        'error for {"n": 0}': "it did not fail",
    }
    assert "run" in broken(check_tool(odd, {"n": 1})) and "run" in broken(check_tool(odd, {"n": 3}))
    assert states(check_tool(odd, {"n": 2}))["run"] == "untold"
    assert "cancellation" in broken(check_tool(deaf, {}))
    assert states(check_tool(declare(risk="low", effect="pure")(lambda: "x"), {}))["cancellation"] == "untold"


class Loose:
    """A tool by hand, whose arguments are read loosely."""

    def __init__(self, check: Any, description: str = "Do.") -> None:
        self.check = check
        self.inner = odd_tool
        self.spec = self.inner.spec.__class__("loose", description, {"type": "object"})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@tool(risk="low", effect="pure", where="loop")
async def odd_tool() -> str:
    """Do."""
    return "done"


def test_a_schema_that_says_nothing_or_lies_is_found() -> None:
    """No description, arguments that change, that are taken unread, that are refused: no call is made."""
    numbers = iter(range(99))

    def breaks(arguments: Any) -> Any:
        raise TypeError("no")

    def half(arguments: Any) -> Any:
        if len(arguments):
            raise TypeError("no")
        return {}

    assert set(broken(check_tool(Loose(odd_tool.check, ""), {}))) == {"schema"}  # type: ignore[arg-type]
    changing = check_tool(Loose(lambda arguments: {"n": next(numbers)}), {})  # type: ignore[arg-type]
    assert set(broken(changing)) == {"check", "unknown arguments"}
    assert set(broken(check_tool(Loose(breaks), {}))) == {"check", "unknown arguments"}  # type: ignore[arg-type]
    assert set(broken(check_tool(Loose(half), {}))) == {"unknown arguments"}  # type: ignore[arg-type]
    assert set(broken(check_tool(odd_tool, {"n": 1}))) == {"check"}


def test_what_breaks_the_check_itself_is_raised() -> None:
    """A fault of whoever asks is no finding about the tool."""

    def gone() -> Any:
        raise LookupError("the world is gone")

    with pytest.raises(LookupError):
        check_tool(odd_tool, {}, world=gone)


def test_the_house_that_a_tool_sees_while_it_is_checked() -> None:
    """Nobody watches, nobody keeps, the main thread is here; questions that nobody foresaw stay without an answer."""

    @declared("pure")
    async def curious(context: Context) -> str:
        """Use everything."""
        context.emit(None)  # type: ignore[arg-type]
        context.leave((), ())
        context.shell.display_pub.publish({})
        assert context.shell.transform_cell("x") == "x"
        assert await context.ask("Which?") is None

        async def later() -> int:
            return 2

        return f"{await context.main(lambda: 1)} {await context.main(later)} {context.plan} {context.made}"

    assert broken(check_tool(curious, {})) == {}
