"""The registry of providers: its rows, the names that people type, whose key goes where, and what a layer may say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aether_nb import registry
from aether_nb.errors import ModelNotFound, ModelUnavailable
from aether_nb.models.catalogue.pricing import price_of
from aether_nb.models.catalogue.providers import load
from aether_nb.models.endpoints.profile import Profile

PLAIN = {"strict_schema": False}
ROOM = {"strict_schema": False, "think_tags": True}
NO_CHOICE = {"tool_choice_required": "", "forced_tool": False}

# name: (address, keys, default model, where keys are made, port, runs nearby, in what its default model differs)
TABLE = {
    "openai": (
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        "gpt-5.4-mini",
        {"max_tokens_field": "max_completion_tokens", "effort": "reasoning_effort", "vision": True},
    ),
    "anthropic": (
        "https://api.anthropic.com",
        ("ANTHROPIC_API_KEY",),
        "claude-sonnet-5",
        {"wire": "anthropic", "auth": "x-api-key", "vision": True, "cache_points": True}
        | {"effort": "output_config", "sampling": False},
    ),
    "openrouter": (
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        "openai/gpt-5.4-mini",
        {
            "headers": {"X-Title": "aether-nb"},
            "thinking_field": "reasoning_details",
            "effort": "reasoning.effort",
            "extra": {"usage": {"include": True}},
        },
    ),
    "google": (
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "gemini-3.5-flash",
        PLAIN | {"vision": True, "inline_schema": True, "signed_calls": True, "effort": "reasoning_effort"},
    ),
    "mistral": (
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        "mistral-medium-latest",
        PLAIN
        | {"stream_usage": "none", "tool_choice_required": "any", "user_after_tool": False}
        | {"inline_schema": True, "short_ids": True},
    ),
    "groq": (
        "https://api.groq.com/openai/v1",
        ("GROQ_API_KEY",),
        "openai/gpt-oss-120b",
        PLAIN
        | NO_CHOICE
        | {"json_schema": False, "null_content": False, "effort": "reasoning_effort", "trim_start": True},
    ),
    "together": (
        "https://api.together.xyz/v1",
        ("TOGETHER_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_API_KEY"),
        "openai/gpt-oss-120b",
        ROOM | NO_CHOICE | {"effort": "reasoning_effort", "trim_start": True},
    ),
    "nvidia": (
        "https://integrate.api.nvidia.com/v1",
        ("NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"),
        "meta/llama-3.3-70b-instruct",
        ROOM,
    ),
    "minimax": (
        "https://api.minimax.io/v1",
        ("MINIMAX_API_KEY",),
        "MiniMax-M3",
        ROOM | {"tools": "text", "json_schema": False, "thinking_field": "reasoning_content"},
    ),
    "perplexity": (
        "https://api.perplexity.ai",
        ("PERPLEXITY_API_KEY", "PERPLEXITYAI_API_KEY"),
        "sonar",
        ROOM | {"tools": "text", "stream_usage": "none", "alternate": True},
    ),
    "cohere": (
        "https://api.cohere.ai/compatibility/v1",
        ("COHERE_API_KEY", "CO_API_KEY"),
        "command-a-03-2025",
        PLAIN | NO_CHOICE | {"stream_usage": "none"},
    ),
    "qwen": (
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ("DASHSCOPE_API_KEY", "QWEN_API_KEY"),
        "qwen-plus",
        PLAIN | {"inline_schema": True, "trim_start": True},
    ),
    "kimi": (
        "https://api.moonshot.ai/v1",
        ("MOONSHOT_API_KEY", "MOONSHOTAI_API_KEY", "KIMI_API_KEY"),
        "kimi-k2.6",
        PLAIN
        | NO_CHOICE
        | {"thinking_field": "reasoning_content", "trim_start": True}
        | {"thinking_needed": True, "sampling": False},
    ),
    "huggingface": (
        "https://router.huggingface.co/v1",
        ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
        "meta-llama/Llama-3.3-70B-Instruct",
        ROOM | {"tools": "text"},
    ),
    "litellm": (
        "http://localhost:4000/v1",
        ("LITELLM_API_KEY", "LITELLM_PROXY_API_KEY", "LITELLM_MASTER_KEY"),
        "",
        PLAIN,
    ),
    "litellm-2": ("http://gate.example/v1", ("LITELLM_2_API_KEY",), "", PLAIN),
    "ollama": (
        "http://localhost:11434/v1",
        ("OLLAMA_API_KEY",),
        "",
        ROOM | NO_CHOICE | {"local": True, "billed": False},
    ),
    "lmstudio": (
        "http://localhost:1234/v1",
        ("LMSTUDIO_API_KEY", "LM_API_TOKEN"),
        "",
        ROOM | {"forced_tool": False, "local": True, "billed": False},
    ),
    "vllm": ("http://localhost:8000/v1", ("VLLM_API_KEY",), "", ROOM | {"local": True, "billed": False}),
    "llamacpp": (
        "http://localhost:8080/v1",
        ("LLAMACPP_API_KEY", "LLAMA_API_KEY"),
        "",
        ROOM | {"forced_tool": False, "local": True, "billed": False},
    ),
    "local": ("http://10.0.0.5/v1", ("AETHER_API_KEY",), "", ROOM | {"local": True, "billed": False}),
}

SAID = {"LITELLM_2_BASE_URL": "http://gate.example/v1/", "AETHER_BASE_URL": " http://10.0.0.5/v1 "}


@pytest.fixture(autouse=True)
def _own_names(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_things", {})


# ---- the rows


def test_the_providers_in_order():
    """Every provider of the table is there, and no other."""
    assert load().names() == tuple(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_row(name):
    """A provider's profile is exactly this: address, keys, default model, and in what it differs from its format."""
    address, keys, model, differs = TABLE[name]
    expected = Profile(name, model, address, key_variables=keys)
    assert load().provider(name, SAID) == replace(expected, **differs)


def test_every_row_with_a_key_says_where_one_is_made_and_how_its_address_is_moved():
    """Nobody has to search for the page of a key, and any provider can be reached through a gateway."""
    providers = load()
    rows = [providers.row(name) for name in providers.names()]
    assert [row.name for row in rows if row.default_model and not row.sign_up.startswith("https://")] == []
    assert [row.name for row in rows if not row.base_url_variable.endswith("_BASE_URL")] == []
    assert {row.name: row.port for row in rows if row.port} == {
        "litellm": 4000,
        "ollama": 11434,
        "lmstudio": 1234,
        "vllm": 8000,
        "llamacpp": 8080,
    }
    paths = {row.name: row.models_path for row in rows if row.models_path != "/models"}
    assert paths == {"anthropic": "/v1/models", "cohere": "/../../v1/models"}


def test_no_default_model_is_about_to_be_withdrawn():
    """What serves when nobody names a model is a model that its provider keeps, as far as the table of prices knows."""
    providers = load()
    rows = [providers.row(name) for name in providers.names()]
    prices = {row.name: price_of(row.name, row.default_model) for row in rows if row.default_model}
    assert {name: price.ends for name, price in prices.items() if price is not None and price.ends} == {}
    # These three have too many models, or too changing ones, for a table.
    assert {name for name, price in prices.items() if price is None} == {"openrouter", "nvidia", "huggingface"}


def test_no_two_rows_share_a_key_or_an_address_variable():
    """A variable means one provider: its key has one home."""
    providers = load()
    rows = [providers.row(name) for name in providers.names()]
    variables = [each for row in rows for each in (*row.key_variables, row.base_url_variable)]
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("openai:gpt-4o-mini", {"effort": ""}),
        ("openai:gpt-3.5-turbo", {"effort": "", "vision": False, "strict_schema": False}),
        ("openai:o3", {"sampling": False, "vision": None}),
        ("openai:o4-mini-2025-04-16", {"sampling": False, "vision": None}),
        ("openai:o3-mini", {"sampling": False, "vision": False}),
        ("openai:gpt-5-2025-08-07", {"sampling": False}),
        ("openai:gpt-5.2", {}),
        ("openai:gpt-5.6-sol", {"sampling": False}),
        ("openai:gpt-5-chat-latest", {"effort": ""}),
        ("anthropic:claude-3-5-haiku-latest", {"effort": "", "sampling": True, "json_schema": False}),
        ("anthropic:claude-3-7-sonnet-latest", {"effort": "thinking", "sampling": True, "json_schema": False}),
        ("anthropic:claude-sonnet-4-20250514", {"effort": "thinking", "sampling": True, "json_schema": False}),
        ("anthropic:claude-sonnet-4-5-20250929", {"effort": "thinking", "sampling": True}),
        ("anthropic:claude-sonnet-4-6", {"sampling": True}),
        ("anthropic:claude-opus-4-7", {}),
        ("anthropic:claude-opus-4-8", {}),
        ("anthropic:claude-opus-5-20261001", {}),
        ("anthropic:claude-sonnet-5-5", {}),
        ("anthropic:claude-mythos-5", {}),
        ("openrouter:anthropic/claude-opus-4.7", {"sampling": False}),
        ("openrouter:google/gemini-2.5-pro", {"inline_schema": True}),
        (
            "groq:qwen/qwen3-32b",
            {**dict.fromkeys(("effort",), ""), "extra": {"reasoning_format": "parsed"}}
            | {"tool_choice_required": "required", "forced_tool": True},
        ),
        (
            "groq:llama-3.3-70b-versatile",
            {"effort": "", "tool_choice_required": "required", "forced_tool": True, "trim_start": False},
        ),
        ("kimi:kimi-k3", {}),
        ("kimi:moonshot-v1-8k", {"sampling": True, "thinking_needed": False, "trim_start": False}),
        ("kimi:kimi-thinking-preview", {"tools": "text"}),
        ("qwen:qwen3-vl-plus", {"vision": True}),
        ("qwen:qwen3-coder-plus", {"vision": False, **NO_CHOICE}),
        ("nvidia:google/gemma-2-27b-it", {"tools": "text"}),
        ("ollama:gpt-oss:120b-cloud", {"local": False, "billed": True, "json_schema": False, "trim_start": True}),
        ("ollama:deepseek-r1:8b", {"trim_start": True}),
    ],
)
def test_a_models_own_ways(name, differs):
    """Where a model differs from its provider's default one, it differs in exactly this."""
    providers = load()
    provider, _, model = name.partition(":")
    assert providers.profile(name) == replace(providers.provider(provider), model=model, **differs)


# ---- names


@pytest.mark.parametrize(
    ("typed", "provider", "model"),
    [
        ("openai:gpt-4o", "openai", "gpt-4o"),
        ("openai/gpt-4o", "openai", "gpt-4o"),
        (" OpenAI:ft:gpt-4o:me ", "openai", "ft:gpt-4o:me"),
        ("openai", "openai", "gpt-5.4-mini"),
        ("openai:", "openai", "gpt-5.4-mini"),
        ("openrouter:vendor/model:free", "openrouter", "vendor/model:free"),
        ("openrouter/vendor/model", "openrouter", "vendor/model"),
        ("huggingface:org/name:provider", "huggingface", "org/name:provider"),
        ("ollama/qwen3:8b", "ollama", "qwen3:8b"),
        ("litellm-2:any", "litellm-2", "any"),
        ("x@https://api.openai.com/v1/", "openai", "x"),
        ("org/x@http://localhost:1234/v1", "lmstudio", "org/x"),
        ("x@http://10.0.0.5:80/else", "local", "x"),
        ("x@https://else.example/v1", "https://else.example/v1", "x"),
    ],
)
def test_what_people_type(typed, provider, model):
    """The first ``:`` or ``/`` parts provider and model; an address that a row has is that row's."""
    profile = load().profile(typed, SAID)
    assert (profile.provider, profile.model) == (provider, model)


def test_an_address_that_no_row_has():
    """Such a server is treated as any other, with no key and no headers, under its address."""
    mine = {"local": {"headers": {"authorization": "secret"}}}
    profile = load([mine]).profile("m@https://else.example/v1/")
    expected = Profile("https://else.example/v1", "m", "https://else.example/v1", **ROOM)
    assert (profile, profile.name) == (expected, "m@https://else.example/v1")


ANY = "A name is provider:model, or NAME@http://host/v1 for any server, or one that was registered."
THERE = f"There is no provider '{{}}'; there are {', '.join(TABLE)}, and any server as NAME@http://host/v1."


@pytest.mark.parametrize(
    ("typed", "why", "hint"),
    [
        ("opnai:gpt-4o", THERE.format("opnai"), "Type %aether model openai:gpt-4o"),
        ("claud/x", THERE.format("claud"), "Type %aether models to see who there is"),
        ("gpt-4o", ANY, "Type %aether model openai:gpt-4o"),
        ("claude-opus-5", ANY, "Type %aether model anthropic:claude-opus-5"),
        ("antropic", ANY, "Type %aether model anthropic"),
        ("anlyst", ANY, "Type %aether model aether:analyst"),
        ("aether:analist", THERE.format("aether"), "Type %aether model aether:analyst"),
        ("test:scrpt", THERE.format("test"), "Type %aether model test:script"),
        ("", ANY, "Type %aether models to see who there is"),
        ("@http://host/v1", ANY, "Type %aether models to see who there is"),
    ],
)
def test_names_that_nobody_has(typed, why, hint):
    """The error says what there is, and the nearest name as a command: a provider's, a registered one, the analyst."""
    registry.register("model", "test:script", None)
    with pytest.raises(ModelNotFound) as caught:
        load().profile(typed)
    assert (caught.value.what, caught.value.why, caught.value.hint) == (
        f"No model goes by the name '{typed}'.",
        why,
        hint,
    )


def test_what_is_missing_in_a_name():
    """A provider without a default model wants one; one without an address wants that."""
    with pytest.raises(ModelNotFound) as no_model:
        load().profile("ollama")
    assert no_model.value.what == "'ollama' names no model."
    with pytest.raises(ModelUnavailable) as no_address:
        load().profile("litellm-2:x")
    assert (no_address.value.what, no_address.value.why) == (
        "litellm-2:x has no address.",
        "LITELLM_2_BASE_URL is not set.",
    )
    with pytest.raises(ModelNotFound) as nobody:
        load().row("opnai")
    assert (nobody.value.what, nobody.value.hint) == ("There is no provider 'opnai'.", "Did you mean openai?")
