"""Signals, leases and blobs that live as long as their process, beside a log in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from threading import Lock

from aether_nb.events.kinds import SignalReceived
from aether_nb.store.blobs import blob_missing
from aether_nb.store.lease import Holder
from aether_nb.store.processes import this_process
from aether_nb.store.rules import held, received_twice
from aether_nb.store.signals import Signal, body_text

__all__ = ["MemoryBlobs", "MemoryLeases", "MemorySignals"]


class MemorySignals:
    """``Signals`` in memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[tuple[str, str], Signal] = {}
        self._heard: set[tuple[str, str]] = set()

    def send(self, signal: Signal) -> bool:
        """See ``Signals.send``."""
        body_text(signal)
        name = (signal.run, signal.id)
        with self._lock:
            if name in self._heard or name in self._waiting:
                return False
            self._waiting[name] = signal
            return True

    def pending(self, run: str) -> list[Signal]:
        """See ``Signals.pending``."""
        with self._lock:
            return [signal for signal in self._waiting.values() if signal.run == run]

    def hear(self, run: str, events: Sequence[SignalReceived]) -> None:
        """Mark signals as applied: all of them, or none.

        Raises:
            AlreadyReceived: One of them was applied before.
        """
        with self._lock:
            heard: set[tuple[str, str]] = set()
            for event in events:
                name = (run, event.id)
                if name in self._heard or name in heard:
                    raise received_twice(run, event.id)
                heard.add(name)
            self._heard |= heard
            for name in heard:
                self._waiting.pop(name, None)


class MemoryLeases:
    """``Leases`` in memory, where there is one process.

    Args:
        name: What people call this process.
    """

    def __init__(self, name: str = "this process") -> None:
        self._name = name
        self._lock = Lock()
        self._holders: dict[str, Holder] = {}

    def take(self, run: str, time: float, force: bool = False) -> Holder:
        """See ``Leases.take``."""
        with self._lock:
            before = self._holders.get(run)
            if before is not None and before.alive and not force:
                raise held(run, before.name, before.since, here=True)
            epoch = before.epoch + 1 if before else 1
            self._holders[run] = Holder(self._name, this_process(), time, epoch, alive=True)
            return self._holders[run]

    def release(self, run: str, epoch: int) -> None:
        """See ``Leases.release``."""
        with self._lock:
            if (last := self._holders.get(run)) is not None and last.epoch == epoch:
                self._holders[run] = replace(last, alive=False)

    def holder(self, run: str) -> Holder | None:
        """See ``Leases.holder``."""
        return self._holders.get(run)


class MemoryBlobs:
    """``Blobs`` in memory."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def put(self, data: bytes | memoryview) -> str:
        """See ``Blobs.put``."""
        hash = sha256(data).hexdigest()
        self._blobs.setdefault(hash, bytes(data))
        return hash

    def get(self, hash: str) -> bytes:
        """See ``Blobs.get``."""
        try:
            return self._blobs[hash]
        except KeyError:
            raise blob_missing(hash) from None

    def has(self, hash: str) -> bool:
        """See ``Blobs.has``."""
        return hash in self._blobs

    def drop(self, hash: str) -> int:
        """See ``Blobs.drop``."""
        return len(self._blobs.pop(hash, b""))

    def hashes(self) -> Iterator[tuple[str, int]]:
        """See ``Blobs.hashes``."""
        return iter([(hash, len(data)) for hash, data in self._blobs.items()])
