"""What can be set, told by one verb in both faces and by %config, and where each value came from."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import cli
from aether_nb.config import known
from harness.home import bare


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of work, and nothing set but by a file of one's own and a variable."""
    work = tmp_path / "work"
    work.mkdir()
    own = tmp_path / "own.toml"
    own.write_text('max_steps = 7\nmode = "plan"\n')
    monkeypatch.chdir(work)
    monkeypatch.setattr("os.environ", bare(tmp_path / "home") | {"AETHER_CONFIG": str(own), "AETHER_DATA": "stats"})
    return work


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], str]]:
    """Runs a cell in a shell that has loaded the extension, and gives what it prints."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    aether_nb.load_ipython_extension(shell)
    capsys.readouterr()

    def cell(source: str) -> str:
        shell.run_cell(source)
        return capsys.readouterr().out

    yield cell
    aether_nb.unload_ipython_extension(shell)


def rows(text: str) -> dict[str, dict[str, object]]:
    """The settings of a JSON text by name."""
    return {row["name"]: row for row in json.loads(text)}


def test_the_terminal_tells_every_setting_and_where_it_came_from(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row for each field of the table, with its meaning, variable, default, value and source."""
    assert cli.main(["settings", "--json"]) == 0
    found = rows(capsys.readouterr().out)
    assert list(found) == list(known())
    steps, data, cost = found["max_steps"], found["data"], found["max_cost"]
    assert (steps["value"], steps["default"], steps["source"]) == (7, 40, "file")
    assert str(steps["file"]).endswith("own.toml")
    assert (data["value"], data["source"], data["variable"]) == ("stats", "environment", "AETHER_DATA")
    assert (cost["value"], cost["source"], cost["file"]) == (1.0, "default", "")
    assert cli.main(["settings", "max_steps"]) == 0
    said = capsys.readouterr().out
    assert "max_steps = 7  (" in said and "When nothing is said: 40." in said and "Variable: AETHER_MAX_STEPS." in said
    assert cli.main(["settings", "max_step"]) == 2
    assert "Did you mean 'max_steps'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "value"), [("AETHER_MAX_STEPS", "abc"), ("AETHER_CONFIG", "/nope"), ("AETHER_CONFIG", "mine.toml")]
)
@pytest.mark.parametrize("words", [["settings"], ["execute", "hi"], ["runs"]])
def test_a_wrong_setting_keeps_a_verb_from_beginning(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: list[str]
) -> None:
    """Whether a variable says it or a file: nothing was begun, and nothing has failed."""
    (folder / "mine.toml").write_text("max_steps = 'abc'")
    monkeypatch.setenv(variable, value)
    assert cli.main(words) == 2


def test_config_sets_what_the_notebook_says(run: Callable[[str], str]) -> None:
    """Before the first use and after it, %config counts before variables and files, and says what holds."""
    run('%config AetherMagics.data = "schema"')
    assert "data = schema  (said here)" in run("%aether settings data")
    assert "mode = plan  (" in run("%aether settings mode")
    run('%config AetherMagics.mode = "auto"')
    assert "mode = auto  (said here)" in run("%aether settings mode")
    run("%config AetherMagics.background = 2")
    assert "background = 2  (said here)" in run("%aether settings background")
    run('%config AetherMagics.model = "aether:analyst"')
    assert run("%aether model").startswith("aether:analyst serves.")
    told = run("%config AetherMagics")
    assert "AetherMagics.mode=" in told and "Current: 'auto'" in told and "Allowed: plan, ask, auto." in told
    assert not any(f"AetherMagics.{name}=" in told for name in ("providers", "mcp", "hooks"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('mode = "sometimes"', "The setting 'mode' cannot be 'sometimes'."),
        ("background = 0", "The setting 'background' cannot be 0."),
        ('model = "nobody:x"', "nobody"),
        ('store = "elsewhere"', "The setting 'store' cannot be changed any more in this kernel."),
    ],
)
def test_a_value_that_is_not_allowed_is_named(
    run: Callable[[str], str], caplog: pytest.LogCaptureFixture, line: str, said: str
) -> None:
    """IPython shows the error of a setting that is wrong or comes too late, and everything stays as it was."""
    before = run("%aether settings --json")
    with caplog.at_level(logging.ERROR):
        run(f"%config AetherMagics.{line}")
    assert said in caplog.text
    assert run("%aether settings --json") == before
