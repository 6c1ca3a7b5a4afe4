"""The forward pass of a small BERT encoder in numpy: texts become vectors of length one.

It gives the vectors of all-MiniLM-L6-v2 as its authors' own program does, to the sixth decimal, and needs neither torch
nor a compiled runtime. Weights are read from a safetensors file and never written. It knows no index and no settings.
Method: Devlin et al. 2018 (the encoder), Reimers and Gurevych 2019 (the mean over a text's pieces).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aether_nb.knowledge.wordpiece import WordPiece

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Bert"]

PIECES_AT_ONCE = 1024
"""How many pieces go through the layers together; more no longer fit into a processor's cache, and are slower."""

BLOCK = 64
"""Rows of the widest layer that are bent at once, for the same reason."""


class Layer(NamedTuple):
    """One layer's weights, each matrix laid out for ``rows @ matrix``."""

    qkv: tuple[Floats, Floats]
    out: tuple[Floats, Floats]
    norm1: tuple[Floats, Floats]
    wide: tuple[Floats, Floats]
    narrow: tuple[Floats, Floats]
    norm2: tuple[Floats, Floats]


class Bert:
    """An encoder whose weights lie in a folder: ``model.safetensors``, ``config.json``, ``vocab.txt``.

    Args:
        folder: Where they lie, in the layout of the Hugging Face hub.

    Raises:
        OSError: A file is missing.
        ValueError: The files are of another kind of model.
    """

    def __init__(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
            raise ValueError(f"{folder} holds a {config.get('model_type')!r} model with {config.get('hidden_act')!r}")
        self.tokens = WordPiece.load(folder / "vocab.txt")
        self.max_tokens = min(256, int(config["max_position_embeddings"]))
        self.dimensions, self.heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        self.epsilon = float(config["layer_norm_eps"])
        weights = _read(folder / "model.safetensors")
        self._words = weights["embeddings.word_embeddings.weight"]
        self._places = _own(weights["embeddings.position_embeddings.weight"][: self.max_tokens])
        self._places += weights["embeddings.token_type_embeddings.weight"][0]
        self._norm = _pair(weights, "embeddings.LayerNorm")
        scale = (self.dimensions // self.heads) ** -0.5
        self._layers = [_layer(weights, number, scale) for number in range(int(config["num_hidden_layers"]))]

    def embed(self, texts: Sequence[str]) -> Floats:
        """The vectors of texts: ``float32[len(texts), dimensions]``, each of length one.

        A text longer than ``max_tokens`` pieces is cut there.
        """
        import numpy as np

        pieces = [self.tokens.encode(text, self.max_tokens) for text in texts]
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        rest = sorted(range(len(texts)), key=lambda index: len(pieces[index]))
        while rest:  # texts of like length go together, so that little is padded
            longest = len(pieces[rest[-1]])
            count = max(1, PIECES_AT_ONCE // longest)
            rest, now = rest[:-count], rest[-count:]
            vectors[now] = self._forward([pieces[index] for index in now], longest)
        return vectors

    def _forward(self, batch: list[list[int]], longest: int) -> Floats:
        """The vectors of a batch, whose texts are padded to the longest."""
        import numpy as np

        numbers = np.zeros((len(batch), longest), np.int64)
        for row, pieces in enumerate(batch):
            numbers[row, : len(pieces)] = pieces
        lengths = np.array([len(pieces) for pieces in batch])
        there = np.arange(longest) < lengths[:, None]
        blind = None if there.all() else np.where(there, 0, -np.inf).astype(np.float32)[:, None, None, :]
        rows: Floats = np.asarray(self._words[numbers] + self._places[:longest], np.float32)
        rows = _normalised(rows.reshape(-1, self.dimensions), self._norm, self.epsilon)
        for layer in self._layers:
            rows = self._through(layer, rows, len(batch), blind)
        mask = there.astype(np.float32)[:, None, :]
        means = (mask @ rows.reshape(len(batch), longest, -1))[:, 0] / lengths[:, None].astype(np.float32)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)

    def _through(self, layer: Layer, rows: Floats, texts: int, blind: Floats | None) -> Floats:
        """One layer: each piece looks at the others of its text, then by itself."""
        import numpy as np

        count, size = rows.shape[0] // texts, self.dimensions // self.heads
        qkv = rows @ layer.qkv[0]
        qkv += layer.qkv[1]
        query, key, value = qkv.reshape(texts, count, 3, self.heads, size).transpose(2, 0, 3, 1, 4)
        looks = query @ key.transpose(0, 1, 3, 2)
        if blind is not None:
            looks += blind
        looks -= looks.max(axis=-1, keepdims=True)
        np.exp(looks, out=looks)
        seen = looks @ value
        seen /= looks.sum(axis=-1, keepdims=True)
        seen = seen.transpose(0, 2, 1, 3).reshape(rows.shape)
        found = seen @ layer.out[0]
        found += layer.out[1]
        found += rows
        rows = _normalised(found, layer.norm1, self.epsilon)
        wide = rows @ layer.wide[0]
        wide += layer.wide[1]
        _bend(wide)
        found = np.asarray(wide @ layer.narrow[0], np.float32)
        found += layer.narrow[1]
        found += rows
        return _normalised(found, layer.norm2, self.epsilon)


def _normalised(rows: Floats, weights: tuple[Floats, Floats], epsilon: float) -> Floats:
    """Rows with mean 0 and variance 1, scaled and moved; in place."""
    import numpy as np

    rows -= rows.mean(axis=1, keepdims=True)
    scale = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    rows *= (1 / np.sqrt(scale + np.float32(epsilon)))[:, None]
    rows *= weights[0]
    rows += weights[1]
    return rows


def _bend(rows: Floats) -> None:
    """X times the normal distribution function of x; in place.

    The error function by Abramowitz and Stegun 7.1.26, which is right to 1.5e-7.
    """
    import numpy as np

    for begin in range(0, len(rows), BLOCK):
        x = rows[begin : begin + BLOCK]
        z = np.abs(x)
        z *= np.float32(0.7071067811865476)
        t = z * np.float32(0.3275911)
        t += np.float32(1)
        np.reciprocal(t, out=t)
        tail = t * np.float32(1.061405429)
        for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
            tail += np.float32(factor)
            tail *= t
        z *= z
        np.negative(z, out=z)
        np.exp(z, out=z)
        tail *= z  # what is missing to 1 in erf of |x| / √2
        half = np.abs(x)
        half *= tail
        np.maximum(x, np.float32(0), out=x)
        half *= np.float32(0.5)
        x -= half


def _read(file: Path) -> dict[str, Floats]:
    """The tensors of a safetensors file, lying where they are: 8 bytes of length, a JSON header, then numbers."""
    import numpy as np

    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header: dict[str, Any] = json.loads(stream.read(length))
    found: dict[str, Floats] = {}
    for name, tensor in header.items():
        if name != "__metadata__" and tensor["dtype"] == "F32":
            shape, begin = tuple(tensor["shape"]), 8 + length + tensor["data_offsets"][0]
            found[name.removeprefix("bert.")] = np.memmap(file, np.float32, "r", begin, shape)
    return found


def _own(tensor: Floats) -> Floats:
    import numpy as np

    return np.array(tensor, np.float32)


def _pair(weights: dict[str, Floats], name: str) -> tuple[Floats, Floats]:
    """A layer's matrix, transposed, or its vector; and what is added."""
    import numpy as np

    return np.ascontiguousarray(weights[f"{name}.weight"].T, np.float32), _own(weights[f"{name}.bias"])


def _layer(weights: dict[str, Floats], number: int, scale: float) -> Layer:
    """The weights of one layer; those of its queries are scaled, so that no product has to be."""
    import numpy as np

    at = f"encoder.layer.{number}"
    parts = [_pair(weights, f"{at}.attention.self.{part}") for part in ("query", "key", "value")]
    parts[0] = (parts[0][0] * np.float32(scale), parts[0][1] * np.float32(scale))
    qkv = (np.concatenate([m for m, _ in parts], axis=1), np.concatenate([b for _, b in parts]))
    return Layer(
        qkv,
        _pair(weights, f"{at}.attention.output.dense"),
        _pair(weights, f"{at}.attention.output.LayerNorm"),
        _pair(weights, f"{at}.intermediate.dense"),
        _pair(weights, f"{at}.output.dense"),
        _pair(weights, f"{at}.output.LayerNorm"),
    )
