"""Layers over the registry: what a person's own file or a program may say of a provider, and what is no row."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from aether_nb import registry
from aether_nb.errors import ConfigError
from aether_nb.models.catalogue.providers import FILE, load, register_provider
from aether_nb.models.catalogue.rows import Row, read, shipped
from aether_nb.models.endpoints.profile import Profile

BASE = "http://gpu:8000/v1"


@pytest.fixture(autouse=True)
def _own_names(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_things", {})


def test_the_shipped_rows_are_rows():
    """What is shipped says only what a row can say, so that it need not be checked each time one starts."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert read(tables, FILE.name) == shipped(tables)
    assert set(tables) == {"formats", "models", "providers"}


def test_a_layer_wins_over_the_shipped_row_and_its_models():
    """What a person says of a provider counts, also where a shipped model of it says otherwise; the rest stays."""
    mine = {"openai": {"sampling": True, "headers": {"a": "b"}, "models": {"GPT-5*-mini*": {"context": 7}}}}
    shipped, changed = load().profile("openai"), load([mine]).profile("openai")
    assert changed == replace(shipped, sampling=True, headers={"a": "b"}, context=7)


def test_tables_are_added_to_and_other_fields_replaced():
    """A header more does not take the others away; a list is the new list."""
    mine = {"openrouter": {"headers": {"a": "b"}, "key_variables": ["MINE"], "extra": {"top_k": 3}}}
    shipped, changed = load().profile("openrouter"), load([mine]).profile("openrouter")
    assert changed == replace(
        shipped,
        headers={"X-Title": "aether-nb", "a": "b"},
        key_variables=("MINE",),
        extra={"usage": {"include": True}, "top_k": 3},
    )


def test_later_layers_win_and_registered_rows_come_last():
    """The order of layers is the order of what counts."""
    layers = [{"mine": {"base_url": "http://one/v1", "default_model": "m"}}, {"mine": {"base_url": "http://two/v1"}}]
    assert load(layers).profile("mine") == Profile("mine", "m", "http://two/v1")
    register_provider("mine", "http://three/v1/", tools="text", models={"m": {"vision": True}})
    assert load(layers).profile("mine") == Profile("mine", "m", "http://three/v1", tools="text", vision=True)


def test_a_new_provider_of_the_other_format():
    """A row that names its wire format has all that holds for the format."""
    register_provider("mine", BASE, wire="anthropic", key_variables=["MINE_KEY"])
    providers = load()
    assert providers.profile("mine:x") == Profile(
        "mine", "x", BASE, wire="anthropic", auth="x-api-key", key_variables=("MINE_KEY",)
    )
    assert providers.row("mine") == Row("mine", BASE, key_variables=("MINE_KEY",), models_path="/v1/models")
    assert providers.names()[-1] == "mine"


def test_a_persons_own_row_may_move_an_address_with_its_key():
    """A person's own file is trusted: the key goes where they say, and no longer where it went."""
    providers = load([{"openai": {"base_url": "https://gate.example/v1"}}])
    assert providers.profile("openai:x").key_variables == ("OPENAI_API_KEY",)
    assert providers.profile("openai:x").base_url == "https://gate.example/v1"
    assert providers.profile("x@https://api.openai.com/v1").key_variables == ()


@pytest.mark.parametrize(
    ("row", "what", "hint"),
    [
        ({"base_ulr": BASE}, "There is no field 'base_ulr' here.", "Did you mean 'base_url'?"),
        ({"provider": "x"}, "There is no field 'provider' here.", None),
        ({"wire": "grpc"}, "The field 'wire' cannot be 'grpc'.", "Allowed: openai, anthropic."),
        ({"vision": "yes"}, "The field 'vision' cannot be 'yes'.", "Allowed: true or false."),
        ({"local": 1}, "The field 'local' cannot be 1.", "Allowed: true or false."),
        ({"context": 1.5}, "The field 'context' cannot be 1.5.", "Allowed: a whole number."),
        ({"context": True}, "The field 'context' cannot be True.", "Allowed: a whole number."),
        ({"port": "80"}, "The field 'port' cannot be '80'.", "Allowed: a whole number."),
        ({"requests_per_minute": "9"}, "The field 'requests_per_minute' cannot be '9'.", "Allowed: a number."),
        ({"key_variables": "K"}, "The field 'key_variables' cannot be 'K'.", "Allowed: a list, each a text."),
        ({"headers": {"a": 1}}, "The field 'headers' cannot be {'a': 1}.", "Allowed: a table of fields."),
        ({"base_url": None}, "The field 'base_url' cannot be None.", "Allowed: a text."),
        (7, "[providers.mine] of my.toml is no table.", 'A row has fields, like base_url = "http://…"'),
        ({"models": 7}, "[providers.mine] of my.toml is no table.", 'A row has fields, like base_url = "http://…"'),
    ],
)
def test_what_is_no_row(row, what, hint):
    """A row that says what no row can say is an error with the field, and where the row stands."""
    with pytest.raises(ConfigError) as caught:
        load([{"mine": row}], "my.toml")
    assert caught.value.what == what
    assert hint is None or caught.value.hint == hint
    assert "[providers.mine] of my.toml" in str(caught.value)


@pytest.mark.parametrize("field", ["base_url", "key_variables", "auth", "wire", "headers_", "default_model"])
def test_a_model_has_no_address_and_no_key_of_its_own(field):
    """What belongs to a provider cannot be said of one of its models."""
    with pytest.raises(ConfigError) as caught:
        load([{"openai": {"models": {"gpt-*": {field: "x"}}}}])
    assert caught.value.what == f"There is no field '{field}' here."
    assert caught.value.why == '[providers.openai.models."gpt-*"] of aether.toml names it.'


@pytest.mark.parametrize("name", ["", "Mine", "a b", "../x", "a:b", "a/b", "http://x"])
def test_what_is_no_name_of_a_provider(name):
    """A name is a word that can be typed before a colon, and that can be the name of a file."""
    with pytest.raises(ConfigError) as caught:
        register_provider(name, BASE)
    assert caught.value.what == f"'{name}' cannot be the name of a provider."
    assert registry.names("provider") == ()


@pytest.mark.parametrize("address", ["gpu:8000", "ftp://gpu/v1", "http://user:password@gpu/v1", ""])
def test_what_is_no_address_of_a_provider(address):
    """A wrong address is said at once, not at the first question."""
    with pytest.raises(ConfigError):
        register_provider("mine", address)
    assert registry.names("provider") == ()
