"""Hooks of whole conversations: in a notebook, for its subordinate agents, in a program, and when it is left."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from aether_nb import Aether, Hook, ScriptedModel, hook, plugins, registry
from aether_nb.errors import RunFailed
from aether_nb.events import kinds as k
from aether_nb.events.children import child_of
from aether_nb.events.folds import fold
from aether_nb.events.messages import ToolCall
from harness.plain_shell import Notebook, serve

CODE = ToolCall("k1", "run_python", {"code": "found = 41 + 1\nfound"})


@pytest.fixture(autouse=True)
def _nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_things", {})


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Notebook]:
    """A notebook in a folder of its own."""
    opened = Notebook(tmp_path / "work", tmp_path / "home", monkeypatch, capsys)
    yield opened
    opened.close()


def events(notebook: Notebook, run: str = "") -> list[k.Event]:
    """What is recorded of a run."""
    return [entry.event for entry in notebook.session.store.log.read(run or notebook.session.last)]


def test_hooks_of_a_parent_hold_for_its_children(notebook: Notebook) -> None:
    """Nobody gets round a hook by giving the task to another agent; it is told whose child asks."""
    told: list[tuple[str, str]] = []

    @hook("before_tool", match="run_*")
    def guard(about: Any) -> dict[str, str]:
        told.append((about["run"], about["parent"]))
        return {"veto": "no code today"}

    serve(ToolCall("s1", "spawn", {"task": "Find it.", "model": "helper"}), "Nothing.")
    serve(CODE, "I could not.", name="helper")
    notebook.ask("Have it found.", "--model script --mode auto")
    parent = notebook.session.last
    child = child_of(parent, "s1")
    assert told == [(child, parent)]
    assert "found" not in notebook.shell.user_ns
    texts = [message.text for message in fold(notebook.session.store.log.read(child)).messages]
    assert "denied by the hook guard: no code today" in texts


def test_a_conversation_begins_once_and_ends_when_the_kernel_is_left(notebook: Notebook, tmp_path: Path) -> None:
    """A command of one's own: told of the first question, and of the end with how many runs there were."""
    file = tmp_path / "home" / "own.toml"
    file.parent.mkdir(exist_ok=True)
    note = "import sys; open('told', 'a').write(sys.stdin.read() + chr(10))"
    tables = [
        f"[hooks.{event}]\nevent = '{event}'\ncommand = ['{sys.executable}', '-c', \"{note}\"]\n"
        for event in ("session_start", "session_end")
    ]
    file.write_text("\n".join(tables))
    import os

    os.environ["AETHER_CONFIG"] = str(file)
    serve("One.", "Two.")
    notebook.ask("First?", "--model script")
    notebook.ask("Second?", "--model script")
    notebook.session.leave()
    began, ended = map(json.loads, (file.parent / "told").read_text().splitlines())
    assert (began["event"], began["prompt"]) == ("session_start", "First?")
    assert (ended["event"], ended["runs"]) == ("session_end", 2)
    notebook.session.leave()
    assert len((file.parent / "told").read_text().splitlines()) == 2, "it ends once"


def test_a_record_that_is_performed_again_goes_by_the_hooks_of_tools_only(notebook: Notebook) -> None:
    """Nobody is asked, so nothing is said to a model; what a hook made of a call is performed as it was."""
    heard: list[str] = []
    hook("before_model", name="m")(lambda about: heard.append("model"))

    @hook("before_tool", match="run_python")
    def other(about: Any) -> dict[str, Any]:
        heard.append("tool")
        return {"arguments": {"code": "found = 7\nfound"}}

    serve(CODE, "Done.")
    notebook.ask("Find it.", "--model script --mode auto")
    assert notebook.shell.user_ns["found"] == 7
    first = notebook.session.last
    registry.remove("hook", "other")
    notebook.shell.user_ns.pop("found")
    notebook.line(f"replay {first} --mode live")
    assert notebook.shell.user_ns["found"] == 7
    assert heard == ["model", "tool", "model"]
    drifted = [event for event in events(notebook) if isinstance(event, k.ReplayDrifted)]
    assert drifted == []


def test_a_plugin_brings_hooks_by_the_one_door(notebook: Notebook) -> None:
    """Registered as everything else, and taken out with its plugin."""
    house = plugins.House("polite")
    house.register("hook", "polite", Hook("before_model", lambda about: {"add": "Be polite."}))
    serve("Yes, please.")
    notebook.ask("Well?", "--model script")
    (took,) = [event for event in events(notebook) if isinstance(event, k.HookTook)]
    assert (took.hook, took.what, took.source) == ("polite", "added words", __name__)
    registry.withdraw("polite")
    assert registry.names("hook") == ()


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_a_hook_of_a_package_holds_from_the_first_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to look for packages before: a program's first run is refused as its second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugins, "_loaded", None)
    monkeypatch.setattr(plugins, "installed", lambda: [EntryPoint("closed", f"{__name__}:closed", plugins.GROUP)])
    client = Aether(ScriptedModel(["Never."]))
    with pytest.raises(RunFailed, match="The hook closed refused this conversation"):
        client.ask_sync("Hello?")
    client.close()


def closed(house: plugins.House) -> None:
    """A plugin that lets nobody in."""
    house.register("hook", "closed", Hook("session_start", lambda about: {"veto": "we are closed"}, required=True))


def test_hooks_hold_for_a_client_and_its_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same loop, the same hooks; a refused conversation is an error; without hooks nothing is looked for."""
    monkeypatch.chdir(tmp_path)
    heard: list[Any] = []
    client = Aether(ScriptedModel(["Hello."]))
    assert client.ask_sync("Hello?").text == "Hello."
    client.close()
    assert "hooked" not in vars(client._answerer)
    hook("before_tool", name="less")(lambda about: {"arguments": {"a": 1, "b": 1}})
    hook("session_end", name="end")(lambda about: heard.append(about["runs"]))

    async def asked() -> str:
        async with Aether(ScriptedModel([ToolCall("", "add", {"a": 5, "b": 5}), "Two."]), tools=[add]) as ai:
            response = await ai.ask("What?")
            assert [call.arguments for call in response.tool_calls] == [{"a": 1, "b": 1}]
            return str(response.text)

    assert asyncio.run(asked()) == "Two."
    assert heard == [1]
    hook("session_start", name="closed")(lambda about: {"veto": "we are closed"})
    refused = Aether(ScriptedModel(["Never.", "Never."]))
    for _ in range(2):
        with pytest.raises(RunFailed, match="The hook closed refused this conversation"):
            refused.ask_sync("Hello?")
    refused.close()
    assert heard == [1], "what was refused has not begun, and does not end"


def test_an_end_is_calm_where_settings_are_gone(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who deleted the file of settings meanwhile gets a line in the log, no traceback; hooks of the kernel are told."""
    heard: list[Any] = []
    hook("session_end", name="end")(lambda about: heard.append(about["runs"]))
    serve("Hello.")
    notebook.ask("Hello?", "--model script")
    monkeypatch.setenv("AETHER_CONFIG", str(notebook.session.workspace / "gone.toml"))
    notebook.session.hooked.close(notebook.session.thread.run)
    assert heard == [1]
    (line,) = [record.getMessage() for record in caplog.records if record.name.endswith("session.hooked")]
    assert line.startswith("hooks of files are not told that the conversation ends: ") and "gone.toml" in line
