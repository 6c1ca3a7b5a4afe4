"""What servers say of their models, in the shapes in which each of them says it."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb.models.catalogue.listed import next_page, read_list, read_show
from aether_nb.models.catalogue.prices import Price


def entry(**more: Any) -> dict[str, Price]:
    """What a list of one model is read as."""
    return read_list({"data": [{"id": "m", **more}]})


def test_shapes() -> None:
    """Lists stand under ``data``, under ``models`` or bare; names under ``id``, ``model`` or ``name``."""
    named = {"a": Price(), "b": Price()}
    assert read_list({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}) == named
    assert read_list([{"id": "a"}, {"id": "b"}]) == named
    assert read_list({"models": [{"name": "a", "model": "a", "details": {}}, {"name": "b"}]}) == named
    assert read_list({"data": [{"id": "models/a"}, {"id": "b"}, {"id": "b", "context_length": 1}]}) == named


@pytest.mark.parametrize("body", [None, 1, "x", {}, {"data": {}}, {"data": None}, {"error": "no"}])
def test_no_list(body: object) -> None:
    """What is no list of models is not taken for an empty one."""
    with pytest.raises(ValueError, match="no list"):
        read_list(body)


@pytest.mark.parametrize(
    "bad", [None, 1, {}, {"id": None}, {"id": ""}, {"id": "a b"}, {"id": "\x1b[1m"}, {"id": "x" * 201}]
)
def test_bad_names(bad: object) -> None:
    """An entry without a name that can be typed is passed over."""
    assert read_list([bad, {"id": "good"}]) == {"good": Price()}


def test_openrouter() -> None:
    """Prices for a token as text, windows, abilities, and the day on which a model ends."""
    assert entry(
        context_length=200_000,
        architecture={"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        pricing={
            "prompt": "0.000003",
            "completion": "0.000015",
            "request": "0.01",
            "input_cache_read": "0.0000003",
            "input_cache_write": "0.00000375",
            "internal_reasoning": "0",
        },
        top_provider={"context_length": 200_000, "max_completion_tokens": 64_000},
        supported_parameters=["max_tokens", "tools"],
        expiration_date="2031-02-03",
    ) == {"m": Price(3e-6, 15e-6, 3e-7, 3.75e-6, None, 0.01, 200_000, 64_000, True, True, ends="2031-02-03")}


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        ({"prompt": "0", "completion": "0"}, Price(0.0, 0.0)),
        ({"prompt": "-1", "completion": "-1"}, Price()),
        ({"prompt": "0.1"}, Price()),
        ({"prompt": "x", "completion": "0.1"}, Price()),
        ({"prompt": "nan", "completion": "inf"}, Price()),
        ({"prompt": 10**400, "completion": 1}, Price()),
        ({"input": 0.5, "output": 2, "cached_input": 0.1}, Price(5e-7, 2e-6, pytest.approx(1e-7))),
        ({"input": 0, "output": 0, "hourly": 1.5}, Price()),
        ({"input": True, "output": 1}, Price()),
        ("free", Price()),
    ],
)
def test_prices(pricing: object, price: Price) -> None:
    """A price that depends, is missing, or is none stays unknown; free is free where it is said for a token."""
    assert entry(pricing=pricing) == {"m": price}


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ({"max_model_len": 4096}, Price(context=4096)),
        ({"context_window": 8192, "max_completion_tokens": 100, "active": True}, Price(context=8192, max_output=100)),
        (
            {
                "max_context_length": 9,
                "capabilities": {"completion_chat": True, "function_calling": True, "vision": False},
            },
            Price(context=9, vision=False, tools=True),
        ),
        (
            {"max_input_tokens": 9, "max_tokens": 5, "capabilities": {"image_input": {"supported": True}}},
            Price(context=9, max_output=5, vision=True),
        ),
        ({"context_length": 9, "supports_image_in": True}, Price(context=9, vision=True)),
        (
            {"context_length": 9.0, "endpoints": ["chat"], "features": ["tools"]},
            Price(context=9, vision=False, tools=True),
        ),
        ({"meta": {"n_ctx_train": 131072, "n_ctx": 4096}}, Price(context=4096)),
        ({"meta": {"n_ctx_train": 131072}}, Price(context=131072)),
        ({"meta": None, "context_length": "big", "max_tokens": True, "features": None}, Price()),
        ({"context_length": 0, "top_provider": {"context_length": 7}}, Price(context=7)),
        ({"providers": [{"context_length": 9}, {"context_length": 7}, {"pricing": {}}, None]}, Price(context=7)),
        ({"deprecation": "2031-02-03T04:05:06Z"}, Price(ends="2031-02-03")),
        ({"retires_at": "some day"}, Price()),
    ],
    ids="vllm groq mistral anthropic kimi cohere llamacpp llamacpp-old nonsense zero huggingface ends no-end".split(),
)
def test_windows_and_abilities(said: dict[str, Any], price: Price) -> None:
    """Each server's own words for a window and for what a model can do are understood; what is not said is unknown."""
    assert entry(**said) == {"m": price}


@pytest.mark.parametrize(
    "said",
    [
        {"endpoints": ["embed"]},
        {"type": "image"},
        {"architecture": {"output_modalities": ["image"]}},
        {"capabilities": {"completion_chat": False}},
        {"active": False},
        {"is_deprecated": True},
        {"lifecycle": "retired"},
        *({"id": name} for name in ("text-embedding-3-small", "nomic-embed-text:latest", "whisper-large-v3", "tts-1")),
        *({"id": name} for name in ("dall-e-3", "gpt-image-1", "omni-moderation-latest", "veo-3.0", "playai-tts")),
    ],
)
def test_what_does_not_chat(said: dict[str, Any]) -> None:
    """Models that do something else, or are gone, are not offered."""
    assert entry(**said) == {}


@pytest.mark.parametrize(
    "name", ["gpt-4o", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "imagine-7b", "gemma3:4b", "sora2chat"]
)
def test_what_chats(name: str) -> None:
    """A name that only resembles one of those is offered."""
    assert entry(id=name) == {name: Price()}


def test_pages() -> None:
    """Both ways of turning a page are known, and a last page is a last page."""
    assert next_page({"has_more": True, "last_id": "b"}) == {"after_id": "b"}
    assert next_page({"next_page_token": "t"}) == {"page_token": "t"}
    for last in ([], {}, {"has_more": False, "last_id": "b"}, {"next_page_token": ""}, {"has_more": True}):
        assert next_page(last) == {}


def test_show_without_anything() -> None:
    """An Ollama server that tells nothing leaves everything unknown."""
    assert read_show({}) == Price()
    assert read_show({"model_info": [], "capabilities": "x", "parameters": None}) == Price()
