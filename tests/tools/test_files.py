"""The file tools: what they read and write, where they refuse to go, and what a full or closed disk means."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from aether_nb import RepairableToolError
from aether_nb.errors import WorkspaceError
from aether_nb.tools.files import list_files, read_file, write_file
from aether_nb.tools.workspace import inside
from harness.tools import ToolContext
from harness.tools import told as use
from harness.tools import use as result_of


@pytest.fixture
def place(tmp_path: Path) -> ToolContext:
    """A context whose workspace is a real folder with a file, beside a secret one."""
    (tmp_path / "secret.txt").write_text("key")
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.txt").write_text("one\ntwo\nthree\n")
    return ToolContext(Path(os.path.realpath(folder)))


@pytest.mark.parametrize(
    "path", ["../secret.txt", "x/../../secret.txt", "/etc/passwd", "~/x", ".aether/runs.db", ".GIT/config", "", "a\0b"]
)
def test_paths_outside_or_private_are_refused(place: ToolContext, path: str) -> None:
    """No spelling of a path leaves the workspace or enters a private folder."""
    with pytest.raises(WorkspaceError):
        inside(place.workspace, path)


def test_a_link_that_points_outside_is_refused(place: ToolContext) -> None:
    """What counts is the file that a link means, not where the link lies."""
    (place.workspace / "link").symlink_to(place.workspace.parent)
    with pytest.raises(WorkspaceError) as caught:
        inside(place.workspace, "link/secret.txt")
    assert caught.value.what == "link/secret.txt lies outside the working folder."


def test_an_absolute_path_inside_is_fine(place: ToolContext) -> None:
    """The rule is about where a file lies, not how it is written."""
    assert inside(place.workspace, str(place.workspace / "a.txt")) == place.workspace / "a.txt"


def test_reading_gives_numbered_lines_from_anywhere(place: ToolContext) -> None:
    """A slice of a file comes with the numbers of its lines."""
    assert use(read_file, place, path="a.txt", start=2, lines=1) == "    2  two\n"


def test_binary_and_missing_files_are_refused(place: ToolContext) -> None:
    """What is no text, or not there, is an error that says what to do."""
    (place.workspace / "b.bin").write_bytes(b"\0\1")
    for path in ("b.bin", "none.txt"):
        with pytest.raises(RepairableToolError) as caught:
            use(read_file, place, path=path)
        assert caught.value.hint


def test_a_huge_file_is_cut(place: ToolContext) -> None:
    """However long a line is, what is read at once is bounded, and the cut is named."""
    (place.workspace / "big.txt").write_text(("x" * 90_000 + "\n") * 5)
    text = use(read_file, place, path="big.txt")
    assert len(text) < 250_000 and "cut at 200,000 bytes" in text


def test_listing_shows_sizes_and_hides_what_is_private(place: ToolContext) -> None:
    """Files come with their sizes; the record and the history are not shown."""
    (place.workspace / ".aether").mkdir()
    (place.workspace / "sub").mkdir()
    assert use(list_files, place) == "a.txt  14\nsub/"
    with pytest.raises(RepairableToolError):
        use(list_files, place, pattern="../*")


def test_writing_a_new_file_is_medium_and_replacing_a_foreign_one_is_high(place: ToolContext) -> None:
    """The risk of a write depends on what it would replace, and the exact effect is said."""
    new = write_file.assess(dict(write_file.check({"path": "b.csv", "variable": "t"})), place)
    old = write_file.assess(dict(write_file.check({"path": "a.txt", "content": "x"})), place)
    assert (new.risk, new.effect, new.path) == ("medium", "external", str(place.workspace / "b.csv"))
    assert (old.risk, old.reasons) == ("high", ("a.txt exists already (14 bytes) and is replaced",))


def test_of_a_text_that_replaces_another_the_difference_is_shown(place: ToolContext) -> None:
    """At the gate, and with the result; what is too large, no text, or looks like keys is only named."""
    folder = place.workspace
    (folder / "plan.py").write_text("a = 1\nb = 2\n")
    arguments = {"path": "plan.py", "content": "a = 1\nb = 3\n"}
    found = write_file.assess(dict(write_file.check(arguments)), place)
    shown = "--- plan.py\n+++ plan.py\n@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3"
    assert found.effect_text == shown
    assert [reason.split(" ")[0] for reason in found.reasons] == ["plan.py", "a"]
    assert result_of(write_file, place, **arguments).outputs == ({"text/plain": shown},)
    (folder / "raw.bin").write_bytes(b"\xff\xfe")
    (folder / "long.txt").write_text("x\n" * 5_000)
    (folder / "wide.txt").write_text("x" * 500_000)
    (folder / "id_rsa").write_text("old\n")
    for name in ("raw.bin", "long.txt", "wide.txt", "id_rsa"):
        told = write_file.assess({"path": name, "content": "new"}, place).effect_text
        assert told == f"replaces {name} with 3 bytes of text"
    assert write_file.assess({"path": "plan.py", "variable": "t"}, place).effect_text.startswith("replaces plan.py")


def test_a_write_outside_is_refused_before_anybody_is_asked(place: ToolContext) -> None:
    """Judging a call that leaves the workspace is an error, not a gate."""
    with pytest.raises(WorkspaceError):
        write_file.assess(dict(write_file.check({"path": "../x", "content": "x"})), place)


def test_tables_are_written_as_csv_with_an_index_that_says_something(place: ToolContext) -> None:
    """A named index is kept, a plain one is not."""
    place.namespace["plain"] = pd.DataFrame({"a": [1, 2]})
    place.namespace["named"] = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="key"))
    assert use(write_file, place, path="p.csv", variable="plain") == "wrote p.csv (2 rows, 6 bytes)"
    use(write_file, place, path="n.csv", variable="named")
    assert (place.workspace / "p.csv").read_text() == "a\n1\n2\n"
    assert (place.workspace / "n.csv").read_text() == "key,a\nx,1\n"


def test_other_values_are_written_as_json_or_text(place: ToolContext) -> None:
    """The suffix decides: JSON for .json, else the value as text; folders are made."""
    place.namespace["d"] = {"a": [1]}
    use(write_file, place, path="deep/d.json", variable="d")
    use(write_file, place, path="d.txt", variable="d")
    assert json.loads((place.workspace / "deep/d.json").read_text()) == {"a": [1]}
    assert (place.workspace / "d.txt").read_text() == "{'a': [1]}"


@pytest.mark.parametrize("arguments", [{}, {"content": "a", "variable": "b"}, {"variable": "nope"}])
def test_a_write_needs_exactly_one_thing_that_exists(place: ToolContext, arguments: dict[str, str]) -> None:
    """Neither, both, or an unknown variable is an error, and no file appears."""
    with pytest.raises(RepairableToolError):
        use(write_file, place, path="x.txt", **arguments)
    assert not (place.workspace / "x.txt").exists()


@pytest.mark.skipif(os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """When the disk is full the write is refused, the old content stays, and no half file is left."""
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let root mount")
    try:
        context = ToolContext(Path(os.path.realpath(disk)))
        use(write_file, context, path="a.txt", content="old")
        with pytest.raises(RepairableToolError) as caught:
            use(write_file, context, path="a.txt", content="x" * 200_000)
        assert (caught.value.what, caught.value.why) == ("a.txt could not be written.", "No space left on device")
        assert {file.name: file.read_text() for file in disk.iterdir()} == {"a.txt": "old"}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("path", ["pandas.py", "run.sh", "other.ipynb", "aether.toml", "x.PTH"])
def test_a_file_that_may_be_executed_later_is_high(place: ToolContext, path: str) -> None:
    """A new file that Python, a shell or a tool would obey is no medium matter; no folder grant covers it."""
    assert write_file.assess(dict(write_file.check({"path": path, "content": "x"})), place).risk == "high"


def test_a_file_that_appears_after_it_was_judged_is_left_alone(place: ToolContext) -> None:
    """A write that was approved as new never replaces what somebody else has put there meanwhile."""
    from aether_nb.tools.files import put_in_place

    with pytest.raises(RepairableToolError) as caught:
        put_in_place(place.workspace / "a.txt", "a.txt", "mine", place, replaces=False)
    assert caught.value.what == "a.txt has appeared meanwhile and was left alone."
    assert {file.name: file.read_text() for file in place.workspace.iterdir()} == {"a.txt": "one\ntwo\nthree\n"}


@pytest.mark.parametrize(("path", "risk"), [("a.txt", "low"), ("server.pem", "high"), ("my_passwords.txt", "high")])
def test_reading_what_looks_like_a_key_is_asked(place: ToolContext, path: str, risk: str) -> None:
    """What is read goes to the model: a file named like a key is high risk."""
    assert read_file.assess(dict(read_file.check({"path": path})), place).risk == risk


def test_links_that_lead_nowhere_or_outside_are_left_out_of_a_listing(place: ToolContext) -> None:
    """One odd link does not hide the others, and nothing outside is named."""
    (place.workspace / "gone").symlink_to("nowhere")
    (place.workspace / "out").symlink_to(place.workspace.parent)
    (place.workspace / ".env").write_text("KEY=1")
    assert use(list_files, place) == "a.txt  14"
    assert "secret.txt" not in use(list_files, place, pattern="out/*")
    with pytest.raises(RepairableToolError):
        use(list_files, place, pattern="")


@pytest.mark.parametrize("path", ["t.xlsx", "t.parquet", "t.md"])
def test_a_table_is_not_written_under_a_suffix_it_would_not_keep(place: ToolContext, path: str) -> None:
    """CSV in a file called .xlsx would be a lie."""
    place.namespace["t"] = pd.DataFrame({"a": [1]})
    with pytest.raises(RepairableToolError):
        use(write_file, place, path=path, variable="t")
    assert not (place.workspace / path).exists()


@pytest.mark.parametrize(
    ("lies", "arguments", "acted"),
    [
        (None, {"content": "new"}, False),
        ("new", {"content": "new"}, True),
        ("old", {"content": "new"}, None),
        ("a\n1\n", {"variable": "df"}, True),
        ("a\n1\n", {"variable": "gone"}, None),
    ],
)
def test_whether_an_interrupted_write_has_happened_is_read_off_the_file(
    place: ToolContext, lies: str | None, arguments: dict[str, str], acted: bool | None
) -> None:
    """Nothing there: it did not. The same there: it did. Something else there, or nothing to compare: ask a person."""
    import pandas as pd

    place.namespace["df"] = pd.DataFrame({"a": [1]})
    if lies is not None:
        (place.workspace / "out.csv").write_text(lies)
    assert write_file.care.on_doubt == "verify" and write_file.care.verify is not None
    assert asyncio.run(write_file.care.verify({"path": "out.csv", **arguments}, place)) is acted
