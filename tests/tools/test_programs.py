"""shell and packages: real programs, their ends, and what they are not told."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from aether_nb import RepairableToolError
from aether_nb.agent.releasing import shows
from aether_nb.events.kinds import OutputDelta
from aether_nb.tools import packages, programs
from aether_nb.tools.clock import time_now
from aether_nb.tools.packages import install_package, list_packages
from aether_nb.tools.programs import run_program, without_keys
from aether_nb.tools.shell import shell
from harness.tools import ToolContext, assessed, told, use

posix = pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell")


@pytest.fixture
def place(tmp_path: Path) -> ToolContext:
    """An empty workspace."""
    return ToolContext(Path(os.path.realpath(tmp_path)))


@posix
def test_a_command_runs_in_the_working_folder_and_is_shown_while_it_does(place: ToolContext) -> None:
    """Output, errors and the exit code come back; the card has them as they arrive."""
    text = told(shell, place, command="pwd; echo wrong >&2; exit 3")
    assert text == f"[exit code] 3\n[stdout]\n{place.workspace}\n[stderr]\nwrong"
    shown = {event.stream: event.text for event in place.emitted if isinstance(event, OutputDelta)}
    assert shown == {"stdout": f"{place.workspace}\n", "stderr": "wrong\n"}


@posix
def test_a_command_knows_no_key_and_has_nobody_to_type(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that hold keys are not there, and reading from the keyboard ends at once."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("DB_PASSWORD", "p")
    assert "sk-1" not in told(shell, place, command="env; cat")
    assert without_keys({"PATH": "/bin", "GITHUB_TOKEN": "t", "DATABASE_URL": "u"}) == {"PATH": "/bin"}


@posix
def test_git_works_where_its_settings_stand_in_variables(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may hold a key, so they all stay behind: a count without what it counts would end every git command."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.extraheader")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Authorization: bearer abc")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'http.extraheader=Authorization: bearer abc'")
    assert told(shell, place, command="git config --get-all http.extraheader; git --version").startswith(
        "[exit code] 0"
    )
    assert "bearer" not in told(shell, place, command="env; git config --list")


@posix
def test_a_command_that_takes_too_long_is_ended_with_what_it_started(place: ToolContext) -> None:
    """Neither it nor its children go on."""
    mark = place.workspace / "mark"
    with pytest.raises(RepairableToolError, match="ended after 1 second"):
        use(shell, place, command=f"(sleep 3; touch {mark}) & sleep 60", seconds=1)
    time.sleep(3)
    assert not mark.exists()


@posix
def test_a_command_that_takes_too_long_is_told_with_what_it_had_printed(place: ToolContext) -> None:
    """Both streams, bounded; and it counts as output of a program, which limits on data hold back."""
    with pytest.raises(RepairableToolError, match="ended after 1 second") as caught:
        use(shell, place, command="echo test_a PASSED; echo boom >&2; sleep 60", seconds=1)
    assert caught.value.why == "It had printed until then:\n[stdout]\ntest_a PASSED\n[stderr]\nboom"
    assert shows(shell, caught.value) == "output"
    with pytest.raises(RepairableToolError, match="ended after 1 second") as caught:
        use(shell, place, command="yes | head -c 500000; sleep 60", seconds=1)
    assert "characters left out" in caught.value.why and len(caught.value.why) < 2 * programs.SHOWN
    with pytest.raises(RepairableToolError, match="ended after 1 second") as caught:
        use(shell, place, command="sleep 60", seconds=1)
    assert caught.value.why == ""


@posix
def test_a_program_left_in_the_background_holds_nobody(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command has ended when it has, whoever holds its pipes open: its code and its output come, the child ends."""
    monkeypatch.setattr(programs, "GRACE", 0.3)
    began = time.monotonic()
    text = told(shell, place, command="(sleep 2; touch mark) & echo done; exit 3", seconds=60)
    assert text == f"[exit code] 3\n[stdout]\ndone\n[note] {programs.LEFT}"
    assert time.monotonic() - began < 1.9
    time.sleep(2.2)
    assert not (place.workspace / "mark").exists()


@posix
def test_what_a_child_still_prints_for_a_moment_is_told(place: ToolContext) -> None:
    """The pipes are waited for a little after the end of the command; who keeps to that gets no note."""
    text = told(shell, place, command="(sleep 0.3; echo later) & echo done", seconds=60)
    assert text == "[exit code] 0\n[stdout]\ndone\nlater"


@posix
def test_stopping_a_run_ends_its_command(place: ToolContext) -> None:
    """A call that is cancelled takes its program along."""

    async def stopped() -> None:
        running = asyncio.ensure_future(run_program("sleep 2; touch mark", place, seconds=60))
        await asyncio.sleep(0.3)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(stopped())
    time.sleep(2)
    assert not (place.workspace / "mark").exists()


@posix
def test_one_that_will_not_end_is_killed(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that ignores being asked is ended all the same."""
    monkeypatch.setattr(programs, "GRACE", 0.2)
    began = time.monotonic()
    with pytest.raises(RepairableToolError, match="ended after 1 second"):
        use(shell, place, command="trap '' TERM; while true; do sleep 0.1; done", seconds=1)
    assert time.monotonic() - began < 30


@posix
def test_endless_output_is_cut(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program prints beyond a bound is let go, and that is said."""
    monkeypatch.setattr(programs, "LONGEST", 1000)
    assert "the rest is left out" in told(shell, place, command="yes | head -c 500000")


def test_every_command_is_asked_about(place: ToolContext) -> None:
    """Whatever it looks like; the card shows it whole. An empty one is refused."""
    found = assessed(shell, place, command="ls")
    assert (found.risk, found.effect) == ("high", "external")
    assert found.effect_text.endswith(": ls")
    with pytest.raises(RepairableToolError):
        use(shell, place, command=" ")
    with pytest.raises(RepairableToolError, match="cannot be run"):
        asyncio.run(run_program(["no-such-program"], place, seconds=1))


def test_packages_are_listed_with_versions(place: ToolContext) -> None:
    """All of them, or those that were named; a missing one is named too."""
    assert "\npandas  " in told(list_packages, place)
    assert told(list_packages, place, names=["no-such-thing"]) == "no-such-thing  (not installed)"


@pytest.mark.parametrize("text", ["--index-url=x", "x @ https://a.test/x.whl", "../x", "git+https://x", "a b", ""])
def test_only_packages_of_an_index_are_installed(place: ToolContext, text: str) -> None:
    """No option, no address and no path gets through as a package."""
    with pytest.raises(RepairableToolError):
        assessed(install_package, place, requirement=text)


def test_installing_is_high_risk_and_says_what_is_there(place: ToolContext) -> None:
    """Who is asked sees the very command, and which version is there."""
    found = assessed(install_package, place, requirement="pandas>=1")
    assert (found.risk, found.effect_text) == ("high", "runs: pip install pandas>=1")
    assert "is installed already" in found.reasons[-1]


def test_a_package_that_is_there_is_installed_and_one_that_is_not_says_why(
    place: ToolContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip itself is run; what it says when it fails is told."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert "is installed. It was imported before" in told(install_package, place, requirement="pytest")
    with pytest.raises(RepairableToolError, match="could not be installed") as caught:
        use(install_package, place, requirement="no-such-package-anywhere")
    assert "no-such-package-anywhere" in caught.value.why
    assert shows(install_package, caught.value) == "output"
    assert packages.SECONDS > 60


def test_the_clock_knows_zones(place: ToolContext) -> None:
    """A zone is one of the world's; another word is refused."""
    assert told(time_now, place, zone="UTC").endswith(", UTC)")
    assert "week" in told(time_now, place)
    with pytest.raises(RepairableToolError):
        use(time_now, place, zone="Nowhere/At all")


@posix
def test_what_leaves_the_group_is_let_go(place: ToolContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that makes itself independent is not waited for, and no pipe to it stays open."""
    monkeypatch.setattr(programs, "GRACE", 0.3)
    away = f"{sys.executable} -c 'import os, time; os.setsid(); time.sleep(5)'"
    began = time.monotonic()
    assert told(shell, place, command=f"{away} & sleep 0.5", seconds=60).endswith(programs.LEFT)
    assert time.monotonic() - began < 4
