"""Where servers are defined, and what the user has to agree to before one is started."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from aether_nb.errors import ConfigError, StoreError
from aether_nb.tools.agreeing.agreed import Agreements
from aether_nb.tools.agreeing.definitions import Definition, expanded, read_entry
from aether_nb.tools.mcp.places import Places, defined

ENTRY = {"command": "node", "args": ["server.mjs", 3], "env": {"KEY": "${KEY}"}}


def written(file: Path, said: Any) -> Path:
    """A file of JSON, or of a text as it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    return file


def found(tmp_path: Path, **more: Any) -> dict[str, Definition]:
    """What is defined in a project, by name."""
    places = Places(tmp_path / "work", tmp_path / "work" / ".aether" / "mcp", **more)
    return {one.name: one for one in defined(places)}


def test_the_usual_files_are_read(tmp_path: Path) -> None:
    """Files of other programs, a folder, and both files of settings define servers, each with its place."""
    work, home = tmp_path / "work", tmp_path / "home"
    written(work / ".mcp.json", {"mcpServers": {"a": ENTRY}})
    written(
        work / ".cursor" / "mcp.json", {"mcpServers": {"b": {"url": "https://x.example/mcp", "headers": {"A": "b"}}}}
    )
    written(
        work / ".vscode" / "mcp.json", '{// mine\n"servers": {"c": {"type": "sse", "url": "http://y.example/sse"},},}'
    )
    written(home / ".claude.json", {"mcpServers": {"d": ENTRY}, "projects": {str(work): {"mcpServers": {"e": ENTRY}}}})
    written(home / ".config" / "Claude" / "claude_desktop_config.json", {"mcpServers": {"f": ENTRY}})
    written(work / ".aether" / "mcp" / "g.json", ENTRY)
    written(work / ".aether" / "mcp" / "h.mjs", "…")
    written(work / ".aether" / "mcp" / "i.py", "…")
    written(work / ".aether" / "mcp" / "notes.txt", "…")
    servers = found(tmp_path, home=home, own={"j": ENTRY | {"trust": True}}, project={"k": ENTRY | {"trust": True}})
    assert "".join(sorted(servers)) == "abcdefghijk"
    assert servers["a"].command == ("node", "server.mjs", "3")
    assert (servers["b"].kind, servers["b"].address, servers["c"].kind) == ("http", "https://x.example/mcp", "sse")
    assert servers["h"].command == ("node", str(work / ".aether" / "mcp" / "h.mjs"))
    assert [servers[name].scope for name in "adgjk"] == ["project", "elsewhere", "project", "own", "project"]
    assert (servers["j"].trusted, servers["k"].trusted) == (True, False)


def test_the_root_of_the_checkout_counts(tmp_path: Path) -> None:
    """A notebook in a subfolder has the servers of its project."""
    written(tmp_path / ".mcp.json", {"mcpServers": {"a": ENTRY}})
    assert not found(tmp_path)
    (tmp_path / ".git").mkdir()
    assert list(found(tmp_path)) == ["a"]


def test_what_is_nearer_to_the_user_wins(tmp_path: Path) -> None:
    """A project cannot put its own server under the name of one of the user's."""
    written(tmp_path / "work" / ".mcp.json", {"mcpServers": {"a": {"command": "evil"}}})
    assert found(tmp_path, own={"a": {"command": "mine"}})["a"].command == ("mine",)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("node", "it is no table"),
        ({}, "neither a command nor a url"),
        ({"command": 3}, "command is no text"),
        ({"command": "a", "args": "b"}, "args is no list"),
        ({"url": "file:///etc/passwd"}, "no address of the web"),
        ({"command": "a", "env": [1]}, "env is no table"),
        ({"command": "a", "timeout": -1}, "timeout is no number"),
    ],
)
def test_an_entry_that_makes_no_sense_says_why(entry: Any, problem: str) -> None:
    """It is named and left out; nothing else stops."""
    assert problem in read_entry("x", entry, "f").problem


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """What cannot be read is a server with a problem; a pipe under the name is not waited for."""
    written(tmp_path / "work" / ".mcp.json", "{ no json")
    (tmp_path / "work" / ".cursor").mkdir()
    os.mkfifo(tmp_path / "work" / ".cursor" / "mcp.json")
    problems = [one.problem for one in found(tmp_path).values()]
    assert "cannot be read" in problems[0] and "a pipe" in problems[1]


def test_variables_are_put_in(tmp_path: Path) -> None:
    """The forms of the usual programs; one that is not set stops the start, with its name."""
    entry = {
        "command": "${userHome}/bin/x",
        "args": ["${A}", "${B:-otherwise}", "${env:A}", "${workspaceFolder}/y"],
        "env": {"K": "${A}"},
    }
    one = expanded(read_entry("x", entry, "f"), {"A": "1"}, tmp_path)
    assert one.command == (f"{Path.home()}/bin/x", "1", "otherwise", "1", f"{tmp_path}/y")
    assert one.environment == {"K": "1"}
    with pytest.raises(ConfigError, match="needs the variable C"):
        expanded(read_entry("x", {"command": "${C}"}, "f"), {}, tmp_path)
    with pytest.raises(ConfigError, match="to be typed in"):
        expanded(read_entry("x", {"command": "a", "args": ["${input:key}"]}, "f"), {}, tmp_path)


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"command": "npx", "args": ["s", "--api-key", "KEYKEY"]}, "npx s --api-key ***"),
        (
            {"command": "npx", "args": ["s", "--token=KEYKEY", "-e", "API_KEY=KEYKEY"]},
            "npx s --token=*** -e API_KEY=***",
        ),
        ({"command": "npx", "args": ["--header", "X-Api-Key: KEYKEY"]}, 'npx --header "X-Api-Key: ***"'),
        (
            {"command": "npx", "args": ["--header", "Authorization: Bearer KEY"]},
            'npx --header "Authorization: Bearer ***"',
        ),
        (
            {"command": "x", "args": ["a-known-one"], "env": {"API_KEY": "KEYKEY", "B": "c"}},
            "x *** (with API_KEY=***, B=c)",
        ),
        ({"command": "x", "env": {"U": "postgres://a:KEYKEY@h/d"}}, "x (with U=postgres://***@h/d)"),
        ({"url": "http://user:KEYKEY@h/p?api_key=KEYKEY&b=2"}, "http://***@h/p?api_key=***&b=2"),
        ({"url": "http://h/?token=${A:-KEYKEY}"}, "http://h/?token=${A:-***}"),
        ({"url": "http://h/?a=${TOKEN:-KEYKEY}"}, "http://h/?a=${TOKEN:-***}"),
    ],
)
def test_no_key_is_shown(entry: Any, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In arguments, variables, headers and addresses, with the name beside it or known from the environment."""
    monkeypatch.setenv("SOME_API_KEY", "a-known-one")
    assert read_entry("x", entry, "f").what == line


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            {"command": "x", "args": ["--max-tokens", "80"], "env": {"TOKENS": "off"}},
            "x --max-tokens 80 (with TOKENS=off)",
        ),
        ({"command": "x", "env": {"API_KEY": "${OTHER}"}}, "x (with API_KEY=${OTHER})"),
        ({"command": "x", "env": {"API_KEY": "a-${OTHER}"}}, "x (with API_KEY=***${OTHER})"),
        (
            {"url": "https://x:${OPENAI}@evil.example/"},
            "https://***@evil.example/ (with ${OPENAI} in what is masked)",
        ),
        ({"command": "sh", "args": ["-c", "KEY=a; curl x|sh"]}, 'sh -c "KEY=a; curl x|sh"'),
        ({"command": "x", "args": ["--token", "a; rm -r /"]}, 'x --token "a; rm -r /"'),
        ({"command": "x", "env": {"A": "b\nc", "D": "${E:-\x1b[2K}"}}, "x (with A=b c, D=${E:-\\u001b[2K})"),
        ({"command": "x", "args": ["b\U000f0000${A:-c}\U000ffffd"]}, 'x "b${A:-c}${A:-c}\ufffd"'),
        ({"command": "x", "args": ["b\U000f0000"]}, 'x "b\U000f0000"'),
    ],
)
def test_what_is_agreed_to_is_never_hidden_by_a_mask(entry: Any, line: str) -> None:
    """Which variable goes where, and what code runs, is read before a yes; it stands on one line."""
    assert read_entry("x", entry, "f").what == line


def test_milliseconds_are_seconds() -> None:
    """Some programs write a timeout in milliseconds."""
    assert read_entry("x", {"command": "a", "timeout": 30_000}, "f").timeout == 30
    assert read_entry("x", {"command": "a", "timeout": 45}, "f").timeout == 45


def test_nothing_starts_before_it_is_agreed_to(tmp_path: Path) -> None:
    """What a project or another program defines is not agreed to; the user's own settings are the user's word."""
    agreements = Agreements(tmp_path / "own", tmp_path / "work")
    assert agreements.said(Definition("a", "f", command=("x",))) == "unasked"
    assert agreements.said(Definition("a", "f", command=("x",), scope="elsewhere")) == "unasked"
    assert agreements.said(Definition("a", "f", command=("x",), scope="own")) == "on"
    assert agreements.said(Definition("a", "f", command=("x",), scope="own", off=True)) == "off"


def test_an_agreement_is_to_exactly_that(tmp_path: Path) -> None:
    """Another argument, another folder or another program of the project has to be agreed to again."""
    work = tmp_path / "work"
    program = written(work / "server.mjs", "one")
    one = read_entry("a", ENTRY, "f")
    agreements = Agreements(tmp_path / "own", work)
    agreements.say(one, "on")
    assert agreements.said(one) == "on"
    assert Agreements(tmp_path / "own", tmp_path / "elsewhere").said(one) == "unasked"
    assert agreements.said(read_entry("a", ENTRY | {"args": ["server.mjs", "-x"]}, "f")) == "unasked"
    assert agreements.said(read_entry("a", ENTRY | {"env": {}}, "f")) == "unasked"
    program.write_text("another one")
    assert agreements.said(one) == "unasked"
    agreements.say(one, "trusted")
    assert agreements.said(one) == "trusted"
    agreements.say(one, "unasked")
    assert agreements.said(one) == "unasked"


def test_a_file_of_agreements_that_cannot_be_read_starts_nothing(tmp_path: Path) -> None:
    """Broken, it says nothing; where it cannot be written, that is said."""
    one = read_entry("a", ENTRY, "f")
    written(tmp_path / "mcp.json", "[")
    assert Agreements(tmp_path, tmp_path).said(one) == "unasked"
    written(tmp_path / "file", "")
    with pytest.raises(StoreError, match="cannot be written"):
        Agreements(tmp_path / "file", tmp_path).say(one, "on")
