"""The same in real kernels: a notebook's kernel is killed, another one is started, and %aether resume goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from aether_nb.store.place import FOLDER
from harness import errand
from harness.kernel import Cell, Kernel
from harness.survival import Scene, Teller, verdict
from harness.worker import cell

pytestmark = [pytest.mark.crash, pytest.mark.kernel]

READY = "import sys; sys.path.insert(0, {tests!r})\nfrom harness import worker\nworker.prepare(get_ipython(), {job!r})"
PLACES = (
    *(
        "in order, after it acted",
        "before namespace.changed+namespace.kept+call.finished+model.asked",
        "after plan.made+call.finished",
    ),
    "in put_price, before it acts",
)


def lives(scene: Scene, job: dict[str, object]) -> tuple[Kernel, Cell]:
    """A kernel in which a cell of the job runs, or has killed it."""
    kernel = Kernel(Path(sys.executable), folder=scene.folder)
    with ExitStack() as stack:
        stack.enter_context(kernel)
        ready = kernel.run(READY.format(tests=str(Path(__file__).parents[1]), job=job))
        assert ready.status == "ok", ready.of("error")
        sent = kernel.send(cell(job))
        kernel.until(lambda: sent.ended or not kernel.alive, "the end of the cell, or of the kernel")
        stack.pop_all()
    return kernel, sent


@pytest.mark.parametrize("place", [PLACES[0], *(pytest.param(place, marks=pytest.mark.full) for place in PLACES[1:])])
def test_a_killed_kernel_is_survived_by_its_run(teller: Teller, place: str, figure: Callable[[str, str], None]) -> None:
    """%%aether dies with its kernel; in a new one %aether resume ends the run with all variables, and nothing twice."""
    undisturbed = teller.tell("undisturbed", True)
    scene = teller.scene("killed", True)
    target = undisturbed.points.index(place)
    kernel, _ = lives(scene, scene.job("ask", targets=[target]))
    assert not kernel.alive, "it was not killed"
    kernel.__exit__()
    scene.died()
    kernel, resumed = lives(scene, scene.job("resume"))
    try:
        assert resumed.status == "ok", resumed.of("error")
        assert "stock 42" in "".join(str(shown["data"]) for shown in resumed.of("display_data"))
        assert kernel.run("print(stock, names)").text() == "42 ['a', 'b']\n"
    finally:
        kernel.__exit__()
    story = scene.story(2)
    assert story.points[: target + 1] == undisturbed.points[: target + 1]
    assert story.file == errand.TEXT
    assert verdict(story, undisturbed) == []
    figure(f"a kernel killed {place}", "resumed in a new kernel, 0 effects twice, 0 lost")


def test_a_kernel_whose_disk_is_full_lives_and_its_run_goes_on_when_there_is_room(
    teller: Teller, disk: Callable[[Scene, str], None]
) -> None:
    """The cell fails calmly, the next one runs, and %aether resume in the same kernel ends the run, nothing twice."""
    scene = teller.scene("full", True)
    disk(scene, "size=6m")
    ballast = scene.folder / FOLDER / "ballast"
    with Kernel(Path(sys.executable), folder=scene.folder) as kernel:
        job = scene.job("ask", hold="in order, after it acted", until="go")
        assert kernel.run(READY.format(tests=str(Path(__file__).parents[1]), job=job)).status == "ok"
        asked = kernel.send(cell(job))
        kernel.until((scene.folder / "go.held").exists, "the order", [asked])
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(b"x" * 10_000_000)
        (scene.folder / "go").touch()
        kernel.finish(asked)
        assert (asked.status, asked.error) == ("error", "StoreFull")
        assert asked.of("error")[0]["traceback"][0].startswith("aether: The disk is full")
        assert kernel.run("print(stock)").text() == "41\n"
        ballast.unlink()
        assert kernel.run("%aether resume").status == "ok"
        assert kernel.run("print(stock)").text() == "42\n"
    assert verdict(scene.story(1), teller.tell("undisturbed", True)) == []
