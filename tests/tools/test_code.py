"""run_python and the tools that look: real code in a real shell, and what the model is told of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from aether_nb import RepairableToolError
from aether_nb.events import kinds as k
from aether_nb.events.messages import Text
from aether_nb.events.values import BELOW
from aether_nb.tools.base import PartlyDone
from aether_nb.tools.code import LONGEST_OUTPUT, run_python
from harness.tools import Shelled, told, use


@pytest.fixture
def context(shell: InteractiveShell) -> Shelled:
    """A context whose shell holds one frame."""
    shell.reset(new_session=False)
    shell.user_ns["df"] = pd.DataFrame({"city": ["Rome", "Oslo"], "sales": [10.5, 5.0]})
    return Shelled(real=shell)


def test_the_model_is_told_what_was_printed_made_and_returned(context: Shelled) -> None:
    """Printed text, the value as CSV with its columns, and the changes come back, each under its title."""
    code = "total = df.sales.sum()\nprint(total)\ndf.set_index('city')"
    result = use(run_python, context, code=code, purpose="Add it up")
    assert result.parts == (
        Text(
            "[stdout]\n15.5\n[value] DataFrame, 2 rows × 1 column, as CSV:\ncity,sales\nRome,10.5\nOslo,5\n",
            "output",
            ("city", "sales"),
            2,
        ),
        Text("[changed]\nadded total: numpy.float64", "schema"),
    )
    assert [event.changes[0].name for event in result.events if isinstance(event, k.NamespaceChanged)] == ["total"]
    assert any("text/html" in bundle for bundle in result.outputs)
    assert run_python.purpose({"code": "", "purpose": "Add it up"}) == "Add it up"


def test_the_model_is_told_what_deserves_a_second_look(context: Shelled) -> None:
    """A join that repeats rows comes back with its figures and the request to correct it; a note comes without one."""
    context.shell.user_ns["cities"] = pd.DataFrame({"city": ["Rome", "Oslo", "Oslo"], "land": ["IT", "NO", "no"]})
    text = told(run_python, context, code="df = df.merge(cities, on='city')")
    assert text.endswith(
        "[check]\nwarning df: fan-out: 2 rows became 3; key `city` is no longer unique: it repeats in `cities`\n"
        "Correct what was not meant, or say why it is right."
    )
    text = told(run_python, context, code="df = df[df.sales > 6]")
    assert text.endswith("[check]\nnote df: row loss: 2 of 3 rows are gone")


def test_code_with_nothing_to_show_says_so(context: Shelled) -> None:
    """The model is never left with an empty answer."""
    assert use(run_python, context, code="pass").parts[0] == Text("done; there was nothing to show")


def test_what_is_printed_is_shown_while_it_runs(context: Shelled) -> None:
    """Every print goes to the panel at once, with its stream."""
    use(run_python, context, code="import sys\nprint('a')\nprint('b', file=sys.stderr)")
    shown = [(event.stream, event.text.strip()) for event in context.emitted if isinstance(event, k.OutputDelta)]
    assert [pair for pair in shown if pair[1]] == [("stdout", "a"), ("stderr", "b")]


def test_figures_are_counted_and_published_as_ordinary_outputs(context: Shelled) -> None:
    """A picture goes to the cell's own outputs; the model hears how many there were."""
    published: list[Any] = []
    pub = context.real.display_pub
    code = "get_ipython().display_pub.publish({'image/png': 'AAAA', 'text/plain': 'pic'})"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pub, "publish", lambda data, **more: published.append(data), raising=False)
        result = use(run_python, context, code=code)
    assert result.parts[0] == Text("[figures] 1")
    assert [set(data) for data in published] == [{"image/png", "text/plain"}]
    assert result.outputs == ({"image/png": "AAAA", "text/plain": "pic", BELOW: ""},)  # to be shown again


def test_an_error_is_told_with_the_users_line_and_keeps_what_came_before(context: Shelled) -> None:
    """What ran before the error stays: its output, and the variables it made."""
    with pytest.raises(PartlyDone) as caught:
        use(run_python, context, code="made = 1\nprint('so far')\ndf['nope']")
    error = caught.value
    assert error.what == "KeyError: 'nope'"
    assert "df['nope']" in error.why
    assert "site-packages" not in error.why
    assert error.outputs[0] == {"text/plain": "so far\n"}
    assert [event.changes[0].name for event in error.events if isinstance(event, k.NamespaceChanged)] == ["made"]


def test_top_level_await_runs(context: Shelled) -> None:
    """Code may await."""
    assert "[value] 3" in use(run_python, context, code="import asyncio\nawait asyncio.sleep(0, 3)").parts[0].text  # type: ignore[union-attr]


def test_an_interrupt_stops_the_run_and_not_only_the_code(context: Shelled) -> None:
    """A KeyboardInterrupt that IPython swallowed is raised again, and what the code did so far is left behind."""
    with pytest.raises(KeyboardInterrupt):
        use(run_python, context, code="made = 1\nprint('so far')\nraise KeyboardInterrupt")
    outputs, events = context.left
    assert outputs == ({"text/plain": "so far\n"},)
    assert [change.name for event in events for change in event.changes] == ["made"]


@pytest.mark.parametrize(
    ("code", "risk", "effect"),
    [
        ("df.describe()", "low", "namespace"),
        ("df['x'] = 1", "medium", "namespace"),
        ("df.to_csv('x.csv')", "medium", "external"),
        ("import os; os.remove('x')", "high", "external"),
    ],
)
def test_what_code_may_do_is_read_off_it_before_it_runs(context: Shelled, code: str, risk: str, effect: str) -> None:
    """The assessment comes from the code itself; nothing of it is run."""
    found = run_python.assess(dict(run_python.check({"code": code})), context)
    assert (found.risk, found.effect) == (risk, effect)
    assert list(context.real.user_ns["df"].columns) == ["city", "sales"]


def test_what_the_run_made_may_be_changed_freely(context: Shelled) -> None:
    """A name that this run added is the run's own."""
    context.made = ("df",)
    assert run_python.assess(dict(run_python.check({"code": "df['x'] = 1"})), context).risk == "low"


@pytest.mark.parametrize("code", ["rm -rf thesis", "ls", "pip --version", "cd ..", "!ls", "%%bash\nls", "%run x.py"])
def test_what_ipython_would_make_a_command_of_is_high(context: Shelled, code: str) -> None:
    """Automagic and shell syntax are judged as the commands they become, not as the text they are."""
    assert run_python.assess(dict(run_python.check({"code": code})), context).risk == "high"


def test_what_the_users_own_transformers_change_is_high(context: Shelled) -> None:
    """When an extension makes something else of the code, a person looks at it."""
    transformers = context.real.input_transformers_cleanup
    transformers.append(lambda lines: [line.replace("one", "two") for line in lines])
    try:
        assert run_python.assess(dict(run_python.check({"code": "one = 1"})), context).risk == "high"
    finally:
        transformers.pop()


def test_what_is_no_python_goes_back_to_the_model_without_a_question(context: Shelled) -> None:
    """A slip of syntax is told at once, with its line."""
    with pytest.raises(RepairableToolError) as caught:
        run_python.assess(dict(run_python.check({"code": "x = 1\ny = = 2"})), context)
    assert (caught.value.what, caught.value.why) == ("SyntaxError: invalid syntax (line 2)", "y = = 2")


def test_what_is_printed_without_end_is_told_in_part(context: Shelled) -> None:
    """The beginning and the end of it; the user sees all of it while it runs."""
    result = use(run_python, context, code="print('a' * 50_000 + 'z' * 50_000)")
    (part,) = result.parts
    half = LONGEST_OUTPUT // 2
    assert part.text == f"[stdout]\n{'a' * half}\n… 70,000 characters left out …\n{'z' * half}"


def test_a_yes_can_be_for_variables_only_where_their_change_can_be_taken_back(context: Shelled) -> None:
    """Code is read for it, and what undo cannot keep is asked about each time."""
    arguments = {"code": "df['x'] = 1", "purpose": ""}
    assert run_python.assess(arguments, context).variables == ("df",)
    context.undo = Unable()
    found = run_python.assess(arguments, context)
    assert (found.variables, found.reasons[-1]) == ((), "df is too large to be kept")


class Unable:
    """Keeps nothing."""

    def cannot(self, *_: object) -> tuple[str, ...]:
        return ("df is too large to be kept",)
