"""The guard in a real kernel: code waits while a person is asked, by a click, at an input box, or not at all."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flows.test_cell import LOAD

from harness.kernel import HANG, Cell, Kernel, comms, shown

HELPER = """
import os
from pathlib import Path
elsewhere = {elsewhere!r}
def keep(text):
    (Path(elsewhere) / "kept.txt").write_text(text)
"""
ASK = "%%aether --model script --mode auto\nKeep it"


pytestmark = [pytest.mark.kernel, pytest.mark.slow]


class Guarded(Kernel):
    """A kernel in a folder of its own, beside one that its code is not to write to."""

    def __init__(self, python: Path, place: Path, six: bool) -> None:
        super().__init__(python, {"TMPDIR": str(place / "tmp")}, place / "work")
        self.place, self.six = place, six

    @property
    def kept(self) -> str | None:
        """What was written outside the working folder."""
        file = self.place / "elsewhere" / "kept.txt"
        return file.read_text() if file.exists() else None


@pytest.fixture(params=["now", "six"], scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A kernel whose notebook has a function that writes a file outside the working folder."""
    python = Path(sys.executable) if request.param == "now" else request.getfixturevalue("kernel6")
    place = tmp_path_factory.mktemp("guarded")
    for name in ("work", "elsewhere"):
        (place / name).mkdir()
    with Guarded(python, place, request.param == "six") as kernel:
        kernel.run(LOAD)
        assert kernel.run(HELPER.format(elsewhere=str(place / "elsewhere"))).status == "ok"
        yield kernel


@pytest.fixture
def kernel(shared: Guarded) -> Guarded:
    """The kernel, with nothing written and nothing remembered."""
    (shared.place / "elsewhere" / "kept.txt").unlink(missing_ok=True)
    while shared.client.stdin_channel.msg_ready():
        shared.client.get_stdin_msg(timeout=1)  # a box that was given up
    shared.run("%aether new")
    return shared


def script(kernel: Guarded, code: str) -> None:
    """The model sends this code, then says what it was told."""
    told = "lambda request: request.messages[-1].text"
    assert kernel.run(f"script(code({code!r}), {told})").status == "ok"


def test_nobody_there_means_no_and_the_model_is_told(kernel: Guarded) -> None:
    """The write is not done, the code gets PermissionError, the model the reason; the user's own cell may write."""
    script(kernel, "keep('x')")
    cell = kernel.run(ASK)
    assert cell.status == "ok", cell.of("error")
    assert kernel.kept is None
    said = shown(cell)
    assert "PermissionError" in said and "nobody was there to allow it" in said, said
    assert kernel.run("keep('mine')").status == "ok"
    assert kernel.kept == "mine"


def test_code_that_swallows_the_refusal_hides_nothing(kernel: Guarded) -> None:
    """The model is told of what was refused although its code went on."""
    script(kernel, "try:\n    keep('x')\nexcept OSError:\n    print('went on')")
    cell = kernel.run(ASK)
    assert cell.status == "ok", cell.of("error")
    assert "went on" in shown(cell) and "[refused]" in shown(cell)


def test_a_click_lets_it_go_on_while_the_code_waits(kernel: Guarded) -> None:
    """On ipykernel 7 the click comes through although the main thread is blocked inside open()."""
    if kernel.six:
        pytest.skip("no click comes while code runs on the older kernel")
    script(kernel, "keep('clicked')")
    cell = kernel.send(ASK)
    comm, question = opened(kernel, cell)
    assert kernel.kept is None
    kernel.click(comm, {"type": "question", "id": question, "answer": "yes"})
    kernel.finish(cell)
    assert kernel.kept == "clicked"
    assert cell.status == "ok", cell.of("error")


def opened(kernel: Guarded, cell: Cell) -> tuple[str, str]:
    """Say hello as a view does, and wait for the question; the panel's comm and the question's id."""
    kernel.until(lambda: any(comms(cell)), "a panel", [cell])
    comm = comms(cell)[-1]
    kernel.click(comm, {"type": "hello", "seq": 0})
    found: list[str] = []

    def asked() -> bool:
        found[:] = [q for m in cell.of("comm_msg") if m["comm_id"] == comm for q in questions(m["data"])]
        return bool(found)

    kernel.until(asked, "a question", [cell])
    return comm, found[-1]


def questions(data: object) -> Iterator[str]:
    """The ids of open questions in what the panel is sent."""
    if isinstance(data, dict):
        if data.get("kind") == "question" and not data.get("by"):
            yield data["question"]
        for value in data.values():
            yield from questions(value)
    elif isinstance(data, list):
        for value in data:
            yield from questions(value)


@pytest.mark.parametrize(("word", "text"), [("1", "typed"), ("3", None), ("write it here instead", None)])
def test_it_is_asked_at_an_input_box(kernel: Guarded, word: str, text: str | None) -> None:
    """Where no panel is seen and somebody can type, the box asks in the middle of the code; other words are a no."""
    script(kernel, "keep('typed')")
    cell = kernel.send(ASK, allow_stdin=True)
    kernel.until(kernel.client.stdin_channel.msg_ready, "the question", [cell])
    prompt = kernel.client.get_stdin_msg(timeout=1)["content"]["prompt"]
    assert "kept.txt" in prompt and "write the file" in prompt
    kernel.client.input(word)
    kernel.finish(cell)
    assert kernel.kept == text
    if word.startswith("write"):
        assert "said: write it here instead" in shown(cell)


def test_stop_ends_the_wait(kernel: Guarded) -> None:
    """SIGINT while the code waits for an answer ends the run at once, and nothing is written."""
    script(kernel, "keep('x')")
    cell = kernel.send(ASK, allow_stdin=True)
    kernel.until(kernel.client.stdin_channel.msg_ready, "the question", [cell])
    begun = time.monotonic()
    kernel.interrupt()
    kernel.finish(cell)
    assert time.monotonic() - begun < HANG / 2
    assert cell.error and kernel.kept is None
    assert kernel.run("keep('mine')").status == "ok"


def test_what_the_card_said_is_not_asked_about_again(kernel: Guarded) -> None:
    """A file that the reading names inside the working folder is written without a further question."""
    script(kernel, "df.to_csv('out.csv')")
    cell = kernel.send(ASK.replace("auto", "ask"), allow_stdin=True)
    kernel.until(kernel.client.stdin_channel.msg_ready, "the gate", [cell])
    kernel.client.get_stdin_msg(timeout=1)
    kernel.client.input("y")
    kernel.finish(cell)
    assert (kernel.place / "work" / "out.csv").exists()
    assert not list((kernel.place / "elsewhere").iterdir())


def test_an_answer_from_elsewhere_ends_the_box_and_the_code_goes_on(kernel: Guarded) -> None:
    """A question at an input box may be answered from a terminal: the box is given up, and only the box."""
    script(kernel, "keep('from a terminal')")
    cell = kernel.send(ASK, allow_stdin=True)
    kernel.until(kernel.client.stdin_channel.msg_ready, "the question", [cell])
    command = [sys.executable, "-m", "aether_nb", "answer", "yes"]
    work = kernel.place / "work"
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    kernel.finish(cell)
    assert kernel.kept == "from a terminal"


def test_a_panel_that_is_deaf_while_code_runs_is_not_asked(kernel: Guarded) -> None:
    """On ipykernel 6 somebody looks at the panel, but no click would come through: the box asks, at once."""
    if not kernel.six:
        pytest.skip("on ipykernel 7 the panel hears while code runs")
    script(kernel, "import asyncio\nawait asyncio.sleep(2)\nkeep('typed')")
    cell = kernel.send(ASK, allow_stdin=True)
    kernel.until(lambda: any(comms(cell)), "a panel", [cell])
    kernel.click(comms(cell)[-1], {"type": "hello", "seq": 0})
    kernel.until(kernel.client.stdin_channel.msg_ready, "the box", [cell])
    assert any(m["comm_id"] == comms(cell)[-1] and "content" in m["data"] for m in cell.of("comm_msg"))
    assert "kept.txt" in kernel.client.get_stdin_msg(timeout=1)["content"]["prompt"]
    kernel.client.input("yes")
    kernel.finish(cell)
    assert kernel.kept == "typed"
