"""What people type as a path: a home that nobody has is a name that is not found, wherever it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

import aether_nb
from aether_nb.cli import main
from aether_nb.config.home import expanded


def test_a_home_is_that_of_who_types_and_one_that_nobody_has_stays_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """``~`` is the user's; another's that is not known here raises nothing."""
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("USERPROFILE", "/home/ann")
    assert expanded("~/data.csv") == Path("/home/ann/data.csv")
    assert expanded(Path("~nobody-of-that-name/data.csv")) == Path("~nobody-of-that-name/data.csv")


def test_nobody_asks_path_itself() -> None:
    """``Path.expanduser`` raises what nobody expects: one function is asked for the home, everywhere."""
    files = Path(aether_nb.__file__).parent.rglob("*.py")
    assert [file.name for file in files if ".expanduser(" in file.read_text("utf-8")] == ["home.py"]


@pytest.mark.parametrize(
    "typed", ["know add ~nobody-of-that-name/x", "batch ~nobody-of-that-name/x.yaml", "skills add ~nobody-of-that-name"]
)
def test_a_path_below_a_home_that_nobody_has_is_not_there(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said in a sentence."""
    monkeypatch.chdir(tmp_path)
    assert main(typed.split()) in (1, 2)
    assert capsys.readouterr().err.startswith("aether: ~nobody-of-that-name")


@pytest.mark.parametrize("variable", ["AETHER_STORE", "AETHER_KNOWLEDGE", "AETHER_ALLOW_WRITES"])
def test_no_setting_makes_a_folder_that_is_called_like_a_home(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where something would be written below a home that nobody has, the setting is refused, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "~nobody-of-that-name/x")
    assert main(["runs"]) == 2
    assert "~nobody-of-that-name/x" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
