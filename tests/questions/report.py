"""Asks the whole set and makes a table of it: right, wrong and declined, by intent and in all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from questions.catalogue import QUESTIONS
from questions.datasets import Style, load, renamed, shuffled
from questions.outcome import Outcome
from questions.question import INTENTS, Question
from questions.score import Verdict, judge

__all__ = ["Ask", "Report", "Result", "run"]

Ask: TypeAlias = Callable[[dict[str, Any], str], Outcome]
"""Puts a question to the analyst with these variables. It may use them up; it gets fresh ones each time."""

VERDICTS: tuple[Verdict, ...] = ("right", "wrong", "declined")


@dataclass(frozen=True, slots=True)
class Result:
    """One question and what its answer was worth; ``answer`` is the text, or the error that was raised instead."""

    id: str
    dataset: str
    intent: str
    text: str
    verdict: Verdict
    answer: str


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a run over the set."""

    results: tuple[Result, ...]

    def counts(self) -> dict[str, Counter[str]]:
        """How many answers of each verdict, by intent, and under ``all``."""
        table: dict[str, Counter[str]] = {
            intent: Counter[str]() for intent in INTENTS if any(result.intent == intent for result in self.results)
        }
        table["all"] = Counter()
        for result in self.results:
            table[result.intent][result.verdict] += 1
            table["all"][result.verdict] += 1
        return table

    def share(self, verdict: Verdict) -> float:
        """The share of answers with this verdict; 0 when nothing was asked."""
        return self.counts()["all"][verdict] / max(1, len(self.results))

    def text(self) -> str:
        """The table and the wrong answers, as plain text."""
        lines = [f"{'intent':<14}{'asked':>7}" + "".join(f"{verdict:>10}" for verdict in VERDICTS)]
        for intent, count in self.counts().items():
            cells = "".join(f"{count[verdict]:>10}" for verdict in VERDICTS)
            lines.append(f"{intent:<14}{count.total():>7}{cells}")
        lines.append(f"{'share':<14}{'':>7}" + "".join(f"{self.share(verdict):>10.1%}" for verdict in VERDICTS))
        for verdict in VERDICTS[1:]:
            chosen = [result for result in self.results if result.verdict == verdict]
            lines.extend(["", f"{verdict} ({len(chosen)}):"] if chosen else [])
            lines.extend(
                f"- {result.id} [{result.intent}] {result.text}\n    {_short(result.answer)}" for result in chosen
            )
        return "\n".join(lines)

    def json(self) -> str:
        """The same for machines: counts, shares and every result."""
        counts = {intent: dict(count) for intent, count in self.counts().items()}
        shares = {verdict: round(self.share(verdict), 4) for verdict in VERDICTS}
        results = [asdict(result) for result in self.results]
        return json.dumps({"counts": counts, "shares": shares, "results": results}, ensure_ascii=False, indent=1)


def run(
    ask: Ask, questions: Iterable[Question] = QUESTIONS, *, seed: int | None = None, style: Style | None = None
) -> Report:
    """Ask every question and judge what comes of it.

    Args:
        ask: The analyst.
        questions: Which questions.
        seed: Shuffles the rows by this seed; None leaves them.
        style: Renames the columns; questions for which that is not fair are left out.
    """
    results = []
    for question in questions:
        frames: Mapping[str, Any] = load(question.dataset)
        if seed is not None:
            frames = shuffled(frames, seed)
        if style is not None:
            changed = renamed(frames, question, style)
            if changed is None:
                continue
            frames, question = changed
        results.append(_result(ask, question, frames))
    return Report(tuple(results))


def _result(ask: Ask, question: Question, frames: Mapping[str, Any]) -> Result:
    """Ask one question. An analyst that raises has given a wrong answer, and the others are still asked."""
    try:
        outcome = ask({name: frame.copy() for name, frame in frames.items()}, question.text)
    except Exception as error:  # noqa: BLE001 - whatever it raises is its answer, and the report shows it
        return _of(question, "wrong", f"raised {type(error).__name__}: {error}")
    return _of(question, judge(question, frames, outcome), outcome.answer)


def _of(question: Question, verdict: Verdict, answer: str) -> Result:
    return Result(question.id, question.dataset, question.intent, question.text, verdict, answer)


def _short(answer: str, width: int = 300) -> str:
    """An answer on one line."""
    line = " / ".join(part.strip() for part in answer.splitlines() if part.strip())
    return line if len(line) <= width else line[: width - 1] + "…"
