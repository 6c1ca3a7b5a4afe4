"""A run whose calls really change variables and files, for tests of taking them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aether_nb.agent.run import Run
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.live.undo import Points, RunPoints
from aether_nb.session.undoing import perform, prepare
from aether_nb.store.memory import MemoryLog
from aether_nb.store.memory_parts import MemoryBlobs


class Told:
    """Such a run, recorded as the driver would record it."""

    def __init__(self, folder: Path, **variables: Any) -> None:
        self.folder, self.namespace = folder, {"__name__": "__main__", **variables}
        self.points, self.blobs, self.run = Points(), MemoryBlobs(), Run(MemoryLog(checked=False), "run1")
        self.kept = RunPoints(self.points, "run1", self.blobs)
        self.run.append(k.RunStarted("change it", "script"))
        self.run.append(k.ContextComposed((Message.of("user", "change it"),)))

    def code(self, id: str, code: str, *changes: k.Change, effect: k.Effect = "namespace", reasons=()) -> None:
        """A call that runs code."""
        self._begin(ToolCall(id, "run_python", {"code": code}), effect, reasons)
        self.kept.before(id, self.namespace, code)
        exec(code, self.namespace)
        self.namespace.pop("__builtins__")
        limited = self.kept.after(id, changes)
        changed = (k.NamespaceChanged(id, changes),) if changes else ()
        self.run.append(*changed, *limited, k.CallFinished(id, (Text("done"),), 0.1))

    def file(self, id: str, name: str, text: str) -> None:
        """A call that writes a file."""
        self._begin(ToolCall(id, "write_file", {"path": name, "content": text}), "external", ())
        earlier = self.kept.file(self.folder / name)
        (self.folder / name).write_text(text)
        self.run.append(self.kept.wrote(id, earlier), k.CallFinished(id, (Text("done"),), 0.1))

    def _begin(self, call: ToolCall, effect: k.Effect, reasons: tuple[str, ...]) -> None:
        self.run.append(k.ModelAsked("script", 1))
        reply = Message("assistant", (), calls=(call,))
        self.run.append(k.ModelAnswered("script", reply, Usage(), "tool_calls", 0.1))
        self.run.append(k.CallProposed(call, "h", "medium", effect, reasons))
        self.run.append(k.CallBegun(call.id, "h"))

    def end(self) -> None:
        """The run ends."""
        self.run.append(k.RunEnded("done"))

    def look(self, **more: Any) -> Any:
        """What undo would do."""
        entries = list(self.run.log.read("run1"))
        return prepare(entries, self.points, self.namespace, self.folder, **more)

    def undo(self, **more: Any) -> k.UndoDone:
        """Do it."""
        return perform(self.look(**more), self.run, self.points, self.namespace, self.blobs, "cell")
