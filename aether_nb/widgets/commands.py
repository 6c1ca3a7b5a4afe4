"""What the panel's view may say, checked word by word.

A message from a browser is made of whatever somebody put there. Only commands of the known shape come out of here,
built anew from known fields; anything else is nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

Command = dict[str, Any]

DECISIONS = ("approve", "deny")
LASTS = ("once", "run", "notebook")
TEXT_LIMIT = 20_000
ARGUMENTS_LIMIT = 1_000_000


def read_command(content: object) -> Command | None:
    """The command in a message, or None when there is none to be read.

    Returns:
        ``{"type": "hello"}``, ``{"type": "bye"}``, ``{"type": "stop"}``, ``{"type": "pause"}``, ``{"type": "go"}``,
        ``{"type": "tell", "text"}``, ``{"type": "model", "name"}``, ``{"type": "undo", "call", "id", "sure"}``,
        ``{"type": "question", "id", "answer"}`` or
        ``{"type": "gate", "call_id", "hash", "decision", "lasts", "reason", "arguments"?}``.
    """
    if not isinstance(content, Mapping):
        return None
    kind = content.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    return read(content) if read else None


def _bare(content: Mapping[str, Any]) -> Command:
    return {"type": content["type"]}


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


def _gate(content: Mapping[str, Any]) -> Command | None:
    call_id, hash, reason = content.get("call_id"), content.get("hash"), content.get("reason", "")
    decision, lasts = content.get("decision"), content.get("lasts", "once")
    if not all(map(_is_text, (call_id, hash, reason, decision, lasts))) or not call_id or not hash:
        return None
    if decision not in DECISIONS or lasts not in LASTS:
        return None
    command = {"type": "gate", "call_id": call_id, "hash": hash, "decision": decision, "lasts": lasts, "reason": reason}
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
    "hello": _bare,
    "bye": _bare,
    "stop": _bare,
    "pause": _bare,
    "go": _bare,
    "tell": _tell,
    "model": _model,
    "question": _question,
    "gate": _gate,
    "undo": _undo,
}
