"""A run that is killed and taken up again until it ends, and the verdict on what became of it.

A *story* is the life of one run over several processes. It is told by ``tell``; ``verdict`` compares what is left of
it, inside and outside, with the same story undisturbed, and says in sentences what is wrong.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.state import RunState
from aether_nb.store.place import FOLDER
from aether_nb.store.store import Store, open_store
from harness import errand
from harness.counting import CountingServer, Counts
from harness.nursery import KILLED, Nursery
from harness.points import passed
from harness.worker import END

LIVES = 60
"""More processes than any story needs."""


@dataclass
class Death:
    """What was known when a process had died: the paid replies that were recorded, and the calls that had begun."""

    asked: dict[int, int]
    begun: tuple[tuple[str, int], ...]


@dataclass
class Story:
    """What became of a run. ``variables`` is None when its last process died after the end of the run."""

    state: RunState
    events: list[k.Event]
    counts: Counts
    points: list[str]
    deaths: list[Death]
    lives: int
    variables: Mapping[str, Any] | None
    file: str
    faults: list[str] = field(default_factory=list)

    @property
    def doubts(self) -> int:
        """How often it was not known whether a call had acted."""
        return sum(isinstance(event, k.CallDoubtful) for event in self.events)


@dataclass
class Teller:
    """Tells stories in folders of their own.

    Args:
        nursery: Where processes come from.
        server: Where effects are counted.
        folder: Where the folders are made.
    """

    nursery: Nursery
    server: CountingServer
    folder: Path

    def tell(
        self,
        name: str,
        person: bool,
        targets: Collection[int] = (),
        delays: Callable[[int], float | None] = lambda life: None,
    ) -> Story:
        """Let a run live until it ends.

        Args:
            name: Of its folder.
            person: Whether somebody is at the keyboard. Else it is parked, and is told what to do by signals.
            targets: The points at which its process is killed.
            delays: Seconds after which the n-th process is killed; None: it is not.
        """
        folder, case = self.folder / name, secrets.token_hex(6)
        folder.mkdir()
        (folder / FOLDER).mkdir()
        env = {
            errand.URL: self.server.url,
            errand.CASE: case,
            "AETHER_MODEL": "script",
            "AETHER_MAX_STEPS": "6",
            "AETHER_ALLOW_WRITES": str(folder),
        }
        store = open_store(folder / FOLDER, "the test")
        deaths: list[Death] = []
        for life in range(LIVES):
            job = {
                "folder": str(folder),
                "env": env,
                "targets": sorted(targets),
                "person": person,
                "do": _next(store, person),
                "kill_after": delays(life),
            }
            if job["do"] == "nothing":
                break
            (folder / END).unlink(missing_ok=True)
            code = self.nursery.run(job)
            if code == KILLED:
                deaths.append(self._death(store, case))
            elif code:
                raise AssertionError((folder / "said.txt").read_text())
        else:
            raise AssertionError(f"{name} never ended: {(folder / 'said.txt').read_text()[-3000:]}")
        return self._told(store, folder, case, deaths, life)

    def _death(self, store: Store, case: str) -> Death:
        run = _run(store)
        state = fold(store.log.read(run)) if run else RunState()
        counts = self.server.counts(case)
        paid = sum(isinstance(entry.event, k.ModelAnswered) for entry in store.log.read(run)) if run else 0
        asked = {n: counts.posts.get(f"model-{n}", 0) for n in range(paid)}
        external = (call for call in state.calls.values() if call.proposed.effect == "external")
        return Death(asked, tuple((call.id, call.attempt) for call in external if call.status == "begun"))

    def _told(self, store: Store, folder: Path, case: str, deaths: list[Death], lives: int) -> Story:
        run = _run(store)
        entries = list(store.log.read(run))
        end = folder / END
        file = folder / errand.FILE
        story = Story(
            fold(entries),
            [entry.event for entry in entries],
            self.server.counts(case),
            passed(folder),
            deaths,
            lives,
            json.loads(end.read_text())["variables"] if end.exists() else None,
            file.read_text() if file.exists() else "",
        )
        if not (checked := store.chain.verify(run)).ok:
            story.faults.append(f"the chain is broken: {checked}")
        rows = {row.call: row.state for row in store.ledger.calls(run)}
        kept = {call.id: LEDGER.get(call.status, call.status) for call in story.state.calls.values()}
        if rows != kept:
            story.faults.append(f"the ledger says {rows}, the log {kept}")
        store.log.close()
        return story


LEDGER = {"denied": "skipped"}
"""The ledger's words where they are not the state's."""


def _run(store: Store) -> str:
    runs = store.log.runs(1)
    return runs[0].id if runs else ""


def _next(store: Store, person: bool) -> str:
    """What the next process is for."""
    run = _run(store)
    if not run:
        return "ask"
    state = fold(store.log.read(run))
    if state.ended:
        return "nothing"
    waits = state.gate or (state.question and (state.question.limit or state.question.doubt))
    unheard = store.signals.pending(run)
    return "say" if waits and not person and not unheard else "resume"


EXTERNAL = ("order", "pay")


def verdict(story: Story, undisturbed: Story) -> list[str]:
    """What is wrong with a story, in sentences; nothing when it ended as if nobody had been killed."""
    wrong = list(story.faults)
    for name in (*EXTERNAL, "price"):
        if (times := story.counts.effects(name)) != 1:
            wrong.append(f"{name} happened {times} times")
    for n, death in enumerate(story.deaths):
        for reply, times in death.asked.items():
            if (now := story.counts.posts.get(f"model-{reply}", 0)) != times:
                wrong.append(
                    f"reply {reply} was recorded when process {n} died, and was asked for {now - times} times more"
                )
        wrong += [f"{call} was in doubt, and nobody was told" for call in death.begun if not _surfaced(story, *call)]
    for what, now, then in (
        ("the answer", story.state.answer, undisturbed.state.answer),
        ("the end", story.state.ended, undisturbed.state.ended),
        ("the variables", story.variables or undisturbed.variables, undisturbed.variables),
        ("the file", story.file, undisturbed.file),
    ):
        if now != then:
            wrong.append(f"{what} is {now!r}, undisturbed it is {then!r}")
    return wrong


def _surfaced(story: Story, call: str, attempt: int) -> bool:
    """Whether a call that was left in doubt was said to be so, and was settled by somebody who knew."""
    doubtful = [e for e in story.events if isinstance(e, k.CallDoubtful) and e.call_id == call]
    settled = [e.by for e in story.events if isinstance(e, k.CallSettled) and e.call_id == call]
    known = all(by == "tool:verify" or not by.startswith(("policy:", "tool:")) for by in settled)
    return bool(doubtful) and len(settled) == len(doubtful) and known
