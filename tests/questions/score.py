"""Judging an outcome: right, wrong, or declined. Strict on wrong, for a wrong answer costs more than none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from questions.outcome import Outcome, says_it_cannot
from questions.question import Question

__all__ = ["Outcome", "Verdict", "judge"]

Verdict: TypeAlias = Literal["right", "wrong", "declined"]


def judge(question: Question, frames: Mapping[str, Any], outcome: Outcome) -> Verdict:
    """What an outcome is worth.

    Right is an answer that states the truth, also when it says that it left a part out. Declined is one that says so
    and does not state it. All else is wrong, and so is any answer that changed the user's frames on its way.

    Args:
        question: What was asked.
        frames: The variables it was asked about, as they were before.
        outcome: What came of it.
    """
    if not _untouched(frames, outcome.namespace):
        return "wrong"
    check = question.expect(frames)
    if check.holds(outcome):
        return "right"
    return "declined" if says_it_cannot(outcome) and question.intent != "decline" else "wrong"


def _untouched(frames: Mapping[str, Any], namespace: Mapping[str, Any]) -> bool:
    """Whether the frames that are still there are what they were."""
    return all(name not in namespace or frame.equals(namespace[name]) for name, frame in frames.items())
