"""Every verb of the terminal, typed on a real record: what it says, for people and for programs, and how it ends."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from aether_nb import cli, plugins, registry, verbs
from aether_nb.doing import signals as signal_verbs
from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Text, ToolCall, Usage
from aether_nb.store.store import Store, open_store
from harness.lasting import DOUBT, SEND, answered, letter, lost
from harness.story import hash_of

RUN = ToolCall("c1", "run_python", {"code": "total = 6 * 7\ntotal", "purpose": "Multiply"})
ENDED = (
    k.RunStarted("What is 6 times 7?", "m"),
    k.ContextComposed((Message.of("user", "What is 6 times 7?"),)),
    k.ModelAsked("m", 1),
    k.ModelAnswered("m", Message("assistant", calls=(RUN,)), Usage(3, 4), "tool_calls", 0.1),
    k.CallProposed(RUN, "h", "low", "namespace"),
    k.CallBegun("c1", "h"),
    k.CallFinished("c1", (Text("42"),), 0.1),
    k.ModelAnswered("m", Message.of("assistant", "It is 42."), Usage(3, 4), "stop", 0.1),
    k.RunEnded("done"),
)
BEGUN = (k.RunStarted("Tell Anna", "script"), answered(SEND))
GATE = (*BEGUN, letter(SEND), k.GateOpened("call_2", hash_of(SEND)))
RUNS = {
    "over": ENDED,
    "wrong": (k.RunStarted("Why?", "m"), k.RunEnded("failed", what="It broke.", why="No disk.", hint="Look there.")),
    **{f"{word}-it": GATE for word in ("approve", "deny", "tell", "pause", "stop")},
    "stop-too": GATE,
    "ask-it": (*BEGUN, k.QuestionAsked("q1", "Which?", ("left", "right"))),
    "settle-it": (*lost(), k.CallDoubtful("call_2", "it was interrupted"), DOUBT),
    "go-it": (*BEGUN, k.SignalReceived("s", "pause", "panel")),
}
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

LINES: dict[str, tuple[str, str]] = {
    "help": ("help runs", "usage: aether runs"),
    "models": ("models", "anthropic"),
    "key": ("key", "key"),
    "settings": ("settings mode", "AETHER_MODE"),
    "mcp": ("mcp", ""),
    "approve": ("approve approve-it --yes", "approve-it"),
    "deny": ("deny deny-it --reason no", "deny-it"),
    "answer": ("answer ask-it left", "ask-it"),
    "settle": ("settle settle-it skip", "settle-it"),
    "tell": ("tell tell-it Use euros.", "tell-it"),
    "pause": ("pause pause-it", "pause-it"),
    "go": ("go go-it", "go-it"),
    "stop": ("stop stop-it", "stop-it"),
    "runs": ("runs", "wrong"),
    "show": ("show over", "It is 42."),
    "trace": ("trace over", "run_python"),
    "egress": ("egress over", "In all:"),
    "verify": ("verify over", "over"),
    "why": ("why wrong", "It broke."),
    "audit": ("audit over", "over"),
    "pack": ("pack book.ipynb", "book.zip"),
    "dashboard": ("dashboard", ""),
    "export": ("export over code.py", "Wrote code.py: 1 cell of run over."),
    "know": ("know", "Knowledge in"),
    "remember": ("remember Prices are net.", ""),
    "forget": ("forget net", ""),
    "memory": ("memory", ""),
    "templates": ("templates", "profile-table"),
    "policy": ("policy shell(command=ls)", "no rule fits"),
    "profiles": ("profiles", "security"),
    "plugins": ("plugins", "built in (aether-nb"),
    "skills": ("skills show eda", "eda"),
    "hooks": ("hooks", ""),
    "completion": ("completion bash", "complete"),
    "version": ("version", "0."),
}
"""Each verb with a line, and a word of what it says."""

ELSEWHERE = {
    "setup": "doing/test_cli_models.py",
    "doctor": "doing/test_cli_models.py",
    "replay": "flows/test_replay.py",
    "resume": "flows/test_resume_terminal.py",
    "verify-code": "flows/test_code.py",
    "execute": "flows/test_jobs.py",
    "plan": "flows/test_jobs.py",
    "batch": "flows/test_jobs.py",
    "demo": "flows/test_runners.py",
    "encrypt": "doing/test_encryption_verbs.py",
    "decrypt": "doing/test_encryption_verbs.py",
}
"""Those that need a kernel, a server, or somebody who types: run where there is one."""

PLAIN = ("help", "setup", "completion", "demo")
"""Verbs without --json: a page for people, a dialog, a script for a shell, a run that is to be looked at."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with runs that have ended, failed, and wait for every kind of word."""
    folder = tmp_path_factory.mktemp("project")
    store: Store = open_store(folder / ".aether", "test")
    for number, (run, events) in enumerate(RUNS.items()):
        store.log.append(run, 0, events, time.time() - 100 + number)
    store.log.close()
    (folder / "book.ipynb").write_text(json.dumps(NOTEBOOK))
    (folder / "eda-copy").mkdir()
    (folder / "eda-copy" / "SKILL.md").write_text("---\nname: eda-copy\ndescription: Look at a table.\n---\nLook.\n")
    return folder


@pytest.fixture(autouse=True)
def _here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setattr(registry, "_things", {})
    monkeypatch.setattr(plugins, "_loaded", [])
    monkeypatch.setattr(signal_verbs, "HEARING", 0.01)  # nobody is at work, so nobody is waited for


def typed(line: str, *more: str) -> int:
    """Type a line, options before its words."""
    verb, *words = line.split()
    return cli.main([verb, *more, *words])


@pytest.mark.parametrize("verb", LINES)
def test_every_verb_does_its_work_on_a_real_record(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends well, and says what it is for."""
    line, said = LINES[verb]
    assert typed(line) == 0, capsys.readouterr().err
    assert said in capsys.readouterr().out


PROGRAMS = {
    **{verb: line for verb, (line, _) in LINES.items() if verb not in PLAIN},
    "export": "export over other.py",
    "remember": "remember Taxes are high.",
    "forget": "forget Taxes",
    "stop": "stop stop-too",
    "skills add": "skills add eda-copy",
    "skills check": "skills check",
    "skills list": "skills list",
    "plugins": "plugins",
}
"""What a program types: each verb, and the deeds of some."""


@pytest.mark.parametrize("line", PROGRAMS.values())
def test_every_verb_speaks_to_programs(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json it prints JSON and nothing else."""
    assert typed(line, "--json") == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out) is not None


def test_no_verb_is_left_out() -> None:
    """Each verb of the terminal is in this list or named with where it is run; only some have nothing for programs."""
    there = {verb.name: verb for verb in verbs.VERBS if "terminal" in verb.faces}
    assert {*LINES, *ELSEWHERE} == set(there) == set(cli.HANDLERS)
    for verb, file in ELSEWHERE.items():
        assert f'"{verb}"' in (Path(__file__).parents[1] / file).read_text(), (verb, file)
    plain = {name for name, verb in there.items() if not any("--json" in option.names for option in verb.options)}
    assert plain == set(PLAIN)


BEGIN = ("demo", "setup", "encrypt", "decrypt")
"""Verbs to which nothing is missing: they begin their work."""


@pytest.mark.parametrize("verb", sorted({*LINES, *ELSEWHERE} - {*BEGIN}))
def test_a_verb_with_nothing_behind_it_ends_calmly(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It does its work, or says what is missing and what to type; no verb ends in a traceback."""
    code = cli.main([verb])
    assert code in (0, 1, 2, 3)
    if code == 2:
        assert "\n  next: " in capsys.readouterr().err


ABSURD = (
    "batch",
    "batch nowhere.yaml",
    "runs --prune --older 999999999999",
    "runs --prune --keep \N{SUPERSCRIPT TWO}",
    f"runs --prune --larger {'9' * 400}",
    "pack /",
    "pack book.ipynb --out /",
    "pack book.ipynb --out book.ipynb/x",
    "audit over --out book.ipynb/x",
    "dashboard --days \N{SUPERSCRIPT TWO}",
    f"know search x --limit {'9' * 5000}",
    "mcp serve --http --port \N{SUPERSCRIPT TWO}",
    "skills add ~nobody-has-this-name",
    f"execute --load {'x' * 5000} How many?",
    "execute --load ~nobody-has-this-name/x.csv How many?",
    "answer ask-it \N{SUPERSCRIPT TWO}",
)
"""Lines that nobody would type on purpose."""


@pytest.mark.parametrize("line", ABSURD, ids=lambda line: line[:40])
def test_an_absurd_line_is_refused_calmly(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is said in our words, with an exit code, and never as a traceback."""
    code, said = typed(line), capsys.readouterr()
    assert code in (1, 2) or line.startswith("answer")
    assert said.err.startswith("aether: ") or line.startswith("answer")
