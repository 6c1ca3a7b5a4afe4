"""What somebody who was not there has to know of runs: whether the record is true, who said yes to what, what left.

As Markdown for people and as plain values for programs. And ``why``: what the last failure of a notebook was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.events.evidence import Evidence, evidence
from aether_nb.events.messages import Usage
from aether_nb.store.chain import Verdict
from aether_nb.widgets.wording import clean, clock, count, duration, usage, who

__all__ = ["audit_markdown", "audit_values", "failure_of", "why_text"]


def audit_values(entries: Sequence[k.Entry], hashes: Sequence[str], verdict: Verdict) -> dict[str, Any]:
    """One run as plain values: its evidence, whether its record is true, and what was said to it from outside."""
    found = evidence(entries, hashes)
    signals = [
        {"type": entry.event.type, "by": entry.event.by, "used": entry.event.used, "time": entry.time}
        for entry in entries
        if isinstance(entry.event, k.SignalReceived)
    ]
    drift = [asdict(entry.event) for entry in entries if isinstance(entry.event, k.ReplayDrifted)]
    record = {"ok": verdict.ok, "fault": verdict.fault, "event": verdict.seq, "head": verdict.head}
    return asdict(found) | {"files": list(found.files), "record": record, "signals": signals, "drift": drift}


def audit_markdown(runs: Iterable[tuple[Sequence[k.Entry], Sequence[str], Verdict]], now: float) -> str:
    """Runs as a report in Markdown."""
    sections = [_section(evidence(entries, hashes), verdict) for entries, hashes, verdict in runs]
    cost = [found for found, _ in sections]
    known = [one.cost for one in cost if one.cost is not None]
    spent = f"${sum(known):.4f}" + ("" if len(known) == len(cost) else " and an unknown price")
    wrong = sum("is not what was written" in text for _, text in sections)
    head = [
        "# Audit of runs",
        f"{clock(now)} · {count(len(sections), 'run')} · {spent} · "
        + ("every record is what was written" if not wrong else f"**{wrong} not what was written**"),
    ]
    return clean("\n\n".join([*head, *(text for _, text in sections)])) + "\n"


def _section(found: Evidence, verdict: Verdict) -> tuple[Evidence, str]:
    record = (
        f"The record is whole: {count(verdict.events, 'event')}, chain `{verdict.head}`."
        if verdict.ok
        else f"**The record is not what was written**, event {verdict.seq}: {_text(verdict.fault)}"
    )
    lines = [
        f"## Run {found.run}: {_text(found.prompt)}",
        f"{clock(found.started)} · {found.outcome} · {duration(found.seconds)} · {_usage(found)}",
        record,
    ]
    origin = (("It performed again the record of run", found.replay_of), ("It is a fork of run", found.fork_of))
    lines += [f"{word} {run}." for word, run in origin if run]
    if found.steps:
        lines.append("\n".join(["| step | model | sent | reply |", "|---|---|---|---|", *map(_step_row, found.steps)]))
    if found.calls:
        head = ["| call | tool | risk, effect | yes by | status | files and variables |", "|---|---|---|---|---|---|"]
        lines.append("\n".join([*head, *map(_call_row, found.calls)]))
    if found.documents:
        lines.append("\n".join(["| document | as it was read |", "|---|---|", *map(_document_row, found.documents)]))
    if found.answer:
        lines.append("\n".join(f"> {line}" for line in found.answer.splitlines()))
    return found, "\n\n".join(lines)


def _usage(found: Evidence) -> str:
    return usage(Usage(found.tokens, 0, found.cost)) or "free"


def _step_row(step: Any) -> str:
    sent = ", ".join(f"{part.amount:,} {part.data}" for part in step.sent)
    return f"| {step.number} | {_text(step.model)} | {sent} | `{step.reply[:16]}` |"


def _call_row(call: Any) -> str:
    yes = who(call.approved_by) if call.approved_by else f"refused {who(call.denied_by)}" if call.denied_by else "rules"
    touched = ", ".join([*([call.path] if call.path and call.status == "finished" else []), *call.changed])
    cells = (call.id, call.tool, f"{call.risk}, {call.effect}", yes, call.status, touched)
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _document_row(one: k.Recalled) -> str:
    since = ", changed since" if one.changed else ""
    sha = f" `{one.sha[:16]}`" if one.sha else ""
    return f"| {_text(one.place)} | {one.category}{since}{sha} |"


def _text(text: str) -> str:
    """Text that breaks no table."""
    return " ".join(text.replace("|", "\\|").split())


# ---- why


def failure_of(entries: Sequence[k.Entry]) -> k.CallFailed | k.ModelFailed | k.RunEnded | None:
    """The last thing that went wrong in a run; a Stop is nothing that went wrong."""
    for entry in reversed(entries):
        match entry.event:
            case k.RunEnded(outcome="failed") | k.ModelFailed() | k.CallFailed(stopped=False):
                return entry.event
    return None


def why_text(entries: Sequence[k.Entry]) -> str:
    """What went wrong last in a run: what, why, the code and its traceback, and what to type."""
    failed = failure_of(entries)
    started = next((entry.event for entry in entries if isinstance(entry.event, k.RunStarted)), None)
    run = entries[0].run
    if failed is None:
        return f"Nothing failed in run {run}."
    when = datetime.fromtimestamp(entries[0].time).strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"Run {run} of {when}: {' '.join(started.prompt.split())[:200] if started else ''}"]
    call = _call_of(failed, entries)
    if call is not None:
        lines.append(f"{call.call.name} failed: {failed.what}")
        code = call.call.arguments.get("code")
        lines += [f"  | {line}" for line in str(code).splitlines()] if code else []
    else:
        lines.append(failed.what or "It failed.")
    lines += [f"  {line}" for line in failed.why.splitlines()]
    ended = next((entry.event for entry in reversed(entries) if isinstance(entry.event, k.RunEnded)), None)
    went_on = isinstance(failed, k.CallFailed) and ended is not None and ended.outcome == "done"
    if went_on:
        lines.append("The run went on after it, and has its answer.")
    hint = failed.hint or f"See all of it: %aether trace {run} · go another way: %aether fork {run} TEXT"
    return clean("\n".join([*lines, f"next: {hint}"]))


def _call_of(failed: k.Event, entries: Sequence[k.Entry]) -> k.CallProposed | None:
    if not isinstance(failed, k.CallFailed):
        return None
    proposed = (entry.event for entry in reversed(entries) if isinstance(entry.event, k.CallProposed))
    return next((event for event in proposed if event.call.id == failed.call_id), None)
