"""Keys and setup with somebody who types: what is asked, what is said, what is kept, against a real server."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aether_nb.config import Settings, load
from aether_nb.doing import models as model_verbs
from aether_nb.doing.setting_up import Dialog, set_up
from aether_nb.errors import ConfigError, ModelNotFound, ModelUnavailable, UsageFault
from aether_nb.live.thread import AgentThread
from harness.home import bare, patient
from harness.provider import Provider, provider

KEY = "sk-right-0123456789"
THREAD = AgentThread()


class Typist:
    """Somebody who types these answers, and what was said to them."""

    def __init__(self, *answers: str, typing: bool = True) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.dialog = Dialog(self.said.append, self._read("shown"), self._read("hidden"), THREAD.run, typing)

    def _read(self, how: str) -> Callable[[str], str]:
        def read(question: str) -> str:
            self.asked.append(f"{how}: {question}")
            if not self.answers:
                raise EOFError
            return self.answers.pop(0)

        return read


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders, without a keyring and without keys."""
    monkeypatch.setattr("os.environ", bare(tmp_path / "home"))
    patient(monkeypatch)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return tmp_path / "home"


@pytest.fixture
def server() -> Iterator[Provider]:
    """A provider that takes one key."""
    with provider(accepted=(KEY,)) as found:
        yield found


def mine(server: Provider, **row: object) -> Settings:
    """Settings with a provider of one's own, which is ``server``."""
    fields = {"key_variables": ["MINE_API_KEY"], "local": False, "default_model": "small"}
    return Settings(providers={"mine": {"base_url": f"{server.url}/v1", **fields, **row}})


def key(settings: Settings, typist: Typist, name: str = "mine", forget: bool = False) -> str:
    """The verb ``key``."""
    return model_verbs.key(argparse.Namespace(provider=name, forget=forget), settings, typist.dialog)


def kept(home: Path) -> list[str]:
    """The names of the files that hold keys."""
    return [path.name for path in home.rglob("*.json") if "keys" in path.parts]


# ---- keys


def test_a_key_that_is_taken_is_kept(server: Provider, home: Path) -> None:
    """It is asked for once and hidden, tried, kept, and a model is the next thing to choose."""
    typist = Typist(f"  {KEY} ")
    said = key(mine(server, sign_up="https://mine.test/keys"), typist)
    assert typist.asked == ["hidden: Key of mine (it is not shown): "]
    host, file = server.url.removeprefix("http://"), next(home.rglob("mine.json"))
    assert typist.said == [
        "A key of mine is made at https://mine.test/keys",
        f"{host} takes it: 1 model.",
        f"The key of mine is kept in {file}.",
    ]
    assert said == "Choose a model: %aether model mine:small"
    assert key(mine(server), Typist(), "").splitlines()[0] == f"  mine         {file}"
    assert key(mine(server), Typist(), forget=True) == "The kept key of mine is forgotten."
    assert key(mine(server), Typist(), forget=True) == "No key of mine was kept."
    assert kept(home) == []


@pytest.mark.parametrize(("answer", "left"), [("", []), ("n", []), ("y", ["mine.json"])])
def test_a_refused_key_is_kept_only_by_a_yes(answer: str, left: list[str], server: Provider, home: Path) -> None:
    """What the provider does not take is said, and Enter is a no."""
    typist = Typist("sk-wrong", answer)
    key(mine(server), typist)
    assert typist.asked[1:] == ["shown: Keep it all the same (y/N)? "]
    assert typist.said[0] == f"It was tried: {server.url.removeprefix('http://')} refused the key (401)."
    assert kept(home) == left


def test_a_list_that_is_open_to_everybody_proves_no_key(home: Path) -> None:
    """Where anybody gets the list, the key is kept, and how to find out whether it is good is said."""
    with provider() as open_to_all:
        typist = Typist(KEY)
        key(mine(open_to_all), typist)
        host = open_to_all.url.removeprefix("http://")
    whether = f"{host} lists its models to everybody. Whether the key is good: %aether doctor mine:small"
    assert typist.said[0] == whether
    assert kept(home) == ["mine.json"]


def test_a_variable_goes_before_a_kept_key(server: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a variable too hears that it comes first, also after the kept key is forgotten."""
    monkeypatch.setenv("MINE_API_KEY", "sk-other")
    typist = Typist(KEY)
    key(mine(server), typist)
    assert typist.said[-1] == "The variable MINE_API_KEY is set too, and comes first."
    gone = "The kept key of mine is forgotten. The environment still has MINE_API_KEY."
    assert key(mine(server), Typist(), forget=True) == gone


@pytest.mark.parametrize(
    ("typist", "name", "error", "what"),
    [
        (Typist(typing=False), "mine", UsageFault, "Nobody can type here."),
        (Typist(""), "mine", UsageFault, "No key was typed for mine."),
        (Typist(), "mine", UsageFault, "Nothing was typed."),
        (Typist("two words", "y"), "mine", ConfigError, "That is no key."),
        (Typist(), "mnie", ModelNotFound, "There is no provider 'mnie'."),
        (Typist(), "litellm-2", ModelUnavailable, "litellm-2 has no address."),
    ],
)
def test_what_cannot_be_asked_or_kept_is_an_error(
    typist: Typist, name: str, error: type[Exception], what: str, server: Provider, home: Path
) -> None:
    """Each comes with its own words, and nothing is kept."""
    with pytest.raises(error) as caught:
        key(mine(server), typist, name)
    assert caught.value.what == what  # type: ignore[attr-defined]
    assert kept(home) == []


def test_a_provider_without_a_key_is_not_asked_for_one(server: Provider) -> None:
    """Whoever needs none hears so."""
    said = key(mine(server, key_variables=[]), Typist())
    assert said == "mine needs no key. Its models: %aether models mine"


# ---- setup


def test_setup_takes_a_provider_a_key_and_a_model(server: Provider, home: Path) -> None:
    """Three answers, a trial, and the choice stands in the person's own file."""
    typist = Typist("MINE", KEY, "")
    assert set_up(typist.dialog, mine(server)) == "mine:small"
    assert typist.asked == [
        "shown: Which provider (Enter: leave everything as it is)? ",
        "hidden: Key of mine (it is not shown): ",
        "shown: Which model (Enter: small)? ",
    ]
    assert typist.said[0] == "What there is:"
    assert "Trying mine:small out (three tiny requests) …" in typist.said
    own = home / "aether-nb" / "aether.toml"
    assert typist.said[-1] == f"{own} remembers it."
    assert own.read_text() == 'model = "mine:small"\n'
    again = Typist("")
    assert set_up(again.dialog, mine(server)) == ""
    assert f"  mine         a key is here ({next(home.rglob('mine.json'))})" in again.said


def test_setup_with_the_analyst_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The analyst is remembered without a question more; a variable that says otherwise is named."""
    typist = Typist("analyst")
    assert set_up(typist.dialog, Settings()) == "aether:analyst"
    assert load(Path.cwd()).model == "aether:analyst"
    monkeypatch.setenv("AETHER_MODEL", "openai:x")
    typist = Typist("aether:analyst")
    set_up(typist.dialog, Settings())
    assert typist.said[-1] == (
        "In this folder openai:x comes first: AETHER_MODEL, or the aether.toml that lies here, names it."
    )


def test_setup_shows_local_servers_and_proposes_a_model_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of this machine is told by its address, and its first model that is no embedder is proposed."""
    with provider() as local:
        monkeypatch.setenv("OLLAMA_BASE_URL", f"{local.url}/v1")
        typist = Typist("ollama", "")
        assert set_up(typist.dialog, Settings()) == "ollama:tiny"
        assert f"  ollama       answers at {local.url}/v1" in typist.said
    assert typist.asked[-1] == "shown: Which model (Enter: tiny)? "


@pytest.mark.parametrize(("answer", "chosen"), [("", ""), ("y", "mine:small")])
def test_setup_asks_whether_a_model_that_is_blocked_shall_serve(answer: str, chosen: str, server: Provider) -> None:
    """A model that cannot be asked is chosen only by a yes."""
    typist = Typist("mine", "sk-wrong", "y", "mine:small", answer)
    assert set_up(typist.dialog, mine(server)) == chosen
    assert typist.asked[-1] == "shown: Choose it all the same (y/N)? "
    assert any(line.startswith("blocked  key") for line in typist.said)


def test_setup_ends_where_a_refused_key_is_not_kept(server: Provider) -> None:
    """Without a key there is nothing to choose."""
    typist = Typist("mine", "sk-wrong", "")
    assert set_up(typist.dialog, mine(server)) == ""
    assert typist.said[-1] == "The key is not kept."


def test_setup_needs_a_name_where_no_model_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot be reached and has no usual model: Enter is no name."""
    monkeypatch.setenv("VLLM_BASE_URL", "http://127.0.0.1:9/v1")
    typist = Typist("vllm", "")
    with pytest.raises(UsageFault) as caught:
        set_up(typist.dialog, Settings())
    assert (caught.value.what, caught.value.hint) == ("No model of vllm was named.", "%aether models vllm")
    assert typist.asked[-1] == "shown: Which model? "


def test_setup_shows_the_first_models_of_many(server: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list is cut, and the command that shows all of it stands below."""
    monkeypatch.setattr("aether_nb.doing.setting_up.SHOWN", 0)
    typist = Typist("mine", KEY, "")
    set_up(typist.dialog, mine(server))
    assert "  … 1 more: %aether models mine" in typist.said
