"""What every ``SessionStore`` has to keep. Subclass it as ``Test…`` and give a fixture ``store``."""

from __future__ import annotations

import asyncio

import pytest

from aether_nb.client.sessions import SessionStore
from aether_nb.errors import StoreError
from aether_nb.events.messages import Image, Message, Origin, Text, ToolCall

HELLO = (Message.of("user", "hello ünï ✓"), Message.of("assistant", "hi"))
RICH = (
    Message("user", (Text("look", "rows", ("df.a",)), Image("image/png", "aGk="))),
    Message(
        "assistant",
        (Text("well"),),
        (ToolCall("c1", "add", {"a": 1, "b": [None, 2.5, {"c": "x"}]}),),
        thinking="hm",
        origin=Origin("anthropic", {"signature": "abc"}),
    ),
    Message.of("tool", "3", call_id="c1"),
)


class SessionStoreContract:
    """The laws of a store of conversations."""

    def test_it_is_a_store(self, store):
        """The object has the methods that the contract names."""
        assert isinstance(store, SessionStore)

    async def test_nothing_is_kept_at_first(self, store):
        """A conversation that was never saved has no messages, does not exist, and may be deleted."""
        await store.delete("a")
        assert (await store.load("a"), await store.exists("a")) == ((), False)

    @pytest.mark.parametrize("messages", [HELLO, RICH, ()], ids=["plain", "rich", "empty"])
    async def test_what_was_saved_is_loaded_equal(self, store, messages):
        """Every field of every message comes back as it was, and an empty conversation exists too."""
        await store.save("a", messages)
        assert (await store.load("a"), await store.exists("a")) == (messages, True)

    async def test_saving_replaces(self, store):
        """The last save counts, whole."""
        await store.save("a", RICH)
        await store.save("a", HELLO)
        assert await store.load("a") == HELLO

    async def test_conversations_do_not_see_each_other(self, store):
        """Each id has its own messages, whatever signs it is made of."""
        ids = ["a", "A", "a ", "ä/../b", "x' OR '1'='1", "日本"]
        for n, id in enumerate(ids):
            await store.save(id, HELLO[: n % 3])
        assert [await store.load(id) for id in ids] == [HELLO[: n % 3] for n in range(len(ids))]

    async def test_deleting_forgets_one(self, store):
        """Only the named conversation is gone."""
        await store.save("a", HELLO)
        await store.save("b", RICH)
        await store.delete("a")
        assert (await store.load("a"), await store.exists("a"), await store.load("b")) == ((), False, RICH)

    async def test_what_cannot_be_kept_is_refused(self, store):
        """A value that is no JSON is a typed error, and what was kept stays."""
        await store.save("a", HELLO)
        bad = Message("assistant", calls=(ToolCall("c", "t", {"x": object()}),))
        with pytest.raises(StoreError):
            await store.save("a", (bad,))
        assert await store.load("a") == HELLO

    async def test_a_list_is_as_good_as_a_tuple(self, store):
        """What is handed in may change afterwards; what is kept does not."""
        messages = list(HELLO)
        await store.save("a", messages)
        messages.clear()
        assert await store.load("a") == HELLO

    def test_it_serves_several_event_loops(self, store):
        """What one loop saved another one loads."""
        asyncio.run(store.save("a", HELLO))
        assert asyncio.run(store.load("a")) == HELLO
