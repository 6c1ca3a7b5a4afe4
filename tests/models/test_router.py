"""Which model serves, and what a typed name becomes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from aether_nb import registry
from aether_nb.errors import AetherError, ConfigError, ModelNotFound, ModelUnavailable
from aether_nb.events.messages import Message
from aether_nb.models.base import Request
from aether_nb.models.openai import OpenAIChat
from aether_nb.models.router import Choice, open_model, serving
from aether_nb.models.scripted import ScriptedModel
from harness.loopback import Play, events, loopback, says

KEYS = {"OPENAI_API_KEY": "sk-openai", "AETHER_API_KEY": "sk-aether"}

NAMES_IT = "the settings name it"
HAS_KEY = "OPENAI_API_KEY is set"
OFFLINE = "offline, no language model"


@pytest.mark.parametrize(
    ("environment", "configured", "choice"),
    [
        ({}, None, Choice("aether:analyst", OFFLINE)),
        ({"OPENAI_API_KEY": " "}, "", Choice("aether:analyst", OFFLINE)),
        ({"AETHER_BASE_URL": "http://localhost/v1"}, None, Choice("aether:analyst", OFFLINE)),
        ({"OPENAI_API_KEY": "k"}, None, Choice("openai:gpt-5-mini", HAS_KEY)),
        ({"OPENAI_API_KEY": "k", "AETHER_MODEL": "local:a"}, None, Choice("local:a", "AETHER_MODEL names it")),
        ({"OPENAI_API_KEY": "k", "AETHER_MODEL": "local:a"}, "openai:b", Choice("openai:b", NAMES_IT)),
    ],
)
def test_which_model_serves(environment: Mapping[str, str], configured: str | None, choice: Choice) -> None:
    """Settings come before AETHER_MODEL, and that before a key for OpenAI; with none of them the analyst serves."""
    assert serving(environment, configured) == choice


@pytest.mark.parametrize(
    ("name", "environment", "opened"),
    [
        ("openai:gpt-x", KEYS, ("openai:gpt-x", "gpt-x", "https://api.openai.com/v1", "sk-openai", "OPENAI_API_KEY")),
        (
            "openai/ft:a/b",
            KEYS,
            ("openai:ft:a/b", "ft:a/b", "https://api.openai.com/v1", "sk-openai", "OPENAI_API_KEY"),
        ),
        (
            "OpenAI:x",
            {"OPENAI_BASE_URL": "http://gate/v1/"},
            ("openai:x", "x", "http://gate/v1", "", "OPENAI_API_KEY"),
        ),
        (
            " local:qwen3:8b ",
            {**KEYS, "AETHER_BASE_URL": "http://localhost:11434/v1"},
            ("local:qwen3:8b", "qwen3:8b", "http://localhost:11434/v1", "sk-aether", "AETHER_API_KEY"),
        ),
        ("org/m@http://h:1/v1", KEYS, ("org/m@http://h:1/v1", "org/m", "http://h:1/v1", "", "")),
        (
            "m@https://h/v1",
            {**KEYS, "AETHER_BASE_URL": "https://h/other"},
            ("m@https://h/v1", "m", "https://h/v1", "sk-aether", "AETHER_API_KEY"),
        ),
        (
            "m@https://api.openai.com.evil.example/v1",
            KEYS,
            (
                "m@https://api.openai.com.evil.example/v1",
                "m",
                "https://api.openai.com.evil.example/v1",
                "",
                "",
            ),
        ),
        ("m@http://api.openai.com/v1", KEYS, ("m@http://api.openai.com/v1", "m", "http://api.openai.com/v1", "", "")),
    ],
)
def test_names_of_chat_models(name: str, environment: Mapping[str, str], opened: tuple[str, ...]) -> None:
    """A name becomes provider, model, address, and the key of exactly that address: same scheme, host and port."""
    model = open_model(name, environment)
    assert isinstance(model, OpenAIChat)
    end = model.endpoint
    assert (model.name, model.model, end.base_url, end.key, end.variable) == opened


async def test_a_model_by_its_address_is_asked() -> None:
    """NAME@http://… asks that server for that model."""
    async with loopback(Play([events(says(content="hi", finish="stop"))])) as server:
        model = open_model(f"tiny@{server.url}", {})
        deltas = [delta async for delta in model.stream(Request((Message.of("user", "hello"),)))]
        assert isinstance(model, OpenAIChat)
        await model.aclose()
    assert deltas[-1].reply is not None
    assert (deltas[-1].reply.message.text, server.asked[0].json["model"]) == ("hi", "tiny")


def test_the_analyst() -> None:
    """The offline analyst needs nothing."""
    from aether_nb.models.analyst import Analyst

    model = open_model("aether:analyst", {})
    assert isinstance(model, Analyst)
    assert model.name == "aether:analyst"


def test_registered_models() -> None:
    """A registered model is served as it is, and a registered factory makes a new one each time."""
    model = ScriptedModel(["a"])
    registry.register("model", "test:ready", model)
    registry.register("model", "test:made", lambda: ScriptedModel(["b"]))
    assert open_model("test:ready", {}) is model
    first, second = open_model("test:made", {}), open_model("test:made", {})
    assert isinstance(first, ScriptedModel)
    assert first is not second


def test_what_is_registered_and_no_model() -> None:
    """Something else under a model's name is refused by its type."""
    registry.register("model", "test:wrong", lambda: 7)
    with pytest.raises(ModelUnavailable) as caught:
        open_model("test:wrong", {})
    assert (caught.value.what, caught.value.why) == (
        "What is registered as 'test:wrong' is no model.",
        "It is a int; a model has a name and a stream(request).",
    )


ANY = "A name is provider:model, or NAME@http://host/v1 for any server, or one that was registered."
UNKNOWN = {
    "anlyst": (ANY, "Type %aether model aether:analyst"),
    "opnai:gpt-4o": (
        "There is no provider 'opnai'; there are openai and local, and any server as NAME@http://host/v1.",
        "Type %aether model openai:gpt-4o",
    ),
    "gpt-4o": (ANY, "Type %aether model openai:gpt-4o"),
    "openai:": (ANY, "Type %aether model aether:analyst"),
    "": (ANY, "Type %aether model aether:analyst"),
    "@http://host/v1": (ANY, "Type %aether model aether:analyst"),
    "bedrock/x": (
        "There is no provider 'bedrock'; there are openai and local, and any server as NAME@http://host/v1.",
        "Type %aether model aether:analyst",
    ),
}


@pytest.mark.parametrize(("name", "told"), UNKNOWN.items())
def test_unknown_names(name: str, told: tuple[str, str]) -> None:
    """A name that nobody has is an error with the nearest names, as commands."""
    with pytest.raises(ModelNotFound) as caught:
        open_model(name, {})
    error = caught.value
    assert (error.what, (error.why, error.hint)) == (f"No model goes by the name '{name}'.", told)


@pytest.mark.parametrize(
    ("name", "environment", "kind", "what"),
    [
        ("openai:x", {}, ModelUnavailable, "openai:x needs a key."),
        ("local:x", {}, ModelUnavailable, "local:x has no address."),
        ("local:x", {"AETHER_BASE_URL": "localhost:1"}, ConfigError, "'localhost:1' is no address of a model server."),
        ("x@http://", {}, ConfigError, "'http://' is no address of a model server."),
    ],
)
def test_what_is_missing(name: str, environment: dict[str, str], kind: type[AetherError], what: str) -> None:
    """A missing key or address is said before anything is asked, with what to set."""
    with pytest.raises(kind) as caught:
        open_model(name, environment)
    assert caught.value.what == what
    assert caught.value.hint != ""


def test_importing_is_light() -> None:
    """Deciding which model serves loads no provider, no HTTP library and nothing else of the models' room."""
    code = (
        "import sys; from aether_nb.models.router import serving; serving({}, None);"
        "print(sorted(m for m in sys.modules if m.startswith('aether_nb.models.') or m in ('httpx', 'asyncio')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['aether_nb.models.router']"
