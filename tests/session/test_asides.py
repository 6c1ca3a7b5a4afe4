"""What models are asked beside a conversation: by the rules of what may leave, counted, and said by ``egress``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb.agent.egress import Egress, Rules
from aether_nb.config import Settings
from aether_nb.doing import records
from aether_nb.errors import ModelUnavailable
from aether_nb.events import kinds as k
from aether_nb.events.account import account_of
from aether_nb.events.messages import Text
from aether_nb.knowledge.material import Chunk, Document
from aether_nb.models.scripted import ScriptedModel
from aether_nb.registry import register
from aether_nb.session.knowing import Knowing
from aether_nb.session.serving import Serving
from aether_nb.store.log import JOURNAL
from aether_nb.store.store import Store, open_store
from aether_nb.tools.recalling import recall
from harness.embedding import Embedding, embedding
from harness.retrieval import Words

KEY = "sk-planted0123456789abcdefghij"
ROW = "Zelda Quark, zelda@planted.example, 41"


@pytest.fixture
def server() -> Iterator[Embedding]:
    with embedding() as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / ".aether", "project")


@pytest.fixture
def knowing(tmp_path: Path, server: Embedding, store: Store) -> Iterator[Knowing]:
    """A project whose embedder counts as being elsewhere, with a guide that has a key in it, and a table."""
    row = {"base_url": server.url, "local": False, "auth": "none"}
    settings = Settings(embedding_model="far:tiny", providers={"far": row})
    made = Knowing.of(Serving(settings, tmp_path / ".aether"), tmp_path, lambda: store.log)
    put(made, "guide.md", f"Merge two tables with the token {KEY} on a key.")
    put(made, "people.csv", f"name, mail, age\n{ROW}", kind="csv")
    yield made
    made.close()


def put(knowing: Knowing, path: str, text: str, kind: str = "markdown") -> None:
    """Keep a document of one chunk."""
    knowing.library.do(lambda index: index.put(Document(path, kind=kind, sha="0" * 64), [Chunk(text, path)]))


def filled(knowing: Knowing) -> None:
    """Have the vectors made that are missing."""
    knowing.library.fill()
    assert knowing.library.filled(30)


async def looked_up(knowing: Knowing, rules: Rules = Rules(), query: str = "merge tables") -> k.KnowledgeRecalled:  # noqa: B008
    """What is recorded of a look-up in a run with these rules."""
    context: Any = SimpleNamespace(knowledge=knowing.recaller(Egress(rules, "f3nc3")), call_id="c1")
    (event,) = (await recall.function(query=query, context=context)).events
    assert isinstance(event, k.KnowledgeRecalled)
    return event


async def test_text_for_vectors_leaves_without_keys_and_is_counted(
    knowing: Knowing, server: Embedding, store: Store
) -> None:
    """No key reaches the embedder's server; what does stands in the journal and the run, and ``egress`` adds it up."""
    filled(knowing)
    event = await looked_up(knowing, query=f"merge tables with {KEY}")
    bodies = json.dumps(server.bodies)
    assert "Merge two tables with the token" in bodies and "zelda@planted.example" in bodies
    assert KEY not in bodies
    (asked,) = event.sent
    assert (asked.purpose, asked.model, asked.left.masked, event.usage.input_tokens > 0) == (
        "a question",
        "far:tiny",
        1,
        True,
    )
    assert asked.left.to.startswith("127.0.0.1")
    (noted,) = [entry.event for entry in store.log.read(JOURNAL)]
    assert isinstance(noted, k.Beside)
    assert (noted.purpose, noted.left.rows, noted.left.masked) == ("vectors of what is kept", 3, 1)
    store.log.append("run1", 0, (k.RunStarted("Merge?", "m"), event), 1.0)
    said = records.went(store, "")
    assert "run1  no rows, 0 columns → 127.0.0.1" in said
    assert (
        "beside the runs, vectors of what is kept: 127.0.0.1" in said
        and ": 1 request, 3 rows, 0 columns, 1 key" in said
    )
    assert said.splitlines()[-1].endswith(": 2 requests, 3 rows, 0 columns, 2 keys masked")
    assert "a question, far:tiny, --data all: 127.0.0.1" in records.went(store, "run1")


@pytest.mark.parametrize("rules", [Rules("schema"), Rules("sample"), Rules(hide=("mail",))])
async def test_a_limit_of_data_keeps_a_runs_question_here(knowing: Knowing, server: Embedding, rules: Rules) -> None:
    """A run with a limit searches by words alone where the embedder is elsewhere, and says so; nothing is sent."""
    filled(knowing)
    server.bodies.clear()
    event = await looked_up(knowing, rules)
    assert (server.bodies, event.sent) == ([], ())
    assert event.how[0] == (
        "Searched by its words alone. far:tiny is not asked. A limit of data holds, and it is not on this machine."
    )
    assert [one.path for one in event.passages] == ["guide.md"]


def test_a_limit_that_is_set_later_holds_for_what_is_still_to_go(knowing: Knowing, server: Embedding) -> None:
    """The embedder was chosen while nothing was limited; from the moment that a column is hidden it gets no text."""
    filled(knowing)
    server.bodies.clear()
    knowing.models.say("hide", ("mail",))
    put(knowing, "more.csv", f"name, mail, age\n{ROW}", kind="csv")
    filled(knowing)
    assert server.bodies == []
    assert "A limit of data holds" in knowing.library.trouble


def test_an_embedder_of_somebodys_own_counts_as_being_elsewhere(knowing: Knowing, store: Store) -> None:
    """Nobody knows where it sends what it is given: it gets no key, is counted, and under a limit gets nothing."""
    mine = Words()
    aside = knowing.aside
    assert len(aside.embed(mine, [Text(f"the token {KEY}", "recalled")], "a test")) == 1
    assert mine.given == ["the token ***"]
    (noted,) = [entry.event for entry in store.log.read(JOURNAL)]
    assert isinstance(noted, k.Beside) and (noted.model, noted.left.to) == ("words-1", "Words")
    with pytest.raises(ModelUnavailable, match="words-1 is not asked"):
        replace(aside, rules=Rules("sample")).embed(mine, [Text("text")], "a test")
    mine.local = True  # type: ignore[attr-defined]
    replace(aside, rules=Rules("sample")).embed(mine, [Text("text")], "a test")
    assert mine.given[-1] == "text"


async def test_small_work_is_counted_with_the_run_that_asked(knowing: Knowing) -> None:
    """A small model that chooses among passages gets a request of its own: the run says to whom, and what it cost."""

    class Elsewhere(ScriptedModel):
        local = False

    register("model", "tiny", Elsewhere(["1"], name="tiny"))
    knowing.models.say("utility_model", "tiny")
    knowing.models.say("embedding_model", "")
    event = await looked_up(knowing)
    assert [(one.purpose, one.left.to) for one in event.sent if one.purpose == "small work"] == [("small work", "tiny")]
    assert account_of([k.Entry("r", 1, 1.0, event)]).away["tiny"].requests == 1
