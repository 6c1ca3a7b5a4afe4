"""An executed notebook in other hands: nbclient, papermill, nbconvert to HTML and Markdown. Goldens of what is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

from harness.golden import check
from harness.home import bare
from harness.kernel import Kernel, shown
from harness.saved import ASK, LOAD, Read, executed, source
from harness.terminal import normal

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook, executed by nbclient."""
    folder = tmp_path_factory.mktemp("book")
    return executed(folder, bare(folder / "home"))


def outputs(book: Any) -> list[Any]:
    """The outputs of its question."""
    return list(book.cells[1].outputs)


def markdown(book: Any) -> str:
    """As nbconvert writes it, from the question on."""
    text, _ = MarkdownExporter().from_notebook_node(book)  # type: ignore[no-untyped-call]
    return normal(text[text.index("%%aether") :])


def test_the_file_holds_the_run_and_no_widget(book: Any) -> None:
    """Three faces of the picture, the figure and the answer as outputs of their own; nothing that needs a kernel."""
    kinds = [sorted(one["data"]) for one in outputs(book)]
    assert sorted(kinds) == [
        ["image/png", "text/plain"],
        ["text/html", "text/markdown", "text/plain"],
        ["text/markdown", "text/plain"],
    ]
    assert "text/html" in outputs(book)[0]["data"]  # the picture stands above what came while the run went
    assert sum(len(text) for text in outputs(book)[0]["data"].values()) < 40_000


def test_nbconvert_html(book: Any) -> None:
    """What a reader of the HTML page reads in the outputs: plan, cards, approval with who and when, figure, answer."""
    page, _ = HTMLExporter().from_notebook_node(book)  # type: ignore[no-untyped-call]
    check(GOLDEN / "notebook.html.txt", normal(Read(page).text))


def test_nbconvert_markdown(book: Any) -> None:
    """The Markdown export, whole."""
    check(GOLDEN / "notebook.md", markdown(book))


def test_the_text_of_the_picture(book: Any) -> None:
    """The plain text, which terminals and diffs show."""
    check(GOLDEN / "notebook.txt", normal(outputs(book)[0]["data"]["text/plain"]))


@pytest.mark.full
def test_papermill_leaves_the_same(book: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executed by papermill the notebook holds what nbclient's holds, figure and all."""
    import papermill

    for name, value in (bare(tmp_path / "home") | {"AETHER_APPROVE": "auto"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    nbformat.write(source(), tmp_path / "in.ipynb")  # type: ignore[no-untyped-call]
    target = tmp_path / "out.ipynb"
    papermill.execute_notebook(tmp_path / "in.ipynb", target, cwd=tmp_path, progress_bar=False, kernel_name="python3")
    again = nbformat.read(target, as_version=4)  # type: ignore[no-untyped-call]
    assert markdown(again) == markdown(book)
    assert [one["data"].get("image/png") for one in outputs(again)] == [
        one["data"].get("image/png") for one in outputs(book)
    ]


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the scripted model, which speaks slowly."""
    folder = tmp_path_factory.mktemp("still")
    slow = "\nimport sys, types\ndef slow():\n    found = model()\n    found.delay = 0.05\n    return found\n"
    with Kernel(Path(sys.executable), bare(folder / "home"), folder) as kernel:
        assert kernel.run(f"{LOAD}{slow}register('model', 'slow', slow)").status == "ok"
        yield kernel


def test_in_colab_a_picture_is_drawn_again_and_again(kernel: Kernel) -> None:
    """Where Colab is, no widget is made: the run is a still picture that is updated, and its gate is typed."""
    kernel.run("sys.modules['google.colab'] = types.ModuleType('google.colab')")
    cell = kernel.send(ASK.replace("script", "slow"), allow_stdin=True)
    kernel.until(kernel.client.stdin_channel.msg_ready, "the gate", [cell])
    prompt = kernel.client.get_stdin_msg(timeout=5)["content"]["prompt"]
    assert "▸ write_file" in prompt and "[y]es" in prompt
    kernel.client.input("y")
    kernel.finish(cell)
    kernel.run("del sys.modules['google.colab']")
    updates = [one["data"] for one in cell.of("update_display_data")]
    assert not [one for one in cell.messages if one["msg_type"] == "comm_open"]
    assert len(updates) > 2 and all("text/html" in data for data in updates)
    assert "▸" in str(updates[0]) and "Approved in the terminal" in updates[-1]["text/plain"]
    assert "Broken off" not in str(updates) and "✓ Answer" in shown(cell)


def test_without_widgets_the_picture_is_there(kernel: Kernel) -> None:
    """Where anywidget is missing a notebook still sees the run: as a picture, in a cell that is never empty."""
    kernel.run("sys.modules['anywidget'] = None")
    cell = kernel.run(ASK)
    assert cell.status == "ok", cell.of("error")
    assert not [one for one in cell.messages if one["msg_type"] == "comm_open"]
    assert "aether · Done" in shown(cell) and "nobody was there to approve it" in shown(cell)
    assert "<details" in shown(cell, "text/html") and cell.of("display_data")
