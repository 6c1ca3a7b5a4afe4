"""The last word of a view, when the front end takes away the panel and, with it, the subshell of its comm."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from queue import Empty
from typing import Any

import ipykernel
import pytest

from harness.kernel import Cell, Kernel

LOAD = """
%load_ext aether_nb
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script():
    slow = ToolCall("", "run_python", {"code": "import time; time.sleep(0.5)"})
    register("model", "script", lambda: ScriptedModel([slow, "Done."], name="script"))
"""


def panels(cell: Cell) -> list[str]:
    """The comms of panels."""
    return [one["comm_id"] for one in cell.of("comm_open") if "_esm" in str(one["data"])]


def control(kernel: Kernel, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Ask something on the control channel, as a front end does."""
    message = kernel.client.session.msg(kind, content)
    kernel.client.control_channel.send(message)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            reply = kernel.client.control_channel.get_msg(timeout=1)
        except Empty:
            continue
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            return dict(reply["content"])
    raise AssertionError(f"no answer to {kind}")


@pytest.mark.skipif(ipykernel.version_info < (7,), reason="this kernel has no subshells")
def test_a_subshell_that_is_deleted_with_the_last_word_says_nothing_in_red(tmp_path: Path) -> None:
    """Goodbyes are sent in a subshell that is deleted in the same moment; the widget ends, and nothing is printed."""
    with Kernel(Path(sys.executable), {"AETHER_MODE": "auto", "AETHER_APPROVE": "auto"}, tmp_path) as kernel:
        assert kernel.run(LOAD).status == "ok"
        for number in range(3):
            kernel.run("script()")
            cell = kernel.send("%%aether --model script\nDo it.")
            kernel.until(lambda cell=cell: bool(panels(cell)), "the panel", [cell])
            panel = panels(cell)[0]
            kernel.click(panel, {"type": "hello", "seq": -1, "mid": f"v{number}-1"})
            kernel.finish(cell)
            assert cell.status == "ok" and panel not in {one["comm_id"] for one in cell.of("comm_close")}
            subshell = control(kernel, "create_subshell_request", {})["subshell_id"]
            for _ in range(5):
                content = {"method": "custom", "content": {"type": "bye", "mid": f"v{number}-2"}}
                message = kernel.client.session.msg("comm_msg", {"comm_id": panel, "data": content})
                message["header"]["subshell_id"] = subshell
                kernel.client.shell_channel.send(message)
            control(kernel, "delete_subshell_request", {"subshell_id": subshell})
            said, closed, until = "", False, time.monotonic() + 1.0
            while time.monotonic() < until:
                try:
                    message = kernel.client.get_iopub_msg(timeout=0.2)
                except Empty:
                    continue
                said += message["content"].get("text", "") if message["msg_type"] == "stream" else ""
                closed |= message["msg_type"] == "comm_close" and message["content"]["comm_id"] == panel
            assert (said, closed) == ("", True)
