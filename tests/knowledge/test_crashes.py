"""Killed processes and several writers: no row is lost, none is there twice, and nothing is written to stderr."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from aether_nb.knowledge.importing import Importer
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Where
from harness import importer as program

pytestmark = pytest.mark.crash

PROGRAM = [sys.executable, program.__file__]
ROOT = Path(__file__).parents[2]


def run(place: Path, folder: Path, *how: str) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, str(place), str(folder), *how]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


def text(name: str, version: int) -> str:
    return f"# {name}\n\ncommon words of {name} in version {version}\n" + "".join(
        f"\n## Part {part}\n\n{name} v{version} part {part} " + "filler " * 160 + "\n" for part in range(3)
    )


def write(folder: Path, version: int) -> None:
    """Ten files; in the second version some are new words, one is gone and one is new."""
    folder.mkdir(exist_ok=True)
    names = [f"f{number}" for number in range(10)]
    if version == 2:
        (folder / "f9.md").unlink()
        names = ["f0", "f1", "f4", "g0"]
    for name in names:
        (folder / f"{name}.md").write_text(text(name, version))


def expected(folder: Path) -> Counter[tuple[str, str]]:
    """What a clean import of the folder holds: each chunk, by path and text."""
    with Index.open(folder.parent / "clean") as index:
        Importer(index, folder.parent).add(folder)
        return held(index)


def held(index: Index) -> Counter[tuple[str, str]]:
    return Counter((hit.path, hit.text) for hit in index.chunks(Where()))


def is_whole(index: Index, old: Counter, new: Counter) -> bool:
    """Whether each document is as it was or as it is to be: none in between, no chunk without its document."""
    now, documents = held(index), {document.path for document in index.documents()}
    by_path = {path: Counter({key: n for key, n in now.items() if key[0] == path}) for path, _ in now}

    def of(all_chunks: Counter, path: str) -> Counter:
        return Counter({key: n for key, n in all_chunks.items() if key[0] == path})

    return set(by_path) == documents and all(
        chunks in (of(old, path), of(new, path)) for path, chunks in by_path.items()
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counter, Counter, dict[str, int]]:
    """A folder that was imported and then changed; what is to be held before and after; how many points there are."""
    home = tmp_path_factory.mktemp("scene")
    write(home / "docs", 1)
    old = expected(home / "docs")
    shutil.copytree(home / "clean", home / "k")
    write(home / "docs", 2)
    new = expected(home / "docs")
    shutil.copytree(home / "k", home / "counted")
    counted = run(home / "counted", home / "docs", "count")
    assert (counted.stderr, counted.returncode) == ("", 0)
    return home, old, new, json.loads(counted.stdout)


def killed_at(scene: tuple, tmp_path: Path, how: str, number: int, nursery: subprocess.Popen[str]) -> None:
    """Kill an import at a point; what is there is whole, and the next import makes it right."""
    home, old, new, _ = scene
    place = tmp_path / f"{how}{number}"
    shutil.copytree(home / "k", place)
    nursery.stdin.write(json.dumps([str(place), str(home / "docs"), how, str(number)]) + "\n")
    nursery.stdin.flush()
    while "killed" not in (line := nursery.stdout.readline()):
        assert line, "the nursery has died"
    with Index.open(place) as index:
        assert is_whole(index, old, new), (how, number)
        Importer(index, home).add(home / "docs")
        assert held(index) == new, (how, number)
        assert len(index.text_search("common", 50)) == 10
    shutil.rmtree(place)


@pytest.fixture
def nursery():
    """A process whose children import, and are killed; none of them writes a word to stderr."""
    command = [sys.executable, program.__file__]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, cwd=ROOT) as process:
        yield process
        _, errors = process.communicate(timeout=60)
        assert errors == ""


def points(scene: tuple) -> list[tuple[str, int]]:
    counts = scene[3]
    return [(how, number) for how in ("call", "file") for number in range(1, counts[f"{how}s"] + 1)]


def test_an_import_that_is_killed_somewhere_is_whole_and_goes_on(scene, tmp_path, nursery):
    """A sample of points, other ones in each part of the import: every document is as it was or as it is to be."""
    all_points = points(scene)
    assert len(all_points) > 100, "the points were found by counting, and there are many"
    assert scene[3]["changed"] == 3 and scene[3]["added"] == 1 and scene[3]["removed"] == 1
    chance = random.Random(7)
    for how, count in (("call", 1), ("file", 2)):
        for point in chance.sample([point for point in all_points if point[0] == how], count):
            killed_at(scene, tmp_path, *point, nursery)


PARTS = 6
"""The points are told apart into so many tests, of some minutes each."""


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
def test_an_import_that_is_killed_anywhere_is_whole_and_goes_on(scene, tmp_path, nursery, part):
    """All points at which a file appears, and every fifth call: kill -9 loses nothing and doubles nothing."""
    every = [point for point in points(scene) if point[0] == "file" or point[1] % 5 == 0]
    for point in every[part::PARTS]:
        killed_at(scene, tmp_path, *point, nursery)


def together(place: Path, folders: list[Path]) -> list[dict[str, int]]:
    """Import folders at once, each in a process of its own."""
    commands = [[*PROGRAM, str(place), str(folder)] for folder in folders]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for command in commands
    ]
    ends = [process.communicate(timeout=300) for process in running]
    assert [error for _, error in ends] == ["" for _ in folders]
    return [json.loads(out) for out, _ in ends]


def several(tmp_path: Path, count: int) -> None:
    """Processes that import one folder and their own at once; nothing is lost, nothing is there twice."""
    write(tmp_path / "docs", 1)
    own = [tmp_path / f"own{number}" for number in range(count // 2)]
    for number, folder in enumerate(own):
        folder.mkdir()
        (folder / "mine.md").write_text(text(f"mine{number}", 1))
    together(tmp_path / "k", [*own, *[tmp_path / "docs"] * (count - len(own))])
    with Index.open(tmp_path / "k") as index:
        now = held(index)
        assert set(now.values()) == {1}
        assert {path.split("/")[0] for path, _ in now} == {"docs", *(folder.name for folder in own)}
        assert Counter({key: n for key, n in now.items() if key[0].startswith("docs/")}) == expected(tmp_path / "docs")
        assert len(index.documents()) == 10 + len(own)


def test_two_processes_that_import_the_same_folder_at_once_do_it_once(tmp_path):
    """A place that did not exist is made by both; each document and each chunk is there once."""
    several(tmp_path, 3)


@pytest.mark.full
def test_eight_processes_that_write_at_once_lose_nothing_and_double_nothing(tmp_path):
    """Four import one folder, four their own, all into one new place."""
    several(tmp_path, 8)


@pytest.mark.full
def test_a_file_of_a_gigabyte(tmp_path):
    """A text of that size is named and not read; of a table of that size the head is, within little memory."""
    docs = tmp_path / "docs"
    docs.mkdir()
    with (docs / "huge.txt").open("wb") as stream:
        stream.truncate(1_000_000_000)
    row = b"1,2026-01-01,words and words\n" * 36_000
    with (docs / "huge.csv").open("wb") as stream:
        stream.write(b"id,day,text\n")
        for _ in range(1000):
            stream.write(row)
    (docs / "small.md").write_text("alpha")
    with Index.open(tmp_path / "k") as index:
        importer = Importer(index, tmp_path)
        importer.add(docs)
        ((name, why),) = importer.report.skipped
        assert name == "docs/huge.txt" and "1,000 MB" in why
        (hit,) = index.text_search("table rows columns", 5, Where(path=("docs/huge.csv",)))
        assert hit.text.startswith("A table of more than 5,000 rows and 3 columns.")
        assert len(index.text_search("alpha")) == 1
