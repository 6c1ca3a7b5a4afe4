"""The cache of answers: the same question is asked once, and only whole answers to exactly that question are kept."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb.errors import ModelUnavailable, StoreError
from aether_nb.events.messages import Image, Message, Origin, Text, ToolCall, ToolSpec, Usage
from aether_nb.models.base import Delta, Options, Reply, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.scripted import ScriptedModel
from aether_nb.models.sending import cache
from aether_nb.models.sending.cache import FROM_CACHE, Cached, ReplyStore, key_of
from harness.chat import HELLO, HI, ask, asking, chat
from harness.loopback import Play, events, loopback, says

RICH = Reply(
    Message(
        "assistant",
        (Text("für dich ✓", "rows", ("df.a",)), Image("image/png", "aGk=")),
        (ToolCall("call_1", "look", {"a": [1, 2.5, None, "ß"]}),),
        thinking="hm",
        origin=Origin("anthropic", {"blocks": [{"signature": "x"}]}),
    ),
    Usage(10, 5, 0.25, 3, 2, 1),
    "tool_calls",
    "m-2031",
    "anthropic",
    1,
    ("a note",),
)


class Says:
    """A model that answers every question with these replies, one after the other."""

    def __init__(self, *replies: Reply | ModelUnavailable, profile: Profile | None = None) -> None:
        self.replies, self.profile, self.asked = list(replies), profile, 0

    @property
    def name(self) -> str:
        return "test:says"

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        self.asked += 1
        reply = self.replies.pop(0)
        if isinstance(reply, ModelUnavailable):
            yield Delta("begun")
            raise reply
        yield Delta(reply.message.text)
        yield Delta(reply=reply)


async def deltas(model: Cached, request: Request = HELLO) -> list[Delta]:
    return [delta async for delta in model.stream(request)]


def answer(text: str, **more: Any) -> Reply:
    return Reply(Message.of("assistant", text), Usage(10, 5, 0.25), **more)


# ---- asking twice


async def test_over_http() -> None:
    """The same question reaches the server once; the second answer is the same message, costs nothing, and says so."""
    async with loopback(HI) as server:
        model = Cached(chat(server.url), ReplyStore())
        first = await asking(model)
        second = await deltas(model)
        await model.aclose()
        assert len(server.asked) == 1
    kept = replace(first, usage=Usage(cost=0.0), notes=(FROM_CACHE,))
    assert second == [Delta("hi"), Delta(reply=kept)]


async def test_everything_comes_back(tmp_path: Path) -> None:
    """Calls, pictures, thinking, and what its provider wants back come from a file as they went in."""
    await asking(Cached(Says(RICH), ReplyStore(tmp_path / "new" / "replies.db")))
    found = await deltas(Cached(Says(), ReplyStore(tmp_path / "new" / "replies.db")))
    kept = replace(RICH, usage=Usage(cost=0.0), notes=(FROM_CACHE,))
    assert found == [Delta("für dich ✓", "hm"), Delta(reply=kept)]


async def test_only_calls() -> None:
    """An answer without words comes as its reply alone."""
    reply = Reply(Message("assistant", calls=(ToolCall("c", "look", {}),)), finish="tool_calls")
    model = Cached(Says(reply), ReplyStore())
    await asking(model)
    assert [delta.reply is not None for delta in await deltas(model)] == [True]


async def test_off_unless_wanted() -> None:
    """Without the wrapper the same question is asked again."""
    model = ScriptedModel(["a", "b"])
    assert [(await asking(model)).message.text for _ in range(2)] == ["a", "b"]


# ---- what is not kept


@pytest.mark.parametrize("finish", ["length", "refusal", "content_filter", "pause"])
async def test_half_answers(finish: Any) -> None:
    """An answer that was cut, refused or paused is asked for again."""
    model = Cached(Says(answer("ha", finish=finish), answer("ha", finish=finish)), ReplyStore())
    assert [(await asking(model)).message.text for _ in range(2)] == ["ha", "ha"]
    assert model.store.clear() == 0
    model = Cached(Says(answer("ha", finish=finish), answer("whole"), answer("never")), ReplyStore())
    assert [(await asking(model)).message.text for _ in range(3)] == ["ha", "whole", "whole"]


async def test_broken_answers() -> None:
    """Nothing of an answer that broke off is kept."""
    model = Cached(Says(ModelUnavailable("It broke."), answer("whole")), ReplyStore())
    stream = model.stream(HELLO)
    assert await anext(stream) == Delta("begun")
    with pytest.raises(ModelUnavailable):
        await anext(stream)
    assert (await asking(model)).notes == ()


# ---- what is the same


def test_keys() -> None:
    """Whatever may change the answer makes another question; whether it streams does not."""
    profile = Profile("openai", "m", "https://a.example/v1")
    spec = ToolSpec("look", "looks", {"type": "object"})
    hello = Message.of("user", "hello")
    request = Request((hello,))
    questions = [
        ("a", profile, request),
        ("b", profile, request),
        ("a", None, request),
        ("a", replace(profile, base_url="https://b.example/v1"), request),
        ("a", replace(profile, extra={"seed": 1}), request),
        ("a", profile, Request((hello, hello))),
        ("a", profile, Request((Message.of("system", "hello"),))),
        ("a", profile, Request((hello,), (spec,))),
        ("a", profile, Request((hello,), (replace(spec, description="sees"),))),
        ("a", profile, Request((hello,), options=Options(temperature=0.5))),
        ("a", profile, Request((hello,), options=Options(schema={"type": "object"}))),
        ("a", profile, Request((hello,), options=Options(extra={"seed": 1}))),
    ]
    keys = [key_of(*question) for question in questions]
    assert len(set(keys)) == len(keys)
    assert key_of("a", profile, Request((Message.of("user", "hello"),), stream=False)) == keys[0]
    many = Options(extra={"a": 1, "b": {"x": 1, "y": 2}})
    turned = Options(extra={"b": {"y": 2, "x": 1}, "a": 1})
    assert key_of("a", None, Request((hello,), options=many)) == key_of("a", None, Request((hello,), options=turned))


async def test_other_address_is_asked() -> None:
    """An answer of one server is not given for another under the same name."""
    store = ReplyStore()
    here, there = (Profile("local", "m", f"http://{host}/v1") for host in ("here", "there"))
    await asking(Cached(Says(answer("here"), profile=here), store))
    assert (await asking(Cached(Says(answer("there"), profile=there), store))).message.text == "there"


# ---- how much, and how long


async def test_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is too old is asked for again, and leaves the store when another comes."""
    store, now = ReplyStore(max_seconds=100), 1000.0
    monkeypatch.setattr(cache.time, "time", lambda: now)
    store.put("a", answer("old"))
    now = 1099.0
    assert store.get("a") == answer("old")
    now = 1100.0
    assert store.get("a") is None
    store.put("b", answer("new"))
    assert store.clear() == 1


async def test_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much goes, the oldest first; what is too large for all of it is not kept."""
    clock = iter(range(1, 1000))
    monkeypatch.setattr(cache.time, "time", lambda: next(clock))
    store = ReplyStore(max_bytes=3000)
    for name in "abc":
        store.put(name, answer(name * 1000))
    assert [store.get(name) is not None for name in "abc"] == [False, True, True]
    store.put("large", answer("x" * 4000))
    assert store.get("large") is None


def test_clear() -> None:
    """All can be forgotten."""
    store = ReplyStore()
    store.put("a", answer("a"))
    store.put("b", answer("b"))
    assert (store.clear(), store.get("a"), store.clear()) == (2, None, 0)


# ---- the file


def test_private_file(tmp_path: Path) -> None:
    """Only its owner may read the file, and what was asked is not in it."""
    store = ReplyStore(tmp_path / "replies.db")
    store.put(key_of("m", None, Request((Message.of("user", "my secret question"),))), answer("42"))
    store.close()
    assert stat.S_IMODE((tmp_path / "replies.db").stat().st_mode) == 0o600
    assert b"my secret question" not in (tmp_path / "replies.db").read_bytes()


def test_two_stores_share_a_file(tmp_path: Path) -> None:
    """What one process keeps, another finds."""
    first, second = ReplyStore(tmp_path / "replies.db"), ReplyStore(tmp_path / "replies.db")
    first.put("a", answer("a"))
    second.put("b", answer("b"))
    assert (first.get("b"), second.get("a")) == (answer("b"), answer("a"))


@pytest.mark.parametrize("payload", [b"{}", b"\xff", b'{"finish":1}'])
def test_damaged_reply(payload: bytes, tmp_path: Path) -> None:
    """A reply that cannot be read is as good as none, and goes."""
    store = ReplyStore(tmp_path / "replies.db")
    store.put("a", answer("a"))
    other = sqlite3.connect(tmp_path / "replies.db", isolation_level=None)
    other.execute("UPDATE replies SET payload = ?", (payload,))
    other.close()
    assert (store.get("a"), store.clear()) == (None, 0)


def test_newer_reply(tmp_path: Path) -> None:
    """A reply of a newer version is as good as none."""
    store = ReplyStore(tmp_path / "replies.db")
    store.put("a", answer("a"))
    other = sqlite3.connect(tmp_path / "replies.db", isolation_level=None)
    other.execute("UPDATE replies SET version = 99")
    other.close()
    assert store.get("a") is None


async def test_file_that_is_no_cache(tmp_path: Path) -> None:
    """A file that cannot be used is told, typed, and done without."""
    (file := tmp_path / "replies.db").write_bytes(b"no database at all" * 100)
    store = ReplyStore(file)
    with pytest.raises(StoreError, match="cannot be used"):
        store.get("a")
    found = await deltas(Cached(Says(answer("hi")), store))
    note = Delta(note=f"The cache of answers {file} cannot be used. file is not a database.")
    assert found == [note, Delta("hi"), note, Delta(reply=answer("hi"))]


async def test_value_that_is_no_json() -> None:
    """A reply that cannot be written down is passed on all the same."""
    reply = Reply(Message("assistant", calls=(ToolCall("c", "look", {"a": object()}),)), finish="tool_calls")
    found = await deltas(Cached(Says(reply), ReplyStore()))
    assert found[-1] == Delta(reply=reply)
    assert "cannot be recorded" in found[-2].note


async def test_stream_in_pieces_is_kept_whole() -> None:
    """An answer that came in many pieces is kept as one."""
    play = Play([events(says(content="a"), says(content="b"), says(content="c", finish="stop"))])
    async with loopback(play) as server:
        store = ReplyStore()
        assert (await ask(Cached(chat(server.url), store))).message.text == "abc"
        assert (await deltas(Cached(chat(server.url), store)))[0] == Delta("abc")
