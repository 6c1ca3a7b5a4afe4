"""What checks structured answers is imported ahead of the first call, and nobody but that call waits for it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from aether_nb.tools.mcp import checking


async def test_it_is_imported_beside_what_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only when a tool has structured answers, once, on a thread; the loop goes on while a call waits."""
    (tmp_path / "slow_checker.py").write_text("import time\ntime.sleep(0.3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(checking, "LIBRARY", "slow_checker")
    monkeypatch.setattr(checking, "_thread", None)
    await checking.there()
    checking.ahead([SimpleNamespace(output_schema=None)])
    assert checking._thread is None
    checking.ahead([SimpleNamespace(output_schema={"type": "object"})])
    thread = checking._thread
    checking.ahead([SimpleNamespace(output_schema={"type": "object"})])
    assert checking._thread is thread
    waiting, ticks = asyncio.create_task(checking.there()), 0
    while not waiting.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 3
    assert "slow_checker" in sys.modules
    del sys.modules["slow_checker"]
