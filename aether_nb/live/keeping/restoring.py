"""Putting the variables of a run back into a new kernel, by a plan, and saying what did not come back.

What the user has meanwhile made himself is his: it is left alone, unless it is what the run had found or made, which
the run's own version then takes the place of. Code is run quietly, in the order of the log, and nothing more is run
after the first failure. On the main thread only. It does not know who approved the code, nor where the log comes from:
whoever restores a foreign record asks first.
"""

from __future__ import annotations

import builtins
import inspect
from dataclasses import dataclass, field
from typing import Any

from aether_nb.errors import AetherError
from aether_nb.events.kinds import Gone, Kept, NamespaceRestored
from aether_nb.live.execute import Executor
from aether_nb.live.guard import Agreement, Guard
from aether_nb.live.keeping.formats import load
from aether_nb.live.keeping.hashing import matches
from aether_nb.live.keeping.history import History, Version
from aether_nb.live.keeping.limits import Clock, NotPossible, Signer, TooMuch
from aether_nb.live.keeping.planning import Load, Plan, Rerun, choose
from aether_nb.live.reading import Announced
from aether_nb.store.blobs import Blobs

__all__ = ["restore"]

COMPARING = 5.0
"""Seconds for comparing one variable with its hash."""


def restore(shell: Any, plan: Plan, blobs: Blobs, signer: Signer | None = None) -> NamespaceRestored:
    """Put the variables back; on the main thread.

    Args:
        shell: The IPython shell of the new kernel.
        plan: What to do.
        blobs: Where the bytes are.
        signer: This user's key; None in a folder that is not his own.
    """
    return _Restoring(shell, plan.history, blobs, signer).run()


@dataclass
class _Restoring:
    shell: Any
    history: History
    blobs: Blobs
    signer: Signer | None
    found: dict[str, Any] = field(default_factory=dict)
    staged: dict[tuple[str, int], Any] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)
    remade: list[str] = field(default_factory=list)
    missing: dict[str, Gone] = field(default_factory=dict)
    differs: dict[str, Gone] = field(default_factory=dict)
    stopped: str = ""

    @property
    def namespace(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    def run(self) -> NamespaceRestored:
        self.found = dict(self.namespace)
        self._modules()
        self._inputs()
        here, apart = self._present()
        plan = self._readable(here, apart)
        for gone in plan.gone:
            lost = self.history.final(gone.name).kept
            why = self.unread.get(lost.blob, "") if lost else ""
            self.missing[gone.name] = Gone(gone.name, f"{why}; {gone.why}" if why else gone.why, gone.call_id)
        for action in plan.actions:
            if isinstance(action, Load):
                self._load(action)
            else:
                self._rerun(action, apart)
        self._tidy(apart)
        self._join()
        missing = tuple(self.missing.values())
        return NamespaceRestored(tuple(self.loaded), tuple(self.remade), missing, tuple(self.differs.values()))

    # ---- what is there

    def _inputs(self) -> None:
        """Say which of the user's variables are missing or not what the run has read."""
        for name, kept in self.history.inputs.items():
            if kept.type == "module" or name in self.history.versions:
                continue
            made = f"; {kept.cell} had made it" if kept.cell else ""
            if name not in self.namespace:
                self.missing[name] = Gone(name, f"it was the user's, and is not there any more{made}")
            elif self._is(name, kept.hash) is False:
                self.differs[name] = Gone(name, f"it is not what this run has read{made}")

    def _present(self) -> tuple[set[str], set[str]]:
        """The names whose last version is there already, and those that the user has made something else of."""
        here, apart = set[str](), set[str]()
        for name in self.history.goals:
            if name not in self.found:
                continue
            final, versions = self.history.final(name), self.history.versions[name]
            original = self.history.before(name, versions[0].step)
            same = self._is(name, final.hash)
            if same and (final.hash.startswith("sha256:") or name not in self.history.theirs):
                here.add(name)
            elif same or self._was_ours(name, original):
                continue
            else:
                apart.add(name)
                why = "there is another variable of this name, and it was left as it is"
                self.differs[name] = Gone(name, why, self.history.steps[final.step].call_id)
        return here, apart

    def _was_ours(self, name: str, original: Version) -> bool:
        """Whether what is there is a version that the run has had, or the user's own that the run had changed."""
        hashes = {version.hash for version in (original, *self.history.versions[name]) if version.hash}
        if any(self._is(name, hash) for hash in hashes):
            return True
        return name in self.history.theirs and not original.hash

    def _is(self, name: str, hash: str) -> bool | None:
        return matches(self.found.get(name), hash, Clock.of(COMPARING)) if name in self.found else False

    # ---- what can be read

    def _readable(self, here: set[str], apart: set[str]) -> Plan:
        """A plan of which everything that is loaded has been read already."""
        while True:
            plan = choose(self.history, self.unread, here, apart)
            lost = len(self.unread)
            for action in plan.actions:
                version = action.version if isinstance(action, Load) else None
                if version is None or (version.name, version.step) in self.staged:
                    continue
                if isinstance(action, Load) and action.here:
                    self.staged[version.name, version.step] = self.found[version.name]
                else:
                    self._read(version)
            if len(self.unread) == lost:
                return plan

    def _read(self, version: Version) -> None:
        kept = version.kept
        assert kept is not None
        try:
            value = load(kept.format, self.blobs.get(kept.blob), self.signer)
            if matches(value, kept.hash, Clock.of(COMPARING)) is False:
                raise NotPossible("what was kept is not what it says")
            self.staged[version.name, version.step] = value
        except (NotPossible, TooMuch) as reason:
            self.unread[kept.blob] = str(reason)
        except AetherError as error:
            self.unread[kept.blob] = error.what

    # ---- doing it

    def _load(self, action: Load) -> None:
        version = action.version
        self.namespace[version.name] = self.staged[version.name, version.step]
        if not action.here and version == self.history.final(version.name) and version.name in self.history.goals:
            self.loaded.append(version.name)

    def _rerun(self, action: Rerun, apart: set[str]) -> None:
        why = self.stopped or self._unmet(action, apart)
        if not why:
            why = self._execute(action.code, nobody(self.namespace))
            if why:
                self.stopped = f"call {action.step.call_id}, run again before it, failed: {why}"
        for version in action.makes:
            goal = version == self.history.final(version.name) and version.name in self.history.goals
            if goal:
                self._made(version, action, why)

    def _made(self, version: Version, action: Rerun, why: str) -> None:
        name = version.name
        if not why and name not in self.namespace:
            why = "its code was run again, but did not make it"
        if why:
            self.missing[name] = Gone(name, why, action.step.call_id)
        elif matches(self.namespace[name], version.hash, Clock.of(COMPARING)) is not False:
            self.remade.append(name)
        elif version.kept is not None and version.kept.blob and self._read_late(version):
            self.loaded.append(name)
        else:
            why = "its code was run again, and made something else this time"
            self.differs[name] = Gone(name, why, action.step.call_id)

    def _read_late(self, version: Version) -> bool:
        self._read(version)
        place = version.name, version.step
        if place not in self.staged:
            return False
        self.namespace[version.name] = self.staged[place]
        return True

    def _unmet(self, action: Rerun, apart: set[str]) -> str:
        """Why code is not to be run again: something that it reads is not what it was."""
        for read in action.reads:
            name = read.name
            if name in self.missing and name not in self.namespace:
                return f"it needs {name}, which is gone"
            if name not in self.namespace:
                if hasattr(builtins, name):  # display: IPython's own, and built in only where a shell is
                    continue
                return f"it needs {name}, which is not there"
            changes = name in action.step.changed or name in self.history.versions
            if read.step < 0 and changes and (name in apart or self._is(name, read.hash) is False):
                return f"it needs {name} as it was before, and that is not there any more"
        return ""

    def _execute(self, code: str, guard: Guard | None = None) -> str:
        """Run code quietly; returns what went wrong."""
        execution = Executor(self.shell, guard).run(code)
        if inspect.isawaitable(execution):
            close = getattr(execution, "close", None)
            if close is not None:
                close()
            return "its code awaits something"
        return execution.error_text

    def _modules(self) -> None:
        """Import what the run had imported, and the modules that it had found."""
        wanted = {kept.name: (_import_of(kept), "") for kept in self.history.inputs.values() if kept.type == "module"}
        wanted.update(self.history.imports)
        for name, (statement, call_id) in wanted.items():
            if name in self.namespace or not statement:
                continue
            if why := self._execute(statement):
                self.missing[name] = Gone(name, f"{statement!r} failed: {why}", call_id)

    def _tidy(self, apart: set[str]) -> None:
        """Put back what is the user's, and take away what the run had taken away."""
        for name in apart:
            self.namespace[name] = self.found[name]
        for name in self.history.removed:
            if name not in self.found:
                self.namespace.pop(name, None)

    def _join(self) -> None:
        """Names that were bound to one object are so again."""
        for name in self.loaded:
            kept = self.history.final(name).kept
            leader = kept.same_as if kept else ""
            known = kept is not None and kept.hash and self.history.final(leader).hash == kept.hash
            if known and leader in self.namespace and leader not in self.differs:
                self.namespace[name] = self.namespace[leader]


def nobody(namespace: dict[str, Any]) -> Guard:
    """A guard for code that is run again to make variables: it reaches nothing else, and nobody is asked."""
    return Guard(Agreement(Announced(), "", lambda risk, path: False), lambda text, options: None, namespace)


def _import_of(kept: Kept) -> str:
    """The statement that binds a module to its name again."""
    if not all(part.isidentifier() for part in kept.why.split(".")):
        return ""
    return f"import {kept.why} as {kept.name}"
