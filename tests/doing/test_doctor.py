"""The doctor: what it looks at, what it finds, what it says to do; and that it never says a key."""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb.config import Settings
from aether_nb.doing import doctor
from aether_nb.errors import ConfigError
from aether_nb.live.thread import AgentThread
from aether_nb.models.catalogue.probing import Check
from harness.home import bare, patient
from harness.provider import provider

KEY = "sk-right-0123456789"
THREAD = AgentThread()
ELSE = "See what else there is: %aether models"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders, without a keyring and without keys."""
    monkeypatch.setattr("os.environ", bare(tmp_path / "home"))
    patient(monkeypatch)
    return tmp_path


def look(settings: Settings | ConfigError, folder: Path, shell: Any = None) -> dict[str, Check]:
    """What is found, by name."""
    return {check.what: check for check in doctor.look(settings, folder / ".aether", folder, THREAD.run, shell)}


def mine(url: str, **row: Any) -> Settings:
    """Settings with a provider of one's own, which serves."""
    fields = {"key_variables": ["MINE_API_KEY"], "local": False, "base_url": f"{url}/v1"}
    return Settings(model="mine:small", providers={"mine": {**fields, **row}})


def test_without_anything_the_analyst_serves(home: Path) -> None:
    """On a bare machine all is well: settings that are not there, no server, the analyst, folders and packages."""
    own = home / "home" / "aether-nb" / "aether.toml"
    found = look(Settings(), home)
    assert list(found) == ["python", "asyncio", "settings", "local", "model", "record", "folder", "packages"]
    assert {check.state for check in found.values()} == {"ok"}
    assert found["settings"].found == f"yours: {own} (there is none yet)"
    assert found["local"].found == "no model server answers on this machine"
    assert found["model"].found == "aether:analyst (offline, no language model)"
    assert (found["record"].found, found["folder"].found) == (str(home / ".aether"), str(home))
    assert not (home / ".aether").exists()


def test_a_small_window_of_a_local_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much a model reads at once is asked of the server; a little is a warning, because what is longer is cut."""
    with provider() as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", f"{server.url}/v1")
        assert doctor.try_model("ollama:tiny", Settings(), THREAD.run)[-1] == Check(
            "context",
            "warn",
            "it reads 4,096 tokens at once, which long conversations exceed",
            "For Ollama: start its server with OLLAMA_CONTEXT_LENGTH=32768",
        )


def test_a_model_that_goes_is_told_while_it_still_answers(home: Path) -> None:
    """The day on which its provider withdraws what serves is a warning, also when that model is tried out."""
    with provider() as server:
        settings = mine(server.url, ends="2026-12-11", key_variables=[])
        said = Check("model", "warn", "its provider withdraws mine:small on 2026-12-11", f"{ELSE} mine")
        assert look(settings, home)["model"] == said
        assert said in doctor.try_model("mine:small", settings, THREAD.run)


def test_a_slip_in_a_variable_is_noticed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that looks like a setting and is none is a warning that names the nearest one."""
    monkeypatch.setenv("AETHER_MODLE", "x:y")
    for name in ("AETHER_BASE_URL", "AETHER_STORE_KEY", "AETHER_STORE_KEY_NEW", "AETHER_PLUGINS_OFF"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")  # these are read, each by somebody else
    assert look(Settings(), home)["settings"] == Check(
        "settings", "warn", "the variable AETHER_MODLE is no setting", "Did you mean AETHER_MODE?"
    )


def test_the_model_its_key_and_its_endpoint_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who serves and why, where its key is from, and that its address answers; never the key."""
    monkeypatch.setenv("MINE_API_KEY", KEY)
    with provider(accepted=(KEY,)) as server:
        found = look(mine(server.url), home)
        host = server.url.removeprefix("http://")
        assert [path for _, path, _, _ in server.asked] == ["/v1/models"]
    assert found["model"] == Check("model", "ok", "mine:small (the settings name it)")
    assert found["key"] == Check("key", "ok", "of mine: MINE_API_KEY")
    assert found["endpoint"] == Check("endpoint", "ok", f"{host} answers, with 1 model")
    assert KEY not in doctor.text(found.values())


def test_a_local_server_is_found_and_serves(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of this machine is told with its address; it serves without a key, and that is told too."""
    with provider() as server:
        monkeypatch.setenv("OLLAMA_BASE_URL", f"{server.url}/v1")
        found = look(Settings(), home)
        address = f"{server.url}/v1"
    assert found["local"].found == f"ollama at {address}, 1 model"
    assert found["model"].found == f"ollama:tiny (it answers at {address})"
    assert found["key"].found == "of ollama: none is needed"


def test_an_endpoint_that_does_not_answer_is_a_note(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused key, a dead port and a silent server are warnings with what to do next, and none of them blocks."""
    monkeypatch.setenv("MINE_API_KEY", "sk-wrong")
    hint = "Try it out: %aether doctor mine:small"
    with provider(accepted=(KEY,)) as server:
        host = server.url.removeprefix("http://")
        found = look(mine(server.url), home)["endpoint"]
    assert found == Check("endpoint", "warn", f"{host} refused the key (401)", hint)
    found = look(mine("http://127.0.0.1:9"), home)["endpoint"]
    assert found == Check("endpoint", "warn", "127.0.0.1:9 cannot be reached (ConnectError)", hint)
    monkeypatch.setattr(doctor, "LIST_SECONDS", 0.0)
    found = look(mine("http://127.0.0.1:9"), home)["endpoint"]
    assert found == Check("endpoint", "warn", "127.0.0.1:9 did not answer within 0 s", hint)


def test_an_address_that_no_row_has_is_looked_at_too(home: Path) -> None:
    """A model named with its address has no provider; it is asked where it is."""
    with provider() as server:
        found = look(Settings(model=f"x@{server.url}/v1"), home)
    assert (found["key"].found, found["endpoint"].state) == (f"of {server.url}/v1: none is needed", "ok")


def test_what_is_wrong_is_blocked_with_what_to_do(home: Path) -> None:
    """Settings that cannot be read, rows that say nonsense, and a model without a key block, each with its hint."""
    wrong = ConfigError("The setting 'mode' cannot be 'x'.", "It comes from the call.", "For example: AETHER_MODE=ask")
    found = look(wrong, home)
    assert found["settings"] == Check("settings", "blocked", f"{wrong.what} {wrong.why}", wrong.hint)
    assert "model" not in found
    assert look(Settings(providers={"mine": {"colour": "red"}}), home)["settings"].state == "blocked"
    found = look(Settings(model="openai:gpt-5"), home)
    assert found["model"].state == "blocked"
    assert found["model"].found == "openai:gpt-5: openai:gpt-5 needs a key. OPENAI_API_KEY is not set."
    assert found["model"].hint.startswith("Type %aether key openai, or set OPENAI_API_KEY.")


def test_only_local_models_where_that_is_set(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With local_only a cloud's key is no reason to serve, and a cloud's model is blocked."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert look(Settings(local_only=True), home)["model"].found.startswith("aether:analyst")
    (check,) = doctor.try_model("openai:gpt-5", Settings(local_only=True), THREAD.run)
    assert (check.what, check.state) == ("model", "blocked")


def test_a_model_is_tried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is found at an endpoint; and what keeps it from being asked at all is a finding too."""
    monkeypatch.setenv("MINE_API_KEY", KEY)
    with provider(accepted=(KEY,)) as server:
        checks = doctor.try_model("mine:small", mine(server.url), THREAD.run)
        text = doctor.try_model("mine:small", mine(server.url, tools="text"), THREAD.run)
    assert [(each.what, each.state) for each in checks] == [
        ("endpoint", "ok"),
        ("streaming", "ok"),
        ("tools", "ok"),
        ("vision", "ok"),
        ("context", "ok"),
    ]
    assert checks[4].found == "nobody says how much it can read at once"
    assert text[2].found == "they are described in the prompt instead; nothing needs to be done"
    (check,) = doctor.try_model("nobody:x", Settings(), THREAD.run)
    assert (check.what, check.state) == ("model", "blocked")
    wrong = ConfigError("No.", "Why.", "Do.")
    assert doctor.try_model("x", wrong, THREAD.run) == [Check("settings", "blocked", "No. Why.", "Do.")]
    checks = doctor.try_model("aether:analyst", Settings(), THREAD.run)
    assert [(each.what, each.state) for each in checks] == [("endpoint", "ok"), ("streaming", "ok")]


@pytest.mark.parametrize(
    ("installed", "shell", "check"),
    [
        ("7.1.0", SimpleNamespace(), Check("kernel", "ok", "none: this is a terminal, approvals are typed")),
        (
            "7.1.0",
            SimpleNamespace(kernel=1),
            Check("kernel", "ok", "ipykernel 7.1.0: clicks are heard while a cell runs"),
        ),
        (
            "6.30.1",
            SimpleNamespace(kernel=1),
            Check(
                "kernel",
                "warn",
                "ipykernel 6.30.1: clicks wait while a tool computes",
                "pip install -U ipykernel, then restart the kernel.",
            ),
        ),
    ],
)
def test_the_kernel_is_told(
    installed: str, shell: Any, check: Check, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal, a kernel that hears clicks at once, and one that lets them wait."""
    monkeypatch.setattr(doctor, "version", lambda name: installed)
    assert look(Settings(), home, shell)["kernel"] == check


def test_nest_asyncio_is_noticed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applied it is needless, and on Python 3.14 it breaks every timeout."""
    monkeypatch.setattr(asyncio, "_nest_patched", True, raising=False)
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    assert doctor._loop().state == "warn"
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert doctor._loop().state == "blocked"


def test_folders_that_cannot_be_written_and_packages_that_lack(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is found with what it means and what to do."""

    def lacking(name: str) -> str:
        if name == "scipy":
            raise PackageNotFoundError(name)
        return "1.0"

    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(doctor, "version", lacking)
    monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", full)
    found = look(Settings(), home)
    why = "runs cannot be recorded, so none can start (No space left on device)"
    assert found["record"] == Check("record", "blocked", f"{home / '.aether'}: {why}", "Set AETHER_STORE=FOLDER.")
    lacks = "without scipy the offline analyst can do less"
    assert found["packages"] == Check("packages", "warn", lacks, "pip install scipy")
    assert doctor.text([found["packages"]]) == (
        f"warn     packages   {lacks}\n                    next: pip install scipy"
    )
