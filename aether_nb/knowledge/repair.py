"""Looking whether what is kept can be read, and repairing what a crash, a bad disk or another embedder left.

LanceDB writes a manifest for each version and no byte twice, so a damaged newest manifest is cured by taking it away:
the version before it is whole. What is taken away lies in ``damaged`` beside the tables. Nothing is deleted but vectors
that another embedder's have taken the place of: they can be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aether_nb.errors import KnowledgeCorrupt, KnowledgeError
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import CATEGORIES, Category, Stats, Where

__all__ = ["Finding", "examine", "repair"]

DAMAGED = "damaged"
VERSIONS = 5
"""How many newest versions may be taken away."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing."""

    name: str
    state: str
    """ok, note, or broken."""
    said: str
    hint: str = ""


def examine(index: Index) -> list[Finding]:
    """Whether each category can be opened, read and searched, and what there is to know about the place."""
    place = index.place
    where = Finding("place", "ok" if not place.note else "note", place.note or place.shown)
    return [where, *(_examined(index, category) for category in CATEGORIES)]


def _examined(index: Index, category: Category) -> Finding:
    hint = "%aether know doctor --repair"
    try:
        stats = next(found for found in index.stats(category))
        index.text_search("the knowledge of words", 1, Where(category))
        index.chunks(Where(category, path=("",)))
    except KnowledgeCorrupt as error:
        return Finding(category, "broken", f"{error.what} {error.why}", hint)
    except KnowledgeError as error:
        return Finding(category, "broken", f"{error.what} {error.why}", error.hint or hint)
    if not stats.documents:
        return Finding(category, "ok", "empty")
    said = f"{stats.documents:,} documents, {stats.chunks:,} chunks, can be read and searched"
    if others := _replaced(index, stats):
        return Finding(category, "note", f"{said}; vectors of {', '.join(others)} take room, too", hint)
    return Finding(category, "ok", said)


def _replaced(index: Index, stats: Stats) -> list[str]:
    """The embedders whose vectors another one's have taken the place of: every chunk has one of those in use."""
    if index.embedder is None or not stats.embedded or stats.embedded < stats.chunks:
        return []
    return [id for id in stats.embedders if id != index.embedder.id]


def repair(index: Index) -> list[str]:
    """Make readable what can be made so; says what was done.

    Raises:
        KnowledgeError: It lies on a server, or nothing may be written, or something cannot be repaired.
    """
    folder = index.place.folder
    if folder is None or not index.place.writable:
        raise KnowledgeError(
            f"{index.place.shown} cannot be repaired from here.", "Only a folder that can be written can."
        )
    done: list[str] = []
    for category in CATEGORIES:
        versions = folder / f"{category}.lance" / "_versions"
        if versions.is_dir():
            done += _opened(index, category, versions, folder / DAMAGED)
            done += _indexed(index, category)
            if others := _replaced(index, *index.stats(category)):
                index.drop_other_vectors(category)
                done.append(f"Vectors of {category} that nobody uses any more are gone: {', '.join(others)}.")
    return done


def _opened(index: Index, category: Category, versions: Path, damaged: Path) -> list[str]:
    """Take newest versions away until the table can be opened."""
    done: list[str] = []
    for _ in range(VERSIONS):
        try:
            index.forget(category)
            index.stats(category)
            return done
        except KnowledgeError:
            newest = _newest(versions)
            if newest is None:
                break
            damaged.mkdir(exist_ok=True)
            newest.rename(damaged / f"{category}-{newest.name}")
            done.append(f"The newest version of {category} was damaged and is put aside; the one before it holds.")
    index.forget(category)
    index.stats(category)
    return done


def _indexed(index: Index, category: Category) -> list[str]:
    """Make the indexes anew when a search fails."""
    try:
        index.text_search("the knowledge of words", 1, Where(category))
    except KnowledgeError:
        index.reindex(category)
        index.text_search("the knowledge of words", 1, Where(category))
        return [f"The indexes of {category} were damaged and are made anew."]
    return []


def _newest(versions: Path) -> Path | None:
    """The manifest of the newest version. Their names count down from the largest number, or up from 1."""
    found = [path for path in versions.glob("*.manifest") if path.stem.isdigit()]
    if len(found) < 2:
        return None
    down = all(len(path.stem) == 20 for path in found)
    return min(found) if down else max(found, key=lambda path: int(path.stem))
