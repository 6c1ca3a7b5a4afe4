"""git: which commands ask nobody, and that those neither change a repository nor start a program."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from aether_nb import RepairableToolError
from aether_nb.agent.releasing import shows
from aether_nb.tools.git import LOOKS, git
from harness.tools import ToolContext, assessed, told, use


@pytest.fixture
def place(tmp_path: Path) -> ToolContext:
    """An empty workspace."""
    return ToolContext(Path(os.path.realpath(tmp_path)))


BEGIN = ("init -q", "config user.name a", "config user.email a@b.test", "commit -q --allow-empty -m first")


def run(folder: Path, *lines: str) -> None:
    """Run commands of git in a folder."""
    for line in lines:
        subprocess.run(["git", *line.split()], cwd=folder, check=True, capture_output=True)


def called(line: str) -> dict[str, Any]:
    """The arguments of a call, from a line of words."""
    command, *words = line.split()
    return {"command": command, "arguments": words}


@pytest.fixture
def repository(place: ToolContext) -> ToolContext:
    """A workspace that is a repository with one commit."""
    run(place.workspace, *BEGIN)
    (place.workspace / "new.txt").write_text("x")
    return place


def test_looking_at_a_repository_asks_nobody(repository: ToolContext) -> None:
    """Status and log only read, revisions and paths below the working folder included."""
    for line in (
        "log HEAD~1..HEAD -- new.txt",
        "log HEAD...main sub/a..b.txt",
        "log -n 5 -p --format=%h -L1,5:new.txt --since=2.days",
        "diff --cached -U5 -M90% --stat=100 -Sword",
        "branch --contains HEAD",
        "branch -avv --sort=-committerdate",
        "branch --show-current",
        "ls-files -mo --exclude-standard",
        "blame -w -L1,5 new.txt",
        "status -sb -uno --porcelain=v2",
        "status",
    ):
        found = assessed(git, repository, **called(line))
        assert (found.risk, found.effect) == ("low", "pure"), line
    assert "?? new.txt" in told(git, repository, command="status")
    assert "first" in told(git, repository, command="log", arguments=["--oneline"])


@pytest.mark.parametrize(
    "line",
    [
        "add new.txt",
        "commit -m x",
        "diff --output=x",
        "diff --outp=x",
        "diff --ext-diff",
        "diff --textconv",
        "diff --submodule=log",
        "diff --ignore-submodules=none",
        "diff -Oorder",
        "diff --no-index /etc/passwd new.txt",
        "diff /dev/null /etc/passwd",
        "diff new.txt ../secret",
        "status --ignore-submodules=none",
        "status -v",
        "blame --conten=x new.txt",
        "blame --textconv new.txt",
        "blame -S/etc/passwd new.txt",
        "log --show-signature",
        "log --format=%G?",
        "log --pretty=format:%+GS",
        "log --remerge-diff",
        "log --author -- --output=x",
        "log --end-of-options --output=x",
        "branch --format %(signature:grade)",
        "branch -D main",
        "branch --edit-description",
        "branch --no-list new",
        "branch --no-l new",
        "branch --no-list -Dq main",
        "branch --format --show-current new",
        "branch -qD main",
        "branch -vD main",
        "ls-files --recurse-submodules",
        "ls-files -",
    ],
)
def test_what_is_not_known_to_only_read_is_asked_about(repository: ToolContext, line: str) -> None:
    """Other options, shortened and joined ones, and places elsewhere: high risk, and the whole command is shown."""
    found = assessed(git, repository, **called(line))
    assert (found.risk, found.effect) == ("high", "external")
    assert found.effect_text == f"runs: git {line}"


@pytest.mark.slow
def test_no_option_that_asks_nobody_changes_anything(repository: ToolContext) -> None:
    """Each of them, alone and before a name: no branch is made or deleted, no file appears."""
    folder = repository.workspace
    run(folder, "add .", "commit -qm second", "branch other")

    def everything() -> list[str]:
        kept = ("refs", "HEAD", "config", "packed-refs")
        return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.parts[len(folder.parts)] != ".git") + [
            str(f) for name in kept for f in sorted((folder / ".git" / name).rglob("*"))
        ]

    before = everything()
    for command, look in LOOKS.items():
        for option in sorted(look.long):
            for words in ([f"--{option}"], [f"--{option}", "other"], ["other", f"--{option}"]):
                assert assessed(git, repository, command=command, arguments=words).risk == "low"
                with suppress(RepairableToolError):  # some take no name, or need another one
                    use(git, repository, command=command, arguments=words)
    assert everything() == before


def test_a_command_that_was_asked_about_does_what_it_says(repository: ToolContext) -> None:
    """Once a person has agreed to it, it is not turned into a list."""
    run(repository.workspace, "branch other")
    assert "other" in told(git, repository, command="branch")
    use(git, repository, command="branch", arguments=["-D", "other"])
    assert "other" not in told(git, repository, command="branch")
    assert told(git, repository, command="branch", arguments=["--show-current"]).count("\n") == 2
    use(git, repository, command="add", arguments=["new.txt"])
    assert "A  new.txt" in told(git, repository, command="status")


def nested(folder: Path, *names: str) -> None:
    """Put a repository into one, whose own configuration starts a program when its file is looked at."""
    inner = folder.joinpath(*names)
    inner.mkdir(parents=True)
    run(inner, *BEGIN)
    (inner / "f.txt").write_text("a\n")
    (inner / ".gitattributes").write_text("*.txt filter=evil diff=evil\n")
    run(inner, "add .", "commit -qm second")
    for key in ("filter.evil.clean", "diff.evil.textconv", "diff.evil.command"):
        run(inner, f"config {key} {folder / 'evil.sh'}")
    os.utime(inner / "f.txt", (1, 1))
    (inner / "f.txt").write_text("b\n")


def test_a_repository_inside_starts_no_program(repository: ToolContext) -> None:
    """Its configuration was not read by whoever judged: submodules are not looked into, however one looks."""
    folder = repository.workspace
    (folder / "evil.sh").write_text(f"#!/bin/sh\ntouch {folder}/mark\ncat\n")
    (folder / "evil.sh").chmod(0o755)
    nested(folder, "sub")
    run(folder, "add .", "commit -qm second")
    nested(folder, "untracked", "sub")
    for line in (
        "status",
        "status --ignored -uall",
        "diff",
        "diff HEAD~1",
        "diff --stat",
        "show",
        "log -p",
        "ls-files -mo",
    ):
        assert assessed(git, repository, **called(line)).risk == "low"
        use(git, repository, **called(line))
        assert not (folder / "mark").exists(), line
    run(folder / "sub", "commit -q --allow-empty -m third")
    assert " M sub" in told(git, repository, command="status")
    run(folder, "status")
    assert (folder / "mark").exists()  # what git does by itself


@pytest.mark.parametrize(
    "line",
    [
        '[diff "x"]\n\tcommand = touch mark',
        '[filter "x"]\n\tclean = touch mark',
        "[include]\n\tpath = ../x",
        "[log]\n\tshowSignature = true\n[gpg]\n\tprogram = ./x",
        "[core] sshCommand = touch mark",
        "[extensions]\n\tworktreeConfig = true",
        "[core]\n\tworktree = /",
        '[remote "x"]\n\tpartialCloneFilter = blob:none',
        '[merge "x"]\n\tdriver = touch mark',
        "[format]\n\tpretty = %h %G?",
    ],
)
def test_a_repository_whose_configuration_starts_programs_is_asked_about(repository: ToolContext, line: str) -> None:
    """Reading it would run what somebody else has written there."""
    with (repository.workspace / ".git" / "config").open("a") as file:
        file.write(f"\n{line}\n")
    assert assessed(git, repository, command="status").risk == "high"


def test_a_fsmonitor_of_the_repository_is_not_run(repository: ToolContext) -> None:
    """A program that a repository names for watching its files is not started by looking at it."""
    script = repository.workspace / "monitor.sh"
    script.write_text(f"#!/bin/sh\ntouch {repository.workspace}/mark\n")
    script.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(script)], cwd=repository.workspace, check=True)
    told(git, repository, command="status")
    assert not (repository.workspace / "mark").exists()


def test_unknown_commands_and_failures_are_said(place: ToolContext, repository: ToolContext) -> None:
    """What it does not know is for shell; what does not work says why."""
    with pytest.raises(RepairableToolError, match="does not know git push"):
        assessed(git, repository, command="push")
    with pytest.raises(RepairableToolError, match="did not work") as caught:
        use(git, repository, command="show", arguments=["no-such-thing"])
    assert shows(git, caught.value) == "output"


def test_a_repository_whose_configuration_lies_elsewhere_is_asked_about(place: ToolContext) -> None:
    """A worktree's configuration is not read, so it counts as unknown; where there is no repository, that is said."""
    with pytest.raises(RepairableToolError, match="no repository"):
        assessed(git, place, command="status")
    (place.workspace / ".git").write_text("gitdir: /elsewhere\n")
    assert assessed(git, place, command="status").risk == "high"


def test_every_repository_that_git_may_take_is_looked_at(repository: ToolContext) -> None:
    """An empty .git further in is none to git, a folder may be a repository without one, and point to another."""
    folder = repository.workspace
    inner = ToolContext(folder / "inner")
    (inner.workspace / ".git").mkdir(parents=True)
    (inner.workspace / ".git" / "config").write_text("")
    assert assessed(git, inner, command="status").risk == "low"
    config = (folder / ".git" / "config").read_text()
    (folder / ".git" / "config").write_text(f'{config}[filter "x"]\n\tclean = touch mark\n')
    assert assessed(git, inner, command="status").risk == "high"
    link = folder.with_name(f"{folder.name}-link")
    link.symlink_to(inner.workspace)
    assert assessed(git, ToolContext(link), command="status").risk == "high"
    (folder / ".git" / "config").write_text(config)
    (folder / ".git" / "commondir").write_text("../elsewhere")
    assert assessed(git, repository, command="status").risk == "high"
    (folder / ".git" / "commondir").unlink()
    run(folder, "init -q --bare bare")
    assert assessed(git, ToolContext(folder / "bare"), command="status").risk == "high"
    (folder / ".git" / "config").unlink()
    assert assessed(git, repository, command="status").risk == "high"


def test_variables_do_not_take_git_elsewhere(repository: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works on the repository that was judged, starts nothing and writes nothing, whatever the environment says."""
    folder = repository.workspace
    run(folder, "add .", "commit -qm second")
    (folder / "new.txt").write_text("y")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_TRACE", str(folder / "mark"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "diff.external")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {folder}/mark")
    assert "+y" in told(git, repository, command="diff")
    assert not (folder / "mark").exists()
