"""``aether execute --kernel existing``: a task in a notebook that runs already, typed in a terminal elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

pytestmark = [pytest.mark.kernel, pytest.mark.full]

CELL = (
    "sales = [10, 20, 5]\nfrom aether_nb import ScriptedModel, register\nfrom aether_nb.events.messages import ToolCall"
)
SCRIPT = (
    "register('model', 'script', lambda: ScriptedModel("
    "[ToolCall('c1', 'run_python', {'code': 'total = sum(sales)'}), 'It is done.'], name='script'))"
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """A kernel that Jupyter would have started, in a folder of its own, with a variable."""
    runtime = Path(os.environ["JUPYTER_RUNTIME_DIR"])
    runtime.mkdir(parents=True, exist_ok=True)
    manager = KernelManager(kernel_name="python3", connection_file=str(runtime / "kernel-theirs.json"))
    (tmp_path / "theirs").mkdir()
    manager.start_kernel(cwd=str(tmp_path / "theirs"))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        for code in (CELL, SCRIPT):
            assert client.execute_interactive(code, timeout=60)["content"]["status"] == "ok"
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def value(client: Any, expression: str) -> str:
    """How a value of the kernel is written."""
    reply = client.execute("", silent=True, user_expressions={"v": expression}, reply=True, timeout=60)
    return str(reply["content"]["user_expressions"]["v"]["data"]["text/plain"])


def test_a_running_notebook_is_worked_in_and_left_as_it_is(client: Any, tmp_path: Path) -> None:
    """Its variables are used and changed, what happens is printed in the terminal, and its panel is its own again."""
    (tmp_path / "elsewhere").mkdir()

    def typed(*words: str) -> str:
        command = [sys.executable, "-m", "aether_nb", "execute", "--kernel", "existing", "--model", "script", *words]
        said: Any = {"cwd": tmp_path / "elsewhere", "stdin": subprocess.DEVNULL, "timeout": 120}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **said)
        assert done.returncode == 0, done.stderr
        return done.stdout

    row = json.loads(typed("--approve", "low", "--json", "Add it up."))
    assert (row["outcome"], row["answer"]) == ("done", "It is done.")
    assert value(client, "total") == "35"
    assert "It is done." in typed("--mode", "auto", "Once more.")
    settings = "get_ipython().aether_magics.session.models.settings"
    assert [value(client, f"{settings}.{name}") for name in ("panel", "approve")] == ["True", "'deny'"]
    assert (tmp_path / "theirs" / ".aether").is_dir()
