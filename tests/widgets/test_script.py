"""The panel's view, tested in its own language: node's test runner, a DOM by jsdom."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_script(tmp_path: Path):
    """Every law of the view in panel.test.mjs holds."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs node and npm: apt-get install nodejs npm")
    if not (HERE / "node_modules" / "jsdom").is_dir():
        environment = os.environ | {"npm_config_cache": str(tmp_path / "cache")}
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=HERE, check=True, env=environment, timeout=300, capture_output=True)
    done = subprocess.run(
        [node, "--test", "panel.test.mjs"], cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
