"""What a person said, bound to exactly what it was said about: a yes, a grant, a signal; and what counts of a record.

What is said from outside, and what is kept for later kernels, carries a seal of its own, made with a key of this user.
What stands in a run is sealed with the run's head, by its store. So a record that came from somebody else can be shown,
but no yes in it counts here. Where keys lie and how seals are made is the business of ``store``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass

from aether_nb.agent.asking import Answer
from aether_nb.agent.scoping import rule
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal

__all__ = ["Signing", "gate_events", "signal_fields", "taken_back"]


@dataclass(frozen=True)
class Signing:
    """Signs bytes that are kept beside the record with this user's key: what somebody else wrote is never unpickled."""

    sealer: Sealer

    def sign(self, data: bytes) -> str:
        """The signature of these bytes."""
        return self.sealer.seal(("bytes", hashlib.sha256(data).hexdigest()))

    def verifies(self, data: bytes, signature: str) -> bool:
        """Whether this user's key made the signature of exactly these bytes."""
        return self.sealer.verifies(("bytes", hashlib.sha256(data).hexdigest()), signature)


def gate_events(
    proposed: k.CallProposed, answer: Answer, now: float, shown: k.CallProposed | None = None
) -> tuple[k.Event, ...]:
    """What an answer at a gate makes: the answer, and a grant when the yes is to last.

    Args:
        proposed: The call.
        answer: What was said of it.
        now: When, in seconds since the epoch.
        shown: The call as the person saw it, when he has changed it.
    """
    answered = k.GateAnswered(proposed.call.id, proposed.hash, answer.decision, answer.by, answer.lasts, answer.reason)
    if answer.decision != "approve" or answer.lasts == "once":
        return (answered,)
    until = now + 60 * k.MINUTES if answer.lasts == "minutes" else 0.0
    covers, name = rule(proposed, answer.scope, shown or proposed), f"g{secrets.token_hex(3)}"
    grant = k.Grant(name, proposed.call.name, covers, proposed.risk, answer.lasts, answer.by, until)
    return answered, k.GrantGiven(grant)


def signal_fields(signal: Signal) -> tuple[str, ...]:
    """What the seal of a signal binds."""
    body = json.dumps(dict(signal.body), sort_keys=True, ensure_ascii=False)
    return ("signal", signal.run, signal.id, signal.type, signal.by, repr(signal.time), body)


def taken_back(state: RunState) -> tuple[k.Event, ...]:
    """What has to be taken back of a run before it may go on under another name, or another user: every yes in it.

    Args:
        state: The run as it is to go on: what was interrupted is settled.

    Returns:
        Events after which a call that was approved, or that had begun, is asked about again, and every grant is gone.
    """
    # Proposed again, a call has no yes any more.
    again = (call.proposed for call in state.calls.values() if call.status == "approved")
    return *again, *(k.GrantRevoked(grant.id, "policy:not given to this run by this user") for grant in state.grants)
