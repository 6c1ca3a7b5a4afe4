"""Two processes in one conversation: no turn is lost, and each turn stays together."""

from __future__ import annotations

import asyncio
import sys

from aether_nb.client.sessions import SharedStore, SqliteSessions
from aether_nb.events.messages import Message
from harness.client import scripted

TURNS = 10
SCRIPT = f"""
import asyncio, sys
from aether_nb import Aether, ScriptedModel
from aether_nb.client.sessions import SqliteSessions

async def main():
    names = [f"{{sys.argv[2]}}{{turn}}" for turn in range({TURNS})]
    talk = Aether(ScriptedModel([f"answer {{name}}" for name in names]), store=SqliteSessions(sys.argv[1])).session("s")
    for name in names:
        await talk.ask(f"question {{name}}")

asyncio.run(main())
"""


async def test_two_processes_lose_nothing(tmp_path):
    """Whoever is later appends to what is there then, not to what it had read before."""
    file = tmp_path / "s.db"
    both = [await asyncio.create_subprocess_exec(sys.executable, "-c", SCRIPT, str(file), name) for name in "ab"]
    async with asyncio.timeout(60):
        assert [await one.wait() for one in both] == [0, 0]
    said = [message.text for message in await SqliteSessions(file).load("s")]
    turns = list(zip(said[::2], said[1::2], strict=True))
    assert len(turns) == 2 * TURNS
    for name in "ab":
        mine = [turn for turn in turns if turn[0].startswith(f"question {name}")]
        assert mine == [(f"question {name}{n}", f"answer {name}{n}") for n in range(TURNS)]


async def test_what_was_written_meanwhile_is_kept(tmp_path):
    """The same in one process: another store on the file writes while the model thinks."""
    store, other = SqliteSessions(tmp_path / "s.db"), SqliteSessions(tmp_path / "s.db")
    meanwhile = [Message.of("user", "b"), Message.of("assistant", "B")]

    async def slow(_):
        await other.append("s", meanwhile)

    ai, _ = scripted("A", store=store)
    ai.on("request.start", slow)
    ai.on("request.complete", slow)
    await ai.session("s").ask("a")
    assert isinstance(store, SharedStore)
    texts = [message.text for message in await store.load("s")]
    assert sorted(texts) == ["A", "B", "B", "a", "b", "b"]
    assert texts[texts.index("a") + 1] == "A"


async def test_those_that_come_first_at_the_same_moment_wait_for_each_other(tmp_path):
    """Each of them wants to make the file one that many can write; SQLite does not wait for others there, so we do."""
    said = [Message.of("user", "a"), Message.of("assistant", "A")]
    for n in range(10):
        stores = [SqliteSessions(tmp_path / f"{n}.db") for _ in range(8)]
        await asyncio.gather(*(store.append("s", said) for store in stores))
        assert len(await stores[0].load("s")) == 16
