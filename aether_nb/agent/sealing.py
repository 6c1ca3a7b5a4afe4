"""What a person said, bound to exactly what it was said about: a yes, a grant, a signal; and whose record a run is.

A seal is made with a key of this user, over the run, the call's hash and the words. So a record that came from somebody
else can be shown, but no yes in it counts here. Where keys lie and how seals are made is the business of ``store``.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from aether_nb.agent.asking import Answer
from aether_nb.events import kinds as k
from aether_nb.events.state import RunState
from aether_nb.store.seal import Sealer
from aether_nb.store.signals import Signal

__all__ = [
    "Signing",
    "begun_here",
    "gate_events",
    "recorded_here",
    "sealed",
    "sealed_end",
    "sealed_start",
    "signal_fields",
    "unsealed",
]


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


def sealed_start(run: str, started: k.RunStarted, sealer: Sealer) -> k.RunStarted:
    """The first event of a run, bound to this user's key: what was asked, of whom, and how freely it may act."""
    return replace(started, seal=sealer.seal(_start_fields(run, started)))


def begun_here(entries: Iterable[k.Entry], sealer: Sealer) -> bool:
    """Whether this user began a run himself; a fork is whoever's its first source is.

    Args:
        entries: The record, from its first event on.
        sealer: This user's key.
    """
    first, *rest = entries
    origin = next((entry.event.source for entry in rest if isinstance(entry.event, k.RunForked)), first.run)
    started = first.event
    return isinstance(started, k.RunStarted) and sealer.verifies(_start_fields(origin, started), started.seal)


def _start_fields(run: str, started: k.RunStarted) -> tuple[str, ...]:
    limits = [f"{name} {limit:g}" for name, limit in asdict(started.limits).items() if limit is not None]
    brought = [f"{mention.kind} {mention.name}" for mention in started.mentions]
    brought += [f"bind {started.bind}", f"wanted {started.wanted}"] if started.bind else []
    return ("start", run, started.prompt, started.model, started.mode, started.workspace, *limits, *brought)


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


def unsealed(state: RunState, entries: Iterable[k.Entry], sealer: Sealer, own: bool = True) -> tuple[k.Event, ...]:
    """What has to be taken back of a record before it may go on here: every yes that this user did not give.

    Args:
        state: The run as it is to go on: what was interrupted is settled.
        entries: The record.
        sealer: This user's key.
        own: Whether this user began the run. Of somebody else's, a call is not even done again because it had begun.

    Returns:
        Events after which such a call is asked about again, and such a grant is gone.
    """
    taken: list[k.Event] = []
    approved = {id: call for id, call in state.calls.items() if call.status == "approved"}
    said, refused = set[str](), set[str]()
    standing = {grant.id for grant in state.grants}
    for entry in entries:
        event = entry.event
        if isinstance(event, k.GrantGiven) and event.grant.id in standing:
            if not sealer.verifies(_fields(state.run, event), event.seal):
                taken.append(k.GrantRevoked(event.grant.id, "policy:not sealed by this user"))
        elif isinstance(event, k.GateAnswered) and event.decision == "approve":
            call = approved.get(event.call_id)
            if call is not None and call.proposed.hash == event.hash:
                (said if sealer.verifies(_fields(state.run, event), event.seal) else refused).add(event.call_id)
    again = refused - said if own else approved.keys() - said
    # Proposed again, such a call has no yes any more.
    return *(call.proposed for id, call in approved.items() if id in again), *taken
