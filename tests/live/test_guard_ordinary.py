"""Ordinary analysis is left in peace: no question before, none while it runs, and nothing of it breaks."""

from __future__ import annotations

import asyncio
import inspect
import os
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from pathlib import Path
from typing import Any

import matplotlib
import pytest

from aether_nb.live.guard import Agreement, Guard, armed
from aether_nb.live.reading import read
from harness.ordinary import LIBRARIES_FIRST, SNIPPETS, lines, sales
from harness.ways import sampled


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, with nothing drawn on a screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "fonts"))
    matplotlib.use("agg")
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    return tmp_path


def questions(code: str, folder: Path) -> list[str]:
    """What is asked while code runs, with nothing agreed to."""
    asked: list[str] = []
    space: dict[str, Any] = {"df": sales()}
    agreement = Agreement(read("0", {}).announced, os.path.realpath(folder), lambda risk, path: False)
    guard = Guard(agreement, lambda text, _: asked.append(text), space)

    async def main() -> None:
        with armed(guard):
            value = eval(compile(code, "<cell>", "exec", flags=PyCF_ALLOW_TOP_LEVEL_AWAIT), space)
            if inspect.isawaitable(value):
                await value

    try:
        asyncio.run(main())
    except ImportError as error:
        pytest.skip(str(error))
    return [*asked, *map(str, guard.refused)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", sampled(lines(SNIPPETS), 5))
def test_ordinary_analysis_raises_no_question(code: str, folder: Path) -> None:
    """Neither the reading nor the hook finds anything to ask about."""
    assert questions(code, folder) == []
    assert read(code, {"df": sales()}).risk == "low"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", sampled(lines(LIBRARIES_FIRST)))
def test_what_libraries_do_for_themselves_is_not_asked_about(code: str, folder: Path) -> None:
    """Caches, temporary files, worker processes and compiled parts of a library's own pass while it runs."""
    assert questions(code, folder) == []


def test_there_are_enough_of_them() -> None:
    """Forty snippets at the least, none of them twice."""
    assert len(lines(SNIPPETS)) == len(set(lines(SNIPPETS))) >= 40
