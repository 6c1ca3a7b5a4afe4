"""Whether the code of a run makes the same again: it is run top to bottom in a fresh kernel, and each step compared.

What it needs from the notebook comes from the cells before it, else from what was kept. Values are compared by the hash
of their content. Code that acts outside is only run when that was said.
"""

from __future__ import annotations

import ast
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Literal, TypeAlias

from aether_nb.events.coding import Piece, RunCode
from aether_nb.events.kinds import Kept
from aether_nb.live.fresh_kernel import fresh_kernel

__all__ = ["Reproduction", "Spare", "reproduce"]

SECONDS = 600.0
"""How long one piece of code may take."""

Spare: TypeAlias = Callable[[Kept], "tuple[str, bytes] | None"]
"""Finds what was kept of a variable: its format, and its bytes."""


@dataclass
class Reproduction:
    """What came of running the code of a run again.

    Attributes:
        outcome: It reproduces; it differs; or it could not be tried, because something of the user's is missing.
        first: The first difference, or what is missing, in a sentence.
        same: Variables that hold the same again.
        untold: Variables of which it could not be told.
        left_out: Titles of code that was not run, because it acts outside.
        handed: Inputs that no cell made again, and that came from what was kept.
    """

    run: str
    outcome: Literal["reproduces", "differs", "missing"] = "reproduces"
    first: str = ""
    same: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The same in words."""
        if self.outcome == "reproduces":
            held = "holds what it held" if len(self.same) == 1 else "hold what they held"
            made = f": {', '.join(self.same)} {held}" if self.same else ""
            lines = [f"Run {self.run} reproduces in a fresh kernel{made}."]
        elif self.outcome == "differs":
            lines = [f"Run {self.run} does not reproduce. The first difference: {self.first}"]
        else:
            lines = [f"Run {self.run} cannot be tried: {self.first}"]
        if self.handed:
            lines.append(f"Not made again, but taken as it was kept: {', '.join(self.handed)}.")
        if self.untold:
            lines.append(f"Could not be told of: {', '.join(self.untold)}.")
        lines += [f"Not run, because it acts outside: {title} (--outside runs it, too)." for title in self.left_out]
        return "\n".join(lines)


def reproduce(code: RunCode, before: Sequence[str], spare: Spare, folder: Path, outside: bool = False) -> Reproduction:
    """Run the code of a run in a fresh kernel.

    Args:
        code: The code.
        before: The user's cells that stand before it.
        spare: Finds what was kept of a variable that these do not make.
        folder: The working directory.
        outside: Whether code that acts outside of the notebook is run, too.
    """
    found = Reproduction(code.run)
    with fresh_kernel(folder, {"AETHER_PANEL": "off"}) as (manager, client):
        trying = _Trying(manager, client, found)
        if trying.prepared(code, before, spare):
            for number, piece in enumerate(code.pieces, 1):
                title = piece.title or f"step {number}"
                if piece.outside and not outside:
                    found.left_out.append(title)
                elif not trying.repeated(piece, title):
                    break
    found.same = [name for name in dict.fromkeys(found.same) if name not in found.untold]
    return found


@dataclass
class _Trying:
    manager: Any
    client: Any
    found: Reproduction

    def prepared(self, code: RunCode, before: Sequence[str], spare: Spare) -> bool:
        """Make what the code needs; whether all of it is there as it was."""
        needs = code.needs
        for cell in before if code.inputs else ():
            self._run(cell)  # one that fails here leaves something missing below
        for statement in code.imports:
            self._run(statement)
        for name, (stands, told) in self._stand(needs).items():
            kept = next(one for one in needs if one.name == name)
            if stands in ("same", "unknown"):
                if stands == "unknown":
                    self.found.untold.append(name)
                continue
            if self._handed(kept, spare):
                self.found.handed.append(name)
                continue
            made = f" {kept.cell} had made it." if kept.cell else ""
            other = f"it needs {name}, which is now {told} and not what the run has read." if stands == "other" else ""
            self.found.first = (other or f"it needs {name}, which no cell before it makes.") + made
            self.found.outcome = "missing"
            return False
        return True

    def repeated(self, piece: Piece, title: str) -> bool:
        """Run a piece of code; whether it made the same as before."""
        if failed := self._run(piece.code):
            left = " What was not run before it may be why." if self.found.left_out else ""
            return self._differs(f"“{title}” failed: {failed}.{left}")
        was = {change.name: ", ".join((change.type, *change.details)).strip(", ") for change in piece.told}
        for name, (stands, told) in self._stand(piece.made).items():
            if stands == "same":
                self.found.same.append(name)
            elif stands == "unknown":
                self.found.untold.append(name)
            elif stands == "missing":
                return self._differs(f"“{title}” did not make {name} this time.")
            else:
                before = f" It was {was[name]}." if was.get(name) else ""
                return self._differs(f"“{title}” made {name} another one: it is {told}.{before}")
        return True

    def _differs(self, first: str) -> bool:
        self.found.outcome, self.found.first = "differs", first
        return False

    def _handed(self, kept: Kept, spare: Spare) -> bool:
        """Whether a variable could be loaded from what was kept of it, and is what it was."""
        bytes_of = spare(kept)
        if bytes_of is None:
            return False
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "value"
            file.write_bytes(bytes_of[1])
            self._ask(f"loaded(globals(), {kept.name!r}, {bytes_of[0]!r}, {str(file)!r})")
        return self._stand([kept])[kept.name][0] == "same"

    def _stand(self, variables: Iterable[Kept]) -> Mapping[str, Sequence[str]]:
        wanted = {kept.name: kept.hash for kept in variables}
        answer = self._ask(f"probe(globals(), {wanted!r})") if wanted else "{}"
        stand: Mapping[str, Sequence[str]] = json.loads(answer or "{}")
        return {name: stand.get(name, ("missing", "")) for name in wanted}

    def _run(self, code: str) -> str:
        """Run code as a cell; returns what went wrong, in a line."""
        reply = self._execute(code)
        return "" if reply["status"] == "ok" else f"{reply.get('ename', 'Aborted')}: {reply.get('evalue', '')}"

    def _ask(self, call: str) -> str:
        """Ask a function of ``live.probing`` in there; empty when it cannot say."""
        expression = f"__import__('aether_nb.live.probing', fromlist=['probe']).{call}"
        reply = self._execute("", store_history=False, user_expressions={"said": expression})
        said = reply.get("user_expressions", {}).get("said", {}).get("data", {}).get("text/plain", "''")
        return str(ast.literal_eval(said))

    def _execute(self, code: str, **more: Any) -> Mapping[str, Any]:
        """What the kernel replies to a piece of code; an error of our own when it dies, or takes too long."""
        id = self.client.execute(code, allow_stdin=False, stop_on_error=False, **more)
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                message = self.client.get_shell_msg(timeout=0.5)
            except Empty:
                if not self.manager.is_alive():
                    return {"status": "error", "ename": "KernelDied", "evalue": "the fresh kernel has died"}
                continue
            if message["parent_header"].get("msg_id") == id:
                content: Mapping[str, Any] = message["content"]
                return content
        return {"status": "error", "ename": "TimeoutError", "evalue": f"it took longer than {SECONDS:g} s"}
