"""All servers of a notebook: which run, what they bring to a run, and what is said of those that do not."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aether_nb.agent.offering import frozen, offered
from aether_nb.agent.resuming import versions
from aether_nb.errors import OptionError
from aether_nb.events.state import RunState
from aether_nb.tools.agreeing.agreed import Agreements
from aether_nb.tools.mcp import servers as servers_module
from aether_nb.tools.mcp.places import Places
from aether_nb.tools.mcp.servers import Servers, no_servers
from aether_nb.tools.toolbox import toolbox
from harness.servers import around, odd_entry


class Work:
    """A project with servers in its file, and what its user has said of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        places = Places(folder, folder / ".aether" / "mcp")
        agreements = Agreements(folder / "own", folder)
        self.servers = Servers(lambda: places, agreements, lambda: around(folder))

    def define(self, **entries: Any) -> None:
        """Write the project's file."""
        (self.folder / ".mcp.json").write_text(json.dumps({"mcpServers": entries}))

    def say(self, name: str, word: Any = "on") -> None:
        """Decide about one of them."""
        self.servers.agreements.say(self.servers.named(name), word)


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    """A project; its servers are left afterwards."""
    made = Work(tmp_path)
    yield made
    await made.servers.aclose()


async def test_only_what_was_agreed_to_is_started(work: Work) -> None:
    """A project's file starts nothing; that is said once, and what was agreed to runs."""
    work.define(odd=odd_entry(), other=odd_entry())
    await work.servers.ready()
    assert not work.servers.running and not work.servers.tools()
    assert "nobody has agreed to: odd, other" in next(note.note for note in work.servers.told())
    work.say("odd")
    await work.servers.ready()
    assert list(work.servers.running) == ["odd"]
    assert not list(work.servers.told())
    assert {"odd__echo", "odd__write"} <= work.servers.tools().keys()
    with pytest.raises(OptionError, match="nobody has agreed to it"):
        work.servers.connection("other")


async def test_one_that_is_changed_or_taken_out_is_left(work: Work) -> None:
    """Another command is another server, which nobody has agreed to."""
    work.define(odd=odd_entry())
    work.say("odd")
    await work.servers.ready()
    before = work.servers.running["odd"]
    work.define(odd=odd_entry("wait=0"))
    await work.servers.ready()
    assert (before.state, work.servers.tools()) == ("stopped", {})


async def test_one_that_fails_stops_no_other_and_holds_no_question_up_again(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named once, with the reason and what to type, left alone for a while, and then tried beside the run."""
    work.define(odd=odd_entry(), bad={"command": "no-such-program"})
    work.say("odd")
    work.say("bad")
    await work.servers.ready()
    (note,) = [note.note for note in work.servers.told()]
    assert "no-such-program" in note and "%aether mcp restart bad" in note
    assert "odd__echo" in work.servers.tools()
    await work.servers.ready()
    assert work.servers.running["bad"].starts == 1
    monkeypatch.setattr(servers_module, "PATIENCE", 0.0)
    await work.servers.ready()  # does not wait for it
    assert not list(work.servers.told())
    await asyncio.gather(*work.servers._beside)
    assert work.servers.running["bad"].starts == 2
    assert (await work.servers.restart("bad")).state == "failed"
    states = {row.definition.name: row.state for row in work.servers.rows()}
    assert states == {"odd": "ready", "bad": "failed"}


async def test_a_trusted_servers_reading_needs_no_question(work: Work) -> None:
    """The same tool, judged by what the user said of its server."""
    work.define(odd=odd_entry())
    work.say("odd")
    await work.servers.ready()
    assert not work.servers.tools()["odd__echo"].reads
    work.say("odd", "trusted")
    await work.servers.ready()
    assert work.servers.tools()["odd__echo"].reads
    assert not work.servers.tools()["odd__write"].reads


async def test_many_tools_are_searched_for(tmp_path: Path) -> None:
    """Above the limit a model is told of the search alone; every tool can be called; a run pays next to nothing."""
    work = Work(tmp_path)
    work.define(odd=odd_entry("many=500"))
    work.say("odd")
    try:
        await work.servers.ready()
        tools = work.servers.tools()
        assert len(tools) == 516
        told = frozen(toolbox({}, more=tools.values()))
        assert [name for name in told if name not in toolbox({})] == ["find_tools"]
        assert work.servers.tools()["odd__tool_7"] is tools["odd__tool_7"]
        assert min(_run(work.servers) for _ in range(50)) < 0.002
    finally:
        await work.servers.aclose()


def _run(servers: Servers) -> float:
    """Seconds that a run spends on its tools: gathering, freezing and telling them."""
    began = time.perf_counter()
    tools = toolbox({}, None, more=servers.tools().values())
    versions(frozen(tools))
    [tool.spec for tool in offered(tools, RunState()).values()]
    return time.perf_counter() - began


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """So is a server with a problem, with the place to mend it."""
    work = Work(tmp_path)
    work.define(everything=odd_entry(), broken={})
    with pytest.raises(OptionError, match="Did you mean everything"):
        work.servers.named("everythin")
    with pytest.raises(OptionError, match="neither a command nor a url"):
        work.servers.connection("broken")


async def test_a_program_without_servers() -> None:
    """Nothing is read, nothing is started."""
    servers = no_servers()
    await servers.ready()
    assert (servers.tools(), servers.rows(), list(servers.told())) == ({}, [], [])


def test_the_sdk_is_not_loaded_before_a_server_is_needed(tmp_path: Path) -> None:
    """Looking for servers, and finding one that nobody has agreed to, imports nothing of it."""
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": {"odd": odd_entry()}}))
    code = (
        "import sys, asyncio\nfrom pathlib import Path\n"
        "from aether_nb.config import Settings\nfrom aether_nb.session.opening import open_servers\n"
        "here = Path.cwd()\nservers = open_servers(Settings(), here, here / '.aether')\n"
        "asyncio.run(servers.ready())\n"
        "print(len(servers.rows()), [one for one in sys.modules if one.startswith('mcp')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 []"
