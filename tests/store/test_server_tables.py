"""The tables on a server: their versions, values that no column holds, and what is done to them by hand."""

from __future__ import annotations

from contextlib import closing

import pytest

from aether_nb.errors import LogConflict, StoreCorrupt, StoreError, StoreNewer
from aether_nb.events import kinds as k
from aether_nb.store.postgres import schema, session
from aether_nb.store.postgres.database import server_tables
from aether_nb.store.signals import Signal

STARTED = k.RunStarted("how many rows?", "analyst")


@pytest.fixture
def store(server_store):
    """A store on a server."""
    return server_store


def seqs(store):
    """The numbers of the events of the run ``r``."""
    return [entry.seq for entry in store.log.read("r")]


# ---- versions


def test_a_store_of_a_newer_version_is_refused(server_run, postgres):
    """A version above ours is neither read nor written."""
    postgres.ask("INSERT INTO aether.about VALUES (9, now())")
    server_run.log.close()
    for act in (server_run.log.runs, lambda: server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)):
        with pytest.raises(StoreNewer) as caught:
            act()
    assert "has version 9; this aether-nb reads up to 3." in caught.value.what


def test_a_schema_of_another_program_is_left_alone(store, postgres):
    """One of the same name with other tables gets none of ours."""
    postgres.ask("CREATE SCHEMA aether; CREATE TABLE aether.runs (x INTEGER)")
    for act in (store.log.runs, lambda: store.log.append("r", 0, (STARTED,), 1.0)):
        with pytest.raises(StoreCorrupt):
            act()
    assert postgres.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'aether'") == [(1,)]


def test_a_store_is_made_whole_or_not_at_all(store, postgres, monkeypatch):
    """When making the tables fails halfway, nothing of them stays, and the next attempt makes all of them."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", ((*schema.MIGRATIONS[0], "CREATE TABLE runs (x INTEGER)"),))
        with pytest.raises(StoreError):
            store.log.append("r", 0, (STARTED,), 1.0)
    assert postgres.ask("SELECT to_regnamespace('aether')") == [(None,)]
    assert store.log.append("r", 0, (STARTED,), 1.0)


def test_an_older_store_is_lifted_when_it_is_opened(server_run, postgres, monkeypatch):
    """By whoever opens it first, with what it holds."""
    server_run.log.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("ALTER TABLE runs ADD COLUMN more TEXT",)))
    assert seqs(server_run) == [1]
    assert postgres.ask("SELECT version FROM aether.about ORDER BY version") == [(1,), (2,), (3,), (4,)]
    assert postgres.ask("SELECT more FROM aether.runs") == [(None,)]


def test_a_store_of_the_first_version_is_lifted(store, address, postgres, monkeypatch):
    """Its runs are whole and go on; no key has sealed them."""
    with monkeypatch.context() as patch, closing(session.connect(address)) as old:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        schema.migrate(old, address)
        old.execute("INSERT INTO runs VALUES ('r', 1.0, 'q', 'm', 0, NULL, '', '', 0, '')")
    assert store.chain.verify("r").ok and not store.chain.verify("r").own
    store.log.append("r", 0, (STARTED,), 1.0)
    assert seqs(store) == [1]
    assert postgres.ask("SELECT id, seal FROM aether.runs") == [("r", "")]


def test_a_store_that_was_dropped_is_said_and_made_anew(server_run, postgres):
    """Whoever had it open is told once; the record that is then begun is a new one."""
    postgres.empty()
    server_run.log.runs()
    server_run.log.append("r", 0, (STARTED,), 1.0)
    postgres.ask("DROP SCHEMA aether CASCADE")
    with pytest.raises(StoreCorrupt) as caught:
        server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)
    assert "does not exist" in caught.value.why
    assert server_run.log.append("r", 0, (STARTED,), 1.0)


# ---- odd values


@pytest.mark.parametrize("run", ["\ud800", "a\0b"])
def test_a_name_that_no_text_holds_is_said(store, run):
    """Half a surrogate pair, or a zero: refused as an error of ours, and nothing of it is server_run."""
    with pytest.raises(StoreError):
        store.log.append(run, 0, (STARTED,), 1.0)
    with pytest.raises(StoreError):
        store.signals.send(Signal("r", "tell", run))
    assert (store.log.runs(), store.signals.pending("r")) == ([], [])


def test_a_prompt_may_hold_anything(store):
    """The event is kept as it was; in the list of runs a zero is shown as a sign for it."""
    store.log.append("r", 0, (k.RunStarted("a\0b ä €", "m"),), 1.0)
    assert next(iter(store.log.read("r"))).event.prompt == "a\0b ä €"
    assert store.log.runs()[0].prompt == "a�b ä €"


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_a_time_that_is_no_number_is_refused_or_kept(server_run, time):
    """As in SQLite: none is no number, and the run stays as it was; an endless one is one."""
    if time == time:
        server_run.log.append("r", 1, (k.RunEnded("done"),), time)
    else:
        with pytest.raises(StoreError):
            server_run.log.append("r", 1, (k.RunEnded("done"),), time)
    assert server_run.chain.verify("r").ok


def test_a_number_that_no_column_holds_is_said(store):
    """The server counts in 64 bits."""
    with pytest.raises(StoreError):
        store.log.append("r", 0, (k.CallBegun("a", "h", attempt=2**70),), 1.0)
    assert store.log.runs() == []


def test_numbers_are_exact_whatever_the_server_prints(server_run, postgres):
    """A server that is told to print few digits still gives all of them to us."""
    postgres.ask("ALTER DATABASE runs SET extra_float_digits = -10")
    try:
        server_run.log.close()
        server_run.log.append("r", 1, (k.RunEnded("done"),), 1_800_000_000.123456789)
        assert [entry.time for entry in server_run.log.read("r")] == [1.0, 1_800_000_000.123456789]
        assert server_run.chain.verify("r").ok
    finally:
        postgres.ask("ALTER DATABASE runs RESET extra_float_digits")


def test_a_commit_lasts_whatever_the_server_is_told(server_run, postgres, address):
    """A server that would not wait for its disk waits for what we commit."""
    postgres.ask("ALTER DATABASE runs SET synchronous_commit = off")
    try:
        server_run.log.close()
        server_run.log.append("r", 1, (k.RunEnded("done"),), 2.0)
        shown = server_tables(address).select("SELECT current_setting(?)", ("synchronous_commit",))
        assert shown == [("on",)]
    finally:
        postgres.ask("ALTER DATABASE runs RESET synchronous_commit")


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        ("UPDATE aether.events SET payload = '{}' WHERE seq = 2", "Event 2 was changed."),
        ("UPDATE aether.events SET time = 2 WHERE seq = 2", "Event 2 was changed."),
        ("DELETE FROM aether.events WHERE seq = 2", "Event 2 was removed."),
        ("DELETE FROM aether.events WHERE seq = 3", "It is cut off: event 3 was removed from its end."),
        ("UPDATE aether.runs SET chain = '\\x00'", "Event 3 was changed: the list of runs knows it by another hash."),
    ],
)
def test_what_is_done_to_the_tables_is_found(store, postgres, tampering, fault):
    """The chain is that of every store, over the bytes as they lie there."""
    store.log.append("r", 0, (STARTED, k.CallBegun("a", "h"), k.RunEnded("done")), 1.0)
    postgres.ask(tampering)
    assert store.chain.verify("r").fault == fault


def test_a_signal_that_cannot_be_read_is_said(store, postgres):
    """It names the signal; it is not dropped in silence."""
    store.signals.send(Signal("r", "tell", "cell", id="s1"))
    postgres.ask("UPDATE aether.signals SET body = 'nonsense'")
    with pytest.raises(StoreCorrupt) as caught:
        store.signals.pending("r")
    assert caught.value.what == "Signal s1 to run r cannot be read."


def test_a_wrong_head_is_said_before_anything_else(server_run):
    """Whoever has not seen the last event does not begin anything either."""
    with pytest.raises(LogConflict) as caught:
        server_run.log.append("r", 0, (k.CallBegun("a", "h"),), 2.0)
    assert type(caught.value) is LogConflict
    assert session.key_of("r") != session.key_of("s")
