"""What the live panel costs in a real JupyterLab: bytes and messages, the last token's delay, the main thread's tasks.

    python tests/benchmarks/panel.py

An answer of 5,000 tokens at 500 tokens a second and at 10,000; the last token of short answers; a run of 200 calls, and
with its cards on the page: an answer that streams, a card that is opened, the run drawn anew, the page loaded anew with
two views, the picture that is kept. The floor of the same run is a widget that appends the same text to a text node.

Tasks are told by the thread's own time, and by the clock, which on a busy machine tells of the machine. *Ours* are
those in which the panel's script ran, with what JupyterLab's comm spent on the message, and the frames that show what
it did; the others are JupyterLab's. Nothing is asserted; Chromium and JupyterLab are needed.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.lab import Lab, Notebook
from harness.mainthread import CATEGORIES, Task, frame, late, tasks, told

PAIRS = 7
CARDS = "document.querySelectorAll('[data-testid=call]').length"
WATCH = """(() => {
  const wire = (window.wire = { bytes: 0, messages: 0 });
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...all) {
      super(...all);
      this.addEventListener('message', ({ data }) => {
        wire.bytes += data.size ?? data.byteLength ?? data.length;
        wire.messages += 1;
      });
    }
  };
})()"""
RESET = "() => Object.assign(window.wire, { bytes: 0, messages: 0 })"

SETUP = """\
import asyncio, time
from harness.streams import Plain, Stage, TOKENS, answer, ends, many, said, watched
watched()
SHORT = TOKENS[:99] + TOKENS[-1:]"""
PLAIN = "began = time.time()\nawait said(await Plain().say({rate}, {tokens}), began, {tokens})"
ANSWER = "began = time.time()\nawait said(await answer(Stage(), {rate}, {tokens}), began, {tokens})"
MANY = "stage = Stage('cards')\nawait many(stage)"
LATE = "began = time.time()\nawait said(await answer(stage, 200, TOKENS[-900:], 201), began, TOKENS[-900:])"
AGAIN = "stage.panel.display('again')\nawait asyncio.sleep(2)"
ENDS = "began = time.time()\nawait said(await ends(stage, SHORT), began, SHORT)"


class Bench:
    """A page whose main thread is traced while a cell runs."""

    def __init__(self, page: Any, book: Notebook) -> None:
        self.page, self.book = page, book

    def traced(self, work: Callable[[], object]) -> list[Task]:
        """The tasks of the main thread while something is done."""
        browser = self.page.context.browser
        self.page.evaluate(RESET)
        browser.start_tracing(page=self.page, categories=CATEGORIES)
        work()
        return tasks(browser.stop_tracing())

    def run(self, cell: int, looked_at: str = "") -> None:
        """Run a cell with something in sight; whether it is done is not asked with every frame."""
        self.page.evaluate("() => (window.aetherHeard = window.aetherPainted = 0)")
        number = self.book.start(cell)
        if looked_at:
            self.page.evaluate(f"() => document.querySelector('{looked_at}').scrollIntoView({{ block: 'center' }})")
        self.page.wait_for_function("number => window.aetherRuns[number]", arg=number, timeout=120_000, polling=250)

    def late(self, cell: int) -> tuple[float, float]:
        """Milliseconds from the last token of a cell that ran until the page heard of it, and until it was painted."""
        return late(self.page, self.book.text(cell))


def line(what: str, found: list[Task]) -> None:
    """Ours, and what is left to JupyterLab."""
    theirs = [one for one in found if not one.ours]
    print(f"{what}\n  ours: {told([one for one in found if one.ours])}\n  JupyterLab's: {told(theirs)}", flush=True)


def streams(bench: Bench, first: int) -> None:
    """5,000 tokens, on the floor and on a panel, at two rates."""
    costs = []
    for cell, what in enumerate(("floor, 500/s", "panel, 500/s", "floor, 10,000/s", "panel, 10,000/s"), first):
        found = bench.traced(lambda cell=cell: bench.run(cell))
        costs.append(frame([one for one in found if one.ours]))
        wire = bench.page.evaluate("() => window.wire")
        _, took, size = json.loads(bench.book.text(cell).splitlines()[-1])
        text = bench.book.outputs(cell).first.evaluate("one => one.innerText.match(/one|two|ten/g).length")
        line(
            f"5,000 tokens, {what}: {wire['bytes'] / 1e6:.2f} MB, {wire['bytes'] / size:.1f} x the text;"
            f" {wire['messages'] / (took + 1):.0f} messages/s; last token painted after {bench.late(cell)[1]:.0f} ms;"
            f" {'nothing lost' if text == 1500 else 'TEXT LOST'}",
            found,
        )
    print(f"  a frame of the panel costs {costs[1] / costs[0]:.2f} and {costs[3] / costs[2]:.2f} of the floor's")


def last_tokens(bench: Bench, first: int) -> None:
    """The last token of short answers, floor and panel in turn."""
    late: dict[str, list[tuple[float, float]]] = {"floor": [], "panel": []}
    for _ in range(PAIRS):
        for cell, name in enumerate(late, first):
            bench.run(cell)
            late[name].append(bench.late(cell))
    for name, found in late.items():
        heard, painted = zip(*found, strict=True)
        print(
            f"last token of 100 at 500/s, {name}: heard after {statistics.median(heard):.0f} ms,"
            f" painted after {statistics.median(painted):.0f} ms, at worst {max(painted):.0f} (of {PAIRS})"
        )
    more = statistics.median(panel[1] - floor[1] for floor, panel in zip(*late.values(), strict=True))
    print(f"  the panel's comes {more:.0f} ms after the floor's", flush=True)


def opened(page: Any) -> None:
    """Open and shut three cards of a long run; the page clicks by itself, for a driver's click has tasks of its own."""
    for number in (3, 100, 190, 190, 100, 3):
        page.evaluate("n => document.querySelectorAll('[data-testid=call-head]')[n].click()", number)
        page.wait_for_timeout(250)


def cards(bench: Bench, first: int) -> None:
    """A run of 200 calls, and what happens with its cards on the page."""
    page = bench.page
    line("200 calls as they come", bench.traced(lambda: bench.run(first)))
    line("an answer below 200 cards, 200/s", bench.traced(lambda: bench.run(first + 1, ".aether-tail")))
    line("a card opened and shut, three times", bench.traced(lambda: opened(page)))
    line("the run drawn anew beside itself", bench.traced(lambda: bench.run(first + 2)))
    bench.book.save()

    def reloaded() -> None:
        bench.book.reload()
        page.wait_for_function(f"() => {CARDS} === 400", polling=250)
        page.wait_for_timeout(1000)

    line("the page loaded anew with two views", bench.traced(reloaded))
    found = bench.traced(lambda: bench.run(first + 3))
    line(f"an answer, the end and the picture: last token painted after {bench.late(first + 3)[1]:.0f} ms", found)


def ending(lab: Lab, page: Any) -> None:
    """The last token of runs of 200 calls that end with it, each in a notebook of its own."""
    found = []
    for number in range(PAIRS):
        book = lab.open(page, f"ending-{number}.ipynb", [SETUP, MANY, ENDS])
        book.run(0)
        book.run(1)
        page.evaluate("() => document.querySelector('.aether-tail').scrollIntoView({ block: 'center' })")
        bench = Bench(page, book)
        bench.run(2, ".aether-tail")
        found.append(bench.late(2))
    heard, painted = zip(*found, strict=True)
    print(
        f"last token of a run of 200 calls that ends with it: heard after {statistics.median(heard):.0f} ms,"
        f" painted after {statistics.median(painted):.0f} ms, at worst {max(painted):.0f} (of {PAIRS})"
    )


def main() -> None:
    """Measure, and print."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    long = [cell.format(rate=rate, tokens="TOKENS") for rate in (500, 10_000) for cell in (PLAIN, ANSWER)]
    short = [cell.format(rate=500, tokens="SHORT") for cell in (PLAIN, ANSWER)]
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder), Path(chromium)) as lab, lab.browser() as page:
        page.add_init_script(WATCH)
        for name, cells, measure in (
            ("short.ipynb", short, last_tokens),
            ("long.ipynb", long, streams),
            ("cards.ipynb", [MANY, LATE, AGAIN, ENDS], cards),
        ):
            book = lab.open(page, name, [SETUP, *cells])
            book.run(0)
            measure(Bench(page, book), 1)
        ending(lab, page)


if __name__ == "__main__":
    main()
