"""Where nobody looks: the demo, nbclient, papermill, a terminal, and the code blocks of the README."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").glob("*.ipynb") if not path.name.endswith(".executed.ipynb"))
STORY = "%%aether\nWhich species differ most in flipper length? Plot it and write the summary table to summary.csv"

SAID = {
    "04-live-data.ipynb": (
        "A value in it: True",
        "A value in it: False",
        "far.example: 2 requests",
        "! joined: fan-out: 344 rows became 703; key `bird_id` repeats in `birds` and in `blood`",
        "  joined  removed",
        "joined is there: False",
        "reproduces in a fresh kernel: joined, means, diet hold what they held.",
        "PermissionError: aether's guard did not let the code write the file",
        "species,female,male\nAdelie,8.79,8.93\nChinstrap,9.25,9.46\nGentoo,8.19,8.3\n\narchive.csv is there: False",
    ),
    "06-knowledge.ipynb": (
        "rows will be matched against each other. This is different from usual SQL",
        "— [pandas-docs/DataFrame.merge.rst:1-",
        "If True, and if group keys contain NA values, NA values together",
        "— [pandas-docs/DataFrame.groupby.rst:",
        "[field-notes.pdf, page 1]",
        "read 50 grams too much",
        "nothing relevant is kept",
        "(the document has changed since it was read)",
        "1 changed, 20",
        "Merge tables of birds on study and bird_id together.",
        "Remembered as fab7, in .aether/memory/facts.md.",
        "MergeError: Merge keys are not unique in either left or right dataset",
        "**Adelie 8.9, Chinstrap 9.4, Gentoo 8.3**",
        "study and bird_id together [pandas-docs/DataFrame.merge.rst:",
        "Kept as solution/",
        "| facts.md | memory |\n| pandas-docs/DataFrame.merge.rst:",
    ),
    "07-open-house.ipynb": (
        "**Grace** counts the birds there.",
        "plain-numbers  How figures are told in a report.\n                 (the project, shown to models as its text)",
        "plain-numbers (the project): How figures",
        "217 mm on average (342 birds were measured)",
        "This project defines servers that nobody has agreed to: words.",
        "words__count (low, pure): [words] Count how often",
        "*the*, 3 times.",
        "They report: Adelie 3700.0 g; Gentoo 5000.0 g.",
        "There is no tool 'run_python'.",
        "station.ini is there: True",
        "As *security*: it asks whether files give something away.",
        "**Gentoo** weigh the most, 5000 g. (asked of 3 species)",
        "agent:weigher calls a tool",
        "refused, whoever asks. The rule write_file(path=data/*) says so.",
        "the rule write_file(path=data/*) forbids it",
        "['out/means.csv']",
        "Denied by the hook drafts_first",
        "Counted by ***. False",
    ),
}
"""What an example's outputs have to say, beside that its runs are done."""

WRITTEN = {
    "06-knowledge.ipynb": (
        "next.ipynb",
        ("Recalled: solution/", "+ isotopes", "`isotopes` has the medians, in per mille, as you want it."),
    )
}
"""The notebook that an example writes and runs in a kernel of its own, and what the outputs of that one have to say."""


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, and fail with what it said."""
    env = os.environ | environment
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def book(folder: Path, *cells: str) -> Path:
    """A notebook with the data beside it."""
    shutil.copy(ROOT / "notebooks" / "data" / "penguins.csv", folder)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=code, metadata=kernel)  # type: ignore[no-untyped-call]
    path = folder / "book.ipynb"
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path


def shown(path: Path) -> str:
    """All plain text of a notebook's outputs."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in outputs)


LOAD = "%load_ext aether_nb\nimport pandas as pd\npenguins = pd.read_csv('penguins.csv')"


def test_the_demo_runs_the_main_job_and_leaves_the_notebook(tmp_path: Path) -> None:
    """aether demo --allow-writes prints plan, cards, approval and answer, and the executed notebook holds them."""
    done = run(sys.executable, "-m", "aether_nb", "demo", "--allow-writes", "--out", str(tmp_path), cwd=tmp_path)
    for text in (
        "Plan",
        "write_file",
        "given by the flag --allow-writes",
        "**Gentoo** and **Adelie** differ most",
        "species,count,mean",
        "jupyter lab",
    ):
        assert text in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["01-first-look.executed.ipynb"]
    assert "Gentoo" in shown(tmp_path / "01-first-look.executed.ipynb")


def test_the_demo_without_its_flag_writes_nothing(tmp_path: Path) -> None:
    """Nobody is there to approve: the transcript says so, and the file is not written."""
    done = run(sys.executable, "-m", "aether_nb", "demo", "--out", str(tmp_path), cwd=tmp_path)
    assert "nobody was there to approve it" in done.stdout
    assert "summary.csv was not written" in done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_example_notebook_runs_offline(path: Path, tmp_path: Path) -> None:
    """A shared notebook is executed from top to bottom without a key or an error, and says what it is to show."""
    shutil.copytree(path.parent / "data", tmp_path / "data")
    shutil.copy(path, tmp_path)
    run(sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", path.name, cwd=tmp_path)
    said = shown(tmp_path / path.name)
    assert [text for text in ("aether · Done", *SAID.get(path.name, ())) if text not in said] == []
    written, texts = WRITTEN.get(path.name, (path.name, ()))
    assert [text for text in texts if text not in shown(tmp_path / written)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_example_notebook_is_kept_with_its_outputs_and_no_widget(path: Path) -> None:
    """Whoever opens it without the package sees the runs: static HTML, Markdown, text, figures."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    kinds = {
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
        if output.output_type != "stream"
    }
    assert {"text/html", "text/markdown", "text/plain", "image/png"} <= kinds
    assert not any("widget" in kind for kind in kinds) and "widgets" not in notebook.metadata
    assert str(ROOT) not in path.read_text() and "/tmp/" not in path.read_text()


@pytest.mark.parametrize(("policy", "written"), [pytest.param("deny", False, marks=pytest.mark.full), ("auto", True)])
def test_papermill_runs_it_and_the_policy_decides(policy: str, written: bool, tmp_path: Path) -> None:
    """In papermill AETHER_APPROVE answers for the person who is not there, and the transcript says so."""
    source = book(tmp_path, LOAD, STORY)
    target = tmp_path / "out.ipynb"
    run(sys.executable, "-m", "papermill", str(source), str(target), cwd=tmp_path, AETHER_APPROVE=policy)
    assert (tmp_path / "summary.csv").exists() is written
    assert f"policy {policy}" in shown(target)


def test_a_failed_run_fails_the_runner(tmp_path: Path) -> None:
    """Automation must see a failure: the runner's exit code is not zero, and the cell holds the calm card."""
    source = book(tmp_path, LOAD, "%%aether --model NAME@http://127.0.0.1:9/v1\nHello")
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", source.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert "aether: " in done.stderr and "  next: " in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_a_terminal_shows_the_run_as_text_and_asks_at_the_keyboard(tmp_path: Path) -> None:
    """In IPython under a pseudo-terminal the gate is typed, Ctrl-C stops a run, and the shell goes on."""
    import pexpect

    shutil.copy(ROOT / "notebooks" / "data" / "penguins.csv", tmp_path)
    environment = dict(os.environ, TERM="dumb", PROMPT_TOOLKIT_NO_CPR="1")
    command = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    child = pexpect.spawn(
        sys.executable, command, cwd=str(tmp_path), env=environment, timeout=60, encoding="utf-8", dimensions=(60, 200)
    )
    try:
        child.expect(r"In \[1\]: ")
        child.sendline("%load_ext aether_nb")
        child.expect("aether:analyst serves")
        child.expect(r"In \[2\]: ")
        child.sendline("import pandas as pd; penguins = pd.read_csv('penguins.csv')")
        child.expect(r"In \[3\]: ")
        child.sendline("%aether what is the mean flipper length by species? write it to means.csv")
        child.expect("write_file")
        child.expect(r"\[n\]o\? ")
        child.sendline("y")
        child.expect(r"217\.1")
        child.expect(r"In \[4\]: ")
        assert (tmp_path / "means.csv").exists()
        child.sendline("%aether what is the mean flipper length by island? write it to again.csv")
        child.expect(r"\[n\]o\? ")
        child.sendintr()
        child.expect("the run was stopped")
        child.expect(r"In \[5\]: ")
        child.sendline("print(len(penguins) + 1)")
        child.expect("345")
        assert not (tmp_path / "again.csv").exists()
    finally:
        child.close(force=True)


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_readmes_python_runs() -> None:
    """Every Python block of the README runs as it stands, one after the other, in an IPython shell."""
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for block in {blocks("python")!r}:
    shell.run_cell(block).raise_error()
"""
    assert "119.0" in run(sys.executable, "-c", code, cwd=ROOT).stdout


def test_the_readmes_commands_are_two_lines() -> None:
    """The first two sh blocks set up and test, each in one line."""
    first, second = blocks("sh")[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert "aether demo --allow-writes" in first and "pytest" in second
