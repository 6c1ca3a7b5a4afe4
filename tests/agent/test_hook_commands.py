"""Hooks that are commands: real programs, told as JSON, heard by their exit code, run as far as the user agreed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb.agent.hook_commands import Command, Places, commands
from aether_nb.agent.hooking import Hooking
from aether_nb.events import kinds as k
from aether_nb.tools.agreeing.agreed import Agreements
from harness.agent import Script, call, look, send, stage

PROGRAM = """
import json, os, sys, time
told = json.load(sys.stdin)
match sys.argv[1]:
    case "echo":
        names = sorted(os.environ.keys() & {"MINE", "MY_API_KEY"})
        json.dump({"result": json.dumps([told["tool"], names])}, sys.stdout)
    case "veto":
        print("never ", told["arguments"]["to"], file=sys.stderr); sys.exit(2)
    case "crash":
        raise RuntimeError("no luck")
    case "words":
        print("all is well")
    case "list":
        print([1])
    case "sleep":
        open("slept", "w").close(); time.sleep(60)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that does what its first argument says."""
    (tmp_path / "own").mkdir()
    for file in (tmp_path / "own" / "check.py", tmp_path / "check.py"):
        file.write_text(PROGRAM)
    return file


def found(
    tmp_path: Path, own: Mapping[str, Any] | None = None, project: Mapping[str, Any] | None = None
) -> list[Command]:
    """The commands of these tables."""
    (tmp_path / "own").mkdir(exist_ok=True)
    agreed = Agreements(tmp_path / "own", tmp_path, "hooks.json")
    return commands(Places(tmp_path, agreed, own or {}, project or {}, tmp_path / "own"))


def entry(word: str, event: str = "before_tool", **more: Any) -> dict[str, Any]:
    """A table of a file."""
    return {"event": event, "command": [sys.executable, "check.py", word], **more}


def played(tmp_path: Path, *entries: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """What a model is told of a call, and what hooks did."""
    play = stage([call("send", to="x"), "ok"], tools=[send], mode="auto", person=Script([]))
    hooks = [one.hook for one in found(tmp_path, {f"h{n}": each for n, each in enumerate(entries)})]
    assert [hook.unused for hook in hooks] == [""] * len(hooks)
    play.driver.calls.hooks = Hooking(hooks, play.run)
    play.drive()
    return play.told(), [(one.did, one.reason) for one in play.stored if isinstance(one, k.HookTook)]


def test_a_command_is_told_as_json_and_answers_as_json(
    tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in the working folder, with its own variables, and without the user's keys."""
    monkeypatch.setenv("MY_API_KEY", "k1")
    monkeypatch.setenv("WHOSE", "mine")
    told, took = played(tmp_path, entry("echo", "after_tool", env={"MINE": "${WHOSE}"}))
    assert told == json.dumps(["send", ["MINE"]])
    assert took == [("altered", "")]


def test_a_command_of_ones_own_is_not_the_projects(tmp_path: Path, program: Path) -> None:
    """A file of that name that came with a project is not run in its place; the project's own runs in its folder."""
    program.write_text("import sys; sys.exit('not mine')")
    assert played(tmp_path, entry("veto"))[0] == "denied by the hook h0: never  x"
    (one,) = found(tmp_path, project={"a": entry("veto")})
    play = stage([call("look"), "ok"], tools=[look])
    play.driver.calls.hooks = Hooking([replace(one.hook, unused="")], play.run)
    play.drive()
    (failed,) = [event for event in play.stored if isinstance(event, k.HookTook)]
    assert failed.reason.endswith("not mine")


def test_the_exit_code_2_is_a_veto_with_what_stands_on_standard_error(tmp_path: Path, program: Path) -> None:
    """The reason is told to the model, and the call does not run."""
    told, took = played(tmp_path, entry("veto"))
    assert told == "denied by the hook h0: never  x"
    assert took == [("vetoed", "never  x")]


@pytest.mark.parametrize(
    ("word", "more", "why"),
    [
        ("crash", {}, "RuntimeError: no luck"),
        ("words", {}, "What it printed is no JSON."),
        ("list", {}, "What it printed is no JSON object."),
        ("sleep", {"timeout": 0.4}, "it took longer than 0.4 s"),
    ],
)
def test_every_other_end_is_a_failure_that_only_a_required_hook_makes_a_veto(
    tmp_path: Path, program: Path, word: str, more: dict[str, Any], why: str
) -> None:
    """A crash, an answer that is none and a timeout are said; the run goes on, or is closed by what is required."""
    told, took = played(tmp_path, entry(word, **more))
    assert told == "sent to x"
    assert (took[0][0], why in took[0][1]) == ("failed", True)
    told, took = played(tmp_path, entry(word, required=True, **more))
    assert told.startswith("denied by the hook h0: it failed, and it is required: ")
    assert took[0][0] == "vetoed"


def test_a_command_that_is_not_there_or_wants_an_unset_variable_has_failed(tmp_path: Path) -> None:
    """As every other failure."""
    told, took = played(
        tmp_path,
        {"event": "before_tool", "command": "no-such-program-here"},
        {"event": "before_tool", "command": [sys.executable, "${NOT_SET_ANYWHERE}"]},
        {"event": "before_tool", "command": [sys.executable, "-c", ""]},
    )
    assert told == "sent to x"
    assert "no-such-program-here cannot be run." in took[0][1]
    assert "NOT_SET_ANYWHERE, which is not set" in took[1][1]
    assert len(took) == 2, "what says nothing lets pass, and need not read what it is told"


def test_a_command_of_a_project_is_not_run_before_it_was_agreed_to(tmp_path: Path, program: Path) -> None:
    """A yes is for the exact command and the file in it; when that changes it has to be given again."""
    tables = {"a": entry("veto")}
    (one,) = found(tmp_path, project=tables)
    assert (one.say, one.hook.unused) == ("unasked", "not agreed to; read its line, then: hooks enable a")
    agreed = Agreements(tmp_path / "own", tmp_path, "hooks.json")
    agreed.say(one.definition, "on")
    assert found(tmp_path, project=tables)[0].hook.unused == ""
    assert found(tmp_path, project={"a": entry("veto", "after_tool")})[0].say == "unasked"
    program.write_text(PROGRAM + "# another one\n")
    assert found(tmp_path, project=tables)[0].say == "unasked"
    agreed.say(found(tmp_path, tables)[0].definition, "off")
    assert found(tmp_path, tables)[0].hook.unused == "off"
    assert found(tmp_path, {"b": entry("veto", enabled=False)})[0].hook.unused == "off"


@pytest.mark.parametrize("how", [{"match": "other"}, {"order": 9}, {"timeout": 1}, {"required": True}])
def test_a_yes_is_for_the_whole_table_that_was_read(tmp_path: Path, program: Path, how: dict[str, Any]) -> None:
    """When, and how, it is called was shown with the command: a project that changes it has to be agreed to again."""
    before = {"match": "shell", "order": 1, "timeout": 5, "required": False}
    Agreements(tmp_path / "own", tmp_path, "hooks.json").say(
        found(tmp_path, project={"a": entry("veto", **before)})[0].definition, "on"
    )
    assert found(tmp_path, project={"a": entry("veto", **before)})[0].say == "on"
    assert found(tmp_path, project={"a": entry("veto", **(before | how))})[0].say == "unasked"


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "python check.py"],
        ["bash", "-ec", "cd . && ./check.py | cat"],
        ["cmd", "/c", "python check.py"],
        ["python", "-c", "exec(open('check.py').read())"],
    ],
)
def test_a_program_in_a_line_for_a_shell_counts_with_what_is_in_it(
    tmp_path: Path, program: Path, command: list[str]
) -> None:
    """It is the project's own program, as one that the command names by itself."""
    tables = {"a": {"event": "before_tool", "command": command}}
    Agreements(tmp_path / "own", tmp_path, "hooks.json").say(found(tmp_path, project=tables)[0].definition, "on")
    assert found(tmp_path, project=tables)[0].say == "on"
    program.write_text("another")
    assert found(tmp_path, project=tables)[0].say == "unasked"


def test_a_project_cannot_put_a_hook_in_the_place_of_an_own_one(tmp_path: Path, program: Path) -> None:
    """Both are there, one's own first, by names of their own."""
    both = found(tmp_path, {"a": entry("veto")}, {"a": entry("crash"), "b": entry("crash")})
    assert [(one.hook.name, one.hook.source) for one in both] == [
        ("a", "your aether.toml"),
        ("project/a", "aether.toml"),
        ("b", "aether.toml"),
    ]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "command is no list of words"),
        ({"event": "before_tool", "command": 3}, "command is no list of words"),
        ({"event": "before_tool", "command": "'"}, "No closing quotation"),
        ({"event": "lunch", "command": "x"}, "There is no hook 'lunch'."),
        ({"event": "before_tool", "command": "x", "times": 3}, "'times' is no key of a hook."),
        ({"event": "before_tool", "command": "x", "env": 3}, "env is no table of texts"),
        ({"event": "before_tool", "command": "x", "timeout": "long"}, "timeout= cannot be 'long'."),
    ],
)
def test_a_table_that_makes_no_sense_says_so_and_stops_nothing(tmp_path: Path, table: dict[str, Any], why: str) -> None:
    """It is listed with what is wrong, and the others are used."""
    broken, fine = found(tmp_path, {"a": table, "b": {"event": "session_end", "command": "true"}})
    assert broken.hook.unused.startswith("it makes no sense: ")
    assert why in broken.hook.unused
    assert broken.hook.call({}) is None
    assert fine.hook.unused == ""


def test_a_stop_ends_a_command_that_is_at_work(tmp_path: Path, program: Path) -> None:
    """Whoever stops the run does not wait for a hook, and leaves no program behind."""
    play = stage([call("look"), "ok"], tools=[look])
    hooks = [one.hook for one in found(tmp_path, {"h": entry("sleep", timeout=50)})]
    play.driver.calls.hooks = Hooking(hooks, play.run)

    async def stopped() -> None:
        driving = asyncio.ensure_future(play.driver.drive())
        async with asyncio.timeout(20):
            while not (tmp_path / "own" / "slept").exists():  # noqa: ASYNC110  # another process makes it
                await asyncio.sleep(0.02)
        driving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await driving

    asyncio.run(stopped())
    assert play.kinds[-1] == "run.ended"
