"""``aether execute --kernel existing``: a task in a notebook that runs already, typed in a terminal elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from harness.postgres import Server

pytestmark = [pytest.mark.kernel, pytest.mark.full]

CELL = (
    "sales = [10, 20, 5]\nfrom aether_nb import ScriptedModel, register\nfrom aether_nb.events.messages import ToolCall"
)
SCRIPT = (
    "said, calls = [], [ToolCall('c1', 'run_python', {'code': 'total = sum(sales)'}), 'It is done.']\n"
    "def script():\n"
    "    settings = get_ipython().aether_magics.session.models.settings\n"
    "    said.append((settings.panel, settings.approve))\n"
    "    return ScriptedModel(calls, name='script')\n"
    "register('model', 'script', script)"
)

SETTINGS = "get_ipython().aether_magics.session.models.settings"

KEY = "a passphrase that only their notebook has"


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


def typed(folder: Path, *words: str) -> str:
    """What a terminal in a folder elsewhere prints for a task in the kernel that runs."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "aether_nb", "execute", "--kernel", "existing", "--model", "script", *words]
    said: Any = {"cwd": folder, "stdin": subprocess.DEVNULL, "timeout": 120}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **said)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_running_notebook_is_worked_in_and_left_as_it_is(client: Any, tmp_path: Path) -> None:
    """Its variables are used and changed, and what happens is printed in the terminal.

    Its panel and its policy stay what they are also meanwhile: what was typed holds for this one run.
    """
    elsewhere = tmp_path / "elsewhere"
    row = json.loads(typed(elsewhere, "--approve", "low", "--json", "Add it up."))
    assert (row["outcome"], row["answer"]) == ("done", "It is done.")
    assert value(client, "total") == "35"
    assert "It is done." in typed(elsewhere, "--mode", "auto", "Once more.")
    assert set(literal_eval(value(client, "said"))) == {(True, "deny")}
    assert [value(client, f"{SETTINGS}.{name}") for name in ("panel", "approve")] == ["True", "'deny'"]
    assert (tmp_path / "theirs" / ".aether").is_dir()


def test_an_encrypted_notebook_says_what_came_of_it(client: Any, tmp_path: Path) -> None:
    """Only its kernel has the key: the terminal gets the answer from there, and not from the files."""
    for code in (f"import os; os.environ['AETHER_STORE_KEY'] = {KEY!r}", "%load_ext aether_nb", "%aether encrypt"):
        assert client.execute_interactive(code, timeout=60, allow_stdin=False)["content"]["status"] == "ok", code
    assert value(client, "get_ipython().aether_magics.session.store.encrypted") == "True"
    row = json.loads(typed(tmp_path / "elsewhere", "--approve", "low", "--json", "Add it up."))
    assert (row["outcome"], row["answer"]) == ("done", "It is done.")


def test_a_notebook_whose_record_is_on_a_server_says_what_came_of_it(
    client: Any, tmp_path: Path, postgres: Server
) -> None:
    """Its address is known here without the password only, and nothing of that name is made in the folder."""
    postgres.empty()
    said = f"import os; os.environ['AETHER_STORE'] = {postgres.address().plain!r}"
    assert client.execute_interactive(said, timeout=60)["content"]["status"] == "ok"
    row = json.loads(typed(tmp_path / "elsewhere", "--approve", "low", "--json", "Add it up."))
    assert (row["outcome"], row["answer"]) == ("done", "It is done.")
    assert not [file.name for file in (tmp_path / "elsewhere").iterdir() if file.name != ".aether"]
