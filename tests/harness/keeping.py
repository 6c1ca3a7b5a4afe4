"""What the tests of keeping share: bytes in memory, a key, runs as they would be recorded, and a new kernel."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from aether_nb.errors import StoreError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text, ToolCall
from aether_nb.live.changes import compare, photograph
from aether_nb.live.execute import Executor
from aether_nb.live.keeping import Budget, Keeper, Signer, plan_restore, restore
from aether_nb.live.reading import names_in


@dataclass
class MemoryBlobs:
    """A ``Blobs`` in memory; ``full`` makes it refuse."""

    kept: dict[str, bytes] = field(default_factory=dict)
    full: bool = False

    def put(self, data: bytes | memoryview) -> str:
        if self.full:
            raise StoreError("There is no room on the disk.")
        hash = hashlib.sha256(data).hexdigest()
        self.kept[hash] = bytes(data)
        return hash

    def get(self, hash: str) -> bytes:
        if hash not in self.kept:
            raise StoreError("Its bytes are not here.")
        return self.kept[hash]

    def has(self, hash: str) -> bool:
        return hash in self.kept

    def drop(self, hash: str) -> int:
        return len(self.kept.pop(hash, b""))

    def hashes(self) -> Iterator[tuple[str, int]]:
        return iter([(hash, len(data)) for hash, data in self.kept.items()])


@dataclass
class Key:
    """A user's key."""

    secret: bytes = b"mine"

    def sign(self, data: bytes) -> str:
        return hmac.new(self.secret, data, "sha256").hexdigest()

    def verifies(self, data: bytes, signature: str) -> bool:
        return hmac.compare_digest(self.sign(data), signature)


def new_shell() -> InteractiveShell:
    """A shell with nothing in it, as a new kernel has it."""
    InteractiveShell.clear_instance()
    return InteractiveShell(config=Config(HistoryManager={"enabled": False}))


@dataclass
class Told:
    """A run as it happens: each call is run in the shell and recorded as ``run_python`` and the driver would do."""

    shell: Any = field(default_factory=new_shell)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    budget: Budget = field(default_factory=Budget)
    signer: Signer | None = None
    events: list[k.Event] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        self.keeper = Keeper(self.blobs, self.budget, self.signer)

    def cell(self, code: str) -> None:
        """A cell of the user's."""
        assert self.shell.run_cell(code, store_history=True).success

    def call(self, code: str, *, seconds: float = 0.001, effect: k.Effect = "namespace", ends: bool = True) -> str:
        """A call of the agent's, recorded as if it had taken so long."""
        self.calls += 1
        id = f"c{self.calls}"
        self.events.append(k.CallProposed(ToolCall(id, "run_python", {"code": code}), "h", "low", effect))
        self.events.append(k.CallBegun(id, "h"))
        namespace = self.shell.user_ns
        inputs = self.keeper.read(namespace, code)
        before = photograph(namespace, names_in(code))
        Executor(self.shell).run(code)
        changes = compare(before, namespace)
        kept = self.keeper.keep(namespace, [c.name for c in changes if c.what != "removed"], seconds)
        if changes:
            self.events.append(k.NamespaceChanged(id, changes))
        self.events.append(k.NamespaceKept(id, kept, inputs))
        failed = k.CallFailed(id, "KeyError: 'x'")
        self.events.append(k.CallFinished(id, (Text("done"),), seconds) if ends else failed)
        return id

    def park(self) -> None:
        """Write what is not written yet."""
        self.events.append(k.NamespaceKept("", self.keeper.park(self.shell.user_ns)))

    @property
    def entries(self) -> Iterable[k.Entry]:
        """The log."""
        return [k.Entry("run1", n, time.time(), event) for n, event in enumerate(self.events, 1)]

    def kept(self, name: str) -> k.Kept:
        """What was last noted of a variable."""
        noted = [kept for event in self.events if isinstance(event, k.NamespaceKept) for kept in event.kept]
        return [kept for kept in noted if kept.name == name][-1]

    def restart(self, *cells: str, signer: Signer | None = None) -> tuple[dict[str, Any], k.NamespaceRestored]:
        """A new kernel in which the user runs these cells before the run goes on: its variables, and what was said."""
        self.shell = new_shell()
        for code in cells:
            self.cell(code)
        restored = restore(self.shell, plan_restore(self.entries), self.blobs, signer or self.signer)
        return self.shell.user_ns, restored


def names(gone: Iterable[k.Gone]) -> dict[str, str]:
    """The names and reasons of what is gone or differs."""
    return {one.name: one.why for one in gone}
