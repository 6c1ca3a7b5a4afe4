"""Skills: read however they are written, found where people put them, opened by a model, and kept to their limits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aether_nb import plugins, registry, skill
from aether_nb.errors import OptionError, RepairableToolError
from aether_nb.events.kinds import SkillOpened
from aether_nb.tools.base import Result
from aether_nb.tools.skills.finding import BUILTIN, catalogue, find_skills
from aether_nb.tools.skills.opening import opener
from aether_nb.tools.skills.skill import FILE, LONGEST, Skill, read_skill, rules_of
from harness.tools import ToolContext

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a skill into a folder of the project, or into another place below the test's folder."""
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "project").mkdir()

    def make(name: str, text: str = "", place: str = "project/.agents/skills", **files: str) -> Path:
        folder = tmp_path / place / name
        folder.mkdir(parents=True)
        (folder / FILE).write_text(text or f"---\nname: {name}\ndescription: Do {name}.\n---\nSteps of {name}.\n")
        for file, content in files.items():
            (folder / file.replace("_", ".")).write_text(content)
        return folder

    return make


def problems(folder: Path) -> str:
    """What is wrong with a skill that can be used."""
    found = read_skill(folder)
    assert isinstance(found, Skill), found
    return " ".join(found.problems)


@pytest.mark.parametrize(
    ("text", "name", "description", "body", "wrong"),
    [
        ("---\nname: tidy\ndescription: Do it.\n---\n\nOne.\n", "tidy", "Do it.", "One.", ""),
        ("\ufeff---\r\nname: tidy\r\ndescription: Do it.\r\n---\r\nOne.", "tidy", "Do it.", "One.", ""),
        ("---\nname: tidy\ndescription: Use it: always\n---\nOne.", "tidy", "Use it: always", "One.", "no YAML"),
        ("---\nname: tidy\ndescription: >\n  Do\n  it.\nbad: [\n---\nOne.", "tidy", "Do it.", "One.", "no YAML"),
        (
            "---\nname: Tidy Data!\ndescription: Do it.\n---\nOne.",
            "tidy-data",
            "Do it.",
            "One.",
            "Its name 'Tidy Data!'",
        ),
        ("---\nname: other\ndescription: Do it.\n---\nOne.", "other", "Do it.", "One.", "that of its folder 'tidy'"),
        ("---\ndescription: Do it.\n---\nOne.", "tidy", "Do it.", "One.", "It has no name"),
        (
            "---\nname: tidy\n---\n# Head\n\nDo it so.\n\nTwo.",
            "tidy",
            "Do it so.",
            "# Head\n\nDo it so.\n\nTwo.",
            "first",
        ),
        ("# Head\n\nDo it so.", "tidy", "Do it so.", "# Head\n\nDo it so.", "no head between"),
        ("---\n- a\n---\nDo it so.", "tidy", "Do it so.", "Do it so.", "no list of fields"),
    ],
)
def test_a_file_is_read_as_it_was_meant(
    write: Write, text: str, name: str, description: str, body: str, wrong: str
) -> None:
    """Real files break the letter of the format: what can be understood is used, and what is wrong is said."""
    found = read_skill(write("tidy", text))
    assert isinstance(found, Skill)
    assert (found.name, found.description, found.text) == (name, description, body)
    assert (wrong in " ".join(found.problems)) if wrong else not found.problems


@pytest.mark.parametrize("text", ["---\nname: tidy\n---\n", "---\nname: tidy\n", "\n"])
def test_a_skill_without_a_word_of_when_to_use_it_is_none(write: Write, text: str) -> None:
    """It is named and left out; the others stay."""
    assert "no description" in str(read_skill(write("tidy", text)))
    write("other")
    found = find_skills(Path.cwd() / "nowhere")
    assert "eda" in found.skills
    found = find_skills(write("third").parents[2])
    assert {"other", "third"} <= set(found.skills)
    assert len(found.unusable) == 1


def test_what_is_too_long_is_cut_and_said(write: Write) -> None:
    """A file of any length is read in bounded time, and its description fits a line."""
    long = write("long", f"---\nname: long\ndescription: {'d' * 2_000}\n---\n{'x' * LONGEST}")
    found = read_skill(long)
    assert isinstance(found, Skill)
    assert (len(found.description), len(found.text) < LONGEST) == (1024, True)
    assert len(found.problems) == 2
    assert "cannot be read" in str(read_skill(long / "no"))


@pytest.mark.parametrize(
    ("allowed", "rules", "clear"),
    [
        (None, None, True),
        ("", None, True),
        ("Bash(git:*) Read", ("shell(command=git *)", "read_file"), True),
        ("Bash(git add *), Grep", ("shell(command=git add *)", "search_files"), True),
        (["run_python", "Write(out/*)", "Glob(*)"], ("run_python", "write_file(path=out/*)", "list_files"), True),
        ("mcp__github__*", ("mcp__github__*",), True),
        ("Bash((", ("shell",), False),
    ],
)
def test_allowed_tools_are_rules(allowed: Any, rules: Any, clear: bool) -> None:
    """What other agents call their tools is understood, patterns included."""
    found, said = rules_of(allowed)
    assert (found, not said) == (rules, clear)


def test_skills_are_found_where_people_put_them(write: Write, tmp_path: Path) -> None:
    """The project's, one's own, other agents' folders, collections; what speaks for the user comes first."""
    write("near")
    write("twice", "---\nname: twice\ndescription: The project's.\n---\nx")
    write("twice", "---\nname: twice\ndescription: One's own.\n---\nx", "home/.agents/skills")
    write("theirs", place="project/.claude/skills")
    write("deep", place="project/.agents/skills/collection")
    found = find_skills(tmp_path / "project")
    assert {name for name, one in found.skills.items() if one.source != "built in"} == {
        "near",
        "twice",
        "theirs",
        "deep",
    }
    assert (found.skills["twice"].description, found.skills["twice"].trusted) == ("One's own.", True)
    assert [(one.name, one.source) for one in found.hidden] == [("twice", "the project")]
    assert not found.skills["near"].trusted
    trusting = find_skills(tmp_path / "project", trust=["."]).skills
    assert (trusting["near"].trusted, trusting["twice"].description) == (True, "The project's.")


def test_a_link_in_a_project_leads_to_nothing(write: Write, tmp_path: Path) -> None:
    """A shared folder may hold links to files of the user's: they are named and not read."""
    secret = tmp_path / "home" / "secret"
    secret.mkdir(parents=True)
    (secret / FILE).write_text("---\nname: secret\ndescription: The password is swordfish.\n---\nx")
    skills = tmp_path / "project" / ".agents" / "skills"
    (skills / "file").mkdir(parents=True)
    (skills / "file" / FILE).symlink_to(secret / FILE)
    (skills / "folder").symlink_to(secret)
    (tmp_path / "project" / ".claude").mkdir()
    (tmp_path / "project" / ".claude" / "skills").symlink_to(tmp_path / "home")
    found = find_skills(tmp_path / "project")
    assert "secret" not in found.skills
    assert "swordfish" not in "".join(catalogue(found.skills))
    assert len(found.unusable) == 2


def test_a_model_is_told_of_them_in_a_line_each(write: Write, tmp_path: Path) -> None:
    """Those of the project are told apart from those that speak for the user, and the list is bounded."""
    for n in range(60):
        write(f"s{n:02}", f"---\nname: s{n:02}\ndescription: {'words ' * 60}\n---\nx")
    mine, theirs = catalogue(find_skills(tmp_path / "project").skills)
    assert "- eda: Explore a data set" in mine
    assert theirs.startswith("Skills that came with this project, from whoever made it")
    assert all(f"s{n:02}" in theirs for n in range(60))
    assert len(theirs) < 7_500
    assert catalogue({}) == ("", "")


def test_the_built_in_ones_are_as_they_should_be() -> None:
    """Each is read without a complaint, here and by the reference validator where that is installed."""
    folders = [folder for folder in sorted(BUILTIN.iterdir()) if folder.is_dir()]
    assert [folder.name for folder in folders] == ["data-quality", "eda", "explain-error", "git-commit", "make-skill"]
    assert [problems(folder) for folder in folders] == [""] * 5


def test_the_reference_validator_agrees() -> None:
    """What we write passes the validator of those who wrote the format."""
    validator = pytest.importorskip("skills_ref")
    for folder in BUILTIN.iterdir():
        if folder.is_dir():
            assert validator.validate(folder) == [], folder


# ---- opening


def use(notebook: ToolContext, skills: dict[str, Skill], **arguments: Any) -> Result:
    """Open a skill as a model does."""
    tool = opener(lambda: skills)
    return asyncio.run(tool.run(tool.check(arguments), notebook))


def test_a_skill_is_opened_with_its_files(write: Write, tmp_path: Path) -> None:
    """Its text is an event; what is trusted is told by that, what is not is the call's result, and so data."""
    folder = write("tidy", script_py="print(1)", notes_md="Notes.")
    (folder / ".hidden").write_text("x")
    mine, theirs = read_skill(folder, "your own", True), read_skill(folder, "the project")
    assert isinstance(mine, Skill)
    assert isinstance(theirs, Skill)
    opened = use(ToolContext(tmp_path), {"tidy": mine}, name="tidy")
    (event,) = opened.events
    assert isinstance(event, SkillOpened)
    assert (event.name, event.trusted, event.source) == ("tidy", True, "your own")
    assert event.text.startswith("Steps of tidy.\n\nFiles of this skill")
    assert "- notes.md\n- script.py" in event.text
    assert opened.parts[0].text == "tidy is open; its text follows."  # type: ignore[union-attr]
    other = use(ToolContext(tmp_path), {"tidy": theirs}, name="tidy")
    assert other.parts[0].text == event.text  # type: ignore[union-attr]
    read = use(ToolContext(tmp_path), {"tidy": mine}, name="tidy", file="notes.md")
    assert (read.parts[0].text, read.events) == ("Notes.", ())  # type: ignore[union-attr]


@pytest.mark.parametrize("file", ["../../other", "no.md", "/etc/passwd", "."])
def test_only_files_of_its_folder_are_read(write: Write, tmp_path: Path, file: str) -> None:
    """A path that leads out of the skill's folder is no file of it."""
    found = read_skill(write("tidy", notes_md="Notes."))
    assert isinstance(found, Skill)
    (tmp_path / "project" / ".agents" / "other").write_text("secret")
    with pytest.raises(RepairableToolError, match=r"has no file .* It has: notes\.md\."):
        use(ToolContext(tmp_path), {"tidy": found}, name="tidy", file=file)


def test_an_unknown_skill_names_the_near_one(write: Write, tmp_path: Path) -> None:
    """A model mends its call by itself."""
    found = read_skill(write("tidy", data_bin="\0\0"))
    assert isinstance(found, Skill)
    with pytest.raises(RepairableToolError, match="There is: tidy"):
        use(ToolContext(tmp_path), {"tidy": found}, name="tidi")
    with pytest.raises(RepairableToolError, match="is no text"):
        use(ToolContext(tmp_path), {"tidy": found}, name="tidy", file="data.bin")


# ---- written in Python


@skill(category="reports", tools=["query"])
def monthly_report(month: str, depth: int = 2) -> str:
    """Write the monthly report the way the team likes it.

    Args:
        month: Which one, as 2026-05.
        depth: Levels of headings.
    """
    return f"Report of {month}, {depth} levels."


def test_a_function_is_a_skill_with_parameters(write: Write, tmp_path: Path) -> None:
    """Its docstring says when to use it; it is opened with parameters, and says which when they are missing."""
    assert monthly_report("May") == "Report of May, 2 levels."
    found = find_skills(tmp_path, {"monthly_report": monthly_report, "other": 1}).skills["monthly-report"]
    assert (found.category, found.only, found.trusted, found.source) == ("reports", ("query",), True, "this notebook")
    notebook = ToolContext(tmp_path)
    asked = use(notebook, {"monthly-report": found}, name="monthly-report").events[0]
    assert isinstance(asked, SkillOpened)
    assert "- month: Which one, as 2026-05.\n- depth (may be left out): Levels of headings." in asked.text
    told = use(notebook, {"monthly-report": found}, name="monthly-report", parameters={"month": "2026-05"}).events[0]
    assert isinstance(told, SkillOpened)
    assert told.text == "Report of 2026-05, 2 levels."
    with pytest.raises(RepairableToolError, match="cannot be called like this"):
        use(notebook, {"monthly-report": found}, name="monthly-report", parameters={"year": 1})


def test_a_function_that_fails_is_an_error_the_model_can_mend(write: Write, tmp_path: Path) -> None:
    """Whatever the function raises is told, and nothing is opened."""

    @skill
    def broken() -> str:
        """Break."""
        raise ValueError("no")

    found = broken.as_skill("here")
    with pytest.raises(RepairableToolError, match="ValueError: no"):
        use(ToolContext(tmp_path), {"broken": found}, name="broken")


def test_a_skill_without_a_docstring_or_a_name_is_refused() -> None:
    """What is wrong is said when the cell is run, not in the next run."""
    with pytest.raises(OptionError, match="has no docstring"):
        skill(name="bare")(lambda: "x")
    with pytest.raises(OptionError, match="cannot be called 'A B'"):
        skill(name="A B")(test_a_skill_without_a_docstring_or_a_name_is_refused)  # type: ignore[arg-type]


def test_a_plugin_brings_skills(write: Write, tmp_path: Path) -> None:
    """A package registers a function under @skill, or a folder that it has read itself."""
    folder = write("boxed", place="package")
    boxed = read_skill(folder)
    with pytest.raises(OptionError, match="is called 'monthly-report', not 'monthly'"):
        plugins.register("skill", "monthly", monthly_report)
    with pytest.raises(OptionError, match="It is a str"):
        plugins.register("skill", "monthly", "write it")
    plugins.register("skill", "monthly-report", monthly_report)
    plugins.register("skill", "boxed", boxed)
    found = find_skills(tmp_path).skills
    assert (found["monthly-report"].source, found["boxed"].source, found["boxed"].trusted) == (
        "a plugin",
        "a plugin",
        True,
    )
