"""A run as a tree: the items of its plan, the requests to models, and the calls, with times, costs, who approved them.

It draws what ``events.evidence`` has found, for a terminal and as plain values. What happened in which order, event by
event, is told below the tree as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from aether_nb.doing.reports import event_rows, hook_line
from aether_nb.events import kinds as k
from aether_nb.events.evidence import CallEvidence, Evidence, StepEvidence, evidence
from aether_nb.events.messages import Usage
from aether_nb.widgets.plain import CHAIN_SHOWN
from aether_nb.widgets.wording import clean, duration, usage, who

__all__ = ["trace_text", "trace_values"]

MARKS = {"finished": "✓", "failed": "✗", "denied": "✗", "doubtful": "?", "skipped": "–"}


def trace_values(entries: Sequence[k.Entry], hashes: Sequence[str]) -> dict[str, Any]:
    """A run as plain values: what it rests on, the same as a tree, and its events one by one."""
    found = evidence(entries, hashes)
    plain = asdict(found) | {"files": list(found.files), "variables": [asdict(one) for one in found.variables]}
    tree = [
        {"item": number, "title": title, "status": status, "steps": [_step(step, calls) for step, calls in steps]}
        for number, title, status, steps in _items(found)
    ]
    return plain | {"tree": tree, "events": list(event_rows(entries))}


def _step(step: StepEvidence, calls: list[CallEvidence]) -> dict[str, Any]:
    return {"step": step.number, "model": step.model, "calls": [call.id for call in calls]}


def _items(found: Evidence) -> Iterator[tuple[int, str, str, list[tuple[StepEvidence, list[CallEvidence]]]]]:
    """The items of the plan, each with the steps that worked on it and their calls; item 0 is what belongs to none."""
    by_place: dict[tuple[int, int], list[CallEvidence]] = {}
    for call in found.calls:
        by_place.setdefault((call.step, call.item), []).append(call)
    busy = {step for step, _ in by_place}
    items = [(0, "", "")] + [(n, title, status) for n, (title, status) in enumerate(found.plan, 1)]
    for number, title, status in items:
        steps = [(step, by_place.get((step.number, number), [])) for step in found.steps]
        yield number, title, status, [pair for pair in steps if pair[1] or (number == 0 and pair[0].number not in busy)]


def trace_text(entries: Sequence[k.Entry], hashes: Sequence[str]) -> str:
    """A run as a tree for a terminal."""
    found = evidence(entries, hashes)
    lines = [_head(found), f"  asked: {_short(found.prompt)}"]
    lines += [f"  {word} run {run}" for word, run in (("replays", found.replay_of), ("fork of", found.fork_of)) if run]
    told: set[int] = set()
    hooks: dict[str, list[k.HookTook]] = {}
    for entry in entries:
        if isinstance(entry.event, k.HookTook):
            hooks.setdefault(entry.event.call_id, []).append(entry.event)
    lines += [f"  {hook_line(one)}" for one in hooks.get("", ())]
    for number, title, status, steps in _items(found):
        if number:
            lines.append(f"  item {number}: {_short(title)} [{status}]")
        for step, calls in steps:
            lines += [f"    {line}" for line in _step_lines(step, told)]
            for call in calls:
                lines += [f"      {line}" for line in _call_lines(call)]
                lines += [f"        {hook_line(one)}" for one in hooks.get(call.id, ())]
    if found.files:
        lines.append(f"  wrote: {', '.join(found.files)}")
    if known := [one for one in found.variables if one.hash]:
        lines.append(f"  made: {', '.join(f'{one.name} ({one.type}, {one.hash[:19]})' for one in known)}")
    ended = f"ended: {found.outcome}" if found.outcome != "not ended" else "not ended"
    return clean("\n".join([*lines, f"  {ended}{f' ({found.what})' if found.what else ''}"]))


def _head(found: Evidence) -> str:
    chain = f"chain {found.chain[:CHAIN_SHOWN]}" if found.chain else ""
    spent = _spent(found.tokens, found.cost)
    return " · ".join(filter(None, (f"run {found.run}", chain, duration(found.seconds), spent)))


def _spent(tokens: int, cost: float | None) -> str:
    """Tokens and money, as the panel says them."""
    return usage(Usage(tokens, 0, cost))


def _step_lines(step: StepEvidence, told: set[int]) -> list[str]:
    """A request and its reply; one that several items share is told once."""
    if step.number in told:
        return [f"step {step.number} (as above)"]
    told.add(step.number)
    if step.model.startswith("agent:"):
        word = "calls a tool" if step.finish == "tool_calls" else "answers"
        return [f"step {step.number} at {duration(step.at)}: {step.model} {word}"]
    said = ", ".join(f"{part.amount:,} of {part.data}" for part in step.sent)
    asked = "read from the record" if step.model.startswith("record:") else f"was sent {said or 'nothing'}"
    took = f"answered in {duration(step.seconds)}" if step.finish else "no answer"
    spent = _spent(step.usage.tokens, step.usage.cost)
    version = f" ({step.version})" if step.version and step.version not in step.model else ""
    return [f"step {step.number} at {duration(step.at)}: {step.model}{version} {asked}", _joined("  " + took, spent)]


def _call_lines(call: CallEvidence) -> list[str]:
    head = f"{MARKS.get(call.status, '·')} {call.tool} · {call.status} · {duration(call.seconds)}"
    attempts = f"attempt {call.attempts}" if call.attempts > 1 else ""
    lines = [_joined(head, f"{call.risk} risk, {call.effect}", attempts, "edited by you" if call.edited else "")]
    if call.approved_by:
        lines.append(f"  approved {who(call.approved_by)}, {call.lasts}")
    if call.denied_by:
        lines.append(f"  denied {who(call.denied_by)}{f': {_short(call.what)}' if call.what else ''}")
    elif call.what:
        lines.append(f"  {_short(call.what)}")
    if call.changed:
        lines.append(f"  changed {', '.join(call.changed)}")
    if call.read:
        lines.append(f"  read {', '.join(one.name for one in call.read)}")
    return lines


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 90 else flat[:89] + "…"
