"""The setting ``store``: a folder or a server, whose password nobody is shown."""

from __future__ import annotations

import pickle
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import pytest

from aether_nb import cli
from aether_nb.config import FILE, Settings, load, remember
from aether_nb.config.address import Address, is_address, masked, shown
from aether_nb.config.rules import place
from aether_nb.doing import doctor
from aether_nb.errors import ConfigError
from aether_nb.events.kinds import RunEnded, RunStarted
from aether_nb.session.opening import open_record, own_sealer, surroundings
from aether_nb.store.place import as_setting, store_folder, store_place
from aether_nb.store.seal import Sealer
from aether_nb.store.store import open_store
from harness.home import bare

HUSH = "postgresql://anna:hush@db.example/runs"
SHOWN = "postgresql://anna:***@db.example/runs"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory, and a home with nothing in it."""
    monkeypatch.setattr("os.environ", bare(tmp_path / "home"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HUSH, SHOWN),
        ("postgres://anna:h@u:s/h@db/runs", "postgres://anna:***@db/runs"),
        ("POSTGRESQL://:hush@db", "POSTGRESQL://:***@db"),
        ("postgresql://anna@db:5432/runs", "postgresql://anna@db:5432/runs"),
        ("postgresql:///runs?host=/tmp", "postgresql:///runs?host=/tmp"),
        ("postgresql://db/runs?user=a&password=hush&x=1", "postgresql://db/runs?user=a&password=***&x=1"),
        ("postgresql://db/runs?sslpassword=hush", "postgresql://db/runs?sslpassword=***"),
        ("a/folder:with@signs", "a/folder:with@signs"),
    ],
)
def test_a_password_is_three_stars(text, told):
    """In whatever part of the address it stands, and however it is written."""
    assert masked(text) == told
    assert is_address(text) == ("://" in text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HUSH, SHOWN),
        ("postgresql://db/runs?sslkey=own.key", "postgresql://db/runs?sslkey=own.key"),
        ("local@https://h/v1?key=hush&alt=sse#top", "local@https://h/v1?key=***&alt=sse#top"),
        ("https://h/v1?api_key=hush&X-Amz-Signature=hush", "https://h/v1?api_key=***&X-Amz-Signature=***"),
        ("https://h/v1#access_token=hush", "https://h/v1#access_token=***"),
        ("what?key=word", "what?key=word"),
    ],
)
def test_a_setting_shows_no_key_either(text, told):
    """In the query of an address, in a list too; a value that is no text stays what it is."""
    assert shown([text, 3]) == [told, 3]


@pytest.mark.parametrize("words", [["settings"], ["settings", "--json"], ["doctor"]])
def test_no_setting_shows_a_password(here, monkeypatch, capsys, words):
    """Whatever it is the address of, also behind the name of a model or in a list."""
    monkeypatch.setenv("AETHER_MODEL", "x@http://u:hush@h.invalid/v1")
    monkeypatch.setenv("AETHER_KNOWLEDGE", "s3://u:hush@b/x")
    monkeypatch.setenv("AETHER_TRUST_SKILLS", "a, https://u:hush@h.invalid/skills")
    cli.main(words)
    said = capsys.readouterr()
    assert "hush" not in said.out + said.err
    assert words == ["doctor"] or "x@http://u:***@h.invalid/v1" in said.out


def test_a_refusal_shows_no_password(here):
    """Of a model that a project's file names, nor in what is proposed instead."""
    (here / FILE).write_text('model = "x@http://u:hush@h.invalid/v1"')
    with pytest.raises(ConfigError, match=r"to 'x@http://u:\*\*\*@h\.invalid/v1'") as caught:
        load(here)
    assert "hush" not in str(caught.value)


def test_an_address_is_shown_without_its_password():
    """As text, in texts, by debuggers and in settings; only ``plain`` says it, also after a copy or a journey."""
    address = Address(HUSH)
    for each in (address, deepcopy(address), pickle.loads(pickle.dumps(address))):
        assert (str(each), f"{each}", f"{each:>3}", repr(each), each.plain) == (SHOWN, SHOWN, SHOWN, repr(SHOWN), HUSH)
        assert type(each.plain) is str
    assert "hush" not in repr(Settings(store=address))
    assert asdict(Settings(store=address))["store"].plain == HUSH


@pytest.mark.parametrize("text", ["records", HUSH, "postgres://db/runs"])
def test_a_server_is_told_from_a_folder(text):
    """By the word it begins with."""
    found = place(text)
    assert (isinstance(found, Address), place(found)) == (is_address(text), found)
    where = store_place(None, Path("/work"), found)
    assert where == (Address(text) if is_address(text) else Path("/work/records"))
    assert store_place(None, Path("/work"), text) == where
    assert as_setting(where) == (text if is_address(text) else "/work/records")
    assert store_folder(None, Path("/work"), found) == Path("/work", ".aether" if is_address(text) else "records")


def test_it_is_said_by_a_person(here, monkeypatch):
    """In the environment, in the call, or in one's own file, which keeps the whole address."""
    monkeypatch.setenv("AETHER_STORE", HUSH)
    assert load(here).store.plain == HUSH
    monkeypatch.delenv("AETHER_STORE")
    assert load(here, {"store": HUSH}).store.plain == HUSH
    file = remember("store", HUSH)
    assert f'store = "{HUSH}"' in file.read_text()
    assert load(here).store.plain == HUSH


def test_a_project_names_no_server(here):
    """It would send runs to a stranger; and the refusal shows no password either."""
    (here / FILE).write_text(f'store = "{HUSH}"')
    with pytest.raises(ConfigError) as caught:
        load(here)
    assert "it would send your runs to a server that you did not choose" in caught.value.why
    assert f"AETHER_STORE={SHOWN}" in caught.value.hint
    assert "hush" not in str(caught.value)


def test_a_value_that_is_refused_is_shown_without_its_password(here):
    """A slip elsewhere in the address is no reason to print it."""
    with pytest.raises(ConfigError) as caught:
        load(here, {"store": HUSH + "\0"})
    assert caught.value.what == f"The setting 'store' cannot be {SHOWN + chr(0)!r}."


def test_the_doctor_looks_at_the_server(here, monkeypatch, postgres):
    """Which one it is; or what is wrong with it, and what to type."""
    postgres.empty()
    monkeypatch.setenv("AETHER_STORE", postgres.address().plain)
    settings, record, workspace = surroundings(None)
    found = doctor._record(record)
    assert (settings.store, record, workspace) == (postgres.address(), postgres.address(), here)
    assert (found.state, found.found.startswith(f"{postgres.address()}: PostgreSQL ")) == ("ok", True)
    blocked = doctor._record(postgres.address(password="hush"))
    assert (blocked.state, "hush" in str(blocked), "password" in blocked.found) == ("blocked", False, True)


def test_the_terminal_reads_the_server(here, capsys, monkeypatch, postgres):
    """By the setting, or by what was typed; a server that refuses is an error of three lines."""
    postgres.empty()
    store = open_record(postgres.address().plain)
    store.log.append("run7", 0, (RunStarted("how many rows?", "analyst"),), 1.0)
    store.log.close()
    assert cli.main(["runs", "--store", postgres.address().plain]) == 0
    assert "run7" in capsys.readouterr().out
    monkeypatch.setenv("AETHER_STORE", postgres.address(password="hush").plain)
    assert cli.main(["runs"]) != 0
    said = capsys.readouterr().err
    assert "It does not accept the name or the password." in said
    assert "hush" not in said
    assert not (here / ".aether").exists()


def test_runs_of_others_are_not_dropped_from_here(here, postgres, capsys):
    """On a server, which others share, only runs of one's own go, and those that nobody has sealed."""
    postgres.empty()
    address = postgres.address(query="?application_name=pruning")
    for name, sealer in (("theirs", Sealer(here / "other")), ("mine", own_sealer()), ("nobodys", None)):
        store = open_store(address, sealer=sealer)
        store.log.append(name, 0, (RunStarted("how many rows?", "analyst"), RunEnded("done")), 1.0)
    assert cli.main(["runs", "--prune", "--older", "30", "--store", address.plain]) == 0
    assert "2 runs dropped" in capsys.readouterr().out
    assert [run.id for run in store.log.runs()] == ["theirs"]
    assert cli.main(["runs", "--prune", "--keep", "0", "--store", address.plain]) == 0
    said = capsys.readouterr().out
    assert "0 runs dropped" in said and "kept theirs: another user's key has sealed it" in said
    store.log.close()
