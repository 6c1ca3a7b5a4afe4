"""What ``remember``, ``forget`` and ``memory`` do, in a notebook and in a terminal alike.

Each gives back a text. What is known, and the log of a run, are handed in.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from aether_nb.errors import KnowledgeMissing, OptionError, UsageFault
from aether_nb.events.kinds import Entry
from aether_nb.knowledge.material import Document, Where
from aether_nb.session.knowing import Knowing

__all__ = ["forget", "memory", "remember"]


def remember(options: argparse.Namespace, knowing: Knowing, entries: Callable[[str], Sequence[Entry]]) -> str:
    """Keep a fact, or a run as a solution.

    Args:
        options: What was typed.
        knowing: What is known.
        entries: The whole log of a run, by the beginning of its name; of the last one when that is empty.

    Raises:
        UsageFault: There is nothing to keep, or it may not be kept.
        KnowledgeError: It cannot be written.
    """
    text = " ".join(options.text)
    if options.solved:
        return knowing.keep_run(entries(text))
    fact = knowing.memory.remember(text, datetime.now())
    return f"Remembered as {fact.id}, in {_near(knowing)}. It is given to every later question."


def forget(options: argparse.Namespace, knowing: Knowing) -> str:
    """Let go of a fact or of a solution.

    Raises:
        KnowledgeMissing: Nothing goes by that name.
    """
    name = " ".join(options.name)
    if name.startswith("solution/"):
        (one,) = _solutions(knowing, name)
        knowing.library.do(lambda index: index.remove([one.id], "solutions"))
        return f"Forgotten: {one.path} ({one.title})."
    fact = knowing.memory.forget(name)
    return f"Forgotten: {fact.text}"


def memory(options: argparse.Namespace, knowing: Knowing, folder: Path) -> str:
    """Show, change or write out what is remembered.

    Args:
        options: What was typed.
        knowing: What is known.
        folder: Where a file is written to that is named without one.

    Raises:
        KnowledgeMissing: Nothing goes by that name.
        UsageFault: Something has to be said that was not, or the file exists.
    """
    if options.what == "list":
        return _listed(knowing, as_json=options.json)
    if not options.name:
        raise OptionError(f"memory {options.what} what?", "", "See the names: %aether memory")
    if options.what == "show":
        return _shown(knowing, options.name)
    if options.what == "edit":
        fact = knowing.memory.edit(options.name, " ".join(options.words))
        return f"Changed. It goes by {fact.id} now: {fact.text}"
    return _exported(knowing, folder / options.name)


def _listed(knowing: Knowing, *, as_json: bool) -> str:
    facts, days, solutions = knowing.memory.facts(), knowing.memory.days(), _solutions(knowing)
    if as_json:
        rows = [{"id": fact.id, **asdict(fact)} for fact in facts]
        kept = [{"id": one.path, "problem": one.title, **one.meta} for one in solutions]
        return json.dumps({"facts": rows, "days": [day.stem for day in days], "solutions": kept}, indent=2)
    lines = [f"  {fact.id}  {fact.text}{f'  ({fact.day})' if fact.day else ''}" for fact in facts]
    lines = [f"Facts, in {_near(knowing)}", *lines] if lines else []
    if solutions:
        lines += ["Solutions", *(f"  {one.path}  {one.title}{_record(one)}" for one in solutions)]
    if days:
        shown = ", ".join(day.stem for day in days[:7])
        lines.append(f"Days  {shown}{f' and {len(days) - 7} more' if len(days) > 7 else ''}")
    return "\n".join(lines) or "Nothing is remembered yet: %aether remember TEXT"


def _near(knowing: Knowing) -> Path:
    """The file of facts, from the project's folder where it lies inside."""
    file, root = knowing.memory.file, knowing.library.root
    return file.relative_to(root) if file.is_relative_to(root) else file


def _record(one: Document) -> str:
    """How a solution has fared."""
    uses, failures = int(one.meta.get("uses", 0)), int(one.meta.get("failures", 0))
    told = [f"helped {uses}×"] if uses else []
    told += [f"did not help {failures}×" + (", is given no more" if failures > uses else "")] if failures else []
    return f"  ({', '.join(told)})" if told else ""


def _solutions(knowing: Knowing, name: str = "") -> list[Document]:
    """All solutions, or the one of that name.

    Raises:
        KnowledgeMissing: There is none.
    """
    found: list[Document] = []
    if knowing.library.holds("solutions"):
        where = Where("solutions", path=(name,) if name else ())
        found = knowing.library.do(lambda index: index.documents(where))
    if name and not found:
        raise KnowledgeMissing(f"There is no {name}.", "", "See the names: %aether memory")
    return sorted(found, key=lambda one: -one.created)


def _shown(knowing: Knowing, name: str) -> str:
    if name.startswith("solution/"):
        (one,) = _solutions(knowing, name)
        hits = knowing.library.do(lambda index: index.chunks(Where("solutions", doc=(one.id,))))
        return "\n".join(hit.text for hit in hits)
    for day in knowing.memory.days():
        if day.stem == name:
            return day.read_text(encoding="utf-8").rstrip()
    fact = knowing.memory.named(name)
    return f"{fact.text}  ({fact.day or 'no day'})"


def _exported(knowing: Knowing, file: Path) -> str:
    texts = [knowing.memory.exported().rstrip()]
    texts += [f"# {one.path}\n\n{_shown(knowing, one.path)}" for one in _solutions(knowing)]
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write("\n\n".join(text for text in texts if text) + "\n")
    except FileExistsError:
        raise UsageFault(f"{file} exists already.", "Nothing was written.", "Name another file.") from None
    except OSError as error:
        raise UsageFault(f"{file} cannot be written.", f"{error.strerror}.", "Name another file.") from error
    return f"Written to {file}."
