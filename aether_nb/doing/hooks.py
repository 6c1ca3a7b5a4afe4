"""What ``hooks`` says and does, for both faces: which there are, and which commands may be run.

A face hands in the hooks, the record, and whether an agent is at work; nothing here knows a session.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aether_nb import plugins, registry
from aether_nb.agent.hook_answers import TIMES
from aether_nb.agent.hooks import Hook, registered
from aether_nb.errors import OptionError, StoreError, UsageFault
from aether_nb.events import kinds as k
from aether_nb.session.hooked import Hooked
from aether_nb.store.store import Store

__all__ = ["hooks"]

LOOKED = 20
"""How many of the newest runs are looked through for failures."""


@dataclass(frozen=True)
class Row:
    """A hook, how it stands with it, and its last failure in the newest runs."""

    hook: Hook
    state: str
    failed: str = ""


def hooks(options: argparse.Namespace, hooked: Hooked, store: Store, busy: bool = False) -> str:
    """List hooks, agree to one, or take one out.

    Args:
        options: What was typed.
        hooked: The hooks of this notebook, or of the working folder.
        store: The record.
        busy: Whether an agent is at work here: then it may have typed this.

    Raises:
        UsageFault: What was typed cannot be done.
        StoreError: It cannot be kept.
    """
    plugins.load()
    if options.what == "list":
        return _listed(options, hooked, store)
    if busy:
        raise UsageFault(
            f"hooks {options.what} is not done while an agent works here.",
            "Which hooks are called is said by you, and not by code of an agent.",
            "Wait for it, and type it again.",
        )
    return _decided(options, hooked)


def _decided(options: argparse.Namespace, hooked: Hooked) -> str:
    """Agree to a command, or take a hook out.

    Raises:
        OptionError: There is none of that name, or nothing to decide about it.
    """
    commands = {one.hook.name: one for one in hooked.commands()}
    on = options.what == "enable"
    if options.name in commands:
        one = commands[options.name]
        if not one.hook.what:
            raise OptionError(f"The hook {options.name} cannot be used.", f"{one.hook.unused}.", "Correct it there.")
        hooked.agreements.say(one.definition, "on" if on else "off")
        if on:
            return f"{options.name} is run from now on, {_when(one.hook)}:\n  {one.hook.what}"
        return f"{options.name} is not run any more. Again: hooks enable {options.name}"
    if options.name in registry.names("hook"):
        if on:
            raise OptionError(f"The hook {options.name} is called already.", "It was registered in this process.")
        registry.remove("hook", options.name)
        return f"{options.name} is taken out. Running its cell, or loading its package, brings it back."
    known = ", ".join([*commands, *registry.names("hook")]) or "none"
    raise OptionError(f"There is no hook {options.name!r}." if options.name else "Which hook?", f"There is: {known}.")


# ---- the list


def _listed(options: argparse.Namespace, hooked: Hooked, store: Store) -> str:
    rows = [row for row in _rows(hooked, store) if options.name in ("", row.hook.name)]
    if options.json:
        return json.dumps([_plain(row) for row in rows], indent=2)
    if not rows:
        how = 'In a cell: @hook("before_tool") over a function; in aether.toml: [hooks.NAME]. See: help hooks'
        return f"There are no hooks. {how}"
    lines = []
    for row in rows:
        one, times = row.hook, TIMES.get(row.hook.name)
        took = f", called {times.calls}×, {times.seconds / times.calls * 1000:.1f} ms each" if times else ""
        lines.append(f"  {one.name}: {_when(one)} · {row.state}{took}")
        lines.append(f"      {one.what or 'a function'}   from {one.source}")
        lines += [f"      last failure: {row.failed}"] if row.failed else []
    unasked = [row.hook for row in rows if row.state.startswith("not agreed to")]
    if unasked:
        lines.append(f"Not run before you have read the line and agreed to it: hooks enable {unasked[0].name}")
    return "\n".join([*lines, "What they may do: help hooks"])


def _when(hook: Hook) -> str:
    """At which point, for what, and how."""
    about = f" of {hook.match}" if hook.match != "*" else ""
    order = f", order {hook.order}" if hook.order else ""
    return f"{hook.event}{about}{order}, {hook.timeout:g} s{', required' if hook.required else ''}"


def _rows(hooked: Hooked, store: Store) -> Iterator[Row]:
    failures = _failures(store)
    standing = [*((one.hook, one.say) for one in hooked.commands()), *((hook, "on") for hook in registered())]
    for hook, say in sorted(standing, key=lambda one: one[0].order):
        words = {"unasked": "not agreed to", "off": "off"}.get(say, "in use")
        state = words if not hook.unused or hook.what else hook.unused
        yield Row(hook, state, failures.get(hook.name, ""))


def _failures(store: Store) -> dict[str, str]:
    """The last failure of each hook in the newest runs."""
    found: dict[str, str] = {}
    for run in store.log.runs(LOOKED):
        with suppress(StoreError):  # a record that cannot be read hides no hook
            for entry in reversed(list(store.log.read(run.id))):
                if isinstance(entry.event, k.HookTook) and entry.event.did == "failed":
                    found.setdefault(entry.event.hook, f"{entry.event.reason or 'not recorded'} (run {run.id})")
    return found


def _plain(row: Row) -> dict[str, Any]:
    one, times = row.hook, TIMES.get(row.hook.name)
    return {
        "name": one.name,
        "event": one.event,
        "state": row.state,
        "match": one.match,
        "order": one.order,
        "timeout": one.timeout,
        "required": one.required,
        "source": one.source,
        "what": one.what,
        "last_failure": row.failed,
        "calls": times.calls if times else 0,
        "seconds": times.seconds if times else 0.0,
    }
