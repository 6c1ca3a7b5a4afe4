"""A shell with the extension and without a kernel, in which a test types as a person does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import ScriptedModel, register
from harness.home import bare


def serve(*replies: Any, name: str = "script") -> None:
    """Let a script serve as the model of that name."""
    register("model", name, lambda: ScriptedModel(replies, name=name))


def flat(text: str) -> str:
    """Text on one line: it was wrapped for a terminal."""
    return " ".join(text.split())


class Notebook:
    """A shell with the extension, whose user lives in a folder."""

    def __init__(self, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        monkeypatch.setattr("os.environ", bare(home))
        self.shell, self.capsys = InteractiveShell(config=Config(HistoryManager={"enabled": False})), capsys
        monkeypatch.setattr("aether_nb.doing.notebook.get_ipython", lambda: self.shell)
        aether_nb.load_ipython_extension(self.shell)
        capsys.readouterr()

    @property
    def session(self) -> Any:
        return self.shell.aether_magics.session  # type: ignore[attr-defined]

    def line(self, text: str) -> str:
        """Type a line after %aether."""
        self.shell.run_line_magic("aether", text)
        return str(self.capsys.readouterr().out)

    def ask(self, prompt: str, options: str = "") -> str:
        """Ask in a cell."""
        self.shell.run_cell_magic("aether", options, prompt)
        return str(self.capsys.readouterr().out)

    def close(self) -> None:
        aether_nb.unload_ipython_extension(self.shell)
