# ruff: noqa: PTH101, PTH102, PTH103, PTH104, PTH107, ASYNC240
"""What one call's guard asks, remembers and refuses, and what it leaves alone."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aether_nb.live.guard import Agreement, Guard, armed, page
from aether_nb.live.guard.attempts import WATCHED, Attempt, attempts, shown
from aether_nb.live.guard.chores import is_chore
from aether_nb.live.guard.paths import entry, is_ordinary, place, target
from aether_nb.live.reading import read

NO: tuple[str, ...] = ("no",)


def no_rules(path: str, host: str) -> str:
    """Nothing is forbidden."""
    return ""


class Watched:
    """Code under a guard, in a working folder, with a person who says these words one after the other."""

    def __init__(
        self, folder: Path, *said: str | None, code: str = "0", permits: Any = None, forbids: Any = None
    ) -> None:
        self.folder, self.said, self.asked = folder, list(said), list[str]()
        self.options: tuple[str, ...] = ()
        announced = read(code, {"df": pd.DataFrame({"a": [1]})}).announced
        agreement = Agreement(announced, str(folder), permits or (lambda risk, path: False), forbids or no_rules)
        self.guard = Guard(agreement, self.ask, {})

    def ask(self, text: str, options: tuple[str, ...]) -> str | None:
        self.asked.append(text)
        self.options = options
        said = self.said.pop(0) if self.said else None
        return options[1] if said == "all" else said

    def run(self, act: Callable[[], Any]) -> Any:
        """Do something under the guard."""
        with armed(self.guard):
            return act()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a file and a folder in it, apart from that for temporary files."""
    work, temporary = tmp_path / "work", tmp_path / "temporary"
    (work / "old").mkdir(parents=True)
    temporary.mkdir()
    (work / "old" / "a.txt").write_text("a")
    (work / "data.csv").write_text("x")
    monkeypatch.chdir(work)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return work


def write(path: str) -> Callable[[], Any]:
    """Write a file."""
    return lambda: Path(path).write_text("written")


def test_a_yes_lets_this_one_thing_be_done_once_and_again(folder: Path) -> None:
    """Who has agreed to a file is not asked about it twice, and is asked about another one."""
    watched = Watched(folder, "yes", "no")
    watched.run(write("a.txt"))
    watched.run(write("a.txt"))
    assert watched.asked == [
        f"The code that is running wants to write the file {folder}/a.txt."
        " What it was approved for does not say so. Allow it?"
    ]
    with pytest.raises(PermissionError, match=r"write the file .*b\.txt: the user refused it"):
        watched.run(write("b.txt"))
    assert (folder / "a.txt").read_text() == "written" and not (folder / "b.txt").exists()


def test_a_rule_forbids_what_was_agreed_to_and_what_the_mode_permits(folder: Path) -> None:
    """Where a rule of the user's says no, neither the card nor the mode nor a person says yes, and nobody is asked."""

    def forbids(path: str, host: str) -> str:
        return "*(path=secret/*)" if path.endswith("secret.csv") else "*(host=*.corp)" if host.endswith(".corp") else ""

    watched = Watched(folder, "yes", code="open('secret.csv', 'w')", permits=lambda risk, path: True, forbids=forbids)
    with pytest.raises(PermissionError, match=r"the rule \*\(path=secret/\*\) of the user forbids it"):
        watched.run(write("secret.csv"))
    with pytest.raises(PermissionError, match=r"the rule \*\(host=\*\.corp\)"):
        watched.run(lambda: socket.getaddrinfo("data.corp", 80))
    watched.run(write("plain.csv"))
    assert (watched.asked, len(watched.guard.refused)) == ([], 2)


def test_a_no_is_remembered_and_not_asked_again(folder: Path) -> None:
    """Code that tries again is refused at once."""
    watched = Watched(folder, "no", "yes")
    for _ in range(2):
        with pytest.raises(PermissionError):
            watched.run(write("data.csv"))
    assert len(watched.asked) == len(watched.guard.refused) == 1
    assert (folder / "data.csv").read_text() == "x"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "nobody was there to allow it"),
        ("n", "the user refused it"),
        ("Yes please, in old/", "the user refused it, and said: Yes please, in old/"),
        ("yes\nbut", "the user refused it, and said: yes but"),
    ],
)
def test_only_a_plain_yes_is_one(said: str | None, why: str, folder: Path) -> None:
    """Whatever else is said is a no, and its words reach the model."""
    watched = Watched(folder, said)
    with pytest.raises(PermissionError) as caught:
        watched.run(write("data.csv"))
    assert str(caught.value).endswith(f": {why}")


def test_a_yes_to_all_like_it_ends_at_the_folder_and_at_the_kind(folder: Path) -> None:
    """Many files in one folder are one question; a file elsewhere, or a deletion there, is another one."""
    watched = Watched(folder, "all")
    for name in ("old/1.txt", "old/2.txt", "old/3.txt"):
        watched.run(write(name))
    assert len(watched.asked) == 1 and f"in {folder}/old" in watched.options[1]
    for act in (write("up.txt"), lambda: os.remove("old/a.txt")):
        with pytest.raises(PermissionError):
            watched.run(act)
    assert len(watched.asked) == 3


def test_what_the_code_made_itself_it_may_change_and_delete(folder: Path) -> None:
    """A file that was not there before the call is the call's own; one that it overwrote is not."""
    watched = Watched(folder, "yes", "yes")
    watched.run(write("new.txt"))
    watched.run(lambda: os.remove("new.txt"))
    watched.run(write("data.csv"))
    with pytest.raises(PermissionError):
        watched.run(lambda: os.remove("data.csv"))


@pytest.mark.parametrize(
    ("code", "act", "free"),
    [
        ("df.to_csv('out.csv')", write("out.csv"), True),
        ("df.to_csv('new/out.csv')", lambda: os.mkdir("new"), True),
        ("df.to_csv('out.csv')", write("other.csv"), False),
        ("df.to_csv('data.csv')", lambda: os.remove("data.csv"), False),
        ("import os\nos.remove('data.csv')", lambda: os.remove("data.csv"), True),
        ("import os\nos.remove('data.csv')", lambda: os.remove("old/a.txt"), False),
        ("import shutil\nshutil.rmtree('old')", lambda: shutil.rmtree("old"), True),
        ("import shutil\nshutil.move('data.csv', 'b.csv')", lambda: shutil.move("data.csv", "b.csv"), True),
        ("import os\nos.rename('data.csv', name)", lambda: os.rename("data.csv", "b.csv"), False),
        ("import subprocess\nsubprocess.run(x)", lambda: subprocess.run(["true"], check=True), True),
        ("import socket\nsocket.getaddrinfo(x, 1)", lambda: socket.getaddrinfo("localhost", 1), True),
        ("import socket", lambda: subprocess.run(["true"], check=True), False),
        ("%%bash\ntrue", lambda: subprocess.run(["true"], check=True), True),
        ("%%writefile made.txt\nx", write("made.txt"), True),
        ("%%writefile made.txt\nx", write("other.txt"), False),
        ("eval(text)", write("data.csv"), False),
        ("open(name, 'w')", write("data.csv"), False),
        ("open('data.csv', 'w')", write("data.csv"), True),
        ("open('data\\0.csv', 'w')", write("data.csv"), False),
    ],
)
def test_what_the_card_said_is_agreed_to(code: str, act: Callable[[], Any], free: bool, folder: Path) -> None:
    """An approval covers the files and dangers that stood on the card, and nothing else."""
    watched = Watched(folder, code=code)
    try:
        watched.run(act)
    except PermissionError:
        assert not free
    assert bool(watched.asked) is not free


def test_an_agreed_removal_covers_what_is_inside(folder: Path) -> None:
    """A folder with all it holds is one question."""
    watched = Watched(folder, "yes")
    watched.run(lambda: shutil.rmtree("old"))
    assert watched.asked[0].startswith("The code that is running wants to delete, with all it holds,")
    assert len(watched.asked) == 1 and not (folder / "old").exists()


def test_a_link_does_not_hide_where_a_file_lies(folder: Path, tmp_path: Path) -> None:
    """What is agreed to inside the working folder is not what a link there leads to."""
    (folder / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    watched = Watched(folder, permits=lambda risk, path: risk == "medium")
    with pytest.raises(PermissionError, match=r"elsewhere\.csv"):
        watched.run(write("link.csv"))
    watched.run(write("new.csv"))
    assert len(watched.asked) == 1


def test_mode_auto_writes_in_the_working_folder_and_no_hidden_files_or_keys(folder: Path) -> None:
    """What the mode permits is medium risk: ordinary files inside. Deletions and the rest are high."""
    watched = Watched(folder, permits=lambda risk, path: risk == "medium")
    watched.run(write("a.txt"))
    watched.run(lambda: os.makedirs("x/y"))
    for act in (write(".env"), write("id_rsa"), lambda: os.remove("data.csv"), lambda: os.chmod("data.csv", 0o600)):
        with pytest.raises(PermissionError):
            watched.run(act)
    assert len(watched.asked) == 4
    assert is_ordinary(f"{folder}/a/b.csv", str(folder)) and not is_ordinary("/etc/passwd", str(folder))


def test_temporary_files_are_nobodys_business_and_others_there_are(folder: Path) -> None:
    """What ``tempfile`` has made may be used freely; a path that code makes up there is asked about."""
    watched = Watched(folder)

    def scratch() -> None:
        with tempfile.TemporaryDirectory() as made, tempfile.NamedTemporaryFile("w") as file:
            file.write("x")
            Path(made, "a.txt").write_text("x")

    watched.run(scratch)
    assert watched.asked == []
    with pytest.raises(PermissionError):
        watched.run(write(f"{tempfile.gettempdir()}/made-up.txt"))


def test_a_host_that_was_agreed_to_is_reached_by_its_number(folder: Path) -> None:
    """One question a host: the number that its name stands for needs no other. A number of its own does."""
    watched = Watched(folder, "yes")

    def reach() -> None:
        with pytest.raises(OSError, match=r"refused|timed out|unreachable|in progress"):
            socket.create_connection(("localhost", 9), 0.2)

    watched.run(reach)
    assert [text.partition(". What")[0].rpartition("wants to ")[2] for text in watched.asked] == [
        "reach the network: localhost, port 9"
    ]
    alone = Watched(folder)
    with socket.socket() as other, pytest.raises(PermissionError, match=r"127\.0\.0\.1"):
        alone.run(lambda: other.connect(("127.0.0.1", 9)))


def test_others_are_left_alone(folder: Path) -> None:
    """Other threads, code before and after, and tasks that were not started by the code are never asked about."""
    watched = Watched(folder)

    def elsewhere() -> None:
        thread = threading.Thread(target=write("thread.txt"))
        thread.start()
        thread.join()

    watched.run(elsewhere)
    Path("after.txt").write_text("x")

    async def main() -> None:
        go = asyncio.Event()

        async def mine() -> None:
            await go.wait()
            Path("mine.txt").write_text("x")

        task = asyncio.create_task(mine())
        with armed(watched.guard):
            theirs = asyncio.create_task(asyncio.to_thread(write("of-a-thread.txt")))
            go.set()
            await task
            await theirs
            child = asyncio.create_task(their_own())
            await asyncio.wait([child])
            assert isinstance(child.exception(), PermissionError)

    async def their_own() -> None:
        Path("of-the-code.txt").write_text("x")

    asyncio.run(main())
    assert len(watched.asked) == 1 and "of-the-code.txt" in watched.asked[0]
    assert sorted(path.name for path in folder.glob("*.txt")) == [
        "after.txt", "mine.txt", "of-a-thread.txt", "thread.txt",
    ]  # fmt: skip


def test_nothing_is_put_in_place_before_it_is_needed() -> None:
    """Importing installs no hook, no guard installs none, and a forked process is not watched."""
    code = (
        "import sys, os; seen = []; add = sys.addaudithook\n"
        "sys.addaudithook = lambda hook: (seen.append(hook), add(hook))\n"
        "from aether_nb.live.guard import *; import aether_nb;\n"
        "with armed(None): pass\n"
        "assert not seen\n"
        "guard = Guard(Agreement(__import__('aether_nb.live.reading').live.reading.Announced(), '/', lambda *_: False),"
        " lambda *_: 'yes' if os.getpid() == mine else print('asked in the child', flush=True), {})\n"
        "mine = os.getpid()\n"
        "with armed(guard):\n"
        "    if os.fork() == 0:\n"
        "        open(sys.argv[1], 'w').close(); os._exit(0)\n"
        "    os.wait()\n"
        "with armed(guard): pass\n"
        "print(len(seen), os.path.exists(sys.argv[1]))"
    )
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, "-c", code, f"{made}/x"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("1 True\n", "")


def test_paths_are_what_they_really_are(folder: Path) -> None:
    """Relative to an open folder, by a number, or no path at all."""
    number = os.open("old", os.O_RDONLY)
    try:
        assert place("a.txt", number) == f"{folder}/old/a.txt"
        assert place(number) == f"{folder}/old"
        assert place("a.txt", 999_999) == f"{folder}/(folder 999999)/a.txt"
        assert place(None) == ""
        assert (target("old/../data.csv"), entry(b"data.csv")) == (f"{folder}/data.csv",) * 2
    finally:
        os.close(number)


@pytest.mark.parametrize(
    ("event", "args", "words"),
    [
        ("os.startfile", ("a.exe", "open"), "run the program: a.exe"),
        ("os.chflags", ("/x/a", 1), "change the flags of /x/a"),
        ("winreg.SetValue", (1, "a", "b", 1, "c"), "change the settings of Windows (its registry)"),
        ("sqlite3.load_extension", (None, "x"), "call the compiled function x"),
        ("os.spawn", (0, "true", ["true", "a"], None), "run the program: true a"),
        ("os.exec", (b"/bin/true", [b"true"], None), "run the program: true"),
        ("socket.sendmsg", (None, None), ""),
        ("socket.connect", (None, "/run/x.sock"), "reach the network: /run/x.sock"),
        ("socket.getaddrinfo", (None, 80, 0, 0, 0), "reach the network: this machine, port 80"),
        ("os.kill", (1, 0), ""),
        ("sqlite3.connect", ("file:a.db?mode=ro",), ""),
        ("sqlite3.connect", (":memory:",), ""),
        ("open", (3, "w", 1), ""),
        ("open", (os.devnull, "w", 1), ""),
        ("open", ("a", "rb", 0), ""),
        ("open", ("a", "rb", "strange"), "write the file {}/a"),
        ("os.kill", ("strange",), "do something that cannot be told (os.kill)"),
    ],
)
def test_events_in_plain_words(event: str, args: tuple[Any, ...], words: str, folder: Path) -> None:
    """Also those of other systems, and those that are harmless."""
    assert "".join(attempt.words for attempt in attempts(event, args)) == words.format(folder)


def test_what_the_code_calls_things_is_shown_safely() -> None:
    """A name cannot break the line, hide signs or run on for ever."""
    assert shown("a\nb\x1b[2J") == "a b�[2J"
    assert len(shown("x" * 5000)) < 300


@pytest.mark.parametrize(
    ("attempt", "working", "chore"),
    [
        (Attempt("process", "run the program: fc-list"), ["subprocess:run", "matplotlib.font_manager:_call"], True),
        (Attempt("process", "run the program: rm"), ["subprocess:run", "pandas.io:x"], False),
        (Attempt("process", "run the program: rm"), ["subprocess:run", "joblib.parallel:__call__"], False),
        (Attempt("process", "run the program: uname"), ["subprocess:run", "platform:processor"], True),
        (Attempt("process", "send the signal 9 to the process 7"), ["subprocess:kill"], True),
        (Attempt("compiled", "load"), ["ctypes:__init__"], False),
        (Attempt("compiled", "load"), ["ctypes:__init__", "threadpoolctl:info"], True),
        (Attempt("network", "reach", detail="x"), ["matplotlib.font_manager:x"], False),
        (Attempt("write", "w", ("/a/__pycache__/b.pyc",)), ["importlib:_write_atomic"], True),
        (Attempt("write", "w", ("/a/__pycache__/b.pyc",)), [], False),
        (Attempt("write", "w", ("/dev/shm/joblib_memmapping_folder_1_a/b",)), ["joblib.numpy_pickle:dump"], True),
        (Attempt("write", "w", ("/dev/shm/joblib_memmapping_folder_1_a/b",)), ["io:open"], False),
        (Attempt("write", "w", ("/home/me/.cache/fonts.json",)), ["matplotlib.font_manager:json_dump"], True),
        (Attempt("delete", "d", ("/home/me/x",)), ["tempfile:cleanup"], False),
    ],
)
def test_chores_of_libraries(attempt: Attempt, working: list[str], chore: bool) -> None:
    """A library's own cache, workers and compiled parts are told from what it is used for."""
    assert is_chore(attempt, working) is chore


def test_the_page_speaks_of_every_kind() -> None:
    """``%aether help guard`` names what is watched, what is not asked about and what cannot be seen."""
    text = (page.__doc__ or "").lower()
    for word in ("duckdb", "polars", "pyarrow", "hdf5", "cffi", "thread", "process", "ctypes", "joblib", "ipykernel 6"):
        assert word in text
    assert len(WATCHED) > 35
