"""Runs that are over, in a shell without a kernel: shown again, performed again, forked; a cell without its model."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aether_nb import register
from aether_nb.agent.granting import Grants
from aether_nb.errors import (
    AetherError,
    ModelError,
    OptionError,
    ReplayDiverged,
    ResumeRefused,
    RunFailed,
    StoreTampered,
)
from aether_nb.events import kinds as k
from aether_nb.events.messages import ToolCall
from aether_nb.session.yeses import Yeses
from harness.forging import forge, tables_of
from harness.plain_shell import Notebook, flat, serve

Type = Callable[..., str]
CODE = ToolCall("c1", "run_python", {"code": "made = [1, 2]\nprint(len(made))"})


@pytest.fixture
def open_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[str, str], Notebook]]:
    """Opens a notebook in a folder, as somebody; the one before is closed."""
    opened: list[Notebook] = []

    def open_one(folder: str = "work", who: str = "author") -> Notebook:
        for one in opened:
            one.close()
        opened[:] = [Notebook(tmp_path / folder, tmp_path / who, monkeypatch, capsys)]
        return opened[0]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def notebook(open_notebook: Callable[..., Notebook]) -> Notebook:
    """The author's, with one run in its record."""
    found = open_notebook()
    serve(CODE, "There are two.")
    assert "There are two." in found.ask("How many?", "--model script")
    return found


def newest(notebook: Notebook) -> Any:
    """The newest run, as the list tells it."""
    return json.loads(notebook.line("runs --json"))[0]


def test_a_run_is_read_again(notebook: Notebook) -> None:
    """It is shown as it was, its answer is bound, nothing is recorded, and what came of it is told as JSON."""
    run, before = newest(notebook)["run"], len(notebook.session.store.log.runs())
    del notebook.shell.user_ns["made"]
    said = notebook.line("replay -o told")
    assert "Replayed from the record of" in said and "by script; no model was asked" in said
    assert notebook.shell.user_ns["told"] == "There are two." and "made" not in notebook.shell.user_ns
    told = notebook.line(f"replay {run} --mode confirm --json")
    values = json.loads(told[told.index("{\n") :])
    assert (values["same"], values["mode"], values["checked"], values["unchecked"]) == (True, "confirm", [], [])
    assert len(notebook.session.store.log.runs()) == before


def test_a_run_is_performed_again(notebook: Notebook) -> None:
    """Its code runs, the new run says where it comes from, and a call that is refused is a drift."""
    del notebook.shell.user_ns["made"]
    said = notebook.line("replay --mode live --json")
    values = json.loads(said[said.index("{\n") :])
    assert (values["same"], values["calls"][0]["performed"]) == (True, True)
    assert notebook.shell.user_ns["made"] == [1, 2]
    source = values["source"]
    assert newest(notebook)["model"] == "record:script"
    again = notebook.line(f"replay {source} --mode live --json")  # the name is the user's now: it is asked about
    values = json.loads(again[again.index("{\n") :])
    assert not values["same"] and values["calls"][0]["drift"][0]["what"] == "result"
    assert "said something else than then" in again
    assert f"replays run {source}" in notebook.line("trace")


def test_a_fork_goes_another_way(notebook: Notebook) -> None:
    """From its end with new words, from an event, and not without anything to do."""
    run = newest(notebook)["run"]
    serve(lambda request: " / ".join(message.text for message in request.messages[-2:]))
    said = notebook.line(f"fork {run} by city please")
    assert "(said while you work) by city please" in flat(said) and "This is a fork" in said
    notebook.shell.user_ns["made"] = [3]
    serve("Forked at two.")
    assert "Forked at two." in notebook.line(f"fork {run} --at 4")
    with pytest.raises(OptionError, match="has its answer"):
        notebook.line(f"fork {run}")
    with pytest.raises(OptionError, match="is no number of an event"):
        notebook.line(f"fork {run} --at zero")
    assert [row["outcome"] for row in json.loads(notebook.line("runs --json"))] == ["done"] * 3
    assert "fork of run" in notebook.line("trace")
    for row in json.loads(notebook.line("runs --json")):
        assert "Replayed" in notebook.line(f"replay {row['run']}")


def test_a_fork_of_a_replay_asks_who_serves_here(notebook: Notebook) -> None:
    """Nobody has replies for another way than the recorded one; a yes that lasts goes with this user."""
    notebook.line("replay --mode live")
    run = newest(notebook)["run"]
    notebook.session.grants.append(k.Grant("g1", "look", "tool", "low", "notebook", "me"))
    serve("From here on I answer.")
    notebook.line("model script")
    assert "From here on I answer." in notebook.line(f"fork {run} and now?")
    events = [entry.event for entry in notebook.session.store.log.read(notebook.session.last)]
    granted = [event for event in events if isinstance(event, k.GrantGiven)]
    assert [event.grant.id for event in granted] == ["g1"]


def test_a_cell_without_its_model_has_its_run_performed_again(open_notebook: Callable[..., Notebook]) -> None:
    """By its question and its place; another question, a named model and a configured one are asked as ever."""
    author = open_notebook()
    serve(CODE, "There are two.")
    author.ask("How many?", "--model script")
    serve("Planned.")
    author.ask("How many?", "--model script --plan")
    shutil.copytree(Path.cwd(), Path.cwd().parent / "there")
    register("model", "script", lambda: "no model")
    here = open_notebook("there")
    said = here.ask("How many?", "-o told")
    assert "Its code is performed again" in said and here.shell.user_ns["told"] == "There are two."
    assert here.shell.user_ns["made"] == [1, 2]
    said = here.ask("How many?", "--model script")  # a model that is named and cannot be had
    assert "Replayed from the record of" in said
    with pytest.raises(ModelError):
        here.ask("Something that was never asked?", "--model script")
    assert "Replayed" not in here.ask("What can you do?")
    serve("Asked anew.")
    assert "Asked anew." in here.ask("How many?", "--model script")
    here.line("model script")
    serve("Configured.")
    assert "Configured." in here.ask("How many?")


def test_a_stranger_is_asked_once(open_notebook: Callable[..., Notebook], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's record is shown; its code is performed after a yes."""
    author = open_notebook()
    serve(CODE, "There are two.")
    author.ask("How many?", "--model script")
    there = open_notebook("work", "stranger")
    said = there.ask("How many?", "-o told")
    assert "Somebody else recorded it" in flat(said) and "Only shown: nothing of it was performed" in flat(said)
    assert "made" not in there.shell.user_ns and there.shell.user_ns["told"] == "There are two."
    monkeypatch.setattr("aether_nb.cell.still_faces.can_type", lambda shell: True)
    monkeypatch.setattr("builtins.input", lambda prompt: "1")
    said = there.ask("How many?")
    assert "perform it again" in said and there.shell.user_ns["made"] == [1, 2]


@pytest.mark.parametrize("verb", ["resume", "fork"])
def test_somebody_elses_run_is_not_gone_on_with_unasked(open_notebook: Callable[..., Notebook], verb: str) -> None:
    """Neither is its code run to have its variables again, nor does it act as it says; a typed word lets it go on."""
    author = open_notebook()
    serve(CODE, "There are two.")
    author.ask("How many?", "--model script")
    run, log = newest(author)["run"], author.session.store.log
    whole = [entry.event for entry in log.read(run)][:-2]  # the kernel died before the answer came
    log.append("f0e1d2c3", 0, whole, time.time())
    there = open_notebook("work", "stranger")
    serve("There are two, says the stranger's model.")
    with pytest.raises(ResumeRefused, match="does not carry your seal"):
        there.line(f"{verb} f0e1d2c3")
    assert "made" not in there.shell.user_ns
    out = there.line(f"{verb} f0e1d2c3 --anyway")
    assert "says the stranger's model" in out
    assert ("made" in there.shell.user_ns) == (verb == "resume")
    assert there.session.store.chain.verify(newest(there)["run"] if verb == "fork" else "f0e1d2c3").own


@pytest.mark.parametrize("verb", ["resume {run}", "fork {run} Go on.", "replay {run} --mode live", "ask"])
def test_what_was_planted_in_ones_own_run_is_not_performed(notebook: Notebook, verb: str) -> None:
    """Whoever writes the record anew behind what this user began brings code in with a whole chain; it is foreign."""
    run, store = newest(notebook)["run"], notebook.session.store
    planted = ToolCall("p1", "run_python", {"code": "planted = 1"})

    def plant(events: list[k.Event]) -> list[k.Event]:
        answered = next(event for event in events if isinstance(event, k.ModelAnswered))
        proposed = next(event for event in events if isinstance(event, k.CallProposed))
        told = replace(answered, message=replace(answered.message, calls=(planted,)))
        yes = k.GateAnswered("p1", "h", "approve", "panel")
        there = [*events[:2], told, replace(proposed, call=planted, hash="h"), yes]
        return there if verb.startswith("resume") else [*there, *events[-2:]]

    forge(store, run, plant)
    if verb.startswith("resume"):
        tables_of(store).write(("forged",), lambda db: db.execute("UPDATE runs SET outcome = NULL"), run)
    assert store.chain.verify(run).ok
    serve("No more.")
    if verb.startswith(("resume", "fork")):
        with pytest.raises(ResumeRefused, match="does not carry your seal"):
            notebook.line(verb.format(run=run))
    elif verb == "ask":
        assert "Somebody else recorded it" in flat(notebook.ask("How many?"))
    else:
        assert "Somebody else recorded it" in flat(notebook.line(verb.format(run=run)))
    assert "planted" not in notebook.shell.user_ns


def test_a_replay_goes_on_only_with_the_record_it_began_with(notebook: Notebook) -> None:
    """What was said yes to is what is performed: another record under the same name is refused on resume."""
    source, log = newest(notebook)["run"], notebook.session.store.log
    notebook.line("replay --mode live")
    broken = [entry.event for entry in log.read(newest(notebook)["run"])][:-3]
    begun = next(event for event in broken if isinstance(event, k.ReplayBegun))
    place = broken.index(begun)
    assert (begun.source, begun.chain) == (source, notebook.session.store.chain.head(source))
    log.append("f0e1d2c3", 0, [*broken[:place], replace(begun, chain="0" * 64), *broken[place + 1 :]], time.time())
    with pytest.raises(StoreTampered, match=source):
        notebook.line("resume f0e1d2c3 --anyway")
    log.append("e0e1d2c3", 0, broken, time.time())
    assert "Went on" in notebook.line("resume e0e1d2c3 --anyway")


def test_a_record_that_diverges_or_failed(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that failed is shown without failing; one that the rules would not have made is refused with both."""
    serve(ValueError("broken"))
    with pytest.raises(RunFailed):
        notebook.ask("Fail?", "--model script")
    assert "Replayed" in notebook.line("replay")
    assert "broken" in notebook.line("why")
    odd = [k.RunStarted("q", "m"), k.ContextComposed(()), k.RunEnded("done")]
    notebook.session.store.log.append("odd", 0, odd, 1.0)
    with pytest.raises(ReplayDiverged, match="at event 3"):
        notebook.line("replay odd")


def test_the_verbs_of_the_record(notebook: Notebook) -> None:
    """verify, audit, why, cleaning and the page of guarantees work in a notebook, too."""
    assert notebook.line("verify").startswith("  ok     ")
    assert "# Audit of runs" in notebook.line("audit")
    assert "Nothing failed" in notebook.line("why")
    assert notebook.line("runs --prune --keep 5").startswith("0 runs dropped")
    assert "WHAT IS GUARANTEED" in notebook.line("help guarantees")
    assert "IT DOES NOT SEE" in notebook.line("help guard")
    with pytest.raises(AetherError, match="no name for a variable"):
        notebook.line("replay -o 1x")


def test_an_object_that_does_not_say_what_it_is_stops_nothing(notebook: Notebook) -> None:
    """A proxy of something that is not there raises at whatever is asked of it; questions work all the same."""

    class Proxy:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(f"nothing is there to ask for {name}")

    notebook.shell.user_ns["current"] = Proxy()
    serve(CODE, "Done.")
    notebook.ask("How many?", "--model script --mode auto")
    assert notebook.shell.user_ns["made"] == [1, 2]
    assert "Undone: 1 call" in notebook.line("undo --yes")


@pytest.mark.parametrize("name", ["get_ipython", "In", "_", "print"])
def test_no_answer_takes_a_name_that_the_notebook_needs(notebook: Notebook, name: str) -> None:
    """Under such a name it would break every later cell; nothing is asked."""
    with pytest.raises(AetherError, match="Python or IPython needs"):
        notebook.ask("How many?", f"-o {name}")


def test_the_record_stays_where_the_session_began(notebook: Notebook, tmp_path: Path, monkeypatch: Any) -> None:
    """Where no notebook is known it lies where the extension was loaded, wherever the code has gone since."""
    place = notebook.session.store.place
    notebook.shell.aether_magics.close()  # type: ignore[attr-defined]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert notebook.session.store.place == place and notebook.session.models.record == Path(place)
    serve("Once more.")
    notebook.ask("And now?", "--model script")
    assert not (elsewhere / ".aether").exists()


def test_a_yes_for_the_notebook_lasts_until_it_is_taken_back(
    open_notebook: Callable[..., Notebook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts in the next kernel of that notebook, for this user; not for a stranger, and not after it is revoked."""
    file = tmp_path / "work" / "a.ipynb"
    file.parent.mkdir()
    file.write_text("{}")

    def opened(who: str = "author") -> Notebook:
        monkeypatch.setattr("aether_nb.live.whereabouts.notebook_path", lambda shell: file)
        return open_notebook("work", who)

    here, code = opened(), ToolCall("c1", "shell", {"command": "echo 1 > out.txt"})
    serve(code, "Done.")
    monkeypatch.setattr("aether_nb.cell.still_faces.can_type", lambda shell: True)
    monkeypatch.setattr("builtins.input", lambda prompt: "b")
    here.ask("Write it", "--model script")
    (given,) = here.session.grants
    assert (given.tool, given.lasts, (file.parent / "out.txt").exists()) == ("shell", "notebook", True)
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    (file.parent / "out.txt").unlink()
    serve(code, "Done again.")
    assert given.id in opened().line("grants")
    assert "Done again." in opened().ask("Write it again", "--model script") and (file.parent / "out.txt").exists()
    assert opened("stranger").line("grants") == "No yes lasts beyond its run.\n"
    assert opened().line(f"grants --revoke {given.id}") == f"Taken back: {given.id} (shell).\n"
    assert opened().line("grants") == "No yes lasts beyond its run.\n"


def test_a_yes_that_was_taken_back_meanwhile_is_gone_from_a_run_that_goes_on(notebook: Notebook) -> None:
    """What stands in the run's own record does not outlive the word of the one who gave it."""
    session, log = notebook.session, notebook.session.store.log
    session.yeses = Yeses(Grants(session.store, session.sealer, "/a.ipynb"))
    grant = k.Grant("g9", "shell", "call:sha256:h", "high", "notebook", "panel")
    session.yeses.kept.keep(grant)
    session.yeses.kept.revoke("g9")
    whole = [entry.event for entry in log.read(newest(notebook)["run"])][:-2]
    log.append("f0e1d2c3", 0, [*whole, k.GrantGiven(grant)], time.time())
    serve("There are two.")
    assert "There are two." in notebook.line("resume f0e1d2c3")
    assert k.GrantRevoked("g9", "the user") in [entry.event for entry in log.read("f0e1d2c3")]
    assert session.grants == [] and session.yeses.kept.standing() == []


def test_a_yes_that_is_taken_back_is_gone_from_every_run_that_has_it(notebook: Notebook) -> None:
    """A run at work, or one that is parked, has a copy of it: each is sent the word, and no other run is."""
    session, log = notebook.session, notebook.session.store.log
    session.yeses = Yeses(Grants(session.store, session.sealer, "/a.ipynb"))
    grant = k.Grant("g9", "shell", "call:sha256:h", "high", "notebook", "panel")
    session.yeses.lasting.append(grant)
    opening = [entry.event for entry in log.read(newest(notebook)["run"])][:2]
    for run, events in {
        "aa11": (k.GrantGiven(grant),),
        "bb22": (),
        "cc33": (k.GrantGiven(grant), k.RunEnded("done")),
    }.items():
        log.append(run, 0, [*opening, *events], time.time())
    assert notebook.line("grants --revoke g9") == "Taken back: g9 (shell).\n"
    sent = {
        run: [(one.type, one.body) for one in session.store.signals.pending(run)] for run in ("aa11", "bb22", "cc33")
    }
    assert sent == {"aa11": [("revoke", {"id": "g9"})], "bb22": [], "cc33": []}
