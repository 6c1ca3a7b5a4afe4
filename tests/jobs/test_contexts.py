"""Contexts: what one says, what is typed instead, and what is no context."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from aether_nb import config, verbs
from aether_nb.doing import jobs as job_verbs
from aether_nb.errors import OptionError
from aether_nb.jobs.executing import Execution
from aether_nb.jobs.own_kernel import Screen

SALES = """\
kernel: existing
load: [sales.csv, helpers.py]
model: ollama:qwen3
mode: auto
as-agent: data
park-after: 5
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's settings, with a context in it."""
    monkeypatch.setattr(config, "own_file", lambda: tmp_path / "own" / "aether.toml")
    (tmp_path / "own" / "contexts").mkdir(parents=True)
    (tmp_path / "own" / "contexts" / "sales.yaml").write_text(SALES)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "own" / "contexts"


def begun(verb: str, *words: str, monkeypatch: pytest.MonkeyPatch) -> Execution:
    """The task that is begun when this is typed."""
    seen: list[Execution] = []

    def execute(task: Execution, *_: object) -> None:
        seen.append(task)
        raise OptionError("That is enough.")

    monkeypatch.setattr(job_verbs, "execute", execute)
    options: argparse.Namespace = verbs.parse(verbs.find(verb, "terminal"), words, "terminal")
    with pytest.raises(OptionError, match="That is enough"):
        job_verbs.run(options, Screen(), plan=verb == "plan")
    return seen[0]


@pytest.mark.usefixtures("own")
def test_a_context_says_kernel_variables_and_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it holds for the task, and what is typed counts before it; a plan is none the less a plan."""
    task = begun("execute", "--context", "sales", "--mode", "plan", "Total?", monkeypatch=monkeypatch)
    assert (task.kernel, task.load) == ("existing", (Path("sales.csv"), Path("helpers.py")))
    assert task.options == ("--model ollama:qwen3", "--park-after 5", "--as-agent data", "--mode plan")
    planned = begun("plan", "--context", "sales", "--kernel", "k.json", "Total?", monkeypatch=monkeypatch)
    assert (planned.kernel, "--mode auto" in planned.options, planned.options[-1]) == ("k.json", False, "--plan")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no context"),
        ("- a", "It is no table."),
        ("allow: [shell]", "It says 'allow'."),
        ("load: [{a: 1}]", "cannot say {'a': 1}"),
        ("a: [", "is no context"),
        ("load: [" + "a.csv, " * 10_000 + "]\ndata: schema", "too large for a context. It has 70,021 bytes"),
        ("mode: yolo", "invalid choice: 'yolo'"),
    ],
)
def test_what_is_no_context_is_said(own: Path, text: str, said: str) -> None:
    """A file that says something else is named, with what it should say."""
    (own / "odd.yaml").write_text(text)
    options = verbs.parse(verbs.find("execute", "terminal"), ["--context", "odd", "x"], "terminal")
    with pytest.raises(OptionError) as caught:
        job_verbs.run(options, Screen(), plan=False)
    assert said in str(caught.value)


@pytest.mark.usefixtures("own")
def test_a_projects_contexts_are_not_looked_at(tmp_path: Path) -> None:
    """What came with a folder says nothing in the user's name; the error names those that there are."""
    (tmp_path / ".aether" / "contexts").mkdir(parents=True)
    (tmp_path / ".aether" / "contexts" / "theirs.yaml").write_text("approve: auto\n")
    options = verbs.parse(verbs.find("execute", "terminal"), ["--context", "theirs", "x"], "terminal")
    with pytest.raises(OptionError, match="There is no context 'theirs'") as caught:
        job_verbs.run(options, Screen(), plan=False)
    assert caught.value.why == "There are sales."
