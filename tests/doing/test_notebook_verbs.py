"""What ``%aether VERB`` prints in a shell without a kernel: the same verbs, one after the other, in one session."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import aether_nb
from aether_nb import cli
from aether_nb.about import VERSION
from aether_nb.doing import notebook as notebook_verbs
from aether_nb.errors import AetherError, UsageFault
from aether_nb.events import kinds as k
from aether_nb.events.kinds import Grant
from harness.home import bare
from harness.lasting import SEND, answered, letter
from harness.provider import Provider, provider
from harness.story import hash_of

Say = Callable[[str], str]


@pytest.fixture
def server() -> Iterator[Provider]:
    """A model server."""
    with provider() as found:
        yield found


@pytest.fixture
def say(
    server: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Say]:
    """Types a line after ``%aether`` in a fresh shell, and gives what is printed."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    keyed = {"OPENAI_API_KEY": "sk-test-0123456789", "OPENAI_BASE_URL": f"{server.url}/v1"}
    monkeypatch.setattr("os.environ", bare(tmp_path / "home") | keyed)
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    monkeypatch.setattr("aether_nb.doing.notebook.get_ipython", lambda: shell)
    aether_nb.load_ipython_extension(shell)
    capsys.readouterr()

    def typed(line: str) -> str:
        shell.run_line_magic("aether", line)
        return capsys.readouterr().out

    yield typed
    aether_nb.unload_ipython_extension(shell)


def test_where_things_stand_and_what_can_be_typed(say: Say) -> None:
    """Status tells model, mode, folders, turns and grants; help tells a verb, the cell, or every setting."""
    status = say("").splitlines()
    assert status[0] == f"aether-nb {VERSION}"
    assert [line.split()[0] for line in status[1:7]] == ["model", "mode", "folder", "record", "turns", "grants"]
    assert status[1].split()[1] == "openai:gpt-5.4-mini"
    assert "%aether setup" in say("help")
    assert say("help key").startswith("usage: %aether key")
    assert say("help %%aether").startswith("usage: %%aether")
    assert say("version") == f"{VERSION}\n"


def test_a_model_is_chosen_for_a_role(say: Say, server: Provider) -> None:
    """Who serves is said and changed; another role has its own, or the chat model stands in."""
    assert say("model") == "openai:gpt-5.4-mini serves. Another: %aether model PROVIDER:MODEL\n"
    assert say("model openai:tiny") == "openai:tiny serves from now on.\n"
    assert say("model openai:big --role utility") == "openai:big serves from now on for utility.\n"
    assert say("model --role utility") == "openai:big serves for utility.\n"
    assert say("model --role speak").startswith("No model is set for the role 'speak'")
    assert "tiny" in say("models openai --refresh")
    assert json.loads(say("models openai --json"))["source"] == "live"


def test_keys_and_setup_where_nobody_types(say: Say) -> None:
    """Keys are told and forgotten without typing; what has to be typed is refused calmly."""
    assert say("key").splitlines()[0] == "  openai       OPENAI_API_KEY"
    gone = "No key of openai was kept. The environment still has OPENAI_API_KEY.\n"
    assert say("key openai --forget") == gone
    for line in ("key openai", "setup"):
        with pytest.raises(UsageFault, match="Nobody can type here"):
            say(line)


def test_setup_where_somebody_types(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is chosen serves at once, Enter changes nothing, and Stop ends it in two lines."""
    answers = ["analyst", "", KeyboardInterrupt()]

    def typed(_: str) -> str:
        answer = answers.pop(0)
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr("builtins.input", typed)  # as a kernel does
    monkeypatch.setattr("aether_nb.doing.notebook.can_type", lambda shell: True)
    assert say("setup").endswith("aether:analyst serves from now on.\n")
    assert say("model").startswith("aether:analyst serves.")
    assert say("setup").endswith("Everything stays as it is.\n")
    with pytest.raises(UsageFault) as caught:
        say("setup")
    assert (caught.value.what, caught.value.why) == ("Stopped.", "What was not said to be kept is not kept.")


def test_yeses_that_last_are_listed_and_taken_back(say: Say) -> None:
    """Each has a name under which it is taken back; a name that nobody has is an error."""
    grants = notebook_verbs.get_ipython().aether_magics.session.grants  # type: ignore[union-attr]
    assert say("grants") == "No yes lasts beyond its run.\n"
    grants.append(Grant("g1", "write_file", "folder:/tmp", "medium", "notebook", "you"))
    assert say("grants").splitlines() == [
        "  g1  write_file  what it does in /tmp  for this notebook  given by you",
        "Take one back: %aether grants --revoke GRANT",
    ]
    assert say("grants --revoke g1") == "Taken back: g1 (write_file).\n"
    with pytest.raises(AetherError, match="There is no grant 'g1'"):
        say("grants --revoke g1")


def test_the_doctor_in_a_shell(say: Say) -> None:
    """The doctor looks at everything, tries a model out, and speaks JSON, with a thread that ends with it."""
    looked = json.loads(say("doctor --json"))
    assert {
        "what": "kernel",
        "state": "ok",
        "found": "none: this is a terminal, approvals are typed",
        "hint": "",
    } in looked
    assert [line.split()[:2] for line in say("doctor openai:tiny").splitlines()] == [
        ["ok", "endpoint"],
        ["ok", "streaming"],
        ["ok", "tools"],
        ["ok", "vision"],
        ["ok", "context"],
    ]


def test_runs_are_listed_shown_traced_and_forgotten(say: Say) -> None:
    """A question asked on a line is a run that every verb of the record knows; a new conversation sends none of it."""
    assert say("runs") == "No runs are recorded here yet. Ask a question: %%aether\n"
    assert "The answer is 42." in say("What is six times seven?")
    (run,) = json.loads(say("runs --json"))
    assert run["run"] in say("runs")
    assert "What is six times seven?" in say("show")
    assert "run_python" in say(f"trace {run['run']}")
    assert json.loads(say("trace --json"))
    assert say("new") == "A new conversation: 1 earlier question is no longer sent.\n"


def test_the_terminal_tells_the_same_of_a_run(say: Say, capsys: pytest.CaptureFixture[str]) -> None:
    """A run of a notebook is shown and traced by the command line in its folder, word for word."""
    say("What is six times seven?")
    for line in ("runs", "runs --json", "trace", "trace --json"):
        told = say(line)
        assert cli.main(line.split()) == 0
        assert capsys.readouterr().out == told
    assert cli.main(["show"]) == 0
    assert "The answer is 42." in capsys.readouterr().out


def test_runs_that_have_not_ended_are_told_with_who_holds_them(say: Say) -> None:
    """Status and runs say how each stands, what it waits for and what to type; a word to one says how to go on."""
    session = notebook_verbs.get_ipython().aether_magics.session  # type: ignore[union-attr]
    gate = (k.RunStarted("Tell Anna", "m"), answered(SEND), letter(SEND), k.GateOpened("call_2", hash_of(SEND)))
    for number in range(7):
        session.store.log.append(f"{number}{number}aaaa", 0, gate, 1000.0 + number)
    session.store.leases.take("66aaaa", 1000.0)
    told = [line.strip() for line in say("").splitlines() if line.startswith("  run ")]
    assert told[0].startswith("run      66aaaa  waits · waits for a yes or a no to send_letter · held by ")
    assert told[1] == (
        "run      55aaaa  interrupted · waits for a yes or a no to send_letter · nobody holds it: %aether resume 55aaaa"
    )
    assert told[-1] == "run      2 more: %aether runs" and len(told) == 6
    rows = json.loads(say("runs --json"))
    assert [(row["outcome"], row["waits_for"]) for row in rows[:2]] == [
        ("waits", "a yes or a no to send_letter"),
        ("interrupted", "a yes or a no to send_letter"),
    ]
    assert rows[0]["held_by"].endswith(f"process {os.getpid()} on {socket.gethostname()})") and not rows[1]["held_by"]
    assert "Not ended:" in say("runs")
    assert "anna@example.org" in say("approve 55aa")
    assert say("deny 44aa").endswith("Nobody holds the run now. Go on with it: %aether resume 44aaaa\n")
    assert "hears it before its next step." in say("tell 66aa Use euros.")
    assert json.loads(say("stop --json 33aa"))["said"] == "stop"
