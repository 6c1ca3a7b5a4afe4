"""The code of a run: what it did to the notebook, as somebody would have written it. One pure fold of the log.

What failed or was undone is left out, and so is what only looked. A file that a tool wrote is no code, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby

from aether_nb.events import kinds as k

__all__ = ["Piece", "RunCode", "code_of", "one_line"]

CODE, FILE = "run_python", "write_file"


@dataclass(frozen=True, slots=True)
class Piece:
    """The code of one call.

    ``title`` is the item of the plan that it worked on, else what it was for. ``made`` are the variables that it made
    or changed, as they were after it; ``told`` says in words what became of each.
    """

    call_id: str
    code: str
    title: str = ""
    effect: k.Effect = "namespace"
    made: tuple[k.Kept, ...] = ()
    told: tuple[k.Change, ...] = ()

    @property
    def outside(self) -> bool:
        """Whether it may act outside of the notebook."""
        return self.effect not in ("pure", "namespace")


@dataclass(frozen=True, slots=True)
class RunCode:
    """The code of a run, in order; the variables of the user's that it read, and the files that tools wrote."""

    run: str = ""
    prompt: str = ""
    pieces: tuple[Piece, ...] = ()
    inputs: tuple[k.Kept, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def imports(self) -> tuple[str, ...]:
        """The modules that it found in the notebook, as statements."""
        modules = [kept for kept in self.inputs if kept.type == "module" and kept.why]
        return tuple(
            f"import {kept.why}" + (f" as {kept.name}" if kept.name != kept.why else "")
            for kept in modules
            if all(part.isidentifier() for part in kept.why.split("."))
        )

    @property
    def needs(self) -> tuple[k.Kept, ...]:
        """The variables that it found in the notebook."""
        return tuple(kept for kept in self.inputs if kept.type != "module")

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """What was done, by item of the plan: its title, and its code."""
        grouped = groupby(self.pieces, lambda piece: piece.title)
        return tuple((title, "\n\n".join(piece.code.strip() for piece in pieces)) for title, pieces in grouped)

    @property
    def text(self) -> str:
        """All of it in one text, items set apart by comments; empty when there is none."""
        numbered = enumerate(self.items, 1)
        return "\n\n".join(f"# {n}. {one_line(title)}\n{code}" if title else code for n, (title, code) in numbered)


def one_line(text: str, longest: int = 160) -> str:
    """A text that fits behind ``#``: one line, with nothing that an editor could take amiss."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def code_of(entries: Iterable[k.Entry]) -> RunCode:
    """The code of a run as far as its log goes."""
    folding = _Folding()
    for entry in entries:
        folding.take(entry)
    return folding.code()


@dataclass
class _Folding:
    run: str = ""
    prompt: str = ""
    proposed: dict[str, k.CallProposed] = field(default_factory=dict)
    coded: dict[str, str] = field(default_factory=dict)
    made: dict[str, tuple[k.Kept, ...]] = field(default_factory=dict)
    told: dict[str, tuple[k.Change, ...]] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    """The calls that count, in order, each with the title of its item."""
    inputs: dict[str, k.Kept] = field(default_factory=dict)
    plan: tuple[k.PlanItem, ...] = ()
    undone: set[str] = field(default_factory=set)
    last: str = ""

    def take(self, entry: k.Entry) -> None:
        """Take one entry in."""
        self.run = entry.run
        match entry.event:
            case k.RunStarted(prompt=prompt):
                self.prompt = prompt
            case k.CallProposed(call=call):
                self.proposed[call.id] = entry.event
            case k.CallFinished(call_id=id) | k.CallSettled(call_id=id, how="ran"):
                self.done[id] = ""
                self.last = id
            case k.ItemFinished(index=index) if self.last and index < len(self.plan):
                self.done[self.last] = self.plan[index].title
            case k.PlanMade(items=items) | k.PlanRevised(items=items):
                self.plan = items
            case k.CallCoded(call_id=id, code=code):
                self.coded[id] = code
            case k.UndoDone(call_ids=ids, undoes=earlier):
                self.undone = self.undone - set(ids) if earlier else self.undone | set(ids)
            case k.NamespaceChanged(call_id=id, changes=changes):
                self.told[id] = changes
            case k.NamespaceKept(call_id=id, kept=kept, inputs=inputs):
                self.made[id] = kept
                for one in inputs:
                    self.inputs.setdefault(one.name, one)

    def code(self) -> RunCode:
        """What was gathered."""
        calls = [
            (self.proposed[id], title) for id, title in self.done.items() if id in self.proposed.keys() - self.undone
        ]
        pieces = tuple(piece for call, title in calls if (piece := self._piece(call, title)) is not None)
        files = tuple(str(call.call.arguments.get("path", "")) for call, _ in calls if call.call.name == FILE)
        return RunCode(self.run, self.prompt, pieces, tuple(self.inputs.values()), files)

    def _piece(self, call: k.CallProposed, title: str) -> Piece | None:
        id = call.call.id
        code = self.coded.get(id, "")
        if call.call.name == CODE:
            code = str(call.call.arguments.get("code", ""))
        if not code.strip():
            return None
        piece = Piece(id, code, title or call.purpose, call.effect)
        return replace(piece, made=self.made.get(id, ()), told=self.told.get(id, ()))
