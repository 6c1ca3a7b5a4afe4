"""``dashboard`` in a notebook and in a terminal, on a record with runs of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import cli
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Usage
from aether_nb.store.log import JOURNAL
from aether_nb.store.store import open_store
from harness.home import bare

KEY = "sk-proj-0a1B2c3D4e5F6g7H8i9J"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a record: a run that was paid, one whose question holds a key, and a yes that lasts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.environ", bare(tmp_path / "home") | {"OPENAI_API_KEY": KEY})
    store, now = open_store(tmp_path / ".aether"), time.time()
    said = k.ModelAnswered("big", Message.of("assistant", "x"), Usage(60, 40, 0.25), "stop", 2.0, "acme")
    store.log.append("aa11", 0, (k.RunStarted("How many?", "acme:big"), said, k.RunEnded("done")), now)
    failed = (k.RunStarted(f"Is {KEY} a key?", "acme:big"), k.ModelFailed("acme:big", "No."), k.RunEnded("failed"))
    store.log.append("bb22", 0, failed, now)
    store.log.append("cc33", 0, (k.RunStarted("Long ago?", "acme:big"), said), now - 40 * 86_400)
    grant = k.Grant("g-1", "write_file", "tool", "medium", "notebook", "panel")
    store.log.append(JOURNAL, 0, (k.GrantGiven(grant),), now)
    store.log.close()
    return tmp_path


@pytest.fixture
def shell(folder: Path) -> Iterator[InteractiveShell]:
    """A shell there, with the extension."""
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    aether_nb.load_ipython_extension(shell)
    yield shell
    aether_nb.unload_ipython_extension(shell)


def test_in_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text with models, runs and yeses of the last days; no key; commands as they are typed there."""
    assert cli.main(["dashboard"]) == 0
    told = capsys.readouterr().out
    assert "spent     $0.25" in told and "2 (1 done, 1 failed)" in told and "failing: No." in told
    assert "aa11" in told and "Is *** a key?" in told and KEY not in told and "cc33" not in told
    assert "g-1" in told and "✓ openai" in told
    assert cli.main(["dashboard", "--days", "60"]) == 0
    assert "spent     $0.50" in capsys.readouterr().out


def test_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as plain values for another program, keys hidden."""
    assert cli.main(["dashboard", "--json", "--days", "3"]) == 0
    said = capsys.readouterr().out
    value = json.loads(said)
    assert KEY not in said
    assert (value["cost"], value["tokens"], value["outcomes"]) == (0.25, 100, {"done": 1, "failed": 1})
    assert len(value["days"]) == 3 and sum(spent.get("acme:big", 0) for spent in value["days"].values()) == 0.25
    model = value["models"][0]
    assert (model["model"], model["answered"], model["failed"], model["seconds"]) == ("acme:big", 1, 1, 2.0)
    assert {run["run"] for run in value["runs"]} == {"aa11", "bb22"} and value["grants"][0]["id"] == "g-1"


@pytest.mark.parametrize("days", ["0", "many", "-1", "367"])
def test_a_number_of_days_is_one(folder: Path, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no number of days is refused with what to type."""
    assert cli.main(["dashboard", f"--days={days}"]) == 2
    assert "is no number of days" in capsys.readouterr().err


def test_in_a_notebook(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture with HTML and text; only yeses that count here are listed: those of nobody's key do not."""
    published: list[dict[str, str]] = []
    shell.display_pub.publish = lambda data, **more: published.append(data)  # type: ignore[method-assign]
    shell.run_line_magic("aether", "dashboard")
    (picture,) = published
    assert "aa11" in picture["text/plain"] and "<table" in picture["text/html"]
    assert "g-1" not in picture["text/plain"] and KEY not in str(picture)
    capsys.readouterr()
    shell.run_line_magic("aether", "dashboard --json")
    assert json.loads(capsys.readouterr().out)["cost"] == 0.25


def test_an_empty_folder_has_an_empty_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is recorded that is said, and nothing is made."""
    assert cli.main(["dashboard", "--store", str(tmp_path / "none")]) == 0
    assert "No run began." in capsys.readouterr().out and [*tmp_path.iterdir()] == []
