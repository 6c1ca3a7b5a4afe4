"""The command line's verbs of models: what they print, the codes they end with, and a key typed at a real terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from aether_nb import cli
from harness.home import bare
from harness.provider import provider

KEY = "sk-right-0123456789"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user without settings, keyring and keys."""
    return bare(tmp_path / "home")


@pytest.fixture
def at_home(home: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process in that environment, in a folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("os.environ", home)
    return folder


def typing_at(home: dict[str, str], folder: Path, *words: str) -> Any:
    """The command at a terminal of its own."""
    wide = {"encoding": "utf-8", "timeout": 20, "dimensions": (40, 200)}
    return pexpect.spawn(sys.executable, ["-m", "aether_nb", *words], env=home, cwd=str(folder), **wide)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["models"], 0, "no key: aether key openai, or set OPENAI_API_KEY"),
        (["models", "--json"], 0, '"provider": "openai"'),
        (["models", "opnai"], 1, "There is no provider 'opnai'."),
        (["key"], 0, "No key is here.\nTake one: aether key PROVIDER  Forget one: aether key PROVIDER --forget"),
        (["key", "openai", "--forget"], 0, "No key of openai was kept."),
        (["key", "openai"], 2, "next: Set OPENAI_API_KEY, or type in a terminal: aether key openai"),
        (["setup"], 2, "Nobody can type here."),
        (["doctor"], 0, "ok       model      aether:analyst (offline, no language model)"),
        (["doctor", "--json"], 0, '"what": "endpoint"'),
        (["doctor", "openai:gpt-5"], 3, "next: Type aether key openai, or set OPENAI_API_KEY."),
        (["doctor", "nobody:x", "--json"], 3, '"state": "blocked"'),
        (["doctor", "aether:analyst"], 0, "ok       streaming"),
        (["settings"], 0, "max_steps = 40  (default)"),
    ],
)
def test_each_verb_says_its_answer_and_ends_with_a_code(
    words: list[str],
    code: int,
    said: str,
    at_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """0 for done, 1 for failed, 2 for what cannot be asked here, 3 for blocked; and nothing is created."""
    if words == ["doctor", "--json"]:
        monkeypatch.setenv("AETHER_MODEL", "x@http://127.0.0.1:9/v1")
    assert cli.main(words) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert list(at_home.iterdir()) == []


def test_settings_that_are_wrong_are_blocked(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a setting that is not allowed the doctor ends with 3, with and without a model."""
    monkeypatch.setenv("AETHER_MODE", "yolo")
    assert cli.main(["doctor", "--json"]) == 3
    found = {each["what"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["settings"]["state"] == "blocked"
    assert cli.main(["doctor", "aether:analyst"]) == 3


def test_a_key_is_typed_at_a_terminal_and_not_echoed(home: dict[str, str], tmp_path: Path) -> None:
    """What is typed is not shown, is tried and kept; the next command knows it, and tries the endpoint out."""
    with provider(accepted=(KEY,)) as server:
        home["OPENAI_BASE_URL"] = f"{server.url}/v1"
        terminal = typing_at(home, tmp_path, "key", "openai")
        terminal.expect_exact("Key of openai (it is not shown): ")
        terminal.sendline(KEY)
        terminal.expect(pexpect.EOF)
        shown = terminal.before or ""
        terminal.close()
        assert terminal.exitstatus == 0
        assert "takes it: 1 model." in shown
        assert "Choose a model: --model openai:gpt-5.4-mini" in shown
        assert KEY not in shown
        tried = subprocess.run(
            [sys.executable, "-m", "aether_nb", "doctor", "openai:tiny"],
            env=home,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
        )
    states = [line.split()[:2] for line in tried.stdout.splitlines()]
    assert states == [["ok", "endpoint"], ["ok", "streaming"], ["ok", "tools"], ["ok", "vision"], ["ok", "context"]]
    assert (tried.returncode, tried.stderr) == (0, "")


def test_setup_at_a_terminal_ends_well(home: dict[str, str], tmp_path: Path) -> None:
    """The analyst is chosen by its name and remembered; Ctrl-D in the middle is calm."""
    for typed, code, said in (
        ("analyst\n", 0, "aether:analyst serves from now on."),
        ("\x04", 2, "Nothing was typed."),
    ):
        terminal = typing_at(home, tmp_path, "setup")
        terminal.expect_exact("Which provider (Enter: leave everything as it is)? ")
        terminal.send(typed)
        terminal.expect(pexpect.EOF)
        shown = terminal.before or ""
        terminal.close()
        assert (terminal.exitstatus, said in shown, "Traceback" in shown) == (code, True, False)


def test_whoever_has_read_enough_breaks_nothing(home: dict[str, str], tmp_path: Path) -> None:
    """A pipe that closes early, as head does, is no traceback."""
    command = f"{sys.executable} -m aether_nb settings | head -1"
    done = subprocess.run(
        command, shell=True, env=home, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.startswith("Set in a notebook")
    assert done.stderr == ""


def test_ctrl_c_ends_a_command_with_130(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted command says so in a word."""

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.HANDLERS, "models", interrupted)
    assert cli.main(["models"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
