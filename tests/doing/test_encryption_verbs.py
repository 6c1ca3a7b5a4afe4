"""Encrypting, opening and unlocking a record by its verbs: where its key comes from, and what is said."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.null import Keyring as Forgetful

from aether_nb import cli
from aether_nb.client.choosing import Chooser, Wanted
from aether_nb.config import load
from aether_nb.doing import doctor, encryption, know_terminal, notebook, notebook_encryption, record_care
from aether_nb.errors import OptionError, StoreLocked, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.models.catalogue.probing import Check
from aether_nb.models.sending.cache import Cached
from aether_nb.session import opening, unlocking
from aether_nb.session.asides import Aside, Eyes, own_rules
from aether_nb.session.knowing import Knowing
from aether_nb.session.opening import own_sealer
from aether_nb.session.serving import Serving
from aether_nb.store import wrapping
from aether_nb.store.encrypting import wrapped_key
from aether_nb.store.store import Store, open_store
from harness.evidence import play
from harness.home import bare

SECRET, OTHER = "correct horse battery", "another staple"
PLANTED = "the-planted-value-0417"


class InMemory(KeyringBackend):
    """A keyring that keeps what it is given, for as long as it lives."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user's folders, in one of which he works; nobody types, no keyring answers, and passphrases cost nothing."""
    monkeypatch.setattr("os.environ", bare(tmp_path / "home"))
    monkeypatch.setattr(wrapping, "TYPED_COST", 4)
    monkeypatch.setattr(unlocking, "_OPENED", {})
    monkeypatch.chdir(tmp_path)
    before = keyring.get_keyring()
    keyring.set_keyring(Forgetful())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A record with a run."""
    folder = tmp_path / ".aether"
    store = open_store(folder, sealer=own_sealer())
    store.log.append("run1", 0, (k.RunStarted(PLANTED, "analyst"), k.RunEnded("done")), 1.0)
    store.log.close()
    return folder


@pytest.fixture
def ring() -> InMemory:
    """The system's keyring."""
    ring = InMemory()
    keyring.set_keyring(ring)
    return ring


def typing(*answers: str) -> Any:
    """Somebody who types that, one after the other."""
    left = iter(answers)
    return lambda question: next(left)


def encrypt(place: Path, read: Any = None, rotate: bool = False, passphrase: bool = False) -> str:
    """The verb ``encrypt``."""
    return encryption.encrypt(Namespace(rotate=rotate, passphrase=passphrase), place, place, own_sealer(), read)


def record() -> Store:
    """The record as another process finds it, which has typed nothing."""
    unlocking._OPENED.clear()
    return opening.open_record()


def change(statement: str) -> None:
    """Change what lies in the record, past all that is ours."""
    store = opening.open_record()
    assert store.tables is not None
    store.tables.write(("test",), lambda db: db.execute(statement))
    store.log.close()


def test_the_environment_comes_first(place: Path, ring: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secret is asked of nobody, and kept nowhere; without it the record is locked."""
    monkeypatch.setenv("AETHER_STORE_KEY", SECRET)
    said = encrypt(place)
    assert "1 run and 0 blobs. Its key is what AETHER_STORE_KEY held." in said and not ring.kept
    assert record().log.runs()[0].prompt == PLANTED
    monkeypatch.setenv("AETHER_STORE_KEY", OTHER)
    with pytest.raises(StoreLocked, match="AETHER_STORE_KEY is set, and is not its key"):
        record().log.runs()
    assert SECRET not in said + (Path.cwd() / ".aether" / "runs.db").read_bytes().decode(errors="replace")


def test_then_the_keyring(place: Path, ring: InMemory) -> None:
    """It keeps a random secret; where it does not have it any more, nothing opens, and no passphrase is asked for."""
    said = encrypt(place)
    assert "in the system's keyring" in said and len(ring.kept) == 1
    assert record().log.runs()[0].prompt == PLANTED
    assert encryption.unlocked(place, None) == "The record is open until this kernel ends."
    ring.kept.clear()
    with pytest.raises(StoreLocked, match="keyring of the system on which it was encrypted"):
        record().log.runs()
    with pytest.raises(StoreLocked):
        encryption.unlocked(place, typing())


def test_then_whoever_types(place: Path) -> None:
    """Twice the same, and long enough; it opens the record for this process alone."""
    for answers, fault in ((("short",), "no passphrase"), ((SECRET, OTHER), "two passphrases")):
        with pytest.raises(UsageFault, match=fault):
            encrypt(place, typing(*answers))
    assert wrapped_key(place) is None
    assert "the passphrase" in encrypt(place, typing(SECRET, SECRET))
    with pytest.raises(StoreLocked, match="Its key is a passphrase"):
        record().log.runs()
    with pytest.raises(StoreLocked):
        encryption.unlocked(place, typing("wrong", "wrong", "wrong"))
    with pytest.raises(StoreLocked):
        encryption.unlocked(place, typing(""))
    encryption.unlocked(place, typing("wrong", SECRET))
    assert opening.open_record().log.runs()[0].prompt == PLANTED


def test_where_nobody_is_there_nothing_is_encrypted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor with a key that is too short to be one."""
    with pytest.raises(UsageFault, match="no key for this record"):
        encrypt(place)
    monkeypatch.setenv("AETHER_STORE_KEY", "short")
    with pytest.raises(UsageFault, match="too short"):
        encrypt(place)
    assert wrapped_key(place) is None


def test_another_key(place: Path, ring: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring forgets the one before; a passphrase can take its place, and a variable that of a passphrase."""
    with pytest.raises(UsageFault, match="not encrypted"):
        encrypt(place, rotate=True)
    encrypt(place)
    assert "the passphrase" in encrypt(place, typing(SECRET, SECRET), rotate=True, passphrase=True)
    assert not ring.kept
    monkeypatch.setenv("AETHER_STORE_KEY_NEW", OTHER)
    said = "The record has another key: what AETHER_STORE_KEY_NEW holds: set AETHER_STORE_KEY to it now."
    assert encrypt(place, rotate=True).startswith(said)
    monkeypatch.setenv("AETHER_STORE_KEY", SECRET)
    with pytest.raises(StoreLocked):
        record().log.runs()
    monkeypatch.setenv("AETHER_STORE_KEY", OTHER)
    assert record().log.runs()[0].prompt == PLANTED
    assert "is encrypted already" in encrypt(place)
    monkeypatch.delenv("AETHER_STORE_KEY_NEW")
    with pytest.raises(UsageFault, match="the next one is not there"):
        encrypt(place, rotate=True)
    assert not ring.kept


def test_what_was_begun_is_finished(place: Path, ring: InMemory) -> None:
    """With the key that it has; another one has to wait for that."""
    encrypt(place)
    change("UPDATE keys SET state = 'sealing'")
    with pytest.raises(OptionError, match="not encrypted to its end"):
        encrypt(place, rotate=True)
    assert encrypt(place).startswith("Encrypted: 0 runs")
    assert len(ring.kept) == 1 and wrapped_key(place).state == "sealed"  # type: ignore[union-attr]


def test_readable_again(place: Path, ring: InMemory) -> None:
    """The keyring forgets the key; what is not encrypted cannot be opened."""
    encrypt(place)
    assert encryption.decrypt(place, own_sealer(), None) == "Readable again: 1 run and 0 blobs."
    assert not ring.kept and record().chain.verify("run1").own
    for act in (lambda: encryption.decrypt(place, own_sealer(), None), lambda: encryption.unlocked(place, None)):
        with pytest.raises(UsageFault, match="not encrypted"):
            act()


def test_where_things_stand_is_said_also_when_it_is_locked(place: Path) -> None:
    """``%aether`` alone shows all that can be known without the key, and how to open it."""
    encrypt(place, typing(SECRET, SECRET))
    models = Namespace(name="m", settings=Namespace(mode="ask"))
    session: Any = Namespace(
        store=record(), grants=(), models=models, workspace=place.parent, turns=(), notebook="", shell=None
    )
    said = notebook.status(session, None)
    assert f"  record   {place}" in said and "  run      This record is encrypted." in said and "%aether unlock" in said
    encryption.unlocked(place, typing(SECRET))
    assert "This record is encrypted" not in notebook.status(session, None)


def test_the_doctor_says_whether_it_opens_here(place: Path) -> None:
    """Without asking anybody: encrypted or not, locked or not, and whether that was done to its end."""
    assert doctor._record(place) == Check("record", "ok", str(place))
    encrypt(place, typing(SECRET, SECRET))
    assert doctor._record(place) == Check("record", "ok", f"{place}; encrypted, and its key is here")
    change("UPDATE keys SET state = 'sealing'")
    found = doctor._record(place)
    assert (found.state, found.hint) == ("warn", "%aether encrypt") and "not to its end" in found.found
    unlocking._OPENED.clear()
    found = doctor._record(place)
    assert found.state == "warn" and "encrypted, and locked: Its key is a passphrase." in found.found
    assert "%aether unlock" in found.hint


def test_what_is_lost_is_said(place: Path, ring: InMemory) -> None:
    """A damaged event does not keep the rest sealed."""
    encrypt(place)
    change("UPDATE events SET payload = x'0102' WHERE seq = 2")
    said = encryption.decrypt(place, own_sealer(), None)
    assert said == ("Readable again: 1 run and 0 blobs. Damaged, and lost: 1 content that did not open. %aether verify")


def test_what_stays_readable_is_said(
    place: Path, ring: InMemory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Knowledge and memory beside the record; replies that were kept are removed, and kept no more."""
    (place / "knowledge").mkdir()
    (place / "knowledge" / "table").write_text("x")
    for name in ("replies.sqlite", "looked.sqlite", "looked.sqlite-wal"):
        (place / name).write_text(PLANTED)
    said = encrypt(place)
    assert "Not sealed, and readable as before: knowledge (what was added with know add)." in said
    assert "looked.sqlite (the text of scanned pages)." in said and not list(place.glob("*.sqlite*"))
    (place / "looked.sqlite").write_text(PLANTED)
    assert "looked.sqlite (the text of scanned pages)." in encrypt(place) and not list(place.glob("*.sqlite*"))
    told: list[str] = []
    monkeypatch.setattr(know_terminal.memory_verbs, "remember", lambda *_: "Kept.")
    monkeypatch.setattr(know_terminal.know_verbs, "know", lambda *_: "Added.")
    know_terminal.remembering("remember", Namespace(json=False))
    know_terminal.know(Namespace(what="add", json=False), told.append)
    note = "The record is encrypted and {} is not: it lies readable on the disk."
    assert capsys.readouterr().out == f"Kept.\n{note.format('what is remembered')}\n"
    assert told == ["Added.", note.format("knowledge")]


@pytest.mark.parametrize("sealed", [True, False])
def test_nothing_that_was_said_is_written_beside_it(tmp_path: Path, sealed: bool) -> None:
    """Neither replies of models, nor the log of the day, which holds questions."""
    serving = Serving(replace(load(tmp_path), cache=True), tmp_path / ".aether", sealed=lambda: sealed)
    serving.model("aether:analyst")
    knowing = Knowing.of(serving, tmp_path, lambda: opening.open_record().log)
    knowing.memory.remember("a fact", datetime.now())
    entries = list(play().run.log.read("run1"))
    asyncio.run(knowing.ended(fold(entries)))
    serving.settings = replace(serving.settings, vision_model="aether:analyst")
    eyes = Eyes.open(Aside(serving, own_rules(serving.settings), lambda _: None), asyncio.run)
    assert isinstance(eyes.model, Cached) and (eyes.model.store.file == ":memory:") == sealed
    kept = serving._replies
    assert kept is not None and (kept.file == ":memory:") == sealed
    assert len(knowing.memory.days()) == int(not sealed)
    knowing.close()


def test_a_terminal_and_a_program_write_nothing_beside_it(place: Path, ring: InMemory) -> None:
    """They know that the record is encrypted, also when nobody has its key, and ask nobody for it."""
    known, chooser = opening.known_here(), Chooser(Wanted(cache=True))
    assert not known.models.sealed()
    encrypt(place)
    unlocking._OPENED.clear()
    ring.kept.clear()
    assert known.models.sealed() and chooser._kept(load(place.parent)).file == ":memory:"
    (place / "runs.db").write_text("no database")
    assert Chooser(Wanted(cache=True))._kept(load(place.parent)).file == ":memory:"
    known.close()


def test_a_pack_is_readable_only_when_that_is_said(place: Path, ring: InMemory, tmp_path: Path) -> None:
    """Whoever gives an encrypted record away is told that the copy is not."""
    book = tmp_path / "book.ipynb"
    book.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    encrypt(place)
    options = Namespace(notebook=str(book), out="", readable=False)
    with pytest.raises(OptionError, match="This record is encrypted"):
        record_care.packed(record(), options, {})
    options.readable = True
    assert "book.ipynb with 0 runs" in record_care.packed(record(), options, {})


def test_in_a_terminal(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever sits there is asked when it is needed; elsewhere the error says what to do."""
    monkeypatch.setenv("AETHER_STORE_KEY", SECRET)
    assert cli.main(["encrypt"]) == 0
    monkeypatch.delenv("AETHER_STORE_KEY")
    unlocking._OPENED.clear()
    assert cli.main(["runs"]) != 0
    assert "This record is encrypted." in capsys.readouterr().err
    monkeypatch.setattr("aether_nb.live.whereabouts.can_type", lambda _: True)
    monkeypatch.setattr("getpass.getpass", typing(SECRET))
    assert cli.main(["runs"]) == 0
    assert PLANTED in capsys.readouterr().out
    assert cli.main(["decrypt"]) == 0
    assert record().log.runs()[0].prompt == PLANTED


def test_in_a_notebook(place: Path, ring: InMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel lets go of the record for it, and goes on with it; Stop while typing shows no traceback."""
    store = opening.open_record()
    assert store.log.runs()
    session: Any = Namespace(store=store, sealer=own_sealer(), models=Namespace(record=place), shell=None)
    monkeypatch.setattr(notebook_encryption, "surroundings", lambda _: (None, place, None))
    verbs = notebook_encryption.HANDLERS
    assert verbs["encrypt"](session, Namespace(store="", rotate=False, passphrase=False)).startswith("Encrypted: 1 run")
    assert store.log.runs()[0].prompt == PLANTED
    assert verbs["unlock"](session, Namespace()).startswith("The record is open")
    assert verbs["decrypt"](session, Namespace(store=str(place))).startswith("Readable again")
    assert store.log.runs()[0].prompt == PLANTED

    def stopped(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("aether_nb.live.whereabouts.can_type", lambda _: True)
    monkeypatch.setattr("getpass.getpass", stopped)
    with pytest.raises(UsageFault, match="Stopped"):
        verbs["encrypt"](session, Namespace(store="", rotate=False, passphrase=True))
