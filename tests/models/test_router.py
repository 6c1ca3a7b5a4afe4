"""Which model serves, and what a typed name becomes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Mapping

import pytest

from aether_nb import registry
from aether_nb.config import ROLES, Settings
from aether_nb.errors import AetherError, ConfigError, ModelNotFound, ModelUnavailable, OptionError
from aether_nb.events.messages import Message
from aether_nb.models.base import Delta, Model, Request, Wrapper
from aether_nb.models.catalogue import keys
from aether_nb.models.catalogue.discovery import Found
from aether_nb.models.catalogue.pricing import shipped
from aether_nb.models.catalogue.providers import load, register_provider
from aether_nb.models.router import Choice, open_model, role_model, serving
from aether_nb.models.scripted import ScriptedModel
from aether_nb.models.sending.cache import Cached, ReplyStore
from aether_nb.models.sending.http import HttpModel
from aether_nb.models.sending.pace import Paced
from harness.loopback import Play, events, loopback, says

OPENAI = "https://api.openai.com/v1"

KEYS = {"OPENAI_API_KEY": "sk-openai", "AETHER_API_KEY": "sk-aether"}

OFFLINE = Choice("aether:analyst", "offline, no language model")

HERE = Found("ollama", "http://127.0.0.1:11434/v1", ("nomic-embed-text", "qwen3:8b"))


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    """No kept keys but the test's own, and what it registers is forgotten."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(registry, "_things", {})


def bare(model: Model) -> HttpModel:
    """The model inside its wrappers."""
    while isinstance(model, Wrapper):
        model = model.inner
    assert isinstance(model, HttpModel)
    return model


# ---- which model serves


@pytest.mark.parametrize(
    ("environment", "configured", "choice"),
    [
        ({}, None, OFFLINE),
        ({"OPENAI_API_KEY": " "}, "", OFFLINE),
        ({"AETHER_BASE_URL": "http://localhost/v1"}, None, OFFLINE),
        ({"OLLAMA_API_KEY": "k"}, None, OFFLINE),
        ({"OPENAI_API_KEY": "k"}, "local:b", Choice("local:b", "the settings name it")),
        ({"AETHER_MODEL": "local:a"}, None, OFFLINE),
        (
            {"GROQ_API_KEY": "k", "ANTHROPIC_API_KEY": "k"},
            "",
            Choice("anthropic:claude-sonnet-5", "ANTHROPIC_API_KEY is set"),
        ),
    ],
)
def test_which_model_serves(environment: Mapping[str, str], configured: str | None, choice: Choice) -> None:
    """What the settings name comes first, then the first provider of the table whose key is set, then the analyst."""
    assert serving(environment, configured) == choice


def test_every_key_alone_is_enough() -> None:
    """Whichever variable of a provider holds its key: its default model serves, and can be opened."""
    providers = load()
    rows = [row for row in map(providers.row, providers.names()) if row.default_model]
    assert len(rows) == 14
    for row in rows:
        for variable in row.key_variables:
            environment = {variable: "k"}
            expected = Choice(f"{row.name}:{row.default_model}", f"{variable} is set")
            assert serving(environment, None) == expected
            model = bare(open_model(expected.name, environment))
            assert (model.name, model.endpoint.base_url, model.endpoint.key) == (expected.name, row.base_url, "k")


def test_a_local_server_serves_before_the_analyst_and_after_a_key() -> None:
    """Of what answers on this machine the first model that talks is taken."""
    assert serving({}, None, found=[HERE]) == Choice("ollama:qwen3:8b", "it answers at http://127.0.0.1:11434/v1")
    assert serving({"OPENAI_API_KEY": "k"}, None, found=[HERE]).name == "openai:gpt-5.4-mini"
    wanted = load([{"ollama": {"default_model": "b"}}])
    two = Found("ollama", HERE.base_url, ("a", "b"))
    assert serving({}, None, wanted, found=[two]).name == "ollama:b"
    assert serving({}, None, found=[Found("vllm", "http://127.0.0.1:8000/v1", ("bge-m3",))]) == OFFLINE


def test_with_local_only_no_key_makes_a_choice() -> None:
    """A provider far away does not serve by itself, nor does a local server's model that runs in a cloud."""
    both = Found("ollama", HERE.base_url, ("gpt-oss:120b-cloud", "qwen3:8b"))
    assert serving(KEYS, None, local_only=True) == OFFLINE
    assert serving(KEYS, None, found=[both], local_only=True).name == "ollama:qwen3:8b"
    mine = {"base_url": "http://10.0.0.2/v1", "default_model": "m", "key_variables": ["MY_KEY"], "local": True}
    assert serving({**KEYS, "MY_KEY": "k"}, None, load([{"mine": mine}]), local_only=True).name == "mine:m"


def test_a_kept_key_is_enough() -> None:
    """A key that was typed once serves as one in the environment does, in this kernel and the next."""
    keys.keep(load().provider("mistral"), "sk-of-mistral")
    choice = serving({}, None)
    assert choice == Choice("mistral:mistral-medium-latest", "a key of mistral is kept")
    assert bare(open_model(choice.name, {})).endpoint.key == "sk-of-mistral"
    assert serving({"HF_TOKEN": "k"}, None).name.startswith("huggingface:")


# ---- roles


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_model(role: str) -> None:
    """A role that is set is served by its model, without a word."""
    assert role_model(role, Settings(**{ROLES[role]: "a:b", "model": "a:b"})) == ("a:b", "")


def test_a_role_that_is_not_set_falls_back_to_chat() -> None:
    """The chat model stands in, and a note says so and how to change it."""
    note = "No model is set for the role 'vision': the chat model, a:b, stands in. To set one: AETHER_VISION_MODEL"
    assert role_model("vision", Settings(model="a:b")) == ("a:b", note)
    assert role_model("vision", Settings()) == ("", note.replace(", a:b,", ""))
    with pytest.raises(OptionError) as caught:
        role_model("sight", Settings())
    assert caught.value.hint == "There are chat, utility, vision, embedding, transcribe, speak."


# ---- names and keys


@pytest.mark.parametrize(
    ("name", "environment", "opened"),
    [
        ("openai:gpt-x", KEYS, ("openai:gpt-x", "gpt-x", OPENAI, "sk-openai", "OPENAI_API_KEY")),
        ("openai/ft:a/b", KEYS, ("openai:ft:a/b", "ft:a/b", OPENAI, "sk-openai", "OPENAI_API_KEY")),
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
            "m@https://api.openai.com.evil.example",
            KEYS,
            ("m@https://api.openai.com.evil.example", "m", "https://api.openai.com.evil.example", "", ""),
        ),
        ("m@http://api.openai.com/v1", KEYS, ("m@http://api.openai.com/v1", "m", "http://api.openai.com/v1", "", "")),
        ("litellm:x", {}, ("litellm:x", "x", "http://localhost:4000/v1", "", "LITELLM_API_KEY")),
    ],
)
def test_names_of_chat_models(name: str, environment: Mapping[str, str], opened: tuple[str, ...]) -> None:
    """A name becomes provider, model, address, and the key of exactly that address: same scheme, host and port."""
    model = bare(open_model(name, environment))
    end = model.endpoint
    assert (model.name, model.profile.model, end.base_url, end.key, end.variable) == opened


def test_a_key_is_read_when_it_is_sent() -> None:
    """A variable that is set anew counts at the next request; a key that is given counts instead of it."""
    environment = {"OPENAI_API_KEY": "old"}
    model = bare(open_model("openai:x", environment))
    environment["OPENAI_API_KEY"] = "new"
    assert model.endpoint.key == "new"
    assert bare(open_model("openai:x", environment, api_key="mine")).endpoint.key == "mine"
    assert bare(open_model("openai:x", environment, base_url="https://else.example")).endpoint.key == ""
    assert bare(open_model("openai:x", environment, base_url=OPENAI)).endpoint.key == "new"


async def test_no_key_reaches_another_host() -> None:
    """A server that stands in another's place is sent no key of any provider, in no header."""
    everything = {variable: "sk-secret" for row in map(load().row, load().names()) for variable in row.key_variables}
    async with loopback(*[Play([events(says(content="hi", finish="stop"))])] * 2) as server:
        for model in (
            open_model(f"m@{server.url}", everything),
            open_model("openai:m", everything, base_url=server.url),
        ):
            [_ async for _ in model.stream(Request((Message.of("user", "hello"),)))]
            await bare(model).aclose()
    assert len(server.asked) == 2
    assert [asked for asked in server.asked if "sk-secret" in str(asked)] == []


async def test_a_model_by_its_address_is_asked() -> None:
    """NAME@http://… asks that server for that model."""
    async with loopback(Play([events(says(content="hi", finish="stop"))])) as server:
        model = open_model(f"tiny@{server.url}", {})
        deltas = [delta async for delta in model.stream(Request((Message.of("user", "hello"),)))]
        await bare(model).aclose()
    assert deltas[-1].reply is not None
    assert (deltas[-1].reply.message.text, server.asked[0].json["model"]) == ("hi", "tiny")


# ---- what stands around a model


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("openai:x", "NativeTools(Cost(Breaker(Retry(HttpModel('openai:x' at https://api.openai.com/v1)))))"),
        ("anthropic:x", "NativeTools(Cost(Breaker(Retry(HttpModel('anthropic:x' at https://api.anthropic.com)))))"),
        ("minimax:x", "TextTools(Cost(Breaker(Retry(HttpModel('minimax:x' at https://api.minimax.io/v1)))))"),
        ("slow:x", "NativeTools(Cost(Breaker(Retry(Paced(HttpModel('slow:x' at http://gpu/v1))))))"),
    ],
)
def test_the_stack(name: str, stack: str) -> None:
    """Tools, cost, breaker, retry and pace stand around the model in this order, and can be left out."""
    register_provider("slow", "http://gpu/v1", requests_per_minute=10)
    environment = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "MINIMAX_API_KEY": "k"}
    assert repr(open_model(name, environment)) == stack
    alone = open_model(name, environment, wrappers=False, timeout=7.0)
    assert isinstance(alone, HttpModel)
    assert (repr(alone), alone.timeout) == (stack[stack.index("HttpModel") :].rstrip(")") + ")", 7.0)


def test_the_models_of_a_provider_share_its_rate() -> None:
    """A provider counts requests, whichever model they are for; another one counts its own."""
    register_provider("slow", "http://gpu/v1", requests_per_minute=10)
    register_provider("other", "http://gpu:1/v1", requests_per_minute=10)
    paces = []
    for name in ("slow:x", "slow:y", "other:x"):
        model = open_model(name, {})
        while isinstance(model, Wrapper) and not isinstance(model, Paced):
            model = model.inner
        assert isinstance(model, Paced)
        paces.append(model.pace)
    assert paces[0] is paces[1]
    assert paces[0] is not paces[2]


def test_tools_and_the_cache_are_said_in_the_call() -> None:
    """How tools are offered can be said for one model, and answers that are kept stand outside of everything."""
    model = open_model("openai:x", KEYS, tools="text", replies=ReplyStore())
    assert isinstance(model, Cached)
    assert repr(model.inner).startswith("TextTools(Cost(")
    assert bare(model).profile.tools == "text"


def test_what_the_table_of_prices_knows_is_in_the_profile() -> None:
    """The context window of a listed model is known before it is asked; what a row says counts more."""
    providers = load([{"openai": {"context": 7}}])
    assert bare(open_model("openai:gpt-4o", KEYS)).profile.context == 128_000
    assert bare(open_model("openai:gpt-4o", KEYS, providers)).profile.context == 7


def test_the_last_day_of_a_model_is_known_where_it_is_asked() -> None:
    """What the table says of a model's end reaches whoever explains that it was not found; a row counts more."""
    model = open_model("openai:gpt-3.5-turbo", KEYS, wrappers=False)
    assert isinstance(model, HttpModel)
    assert model.endpoint.ends == shipped("openai")["gpt-3.5-turbo"].ends != ""
    own = load([{"openai": {"ends": "2030-01-01"}}])
    assert bare(open_model("openai:gpt-3.5-turbo", KEYS, own)).profile.ends == "2030-01-01"


def test_the_analyst() -> None:
    """The offline analyst needs nothing, and is allowed where only local models are."""
    from aether_nb.models.analyst import Analyst

    model = open_model("aether:analyst", {}, local_only=True)
    assert isinstance(model, Analyst)
    assert model.name == "aether:analyst"


class Foreign:
    """A model that somebody wrote."""

    name = "theirs:x"
    local = False

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Says nothing."""
        yield Delta()


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
    registry.register("model", "test:text", "gpt")
    with pytest.raises(ModelUnavailable) as caught:
        open_model("test:text", {})
    assert caught.value.why == "It is a str; a model has a name and a stream(request)."
    with pytest.raises(ModelUnavailable) as caught:
        open_model("test:wrong", {})
    assert (caught.value.what, caught.value.why) == (
        "What is registered as 'test:wrong' is no model.",
        "It is a int; a model has a name and a stream(request).",
    )


# ---- only local ones


@pytest.mark.parametrize("name", ["openai:x", "m@https://else.example/v1", "ollama:a:cloud", "litellm:x", "theirs:x"])
def test_local_only_refuses_whoever_is_not_known_to_be_near(name: str) -> None:
    """What is far, what passes on to a cloud, and what nobody knows is refused before anything is sent."""
    registry.register("model", "theirs:x", Foreign())
    with pytest.raises(ModelUnavailable) as caught:
        open_model(name, KEYS, local_only=True)
    assert caught.value.what == f"{name} is not asked: only local models are allowed."
    assert (caught.value.code, caught.value.retryable) == ("local_only", False)


def test_local_only_lets_local_ones_pass() -> None:
    """Servers of this machine, scripts, and models that say of themselves that they are local."""
    near = Foreign()
    near.local = True
    registry.register("model", "theirs:x", near)
    registry.register("model", "test:script", ScriptedModel(["a"]))
    registry.register("model", "test:wrapped", Cached(open_model("ollama:a", {}), ReplyStore()))
    names = ["ollama:a", "m@http://127.0.0.1:9/v1", "theirs:x", "test:script", "test:wrapped"]
    opened = [open_model(name, {}, local_only=True).name for name in names]
    assert opened == ["ollama:a", "m@http://127.0.0.1:9/v1", "theirs:x", "aether:scripted", "ollama:a"]


# ---- what is missing


@pytest.mark.parametrize(
    ("name", "environment", "kind", "what"),
    [
        ("openai:x", {}, ModelUnavailable, "openai:x needs a key."),
        ("groq", {"OPENAI_API_KEY": "k"}, ModelUnavailable, "groq:openai/gpt-oss-120b needs a key."),
        ("local:x", {}, ModelUnavailable, "local:x has no address."),
        ("nobody:x", {}, ModelNotFound, "No model goes by the name 'nobody:x'."),
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


def test_a_missing_key_says_what_to_type_and_where_one_is_made() -> None:
    """The variable, the command and the page; and where a kept one belongs, when it belongs elsewhere."""
    with pytest.raises(ModelUnavailable) as caught:
        open_model("groq:x", {})
    assert (caught.value.why, caught.value.hint) == (
        "GROQ_API_KEY is not set.",
        "Type %aether key groq, or set GROQ_API_KEY. A key is made at https://console.groq.com/keys",
    )
    keys.keep(load().provider("groq"), "sk-of-groq")
    moved = load([{"groq": {"base_url": "https://gate.example/v1"}}])
    with pytest.raises(ModelUnavailable) as caught:
        open_model("groq:x", {}, moved)
    assert caught.value.why == (
        "GROQ_API_KEY is not set. The key that is kept for groq belongs to https://api.groq.com:443."
    )


def test_importing_is_light() -> None:
    """Deciding which model serves loads no provider, no HTTP library, no keyring and no event loop."""
    code = (
        "import sys; from aether_nb.models.router import serving; serving({}, None);"
        "print(sorted(m for m in sys.modules if m.startswith('aether_nb.models.') or m in "
        "('httpx', 'asyncio', 'keyring', 'pydantic')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    known = [f"catalogue{name}" for name in ("", ".keys", ".providers", ".rows")]
    asked = [f"endpoints{name}" for name in ("", ".address", ".headers", ".profile", ".secret")]
    assert done.stdout.strip() == str([f"aether_nb.models.{name}" for name in (*known, *asked, "router")])
