"""What the verbs about the house say and do: rules, plugins, skills."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from aether_nb import plugins, registry
from aether_nb.config import Settings, own_file
from aether_nb.doing import house as house_verbs
from aether_nb.errors import OptionError
from aether_nb.events.coding import Piece, RunCode
from aether_nb.store.store import open_store
from aether_nb.tools.skills.drafting import draft
from aether_nb.tools.skills.skill import FILE, Skill, read_skill

RULES = Settings(deny=("shell(command=rm *)", "*(path=raw/*)"), ask=("git",), allow=("write_file(path=out/*)",))


def asked(**more: Any) -> argparse.Namespace:
    """The options as they are when nothing else is typed."""
    plain = {"call": [], "json": False, "what": "list", "name": "", "user": False, "run": ""}
    return argparse.Namespace(**(plain | more))


@pytest.fixture(autouse=True)
def _own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own, and nothing registered."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("shell(command=rm -rf data)", "refused, whoever asks. The rule shell(command=rm *) says so."),
        ("edit_file(path=raw/a.csv)", "refused, whoever asks. The rule *(path=raw/*) says so."),
        ("git", "asked about, whatever the mode. The rule git says so."),
        (
            "write_file(path=out/a.csv)",
            "runs without a question, but not in mode plan. The rule write_file(path=out/*)",
        ),
        ("query", "no rule fits; mode ask decides: low risk runs, the rest is asked about."),
    ],
)
def test_a_decision_is_explained(call: str, said: str, tmp_path: Path) -> None:
    """What would become of a call, and by which rule; the same for a program."""
    assert said in house_verbs.policy(asked(call=[call]), RULES, tmp_path)
    assert json.loads(house_verbs.policy(asked(call=[call], json=True), RULES, tmp_path))["call"] == call


def test_all_rules_are_listed(tmp_path: Path) -> None:
    """Each with what it says; without any that is said."""
    told = house_verbs.policy(asked(), RULES, tmp_path)
    assert "  deny   shell(command=rm *)" in told
    assert "  allow  write_file(path=out/*)" in told
    assert json.loads(house_verbs.policy(asked(json=True), RULES, tmp_path))["ask"] == ["git"]
    assert house_verbs.policy(asked(), Settings(), tmp_path).startswith("There are no rules.")
    with pytest.raises(OptionError, match="is no call"):
        house_verbs.policy(asked(call=["rm", "-rf"]), RULES, tmp_path)


def test_a_broken_profile_is_listed_with_its_reason(tmp_path: Path) -> None:
    """All the others are, too, and a program reads the same."""
    folder = own_file().parent / "profiles"
    folder.mkdir(parents=True)
    (folder / "bad.md").write_text("Be brief.")
    told = house_verbs.profiles(asked(), Settings(), tmp_path)
    assert f"  bad: cannot be used. {folder / 'bad.md'} is no profile." in told
    assert "  security (built in): " in told
    rows = {row["name"]: row for row in json.loads(house_verbs.profiles(asked(json=True), Settings(), tmp_path))}
    assert "is no profile" in rows["bad"]["problem"] and rows["security"]["agent"] is False


def test_plugins_are_listed_with_what_they_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in use with their things, the others with the reason."""
    found = [plugins.Plugin("a", "pa", "1.0", (("tool", "t"),)), plugins.Plugin("b", "pb", "2.0", problem="no luck")]
    monkeypatch.setattr(plugins, "_loaded", found)
    told = house_verbs.plugins(asked())
    assert "a (pa 1.0): adds tool t" in told
    assert "b (pb 2.0): no luck" in told
    assert "built in (aether-nb " in told
    assert "embedder local" in told
    assert "registered here" not in told
    plugins.register("model", "mine", print)
    assert "  registered here: adds model mine" in house_verbs.plugins(asked())
    assert json.loads(house_verbs.plugins(asked(json=True)))[2]["problem"] == "no luck"


def skills(tmp_path: Path, **more: Any) -> str:
    """What the verb says in a folder."""
    store = open_store(tmp_path / ".aether", "test")
    try:
        return house_verbs.skills(asked(**more), Settings(), tmp_path, store, {})
    finally:
        store.log.close()


def test_skills_are_taken_over_and_shown(tmp_path: Path) -> None:
    """One that is added to the user's own speaks for him, in a project it is the project's; none is written over."""
    source = tmp_path / "downloads" / "tidy"
    source.mkdir(parents=True)
    (source / FILE).write_text("---\nname: tidy\ndescription: Tidy up.\nallowed-tools: query\n---\nSteps.\n")
    (source / "list.md").write_text("x")
    assert "speaks for you" in skills(tmp_path, what="add", name=str(source), user=True)
    assert "as the project's text" in skills(tmp_path, what="add", name=str(source))
    with pytest.raises(OptionError, match="exists already"):
        skills(tmp_path, what="add", name=str(source))
    listed = skills(tmp_path)
    assert "(your own)" in listed
    assert "hidden by another of its name: tidy (the project)" in listed
    shown = skills(tmp_path, what="show", name="tidy")
    assert "It limits itself to: query\nFiles: list.md\n\nSteps." in shown
    assert json.loads(skills(tmp_path, json=True))[0]["only"] == ["query"]
    assert "no skills of that category" in skills(tmp_path, name="nothing")
    assert "eda" in skills(tmp_path, name="analysis")


@pytest.mark.parametrize("name", ["", "/nowhere", "downloads"])
def test_what_is_no_skill_is_not_taken_over(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is missing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "downloads").mkdir()
    with pytest.raises(OptionError):
        skills(tmp_path, what="add", name=name)
    with pytest.raises(OptionError, match="There are "):
        skills(tmp_path, what="show", name="x")


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """With one folder, or with all that are found."""
    assert skills(tmp_path, what="check") == "All 5 skills are as they should be."
    odd = tmp_path / ".agents" / "skills" / "odd"
    odd.mkdir(parents=True)
    (odd / FILE).write_text("Do it so.")
    assert "odd: It has no head" in skills(tmp_path, what="check")
    assert "It has no name" in skills(tmp_path, what="check", name=str(odd))
    assert "cannot be read" in skills(tmp_path, what="check", name=str(odd / "no"))
    (odd / FILE).write_text("---\nname: odd\ndescription: Do.\n---\nx")
    assert skills(tmp_path, what="check", name=str(odd)) == "odd is as it should be."


def test_a_run_becomes_the_draft_of_a_skill(tmp_path: Path) -> None:
    """What was asked and the code of it, in a file that reads as a skill; a name that is none, or taken, is refused."""
    code = RunCode("r1", 'Total of "sales": by year?', (Piece("c1", "df.sum()", "Add up"), Piece("c2", "print(1)")))
    assert "is a draft of what run r1 did" in draft(tmp_path, "yearly-total", code)
    made = read_skill(tmp_path / "yearly-total")
    assert isinstance(made, Skill)
    assert (made.name, made.problems) == ("yearly-total", ())
    assert made.description.startswith('Total of "sales": by year?')
    assert "1. Add up\n\n```python\ndf.sum()\n```\n\n2. Then" in made.text
    for name, what in (("yearly-total", "exists already"), ("Yearly Total", "cannot be called")):
        with pytest.raises(OptionError, match=what):
            draft(tmp_path, name, code)
    with pytest.raises(OptionError, match="has no code"):
        draft(tmp_path, "empty", RunCode("r2", "Why?", ()))
