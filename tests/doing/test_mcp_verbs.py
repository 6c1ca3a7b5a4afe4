"""``%aether mcp`` and ``aether mcp``: servers are shown, added, agreed to and tried out, in words and as JSON."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from aether_nb import cli, verbs
from aether_nb.doing import mcp as mcp_verbs
from aether_nb.errors import UsageFault
from aether_nb.tools.mcp.servers import no_servers
from harness.home import bare
from harness.servers import ODD, odd_entry

COMMAND = f"{sys.executable} -S {ODD}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, and a user without settings."""
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.chdir(made)
    monkeypatch.setattr("os.environ", bare(tmp_path / "home"))
    return made


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """What ``aether mcp …`` prints, and its exit code."""
    code = cli.main(["mcp", *words])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_server_is_added_used_and_removed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From nothing to its tools and back, by what a person types."""
    assert "No server is defined here" in typed(capsys)[1]
    code, said = typed(capsys, "add", "odd", COMMAND)
    assert code == 0 and COMMAND in said
    assert (folder / ".aether" / ".gitignore").read_text() == "*\n"
    assert "odd__write (high, external): [odd] Write something somewhere." in typed(capsys, "tools", "odd")[1]
    assert "odd: ready after" in typed(capsys, "check")[1]
    assert "odd: idle" in typed(capsys, "list")[1]
    assert "odd server on" in typed(capsys, "log", "odd")[1]
    assert typed(capsys, "remove", "odd")[0] == 0
    assert "No server is defined here" in typed(capsys)[1]


def test_a_projects_server_waits_for_a_yes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown with what it would run; enable starts it, disable ends that."""
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": {"odd": odd_entry()}}))
    said = typed(capsys)[1]
    assert "odd: not agreed to" in said and COMMAND in said and "mcp enable odd" in said
    assert "No server that may run has a tool." in typed(capsys, "tools")[1]
    code, said = typed(capsys, "tools", "odd")
    assert code == 2 and "nobody has agreed to it" in said
    assert COMMAND in typed(capsys, "enable", "odd", "--trust")[1]
    assert "odd__echo (low, pure)" in typed(capsys, "tools")[1]
    assert typed(capsys, "disable", "odd")[0] == 0
    assert "odd: off" in typed(capsys)[1]
    code, said = typed(capsys, "remove", "odd")
    assert code == 2 and "not ours to change" in said


def test_json_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lists, tools, checks and resources for another program."""
    typed(capsys, "add", "odd", COMMAND)
    typed(capsys, "add", "bad", "no-such-program")
    listed = json.loads(typed(capsys, "--json")[1])
    assert [(one["name"], one["state"], one["said"]) for one in listed] == [
        ("bad", "idle", "on"),
        ("odd", "idle", "on"),
    ]
    code, said = typed(capsys, "check", "--json")
    checked = {one["name"]: one for one in json.loads(said)}
    assert (code, checked["odd"]["state"], checked["odd"]["tools"]) == (1, "ready", 16)
    assert "no-such-program" in checked["bad"]["error"]
    tools = json.loads(typed(capsys, "tools", "odd", "--json")[1])
    assert {one["name"]: one["risk"] for one in tools}["odd__echo"] == "medium"
    (notes, _) = json.loads(typed(capsys, "resources", "odd", "--json")[1])
    assert notes == {"name": "odd://notes", "description": "Some notes.", "takes": []}


def test_only_what_was_added_here_is_deleted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other servers and notes of a file stay, and so does a program of the user's; what to do then is said."""
    place = folder / ".aether" / "mcp"
    typed(capsys, "add", "odd", COMMAND)
    assert typed(capsys, "remove", "odd")[0] == 0 and not list(place.iterdir())
    one, two = {"command": "x"}, {"command": "y"}
    (place / "both.json").write_text(json.dumps({"mcpServers": {"one": one, "two": two}, "note": "mine"}))
    code, said = typed(capsys, "remove", "one")
    assert code == 0 and f"one is gone from {place / 'both.json'}." in said
    assert json.loads((place / "both.json").read_text()) == {"mcpServers": {"two": two}, "note": "mine"}
    for name, text, hint in (
        ("words.ts", "export {};", "Take the file away yourself; or only: mcp disable words"),
        ("mine.py", "pass", "Take the file away yourself; or only: mcp disable mine"),
        ("bare.json", '{"command": "x"}', "Take it out there; or only: mcp disable bare"),
        ("said.json", '{"mcpServers": {"said": {"command": "x"}}} // why', "Take it out there"),
    ):
        (place / name).write_text(text)
        code, said = typed(capsys, "remove", Path(name).stem)
        assert code == 2 and hint in said
        assert (place / name).read_text() == text


def test_resources_and_prompts_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    """What a server has to read, and its prompts filled in."""
    typed(capsys, "add", "odd", COMMAND)
    assert "@odd:odd://notes" in typed(capsys, "resources", "odd")[1]
    assert "The sales of May are missing." in typed(capsys, "read", "odd", "odd://notes")[1]
    assert "review of=" in typed(capsys, "prompts", "odd")[1]
    assert typed(capsys, "prompt", "odd", "review", "of=df")[1] == "Review df.\n"
    assert "needs an URI" in typed(capsys, "read", "odd")[1]
    assert typed(capsys, "restart", "odd")[1] == "odd runs, with 16 tools.\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "a/b", "x"), "cannot be the name"),
        (("add", "a"), "a command or an address"),
        (("serve", "--http", "--port", "x"), "'x' is no port"),
        (("add", "a", "x", "--url", "http://y"), "a command or an address"),
        (("add", "a", "--url", "ftp://y"), "no address of the web"),
        (("add", "a", "--url", "http://me:KEY@y/p"), "The address of y contains a user name or a password"),
        (("add", "a", "--url", "http://[me@y"), "The address of y contains a user name or a password"),
        (("add", "a", 'python "foo'), "The command cannot be read as words."),
        (("add", "a", "x", "--env", "A='b"), "What --env says cannot be read as words"),
        (("enable",), "needs a server's name"),
        (("enable", "nobody"), "No server is called 'nobody'"),
        (("check", "nobody"), "No server is called 'nobody'"),
    ],
)
def test_what_cannot_be_done_says_why(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str) -> None:
    """Exit code 2, the reason, and nothing was done."""
    code, said = typed(capsys, *words)
    assert code == 2 and why in said


def test_an_address_is_added_with_its_header(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key is put in by a variable, whose name is shown: whoever agrees sees which key goes there."""
    typed(capsys, "add", "docs", "--url", "https://x.example/mcp", "--header", "Authorization: Bearer ${TOKEN}")
    entry = json.loads((folder / ".aether" / "mcp" / "docs.json").read_text())["mcpServers"]["docs"]
    assert entry["headers"] == {"Authorization": "Bearer ${TOKEN}"}
    assert "https://x.example/mcp (with Authorization=Bearer ${TOKEN})" in typed(capsys)[1]
    assert "needs the variable TOKEN" in typed(capsys, "check", "docs")[1]


def test_no_key_of_a_server_is_shown_or_lies_open(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is printed nor the log has one; that has the line as it was written, and both files are private."""
    monkeypatch.setitem(os.environ, "MY_VALUE", "KEYOFENV")
    (folder / ".aether" / "logs").mkdir(parents=True)
    log = folder / ".aether" / "logs" / "mcp-odd.log"
    log.write_text("")
    log.chmod(0o644)
    env = "API_KEY=KEYTYPED OTHER=${MY_VALUE}"
    said = typed(capsys, "add", "odd", f"{COMMAND} --api-key KEYARGUMENT", "--env", env)[1]
    said += typed(capsys, "check", "odd")[1] + typed(capsys)[1] + typed(capsys, "--json")[1]
    said += typed(capsys, "log", "odd")[1] + log.read_text()
    assert "--api-key *** (with API_KEY=***, OTHER=${MY_VALUE})" in log.read_text()
    assert "odd: ready" in said and not [key for key in ("KEYOFENV", "KEYTYPED", "KEYARGUMENT") if key in said]
    for file in (log, folder / ".aether" / "mcp" / "odd.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_code_of_an_agent_agrees_to_nothing() -> None:
    """While an agent works in this kernel, what may be started is not decided by a typed line."""
    options = verbs.parse(verbs.find("mcp", "notebook"), ["enable", "odd"], "notebook")
    with pytest.raises(UsageFault, match="while an agent works here"):
        mcp_verbs.done(no_servers(), options, lambda work: None, busy=True)
