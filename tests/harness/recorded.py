"""Recorded answers of live providers, and what they say when they are put together in another way than ours.

They lie outside the project: in the folder that ``AETHER_TEST_WIRE`` names, or beside the checkout.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("AETHER_TEST_WIRE") or ROOT.parent / "shared" / "wire")
FILE = FOLDER / "recorded.jsonl.gz"
MISSING = f"needs the recorded traffic: {FILE.name} in {FOLDER} or in the folder that AETHER_TEST_WIRE names"

NOT_JSON = "cfa785465a1a"
"""A recording whose body is the text of a demo page, no completion."""


def chats(*, stream: bool | None = None) -> list[dict[str, Any]]:
    """The successful chat completions; nothing when the recordings are not here."""
    if not FILE.is_file():
        return []
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    wanted = [row for row in rows if row["kind"] == "openai-chat" and row["status"] == 200 and row["id"] != NOT_JSON]
    return [row for row in wanted if stream is None or row["stream"] == stream]


def refusals() -> list[dict[str, Any]]:
    """The chat completions that were answered with an error."""
    if not FILE.is_file():
        return []
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row for row in rows if row["kind"] == "openai-chat" and row["status"] != 200]


def said(row: dict[str, Any]) -> dict[str, Any]:
    """What a recording says: written for this purpose, in the plainest way, on the whole body at once."""
    if row["stream"]:
        lines = [line[6:] for line in row["body"].split("\n") if line.startswith("data: {")]
        chunks = [json.loads(line) for line in lines]
        messages = [c["delta"] for chunk in chunks for c in chunk["choices"]]
    else:
        chunks = [json.loads(row["body"])]
        messages = [chunks[0]["choices"][0]["message"]]
    reasons = [c.get("finish_reason") for chunk in chunks for c in chunk["choices"] if c.get("finish_reason")]
    calls: dict[Any, list[str]] = {}
    for message in messages:
        for place, call in enumerate(message.get("tool_calls") or []):
            key = call["index"] if row["stream"] else place
            entry = calls.setdefault(key, ["", "", ""])
            entry[0] += call.get("id") or ""
            entry[1] += call["function"].get("name") or ""
            entry[2] += call["function"].get("arguments") or ""
    text = "".join(_text(message) + (message.get("refusal") or "") for message in messages)
    return {
        "text": "" if calls and not text.strip() else text,
        "thinking": "".join(thinking_of(message) for message in messages),
        "calls": [(id, name, json.loads(arguments or "{}")) for id, name, arguments in calls.values()],
        "finish": "tool_calls" if calls else (reasons or ["stop"])[-1],
        "usage": _usage(chunks),
    }


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def thinking_of(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        parts = [inner["text"] for part in content if part["type"] == "thinking" for inner in part["thinking"]]
        if parts:
            return "".join(parts)
    plain = message.get("reasoning_content") or message.get("reasoning")
    details = message.get("reasoning_details") or []
    return plain or "".join(detail.get("text") or detail.get("summary") or "" for detail in details)


def _usage(chunks: list[dict[str, Any]]) -> tuple[int, int]:
    found = [chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage") for chunk in chunks]
    usage = [entry for entry in found if entry]
    if not usage:
        return 0, 0
    last = usage[-1]  # what is only in the total was written as well: hidden thinking
    return last["prompt_tokens"], max(last["completion_tokens"], last["total_tokens"] - last["prompt_tokens"])
