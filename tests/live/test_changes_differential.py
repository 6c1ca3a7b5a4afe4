"""What is told of random programs, against a comparison that reads everything."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from aether_nb.live.changes import compare, photograph
from aether_nb.live.reading import names_in
from harness.mutations import LARGE, MAKERS, Program, namespace_of
from harness.same import copied, same

NUMBERS = st.integers(0, 400)
PROGRAMS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=3).map(Program)
KINDS = st.lists(st.sampled_from([*MAKERS, *LARGE]), min_size=2, max_size=6)


def judged(namespace: dict[str, Any], program: Program) -> list[tuple[str, str, list[str]]]:
    """A verdict for each variable after a program, with the program: right, missed, false, unseen or unknown."""
    statements: list[str] = []
    trial = copied(namespace)
    with warnings.catch_warnings(action="ignore"):
        program.run(trial, statements.append)
    names = names_in("\n".join(statements))
    before, whole = {n: v for n, v in namespace.items() if n[0] in "va"}, copied(namespace)
    shots = photograph(namespace, names)
    with warnings.catch_warnings(action="ignore"):
        done = program.run(namespace, lambda code: None)
    told = {change.name: change for change in compare(shots, namespace)}
    verdicts = []
    for name in sorted(set(before) | {n for n in namespace if n[0] in "va" and n[1:].isdigit()}):
        change = told.get(name)
        there = (name in before, name in namespace)
        different = there != (True, True) or not same(whole[name], namespace[name])
        exact = not there[0] or shots.shots[name].exact
        if change is not None and change.what == "unknown":
            verdict = "unknown"
        elif different:
            verdict = "right" if change is not None else "missed" if exact else "unseen"
        elif change is not None and before[name] is namespace[name]:
            verdict = "false"
        else:
            verdict = "right"
        verdicts.append((name, verdict, [*done, str(change)]))
    return verdicts


def search(examples: int, counts: Counter[str], part: int = 0) -> None:
    """Judge so many programs; each part has others."""

    @seed(part)
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(KINDS, PROGRAMS)
    def one(kinds: list[str], program: Program) -> None:
        verdicts = judged(namespace_of(kinds), program)
        counts.update(verdict for _, verdict, _ in verdicts)
        wrong = [one for one in verdicts if one[1] in ("missed", "false")]
        assert not wrong, (kinds, wrong)

    one()


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.full) for part in range(1, 8))])
def test_random_programs_are_told_as_a_full_comparison_tells_them(figure, full, part) -> None:
    """Of what is looked at as a whole, no change is missed, and none is told that was not there."""
    counts: Counter[str] = Counter()
    search(500 if full else 50, counts, part)
    total = sum(counts.values())
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("right", "missed", "false", "unseen", "unknown"))
    figure(f"changes: random programs against a full comparison, part {part + 1} of 8", f"{total} variables: {said}")
    assert counts["unknown"] < 0.05 * total
    assert counts["unseen"] == 0
