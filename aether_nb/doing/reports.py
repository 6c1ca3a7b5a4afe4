"""What both faces tell of recorded runs: the list of them, and the events of one. Text and plain values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from aether_nb.events import kinds as k
from aether_nb.session.background import Line
from aether_nb.session.signalling import Stand
from aether_nb.store.log import RunSummary
from aether_nb.widgets.wording import clean

__all__ = ["event_rows", "hook_line", "line_rows", "line_text", "runs_rows", "runs_text", "stand_lines"]


def runs_rows(runs: Iterable[RunSummary], stands: Iterable[Stand] = ()) -> list[dict[str, Any]]:
    """Runs as plain values, newest first; of those that have not ended also how they stand."""
    known = {one.state.run: one for one in stands}
    return [
        {
            "run": run.id,
            "started": datetime.fromtimestamp(run.started).isoformat(timespec="seconds"),
            "outcome": run.outcome or (known[run.id].word if run.id in known else "not ended"),
            "model": run.model,
            "events": run.head,
            "prompt": run.prompt,
            **(_stands(known[run.id]) if run.id in known else {}),
        }
        for run in runs
    ]


def _stands(one: Stand) -> dict[str, Any]:
    """Who holds a run that has not ended, since when, and what it waits for."""
    held = one.holder if one.held else None
    since = datetime.fromtimestamp(held.since).isoformat(timespec="seconds") if held else None
    return {"held_by": held.name if held else None, "since": since, "waits_for": one.waits_for or None}


def stand_lines(stands: Iterable[Stand]) -> list[str]:
    """A line for each run that has not ended: how it stands, who holds it, and what to type."""
    lines = []
    for one in stands:
        run, waits = one.state.run, f"waits for {one.waits_for}" if one.waits_for else ""
        if one.damaged:
            by = one.damaged
        elif one.held and one.holder is not None:
            since = datetime.fromtimestamp(one.holder.since).strftime("%H:%M:%S")
            by = f"held by {one.holder.name} since {since}"
        else:
            by = f"nobody holds it: %aether resume {run}"
        lines.append(clean(f"{run}  {' · '.join(filter(None, (one.word, waits, by)))}"))
    return lines


def runs_text(runs: Iterable[RunSummary], stands: Iterable[Stand] = ()) -> str:
    """Runs as a table for a terminal, and below it how those stand that have not ended."""
    stands = list(stands)
    rows = runs_rows(runs, stands)
    if not rows:
        return "No runs are recorded here yet. Ask a question: %%aether"
    lines = [f"{'RUN':<9} {'STARTED':<19} {'OUTCOME':<11} {'MODEL':<16} PROMPT"]
    for row in rows:
        prompt = " ".join(row["prompt"].split())
        shown = prompt if len(prompt) <= 60 else prompt[:59] + "…"
        lines.append(clean(f"{row['run']:<9} {row['started']:<19} {row['outcome']:<11} {row['model']:<16} {shown}"))
    below = [f"  {line}" for line in stand_lines(stands)]
    return "\n".join([*lines, *(["", "Not ended:", *below] if below else [])])


def line_rows(line: Line, stands: Iterable[Stand]) -> list[dict[str, Any]]:
    """The background runs of a kernel that are not over, as plain values: number, run, how it stands, and prompt."""
    known = {one.state.run: one for one in stands}
    rows = []
    for one in tuple(line.standing):
        stand = known.get(one.run)
        waits = f"waits for {stand.waits_for}" if stand and stand.waits_for else ""
        stands_so = waits or (stand.word if stand else "waits for its turn" if line.waits(one) else "begins")
        rows.append({"background": one.number, "run": one.run, "stands": stands_so, "prompt": one.prompt})
    return rows


def line_text(rows: list[dict[str, Any]]) -> str:
    """The same as lines; empty when there are none."""
    told = [f"  {row['background']}  {row['run']}  {row['stands']} · {_short(row['prompt'])}" for row in rows]
    return clean("\n".join(["", "In the background (end one: %aether stop NUMBER):", *told])) if told else ""


def event_rows(entries: Iterable[k.Entry]) -> Iterator[dict[str, Any]]:
    """What a run did, as plain values: number, seconds since its start, kind, depth in the tree, and a sentence."""
    start = 0.0
    for entry in entries:
        start = start or entry.time
        said = _sentence(entry.event)
        if said is None:
            continue
        depth, text = said
        seconds = round(entry.time - start, 3)
        yield {"seq": entry.seq, "seconds": seconds, "kind": entry.event.kind, "depth": depth, "text": text}


def _sentence(event: k.Event) -> tuple[int, str] | None:
    """What happened, in a line, and how deep it stands; None for what another line says already."""
    match event:
        case k.RunStarted(prompt=prompt, model=model, mode=mode, profile=profile):
            return 0, f"asked {model} in mode {mode}{f' as {profile}' if profile else ''}: {_short(prompt)}"
        case k.ProfileRouted(name=name, because=because):
            return 1, f"as {name or 'usual'}: {because}"
        case k.AgentSaid(step=step, agent=agent, message=message):
            does = ", ".join(f"calls {call.name}" for call in message.calls) or "answers"
            return 1, f"step {step}: {agent} {does}"
        case k.PlanMade(items=items) | k.PlanRevised(items=items):
            return 1, f"plan: {' · '.join(item.title for item in items)}"
        case k.ItemStarted(index=index):
            return 1, f"item {index + 1} started"
        case k.ItemFinished(index=index):
            return 1, f"item {index + 1} done"
        case k.ModelAsked(step=step, model=model, sent=sent):
            return 1, f"step {step}: {model} was sent {', '.join(_sent(part) for part in sent)}"
        case k.ModelAnswered(usage=usage, seconds=seconds, message=message):
            wants = f", wants {', '.join(call.name for call in message.calls)}" if message.calls else ""
            cost = "cost unknown" if usage.cost is None else f"${usage.cost:.4f}"
            return 2, f"answered in {seconds:.2f} s, {usage.tokens:,} tokens, {cost}{wants}"
        case k.ModelFailed(what=what):
            return 2, f"failed: {what}"
        case k.HookTook():
            return 2, hook_line(event)
        case k.CallProposed(call=call, risk=risk, effect=effect, edited=edited):
            return 2, f"{call.name} ({risk} risk, {effect}{', edited by the user' if edited else ''})"
        case _:
            return _call_sentence(event)


def hook_line(event: k.HookTook) -> str:
    """What a hook did, and why."""
    what = event.what if event.did != "failed" else "failed"
    return f"hook {event.hook} ({event.point}) {what}{f': {_short(event.reason)}' if event.reason else ''}"


def _call_sentence(event: k.Event) -> tuple[int, str] | None:
    match event:
        case k.GateAnswered(decision=decision, by=by, lasts=lasts, reason=reason):
            because = f": {reason}" if reason else ""
            return 3, f"{'approved' if decision == 'approve' else 'denied'} by {by}, {lasts}{because}"
        case k.GrantGiven(grant=grant):
            return 1, f"grant {grant.id}: {grant.tool}, {grant.rule[:60]}, for the {grant.lasts}, by {grant.by}"
        case k.CallFinished(seconds=seconds):
            return 3, f"finished in {seconds:.2f} s"
        case k.CallFailed(what=what, seconds=seconds):
            return 3, f"failed after {seconds:.2f} s: {_short(what)}"
        case k.CallDoubtful(what=what):
            return 3, f"in doubt: {what}"
        case k.CallSettled(how=how, by=by):
            return 3, f"settled by {by}: {how}"
        case k.CallRetried(attempt=attempt, what=what, lost=lost):
            return 3, f"attempt {attempt} {'was lost' if lost else 'failed'}: {_short(what)}"
        case k.NamespaceChanged(changes=changes):
            return 3, f"changed {', '.join(f'{change.name} ({change.what})' for change in changes)}"
        case k.QuestionAsked(text=text):
            return 3, f"asks: {_short(text)}"
        case k.QuestionAnswered(answer=answer, by=by):
            return 3, f"answer by {by}: {_short(answer) if answer is not None else 'nobody was there'}"
        case k.LimitReached(limit=limit, used=used, allowed=allowed):
            return 1, f"limit reached: {limit} {used:g} of {allowed:g}"
        case k.RunEnded(outcome=outcome, what=what):
            return 0, f"ended: {outcome}{f' ({what})' if what else ''}"
        case _:
            return _lasting_sentence(event)


def _lasting_sentence(event: k.Event) -> tuple[int, str] | None:
    match event:
        case k.RunParked(waits_for=waits_for):
            return 0, f"parked: it waits for {'a word to go on' if waits_for == 'go' else f'its {waits_for}'}"
        case k.RunResumed(by=by, fresh=fresh):
            return 0, f"went on in {'another' if fresh else 'the same'} kernel: {by}"
        case k.LeaseTaken(before=before, forced=True):
            return 0, f"taken over from {before}"
        case k.RunForked(source=source, at=at):
            return 0, f"a fork of {source} at its event {at}"
        case k.SignalReceived(type=type, by=by, used=used, text=text):
            said = f": {_short(text)}" if text else ""
            return 1, f"said by {by}: {type}{said}{'' if used else ' (fitted nothing any more)'}"
        case k.UndoBegun(id=id, call_ids=calls, by=by):
            return 1, f"{id}: {by} began to undo: {', '.join(calls)}"
        case k.UndoDone(id=id, call_ids=calls, by=by, undoes=undoes):
            word = f"undid {undoes} again" if undoes else "undid"
            return 1, f"{id}: {by} {word}: {', '.join(calls) or 'nothing, it could not be put back'}"
        case k.NamespaceRestored(loaded=loaded, remade=remade, missing=missing, differs=differs):
            parts = [
                f"{word} {', '.join(names)}" for word, names in (("back", loaded), ("made again", remade)) if names
            ]
            parts += [f"{one.name} {word}" for word, ones in (("gone", missing), ("differs", differs)) for one in ones]
            return 1, f"variables: {' · '.join(parts)}" if parts else "variables: none to restore"
        case _:
            return None


def _sent(part: k.Sent) -> str:
    unit = "pictures" if part.data == "image" else "characters"
    columns = f" of {len(part.columns)} columns" if part.columns else ""
    return f"{part.amount:,} {unit} of {part.data}{columns}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 90 else flat[:89] + "…"
