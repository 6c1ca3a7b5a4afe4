"""Profiles: what a file says, which one counts, and what a run may do that works by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aether_nb import host, plugins, registry
from aether_nb.agent.context import compose
from aether_nb.agent.profiles import SHIPPED, Profile, every, find_profile, hosted, profiles, read_profile
from aether_nb.errors import OptionError
from aether_nb.events.ruling import Policy, parsed

TEXT = """\
---
name: finance
description: Accounts
  and budgets.
tools: query, plot
servers: [ledger]
deny: http_request
ask: ["write_file(path=reports/*)"]
model: openai:x
mode: plan
data: stats
---
Amounts are in euros.
"""


@pytest.fixture(autouse=True)
def _own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])


def written(folder: Path, text: str, name: str = "finance") -> Path:
    """A profile in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    return folder / f"{name}.md"


def test_a_file_says_how_an_agent_works(tmp_path: Path) -> None:
    """What it is told, which tools it has, what it may not do; tools of a server come by the server's name."""
    found = read_profile(written(tmp_path, TEXT), "your own")
    assert (found.name, found.description, found.prompt) == (
        "finance",
        "Accounts and budgets.",
        "Amounts are in euros.",
    )
    assert found.tools == ("query", "plot", "mcp__ledger__*", "plan", "ask_user", "answer_with", "use_skill")
    assert (found.deny, found.ask) == (("http_request",), ("write_file(path=reports/*)",))
    assert (found.model, found.mode, found.data, found.source) == ("openai:x", "plan", "stats", "your own")
    plain = read_profile(written(tmp_path, "---\ndescription: x\n---\nBe brief.", "brief"))
    assert (plain.name, plain.tools, plain.mode) == ("brief", (), None)


def test_a_profile_only_narrows_what_may_run_and_leave() -> None:
    """The more careful of a profile's word and the run's counts; a profile without words changes nothing."""
    careful = Profile("careful", mode="plan", data="stats")
    assert careful.at_most("ask", "all") == ("plan", "stats")
    assert careful.at_most("plan", "schema") == ("plan", "schema")
    bold = Profile("bold", mode="auto", data="all")
    assert bold.at_most("ask", "schema") == ("ask", "schema")
    assert Profile("plain").at_most("ask", "sample") == ("ask", "sample")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Be brief.", "It has no head"),
        ("---\nname: a\ncolour: red\n---\nx", "says 'colour'"),
        ("---\nname: a\ndeny: {a: 1}\n---\nx", "a rule that is none"),
        ("---\nname: a\nmode: fast\n---\nx", "mode cannot be 'fast'"),
        ("---\nname: a\ndeny: [rm -rf /]\n---\nx", "has a rule that is none"),
        ("---\nname: a\n---\n" + "x" * 20_000, r"too long.*up to 20,000 characters"),
    ],
)
def test_what_is_no_profile_is_refused(tmp_path: Path, text: str, what: str) -> None:
    """A profile that is misunderstood would let more happen than it says."""
    with pytest.raises(OptionError, match=what):
        read_profile(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error says which one."""
    with pytest.raises(OptionError, match=r"none\.md cannot be read"):
        read_profile(tmp_path / "none.md")


def test_the_nearer_profile_counts_and_a_project_only_when_it_is_trusted(tmp_path: Path) -> None:
    """One's own come first, then a trusted project's, those of plugins, and those that are shipped."""
    own, project = tmp_path / "own", tmp_path / "project"
    written(own / "profiles", TEXT)
    written(project / ".aether" / "profiles", "---\nname: data\n---\nObey me.", "data")
    plugins.register("profile", "boxed", Profile("boxed", "From a package."))
    with pytest.raises(OptionError, match="cannot be read"):
        plugins.register("profile", "odd", "no profile")
    with pytest.raises(OptionError, match="It is a int"):
        plugins.register("profile", "odd", 7)
    with pytest.raises(OptionError, match="is called 'boxed', not 'odd'"):
        plugins.register("profile", "odd", Profile("boxed"))
    names = [profile.name for profile in profiles(own)]
    assert names == ["finance", "data", "development", "infrastructure", "security", "boxed"]
    assert find_profile("data", own).source == "built in"
    assert find_profile("data", own, project).prompt == "Obey me."
    with pytest.raises(OptionError, match="There is: finance"):
        find_profile("finanse", own)


def test_a_function_is_hosted_under_a_name_and_narrowed_as_a_profile(tmp_path: Path) -> None:
    """With nothing said it is as free as its user; the function stays what it was. Run again, its cell replaces it."""

    @host
    def guest(house: Any) -> str:
        """Looks after things.

        Well.
        """
        return str(house)

    @host(name="ledger", tools=["query"], deny=["shell"], ask=["plot"], model="m:x", mode="plan", data="stats")
    async def other(house: Any) -> None: ...

    assert guest("me") == "me"
    found = find_profile("guest", tmp_path)
    assert (found.agent, found.description, found.tools, found.source) == (
        guest, "Looks after things.", (), "a function",
    )  # fmt: skip
    narrow = find_profile("ledger", tmp_path)
    assert (narrow.tools[0], narrow.deny, narrow.ask, narrow.model) == ("query", ("shell",), ("plot",), "m:x")
    assert (narrow.mode, narrow.data, narrow.agent) == ("plan", "stats", other)
    assert found.version not in ("", narrow.version)
    assert Profile("x").version == ""
    plugins.register("profile", "plain", lambda house: "as it comes from a package")
    assert {"guest", "ledger", "plain"} <= {profile.name for profile in profiles(tmp_path)}
    assert hosted("nobody") is None


@pytest.mark.parametrize(
    ("thing", "narrowing", "what"),
    [
        (7, {}, "int cannot be hosted"),
        (dict, {}, "dict cannot be hosted"),
        (lambda: 1, {}, "not called with one argument"),
        (lambda house: 1, {"deny": ["rm -rf /"]}, "has a rule that is none"),
        (lambda house: 1, {"mode": "fast"}, "mode cannot be 'fast'"),
    ],
)
def test_what_cannot_be_hosted_is_refused(thing: Any, narrowing: dict[str, Any], what: str) -> None:
    """At once, not when a run is begun."""
    with pytest.raises(OptionError, match=what):
        host(**narrowing)(thing)


def test_a_broken_one_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    """It is named with what is wrong; nobody works by a later one of its name, which would let more happen."""
    own, project = tmp_path / "own", tmp_path / "project"
    written(own / "profiles", "Be brief.", "bad")
    written(own / "profiles", '---\nname: "data"\ndeny: [")"]\n---\nx', "mine")
    (own / "profiles" / "folder.md").mkdir()
    written(project / ".aether" / "profiles", "---\nname: data\n---\nObey me.", "data")
    assert {"security", "development"} <= {profile.name for profile in profiles(own, project)}
    assert find_profile("security", own, project).source == "built in"
    found = every(own, project)
    assert {name for name, one in found.items() if isinstance(one, OptionError)} == {"bad", "data", "folder"}
    for name, said in (("bad", "It has no head"), ("data", "a rule that is none"), ("folder", "cannot be read")):
        with pytest.raises(OptionError, match=said):
            find_profile(name, own, project)


def test_the_shipped_ones_are_sound() -> None:
    """Each can be read, says when to use it, and names only tools that there are."""
    from aether_nb.tools.toolbox import toolbox

    known = {*toolbox({}), "recall", "answer_with", "use_skill"}
    for file in SHIPPED.glob("*.md"):
        profile = read_profile(file)
        assert profile.name == file.stem
        assert profile.description
        assert set(profile.tools) <= known, set(profile.tools) - known


def test_a_profile_only_narrows() -> None:
    """Its rules come on top of the user's; it allows nothing, and its name can be asked about in rules."""
    policy = Policy(parsed(["shell(profile=finance)"]), allow=parsed(["query"]))
    assert policy.narrowed((), (), "") == policy
    narrowed = policy.narrowed(("http_request",), ("query",), "finance")
    ruled = [narrowed.ruling(tool, {}).ruled for tool in ("shell", "http_request", "query", "plot")]
    assert ruled == ["deny", "deny", "ask", ""]


def test_a_model_is_told_what_the_profile_says() -> None:
    """It stands among the rules, as the user's own words."""
    told = compose("q", (), mode="ask", workspace=Path("/w"), prior=(), profile="Amounts are in euros.")
    assert "\n\nAmounts are in euros." in told[0].text
