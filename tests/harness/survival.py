"""A run that is killed and taken up again until it ends, and the verdict on what became of it.

A *story* is the life of one run over several processes. It is told by ``tell``; ``verdict`` compares what is left of
it, inside and outside, with the same story undisturbed, and says in sentences what is wrong.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aether_nb.agent.replaying import replay
from aether_nb.errors import ReplayDiverged
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

    run: str
    person: bool
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
        **more: Any,
    ) -> Story:
        """Let a run live until it ends.

        Args:
            name: Of its folder.
            person: Whether somebody is at the keyboard. Else it is parked, and is told what to do by signals.
            targets: The points at which its process is killed.
            delays: Seconds after which the n-th process is killed; None: it is not.
            more: What else its processes are told.
        """
        scene = self.scene(name, person)
        for life in range(LIVES):
            if (do := scene.next()) == "nothing":
                return scene.story(life)
            scene.live(do, targets=sorted(targets), kill_after=delays(life), **more)
        raise AssertionError(f"{name} never ended: {scene.said()[-3000:]}")

    def scene(self, name: str, person: bool) -> Scene:
        """A new folder, and whoever is there."""
        folder = self.folder / name
        (folder / FOLDER).mkdir(parents=True)
        return Scene(self, folder, person)


@dataclass
class Scene:
    """Where a story is told: one folder, one record, one path on the server."""

    teller: Teller
    folder: Path
    person: bool
    case: str = field(default_factory=lambda: secrets.token_hex(6))
    deaths: list[Death] = field(default_factory=list)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = open_store(self.folder / FOLDER, "the test")

    @property
    def env(self) -> dict[str, str]:
        """The environment of its processes."""
        return {
            errand.URL: self.teller.server.url,
            errand.CASE: self.case,
            "AETHER_MODEL": "script",
            "AETHER_MAX_STEPS": "6",
            "AETHER_ALLOW_WRITES": str(self.folder),
        }

    @property
    def counts(self) -> Counts:
        """What was counted so far."""
        return self.teller.server.counts(self.case)

    def job(self, do: str, **more: Any) -> dict[str, Any]:
        """What a process is told."""
        return {"folder": str(self.folder), "env": self.env, "targets": (), "person": self.person, "do": do, **more}

    def live(self, do: str, **more: Any) -> bool:
        """Let a process do something; False when it was killed."""
        (self.folder / END).unlink(missing_ok=True)
        code = self.teller.nursery.run(self.job(do, **more))
        if code == KILLED:
            self.died()
        elif code:
            raise AssertionError(self.said())
        return code == 0

    def said(self) -> str:
        """What its processes printed."""
        return (self.folder / "said.txt").read_text()

    def next(self) -> str:
        """What the next process is for."""
        run = self.run
        if not run:
            return "ask"
        state = fold(self.store.log.read(run))
        if state.ended:
            return "nothing"
        waits = state.gate or (state.question and (state.question.limit or state.question.doubt))
        unheard = self.store.signals.pending(run)
        return "say" if waits and not self.person and not unheard else "resume"

    @property
    def run(self) -> str:
        """The run's id; empty while there is none."""
        runs = self.store.log.runs(1)
        return runs[0].id if runs else ""

    def died(self) -> None:
        """A process has died: note what is known at this moment."""
        store, run, counts = self.store, self.run, self.counts
        state = fold(store.log.read(run)) if run else RunState()
        paid = sum(isinstance(entry.event, k.ModelAnswered) for entry in store.log.read(run)) if run else 0
        asked = {n: counts.posts.get(f"model-{n}", 0) for n in range(paid)}
        external = (call for call in state.calls.values() if call.proposed.effect == "external")
        self.deaths.append(Death(asked, tuple((call.id, call.attempt) for call in external if call.status == "begun")))

    def story(self, lives: int) -> Story:
        """What became of the run."""
        store, folder, run = self.store, self.folder, self.run
        entries = list(store.log.read(run))
        end = folder / END
        file = folder / errand.FILE
        story = Story(
            run,
            self.person,
            fold(entries),
            [entry.event for entry in entries],
            self.counts,
            passed(folder),
            self.deaths,
            lives,
            json.loads(end.read_text())["variables"] if end.exists() else None,
            file.read_text() if file.exists() else "",
        )
        if not (checked := store.chain.verify(run)).ok:
            story.faults.append(f"the chain is broken: {checked}")
        try:
            read = asyncio.run(replay(run, entries))
            if read.state != story.state:
                story.faults.append("replaying its record comes to another state")
        except ReplayDiverged as diverged:
            story.faults.append(f"its record cannot be replayed: {diverged}")
        rows = {row.call: row.state for row in store.ledger.calls(run)}
        kept = {call.id: LEDGER.get(call.status, call.status) for call in story.state.calls.values()}
        if rows != kept:
            story.faults.append(f"the ledger says {rows}, the log {kept}")
        store.log.close()
        return story


LEDGER = {"denied": "skipped"}
"""The ledger's words where they are not the state's."""

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
        ("the end", _end(story), _end(undisturbed)),
        ("the variables", story.variables or undisturbed.variables, undisturbed.variables),
        ("the file", story.file, undisturbed.file),
    ):
        if now != then:
            wrong.append(f"{what} is {now!r}, undisturbed it is {then!r}")
    return wrong


def _end(story: Story) -> tuple[str, ...]:
    ended = story.state.ended
    return (ended.outcome, ended.what, ended.why, ended.hint) if ended else ()


def _surfaced(story: Story, call: str, attempt: int) -> bool:
    """Whether a call that was left in doubt was said to be so, and was settled by somebody who knew."""
    doubtful = [e for e in story.events if isinstance(e, k.CallDoubtful) and e.call_id == call]
    settled = [e.by for e in story.events if isinstance(e, k.CallSettled) and e.call_id == call]
    known = all(by == "tool:verify" or not by.startswith(("policy:", "tool:")) for by in settled)
    return bool(doubtful) and len(settled) == len(doubtful) and known


# ---- figures


def told(stories: list[Story], seconds: float) -> str:
    """The figures of a matrix in a line."""
    effects = [story.counts.effects(name) for story in stories for name in ("order", "pay", "price")]
    twice, lost = sum(n > 1 for n in effects), effects.count(0)
    kills, doubts = sum(len(story.deaths) for story in stories), sum(story.doubts for story in stories)
    return (
        f"{len(stories)} runs, {kills} kills, {twice} effects twice, {lost} lost, {doubts} doubts, "
        f"all told and settled, {seconds:.0f} s"
    )


# ---- one death


def killed_at(teller: Teller, place: str, person: bool = True, skip: int = 0, **more: Any) -> Scene:
    """A run whose process was killed when it first came to a place; ``skip``: after it had been there so often."""
    calm = teller.tell("calm", person, **more)
    target = [n for n, name in enumerate(calm.points) if name == place][skip]
    scene = teller.scene("killed", person)
    while (do := scene.next()) != "nothing":
        if not scene.live(do, targets=[target], **more):
            return scene
    raise AssertionError(f"nobody was killed at {place}")


def settled(scene: Scene) -> list[tuple[str, str]]:
    """How doubts were settled, and by whom."""
    events = (entry.event for entry in scene.store.log.read(scene.run))
    return [(event.how, event.by) for event in events if isinstance(event, k.CallSettled)]


def lived_on(scene: Scene) -> list[str]:
    """Let it go on to its end; what is wrong then."""
    lives = 1
    while (do := scene.next()) != "nothing":
        scene.live(do)
        lives += 1
    return verdict(scene.story(lives), scene.teller.tell("undisturbed", scene.person))
