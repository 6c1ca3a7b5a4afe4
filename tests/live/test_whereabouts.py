"""Where the notebook lies, and whether somebody can type: as each front end tells it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb.live.whereabouts import can_type, notebook_path, place


def shell(kernel: Any = None, **namespace: Any) -> Any:
    """As much of a shell as is asked."""
    return SimpleNamespace(user_ns=namespace, kernel=kernel)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A notebook's file."""
    file = tmp_path / "sub" / "a.ipynb"
    file.parent.mkdir()
    file.write_text("{}")
    return file


def test_jupyter_tells_the_notebook_by_a_variable_and_vs_code_by_a_name(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the notebook is the one inside which files may be touched; Jupyter's word comes first."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook_path(shell(__vsc_ipynb_file__=str(book))) == book
    other = book.with_name("b.ipynb")
    other.write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(other))
    assert place(shell(__vsc_ipynb_file__=str(book))) == (other, book.parent.resolve())


@pytest.mark.parametrize("name", ["/nowhere/a.ipynb", "a.ipynb", "/etc/passwd", "", 7, None])
def test_a_name_that_points_nowhere_is_not_believed(name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook that was renamed meanwhile has no known place; then the working directory counts."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert place(shell(__vsc_ipynb_file__=name)) == (None, tmp_path.resolve())


@pytest.mark.parametrize("allowed", [True, False])
def test_a_kernel_says_of_each_cell_whether_somebody_can_type(allowed: bool) -> None:
    """VS Code and JupyterLab allow it, runners do not."""
    assert can_type(shell(SimpleNamespace(_allow_stdin=allowed))) is allowed


def test_without_a_kernel_it_is_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is no person, and neither is nothing."""
    for stream in (io.StringIO("y\n"), None):
        monkeypatch.setattr(sys, "stdin", stream)
        assert not can_type(shell())
