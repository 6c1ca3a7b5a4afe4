"""Tools of servers in whole cells of a real kernel: agreed to, asked about, recorded, in doubt."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

from harness import node
from harness.kernel import Kernel
from harness.servers import WORDS, odd_entry

LOAD = """
%load_ext aether_nb
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script(*replies):
    global model
    model = ScriptedModel(replies, name="script")
    register("model", "script", lambda: model)
"""

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel in a project that defines two servers, one of them a program in the folder that is scanned."""
    folder = tmp_path_factory.mktemp("work")
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": {"odd": odd_entry()}}))
    (folder / ".aether" / "mcp").mkdir(parents=True)
    shutil.copy(WORDS, folder / ".aether" / "mcp")
    path = os.pathsep.join([str(node.program().parent), os.environ["PATH"]])
    environment = {"AETHER_PANEL": "off", "AETHER_APPROVE": "auto", "PATH": path}
    with Kernel(Path(sys.executable), environment, folder) as kernel:
        assert kernel.run(LOAD).status == "ok"
        yield kernel


def test_a_project_starts_nothing_before_it_was_agreed_to(kernel: Kernel) -> None:
    """The run goes without its servers, and says which there would be."""
    kernel.run("script('hello')")
    cell = kernel.run("%%aether --model script\nHello?")
    assert "nobody has agreed to: words, odd" in cell.text()
    assert kernel.run("print([s.name for s in model.requests[0].tools if '__' in s.name])").text() == "[]\n"
    assert "odd: not agreed to" in kernel.run("%aether mcp").text()


def test_a_trusted_server_is_used_in_a_run(kernel: Kernel) -> None:
    """A few lines of TypeScript, agreed to in a cell, are a tool of the next run; what it says is data."""
    assert "words is started from now on" in kernel.run("%aether mcp enable words --trust").text()
    kernel.run("script(ToolCall('', 'words__count', {'text': 'to be or not to be'}), 'done')")
    cell = kernel.run("%%aether --model script\nCount the words.")
    assert cell.status == "ok", cell.of("error")
    assert '"to":2' in kernel.run("print(model.requests[1].messages[-1].text)").text()
    assert "words: ready, 1 tools, its word on its tools counts" in kernel.run("%aether mcp").text()


def test_a_call_that_nobody_approves_is_not_made(kernel: Kernel, tmp_path: Path) -> None:
    """High risk without a person is a no, whatever the policy for medium risk says."""
    kernel.run("%aether mcp enable odd")
    kernel.run(f"script(ToolCall('', 'odd__die', {{'text': {str(tmp_path / 'x')!r}}}), 'done')")
    kernel.run("%%aether --model script\nEnd it.")
    assert "nobody was there to approve it" in kernel.run("print(model.requests[1].messages[-1].text)").text()
    assert not (tmp_path / "x").exists()


def test_a_resource_in_a_question_is_data_beside_it(kernel: Kernel) -> None:
    """It is read once, before the run; one that cannot be read shows before anything is asked."""
    kernel.run("script('I see.')")
    cell = kernel.run("%%aether --model script\nWhat is missing in @odd:odd://notes?")
    assert cell.status == "ok", cell.of("error")
    sent = kernel.run("print([p.text for m in model.requests[0].messages for p in m.parts])").text()
    assert "The sales of May are missing." in sent
    kernel.run("%aether mcp disable odd")
    cell = kernel.run("%%aether --model script\nWhat is in @odd:odd://notes?")
    assert cell.error == "MentionFailed" and "mcp enable odd" in str(cell.of("error"))


def test_a_notebook_is_offered_to_another_agent(kernel: Kernel) -> None:
    """The official client sees the variables of this kernel and changes them between the cells; then it is shut out."""
    kernel.run("prices = [3, 4]")
    said = kernel.run("%aether mcp serve").text().splitlines()[0]
    address, _, token = said.partition("   Authorization: ")
    assert kernel.run("%aether mcp serve").text().splitlines()[0] == said
    good, told = asyncio.run(asyncio.wait_for(_visit(address, token), 60))
    assert good and "total: int, = 7" in told
    assert kernel.run("print(total)").text() == "7\n"
    kernel.run("script('hello')")
    time.sleep(0.5)  # the visitor is quiet: its run has ended, and the notebook is its user's again
    assert kernel.run("%%aether --model script\nHello?").status == "ok"
    assert "not offered any more" in kernel.run("%aether mcp serve stop").text()
    with pytest.raises((MCPError, ExceptionGroup)):
        asyncio.run(asyncio.wait_for(_visit(address, token), 60))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cell = kernel.run(f"%aether mcp serve --port {taken.getsockname()[1]}")
    assert cell.error == "UsageFault" and "is taken" in str(cell.of("error"))


async def _visit(address: str, token: str) -> tuple[bool, str]:
    async with (
        create_mcp_http_client(headers={"Authorization": token}) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        result = await client.call_tool("run_python", {"code": "total = sum(prices)"})
        return not result.is_error, "".join(getattr(block, "text", "") for block in result.content)
