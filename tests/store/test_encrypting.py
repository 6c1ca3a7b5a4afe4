"""Encrypting a record and opening it again: nothing readable is left, nothing is lost, and a kill changes neither."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import pytest

from aether_nb.errors import StoreCorrupt, StoreError, StoreLocked
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, ToolCall
from aether_nb.store import database, points
from aether_nb.store.encrypting import Changed, decrypt, encrypt, rewrap, wrapped_key
from aether_nb.store.folder_blobs import FolderBlobs
from aether_nb.store.glance import left_behind
from aether_nb.store.prune import GRACE, prune
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal
from aether_nb.store.store import open_store
from aether_nb.store.vault import new_key
from aether_nb.store.wrapping import unwrap, wrap
from harness.forging import tables_of
from harness.forked import killed_at

KEY = new_key()
WRAPPED = wrap(KEY, "first", "keyring", 1.0)
PLANTED = "the-planted-value-0417"


def opened(folder, **more):
    """The record as somebody who has its key sees it."""
    return open_store(folder, "a test", unlock=lambda _: KEY, **more)


def readable(folder):
    """The files of a folder in which the planted value stands."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return sorted(file.name for file in files if PLANTED.encode() in file.read_bytes())


def write(store, run="r"):
    """A run in which the value stands wherever one of the user's can stand; returns the address of its bytes."""
    call = ToolCall("a", "shell", {"command": PLANTED})
    address = store.blobs.put(PLANTED.encode() * 50)
    store.log.append(
        run,
        0,
        (
            k.RunStarted(PLANTED, "analyst"),
            k.CallProposed(call, "h" * 64, "high", "external"),
            k.CallBegun("a", "h" * 64),
            k.CallFinished("a", (Text(PLANTED * 900),), 1.0),
            k.NamespaceKept("a", (k.Kept("df", "DataFrame", "sha256:1", address, "parquet", 9),)),
        ),
        1.0,
    )
    store.signals.send(Signal(run, "tell", "cell", {"text": PLANTED}, "s1", 2.0))
    return address


def seen(store, run="r"):
    """All that a store gives away of a run."""
    return (
        list(store.log.read(run)),
        store.log.runs(),
        store.signals.pending(run),
        {hash: store.blobs.get(hash) for hash, _ in store.blobs.hashes()},
    )


@pytest.fixture
def store(folder, tmp_path):
    """A record that is not encrypted, with a run in it that this user's key has sealed."""
    store = open_store(folder, sealer=Sealer(tmp_path / "own"))
    write(store)
    store.log.close()
    yield store
    store.log.close()


def test_nothing_readable_is_left_and_nothing_is_lost(store, folder, tmp_path):
    """Neither in the database nor beside it; and what was there is there, for whoever has the key."""
    before, calls = seen(store), store.ledger.calls("r")
    store.log.close()
    assert readable(folder)
    assert encrypt(folder, WRAPPED, KEY, Sealer(tmp_path / "own")) == Changed(1, 1)
    assert readable(folder) == []
    again = opened(folder, sealer=Sealer(tmp_path / "own"))
    assert seen(again) == before and again.encrypted
    assert again.chain.verify("r").own
    assert [row.state for row in again.ledger.calls("r")] == ["finished"]
    again.log.append("r", 5, (k.RunEnded("done"),), 3.0)
    assert readable(folder) == []
    again.log.close()
    assert decrypt(folder, WRAPPED, KEY, Sealer(tmp_path / "own")) == Changed(1, 1)
    assert seen(store)[2:] == before[2:] and store.ledger.calls("r") == calls
    assert store.chain.verify("r").own and not store.encrypted
    assert not list(folder.rglob("*.sealed"))


def test_a_new_record_can_be_encrypted_before_anything_is_in_it(folder):
    """The folder need not exist; once more does nothing."""
    assert wrapped_key(folder) is None
    assert encrypt(folder, WRAPPED, KEY) == encrypt(folder, WRAPPED, KEY) == Changed(0, 0)
    assert wrapped_key(folder) == WRAPPED
    store = opened(folder)
    write(store)
    assert readable(folder) == []
    assert store.encrypted
    store.log.close()


def test_a_kill_in_the_middle_of_a_run_leaves_nothing_readable(folder):
    """SIGKILL, with the write-ahead log and its index as they are just then, and a blob half written."""
    encrypt(folder, WRAPPED, KEY)
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            store = opened(folder)
            for n in range(20):
                write(store, f"r{n}")
            points.reached = lambda name: os.write(writer, b"!") and time.sleep(60)
            store.blobs.put(PLANTED.encode() * 99)
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 1) == b"!"
    assert readable(folder) == []
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert readable(folder) == [] and any(file.suffix == ".part" for file in folder.rglob("*"))
    store = opened(folder)
    assert len(store.log.runs()) == 20 and all(store.chain.verify(f"r{n}").ok for n in range(20))
    store.log.close()


SAMPLE = ("after encrypt", "before blob", "after decrypt")
"""The kills of the ordinary suite; tests/full does them all."""

STOPS = [
    f"{side} {stop}" for stop in ("encrypt", "blob", "encrypted", "opening", "decrypt") for side in ("before", "after")
]


@pytest.mark.parametrize("point", [pytest.param(p, marks=[pytest.mark.full] * (p not in SAMPLE)) for p in STOPS])
def test_whoever_is_killed_loses_nothing_and_goes_on(store, folder, point):
    """At every point at which something is made lasting, on either way; the same again brings it to its end."""
    before, back = seen(store), point.endswith(("opening", "decrypt"))
    store.log.close()
    if back:
        encrypt(folder, WRAPPED, KEY)
    assert killed_at(point, partial(decrypt if back else encrypt, folder, WRAPPED, KEY))
    now = opened(folder)
    assert seen(now) == before
    now.log.close()
    encrypt(folder, wrapped_key(folder) or WRAPPED, KEY)
    assert (readable(folder), wrapped_key(folder).state) == ([], "sealed")
    assert seen(opened(folder)) == before


def test_without_the_key_all_is_refused_and_the_chain_can_be_looked_at(store, folder):
    """What is read and what is written; that the rows are those that were written can be said without reading them."""
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    locked = open_store(folder)
    acts = (
        locked.log.runs,
        lambda: list(locked.log.read("r")),
        lambda: locked.chain.whole("r"),
        lambda: locked.log.append("r", 5, (k.RunEnded("done"),), 3.0),
        lambda: locked.signals.send(Signal("r", "stop", "cli")),
        lambda: locked.signals.pending("r"),
        lambda: locked.leases.take("r", 3.0),
        lambda: locked.blobs.put(b"x"),
        lambda: list(locked.across.of_kinds(("run.started",))),
    )
    for act in acts:
        with pytest.raises(StoreLocked):
            act()
    assert locked.encrypted and locked.chain.verify("r").events == 5
    locked.log.close()
    assert len(list(opened(folder).log.read("r"))) == 5


def test_a_head_that_was_noted_before_is_still_a_witness(store, folder):
    """A notebook shows the hash of the record as it was then; another hash is no witness of it."""
    noted = store.chain.hashes("r")
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    store = opened(folder)
    assert all(store.chain.verify("r", hash).ok for hash in (noted[-1], noted[2][:16], store.chain.head("r")))
    assert not store.chain.verify("r", "f" * 16).ok


def forged(folder, statement):
    """Somebody without the key writes into the database; afterwards the chain is made whole by the same hand."""
    from aether_nb.store.chain import link, root

    store = opened(folder)

    def act(db):
        db.execute(statement)
        prev = root("r")
        rows = "SELECT seq, time, kind, version, CAST(payload AS BLOB) FROM events WHERE run = 'r' ORDER BY seq"
        for seq, *fields in db.execute(rows).fetchall():
            hash = link(prev, "r", seq, *fields)
            db.execute("UPDATE events SET prev = ?, hash = ? WHERE run = 'r' AND seq = ?", (prev, hash, seq))
            prev = hash
        db.execute("UPDATE runs SET chain = ? WHERE id = 'r'", (prev,))

    tables_of(store).write(("forged",), act)
    return store


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET payload = (SELECT payload FROM events AS o WHERE o.run = 'r2' AND o.seq = 3) WHERE seq = 3",
        'UPDATE events SET payload = \'{"attempt":1,"call_id":"a","hash":"x"}\' WHERE seq = 3 AND run = \'r\'',
        "UPDATE events SET kind = 'call.failed' WHERE seq = 3 AND run = 'r'",
    ],
    ids=["swapped", "plain", "kind"],
)
def test_rows_that_were_moved_or_planted_are_noticed(store, folder, statement):
    """Also where the chain was made whole again, which anybody can do: they do not open in another place."""
    write(store, "r2")
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    store = forged(folder, statement)
    verdict = store.chain.verify("r")
    assert (verdict.ok, verdict.events, verdict.seq) == (False, 2, 3)
    assert verdict.fault.startswith("Event 3 does not open.")
    assert len(store.chain.whole("r")[0]) == 2
    with pytest.raises(StoreCorrupt):
        list(store.log.read("r"))


def test_bytes_that_were_swapped_are_noticed(store, folder):
    """Each file is bound to its name, and its name to what is in it."""
    other = store.blobs.put(b"other" * 90)
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    first, second = sorted(folder.rglob("*.sealed"))
    first.write_bytes(second.read_bytes())
    store = opened(folder)
    damaged = 0
    for hash in (other, next(iter(store.log.read("r", 4))).event.kept[0].blob):
        try:
            store.blobs.get(hash)
        except StoreCorrupt as error:
            damaged += "sealed bytes" in error.what
    assert damaged == 1


def test_what_was_not_whole_is_not_whole_afterwards(store, folder):
    """Encrypting must not make a changed record look true, nor opening one; the fault stays with its event."""
    write(store, "cut")
    tables = tables_of(store)
    tables.write(("forged",), lambda db: db.execute("UPDATE events SET payload = '{}' WHERE seq = 3 AND run = 'r'"))
    tables.write(("forged",), lambda db: db.execute("DELETE FROM events WHERE seq = 5 AND run = 'cut'"))
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    verdicts = [opened(folder).chain.verify(run) for run in ("r", "cut")]
    assert [(one.ok, one.seq) for one in verdicts] == [(False, 3), (False, 5)]
    decrypt(folder, WRAPPED, KEY)
    assert [(one.ok, one.seq) for one in map(open_store(folder).chain.verify, ("r", "cut"))] == [(False, 3), (False, 5)]


def test_what_does_not_open_stays_as_it_is(store, folder):
    """A record of which a row was changed is opened all the same; the row is said to be damaged."""
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    damage = (
        "UPDATE events SET payload = x'0102' WHERE seq = 3",
        "UPDATE events SET payload = x'01' WHERE seq = 2",
        "UPDATE signals SET body = 'x'",
        "UPDATE runs SET prompt = 'x'",
    )
    for statement in damage:
        tables_of(opened(folder)).write(("forged",), lambda db, statement=statement: db.execute(statement))
    with pytest.raises(StoreCorrupt):
        opened(folder).signals.pending("r")
    decrypt(folder, WRAPPED, KEY)
    store = open_store(folder)
    assert (store.chain.verify("r").ok, store.log.runs()[0].prompt) == (False, "")
    assert [signal.body for signal in store.signals.pending("r")] == [{}]


def test_a_process_that_has_not_noticed_loses_nothing(folder):
    """Where the file system is shared nobody can tell that it is open: its writes are refused, then done again."""
    stale = opened(folder, wal=False)
    write(stale)
    encrypt(folder, WRAPPED, KEY)
    stale.log.append("r", 5, (k.RunEnded("done"),), 3.0)
    assert stale.signals.send(Signal("r", "tell", "cell", {"text": PLANTED}, "s2"))
    assert readable(folder) == []
    decrypt(folder, WRAPPED, KEY)
    stale.log.append("r", 6, (k.RunForked("r", 2, "x"),), 4.0)
    assert [entry.seq for entry in open_store(folder).log.read("r")] == list(range(1, 8))


def test_an_encrypted_file_that_is_lost_goes_on_encrypted(store, folder):
    """A run that is being written goes on in a new file, with its rows and with the key, whoever makes that file."""
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    other, store = opened(folder), opened(folder)
    other.log.append("s", 0, (k.RunStarted(PLANTED, "m"),), 3.0)
    store.log.append("r", 5, (k.CallBegun("b", "h"),), 3.0)
    for file in folder.glob("runs.db*"):
        file.unlink()
    store.log.append("r", 6, (k.RunEnded("done"),), 3.0)
    other.log.append("s", 1, (k.RunEnded("done"),), 3.0)
    assert (len(list(store.log.read("r"))), store.encrypted, readable(folder)) == (7, True, [])
    assert [entry.seq for entry in store.log.read("s")] == [1, 2]
    store.log.close()
    other.log.close()
    assert wrapped_key(folder).id == WRAPPED.id
    assert opened(folder).chain.verify("r").ok


def test_who_has_it_open_or_holds_a_run_is_not_overrun(store, folder, monkeypatch):
    """The refusal says so, and everything stays as it was."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    store.log.runs()
    with pytest.raises(StoreError, match="open elsewhere"):
        encrypt(folder, WRAPPED, KEY)
    store.leases.take("r", 1.0)
    with pytest.raises(StoreError, match="is at work"):
        encrypt(folder, WRAPPED, KEY)
    store.leases.release("r", 1)
    assert wrapped_key(folder) is None
    store.log.close()
    assert encrypt(folder, WRAPPED, KEY).runs == 1


def test_another_secret_opens_the_same(store, folder):
    """No row changes; the secret before opens nothing any more, and its wrapped key is nowhere in the files."""
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    head = opened(folder).chain.head("r")
    rewrap(folder, wrap(KEY, "second", "keyring", 2.0, WRAPPED.id), KEY)
    now = wrapped_key(folder)
    assert (unwrap(now, "first"), unwrap(now, "second"), opened(folder).chain.head("r")) == (None, KEY, head)
    assert not any(WRAPPED.wrapped in file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("stop", "secret"), [("before alone", "first"), ("before rewrap", "first"), ("after rewrap", "second")]
)
def test_whoever_is_killed_while_the_secret_changes_has_one_of_the_two(store, folder, stop, secret):
    """The record opens with the one before, or with the new one: never with neither."""
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    again = wrap(KEY, "second", "keyring", 2.0, WRAPPED.id)
    assert killed_at(stop, partial(rewrap, folder, again, KEY))
    assert [one for one in ("first", "second") if unwrap(wrapped_key(folder), one)] == [secret]


def test_cleaning_knows_which_sealed_bytes_are_spoken_of(store, folder):
    """By the key; without it nothing is dropped, and where an event does not open, no bytes are."""
    store.blobs.put(b"nobody speaks of this")
    change = k.FileChange("/w/report.md", store.blobs.put(b"a file before it was written over"), "")
    store.log.append("r", 5, (k.FileWritten("a", change),), 2.0)
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    for file in folder.rglob("*.sealed"):
        os.utime(file, (0, 0))
    with pytest.raises(StoreLocked):
        prune(folder, 2 * GRACE)
    assert prune(folder, 2 * GRACE, unlock=lambda _: KEY).blobs == 1
    files = list(folder.rglob("*.sealed"))
    forged(folder, "UPDATE events SET payload = x'0102' WHERE seq > 4").log.close()
    assert prune(folder, 2 * GRACE, unlock=lambda _: KEY).blobs == 0
    assert len(files) == 2 and all(file.exists() for file in files)


def test_a_glance_says_nothing_of_what_is_sealed(store, folder):
    """That a run waits can be said without the key; what it is about cannot."""
    store.log.append("r", 5, (k.RunParked("gate", "a"),), 3.0)
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    (left,) = left_behind(folder)
    assert (left.run, left.prompt, PLANTED in str(left)) == ("r", "encrypted", False)


def test_bytes_put_in_before_are_found_until_they_are_sealed(store, folder):
    """Half of them may be sealed when somebody is killed; dropping takes either kind."""
    store.log.close()
    encrypt(folder, WRAPPED, KEY)
    store = opened(folder)
    address = FolderBlobs(folder).put(b"plain")
    assert (store.blobs.get(address), store.blobs.has(address), store.blobs.drop(address)) == (b"plain", True, 5)
    assert not store.blobs.has(address)
