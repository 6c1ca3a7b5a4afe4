"""Which calls are taken back, what is said before it is done, and what the record says after it."""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aether_nb.doing import undo as undo_verbs
from aether_nb.errors import RunAmbiguous, RunNotFound, UndoRefused
from aether_nb.events import kinds as k
from aether_nb.live.undo import Points
from aether_nb.session import taking_back, undoing
from aether_nb.session.undoing import perform
from aether_nb.store.signals import Signal
from harness.told import Told


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Three calls: one makes, one changes what the user has, one writes a file."""
    run = Told(tmp_path, x=[1])
    run.code("a1", "made = [0]", k.Change("made", "added", "list"))
    run.code("a2", "x.append(2)", k.Change("x", "changed", "list"))
    run.file("b3", "out.txt", "text")
    return run


def test_a_preview_names_everything_and_changes_nothing(told):
    """Calls, variables, files, conflicts and what stays, in a text for people."""
    told.code("c4", "import os", k.Change("os", "added"), effect="external", reasons=("starts a program",))
    told.namespace["made"].append("mine")
    text = taking_back.preview(told.look(), told.folder)
    assert text == (
        "Undo in run run1, the newest call first:\n"
        "  4. run_python  import os\n"
        "  3. write_file  out.txt\n"
        "  2. run_python  x.append(2)\n"
        "  1. run_python  made = [0]\n"
        "What becomes of it:\n"
        "  made     removed\n"
        "  os       removed\n"
        "  x        its content as before\n"
        "  out.txt  removed\n"
        "In conflict (what was changed since is taken away, too):\n"
        "  made  its content was changed since\n"
        "Not undone:\n"
        "  what run_python may have done outside the kernel (starts a program)"
    )
    assert told.namespace["x"] == [1, 2]


def test_the_model_of_a_run_that_goes_on_is_told(told):
    """A run that has not ended hears it as soon as no call stands between; a made name counts no longer."""
    told.undo(call="a1")
    assert told.run.state.messages[-1].text == (
        "The user took back what these calls had done: a1.\nGone: made.\nLook at a variable before you use it."
    )
    assert told.run.state.made == ()
    assert told.run.state.calls["a1"].undone
    told.undo(call="u1")
    assert "did once more" in told.run.state.messages[-1].text
    assert "There again: made." in told.run.state.messages[-1].text
    assert told.run.state.made == ("made",)
    assert not told.run.state.calls["a1"].undone


def test_a_run_that_has_ended_keeps_its_last_word(told):
    """Nothing is said to the model of a run that is over; its record says what was done."""
    told.end()
    before = told.run.state.messages
    done = told.undo()
    assert told.run.state.messages == before
    assert [change.what for change in done.changes] == ["removed", "changed"]
    assert [change.path for change in done.files] == [str(told.folder / "out.txt")]


def test_only_the_last_word_on_a_call_is_taken_back(told):
    """An undo after which another one came says so; what was undone is not undone twice."""
    told.undo(call="1")
    told.undo()
    with pytest.raises(UndoRefused, match="nothing to undo") as caught:
        told.undo(call="1")
    assert caught.value.why == "What it did was taken back before."
    told.undo(call="u1")
    with pytest.raises(UndoRefused, match="u1 is not the last word") as caught:
        told.undo(call="u1")
    assert caught.value.hint == "%aether undo --run run1 u3"


def test_without_the_kernel_files_come_back_and_variables_are_named(told):
    """After a restart the record still has the bytes; the values are gone, and an undo of them is refused."""
    told.points = Points()
    undo = told.look()
    assert undo.left == [
        "x (run_python): its earlier values died with the kernel in which it ran",
        "made (run_python): its earlier values died with the kernel in which it ran",
    ]
    told.points = told.kept.points
    told.undo(call="2")
    told.points = Points()
    with pytest.raises(UndoRefused, match="u1 cannot be taken back"):
        told.look(call="u1")


def test_points_that_were_given_up_are_said_to_be_so(told):
    """It was memory, and not the kernel's death; a call of another run may go by the same id."""
    done = told.points.get("run1", "a2")
    told.points._done.clear()
    told.points.dropped.add(("run2", "a2"))
    assert told.look(call="2").left == ["x (run_python): its earlier values died with the kernel in which it ran"]
    told.points.dropped.add(("run1", "a2"))
    assert done is not None
    assert told.look(call="2").left == ["x (run_python): what was kept of it has been given up, to save memory"]


def test_files_outside_and_in_somebody_elses_run_are_left_alone(told, tmp_path):
    """A record may have been written by anybody: no file is touched on its word."""
    outside = k.FileChange(str(tmp_path.parent / "elsewhere.txt"), "", "x")
    lost = k.FileChange(str(tmp_path / "lost.txt"), "", "x", "it was too large")
    told.run.append(k.FileWritten("b3", outside), k.FileWritten("b3", lost))
    left = told.look(call="b3").left
    assert [line.partition(":")[2] or line for line in left] == [
        " it was too large",
        f"{outside.path} lies outside the working folder.",
    ]
    foreign = told.look(call="b3", own=False)
    assert foreign.files == []
    assert all("not recorded by you" in line for line in foreign.left)


def test_what_refuses_is_told_and_the_rest_is_done(told):
    """Bytes that are gone leave their file as it is; the variables are back."""
    told.file("b5", "out.txt", "later")
    told.blobs._blobs.clear()
    done = told.undo()
    assert told.namespace["x"] == [1]
    assert any("out.txt" in line for line in done.left)


def test_where_nothing_comes_back_nothing_counts_as_undone(told):
    """The bytes of the only file are gone: it is said, the model is told nothing, and it can be tried again."""
    (told.folder / "report.md").write_text("mine")
    told.file("b4", "report.md", "shorter")
    bytes_before = dict(told.blobs._blobs)
    told.blobs._blobs.clear()
    heard = told.run.state.messages
    undo = told.look(call="4")
    done = perform(undo, told.run, told.points, told.namespace, told.blobs, "cell")
    text = undo_verbs._text(undo, done)
    assert text.startswith("Nothing of run run1 could be put back: it is as it was.\nNot undone:\n")
    assert "report.md" in text and "Take that back" not in text
    assert (done.call_ids, done.files, told.run.state.calls["b4"].undone) == ((), (), False)
    assert told.run.state.messages == heard
    with pytest.raises(UndoRefused, match="No call"):
        told.look(call=done.id)
    told.blobs._blobs.update(bytes_before)
    assert told.undo(call="4").call_ids == ("b4",)
    assert (told.folder / "report.md").read_text() == "mine"


def test_names_that_fit_several_calls_or_none(told):
    """The calls there are stand in the error."""
    with pytest.raises(UndoRefused, match="Several calls"):
        told.look(call="a")
    with pytest.raises(UndoRefused, match="No call") as caught:
        told.look(to="9")
    assert "1 (run_python)" in caught.value.why


def test_a_call_that_only_read_has_nothing_to_undo(told):
    """It is said that nothing was changed."""
    told.code("d4", "y = None\ndel y")
    with pytest.raises(UndoRefused) as caught:
        told.look(call="d4")
    assert caught.value.why == "It changed no variable and wrote no file."


# ---- the verb


def session_of(told: Told) -> Any:
    """As much of a session as finding a run takes."""
    known = {"run1": "run1", "run2": "run2"}

    def resolve(name: str) -> str:
        if name == "run":
            raise RunAmbiguous("Several runs begin with 'run'.")
        if name not in known:
            raise RunNotFound(f"No run goes by {name!r}.")
        return known[name]

    log = SimpleNamespace(resolve=resolve, read=told.run.log.read)
    return SimpleNamespace(store=SimpleNamespace(log=log), last="run1")


@pytest.mark.parametrize(
    ("call", "run", "meant"),
    [
        ("", "", ("run1", "")),
        ("2", "", ("run1", "2")),
        ("a1", "", ("run1", "a1")),
        ("u1", "", ("run1", "u1")),
        ("run2", "", ("run2", "")),
        ("2", "run2", ("run2", "2")),
        ("what", "", ("run1", "what")),
    ],
)
def test_a_word_is_a_call_an_undo_or_a_run(told, call, run, meant):
    """A call of the last run comes first; a longer name may be that of another run."""
    told.undo(call="1")
    assert undo_verbs._meant(session_of(told), call, run) == meant


def test_letters_of_several_runs_are_said_to_be_that(told):
    """They are the name of no call."""
    with pytest.raises(RunAmbiguous):
        undo_verbs._meant(session_of(told), "run", "")


def test_options_of_the_verb_are_those_of_the_table():
    """What is typed after undo is read as the handler expects it."""
    from aether_nb import verbs

    found = verbs.parse(verbs.find("undo", "notebook"), ["2", "--run", "r", "--yes"], "notebook")
    assert found == Namespace(call="2", to="", run="r", preview=False, yes=True)


def click(told: Told, id: str, call: str = "", sure: str = "", own: bool = True) -> k.UndoDone | k.UndoShown:
    """A click on a card while the run is at work; what comes of it is recorded, as the driver would."""

    async def main(job: Any) -> Any:
        return job()

    def whole(run: str) -> tuple[list[k.Entry], bool]:
        return list(told.run.log.read(run)), own

    clicks = taking_back.Clicks(told.run, told.kept, told.namespace, told.folder, whole, main)
    signal = Signal("run1", "undo", "panel", {"call": call or id, "id": id, "sure": sure})
    came = asyncio.run(clicks(signal))
    if isinstance(came, k.UndoDone):
        told.run.append(came)
    return came


def test_a_click_takes_one_call_back_and_the_next_one_does_it_once_more(told):
    """Undo, Redo and Undo again, each with its own name in the record; files as well as variables."""
    x = told.namespace["x"]
    done = click(told, "a2")
    assert isinstance(done, k.UndoDone) and (done.id, done.call_ids, done.by) == ("u1", ("a2",), "signal:panel")
    assert told.namespace["x"] is x and x == [1]
    assert click(told, "u1", "a2").undoes == "u1" and x == [1, 2]
    assert click(told, "a2").undoes == "" and x == [1]
    click(told, "b3")
    assert not (told.folder / "out.txt").exists()


def test_a_click_takes_nothing_away_that_was_changed_since_before_that_was_agreed_to(told):
    """What was agreed to is exactly what was shown: when more has changed meanwhile it is shown again."""
    told.namespace["x"].append("mine")
    shown = click(told, "a2")
    assert isinstance(shown, k.UndoShown) and shown.call_id == "a2"
    assert "In conflict" in shown.text and "x  its content was changed since" in shown.text
    assert click(told, "a2", sure="other") == shown and told.namespace["x"] == [1, 2, "mine"]
    told.namespace["made"].append("more")
    assert isinstance(click(told, "a2", sure=shown.sure), k.UndoDone)
    assert told.namespace["x"] == [1] and told.namespace["made"] == [0, "more"]


def test_a_click_that_can_do_nothing_is_told_why(told):
    """A second click on the same button, a card of another call, a call of a kernel that has died."""
    click(told, "a2")
    again = click(told, "a2")
    assert isinstance(again, k.UndoShown) and (again.call_id, again.sure) == ("a2", "")
    assert "What it did was taken back before" in again.text
    assert click(told, "u1", "a1") == k.UndoShown("a1", "This call cannot be taken back here.")
    told.points._done.clear()
    assert "its earlier values died with the kernel" in click(told, "a1").text
    assert "not recorded by you" in click(told, "b3", own=False).text


def test_a_generator_that_was_used_up_is_named(tmp_path):
    """Nothing is bound anew and no file is written; what it gave is gone all the same, and that is said."""
    run = Told(tmp_path, numbers=(n for n in range(3)))
    run.code("a1", "list(numbers)", reasons=("uses up your generator numbers",))
    text = taking_back.preview(run.look(), run.folder)
    assert "run_python uses up your generator numbers: what that gave is gone" in text


def bind(told: Told, name: str, value: Any) -> None:
    """Bind the answer, as a cell does when its run has ended."""
    with told.points.rebinding("run1", "answer", told.namespace, name):
        told.namespace[name] = value


def test_the_variable_of_the_answer_is_taken_back_with_the_run(told):
    """It is the newest of all; undone again it is there again, and it can be taken back by itself."""
    told.end()
    bind(told, "x", "in words")
    assert "  the answer  was bound to x\n" in taking_back.preview(told.look(), told.folder)
    done = told.undo()
    assert done.call_ids == ("answer", "b3", "a2", "a1") and told.namespace["x"] == [1]
    told.undo(call=done.id)
    assert told.namespace["x"] == "in words"
    alone = told.undo(call="answer")
    assert alone.call_ids == ("answer",) and told.namespace["x"] == [1, 2]
    with pytest.raises(UndoRefused, match="goes by 'answer'"):
        told.look(call="answer")
    assert undo_verbs._meant(session_of(told), "answer", "") == ("run1", "answer")
    again = told.look(call=alone.id)
    text = undo_verbs._text(again, told.undo(call=alone.id))
    assert text.startswith("Done once more: the answer's variable x of run run1.")


def test_an_answer_that_was_bound_anew_since_is_a_conflict(told):
    """What somebody put under the name meanwhile is not taken away unseen; a run that bound nothing has no answer."""
    with told.points.rebinding("run1", "answer", told.namespace, "x"):
        pass
    with pytest.raises(UndoRefused):
        told.look(call="answer")
    bind(told, "fresh", 1.0)
    told.namespace["fresh"] = "mine"
    assert told.look(call="answer").conflicts == {"fresh": "it was bound to something else since: 'mine'"}


def test_what_is_begun_stands_in_the_record_before_anything_is_changed(told, monkeypatch):
    """An undo that is broken off midway is told by the next one, until one has come to its end."""

    with monkeypatch.context() as patched:
        patched.setattr(undoing, "take_back", None)
        with pytest.raises(TypeError):
            told.undo(call="a2")
    begun = [entry.event for entry in told.run.log.read("run1")][-1]
    assert begun == k.UndoBegun("u1", ("a2",), "cell")
    assert "u1 (a2) was broken off midway: some of that may be as before already" in told.look().left
    assert told.undo(call="a2").id == "u1"
    assert told.look().left == []


def test_stop_is_heard_when_the_undo_is_done_and_recorded(told, monkeypatch):
    """SIGINT between two variables breaks nothing off: all of it is put back and recorded, then it is handed on."""
    put_back = undoing.take_back

    def stopped(*args: Any) -> k.UndoDone:
        signal.raise_signal(signal.SIGINT)
        return put_back(*args)

    monkeypatch.setattr(undoing, "take_back", stopped)
    with pytest.raises(KeyboardInterrupt):
        told.undo(call="a2")
    assert told.namespace["x"] == [1]
    assert isinstance(list(told.run.log.read("run1"))[-1].event, k.UndoDone)


async def test_a_click_that_is_stopped_midway_is_done_and_recorded(told):
    """Whoever stops the run while the main thread puts things back waits for that, and the record has it."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def main(job: Any) -> Any:
        if any(isinstance(entry.event, k.UndoBegun) for entry in told.run.log.read("run1")):
            begun.set()
            await go.wait()
        return job()

    def whole(run: str) -> tuple[list[k.Entry], bool]:
        return list(told.run.log.read(run)), True

    clicks = taking_back.Clicks(told.run, told.kept, told.namespace, told.folder, whole, main)
    task = asyncio.ensure_future(clicks(Signal("run1", "undo", "panel", {"call": "a2", "id": "a2", "sure": ""})))
    await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_later(0.01, go.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.namespace["x"] == [1] and told.run.state.calls["a2"].undone
