"""``%aether hooks`` and ``aether hooks``: hooks are listed, agreed to and taken out, in words and as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aether_nb import cli, hook, registry
from aether_nb.agent import hooks as hooks_page
from aether_nb.agent.hook_answers import TIMES
from aether_nb.agent.hooks import ANSWERS
from aether_nb.client.bus import EVENTS
from aether_nb.doing import hooks as hook_verbs
from aether_nb.errors import UsageFault
from aether_nb.events.messages import ToolCall
from aether_nb.session.hooked import Hooked
from aether_nb.store.store import open_store
from harness.plain_shell import Notebook, flat, serve

VETO = f"""
[hooks.no-code]
event = "before_tool"
match = "run_python"
order = 3
timeout = 20
required = true
command = ['{sys.executable}', "-c", "import sys; sys.exit('it may not')"]
"""


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Notebook]:
    """A notebook in a folder of its own, and nothing registered."""
    monkeypatch.setattr(registry, "_things", {})
    TIMES.clear()
    opened = Notebook(tmp_path / "work", tmp_path / "home", monkeypatch, capsys)
    yield opened
    opened.close()


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What ``aether hooks …`` prints."""
    cli.main(["hooks", *words])
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_without_hooks_it_says_how_to_have_some(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """In both faces; the page has the table, and the verb's own help below it."""
    for said in (notebook.line("hooks"), typed(capsys)):
        assert said.startswith('There are no hooks. In a cell: @hook("before_tool") over a function')
    page = notebook.line("help hooks")
    assert "TEN EVENTS TO OBSERVE" in page
    assert "hooks enable no-prod" in page
    assert json.loads(typed(capsys, "--json")) == []


def test_the_page_and_the_readme_are_the_tables_that_hold() -> None:
    """Each hook with all that it may answer, each event of a client: no more and no less than there is."""
    page, readme = hooks_page.__doc__ or "", (Path(__file__).parents[2] / "README.md").read_text()
    table = page.partition("THE SIX HOOKS")[2].partition("    veto ")[0].splitlines()
    rows = {line.split()[0]: line for line in table if line.strip().startswith(("session_", "before_", "after_"))}
    for event, answers in ANSWERS.items():
        assert rows[event].endswith("  " + (", ".join(answers) or "-"))
        assert f"`{event}`" in readme
    assert set(rows) == set(ANSWERS)
    assert all(event in page for event in EVENTS)


def test_a_projects_hook_is_run_when_it_was_agreed_to_and_its_failure_is_listed(
    notebook: Notebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is shown with its line; a yes in either face counts in both, and so does taking it out."""
    (tmp_path / "work" / "aether.toml").write_text(VETO)
    said = typed(capsys)
    assert "no-code: before_tool of run_python, order 3, 20 s, required · not agreed to" in said
    assert "sys.exit('it may not')" in said
    assert "hooks enable no-code" in said
    told = "This project defines hooks that nobody has agreed to: no-code. See them: %aether hooks"
    serve("Fine.", "Fine.")
    assert told in flat(notebook.ask("Hello?", "--model script"))
    assert told not in flat(notebook.ask("Hello?", "--model script")), "it is said once"
    assert "is run from now on" in typed(capsys, "enable", "no-code")
    (row,) = json.loads(notebook.line("hooks --json"))
    assert (row["state"], row["match"], row["order"], row["required"]) == ("in use", "run_python", 3, True)
    serve(ToolCall("", "run_python", {"code": "x = 1"}), "I could not.")
    shown = notebook.ask("Make x.", "--model script --mode auto")
    assert "it failed, and it is required: It ended with the exit code 1. it may not" in flat(shown)
    assert "x" not in notebook.shell.user_ns
    assert "called 1×, " in notebook.line("hooks list no-code")
    assert "hook no-code (before_tool) refused the call of run_python" in notebook.line("trace")
    rows = json.loads(notebook.line("trace --json"))["events"]
    assert ["hook no-code (before_tool) refused the call of run_python" in row["text"] for row in rows].count(True) == 1
    assert "is not run any more" in notebook.line("hooks disable no-code")
    assert "no-code: before_tool of run_python, order 3, 20 s, required · off" in typed(capsys)


def test_a_failure_in_a_run_is_remembered(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """The last one, with its run, also for a terminal; the run itself went on."""

    @hook("before_model")
    def odd(_: Any) -> int:
        return 3

    serve("Fine.")
    assert "The hook odd failed (before_model). The run goes on without it." in flat(
        notebook.ask("Hello?", "--model script")
    )
    said = notebook.line("hooks list odd")
    assert "last failure: it answered int, which is neither nothing nor an object (run " in said
    (row,) = json.loads(typed(capsys, "--json"))
    assert row["last_failure"].startswith("it answered int")
    assert "odd is taken out" in notebook.line("hooks disable odd")
    assert "There are no hooks" in notebook.line("hooks")


def test_what_cannot_be_decided_is_said(notebook: Notebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is none, a hook that is called anyway, and one that makes no sense."""
    hook("before_tool", name="mine")(lambda told: None)
    (tmp_path / "work" / "aether.toml").write_text('[hooks.odd]\nevent = "lunch"\ncommand = "true"\n')
    assert "There is: odd, mine." in typed(capsys, "enable")
    assert "There is no hook 'her'" in typed(capsys, "disable", "her")
    assert "The hook mine is called already." in typed(capsys, "enable", "mine")
    assert "The hook odd cannot be used." in typed(capsys, "enable", "odd")
    assert "it makes no sense: There is no hook 'lunch'." in typed(capsys)


def test_code_of_an_agent_agrees_to_nothing(tmp_path: Path) -> None:
    """While an agent is at work it may have typed that itself."""
    store, options = open_store(tmp_path, "test"), argparse.Namespace(what="enable", name="a", json=False)
    with pytest.raises(UsageFault, match="is not done while an agent works here"):
        hook_verbs.hooks(options, Hooked(lambda: tmp_path), store, busy=True)
