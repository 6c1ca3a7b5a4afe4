"""Undo in a real kernel: cells in, variables and files as before, and what the record and later turns say of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.kernel import Kernel, shown

LOAD = """
%load_ext aether_nb
%config InteractiveShell.ast_node_interactivity = "last_expr"
import pandas as pd, numpy as np
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script(*replies, **more):
    register("model", "script", lambda: ScriptedModel(replies, name="script", **more))
def code(text):
    return ToolCall("", "run_python", {"code": text})
def write(path, text):
    return ToolCall("", "write_file", {"path": path, "content": text})
"""

DATA = """
df = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})
same, kept, numbers = df, [1, [2]], np.arange(4)
inner = kept[1]
globals().pop("made", None)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel, in which every medium call is approved."""
    environment = {"AETHER_APPROVE": "auto", "AETHER_MODE": "auto"}
    with Kernel(Path(sys.executable), environment, tmp_path_factory.mktemp("work")) as kernel:
        assert kernel.run(LOAD).status == "ok"
        yield kernel


@pytest.fixture
def kernel(shared: Kernel) -> Kernel:
    """The shared kernel, with fresh variables."""
    shared.run("%aether new")
    shared.run(DATA)
    return shared


def ask(kernel: Kernel, *replies: str) -> None:
    """A cell whose model replies like this."""
    assert kernel.run(f"script({', '.join(replies)})").status == "ok"
    cell = kernel.run("%%aether --model script\nDo it.")
    assert cell.status == "ok", cell.error


def value(kernel: Kernel, expression: str) -> str:
    """What an expression is in the kernel."""
    cell = kernel.run(f"print({expression})")
    assert cell.status == "ok", cell.error
    return cell.text().strip()


def test_a_whole_run_is_undone_in_place_and_done_once_more(kernel: Kernel) -> None:
    """Every variable is the object that it was, with what it held; then the undo is undone."""
    change = "df['ratio'] = df.sales / 2; inner.append(3); numbers[:] = 0; made = 1"
    ask(kernel, f"code({change!r})", "code('del kept; made = 2')", "'Done.'")
    state = "'ratio' in same.columns, df is same, inner, numbers.sum(), 'made' in globals(), 'kept' in globals()"
    assert value(kernel, state) == "True True [2, 3] 0 True False"
    preview = kernel.run("%aether undo --preview").text()
    assert "ratio" not in preview and "made" in preview and "kept" in preview
    assert value(kernel, state) == "True True [2, 3] 0 True False"
    told = kernel.run("%aether undo --yes").text()
    assert "Undone: 2 calls" in told and "Take that back: %aether undo --run" in told
    assert value(kernel, state) == "False True [2] 6 False True"
    assert value(kernel, "kept[1] is inner") == "True"
    assert "Done once more: 2 calls" in kernel.run("%aether undo u1 --yes").text()
    assert value(kernel, state) == "True True [2, 3] 0 True False"
    assert "Undone: 2 calls" in kernel.run("%aether undo --yes").text()
    assert value(kernel, state) == "False True [2] 6 False True"


def test_one_call_is_undone_and_a_later_change_is_a_conflict(kernel: Kernel) -> None:
    """What the user has changed since is named before it is taken away."""
    ask(kernel, "code('made = [1]')", "code('inner.append(3)')", "'Done.'")
    kernel.run("made.append('mine')")
    preview = kernel.run("%aether undo 1 --preview").text()
    assert "In conflict" in preview and "made  its content was changed since" in preview
    assert "inner" not in preview
    kernel.run("%aether undo --to 1 --yes")
    assert value(kernel, "inner, made") == "[2] [1, 'mine']"


def test_files_go_even_in_another_kernel(tmp_path: Path) -> None:
    """A file that a run has made goes again after a restart; of its variables it is said that they are gone."""
    environment = {"AETHER_APPROVE": "auto", "AETHER_MODE": "auto"}
    with Kernel(Path(sys.executable), environment, tmp_path) as kernel:
        assert kernel.run(LOAD).status == "ok"
        ask(kernel, "write('new.txt', 'made')", "code('late = 1')", "'Done.'")
    assert (tmp_path / "new.txt").read_text() == "made"
    with Kernel(Path(sys.executable), environment, tmp_path) as kernel:
        assert kernel.run(LOAD).status == "ok"
        preview = kernel.run("%aether undo --preview").text()
        assert "new.txt  removed" in preview and "its earlier values died with the kernel" in preview
        assert "Files: new.txt." in kernel.run("%aether undo --yes").text()
        assert not (tmp_path / "new.txt").exists()
        assert "Done once more" in kernel.run("%aether undo u1 --yes").text()
    assert (tmp_path / "new.txt").read_text() == "made"


def test_later_turns_and_the_record_know_of_it(kernel: Kernel) -> None:
    """The card says that it was undone; the next question's history says so, too."""
    ask(kernel, "code('made = 1')", "'Done.'")
    kernel.run("%aether undo --yes")
    assert "Undone" in shown(kernel.run("%aether show"), "text/plain")
    kernel.run("script('Yes.')")
    kernel.run("%%aether --model script\nAnd?")
    assert "then undone by the user" in value(kernel, HISTORY)


HISTORY = (
    "get_ipython().aether_magics.session.store.log.read(get_ipython().aether_magics.session.last).__next__()"
    ".event.prior[0].calls"
)


def test_nothing_is_done_without_a_yes_and_nothing_is_done_twice(kernel: Kernel) -> None:
    """Without --yes, and where nobody can type, it is shown and left; what was undone has nothing left to undo."""
    ask(kernel, "code('made = 1')", "'Done.'")
    told = kernel.run("%aether undo").text()
    assert "made  removed" in told and "Nothing was changed. To do it: %aether undo --run" in told
    assert value(kernel, "made") == "1"
    kernel.run("%aether undo --yes")
    again = kernel.run("%aether undo --yes")
    assert "There is nothing to undo in run" in str(again.messages)


def test_a_run_that_changed_nothing_points_to_the_last_one_that_did(kernel: Kernel) -> None:
    """Whoever asks one more question before he takes the one before it back is told its name, and nothing is undone."""
    ask(kernel, "code('made = 1')", "'Done.'")
    kernel.run("script('Yes.')")
    kernel.run("%%aether --model script\nIs it right?")
    said = kernel.run("%aether undo --yes").of("error")[0]["evalue"]
    assert "There is nothing to undo" in said and value(kernel, "made") == "1"
    command = re.search(r"that changed something: (%aether undo \w+)", said)
    assert command is not None
    assert "Undone: 1 call" in kernel.run(f"{command[1]} --yes").text()
    assert value(kernel, "'made' in globals()") == "False"


def test_the_variable_of_an_answer_in_words_is_taken_back(kernel: Kernel) -> None:
    """``-o NAME`` has an undo point like any call: the earlier value is there again, the same object, and redone."""
    kernel.run("before = numbers; script('It is 7.')")
    assert kernel.run("%%aether --model script -o numbers\nHow many?").status == "ok"
    assert value(kernel, "numbers") == "It is 7."
    text = kernel.run("%aether undo --yes").text()
    assert "Undone: the answer's variable numbers of run" in text
    assert value(kernel, "numbers is before") == "True"
    again = re.search(r"%aether undo --run \S+ \S+", text)
    assert again is not None
    kernel.run(f"{again.group(0)} --yes")
    assert value(kernel, "numbers") == "It is 7."
