"""Mentions in whole cells of a real kernel: what the model is told, what is recorded, what refuses before the run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.kernel import Kernel, shown

LOAD = """
%load_ext aether_nb
import pandas as pd
df = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})
limit = 8
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall
def script(*replies):
    global model
    model = ScriptedModel(replies, name="script")
    register("model", "script", lambda: model)
def told():
    session = get_ipython().aether_magics.session
    events = (entry.event for entry in session.store.log.read(session.last))
    for part in next(event for event in events if event.kind == "context.composed").messages[-1].parts:
        print(part.data, list(part.columns), part.text.strip().replace("\\n", " | "))
def clean(text: str, times: int = 1) -> str:
    \"\"\"Clean a text.

    Args:
        text: What is to be cleaned.
        times: How often.
    \"\"\"
    return text.strip() * times
"""


RECORDED = """
session = get_ipython().aether_magics.session
started = next(iter(session.store.log.read(session.last))).event
print(started.prompt)
print([mention.kind for mention in started.mentions])
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for the tests of this file that leave it as they found it."""
    with Kernel(Path(sys.executable), {}, tmp_path_factory.mktemp("work")) as kernel:
        assert kernel.run(LOAD).status == "ok"
        yield kernel


@pytest.fixture
def kernel(shared: Kernel) -> Kernel:
    """The shared kernel, with no memory of earlier questions."""
    shared.run("%aether new")
    return shared


def test_values_are_parts_of_their_own_and_the_prompt_stays(kernel: Kernel) -> None:
    """What was typed is the instruction; each value is data with its kind and columns; the record keeps both."""
    kernel.run("script('ok')")
    cell = kernel.run(
        "%%aether --model script\nIs {df['sales'].sum():.2f} above {limit}? See @df, not {{limit}} or {x}."
    )
    assert cell.status == "ok", cell.of("error")
    lines = kernel.run("told()").text().splitlines()
    assert lines[0] == "text [] Is {df['sales'].sum():.2f} above {limit}? See @df, not {limit} or {x}."
    assert lines[1] == "statistics ['df.sales'] {df['sales'].sum():.2f} was, when this was asked: | 45.00"
    assert lines[2] == "rows [] {limit} was, when this was asked: | 8"
    assert lines[3].startswith("rows ['df.city', 'df.sales'] @df was, when this was asked: | variables (1):")
    started = kernel.run(RECORDED).text()
    assert "{{limit}}" in started.splitlines()[0]
    assert started.splitlines()[1] == "['value', 'value', 'variable']"


def test_a_mention_that_raises_refuses_before_the_run(kernel: Kernel) -> None:
    """The card names the mention, the error, and the two ways to type it literally; nothing is recorded."""
    before = kernel.run("%aether runs --json").text()
    cell = kernel.run("%%aether --model script\nIs {df['nope'].sum()} much?")
    assert (cell.status, cell.error) == ("error", "MentionFailed")
    card = cell.of("error")[0]["traceback"]
    assert card[0] == "aether: {df['nope'].sum()} cannot be worked out."
    assert card[1] == "  why:  KeyError: 'nope'."
    assert "{{" in card[2] and "--raw" in card[2]
    assert kernel.run("%aether runs --json").text() == before


def test_raw_leaves_everything_as_it_is(kernel: Kernel) -> None:
    """With --raw nothing is worked out, not even what would raise."""
    kernel.run("script('ok')")
    assert kernel.run("%%aether --raw --model script\n{df['nope']} {{limit}} @df &`nobody`").status == "ok"
    assert kernel.run("told()").text().splitlines()[0] == "text [] {df['nope']} {{limit}} @df &`nobody`"


def test_the_error_of_a_cell_can_be_mentioned(kernel: Kernel) -> None:
    """{Err[n]} is the traceback of that cell, {In[n]} its text; a cell that did not fail refuses."""
    failed = kernel.run("df['flipper']")
    number = failed.of("execute_input")[0]["execution_count"]
    kernel.run("script('ok')")
    cell = kernel.run(f"%%aether --model script\nWhy {{Err[{number}]}} for {{In[{number}]}}?")
    assert cell.status == "ok", cell.of("error")
    lines = kernel.run("told()").text().splitlines()
    assert "KeyError: 'flipper'" in lines[1] and lines[1].startswith("rows")
    assert lines[2].endswith("df['flipper']") and lines[2].startswith("text")
    refused = kernel.run("%%aether --model script\nWhy {Err[1]}?")
    assert f"Err[{number}]" in refused.of("error")[0]["traceback"][1]


def test_my_function_becomes_a_tool_of_this_run_only(kernel: Kernel) -> None:
    """&`fn`: schema from signature and docstring, asked about as medium and external, gone with the next question."""
    kernel.run("script(ToolCall('', 'clean', {'text': ' a '}), lambda r: r.messages[-1].text.splitlines()[1], 'ok')")
    cell = kernel.run("%%aether --model script --mode auto -o it\nUse &`clean` on it")
    assert cell.status == "ok", cell.of("error")
    assert kernel.run("print(it)").text() == "a\n"
    spec = kernel.run(
        "print([t.parameters['properties'] for t in model.requests[0].tools if t.name == 'clean'])"
    ).text()
    assert "What is to be cleaned." in spec and "integer" in spec
    kernel.run("%%aether --model script\nAnd now?")
    assert kernel.run("print([t.name for t in model.requests[-1].tools if t.name == 'clean'])").text() == "[]\n"
    refused = kernel.run("%%aether --model script\nUse &`cleen`")
    assert refused.of("error")[0]["traceback"][0] == "aether: &`cleen` in the question is no function of this notebook."


def test_without_a_yes_my_function_is_not_called(kernel: Kernel) -> None:
    """In mode ask a call of a lent function needs somebody; nobody there means no."""
    kernel.run("calls = []\ndef act(x: int) -> int:\n    calls.append(x)\n    return x")
    kernel.run("script(ToolCall('', 'act', {'x': 1}), 'ok')")
    cell = kernel.run("%%aether --model script --mode ask\nUse &`act`")
    assert "nobody has said what it does" in shown(cell) or "nobody was there" in shown(cell)
    assert kernel.run("print(calls)").text() == "[]\n"


def test_inside_another_magic_and_on_one_line_mentions_work_too(kernel: Kernel) -> None:
    """IPython's own replacing of braces does not come before ours."""
    kernel.run("script('ok', 'ok')")
    assert kernel.run("%%time\n%%aether --model script\nIs {limit} much?").status == "ok"
    assert "Is {limit} much?" in kernel.run("told()").text()


def test_names_are_completed_behind_the_sign_and_in_braces(kernel: Kernel) -> None:
    """@d and {d complete the user's names in a question, and nowhere else."""

    def complete(code: str) -> list[str]:
        reply = kernel.client.complete(code, len(code), reply=True, timeout=20)["content"]
        return [code[: reply["cursor_start"]] + match for match in reply["matches"]]

    assert complete("%%aether\nCompare @d") == ["%%aether\nCompare @df"]
    assert "%%aether\nIs {limit" in complete("%%aether\nIs {lim")
    assert complete("%%aether\nUse &`cle") == ["%%aether\nUse &`clean"]


def test_a_replay_works_nothing_out_again(kernel: Kernel) -> None:
    """What stood in the record is what the replay tells; the expression is not evaluated a second time."""
    kernel.run("times = []\ndef bump() -> int:\n    times.append(1)\n    return len(times)")
    kernel.run("script('once')")
    assert kernel.run("%%aether --model script\nThe count is {bump()}").status == "ok"
    for mode in ("pure", "live"):
        cell = kernel.run(f"%aether replay --mode {mode}")
        assert cell.status == "ok", cell.of("error")
    assert kernel.run("print(times)").text() == "[1]\n"
    parts = kernel.run(
        "session = get_ipython().aether_magics.session\n"
        "opening = [e.event for e in session.store.log.read(session.last) if e.event.kind == 'context.composed'][0]\n"
        "print([part.text.strip()[-1:] for part in opening.messages[-1].parts][1])"
    )
    assert parts.text() == "1\n"


def test_a_slow_expression_can_be_stopped(kernel: Kernel) -> None:
    """Stop while a mention is worked out ends the cell at once, and nothing was asked."""
    kernel.run("import time\ndef slow() -> int:\n    for _ in range(600):\n        time.sleep(0.05)\n    return 1")
    cell = kernel.send("%%aether --model script\nIs it {slow()}?")
    time.sleep(1.5)
    kernel.interrupt()
    kernel.finish(cell)
    assert cell.error == "MentionFailed"
    assert kernel.run("print(1)").text() == "1\n"


def test_a_parked_run_keeps_what_its_question_brought(kernel: Kernel) -> None:
    """A lent function and a wanted value are there again when the run is resumed in the same kernel."""
    kernel.run(
        "script(ToolCall('', 'clean', {'text': ' a '}), ToolCall('', 'answer_with', {'expression': '2 + 2'}), 'ok')"
    )
    cell = kernel.run("%%aether --model script --mode ask -o four --as int --park-after 0\nUse &`clean`")
    assert cell.status == "ok", cell.of("error")
    kernel.run("%aether approve")
    resumed = kernel.run("%aether resume")
    assert resumed.status == "ok", (resumed.of("error"), resumed.text())
    assert kernel.run("print(four)").text() == "4\n"


def test_what_is_attached_goes_with_the_question_as_a_picture(kernel: Kernel) -> None:
    """A figure among the variables; a name that stands for nothing begins no run."""
    kernel.run("from matplotlib.figure import Figure\nfig = Figure((1, 1))\nscript('A line.')")
    assert kernel.run("%%aether --model script --attach fig\nWhat is this?").status == "ok"
    parts = kernel.run("print([type(part).__name__ for part in model.requests[0].messages[-1].parts][:3])").text()
    assert "['Text', 'Text', 'Image']" in parts
    refused = kernel.run("%%aether --attach nothing.png\nWhat?")
    assert refused.of("error")[0]["traceback"][0] == "aether: There is no nothing.png to be attached."
