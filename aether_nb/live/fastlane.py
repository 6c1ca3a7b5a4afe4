"""The fast lane: clicks in our panel are taken straight off the kernel's shell channel.

By the ordinary way a click waits until the running cell ends, or lands in the middle of a half-drawn figure. Here our
own comm messages, and only they, are verified and handed over as they arrive; on ipykernel 7 even while a cell
computes. Everything else passes on untouched, and so does whatever this code does not understand.

This module knows how the kernel receives messages. It knows neither widgets nor what a click means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["Deliver", "FastLane"]

Deliver: TypeAlias = Callable[[dict[str, Any]], None]
"""Takes the content of a click, with the message's id as ``msg_id``. Called on the thread that owns the shell channel
(never an agent's, not always the main one), so it hands on and returns at once."""

CLOSED = 64
"""So many closed comms are remembered."""

_WATCHED = "_aether_watched"  # on the stream: one table and one wrapper, however often the extension is loaded
_INSTALLED = "_aether_installed"


class FastLane:
    """Watches a kernel's shell channel for custom messages of our comms.

    Args:
        kernel: An ipykernel kernel; anything else has no fast lane.

    Attributes:
        available: Whether clicks can come by this way. When not, the ordinary way has to do.
        while_busy: Whether they come even while the main thread is busy: on ipykernel 7 another one reads the channel.
    """

    def __init__(self, kernel: Any) -> None:
        stream = getattr(kernel, "shell_stream", None)
        owner = getattr(kernel, "shell_channel_thread", None) or kernel
        self._loop = getattr(owner, "io_loop", None)
        self._session = getattr(kernel, "session", None)
        self._stream = stream
        callback = getattr(stream, "_recv_callback", None)  # private: without it there is nothing to pass on to
        self.available = None not in (stream, self._loop, self._session, callback)
        self.while_busy = self.available and owner is not kernel
        self._watched: dict[str, Deliver] = stream.__dict__.setdefault(_WATCHED, {}) if self.available else {}

    def watch(self, comm_id: str, deliver: Deliver) -> None:
        """Hand custom messages of this comm to ``deliver`` from now on. It may see a message id twice."""
        if self.available and self._loop is not None:
            self._watched[comm_id] = deliver
            # A stream belongs to its loop: nobody else may touch it.
            self._loop.add_callback(_install, self._stream, self._session, self._watched)

    def unwatch(self, comm_id: str) -> None:
        """Hear this comm no more: it is closed. What a view has still sent is dropped here.

        By the ordinary way it would be worked on in the comm's subshell, which the front end deletes meanwhile: then
        ipykernel 7 prints in red that a task was destroyed.
        """
        if comm_id in self._watched:
            self._watched[comm_id] = _dropped
        closed = [id for id, deliver in tuple(self._watched.items()) if deliver is _dropped]
        for id in closed[:-CLOSED]:
            self._watched.pop(id, None)


def _dropped(said: dict[str, Any]) -> None:
    """Nobody is there for it."""


def _install(stream: Any, session: Any, watched: dict[str, Deliver]) -> None:
    if getattr(stream, _INSTALLED, False) or stream.closed():
        return
    original = stream._recv_callback

    def receive(parts: list[Any]) -> Any:
        try:
            taken = bool(watched) and _take(session, parts, watched)
        except Exception:  # noqa: BLE001  # not ours to judge: the kernel reports what is wrong with a message
            taken = False
        return None if taken else original(parts)

    stream.on_recv(receive, copy=False)
    setattr(stream, _INSTALLED, True)


def _take(session: Any, parts: list[Any], watched: dict[str, Deliver]) -> bool:
    """Deliver the message if it is a click of ours.

    Raises:
        ValueError: It is not signed, or wrongly.
    """
    _, message = session.feed_identities(parts, copy=False)  # signature, header, parent, metadata, content, buffers
    header = session.unpack(message[1].bytes)
    if header["msg_type"] != "comm_msg":
        return False
    content = session.unpack(message[4].bytes)
    deliver = watched.get(content["comm_id"])
    if deliver is None or content["data"].get("method") != "custom":
        return False
    # With content=True the session would remember the signature, and refuse the message should it have to pass on.
    session.deserialize(message, content=False, copy=False)
    deliver({**content["data"]["content"], "msg_id": header["msg_id"]})
    return True
