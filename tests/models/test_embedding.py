"""Vectors from a server: in batches, tried again, counted, and refused when they are none."""

from __future__ import annotations

import base64
import math
from typing import Any

import openai
import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.models.embedding import AT_ONCE, Embeddings
from aether_nb.models.router import open_embeddings
from harness.embedding import DIMENSIONS, embedding, vector


def opened(url: str, **more: Any) -> Embeddings:
    return open_embeddings(f"tiny@{url}", {}, **more)


def test_same_vectors_as_the_official_client() -> None:
    """A text's vector is the one that the official client gets, made as long as one."""
    texts = ["merge two tables", "plot a line", ""]
    with embedding() as server:
        ours = opened(server.url)
        got = ours.embed(texts)
        client = openai.OpenAI(base_url=server.url, api_key="none")
        told = client.embeddings.create(model="tiny", input=[text or "-" for text in texts])
        ours.close()
    theirs = [sorted(told.data, key=lambda row: row.index)[index].embedding for index in range(3)]
    for mine, other in zip(got, theirs, strict=True):
        length = math.hypot(*other)
        assert mine == pytest.approx([number / length for number in other], abs=1e-6)
        assert math.hypot(*mine) == pytest.approx(1)


def test_batches_are_small_and_in_order_and_counted() -> None:
    """Many texts go in several requests, come back in their order, and what they used up is added together."""
    texts = [f"row number {index}" for index in range(2 * AT_ONCE + 3)]
    with embedding() as server:
        ours = opened(server.url)
        got, usage = ours.embedded(texts)
        ours.close()
        sizes = [len(body["input"]) for body in server.bodies]
    assert sizes == [AT_ONCE, AT_ONCE, 3]
    assert got[-1] == pytest.approx([number / math.hypot(*vector(texts[-1])) for number in vector(texts[-1])])
    assert (usage.input_tokens, usage.cost) == (3 * len(texts), 0.0)


def test_a_busy_server_is_asked_again() -> None:
    """A refusal that passes is waited out, as for any model; the connections serve again afterwards."""
    with embedding(busy=1) as server:
        ours = opened(server.url)
        assert (ours.dimensions, ours.id, ours.normalised) == (DIMENSIONS, f"tiny@{server.url}", True)
        assert len(ours.embed(["once more"])[0]) == DIMENSIONS
        ours.close()
        assert len(server.bodies) == 3


NONSENSE: list[tuple[Any, str]] = [
    ({"data": [{"embedding": [0.0, 0.0]}]}, "zero throughout"),
    ({"data": [{"embedding": [1.0, None]}]}, "One of its vectors is none"),
    ({"data": [{"embedding": "!"}]}, "One of its vectors is none"),
    ({"data": [{"embedding": base64.b64encode(b"abc").decode()}]}, "One of its vectors is none"),
    ({"data": [{"embedding": [float("nan")]}]}, "One of its vectors is none"),
    ({"data": [{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}]}, "not of one length"),
    ({"data": [{"embedding": [1.0]}, {"embedding": [2.0]}]}, "1 texts were sent, and 2 vectors came back"),
    ({"choices": []}, "no list of vectors"),
    ({"error": {"message": "no such model"}}, "no such model"),
]


@pytest.mark.parametrize(("says", "why"), NONSENSE)
def test_what_is_no_vector_is_refused(says: Any, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that cannot be searched gets into an index: the error says what came."""
    monkeypatch.setattr("aether_nb.models.sending.resilience.FIRST_WAIT", 0.0)
    with embedding(says=says) as server:
        ours = opened(server.url)
        with pytest.raises(ModelUnavailable) as caught:
            ours.embed(["a text"])
        ours.close()
    assert why in caught.value.why


def test_only_local_ones_when_so_told() -> None:
    """With local_only no text goes to a provider, also not to be embedded."""
    with pytest.raises(ModelUnavailable, match="only local models are allowed"):
        open_embeddings("openai:text-embedding-3-small", {"OPENAI_API_KEY": "sk-x"}, local_only=True)
