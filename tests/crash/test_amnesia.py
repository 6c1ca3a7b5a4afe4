"""The whole flow suite with runs that forget everything after each event and read it out of their log again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.amnesia import VARIABLE

pytestmark = [pytest.mark.crash, pytest.mark.kernel]

ROOT = Path(__file__).parents[2]
FLOWS = [str(file.relative_to(ROOT)) for file in sorted((ROOT / "tests/flows").glob("test_*.py"))]
SAMPLE = (
    "tests/flows/test_cell.py",
    "-k",
    "now and (every_verb or code_runs or failed_run or limit or replaced or half_a)",
)


PARTS = 6
"""Into which all flows are cut: each has less than the ten minutes that a test may take."""


@pytest.mark.parametrize(
    ("part", "tests"),
    [("a sample", SAMPLE)]
    + [pytest.param(f"part {n + 1}", FLOWS[n::PARTS], id=f"part{n + 1}", marks=pytest.mark.full) for n in range(PARTS)],
)
def test_a_run_that_forgets_everything_after_each_event_is_the_same_run(
    tmp_path: Path, part: str, tests: Sequence[str], figure: Callable[[str, str], None]
) -> None:
    """No flow notices that nothing is kept in memory: what a run knows is what its log says, by the rules."""
    file = tmp_path / "compared.txt"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, VARIABLE: str(file)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    compared = Counter(file.read_text().splitlines())
    figure(f"amnesia over the flows, {part}", f"{compared['same']:,} events, each followed by a fold of the whole log")
    figure(f"records of flows that were replayed, {part}", f"{compared['replayed']:,}")
    assert set(compared) == {"same", "replayed"}
