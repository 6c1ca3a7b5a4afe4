"""Knowledge in an object store: the same as in a folder, also with several who write, and reached by the usual keys."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from aether_nb.errors import KnowledgeError
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document, Where
from aether_nb.knowledge.repair import examine, repair
from aether_nb.knowledge.setting import knowledge_place, storage_options
from harness import importer as program
from harness.bucket import bucket

PLACE = "s3://shelf/mine"


def test_an_object_store_is_a_place_like_another():
    """Put, found, replaced, removed, tidied up; only mending is left to whoever holds the store."""
    with bucket() as keys, Index.open(PLACE, options=storage_options(PLACE, keys)) as index:
        assert index.text_search("alpha") == [] and index.documents() == []
        index.put_all([(Document("a"), [Chunk("alpha one")]), (Document("b"), [Chunk("alpha two")])])
        index.put(Document("a"), [Chunk("alpha three")])
        assert [hit.text for hit in index.text_search("alpha")] == ["alpha three", "alpha two"]
        assert index.remove([Document("b").id]) == 1
        index.tidy()
        assert [hit.text for hit in index.text_search("alpha")] == ["alpha three"]
        assert [finding.state for finding in examine(index)] == ["ok"] * 4
        with pytest.raises(KnowledgeError, match="cannot be repaired from here"):
            repair(index)


@pytest.mark.full
def test_several_who_write_to_an_object_store_lose_nothing(tmp_path):
    """Three processes import one folder and their own at once: each document is there, and once."""
    folders = []
    for name in ("docs", "docs", "mine"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for number in range(6):
            (folder / f"f{number}.md").write_text(f"common words of {name} {number}")
        folders.append(folder)
    with bucket() as keys:
        command = [sys.executable, program.__file__, PLACE]
        running = [
            subprocess.Popen(
                [*command, str(folder)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | keys,
                cwd=Path(__file__).parents[2],
            )
            for folder in folders
        ]
        ends = [process.communicate(timeout=300) for process in running]
        assert [error for _, error in ends] == ["", "", ""]
        assert all(json.loads(out)["files"] == 0 for out, _ in ends), "nothing of it lies on this disk"
        with Index.open(PLACE, options=storage_options(PLACE, keys)) as index:
            held = Counter((hit.path, hit.text) for hit in index.chunks(Where()))
            assert len(held) == 12 and set(held.values()) == {1} and len(index.documents()) == 12


@pytest.mark.parametrize(
    "place", ["nowhere://shelf", pytest.param("s3://shelf/mine", marks=pytest.mark.full)], ids=["scheme", "nobody"]
)
def test_a_store_that_cannot_be_reached_is_an_error_of_ours(place):
    """An unknown scheme, nobody there: what was wanted and why it cannot be, without a traceback of others."""
    options = {"aws_endpoint": "http://127.0.0.1:9", "aws_allow_http": "true", "aws_region": "x"}
    with pytest.raises(KnowledgeError, match="could not be"):
        Index.open(place, options=options).documents()


def test_where_knowledge_is_and_how_it_is_reached(tmp_path):
    """What is set holds, relative to the project; a cloud's own variables go along, and no others."""
    store = tmp_path / ".aether"
    assert knowledge_place("", store) == store / "knowledge"
    assert knowledge_place("shared/k", store) == tmp_path / "shared" / "k"
    assert knowledge_place("gs://shelf/k", store) == "gs://shelf/k"
    variables = {"AWS_REGION": "x", "GOOGLE_SERVICE_ACCOUNT": "y", "AZURE_STORAGE_ACCOUNT_NAME": "z", "HOME": "/"}
    assert storage_options("s3://a", variables) == {"aws_region": "x"}
    assert storage_options("gs://a", variables) == {"google_service_account": "y"}
    assert storage_options("az://a", variables) == {"azure_storage_account_name": "z"}
    assert storage_options(tmp_path, variables) == storage_options("db://a", variables) == {}
    assert storage_options("db://a", {"LANCEDB_REGION": "eu", "LANCEDB_API_KEY": "k"}) == {"region": "eu"}


@pytest.mark.parametrize("scheme", ["nowhere", "az", "db"])
def test_the_password_of_an_address_is_not_told(scheme: str) -> None:
    """Neither where the knowledge lies nor in what the database says about it."""
    with pytest.raises(KnowledgeError, match=rf"The knowledge in {scheme}://me:\*\*\*@shelf/x could not") as caught:
        Index.open(f"{scheme}://me:hush@shelf/x").documents()
    assert "hush" not in str(caught.value)
