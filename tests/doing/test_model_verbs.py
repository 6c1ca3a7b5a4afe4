"""Which providers and models there are, as tables and as JSON: who can be asked, why, what it costs, who says so."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from aether_nb import verbs
from aether_nb.config import Settings
from aether_nb.doing import model_reports
from aether_nb.doing import models as model_verbs
from aether_nb.errors import ModelUnavailable
from aether_nb.live.thread import AgentThread
from aether_nb.models.catalogue import providers
from aether_nb.models.catalogue.discovery import Found
from aether_nb.models.catalogue.listing import Listing, ModelInfo
from aether_nb.models.catalogue.prices import Price
from harness.home import bare
from harness.provider import provider

THREAD = AgentThread()
LOCAL = Found("ollama", "http://127.0.0.1:11434/v1", ("tiny",))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders, without a keyring."""
    monkeypatch.setattr("os.environ", bare(tmp_path))
    return tmp_path


def models(settings: Settings, name: str = "", as_json: bool = False, refresh: bool = False) -> str:
    """The verb ``models``."""
    options = argparse.Namespace(provider=name, json=as_json, refresh=refresh)
    return model_verbs.models(options, settings, THREAD.run)


def row(name: str, environment: dict[str, str], *local: Found) -> dict[str, Any]:
    """What is told of one provider."""
    rows = model_reports.provider_rows(providers.load(), environment, local)
    return next(each for each in rows if each["provider"] == name)


@pytest.mark.parametrize(
    ("name", "environment", "ready", "why"),
    [
        ("openai", {}, False, "no key: %aether key openai, or set OPENAI_API_KEY"),
        ("openai", {"OPENAI_API_KEY": "sk-x"}, True, "OPENAI_API_KEY"),
        ("ollama", {}, True, "answers at http://127.0.0.1:11434/v1"),
        ("lmstudio", {}, False, "no server answers on this machine"),
        ("litellm-2", {}, False, "no address: set LITELLM_2_BASE_URL"),
    ],
)
def test_each_provider_says_whether_it_can_be_asked_and_why(
    name: str, environment: dict[str, str], ready: bool, why: str
) -> None:
    """A key, a server that answers, or what is missing: each in words that name the next step."""
    found = row(name, environment, LOCAL)
    assert (found["ready"], found["why"]) == (ready, why)


def test_a_key_that_cannot_be_used_does_not_hide_the_others(home: Path) -> None:
    """A key's file that others can read is told in its own line, and not an error for all."""
    keys = home / "aether-nb" / "keys"
    keys.mkdir(parents=True)
    (keys / "openai.json").write_text("{}")
    (keys / "openai.json").chmod(0o644)
    found = row("openai", {})
    assert (found["ready"], found["why"].partition(":")[0]) == (False, "The key of openai is not used")
    assert "The key of openai is not used" in model_reports.key_text(providers.load(), {})


def test_the_table_of_providers_begins_with_those_that_can_be_asked() -> None:
    """Who is ready comes first and is marked; the last line says what to type next."""
    rows = model_reports.provider_rows(providers.load(), {}, [LOCAL])
    lines = model_reports.provider_text(rows).splitlines()
    assert lines[1].split(maxsplit=2)[:2] == ["✓", "ollama"]
    assert lines[2].split()[0] == "openai"
    assert lines[-1] == "Models of one: %aether models PROVIDER  Choose one: %aether setup"
    assert json.loads(models(Settings(), as_json=True))[0].keys() == rows[0].keys()
    assert models(Settings()).splitlines()[0] == lines[0]


def test_the_models_of_a_server_are_listed_live_and_kept() -> None:
    """The server's own list, as JSON and as a table; its age is told when it is the kept one."""
    with provider() as server:
        mine = Settings(providers={"mine": {"base_url": f"{server.url}/v1", "local": False}})
        listed = json.loads(models(mine, "mine", as_json=True))
        again = models(mine, "mine").splitlines()[-1]
        models(mine, "mine", refresh=True)
        assert len(server.asked) == 2
    unknown = {"id": "tiny", **dict.fromkeys(("context", "input", "output", "tools", "vision", "ends"))}
    assert listed == {"provider": "mine", "source": "live", "age_seconds": 0.0, "note": "", "models": [unknown]}
    assert again == "mine said so less than a minute ago; anew: --refresh"


def test_a_row_says_where_its_models_are_listed() -> None:
    """A provider whose list lies elsewhere is asked there."""
    with provider() as server:
        row = {"base_url": f"{server.url}/v1", "models_path": "/all/models"}
        models(Settings(providers={"mine": row}), "mine")
        assert server.asked[0][1] == "/v1/all/models"


def test_a_provider_without_an_address_says_which_variable_it_needs() -> None:
    """There is nobody to ask, and the variable that would say who is named."""
    with pytest.raises(ModelUnavailable) as caught:
        models(Settings(), "litellm-2")
    said = (caught.value.what, caught.value.why, caught.value.hint)
    name = "LITELLM_2_BASE_URL"
    assert said == ("litellm-2 has no address.", f"{name} is not set.", f"Set {name}=http://HOST:PORT/v1")


@pytest.mark.parametrize(
    ("source", "age", "note", "said"),
    [
        ("live", 0.0, "", "acme said so just now."),
        ("cache", 600.0, "", "acme said so 10 min ago; anew: --refresh"),
        ("cache", 3 * 3600.0, "It sleeps.", "acme said so 3 h ago; anew: --refresh It sleeps."),
        ("cache", 5 * 86400.0, "", "acme said so 5 days ago; anew: --refresh"),
        ("shipped", None, "", "The list that came with aether-nb; other models can be named too."),
    ],
)
def test_a_table_of_models_has_windows_prices_and_its_source(source: Any, age: Any, note: str, said: str) -> None:
    """Dollars for a million tokens, what is unknown as a question mark, and who says so, how long ago."""
    small = ModelInfo("small", 128_000, Price(input=1e-6, output=2.5e-6), vision=True, tools=True)
    listing = Listing("acme", (small, ModelInfo("new\x1b-one")), source, age, note)
    assert model_reports.listing_text(listing).splitlines() == [
        "MODEL      CONTEXT    $/M IN   $/M OUT  TAKES",
        "small      128,000      1.00      2.50  tools, pictures",
        "new-one          ?         ?         ?",
        said,
    ]


def test_a_model_that_goes_is_told_with_its_last_day() -> None:
    """The day that its provider has announced stands behind it, and in the JSON."""
    listing = Listing(
        "acme", (ModelInfo("old", 8_000, Price(input=1e-6, output=1e-6, ends="2026-12-11")),), "live", 0.0
    )
    assert model_reports.listing_text(listing).splitlines()[1].endswith("1.00    until 2026-12-11")
    assert model_reports.listing_rows(listing)["models"][0]["ends"] == "2026-12-11"


def test_a_list_of_nothing_says_why_and_a_long_one_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without models there is no table; with too many the rest is counted."""
    assert model_reports.listing_text(Listing("acme", (), "shipped", None, "Nobody is there.")) == "Nobody is there."
    monkeypatch.setattr(model_reports, "MOST", 1)
    two = Listing("acme", (ModelInfo("a"), ModelInfo("b")), "live", 0.0)
    assert model_reports.listing_text(two).splitlines()[2] == "… 1 more: --json has them all"


def test_a_terminal_names_its_own_commands() -> None:
    """Where a notebook's verb exists in the terminal too, a hint is shown as it is typed there; others stay."""
    said = verbs.in_terminal("%aether key openai, %aether keys, %aether model x, %aether doctor")
    assert said == "aether key openai, %aether keys, --model x, aether doctor"
