"""What a server refuses, and what people are told of it; and that nobody is ever shown a password."""

from __future__ import annotations

import builtins
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from aether_nb.config.address import Address
from aether_nb.errors import AetherError, StoreCorrupt, StoreError, StoreFull, StoreReadOnly
from aether_nb.events.kinds import CallFinished, RunEnded, RunStarted
from aether_nb.events.messages import Text
from aether_nb.store.postgres import session
from aether_nb.store.postgres.faults import store_fault
from aether_nb.store.postgres.looking import look_at
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from harness.postgres import PASSWORD

STARTED = RunStarted("how many rows?", "analyst")
SECRETS = (PASSWORD, quote(PASSWORD, ""), "hush")


def refused(address, act=lambda store: store.log.append("r", 0, (STARTED,), 1.0)):
    """The error of an append there, which shows no password, neither to people nor to programs."""
    with pytest.raises(StoreError) as caught:
        act(open_store(address))
    error = caught.value
    for shown in (str(error), repr(error), repr(error.__cause__), *error._render_traceback_()):
        assert not any(secret in shown for secret in SECRETS)
    return error


@pytest.fixture
def reader(postgres, server_store):
    """A name that may look at a record and not write it; there is one run in it."""
    server_store.log.append("r", 0, (STARTED,), 1.0)
    server_store.log.close()
    postgres.ask("DROP ROLE IF EXISTS reader")
    postgres.ask("CREATE ROLE reader LOGIN PASSWORD 'hush'")
    postgres.ask("GRANT USAGE ON SCHEMA aether TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA aether TO reader")
    yield "reader"
    postgres.ask("DROP OWNED BY reader; DROP ROLE reader")


# ---- who cannot connect


def test_a_wrong_password_is_said(postgres):
    """With what to type, and neither the wrong one nor another."""
    error = refused(postgres.address(password="hush"))
    assert (type(error), error.why) == (StoreError, "It does not accept the name or the password.")
    assert "NAME:PASSWORD@HOST" in error.hint
    assert error.what.startswith("The record of runs in postgresql://anna:***@127.0.0.1:")


def test_no_password_is_said(postgres):
    """The server asks for one and there is none."""
    address = Address(f"postgresql://anna@127.0.0.1:{postgres.port}/runs")
    assert refused(address).why == "It does not accept the name or the password."


def test_a_database_that_does_not_exist_is_said(postgres):
    """With the command that makes it."""
    assert refused(postgres.address(database="nowhere")).hint.startswith("Make it: createdb nowhere · ")


def test_a_server_that_takes_nobody_more_is_said(postgres, reader):
    """It says how that can be changed."""
    postgres.ask("ALTER ROLE reader CONNECTION LIMIT 0")
    error = refused(postgres.address(reader, "hush"))
    assert (error.why, "max_connections" in error.hint) == ("It has as many connections as it takes.", True)


def test_a_server_that_does_not_answer_is_said():
    """A port where nobody listens, and a host that nobody knows."""
    for host in ("127.0.0.1:1", "no.such.host.invalid"):
        error = refused(Address(f"postgresql://anna:hush@{host}/runs"))
        assert error.what == f"The server postgresql://anna:***@{host}/runs cannot be reached."
        assert error.hint == "It goes on when the server answers again; nothing that was recorded is lost."


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://anna:hu%zzhush@127.0.0.1/runs",
        "postgresql://anna:x/hush@127.0.0.1/runs",
        "postgresql://anna:hush@127.0.0.1:port/runs",
        "postgresql://127.0.0.1/runs?password=hush%zz",
        "postgresql://anna:hush@127.0.0.1/runs?nonsense=1",
    ],
)
def test_an_address_that_cannot_be_read_is_said(text):
    """The client's own words would repeat pieces of the password."""
    error = refused(Address(text))
    assert error.what.endswith(" cannot be read.")
    assert "@ is %40" in error.hint


def test_without_the_client_it_is_said_how_to_get_it(monkeypatch, address):
    """psycopg is an extra, imported when a server is first spoken to; a folder never needs it."""
    imported = builtins.__import__

    def without(name, *arguments):
        if name.partition(".")[0] == "psycopg":
            raise ImportError("No module named 'psycopg'")
        return imported(name, *arguments)

    for name in [name for name in sys.modules if name.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    error = refused(address)
    assert (error.what, error.hint) == (
        "A record on a PostgreSQL server needs the package psycopg.",
        "Install it: pip install 'aether-nb[postgres]'",
    )
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert "postgres" in project["optional-dependencies"]


def test_a_server_that_speaks_otherwise_is_left(postgres, address, monkeypatch):
    """When the first words are refused there is no connection left, and the server's answer is told."""
    monkeypatch.setattr(session, "SCHEMA", "a b")
    assert "syntax error" in refused(address).why
    assert postgres.forgets(address.plain.rpartition("=")[2])


def test_a_server_that_is_too_old_is_said(address, monkeypatch):
    """Before anything is asked of it that it does not know."""
    monkeypatch.setattr(session, "OLDEST", 99)
    assert refused(address).why.endswith("; 99 or later is needed.")


def test_a_server_is_reached_by_a_socket_of_this_machine(postgres, address):
    """Where there is no network in between, and nobody to ask whether the other host is there."""
    store = open_store(
        Address(f"postgresql://anna:{quote(PASSWORD, '')}@/runs?host={postgres.folder}&port={postgres.port}")
    )
    store.log.append("r", 0, (STARTED,), 1.0)
    assert store.leases.take("r", 1.0).alive
    store.leases.release("r", 1)
    store.log.close()


# ---- who may only read


def test_who_may_only_read_can_read(postgres, reader):
    """A record is shown to whoever may see it; writing to it is refused, with what its owner has to type."""
    store = open_store(postgres.address(reader, "hush"))
    assert ([entry.seq for entry in store.log.read("r")], store.chain.verify("r").ok) == ([1], True)
    acts = (
        lambda store: store.log.append("r", 1, (RunEnded("done"),), 2.0),
        lambda store: store.signals.send(Signal("r", "stop", "panel")),
        lambda store: store.leases.take("r", 1.0),
        lambda store: store.blobs.put(b"x"),
    )
    for act in acts:
        error = refused(postgres.address(reader, "hush"), act)
        assert type(error) is StoreReadOnly
        assert "GRANT" in error.hint
    assert store.leases.holder("r") is None
    with pytest.raises(StoreReadOnly):
        look_at(postgres.address(reader, "hush"))
    store.log.close()


def test_who_may_not_make_tables_is_told(postgres, reader):
    """Where there is no store yet, it takes a right to make one."""
    postgres.ask("DROP SCHEMA aether CASCADE")
    assert type(refused(postgres.address(reader, "hush"))) is StoreReadOnly
    with pytest.raises(StoreReadOnly):
        look_at(postgres.address(reader, "hush"))


def test_a_database_that_is_read_only_is_said(postgres, server_store):
    """As a standby is: what it holds can be read."""
    server_store.log.append("r", 0, (STARTED,), 1.0)
    server_store.log.close()
    postgres.ask("ALTER DATABASE runs SET default_transaction_read_only = on")
    try:
        with pytest.raises(StoreReadOnly) as caught:
            server_store.log.append("r", 1, (RunEnded("done"),), 2.0)
        assert "read-only" in caught.value.why
        assert len(server_store.log.runs()) == 1
    finally:
        server_store.log.close()
        postgres.ask("SET default_transaction_read_only = off")
        postgres.ask("ALTER DATABASE runs RESET default_transaction_read_only")


# ---- disks


def test_a_full_disk_is_said_and_loses_nothing(postgres, server_store):
    """What was recorded before can be read; with room again the run goes on. The server is told that it is full."""
    full = "BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END"
    server_store.log.append("r", 0, (STARTED,), 1.0)
    postgres.ask(f"CREATE FUNCTION aether.full() RETURNS trigger LANGUAGE plpgsql AS $${full}$$")
    postgres.ask("CREATE TRIGGER t AFTER UPDATE ON aether.runs EXECUTE FUNCTION aether.full()")
    with pytest.raises(StoreFull) as caught:
        server_store.log.append("r", 1, (CallFinished("c", (Text("x"),), 0.1),), 2.0)
    assert "No space left on device" in caught.value.why
    assert [entry.seq for entry in server_store.log.read("r")] == [1]
    postgres.ask("DROP TRIGGER t ON aether.runs")
    assert server_store.log.append("r", 1, (RunEnded("done"),), 2.0)


def test_a_disk_that_is_really_full_is_said(small_database):
    """The run goes on when there is room again, and bytes are whole or not there."""
    address, place = small_database
    store = open_store(address)
    store.log.append("r", 0, (STARTED,), 1.0)
    ballast = place / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    with pytest.raises(StoreFull):
        all(store.blobs.put(bytes(size)) for size in range(100_000, 100_120))
    assert all(len(store.blobs.get(hash)) == size for hash, size in store.blobs.hashes())
    ballast.unlink()
    assert store.log.append("r", 1, (RunEnded("done"),), 2.0)
    assert store.chain.verify("r").ok
    store.log.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("XX001", StoreCorrupt),
        ("42P01", StoreCorrupt),
        ("25006", StoreReadOnly),
        ("53200", StoreFull),
        ("40P01", StoreError),
        ("22P05", StoreError),
    ],
)
def test_each_code_has_its_error(code, kind):
    """What cannot be made to happen here is told by the server's code; the first line of what it said is shown."""
    error = psycopg.errors.lookup(code)("it is so\nand more")
    found = store_fault(error, Address("postgresql://anna:hush@h/d"), gone=False)
    assert isinstance(found, kind)
    assert "it is so." in found.why
    assert "more" not in str(found)


def test_a_fault_without_words_has_a_name():
    """Some say nothing at all."""
    assert "OSError." in str(store_fault(OSError(), Address("postgresql://h/d"), gone=False))
    assert isinstance(store_fault(OSError("no way."), Address("postgresql://h/d"), gone=True), AetherError)


# ---- the doctor


def test_a_server_is_looked_at_without_writing(postgres, server_store, address):
    """Which one it is, and whether there is a record."""
    assert look_at(address).endswith(", nothing is recorded there yet")
    assert postgres.ask("SELECT to_regnamespace('aether')") == [(None,)]
    server_store.log.append("r", 0, (STARTED,), 1.0)
    assert look_at(address).endswith(", with a record of version 3")
