"""An encrypted record in real kernels: what is typed is seen nowhere, and a kernel without the key works on calmly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flows.test_model_verbs import SEEN, calm, notebook, typed

from harness.kernel import shown
from harness.provider import provider

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.full]

SECRET = "correct horse battery"
PLANTED = "theplantedvalue"
ASK = f"%%aether\nhow many rows does {PLANTED} have?"
FRAME = f"import pandas as pd; {PLANTED} = pd.DataFrame({{'x': [1, 2, 3]}})"


def readable(folder: Path) -> list[str]:
    """The files of the record in which the value stands."""
    files = [file for file in (folder / ".aether").rglob("*") if file.is_file()]
    return [file.name for file in files if PLANTED.encode() in file.read_bytes()]


def test_a_record_is_encrypted_killed_and_unlocked(tmp_path: Path) -> None:
    """The passphrase is in no history; a kill leaves nothing readable; the next one asks for it when told to."""
    with provider() as server, notebook(tmp_path, server) as kernel:
        kernel.run(FRAME)
        assert kernel.run(ASK).status == "ok"
        assert readable(tmp_path)
        cell, asked = typed(kernel, "%aether encrypt --passphrase", [SECRET, SECRET])
        assert "Encrypted: 1 run" in cell.text() and [hidden for _, hidden in asked] == [True, True]
        assert kernel.run(ASK).status == "ok"
        assert SECRET not in kernel.run(SEEN).text()
        pid = int(kernel.run("import os; print(os.getpid())").text())
        os.kill(pid, signal.SIGKILL)
    assert readable(tmp_path) == []
    home = tmp_path / "home"
    home.rename(tmp_path / "before")
    with provider() as server, notebook(tmp_path, server) as kernel:
        locked = kernel.run(ASK)
        assert "This record is encrypted." in calm(locked) and "%aether unlock" in calm(locked)
        assert "Traceback" not in calm(locked) and "store/" not in calm(locked)
        assert kernel.run("1 + 1").status == "ok"
        cell, _ = typed(kernel, "%aether unlock", ["wrong one", SECRET])
        assert "The record is open" in cell.text()
        kernel.run(FRAME)
        again = kernel.run(ASK)
        assert again.status == "ok" and "Done" in shown(again)
        assert kernel.run("%aether runs").text().count(PLANTED) == 3
        terminal = {**os.environ, "AETHER_STORE_KEY": SECRET, "HOME": str(home)}
        said = subprocess.run(
            [sys.executable, "-m", "aether_nb", "runs"], cwd=tmp_path, env=terminal, capture_output=True, text=True
        )
        assert said.stdout.count(PLANTED) == 3, said.stderr
    assert readable(tmp_path) == []
