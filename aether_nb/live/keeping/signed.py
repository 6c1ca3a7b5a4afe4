"""Pickles that this user's key has signed: for models and other objects of libraries that have no other format.

To unpickle is to run what the bytes say. So nothing is unpickled before its signature was found to be right, and
without a signer nothing is pickled or unpickled at all. Who the signer is, and whether the folder is the user's own, is
for others to know.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

from aether_nb.live.keeping.limits import Clock, Data, NotPossible, Signer, TooMuch
from aether_nb.live.keeping.objects import class_name

__all__ = ["from_pickle", "to_pickle"]

MAGIC = b"aether-pickle1\n"
OWN_WAYS = {"__reduce__", "__reduce_ex__", "__getstate__"}
"""By these a class says itself how it is pickled."""


class _Sink(io.BytesIO):
    """Takes in bytes as long as there is time and room."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def write(self, data: Any, /) -> int:
        self._clock.check()
        if self.tell() + memoryview(data).nbytes > self._clock.most:
            raise TooMuch("it is larger than what is kept of one variable")
        return super().write(data)


class _Pickler(pickle.Pickler):
    """Runs nothing that stands in the notebook: a class of the user's may do anything while it is pickled."""

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if isinstance(value, type) or callable(value):
            return NotImplemented
        spaces = [(one, type.__dict__["__dict__"].__get__(one)) for one in type.__dict__["__mro__"].__get__(kind)]
        for one, space in spaces:
            if type.__dict__["__module__"].__get__(one) == "__main__" and OWN_WAYS & set(space):
                raise NotPossible(f"its class {class_name(one)} decides itself how it is written")
        return NotImplemented


def to_pickle(value: Any, signer: Signer, clock: Clock) -> Data:
    """A value as a signed pickle.

    Raises:
        NotPossible: It cannot be pickled.
        TooMuch: It takes too long, or is too large.
    """
    sink = _Sink(clock)
    try:
        _Pickler(sink, protocol=5).dump(value)
    except (NotPossible, TooMuch):
        raise
    except Exception as problem:
        raise NotPossible(f"a {class_name(type(value))} cannot be pickled ({type(problem).__name__})") from problem
    payload = sink.getvalue()
    signature = signer.sign(MAGIC + payload).encode()
    return b"".join((MAGIC, struct.pack("<I", len(signature)), signature, payload))


def from_pickle(data: Data, signer: Signer | None) -> Any:
    """The value of a pickle that this user has signed.

    Raises:
        NotPossible: There is no signer, or he has not signed these bytes; nothing of them was run.
    """
    if signer is None:
        raise NotPossible("it is a pickle, and there is no key here to tell who wrote it")
    raw = bytes(data)
    start = len(MAGIC) + 4
    if not raw.startswith(MAGIC) or len(raw) < start:
        raise NotPossible("these bytes are of another format")
    (size,) = struct.unpack("<I", raw[len(MAGIC) : start])
    signature, payload = raw[start : start + size], raw[start + size :]
    if not signature.isascii() or not signer.verifies(MAGIC + payload, signature.decode("ascii")):
        raise NotPossible("it is a pickle that was not signed with this user's key")
    return pickle.loads(payload)
