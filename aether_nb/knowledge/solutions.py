"""Problems that were solved before: kept from runs that went well, found again by their errors, then by their words.

A solution is a document like any other: it says what was asked, how it went, the code, and which errors came on the
way. One that was used and did not help is put behind, and then given no more. It does not decide which run went well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256

from aether_nb.events import kinds as k
from aether_nb.events.coding import code_of
from aether_nb.events.masking import mask_text
from aether_nb.knowledge.embed import Embed
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.library import Library
from aether_nb.knowledge.material import Chunk, Document, Hit, Where, document_id
from aether_nb.knowledge.recall import Ask, Found

__all__ = ["Solution", "find", "fingerprints", "judge", "keep", "solution_of"]

MOST = 2
"""So many solutions are given to a run."""

BUDGET = 3_000
LONGEST_CODE = 2_500

ERROR = re.compile(
    r"^\s*(?:[\w.]+\.)?(?P<kind>\w*(?:Error|Exception|Warning|Interrupt|Exit)): *(?P<what>.*)$", re.MULTILINE
)
VARYING = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.\-]+){2,}"), "PATH"),
    (re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`"), "''"),
    (re.compile(r"\d+"), "0"),
)
"""What is another one each time: addresses, paths, names in quotes, numbers."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A problem and how it was solved.

    ``errors`` are the fingerprints of what went wrong on the way, or was asked about. ``uses`` and ``failures`` count
    the runs that were given it and came to a good or a bad end.
    """

    run: str
    problem: str
    approach: tuple[str, ...] = ()
    code: str = ""
    errors: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    answer: str = ""
    created: float = 0.0
    uses: int = 0
    failures: int = 0

    @property
    def path(self) -> str:
        """What it goes by."""
        return f"solution/{self.run}"

    @property
    def text(self) -> str:
        """All of it, for people and models."""
        parts = [f"Problem: {self.problem}"]
        parts += [f"Approach: {'; '.join(self.approach)}"] if self.approach else []
        parts += [f"Errors on the way: {'; '.join(self.met)}"] if self.met else []
        parts += [f"Code:\n```python\n{self.code}\n```"] if self.code else []
        parts += [f"Outcome: {self.answer}"] if self.answer else []
        return "\n".join(parts)


def fingerprints(text: str) -> tuple[str, ...]:
    """What errors in a text go by: their kind and words, without what is another one each time."""
    found = []
    for match in ERROR.finditer(text):
        plain = match["what"]
        for pattern, instead in VARYING:
            plain = pattern.sub(instead, plain)
        # A name may be all that an error says: one key that is missing is not like any other.
        what = plain if re.search(r"[a-zA-Z]{3}", plain) else match["what"]
        said = f"{match['kind']}: {' '.join(what.split())[:200]}"
        found.append(blake2b(said.encode("utf-8", "replace"), digest_size=6).hexdigest())
    return tuple(dict.fromkeys(found))


def solution_of(entries: Iterable[k.Entry], keys: Collection[str] = ()) -> Solution | None:
    """What a run has solved; None for one that did not end well, had hidden data, or ran no code.

    Args:
        entries: Its whole log.
        keys: Keys and passwords that are known here; they are made unreadable.
    """
    log = list(entries)
    events = [entry.event for entry in log]
    started = next((event for event in events if isinstance(event, k.RunStarted)), None)
    ended = next((event for event in reversed(events) if isinstance(event, k.RunEnded)), None)
    if started is None or ended is None or ended.outcome != "done" or started.data != "all" or started.hide:
        return None
    if not (code := code_of(log).text):
        return None
    plans = [event.items for event in events if isinstance(event, k.PlanMade | k.PlanRevised)]
    failed = [event for event in events if isinstance(event, k.CallFailed) and not event.stopped]
    shown = "\n".join(part for event in failed for part in (event.what, event.why))
    composed = next((event.messages for event in events if isinstance(event, k.ContextComposed)), ())
    asked = "\n".join(message.text for message in composed if message.role == "user")
    said = [event.message for event in events if isinstance(event, k.ModelAnswered | k.AgentSaid)]
    replies = [message for message in said if not message.calls]

    def safe(text: str, longest: int) -> str:
        return mask_text(text, keys)[0][:longest]

    return Solution(
        log[0].run,
        safe(" ".join(started.prompt.split()), 600),
        tuple(safe(item.title, 120) for item in plans[-1]) if plans else (),
        safe(code, LONGEST_CODE),
        fingerprints(f"{asked}\n{shown}"),
        tuple(dict.fromkeys(safe(event.what, 160) for event in failed))[:5],
        safe(replies[-1].text, 600) if replies else "",
        log[0].time,
    )


def keep(index: Index, solution: Solution) -> None:
    """Keep a solution, in place of what was kept of the same run.

    Raises:
        KnowledgeError: It cannot be written.
    """
    index.put(_document(solution), [Chunk(solution.text, scope=solution.problem[:80], unit="solution")])


def _document(solution: Solution) -> Document:
    return Document(
        solution.path,
        solution.problem[:80],
        "solution",
        "solutions",
        tags=tuple(f"error:{one}" for one in solution.errors),
        created=solution.created,
        sha=sha256(solution.text.encode("utf-8", "replace")).hexdigest(),
        size=len(solution.text),
        meta={"uses": solution.uses, "failures": solution.failures},
    )


async def find(
    library: Library, question: str, said: str = "", ask: Ask | None = None, embed: Embed | None = None
) -> Found:
    """Solutions that may help: those that met the same error, else those of a like problem.

    Args:
        library: Where they are kept.
        question: What is asked.
        said: What else was said of it: tracebacks.
        ask: A small model that says which help.
        embed: How vectors are made; None for the way that the library has.
    """
    if not library.holds("solutions"):
        return Found(question)
    tags = tuple(f"error:{one}" for one in fingerprints(f"{question}\n{said}"))
    if tags:
        hits = await library.done(lambda index: index.chunks(Where("solutions", tag=tags), 20))
        if kept := await _sound(library, hits):
            how = ("Found by the error that it met.",)
            return Found(question, tuple(replace(hit, score=1.0) for hit in kept[:MOST]), (question,), how)
    where = Where("solutions")
    found = await library.recall(question, where, ask=ask, most=3 * MOST, budget=2 * BUDGET, embed=embed)
    kept = await _sound(library, found.hits)
    return replace(found, hits=tuple(kept[:MOST]))


async def _sound(library: Library, hits: Sequence[Hit]) -> list[Hit]:
    """Those that did not fail more often than they helped; what failed at all comes last."""
    if not hits:
        return []
    where = Where("solutions", doc=tuple(hit.doc for hit in hits))
    known = {one.id: one.meta for one in await library.done(lambda index: index.documents(where))}

    def failed(hit: Hit) -> tuple[int, int]:
        meta = known.get(hit.doc, {})
        failures = int(meta.get("failures", 0))
        return failures - int(meta.get("uses", 0)), failures

    return sorted((hit for hit in hits if failed(hit)[0] <= 0), key=failed)


def judge(index: Index, path: str, helped: bool) -> None:
    """Say whether a solution helped a run that was given it."""
    document = index.document(document_id(path), "solutions")
    if document is None:
        return  # it was forgotten meanwhile
    count = "uses" if helped else "failures"
    meta = {**document.meta, count: int(document.meta.get(count, 0)) + 1}
    hits = index.chunks(Where("solutions", doc=(document.id,)))
    index.put(replace(document, meta=meta), [Chunk(hit.text, scope=hit.scope, unit=hit.unit) for hit in hits])
