"""Stores of conversations: both keep the contract, and the one on disk says what is wrong with its file."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from aether_nb.client import sessions
from aether_nb.client.sessions import MemorySessions, SqliteSessions
from aether_nb.errors import StoreError, StoreNewer
from aether_nb.events.codec import decode
from aether_nb.events.messages import Message, ToolCall
from contracts.session_store_contract import HELLO, SessionStoreContract


class TestMemorySessions(SessionStoreContract):
    """Laws of the store in memory."""

    @pytest.fixture
    def store(self):
        """An empty one."""
        return MemorySessions()


class TestSqliteSessions(SessionStoreContract):
    """Laws of the store on disk."""

    @pytest.fixture
    def store(self, tmp_path):
        """One whose file and folder are not there yet."""
        return SqliteSessions(tmp_path / "deep" / "sessions.db")

    async def test_another_store_on_the_same_file_sees_it(self, store):
        """What was saved outlives the object."""
        await store.save("a", HELLO)
        assert await SqliteSessions(str(store.file)).load("a") == HELLO

    async def test_a_turn_takes_apart_only_what_is_new(self, store, monkeypatch):
        """However long the conversation is; after somebody else has written, it is all of it once."""
        sizes = []

        def decoded(*row):
            event = decode(*row)
            sizes.append(len(event.messages))
            return event

        monkeypatch.setattr(sessions, "decode", decoded)
        for turn in range(5):
            assert len(await store.load("a")) == 2 * turn
            await store.append("a", (Message.of("user", f"{turn}"), Message.of("assistant", "yes")))
        assert sizes == [2] * 5
        await SqliteSessions(store.file).append("a", (Message.of("user", "mine"),))
        sizes.clear()
        assert (await store.load("a"))[-1].text == "mine"
        assert sizes == [11]

    async def test_what_was_added_is_what_another_one_reads(self, store):
        """Also where the file has its nearest neighbour, and where what was handed in changes afterwards."""
        given = {"numbers": (1, float("nan")), "half": "\ud83d"}
        await store.append("a", [Message("assistant", calls=(ToolCall("c1", "look", given),))])
        given["numbers"] = ()
        assert await store.load("a") == await SqliteSessions(store.file).load("a") != ()
        assert (await store.load("a"))[0].calls[0].arguments == {"numbers": [1, None], "half": "\ufffd"}

    async def test_looking_makes_no_file(self, store):
        """Only saving touches the disk."""
        await store.load("a")
        await store.exists("a")
        await store.delete("a")
        assert not store.file.parent.exists()

    async def test_a_file_that_is_no_store_is_a_typed_error(self, store):
        """The message names the file."""
        store.file.parent.mkdir()
        store.file.write_text("this is no database, and long enough to be looked at " * 40)
        with pytest.raises(StoreError) as caught:
            await store.load("a")
        assert caught.value.what == f"The conversations in {store.file} cannot be used."

    async def test_a_newer_aether_nb_is_named(self, store):
        """A conversation of a version that is not known here is not guessed at."""
        await store.save("a", HELLO)
        with closing(sqlite3.connect(store.file)) as db, db:
            db.execute("UPDATE sessions SET version = 99")
        with pytest.raises(StoreNewer):
            await store.load("a")

    async def test_what_is_no_conversation_is_a_typed_error(self, store):
        """A record of another kind is refused."""
        await store.save("a", HELLO)
        with closing(sqlite3.connect(store.file)) as db, db:
            db.execute("UPDATE sessions SET kind = 'call.begun', payload = ?", (b'{"call_id":"a","hash":"h"}',))
        with pytest.raises(StoreError) as caught:
            await store.load("a")
        assert caught.value.why == "It is a call.begun."
