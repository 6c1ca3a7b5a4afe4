"""What ``know`` says and does, for both faces: what is known beside the notebook.

A face hands in where things are, how a page is fetched, and what variables there are; nothing here knows a session.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

from aether_nb.doing.know_bench import compared
from aether_nb.doing.know_desk import Desk
from aether_nb.errors import KnowledgeMissing, OptionError
from aether_nb.events.recalling import Recalled
from aether_nb.knowledge import weights
from aether_nb.knowledge.chunks import LIMIT
from aether_nb.knowledge.finding import stamp
from aether_nb.knowledge.importing import VARIABLE, Report, is_address
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Hit, Known, Stats, Where
from aether_nb.knowledge.repair import examine, repair
from aether_nb.knowledge.watching import watch
from aether_nb.session.asides import Eyes
from aether_nb.typed import whole

__all__ = ["know"]

SHOWN = 300
"""Characters of a chunk in a list."""


def know(options: argparse.Namespace, desk: Desk) -> str:
    """Do what was typed behind ``know``; gives what there is to say.

    Raises:
        KnowledgeError: It cannot be done.
        OptionError: Something has to be said that was not.
    """
    deed = DEEDS[options.what]
    if options.what in ("add", "search", "show", "remove") and not options.words:
        example = {"add": "docs", "search": "how are refunds booked"}.get(options.what, "docs/a.md")
        raise OptionError(f"know {options.what} what?", hint=f"%aether know {options.what} {example}")
    with desk.open() as index:
        return deed(index, options, desk)


# ---- what is there


def _listed(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    stats = index.stats()
    sources = _sources(index.fingerprints(), desk.root)
    if options.json:
        plain = {"place": index.place.shown, "note": index.place.note, "embedder": getattr(index.embedder, "id", "")}
        rows = [{"source": name, **row} for name, row in sources.items()]
        return json.dumps({**plain, "categories": [asdict(found) for found in stats], "sources": rows}, indent=2)
    lines = [f"Knowledge in {index.place.shown}", *filter(None, [index.place.note])]
    lines += [f"  {line}" for line in desk.library.standing()]
    lines += [f"  {_counted(found)}" for found in stats if found.documents]
    width = max(map(len, sources), default=0)
    lines += [f"  {name:<{width}}  {_fresh(row)}" for name, row in sources.items()]
    if not any(found.documents for found in stats):
        lines.append("Nothing is in there yet: %aether know add FILE|FOLDER|ADDRESS")
    return "\n".join(lines)


def _counted(found: Stats) -> str:
    """What a category holds, in words."""
    parts = [_many(found.documents, "document"), _many(found.chunks, "chunk"), f"{found.bytes / 1e6:,.1f} MB"]
    if found.failed:
        parts.append(f"{found.failed:,} could not be read")
    vectors = (
        f"{found.embedded:,} of {found.chunks:,} chunks have vectors" if found.embedded else "found by words alone"
    )
    return f"{found.category}: {', '.join(parts)}; {vectors}; newest {_ago(found.newest)}"


def _sources(known: Mapping[str, Known], root: Path) -> dict[str, dict[str, int]]:
    """By source: how many documents, and how many changed or vanished since."""
    rows: dict[str, dict[str, int]] = {}
    for name, entry in sorted(known.items()):
        row = rows.setdefault(entry.source, {"documents": 0, "changed": 0, "gone": 0})
        row["documents"] += 1
        if is_address(name) or name.startswith(VARIABLE):
            continue
        try:
            stat = (root / name).stat()
            touched = bool(entry.mtime_ns) and stamp(stat) != entry.mtime_ns  # 0: too fresh then to be told by its time
            row["changed"] += touched or stat.st_size != entry.size
        except OSError:
            row["gone"] += 1
    return rows


def _fresh(row: Mapping[str, int]) -> str:
    stale = [f"{row[word]:,} {word}" for word in ("changed", "gone") if row[word]]
    how = f"{', '.join(stale)} since: %aether know refresh" if stale else "as it was read"
    return f"{_many(row['documents'], 'document')}, {how}"


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{_many(int(seconds // length), name)} ago"
    return "just now"


# ---- taking in, letting go


def _added(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    eyes = _eyes(options, desk)
    importer = desk.importer(index, eyes)
    if index.place.note and not options.json:
        desk.say(index.place.note)
    tags = tuple(filter(None, [options.tag]))
    try:
        for word in options.words:
            variable = word in desk.namespace and not (desk.root / word).exists()
            if variable:
                importer.add_value(word, desk.namespace[word], getattr(options, "template", ""), tags)
            else:
                importer.add(word, tags)
    except KeyboardInterrupt:
        desk.progress.close()
        desk.say(_told(importer.report, as_json=options.json, eyes=eyes))
        raise
    return _told(importer.report, as_json=options.json, eyes=eyes)


def _eyes(options: argparse.Namespace, desk: Desk) -> Eyes | None:
    """Who looks at pages that are pictures, when somebody has said so."""
    return desk.eyes() if getattr(options, "look", False) else None


def _refreshed(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    eyes = _eyes(options, desk)
    importer = desk.importer(index, eyes)
    importer.refresh()
    return _told(importer.report, as_json=options.json, eyes=eyes)


def _told(report: Report, *, as_json: bool, eyes: Eyes | None = None) -> str:
    """What an import did."""
    if as_json:
        return json.dumps(asdict(report), indent=2)
    counts = {word: getattr(report, word) for word in ("added", "changed", "unchanged", "removed")}
    done = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "nothing to do"
    lines = [f"{done}; {_many(report.chunks, 'chunk')} in {report.seconds:.1f} s."]
    if report.looked and eyes is not None:
        lines.append(f"{_many(report.looked, 'page')} read from pictures by {eyes.by}: {eyes.spent}.")
    if report.stopped:
        lines.append("It was stopped; the same again goes on from there.")
    lines += [f"  left out: {name}  {why}" for name, why in report.skipped[:20]]
    if len(report.skipped) > 20:
        lines.append(f"  and {len(report.skipped) - 20} more")
    return "\n".join(lines)


def _removed(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    found = {document.id: document.path for word in options.words for document in _named(index, word)}
    count = index.remove(found)
    if options.json:
        return json.dumps({"removed": sorted(found.values())}, indent=2)
    return f"{_many(count, 'document')} no longer known. The files themselves stay."


def _named(index: Index, word: str) -> list[Any]:
    """The documents that a word means: by path, by source, by a folder above, or by the end of a path.

    Raises:
        KnowledgeMissing: There is none; says which are near.
    """
    documents = index.documents()
    word = word.removeprefix("./").rstrip("/")
    ways: tuple[Callable[[Any], bool], ...] = (
        lambda one: one.path in (word, VARIABLE + word),
        lambda one: one.source == word,
        lambda one: one.path.startswith(f"{word}/"),
        lambda one: one.path.endswith(f"/{word}"),
    )
    for way in ways:
        if found := [one for one in documents if way(one)]:
            return found
    from difflib import get_close_matches

    near = get_close_matches(word, [one.path for one in documents], 3, 0.5)
    why = f"Did you mean {', '.join(near)}?" if near else "See what is: %aether know"
    raise KnowledgeMissing(f"Nothing that is known goes by {word!r}.", why)


# ---- looking


def _cited(hit: Hit) -> str:
    """Where a chunk is from, as it is written for people."""
    return Recalled(hit.path, hit.title, hit.unit, hit.start, hit.end).place


def _searched(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    where = Where(
        source=tuple(filter(None, [options.source])),
        kind=tuple(filter(None, [options.kind])),
        tag=tuple(filter(None, [options.tag])),
        after=_day(options.since),
    )
    query, most = " ".join(options.words), _count(options.limit)
    found = desk.run(desk.library.recall(query, where, most=most, budget=most * LIMIT))
    hits, lines = list(found.hits), []
    if not hits and (hits := index.text_search(query, most, where)):
        lines = ["Nothing that is known seems to answer this. Some of its words stand here:"]
    if options.json:
        return json.dumps([asdict(hit) for hit in hits], indent=2)
    for number, hit in enumerate(hits, 1):
        scope = f" · {hit.scope}" if hit.scope and hit.unit == "line" else ""
        lines += [f"{number:>2}. {_cited(hit)}{scope}", *(f"      {line}" for line in _beginning(hit.text))]
    return "\n".join(lines) or "Nothing that is known has these words in it."


def _beginning(text: str) -> list[str]:
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN].rstrip()} …"
    return [line for line in cut.splitlines() if line.strip()][:5]


def _day(text: str) -> float | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise OptionError(f"{text!r} is no day.", hint="%aether know search --since 2026-01-31 WORDS") from error


def _count(text: str) -> int:
    if found := whole(text, 1, 1000):
        return found
    raise OptionError(f"{text!r} is no number between 1 and 1000.", hint="%aether know search --limit 5 WORDS")


def _shown(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    documents = [document for word in options.words for document in _named(index, word)]
    chunks = index.chunks(Where(doc=tuple(document.id for document in documents)))
    if options.json:
        parts = [{**asdict(one), "chunks": [asdict(hit) for hit in chunks if hit.doc == one.id]} for one in documents]
        return json.dumps(parts, indent=2)
    if len(documents) > 1:
        return "\n".join(f"{one.path}  {one.kind}{'  ' + one.error if one.error else ''}" for one in documents)
    (one,) = documents
    head = f"{one.path} · {one.kind} · {one.size:,} bytes · {_many(len(chunks), 'chunk')} · read {_ago(one.created)}"
    scanned = one.meta.get("scanned")
    pictures = f"pages that are pictures, and were not read: {', '.join(map(str, scanned))}" if scanned else ""
    if looked := one.meta.get("looked"):
        pages = ", ".join(map(str, looked))
        pictures = "\n".join(filter(None, [f"pages read from pictures by {one.meta['looked_by']}: {pages}", pictures]))
    lines = [head, *filter(None, [one.title, ", ".join(one.tags), one.error, pictures])]
    for hit in chunks:
        lines += ["", f"── {_cited(hit)}{' · ' + hit.scope if hit.scope else ''}", hit.text]
    return "\n".join(lines)


# ---- care


def _examined(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    done = repair(index) if options.repair else []
    found = examine(index)
    failed = [document for document in index.documents() if document.error] if _readable(found) else []
    if options.json:
        unread = [{"path": document.path, "why": document.error} for document in failed]
        return json.dumps({"repaired": done, "findings": [asdict(one) for one in found], "unread": unread}, indent=2)
    lines = [*done, *(f"  {one.state:<6} {one.name:<10} {one.said}" for one in found)]
    lines += [f"         next: {one.hint}" for one in found if one.hint][:1]
    lines += [f"  unread {document.path}  {document.error}" for document in failed[:20]]
    return "\n".join(lines)


def _readable(found: list[Any]) -> bool:
    return all(one.state != "broken" for one in found)


def _watched(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    names = {entry.source for entry in index.fingerprints().values()}
    sources = {(desk.root / name).absolute(): name for name in names if not is_address(name)}
    total = Report()

    def changed(source: str) -> None:
        importer = desk.importer(index)
        importer.again(source)
        if importer.report.added or importer.report.changed or importer.report.removed:
            desk.say(f"{source}: {_told(importer.report, as_json=False)}")
        total.added += importer.report.added
        total.changed += importer.report.changed
        total.removed += importer.report.removed

    desk.say("Watching. Stop with Ctrl-C.")
    try:
        watch(sources, changed, Event())
    except KeyboardInterrupt:
        pass  # that is how it ends
    return _told(total, as_json=options.json)


def _fetched(index: Index, options: argparse.Namespace, desk: Desk) -> str:
    """Fetch the weights of the local embedder, because somebody has said so."""
    folder = weights.fetch(weights.kept_folder(), lambda done, size: desk.progress(done, size, weights.NAME))
    if options.json:
        return json.dumps({"embedder": weights.NAME, "folder": str(folder)}, indent=2)
    return f"{weights.NAME} is here. A new kernel finds what is known by its meaning, too."


DEEDS: dict[str, Callable[[Index, argparse.Namespace, Desk], str]] = {
    "list": _listed,
    "add": _added,
    "search": _searched,
    "show": _shown,
    "remove": _removed,
    "refresh": _refreshed,
    "doctor": _examined,
    "watch": _watched,
    "fetch": _fetched,
    "bench": compared,
}
