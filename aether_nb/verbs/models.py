"""The verbs about models, keys and settings. Plain data."""

from __future__ import annotations

from aether_nb.typed import Option, Verb
from aether_nb.verbs.shared import JSON, ROLES, SAID

__all__ = ["VERBS"]

VERBS: tuple[Verb, ...] = (
    Verb(
        "model",
        "Which model serves, or which one shall; in the middle of a conversation too.",
        (
            Option(("name",), "as provider:model, or NAME@http://host/v1", default="", metavar="MODEL"),
            Option(("--role",), "what it is for; chat when left out", choices=ROLES, default="chat"),
        ),
        ("notebook",),
        examples=("model", "model ollama:qwen3", "model openai:gpt-5-mini --role vision"),
    ),
    Verb(
        "models",
        "Which providers there are, or which models one of them has.",
        (
            Option(("provider",), "a provider's name; all of them when left out", default="", metavar="PROVIDER"),
            Option(("--refresh",), "ask the provider, however fresh the list is", flag=True),
            JSON,
        ),
        examples=("models", "models groq", "models openai --refresh"),
    ),
    Verb(
        "key",
        "Take a provider's key, without showing it, into the system's keyring; never into the notebook.",
        (
            Option(("provider",), "its name; which keys there are when left out", default="", metavar="PROVIDER"),
            Option(("--forget",), "take the kept key away", flag=True),
            SAID,
        ),
        examples=("key", "key anthropic", "key anthropic --forget"),
    ),
    Verb(
        "settings",
        "Everything that can be set: what it means, what is allowed, what holds, and who says so.",
        (Option(("name",), "one setting", default="", metavar="SETTING"), JSON),
        examples=("settings", "settings mode", "settings --json"),
    ),
    Verb("setup", "Choose a provider and a model, step by step, and try it out.", examples=("setup",)),
)
