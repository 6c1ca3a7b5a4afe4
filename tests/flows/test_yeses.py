"""A yes for variables, in a real kernel: given at an input box, good for later runs, ended by what goes beyond it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flows.test_cell import LOAD

from harness.kernel import Kernel, shown

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

DATA = """
import pandas as pd
df = pd.DataFrame({"a": [1, 2]})
other = [1]
part = [0, 1]
base = {"a": {"b": {"c": part}}}
"""
ASK = "%%aether --model script\nChange it"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests of this file."""
    with Kernel(Path(sys.executable), {}, tmp_path_factory.mktemp("work")) as started:
        started.run(LOAD)
        assert started.run(DATA).status == "ok"
        yield started


def answered(kernel: Kernel, codes: list[str], *lines: str) -> tuple[str, list[str]]:
    """Ask, while the model sends these codes and a person types these lines: what is shown, and what was asked."""
    kernel.run(f"script({', '.join(f'code({one!r})' for one in codes)}, 'Done.')")
    cell, prompts = kernel.send(ASK, allow_stdin=bool(lines)), []
    for line in lines:
        kernel.until(kernel.client.stdin_channel.msg_ready, "the gate", [cell])
        prompts.append(kernel.client.get_stdin_msg(timeout=5)["content"]["prompt"])
        kernel.client.input(line)
    kernel.finish(cell)
    return shown(cell), prompts


@pytest.mark.full
def test_a_yes_for_a_variable_is_good_for_other_code_and_later_runs(kernel: Kernel) -> None:
    """Neither the second call nor the next run asks; what touches another variable does, and nobody there means no."""
    _, prompts = answered(kernel, ["df['x'] = 1", "df['y'] = 2"], "b", "v")
    assert prompts[1] == "[Enter] for this exact call, [v] for whatever changes only df? "
    answered(kernel, ["df['z'] = 3"])
    text, _ = answered(kernel, ["df['w'] = 3; other.append(2)"])
    assert "nobody was there to approve it" in text
    assert kernel.run("print(list(df), other)").text() == "['a', 'x', 'y', 'z'] [1]\n"
    listed = kernel.run("%aether grants").text()
    assert "what changes only df  for this notebook  given by terminal" in listed
    kernel.run(f"%aether grants --revoke {listed.split()[0]}")


def test_a_call_that_changed_more_is_marked_and_ends_its_yes(kernel: Kernel) -> None:
    """A list lies in another variable, deeper than a second name is looked for before the question."""
    text, _ = answered(kernel, ["part[0] = 9"], "b", "v")
    assert "! base: beyond the yes: the yes was for part alone, and is taken back" in text
    assert kernel.run("%aether grants").text() == "No yes lasts beyond its run.\n"
    text, _ = answered(kernel, ["part[0] = 8"])
    assert "nobody was there to approve it" in text
