"""A run as text while it happens: for terminals, consoles and executed notebooks.

Follows the same fold as the panel and writes what a person would want to read, once, in order. It asks nothing: the
question at a gate is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from aether_nb.events import kinds
from aether_nb.events.kinds import Entry
from aether_nb.widgets import approval, lasting, plain, wording
from aether_nb.widgets.blocks import Card, Note, Question, Touch, View, Words
from aether_nb.widgets.veil import veiled_text
from aether_nb.widgets.view import fold


class Console:
    """Writes a run as plain text.

    Args:
        write: Takes text as it comes, line ends included; ``sys.stdout.write`` will do.
        keys: Keys that are known. They and what looks like one are made unreadable, but not where a person is asked
            about a call: what is approved is seen as it is.
        drawn: Makes of a line what is written: lines as wide as there is room, in colours.
        answer: Whether the answer is written, too; not where it is shown by itself.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        keys: Collection[str] = (),
        drawn: Callable[[str], list[str]] = lambda line: [line],
        *,
        answer: bool = True,
    ) -> None:
        self.view = View()
        self._to, self._keys, self._drawn, self._answer = write, keys, drawn, answer
        self._printing = ""
        self._touched: list[Touch] = []

    def feed(self, entry: Entry) -> None:
        """Take in an entry, stored or transient, and write what it adds."""
        self._touched = fold(self.view, entry)
        show = _SHOWN.get(type(entry.event))
        if show:
            show(self, entry.event)

    def _lines(self, *lines: str, exact: bool = False) -> None:
        """Write whole lines, after ending one that output has left open."""
        if self._printing and not self._printing.endswith("\n"):
            self._to("\n")
        self._printing = ""
        text = "\n".join(lines)
        text = text if exact else veiled_text(text, self._keys)
        self._to("".join(f"{line}\n" for each in text.split("\n") for line in self._drawn(each)))

    def _card(self, call_id: str) -> Card | None:
        block = self.view.blocks.get(f"c:{call_id}")
        return block if isinstance(block, Card) else None

    def _started(self, event: kinds.RunStarted) -> None:
        self._lines(f"aether · {' · '.join(plain.figures(self.view)[2:])}")

    def _planned(self, event: kinds.PlanMade | kinds.PlanRevised) -> None:
        self._lines("", *plain.plan(self.view))

    def _answered(self, event: kinds.ModelAnswered) -> None:
        words = self.view.blocks.get(f"w{self.view.steps}")
        if isinstance(words, Words):
            self._lines("", *plain.wrap(words.text))

    def _said(self, event: object) -> None:
        """What a model had said before a hosted agent went on."""
        for one in self._touched:
            if isinstance(words := self.view.blocks.get(one.part), Words):
                self._lines("", *plain.wrap(words.text))

    def _gate(self, event: kinds.GateOpened) -> None:
        card = self._card(event.call_id)
        if card:
            self._lines("", *approval.gate_lines(card), exact=True)

    def _decided(self, event: kinds.GateAnswered) -> None:
        card = self._card(event.call_id)
        if card and card.gate and card.gate.decision:
            self._lines(f"  {plain.answered(card.gate)}")

    def _refused(self, event: kinds.Progress) -> None:
        card = self._card(event.call_id)
        if card and card.gate and card.gate.refused and card.status == "waiting":
            self._lines(*plain.indent(plain.wrap(f"! {card.gate.refused}")))

    def _begun(self, event: kinds.CallBegun) -> None:
        card = self._card(event.call_id)
        if card and not card.gate:
            self._lines("", *self._head(card))

    def _head(self, card: Card) -> list[str]:
        head = plain.brief(" · ".join(filter(None, (f"▸ {card.name}", wording.purpose(card)))))
        return [head, *plain.indent(plain.code(card))]

    def _output(self, event: kinds.OutputDelta) -> None:
        if not self._card(event.call_id):
            return
        fresh = not self._printing or self._printing.endswith("\n")
        text = wording.clean(event.text)
        body = text[:-1] if text.endswith("\n") else text
        indented = body.replace("\n", "\n  ") + ("\n" if text.endswith("\n") else "")
        self._to(veiled_text(("  " if fresh else "") + indented, self._keys))
        self._printing = text or self._printing

    def _finished(self, event: kinds.CallFinished) -> None:
        card = self._card(event.call_id)
        if not card:
            return
        shown = plain.result(card)
        if self._printing and card.name == wording.RUNS_CODE:
            shown = [line.rstrip() for text in map(plain.output, card.outputs) if text for line in plain.cut(text)]
        self._lines(
            *plain.indent([*shown, *plain.changes(card), *plain.flags(card), f"✓ {wording.duration(event.seconds)}"])
        )

    def _failed(self, event: kinds.CallFailed) -> None:
        card = self._card(event.call_id)
        if card and card.failure:
            self._lines(*plain.indent(plain.failure(card.failure, "✗ ")))
        elif not card:
            self._note(event)

    def _doubtful(self, event: kinds.CallDoubtful) -> None:
        self._lines(f"  ? {plain.brief(event.what)}")

    def _retried(self, event: kinds.CallRetried) -> None:
        card = self._card(event.call_id)
        if card:
            self._lines(*plain.indent(plain.wrap(f"↻ {wording.tried(card.tries[-1])}")))

    def _settled(self, event: kinds.CallSettled) -> None:
        card = self._card(event.call_id)
        if card and card.doubt:
            self._lines(f"  {plain.brief(wording.settled(card.doubt))}")

    def _asked(self, event: kinds.QuestionAsked) -> None:
        card = self._card(event.call_id) if event.doubt else None
        if card:
            self._lines("", *approval.gate_lines(card), *plain.indent(plain.doubt(card)), exact=True)
        question = self.view.blocks.get(f"q:{event.id}")
        if isinstance(question, Question):
            self._lines("", *plain.question(question))

    def _replied(self, event: kinds.QuestionAnswered) -> None:
        question = self.view.blocks.get(f"q:{event.id}")
        if isinstance(question, Question):
            self._lines(f"  → {plain.brief(wording.reply(question))}")
        if event.id == kinds.CONSENT and event.answer != kinds.CONSENT_YES:
            self._note(event)

    def _note(self, event: object) -> None:
        """What the run itself remarks on this event, if anything."""
        notes = [block for one in self._touched if isinstance(block := self.view.blocks.get(one.part), Note)]
        for note in notes:
            self._lines("", *plain.block(note))

    def _parked(self, event: kinds.RunParked) -> None:
        waits = lasting.waits(self.view)
        if waits:
            self._lines("", *plain.failure(waits, "‖ "))

    def _waiting(self, event: kinds.Progress) -> None:
        if event.call_id:
            self._refused(event)
        else:
            self._lines(f"  · {plain.brief(event.note)}")

    def _ended(self, event: kinds.RunEnded) -> None:
        if self.view.failure:
            self._lines("", *plain.failure(self.view.failure, "✗ "))
        if self.view.answer and self._answer:
            self._lines("", *plain.wrap(self.view.answer))
        self._lines("", plain.header(self.view), *([""] if self.view.answer and not self._answer else []))


_SHOWN: dict[type[kinds.Event], Callable[[Console, Any], None]] = {
    kinds.RunStarted: Console._started,
    kinds.PlanMade: Console._planned,
    kinds.PlanRevised: Console._planned,
    kinds.ModelAnswered: Console._answered,
    kinds.ModelAsked: Console._said,
    kinds.AgentSaid: Console._said,
    kinds.ProfileRouted: Console._note,
    kinds.ModelFailed: Console._note,
    kinds.GateOpened: Console._gate,
    kinds.GateAnswered: Console._decided,
    kinds.Progress: Console._waiting,
    kinds.ModelSwitched: Console._note,
    kinds.HookTook: Console._note,
    kinds.CallBegun: Console._begun,
    kinds.OutputDelta: Console._output,
    kinds.CallFinished: Console._finished,
    kinds.CallFailed: Console._failed,
    kinds.CallDoubtful: Console._doubtful,
    kinds.QuestionAsked: Console._asked,
    kinds.QuestionAnswered: Console._replied,
    kinds.LimitReached: Console._note,
    kinds.ReplayBegun: Console._note,
    kinds.ReplayDrifted: Console._note,
    kinds.CallRetried: Console._retried,
    kinds.CallSettled: Console._settled,
    kinds.RunParked: Console._parked,
    kinds.RunResumed: Console._note,
    kinds.RunForked: Console._note,
    kinds.NamespaceRestored: Console._note,
    kinds.SignalReceived: Console._note,
    kinds.RunEnded: Console._ended,
}
