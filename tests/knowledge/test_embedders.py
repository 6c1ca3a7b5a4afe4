"""The contract of an embedder, for the one on this machine and for one behind a server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aether_nb.knowledge.embed import Local
from aether_nb.models.embedding import Embeddings
from aether_nb.models.router import open_embeddings
from contracts.embedder_contract import EmbedderContract
from harness.embedding import embedding
from harness.retrieval import local


class TestLocal(EmbedderContract):
    """all-MiniLM-L6-v2 by numpy."""

    @pytest.fixture
    def embedder(self) -> Local:
        return local()


class TestServer(EmbedderContract):
    """Whatever has ``/embeddings``."""

    @pytest.fixture
    def embedder(self) -> Iterator[Embeddings]:
        with embedding() as server:
            opened = open_embeddings(f"tiny@{server.url}", {})
            yield opened
            opened.close()
