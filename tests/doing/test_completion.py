"""TAB in a terminal: a real bash that has taken in the script, and the lines that people half type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aether_nb import cli, verbs
from aether_nb.events import kinds as k
from aether_nb.store.store import open_store

LINES = {
    "aether exe": ["execute"],
    "aether execute --mod": ["--model", "--mode"],
    "aether execute --model ant": ["anthropic:"],
    "aether execute --mode ": ["plan", "ask", "auto"],
    "aether execute --as-agent sec": ["security"],
    "aether execute --template prof": ["profile-table"],
    "aether execute --load sal": ["sales.csv"],
    "aether trace mon": ["monthly"],
    "aether models anth": ["anthropic"],
    "aether help doc": ["doctor"],
    "aether settings emb": ["embedding_model", "embedder"],
}
"""What is typed, and what TAB gives."""

SCRIPT = """
eval "$(aether completion bash)"
complete -p aether
while IFS= read -r line; do
    COMP_LINE="$line"; COMP_POINT=${#line}; COMP_TYPE=9; COMPREPLY=()
    words=($line); [[ "$line" == *" " ]] && words+=("")
    _python_argcomplete aether "${words[-1]}" "${words[-2]}"
    echo "${COMPREPLY[@]}"
done
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_a_real_bash_completes_what_is_half_typed(tmp_path: Path) -> None:
    """Verbs, options and their values; runs, models, profiles and templates as they are here; files where files go."""
    command = tmp_path / "bin" / "aether"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m aether_nb "$@"\n')
    command.chmod(0o755)
    (tmp_path / "sales.csv").write_text("a\n1\n")
    store = open_store(tmp_path / ".aether", "test")
    store.log.append("monthly", 0, (k.RunStarted("q", "m"), k.RunEnded("done")), time.time())
    store.log.close()
    environment = os.environ | {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    said = {"cwd": tmp_path, "env": environment, "input": "".join(f"{line}\n" for line in LINES), "timeout": 300}
    done = subprocess.run(["bash", "-c", SCRIPT], capture_output=True, text=True, check=True, **said)  # type: ignore[call-overload]
    first, *answers = done.stdout.splitlines()
    assert first.endswith("_python_argcomplete aether")
    assert {line: answer.split() for line, answer in zip(LINES, answers, strict=True)} == LINES


@pytest.mark.parametrize(
    ("shell", "sign"), [("bash", "complete "), ("zsh", "compdef "), ("fish", "complete --command")]
)
def test_each_shell_has_its_script(shell: str, sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line that takes it in is said without a shell, and works with one."""
    assert cli.main(["completion"]) == 0
    assert f"aether completion {shell}" in capsys.readouterr().out
    assert cli.main(["completion", shell]) == 0
    assert sign in capsys.readouterr().out


def test_every_verb_of_the_terminal_is_offered() -> None:
    """The parser that TAB asks has them all, with the options that each has there."""
    from aether_nb.typed import every

    whole = every((verb for verb in verbs.VERBS if "terminal" in verb.faces), lambda option: option)
    [below] = [action for action in whole._actions if action.choices]
    assert set(below.choices) == set(cli.HANDLERS)
    for name, parser in below.choices.items():
        offered = {action.dest for action in parser._actions} - {"help"}
        assert offered == {
            option.names[-1].lstrip("-").replace("-", "_")
            for option in verbs.find(name, "terminal").options
            if not option.notebook
        }
