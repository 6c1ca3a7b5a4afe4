"""What signals are: words from outside that a run has still to hear.

A signal is written first and applied later, by whoever advances the run: appending ``signal.received`` marks it as
applied in the same transaction. It may be sent any number of times; its id makes it one within its run. This module
knows no run.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from aether_nb.errors import StoreError
from aether_nb.events.kinds import SignalType

__all__ = ["Signal", "Signals", "body_text", "new_signal_id"]


def new_signal_id() -> str:
    """A name for a signal that nobody else gives."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something said to a run from outside.

    Args:
        run: The run's whole id.
        type: What kind of word it is.
        by: Who said it, for people: ``cli:anna``, ``panel``, ``cell``.
        body: What belongs to it, as JSON: for an ``approve`` or ``deny`` the ``call_id`` and the ``hash`` of the exact
            call, for an ``answer`` the question's ``id`` and the ``text``, for ``settle`` ``call_id`` and ``how``, for
            ``tell`` the ``text``, for ``undo`` what is taken back.
        id: Its name: the same one, sent twice, is one signal.
        time: When it was said, in seconds since the epoch.
        seal: Binds it to this user's key; see ``store.seal``.
    """

    run: str
    type: SignalType
    by: str
    body: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_signal_id)
    time: float = 0.0
    seal: str = ""


def body_text(signal: Signal) -> str:
    """The body of a signal as canonical JSON, the same for equal bodies.

    Raises:
        StoreError: It holds something that JSON cannot say.
    """
    try:
        return json.dumps(signal.body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError(
            f"The signal '{signal.type}' to run {signal.run} cannot be sent.",
            f"Its body must hold JSON values: {error}.",
            "Whoever made it has to hand over plain values: text, finite numbers, lists and objects.",
        ) from error


@runtime_checkable
class Signals(Protocol):
    """The letter box of runs. May be used from any thread and any process."""

    def send(self, signal: Signal) -> bool:
        """Put a signal in; False when one of that id lies, or has lain, there already.

        Raises:
            StoreError: It could not be written; then it was not said.
        """

    def pending(self, run: str) -> list[Signal]:
        """What a run has not heard yet, in the order in which it was sent."""
