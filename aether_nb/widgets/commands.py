"""What the panel's view may say, checked word by word.

A message from a browser is made of whatever somebody put there. Only commands of the known shape come out of here,
built anew from known fields; anything else is nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

from aether_nb.widgets.scripts import PARTS

Command = dict[str, Any]

DECISIONS = ("approve", "deny")
LASTS = ("once", "minutes", "run", "notebook")
SCOPES = ("call", "folder", "variables")
TEXT_LIMIT = 20_000
ARGUMENTS_LIMIT = 1_000_000
ITEMS_LIMIT = 40
"""Items of a plan that a person has changed."""
DROP_LIMIT = 20_000_000
"""Bytes of a file that is dropped on the panel."""
PIECE_LIMIT = 700_000
"""Characters of one piece of it, in base64."""


def read_command(content: object) -> Command | None:
    """The command in a message, or None when there is none to be read.

    Returns:
        ``{"type": "hello", "seq"}``, ``{"type": "bye"}``, ``{"type": "stop"}``, ``{"type": "pause"}``,
        ``{"type": "go"}``, ``{"type": "ping"}``, ``{"type": "again"}``, ``{"type": "part", "name"}``,
        ``{"type": "revoke", "id"}``, ``{"type": "feedback", "value"}``, ``{"type": "plan", "items"}``,
        ``{"type": "tell", "text"}``, ``{"type": "model", "name"}``, ``{"type": "undo", "call", "id", "sure"}``,
        ``{"type": "drop", "id", "name", "size", "at", "data"}``, ``{"type": "question", "id", "answer"}`` or
        ``{"type": "gate", "call_id", "hash", "decision", "lasts", "scope", "reason", "arguments"?}``.
    """
    if not isinstance(content, Mapping):
        return None
    kind = content.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    return read(content) if read else None


def _bare(content: Mapping[str, Any]) -> Command:
    return {"type": content["type"]}


def _hello(content: Mapping[str, Any]) -> Command:
    """``seq`` is the number of the last message that the view has; -1 when it has none, or does not say."""
    seq = content.get("seq")
    return {"type": "hello", "seq": seq if type(seq) is int else -1}


def _question(content: Mapping[str, Any]) -> Command | None:
    id, answer = content.get("id"), content.get("answer")
    if not _is_text(id) or not _is_text(answer) or not id:
        return None
    return {"type": "question", "id": id, "answer": answer}


def _model(content: Mapping[str, Any]) -> Command | None:
    name = content.get("name")
    return {"type": "model", "name": name} if _is_text(name) and name else None


def _tell(content: Mapping[str, Any]) -> Command | None:
    text = content.get("text")
    return {"type": "tell", "text": text.strip()} if _is_text(text) and text.strip() else None


def _undo(content: Mapping[str, Any]) -> Command | None:
    call, id, sure = content.get("call"), content.get("id"), content.get("sure", "")
    if not _is_text(call) or not _is_text(id) or not _is_text(sure) or not call or not id:
        return None
    return {"type": "undo", "call": call, "id": id, "sure": sure}


def _part(content: Mapping[str, Any]) -> Command | None:
    name = content.get("name")
    return {"type": "part", "name": name} if isinstance(name, str) and name in PARTS else None


def _feedback(content: Mapping[str, Any]) -> Command | None:
    value = content.get("value")
    return {"type": "feedback", "value": value} if _is_text(value) and value in ("up", "down", "") else None


def _revoke(content: Mapping[str, Any]) -> Command | None:
    id = content.get("id")
    return {"type": "revoke", "id": id} if _is_text(id) and id else None


def _plan(content: Mapping[str, Any]) -> Command | None:
    items = content.get("items")
    if not isinstance(items, list) or len(items) > ITEMS_LIMIT:
        return None
    read = []
    for item in items:
        title, tool = (item.get("title"), item.get("tool", "")) if isinstance(item, Mapping) else (None, None)
        if not _is_text(title) or not _is_text(tool) or not title.strip():
            return None
        read.append({"title": title.strip()[:300], "tool": tool[:100]})
    return {"type": "plan", "items": read}


def _drop(content: Mapping[str, Any]) -> Command | None:
    id, name, data = content.get("id"), content.get("name"), content.get("data")
    size, at = content.get("size"), content.get("at")
    if not _is_text(id) or not id or not _is_text(name) or not name or type(size) is not int or type(at) is not int:
        return None
    if not isinstance(data, str) or len(data) > PIECE_LIMIT or not 0 <= at <= size <= DROP_LIMIT:
        return None
    return {"type": "drop", "id": id, "name": name, "size": size, "at": at, "data": data}


def _gate(content: Mapping[str, Any]) -> Command | None:
    call_id, hash, reason = content.get("call_id"), content.get("hash"), content.get("reason", "")
    decision, lasts = content.get("decision"), content.get("lasts", "once")
    scope = content.get("scope", "call")
    if not all(map(_is_text, (call_id, hash, reason, decision, lasts, scope))) or not call_id or not hash:
        return None
    if decision not in DECISIONS or lasts not in LASTS or scope not in SCOPES:
        return None
    command = {"type": "gate", "call_id": call_id, "hash": hash, "decision": decision, "lasts": lasts, "scope": scope}
    command["reason"] = reason
    if "arguments" not in content:
        return command
    arguments = content["arguments"]
    if not _is_arguments(arguments):
        return None
    return command | {"arguments": dict(arguments)}


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= TEXT_LIMIT


def _is_arguments(value: object) -> bool:
    """Whether this is a JSON object of a size that a person could have typed."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        return False
    try:
        return len(json.dumps(dict(value), allow_nan=False)) <= ARGUMENTS_LIMIT
    except (TypeError, ValueError, RecursionError):
        return False


_READERS: dict[str, Callable[[Mapping[str, Any]], Command | None]] = {
    "hello": _hello,
    "bye": _bare,
    "ping": _bare,
    "again": _bare,
    "part": _part,
    "feedback": _feedback,
    "revoke": _revoke,
    "plan": _plan,
    "drop": _drop,
    "stop": _bare,
    "pause": _bare,
    "go": _bare,
    "tell": _tell,
    "model": _model,
    "question": _question,
    "gate": _gate,
    "undo": _undo,
}
