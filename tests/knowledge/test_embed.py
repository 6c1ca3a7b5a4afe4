"""The local embedder gives the vectors of its reference; which embedder serves is said plainly."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aether_nb import register, registry
from aether_nb.errors import ConfigError, KnowledgeError
from aether_nb.knowledge import weights
from aether_nb.knowledge.embed import KNOWN, Local, choose, thresholds_of
from aether_nb.knowledge.wordpiece import WordPiece
from harness.retrieval import Words, local

REFERENCE = json.loads((Path(__file__).parent / "minilm.json").read_text())
"""Texts with their pieces and vectors, by sentence-transformers 6.2 with torch 2.14 on a processor, 2026-11-29."""


def test_the_vectors_are_those_of_the_reference() -> None:
    """Whatever the script, the signs and the length of a text: every number is the reference's to a millionth."""
    wanted = np.array([np.frombuffer(base64.b64decode(row), "<f4") for row in REFERENCE["vectors"]])
    mine = local()
    assert (mine.id, mine.dimensions, mine.max_tokens, mine.thresholds) == (
        "all-MiniLM-L6-v2", 384, 256, KNOWN["all-MiniLM-L6-v2"],
    )  # fmt: skip
    assert np.abs(np.asarray(mine.embed(REFERENCE["texts"])) - wanted).max() < 1e-6
    for text, row in zip(REFERENCE["texts"], wanted, strict=True):  # alone, nothing is padded
        assert np.abs(np.asarray(mine.embed([text]))[0] - row).max() < 1e-6
    assert np.asarray(mine.embed([])).shape == (0, 384)


def test_the_pieces_are_those_of_the_reference() -> None:
    """A text is cut as the reference cuts it: accents, ideographs, signs that cannot be seen, special words."""
    tokens = WordPiece.load(local().folder / "vocab.txt")
    assert [tokens.encode(text, 256) for text in REFERENCE["texts"]] == REFERENCE["pieces"]


def seconds(work: Any, times: int = 3) -> float:
    """The least time of a processor that something took."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def test_twenty_chunks_in_a_second_of_one_core(figure: Any) -> None:
    """Embedding costs little more than its bare products: so a core that does them fast embeds 20 chunks a second."""
    from threadpoolctl import threadpool_limits

    mine = local()
    sentence = "The function returns the rows of the left table that have a match in the right one, in their order. "
    chunks = [f"pandas/merge.py :: part {number}\n{sentence * 5}" for number in range(24)]
    pieces = sum(len(WordPiece.load(mine.folder / "vocab.txt").encode(chunk, 256)) for chunk in chunks)
    rows, wide = np.ones((pieces, 384), np.float32), np.ones((pieces, 1536), np.float32)
    square, there, back = (np.ones(shape, np.float32) for shape in ((384, 1536), (384, 1536), (1536, 384)))

    def products() -> None:
        for _ in range(6):
            _ = rows @ square, rows @ there, wide @ back

    with threadpool_limits(1):
        mine.embed(chunks)
        least, taken = seconds(products), seconds(lambda: mine.embed(chunks))
    figure("local embedding, chunks of 500 characters in a second of one core", f"{len(chunks) / taken:.0f}")
    assert taken < 2.5 * least


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A whole encoder of another kind: four numbers wide, with random weights."""
    rng = np.random.default_rng(7)
    shapes = {
        "embeddings.word_embeddings.weight": (6, 4), "embeddings.position_embeddings.weight": (8, 4),
        "embeddings.token_type_embeddings.weight": (2, 4), "embeddings.LayerNorm.weight": (4,),
        "embeddings.LayerNorm.bias": (4,),
    }  # fmt: skip
    for name, shape in {
        "attention.self.query": (4, 4), "attention.self.key": (4, 4), "attention.self.value": (4, 4),
        "attention.output.dense": (4, 4), "attention.output.LayerNorm": (4,), "intermediate.dense": (8, 4),
        "output.dense": (4, 8), "output.LayerNorm": (4,),
    }.items():  # fmt: skip
        shapes[f"encoder.layer.0.{name}.weight"] = shape
        shapes[f"encoder.layer.0.{name}.bias"] = shape[:1]
    header, blob = {}, b""
    for name, shape in shapes.items():
        data = rng.standard_normal(shape).astype("<f4").tobytes()
        header[f"bert.{name}"] = {
            "dtype": "F32", "shape": shape, "data_offsets": [len(blob), len(blob) + len(data)],
        }  # fmt: skip
        blob += data
    packed = json.dumps({"__metadata__": {}, **header}).encode()
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(len(packed).to_bytes(8, "little") + packed + blob)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\n##s\n")
    config = {"model_type": "bert", "hidden_act": "gelu", "hidden_size": 4, "num_attention_heads": 2,
              "num_hidden_layers": 1, "max_position_embeddings": 8, "layer_norm_eps": 1e-12}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_another_encoder_goes_by_its_weights(tiny: Path) -> None:
    """Vectors of other weights never go by a known name, and no threshold of another encoder is taken for theirs."""
    mine = Local(tiny)
    assert mine.id.startswith("bert-")
    assert thresholds_of(mine) is None
    one, two = np.asarray(mine.embed(["hello", "hellos hello " * 9]))
    assert np.allclose([np.linalg.norm(one), np.linalg.norm(two)], 1, atol=1e-6)
    assert np.allclose(np.asarray(mine.embed(["hello"]))[0], one, atol=1e-6)
    before = mine.id
    with (tiny / "model.safetensors").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\0\0")
    assert Local(tiny).id != before


def test_what_is_no_encoder_is_said(tiny: Path) -> None:
    """A folder with something else in it gives an error that names it and says what to type."""
    (tiny / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ConfigError, match="holds no encoder that can be run here"):
        _ = Local(tiny).dimensions


def test_which_embedder_serves(tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role's, else a local one, else none, and each says what it is; what is wanted and missing is an error."""
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")
    environment = {"HF_HOME": str(tmp_path / "hf")}
    nothing = choose("auto", environment, tmp_path / "kept")
    assert nothing.embedder is None
    assert weights.GET in nothing.said
    assert choose("none", environment, tmp_path, Words).embedder is None
    served = choose("auto", environment, tmp_path, Words)
    assert served == (served.embedder, "Found by words, and by meaning with words-1.")
    assert thresholds_of(served.embedder) == Words.thresholds
    for wanted in ("local", str(tmp_path / "gone")):
        with pytest.raises(ConfigError) as caught:
            choose(wanted, environment, tmp_path / "kept")
        assert weights.GET in caught.value.hint
    snapshot = tmp_path / "hf" / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2" / "snapshots"
    snapshot.mkdir(parents=True)
    tiny.rename(snapshot / "c0ffee")
    for wanted in ("auto", "local", str(snapshot / "c0ffee")):
        chosen = choose(wanted, environment, tmp_path / "kept").embedder
        assert isinstance(chosen, Local)
        assert chosen.folder == snapshot / "c0ffee"


def test_a_registered_embedder_is_chosen_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is ready, or a function that makes one; what makes none is named."""
    monkeypatch.setattr(registry, "_things", {})
    ready = Words()
    register("embedder", "ready", ready)
    register("embedder", "made", Words)
    register("embedder", "none-made", lambda: 7)
    assert choose("ready", {}, tmp_path) == (ready, "Found by words, and by meaning with words-1.")
    assert isinstance(choose("made", {}, tmp_path).embedder, Words)
    with pytest.raises(ConfigError, match="makes none"):
        choose("none-made", {}, tmp_path)


@pytest.fixture
def hub(tiny: Path) -> Iterator[str]:
    """A server that has the files of the tiny encoder."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(tiny))

        def log_message(self, format: str, *arguments: Any) -> None:
            """Tests want no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_weights_are_fetched_whole_or_not_at_all(
    hub: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes is kept only when it is what was promised, byte by byte; a second time nothing has to come."""
    with pytest.raises(KnowledgeError, match="are not the weights"):
        weights.fetch(tmp_path / "kept", hub=hub)
    assert weights.find({"HF_HOME": str(tmp_path)}, tmp_path / "kept") in (None, weights.find({}, tmp_path / "none"))
    right = {name: hashlib.sha256((tiny / name).read_bytes()).hexdigest() for name in weights.FILES}
    monkeypatch.setattr(weights, "FILES", right)
    told: list[tuple[int, int]] = []
    folder = weights.fetch(tmp_path / "kept", lambda done, size: told.append((done, size)), hub)
    assert {file.name for file in folder.iterdir()} == set(right)
    assert told[-1][0] == told[-1][1] == (tiny / "model.safetensors").stat().st_size
    assert weights.fetch(tmp_path / "kept", hub="http://127.0.0.1:1") == folder
    (folder / "vocab.txt").unlink()
    with pytest.raises(KnowledgeError, match="could not be fetched"):
        weights.fetch(tmp_path / "kept", hub="http://127.0.0.1:1")
