"""What a person said, bound to exactly what it was said about: a yes, a grant, a signal; and whose record a run is.

A seal is made with a key of this user, over the run, the call's hash and the words. So a record that came from somebody
else can be shown, but no yes in it counts here. Where keys lie and how seals are made is the business of ``store``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from aether_nb.agent.asking import Answer
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal

__all__ = ["Signing", "gate_events", "recorded_here", "sealed", "sealed_end", "signal_fields", "unsealed"]


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


def gate_events(run: str, proposed: k.CallProposed, answer: Answer, sealer: Sealer | None) -> tuple[k.Event, ...]:
    """What an answer at a gate makes: the answer, and a grant when the yes is to last."""
    answered = k.GateAnswered(proposed.call.id, proposed.hash, answer.decision, answer.by, answer.lasts, answer.reason)
    events: list[k.Event] = [sealed(run, answered, sealer)]
    if answer.decision == "approve" and answer.lasts != "once":
        rule = f"call:{proposed.hash}"  # this exact call may be repeated without a question
        grant = k.Grant(f"g{secrets.token_hex(3)}", proposed.call.name, rule, proposed.risk, answer.lasts, answer.by)
        events.append(sealed(run, k.GrantGiven(grant), sealer))
    return tuple(events)


def sealed(run: str, event: k.GateAnswered | k.GrantGiven, sealer: Sealer | None) -> k.GateAnswered | k.GrantGiven:
    """The event with its seal; as it is where there is no key."""
    return event if sealer is None else replace(event, seal=sealer.seal(_fields(run, event)))


def _fields(run: str, event: k.GateAnswered | k.GrantGiven) -> tuple[str, ...]:
    if isinstance(event, k.GateAnswered):
        return ("gate", run, event.call_id, event.hash, event.decision, event.by, event.lasts)
    grant = event.grant
    return ("grant", run, grant.id, grant.tool, grant.rule, grant.risk, grant.lasts, grant.by)


def sealed_end(run: str, end: k.RunEnded, head: str, sealer: Sealer) -> k.RunEnded:
    """The end of a run, bound to all that is recorded before it: ``head`` is the hash of the last event."""
    return replace(end, seal=sealer.seal(("run", run, head, end.outcome)))


def recorded_here(run: str, end: k.RunEnded, before: str, sealer: Sealer) -> bool:
    """Whether this user recorded a run himself, or went on with it to its end, which says yes to what came before.

    Args:
        run: The run's whole id.
        end: Its last event.
        before: The hash of the event just before that one; the chain was verified.
        sealer: This user's key.
    """
    return bool(before) and sealer.verifies(("run", run, before, end.outcome), end.seal)


def signal_fields(signal: Signal) -> tuple[str, ...]:
    """What the seal of a signal binds."""
    body = json.dumps(dict(signal.body), sort_keys=True, ensure_ascii=False)
    return ("signal", signal.run, signal.id, signal.type, signal.by, body)


def unsealed(state: RunState, entries: Iterable[k.Entry], sealer: Sealer) -> tuple[k.Event, ...]:
    """What has to be taken back of a record before it may go on here: every yes that this user did not give.

    Args:
        state: The run as its record has it.
        entries: The record.
        sealer: This user's key.

    Returns:
        Events after which such a call is asked about again, and such a grant is gone.
    """
    taken: list[k.Event] = []
    standing = {grant.id for grant in state.grants}
    for entry in entries:
        event = entry.event
        if isinstance(event, k.GrantGiven) and event.grant.id in standing:
            if not sealer.verifies(_fields(state.run, event), event.seal):
                taken.append(k.GrantRevoked(event.grant.id, "policy:not sealed by this user"))
        elif isinstance(event, k.GateAnswered) and event.decision == "approve":
            call = state.calls.get(event.call_id)
            waits = call is not None and call.status == "approved" and call.proposed.hash == event.hash
            if call is not None and waits and not sealer.verifies(_fields(state.run, event), event.seal):
                taken.append(call.proposed)  # proposed again: it has no yes any more
    return tuple(taken)
