"""What ``%aether mcp`` and ``aether mcp`` do: servers are shown, added, agreed to, tried out and asked.

A function for each action, of the servers and what was typed; it returns what is said, and whether that is good news.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeAlias

from aether_nb.errors import OptionError, RepairableToolError, UsageFault
from aether_nb.live.background import Background, Origin
from aether_nb.session.conversation import Session
from aether_nb.tools.agreeing.definitions import NAME, Definition, read_entry
from aether_nb.tools.agreeing.showing import without_keys
from aether_nb.tools.mcp import entries
from aether_nb.tools.mcp.servers import Row, Servers
from aether_nb.typed import whole

__all__ = ["Run", "closing", "done", "port_of", "serve_here"]

Run: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]
"""Awaits something where connections may live."""

WIDTH = 100
"""Characters of a description in a list."""


def done(servers: Servers, options: argparse.Namespace, run: Run, busy: bool = False) -> tuple[str, bool]:
    """Do what was typed.

    Args:
        servers: Those of this notebook, or of the working folder.
        options: What was typed.
        run: Awaits something on the loop where connections live.
        busy: Whether an agent is at work here: then it may have typed this.

    Raises:
        UsageFault: What was typed cannot be done.
        StoreError: It cannot be kept.
    """
    action: str = options.action
    if action in ("add", "remove", "enable", "disable") and busy:
        raise UsageFault(
            f"mcp {action} is not done while an agent works here.",
            "Which programs may be started is said by you, and not by code of an agent.",
            "Wait for it, and type it again.",
        )
    if action not in ("list", "check", "tools") and not options.name:
        raise OptionError(f"mcp {action} needs a server's name.", hint=f"mcp {action} NAME")
    if action in DECIDING:
        return DECIDING[action](servers, options, run)
    if action in ASKING:
        try:
            return run(ASKING[action](servers, options))  # type: ignore[no-any-return]
        except RepairableToolError as error:
            raise UsageFault(error.what, error.why, error.hint) from error
    return _listed(servers, options)


# ---- what there is


def _listed(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    rows = [row for row in servers.rows() if options.name in ("", row.definition.name)]
    if options.json:
        return json.dumps([_plain(row) for row in rows], indent=2), True
    if not rows:
        hint = "Add one: mcp add NAME 'COMMAND'   or put it into .mcp.json, .aether/mcp/ or [mcp.NAME] of aether.toml"
        return f"No server is defined here. {hint}", True
    lines = []
    for row in rows:
        tools = f", {row.tools} tools" if row.tools else ""
        trust = ", its word on its tools counts" if row.say == "trusted" else ""
        lines.append(f"  {row.definition.name}: {row.state}{tools}{trust}")
        lines.append(f"      {row.definition.what or '(nothing)'}   from {row.definition.source}")
        if row.error:
            lines.append(f"      {row.error}")
    unasked = [row.definition.name for row in rows if row.say == "unasked" and not row.definition.problem]
    if unasked:
        lines.append(f"Not started before you have read the line and agreed to it: mcp enable {unasked[0]}")
    return "\n".join(lines), True


def _plain(row: Row) -> dict[str, Any]:
    one = row.definition
    return {
        "name": one.name,
        "state": row.state,
        "said": row.say,
        "kind": one.kind,
        "what": one.what,
        "source": one.source,
        "error": row.error,
        "tools": row.tools,
        "protocol": row.protocol,
        "starts": row.starts,
    }


# ---- what is decided


def _add(servers: Servers, options: argparse.Namespace, run: Run) -> tuple[str, bool]:
    name, places = options.name, servers.places()
    if not NAME.fullmatch(name) or "/" in name or name.startswith("."):
        raise OptionError(f"{name!r} cannot be the name of a server.", hint="Letters, digits, - and _.")
    words = _words(options.more[0], "The command") if len(options.more) == 1 else list(options.more)
    if bool(words) == bool(options.url):
        raise OptionError("A server is a command or an address.", hint=f"mcp add {name} 'COMMAND'   or --url URL")
    entry: dict[str, Any] = {"url": options.url, "type": "sse" if options.sse else "http"} if options.url else {}
    if words:
        entry = {"command": words[0], "args": words[1:]}
    if options.header:
        head, _, value = options.header.partition(":")
        entry["headers"] = {head.strip(): value.strip()}
    if options.env:
        entry["env"] = dict(word.partition("=")[::2] for word in _words(options.env, "What --env says"))
    if places is None or name in {one.name for one in servers.look()}:
        raise OptionError(f"A server is called {name!r} already.", hint=f"mcp remove {name}   or take another name")
    definition = read_entry(name, entry, "")
    who = re.match(r"\w+://([^/?#]*)@([^/?#]*)", definition.address)
    if who and "${" not in who[1]:
        what, hint = (
            f"The address of {who[2]} contains a user name or a password.",
            "--header 'Authorization: Basic ${NAME}'",
        )
        raise OptionError(what, "Addresses are shown and recorded; a key is not.", hint)
    if definition.problem:
        raise OptionError(f"{name} cannot be added: {definition.problem}.")
    file = entries.write(places.scanned, name, entry)
    return _agreed(servers, options, f"Added in {file}. ")


def _words(line: str, what: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError(
            f"{what} cannot be read as words.", f"{error}.", "Close its quotes, or leave them out."
        ) from error


def _remove(servers: Servers, options: argparse.Namespace, run: Run) -> tuple[str, bool]:
    one, places = servers.named(options.name), servers.places()
    assert places is not None, "what is named is defined somewhere"
    rest, file = entries.without(one, places.scanned), Path(one.source)
    run(servers.stop(one.name))
    if not one.problem:
        servers.agreements.say(one, "unasked")
    entries.take_out(file, rest)
    return f"{one.name} is gone, and {file} with it." if rest is None else f"{one.name} is gone from {file}.", True


def _enable(servers: Servers, options: argparse.Namespace, run: Run) -> tuple[str, bool]:
    return _agreed(servers, options, "")


def _agreed(servers: Servers, options: argparse.Namespace, before: str) -> tuple[str, bool]:
    one = _sound(servers.named(options.name))
    servers.agreements.say(one, "trusted" if options.trust else "on")
    trust = " Which of its tools only read is taken from itself." if options.trust else ""
    reach = "is spoken to" if one.kind != "stdio" else "is started"
    return f"{before}{one.name} {reach} from now on when it is needed:\n  {one.what}\n{trust}".rstrip(), True


def _disable(servers: Servers, options: argparse.Namespace, run: Run) -> tuple[str, bool]:
    one = _sound(servers.named(options.name))
    servers.agreements.say(one, "off")
    run(servers.stop(one.name))
    return f"{one.name} is not started any more. Again: mcp enable {one.name}", True


def _sound(one: Definition) -> Definition:
    if one.problem:
        raise OptionError(f"The server {one.name} cannot be used.", f"{one.source}: {one.problem}.")
    return one


DECIDING: dict[str, Callable[[Servers, argparse.Namespace, Run], tuple[str, bool]]] = {
    "add": _add,
    "remove": _remove,
    "enable": _enable,
    "disable": _disable,
}


# ---- what servers are asked


async def _tools(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    """The tools, as a model gets them."""
    from aether_nb.tools.mcp.tool import ServerTool

    await servers.ready()
    if options.name:
        await servers.connection(options.name).ready()
    theirs = [tool for tool in servers.tools().values() if isinstance(tool, ServerTool)]
    found = [tool for tool in theirs if options.name in ("", tool.connection.name)]
    if options.json:
        rows = [
            {
                "name": tool.spec.name,
                "server": tool.connection.name,
                "risk": tool.risk,
                "effect": tool.effect,
                "description": tool.spec.description,
                "parameters": tool.spec.parameters,
            }
            for tool in found
        ]
        return json.dumps(rows, indent=2), True
    notes = [note.note for note in servers.told()]
    lines = [f"  {t.spec.name} ({t.risk}, {t.effect}): {_short(t.spec.description)}" for t in found]
    return "\n".join([*(lines or ["No server that may run has a tool."]), *notes]), True


async def _check(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    """Connect every server that may be, or one, and say how that went."""
    rows = [row for row in servers.rows() if options.name in ("", row.definition.name)]
    if options.name and not rows:
        servers.named(options.name)
    said: list[dict[str, Any]] = []
    for row in rows:
        one = row.definition
        if one.problem or row.say in ("unasked", "off"):
            said.append(_plain(row) | {"seconds": None})
            continue
        began = time.monotonic()
        await servers.restart(one.name)
        now = next(other for other in servers.rows() if other.definition.name == one.name)
        said.append(_plain(now) | {"seconds": round(time.monotonic() - began, 2)})
    good = all(one["state"] in ("ready", "not agreed to", "off") for one in said)
    if options.json:
        return json.dumps(said, indent=2), good
    lines = []
    for told in said:
        what = f": {told['error']}" if told["error"] else ""
        if told["state"] == "ready":
            what = f" after {told['seconds']:.2f} s, {told['tools']} tools, protocol {told['protocol']}"
        lines.append(f"  {told['name']}: {told['state']}{what}")
    return "\n".join(lines) or "No server is defined here.", good


async def _restart(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    connection = await servers.restart(options.name)
    if connection.state == "ready":
        return f"{options.name} runs, with {len(connection.tools)} tools.", True
    return f"{options.name} does not run: {connection.error}.", False


async def _things(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    """The resources or the prompts of a server."""
    found = await servers.connection(options.name).things(options.action)
    if options.json:
        rows = [{"name": one.name, "description": one.description, "takes": list(one.takes)} for one in found]
        return json.dumps(rows, indent=2), True
    if not found:
        return f"{options.name} has no {options.action}.", True
    lines = [f"  {one.name}{''.join(f' {name}=' for name in one.takes)}: {_short(one.description)}" for one in found]
    if options.action == "resources":
        lines.append(f"In a question: @{options.name}:{found[0].name}")
    return "\n".join(lines), True


async def _read(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    from aether_nb.tools.mcp.results import parts_of_contents, text_of

    uri = _first(options, "an URI")
    answer = await servers.connection(options.name).read(uri)
    return text_of(await parts_of_contents(answer.contents)), True


async def _prompt(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    from aether_nb.tools.mcp.results import parts_of_blocks, text_of

    name = _first(options, "a prompt")
    values = dict(word.partition("=")[::2] for word in options.more[1:])
    answer = await servers.connection(options.name).prompt(name, values)
    return text_of(await parts_of_blocks(message.content for message in answer.messages)), True


async def _log(servers: Servers, options: argparse.Namespace) -> tuple[str, bool]:
    one = servers.named(options.name)
    from aether_nb.tools.mcp.connection import Connection

    log = Connection(one, servers.around()).log
    return without_keys(log.tail(40)).replace(" | ", "\n") or f"{one.name} has written nothing into {log.file}.", True


def _first(options: argparse.Namespace, what: str) -> str:
    if not options.more:
        raise OptionError(f"mcp {options.action} needs {what}.", hint=f"mcp {options.action} {options.name} …")
    return str(options.more[0])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[:WIDTH]}…"


ASKING: dict[str, Callable[[Servers, argparse.Namespace], Coroutine[Any, Any, tuple[str, bool]]]] = {
    "tools": _tools,
    "check": _check,
    "restart": _restart,
    "resources": _things,
    "prompts": _things,
    "read": _read,
    "prompt": _prompt,
    "log": _log,
}


def port_of(typed: str) -> int:
    """A port as it was typed; 0 when none was.

    Raises:
        OptionError: It is none.
    """
    if typed and whole(typed, 0, 65_535) is None:
        raise OptionError(f"{typed!r} is no port.", hint="mcp serve --port 8765")
    return int(typed or 0)


def serve_here(session: Session, options: argparse.Namespace) -> str:
    """Offer the variables of this kernel to another agent, between the cells; or do so no more.

    Raises:
        UsageFault: There is no kernel whose cells leave room, or an agent works here, which may have typed this.
    """
    from aether_nb.serve.ways import serve_beside, stop_beside

    if options.name == "stop":
        return "This kernel is not offered any more." if stop_beside(session) else "It was not offered to anybody."
    origin = Origin(getattr(session.shell, "kernel", None))
    if session.busy or Background.working or not origin.available:
        why = "An agent works here." if session.busy else "What is called runs between cells, and here are none."
        raise UsageFault("This kernel is not offered now.", why, "In a terminal: aether mcp serve")
    said = serve_beside(session, Background(origin).jobs, port_of(options.port))
    hint = "Whoever knows this can use your variables, by the same gates. No more: %aether mcp serve stop"
    return f"{said}\n{hint}"


def closing(servers: Servers, work: Callable[[], Awaitable[Any]]) -> Coroutine[Any, Any, Any]:
    """Some work, after which all servers are left: for a program that ends with it."""

    async def both() -> Any:
        try:
            return await work()
        finally:
            await servers.aclose()

    return both()
