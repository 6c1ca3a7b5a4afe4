"""Knowledge in real kernels: two of them import one folder, and Stop ends an import that goes on later."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Where
from harness.kernel import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.full]

FILES = 400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with many documents."""
    for number in range(FILES):
        file = tmp_path / "docs" / f"f{number}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"# File {number}\n\ncommon words of {number}\n")
    return tmp_path


def kernels(folder: Path, count: int) -> Iterator[Kernel]:
    """Kernels of one project, with the extension loaded and LanceDB warmed up."""
    for _ in range(count):
        kernel = Kernel(Path(sys.executable), {"AETHER_EMBEDDER": "none"}, folder).__enter__()
        assert kernel.run("%load_ext aether_nb\nimport lancedb").status == "ok"
        yield kernel


def held(folder: Path) -> Counter[tuple[str, str]]:
    with Index.open(folder / ".aether" / "knowledge") as index:
        return Counter((hit.path, hit.text) for hit in index.chunks(Where()))


def test_two_kernels_that_import_one_folder_at_once_do_it_once(folder: Path) -> None:
    """Both say that they are done, each document is there once, and nothing was written to stderr."""
    both = list(kernels(folder, 2))
    try:
        cells = [(kernel, kernel.send("%aether know add docs")) for kernel in both]
        for kernel, cell in cells:
            kernel.finish(cell)
            assert (cell.status, cell.text("stderr")) == ("ok", "")
            assert " in " in cell.text()
        found = held(folder)
        assert len(found) == FILES and set(found.values()) == {1}
    finally:
        for kernel in both:
            kernel.__exit__()


def test_stop_ends_an_import_and_the_same_again_goes_on(folder: Path) -> None:
    """The cell is over at once and calmly, what was read is kept, and the rest is read the next time."""
    (kernel,) = kernels(folder, 1)
    try:
        slow = (
            "from aether_nb.knowledge import importing as i, finding as f\n"
            "import time\n"
            "real = i.load\n"
            "i.load = lambda source: (time.sleep(0.02), real(source))[1]"
        )
        assert kernel.run(slow).status == "ok"
        cell = kernel.send("%aether know add docs")
        kernel.printed(cell, "/400")
        kernel.interrupt()
        kernel.finish(cell)
        assert cell.status == "error" and cell.error == "UsageFault"
        assert "It was stopped; the same again goes on" in cell.text()
        first = len(held(folder))
        assert 0 < first < FILES
        assert kernel.run("i.load = real").status == "ok"
        again = kernel.run("%aether know add docs")
        assert f"{FILES - first} added, {first} unchanged" in again.text()
        assert len(held(folder)) == FILES
    finally:
        kernel.__exit__()
