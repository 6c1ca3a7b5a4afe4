"""Watching: a change on the disk is told once for its source, and what cannot be watched is said."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from aether_nb.errors import KnowledgeError, KnowledgeMissing
from aether_nb.knowledge.watching import watch


def test_what_changes_on_the_disk_is_told_by_its_source(tmp_path):
    """Two files of a folder and one that was added alone: each source is told, no matter how many changes."""
    docs, alone, stop = tmp_path / "docs", tmp_path / "alone.md", threading.Event()
    docs.mkdir()
    alone.write_text("before")
    told: list[str] = []
    sources = {docs: "docs", alone: "alone.md", tmp_path / "gone": "gone"}
    watcher = threading.Thread(target=watch, args=(sources, told.append, stop))
    watcher.start()
    try:
        deadline = time.monotonic() + 20
        while set(told) != {"docs", "alone.md"} and time.monotonic() < deadline:
            (docs / "a.md").write_text(f"words {time.monotonic()}")
            alone.write_text(f"words {time.monotonic()}")
            time.sleep(0.3)
    finally:
        stop.set()
        watcher.join()
    assert set(told) == {"docs", "alone.md"}


def test_what_cannot_be_watched_is_said(tmp_path, monkeypatch):
    """Nothing was added, or the package is not there: an error with what to type."""
    with pytest.raises(KnowledgeMissing, match="nothing to watch"):
        watch({Path(tmp_path / "gone"): "gone"}, print, threading.Event())
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(KnowledgeError, match=r"aether-nb\[watch\]"):
        watch({tmp_path: "."}, print, threading.Event())
