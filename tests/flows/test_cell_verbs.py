"""The way in, in a real kernel: edit, fix and doc, an empty cell, aliases, question marks and completion."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flows.test_background import approval, gates, looked_at

from harness.kernel import Cell, Kernel, shown

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

LOAD = """
%load_ext aether_nb
import os
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
asked = []
class Heard(ScriptedModel):
    async def stream(self, request):
        asked.append(str([message.text for message in request.messages]))
        async for delta in super().stream(request):
            yield delta
def script(*replies, **more):
    register("model", "script", lambda: Heard(replies, name="script", **more))
def use(name, code):
    return ToolCall("", name, {"code": code})
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests of this file."""
    with Kernel(Path(sys.executable), folder=tmp_path_factory.mktemp("work")) as kernel:
        assert kernel.run(LOAD).status == "ok"
        yield kernel


def calm(cell: Cell) -> str:
    """The error of a cell, in one text."""
    return str(cell.of("error")[0]["evalue"]) if cell.error else ""


def payload(cell: Cell) -> list[dict[str, Any]]:
    """What the cell wants to be put into a cell."""
    assert cell.reply is not None
    return [(one["text"], one["replace"]) for one in cell.reply["content"]["payload"]]


def number(kernel: Kernel, code: str) -> str:
    """Run a cell; how it is called."""
    reply = kernel.run(code).reply
    assert reply is not None
    return f"In[{reply['content']['execution_count']}]"


CLEAN = 'def clean(x):\n    return f"{x}"'


@pytest.mark.parametrize("own", [True, False])
def test_a_cell_is_changed_after_its_difference_was_agreed_to(kernel: Kernel, own: bool) -> None:
    """The cell that asks is replaced; for another one the code comes into a cell below. Its old code does not run."""
    cell = number(kernel, CLEAN)
    kernel.run("script(use('change_cell', 'def clean(x):\\n    return str(x)'), 'simpler')")
    code = f"%aether edit --model script simpler\n{CLEAN}\nran = 1" if own else f"%aether edit --model script {cell} so"
    sent = kernel.send(code)
    comm = looked_at(kernel, sent)
    kernel.until(lambda: bool(gates(kernel, comm)), "the gate", [sent])
    gate = gates(kernel, comm)[-1]["gate"]
    assert '-    return f"{x}"' in gate["diff"] and "+    return str(x)" in gate["diff"]
    assert (gate["effect_text"], gate["risk"]) == ("Changes a cell", "high" if own else "medium")
    kernel.click(comm, approval(kernel, comm))
    kernel.finish(sent)
    assert payload(sent) == [("def clean(x):\n    return str(x)", own)], sent.of("error")
    assert kernel.run("print('ran' in globals())").text() == "False\n"


def test_nobody_there_changes_no_cell(kernel: Kernel) -> None:
    """Without anybody to agree the cell stays as it is; the run says so."""
    kernel.run("script(use('change_cell', 'x = 2'), 'it was refused')")
    cell = kernel.run("%aether edit --model script two\nx = 1")
    assert payload(cell) == [] and "nobody was there to approve it" in shown(cell)
    assert "it was refused" in shown(cell, "text/markdown")


def test_fix_explains_the_last_error_and_proposes_a_cell_that_is_not_run(kernel: Kernel) -> None:
    """The model gets the cell and its error as data; what it proposes stands below, and the person runs it."""
    kernel.run("ratio = 1 / 0")
    kernel.run("script(use('propose_cell', 'ratio = 1 / 1'), 'Nothing divides by **zero**.')\nasked.clear()")
    cell = kernel.run("%aether fix --model script")
    assert payload(cell) == [("ratio = 1 / 1", False)], calm(cell)
    assert "Nothing divides by **zero**." in shown(cell, "text/markdown")
    told = kernel.run("print(asked[0], 'ratio' in globals())").text()
    assert "ZeroDivisionError" in told and "ratio = 1 / 0" in told and told.endswith(" False\n")


def test_doc_asks_for_a_docstring_of_a_function_and_explains_other_names(kernel: Kernel) -> None:
    """A function of the notebook is sent with its source; a variable is only explained."""
    kernel.run(f"{CLEAN}\nlimit = 3\nscript(use('propose_cell', 'def clean(x): ...'), 'written')\nasked.clear()")
    cell = kernel.run("%aether doc clean --model script")
    assert payload(cell) == [("def clean(x): ...", False)], calm(cell)
    kernel.run("script('a number')")
    assert "a number" in shown(kernel.run("%aether doc limit --model script"), "text/markdown")
    first, last = json.loads(kernel.run("import json; print(json.dumps([asked[0], asked[-1]]))").text())
    assert "Write a docstring for @clean" in first and "def clean(x)" in first
    assert "Explain @limit" in last


def test_the_analyst_declines_calmly_and_says_what_it_can(kernel: Kernel) -> None:
    """Without a language model nothing is begun: the error and the description are shown, with what to type."""
    kernel.run("ratio = 1 / 0")
    kernel.run(f"{CLEAN}")
    for line, said in {
        "fix": "ZeroDivisionError: division by zero\nThe offline analyst mends no code.",
        "doc clean": "The offline analyst writes no docstrings.",
        "edit make it a loop": "The offline analyst changes no code.",
    }.items():
        cell = kernel.run(f"%aether {line}")
        assert cell.status == "ok" and said in cell.text() and "%aether setup, or name one: %aether" in cell.text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("doc nothing", "There is no 'nothing' in this notebook."),
        ("doc", "It is not said of what."),
        ("edit In[999] shorter", "There is no cell In[999] that was run here."),
        ("fix In[999]", "No error of In[999] is known."),
        ("fix x", "'x' is no cell."),
    ],
)
def test_what_is_not_there_is_said(kernel: Kernel, line: str, said: str) -> None:
    """No run is begun for a cell or a name that there is not."""
    assert said in calm(kernel.run(f"%aether {line}"))


def test_a_question_may_begin_with_a_word_that_is_a_verb(kernel: Kernel) -> None:
    """A longer line behind fix or doc, and any cell, is a question to the agent."""
    for code in ("%aether fix the missing values please", "%%aether\nedit the names", "%%aether\ndoc it"):
        kernel.run("%aether model aether:analyst\nasked.clear()")
        cell = kernel.run(code)
        assert "aether:analyst" in shown(cell) and cell.status == "ok", calm(cell)


def test_question_marks_ask_for_help(kernel: Kernel) -> None:
    """%aether? tells every verb, %%aether? the cell, and a verb with a mark itself, with examples."""
    for code in ("%aether?", "?%aether", "%aether help"):
        assert "%aether QUESTION" in kernel.run(code).text()
    assert kernel.run("%%aether?").text().startswith("usage: %%aether")
    assert "examples:\n  %aether undo\n" in kernel.run("%aether undo?").text()


def test_a_short_name_of_ones_own_works_like_the_magic(kernel: Kernel) -> None:
    """%alias_magic gives it another name, with options or the beginning of every question."""
    kernel.run("%alias_magic ask aether -p '--model script'\n%alias_magic --line mine aether -p runs\nasked.clear()")
    kernel.run("script('one', 'two', 'three')")
    assert "one" in shown(kernel.run("%%ask In French:\nhow many rows are there?"), "text/markdown")
    assert "one" in shown(kernel.run("%ask how many rows are there?"), "text/markdown")
    assert "In French:\\nhow many rows" in kernel.run("print(asked[0])").text()
    kernel.run("%ask -o three --data schema how many?")
    assert kernel.run("print(three, '--data schema how' in asked[-1])").text() == "one False\n"
    assert kernel.run("%mine").text().startswith("RUN ")
    assert kernel.run("%%ask?").text().startswith("usage: %%aether")


def test_names_of_models_runs_settings_and_variables_are_completed(kernel: Kernel) -> None:
    """Behind a verb or option comes what it takes."""
    kernel.run("cleaned = 1\nscript('done')")
    kernel.run("%%aether --model script\nHello")
    run = json.loads(kernel.run("%aether runs --json").text())[0]["run"]

    def completed(code: str) -> list[str]:
        reply = kernel.client.complete(code, len(code), reply=True, timeout=20)
        matches: list[str] = reply["content"]["matches"]
        return matches

    assert {"openai:", "openrouter:"} <= set(completed("%aether model op"))
    assert completed("%%aether --model scr") == ["script"]
    assert run in completed("%aether show ") and run in completed(f"%aether stop {run[:3]}")
    assert completed("%aether settings backg") == ["background"]
    assert completed("%%aether --as-agent secu") == ["security"]
    assert completed("%aether doc cleane") == ["cleaned"]
    assert "guarantees" in completed("%aether help gu") and "--model" in completed("%aether fix --m")


def test_an_empty_cell_goes_on_with_the_run_that_was_left(tmp_path: Path) -> None:
    """%%aether alone resumes it; when there is none, it is said what it would have done."""
    with Kernel(Path(sys.executable), folder=tmp_path) as kernel:
        kernel.run(LOAD)
        assert "there is none: nothing was asked yet" in calm(kernel.run("%%aether"))
        pid = int(kernel.run("print(os.getpid())").text())
        kernel.run("script(lambda request: (open('begun', 'w').close(), 'a b c d')[1], delay=30)")
        sent = kernel.send("%%aether --model script\nGo on")
        kernel.until((tmp_path / "begun").exists, "the model to be asked", [sent])
        os.kill(pid, signal.SIGKILL)
    with Kernel(Path(sys.executable), folder=tmp_path) as kernel:
        kernel.run(LOAD)
        kernel.run("script('gone on')")
        gone = kernel.run("%%aether")
        assert "gone on" in shown(gone, "text/markdown"), calm(gone)
        assert "is done" in calm(kernel.run("%%aether"))
