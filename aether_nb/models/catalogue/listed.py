"""What servers say of their models, read into one form.

Servers list their models in many shapes: under ``data``, ``models`` or bare, by ``id`` or ``name``, with a context
window under one of a dozen names, with prices for a token or for a million. What is not said stays unknown. Pure
functions over JSON that somebody else wrote; this module sends nothing and keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aether_nb.models.catalogue.prices import Price

__all__ = ["next_page", "read_list", "read_show"]

CONTEXTS = (
    "max_model_len context_length max_context_length context_window max_input_tokens meta.n_ctx meta.n_ctx_train "
    "top_provider.context_length loaded_context_length"
).split()
"""Where the context window may stand, the nearest to the truth first."""

OUTPUTS = "max_completion_tokens top_provider.max_completion_tokens max_tokens max_output_tokens".split()

VISION = "capabilities.vision capabilities.image_input.supported supports_image_in supports_vision".split()

TOOLS = "capabilities.function_calling supports_tools".split()

ENDS = "retires_at deprecation expiration_date".split()

WORDS = {"vision": ("image", "vision"), "tools": ("tools", "tool_use", "function_calling")}
"""What stands for an ability in a list of abilities."""

NO_CHAT_TYPES = frozenset("audio embedding embeddings image moderation rerank transcribe video vlm-embedding".split())

_NO_CHAT = re.compile(
    r"(^|[-_/.:])(embed\w*|whisper|tts|dall-e|moderation|imagen|veo|lyria|rerank\w*|transcribe|realtime|sora|davinci"
    r"|babbage|ocr|aqa|image)($|[-_/.:])",
    re.IGNORECASE,
)
"""Names of models that do something else than to chat, at servers that list them all alike."""

LONGEST_NAME = 200


def read_list(body: object) -> dict[str, Price]:
    """The models that chat, by name, in the server's order, with what it says of each.

    Raises:
        ValueError: It is no list of models.
    """
    entries = body if isinstance(body, list) else None
    if isinstance(body, Mapping):
        entries = next((body[name] for name in ("data", "models") if isinstance(body.get(name), list)), None)
    if entries is None:
        raise ValueError("it sent no list of models")
    found: dict[str, Price] = {}
    for entry in entries:
        name = _name(entry)
        if name and _chats(name, entry):
            found.setdefault(name, _price(entry))
    return found


def next_page(body: object) -> dict[str, str]:
    """What to ask for to get the list's next page; empty on the last one."""
    if not isinstance(body, Mapping):
        return {}
    if body.get("has_more") is True and isinstance(body.get("last_id"), str):
        return {"after_id": body["last_id"]}
    token = body.get("next_page_token")
    return {"page_token": token} if token and isinstance(token, str) else {}


def read_show(body: object) -> Price:
    """What an Ollama server says of one model. A window that was set for it counts before what it was trained for."""
    if not isinstance(body, Mapping):
        raise ValueError("it described no model")
    info = body.get("model_info")
    sizes = (
        [_count(v) for k, v in info.items() if str(k).endswith(".context_length")] if isinstance(info, Mapping) else []
    )
    chosen = re.search(r"^num_ctx\s+(\d+)", str(body.get("parameters") or ""), re.MULTILINE)
    context = int(chosen[1]) if chosen else next(iter(sizes), None)
    return Price(context=context, vision=_ability("vision", body), tools=_ability("tools", body))


def _name(entry: object) -> str:
    """What the server calls the model, as it wants to hear it; empty for what is none."""
    if not isinstance(entry, Mapping):
        return ""
    name = entry.get("id") or entry.get("model") or entry.get("name")
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable() or " " in name:
        return ""
    return name.removeprefix("models/")


def _chats(name: str, entry: Mapping[str, Any]) -> bool:
    """Whether the model is served and chats, as far as is said."""
    endpoints, writes = entry.get("endpoints"), _at(entry, "architecture.output_modalities")
    return not (
        (isinstance(endpoints, list) and "chat" not in endpoints)
        or (isinstance(writes, list) and "text" not in writes)
        or entry.get("type") in NO_CHAT_TYPES
        or _at(entry, "capabilities.completion_chat") is False
        or entry.get("active") is False
        or entry.get("is_deprecated") is True
        or entry.get("lifecycle") == "retired"
        or _NO_CHAT.search(name)
    )


def _price(entry: Mapping[str, Any]) -> Price:
    pricing = entry.get("pricing")
    money = _money(pricing) if isinstance(pricing, Mapping) else Price()
    ends = next((str(_at(entry, path)) for path in ENDS if _at(entry, path)), "")[:10]
    return replace(
        money,
        context=next((size for path in CONTEXTS if (size := _count(_at(entry, path)))), None) or _least(entry),
        max_output=next((size for path in OUTPUTS if (size := _count(_at(entry, path)))), None),
        vision=_ability("vision", entry, VISION),
        tools=_ability("tools", entry, TOOLS),
        ends=ends if re.fullmatch(r"\d{4}-\d\d-\d\d", ends) else "",
    )


def _least(entry: Mapping[str, Any]) -> int | None:
    """The smallest window of those who serve the model, at a router that may choose any of them."""
    servers = entry.get("providers")
    sizes = [_count(_at(each, "context_length")) for each in servers] if isinstance(servers, list) else []
    return min(filter(None, sizes), default=None)


def _money(pricing: Mapping[str, Any]) -> Price:
    """The prices, where both reading and writing have one.

    ``prompt`` and ``completion`` are for a token, and zero is a price. ``input`` and ``output`` are for a million, and
    two zeros stand for models that are rented by the hour.
    """
    if "prompt" in pricing:
        price = Price(
            input=_dollars(pricing["prompt"]),
            output=_dollars(pricing.get("completion")),
            cached=_dollars(pricing.get("input_cache_read")) or None,
            cache_write=_dollars(pricing.get("input_cache_write")) or None,
            reasoning=_dollars(pricing.get("internal_reasoning")) or None,
            request=_dollars(pricing.get("request")) or None,
        )
        return price if price.known else Price()
    reading, writing = _dollars(pricing.get("input"), 1e6), _dollars(pricing.get("output"), 1e6)
    price = Price(input=reading, output=writing, cached=_dollars(pricing.get("cached_input"), 1e6) or None)
    return price if price.known and (reading or writing) else Price()


def _dollars(value: object, tokens: float = 1.0) -> float | None:
    """The price of one token; None for what is no price, as ``-1`` for one that depends."""
    try:
        price = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return price / tokens if 0 <= price < float("inf") else None


def _ability(name: str, entry: Mapping[str, Any], paths: list[str] | None = None) -> bool | None:
    """Whether it is said that the model can or cannot; None when nothing is said."""
    for path in paths or ():
        if isinstance(said := _at(entry, path), bool):
            return said
    lists = [_at(entry, "architecture.input_modalities")] if name == "vision" else [entry.get("supported_parameters")]
    for words in (*lists, entry.get("features"), entry.get("capabilities")):
        if isinstance(words, list):
            return any(word in words for word in WORDS[name])
    return None


def _at(entry: Any, path: str) -> Any:
    for name in path.split("."):
        entry = entry.get(name) if isinstance(entry, Mapping) else None
    return entry


def _count(value: object) -> int | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e12
    return int(value) if number and isinstance(value, int | float) else None
