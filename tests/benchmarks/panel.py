"""What the live panel costs in a real JupyterLab: bytes and messages on the wire, the last token's delay, long frames.

    python tests/benchmarks/panel.py

An answer of 5,000 tokens at 500 tokens a second, the same at 10,000 a second, and a run of 200 calls. Prints a line for
each, as ratios where there is something to compare with. Nothing is asserted; Chromium and JupyterLab are needed.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness.lab import Lab

WATCH = """(() => {
  const wire = (window.wire = { panels: 0, bytes: 0, messages: 0, long: [], painted: 0, tasks: [] });
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
  new PerformanceObserver((list) => list.getEntries().forEach((one) => wire.tasks.push(one.duration)))
    .observe({ entryTypes: ['longtask'] });
  let last = performance.now();
  const look = (now) => {
    if (now - last > 50) wire.long.push(now - last);
    last = now;
    const panel = document.querySelectorAll('.aether')[wire.panels];
    if (!wire.painted && panel?.textContent.includes('THE-LAST-ONE')) wire.painted = Date.now();
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
RESET = """() => Object.assign(window.wire, { bytes: 0, messages: 0, long: [], painted: 0, tasks: [],
  panels: document.querySelectorAll('.aether').length })"""

SETUP = """\
import asyncio, json, time
from harness.scene import MODEL, many_cards
from harness.story import Stage
from aether_nb.events import kinds as k

WORDS = ("one two three four five six seven eight nine ten " * 500).split()
TOKENS = [f"{word} " + ("\\n\\n" if n % 60 == 59 else "") for n, word in enumerate(WORDS)] + ["THE-LAST-ONE"]

async def say(stage, rate, begin=(k.RunStarted("q", MODEL), k.ModelAsked(MODEL, 1))):
    await stage.panel.wait_seen(20)
    feed = lambda event: stage.panel.feed(k.Entry("7f3a9c", 1, time.time(), event))
    for event in begin:
        feed(event)
    began = time.time()
    for n, token in enumerate(TOKENS):
        feed(k.TextDelta(token))
        if (ahead := began + (n + 1) / rate - time.time()) > 0.005:
            await asyncio.sleep(ahead)
    return time.time(), time.time() - began

async def played(rate):
    stage = Stage(f"at{rate}")
    work = asyncio.run_coroutine_threadsafe(say(stage, rate), stage.loop)
    ended, took = await asyncio.wrap_future(work)
    await asyncio.sleep(1.5)
    print(json.dumps([ended, took, sum(map(len, TOKENS))]))
"""
CARDS = """\
stage = Stage("cards")
began = time.time()
await stage.play(list(many_cards(200)), 0.004)
await asyncio.sleep(1)
print(json.dumps([time.time(), time.time() - began, 200]))"""


def measured(page: Any, book: Any, cell: int) -> tuple[dict[str, Any], list[float]]:
    """What the browser saw while a cell ran, and what the cell said."""
    page.evaluate(RESET)
    book.run(cell, 120)
    seen: dict[str, Any] = page.evaluate("() => window.wire")
    return seen, json.loads(book.text(cell).splitlines()[-1])


def main() -> None:
    """Measure, and print a line each."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder), Path(chromium)) as lab, lab.browser() as page:
        page.add_init_script(WATCH)
        cells = [SETUP, "await played(500)", "await played(10_000)", CARDS]
        book = lab.open(page, "panel.ipynb", cells)
        book.run(0)
        for cell, what in ((1, "5,000 tokens at 500/s"), (2, "5,000 tokens at 10,000/s")):
            seen, (ended, took, size) = measured(page, book, cell)
            whole = page.locator(".aether").last.evaluate("one => one.innerText.match(/one|two|ten/g).length") == 1500
            late = (seen["painted"] / 1000 - ended) * 1000
            print(
                f"{what}: {seen['bytes'] / 1e6:.2f} MB, {seen['bytes'] / size:.1f} x the text;"
                f" {seen['messages'] / (took + 1.5):.0f} messages/s; last token painted after {late:.0f} ms;"
                f" {'nothing lost' if whole else 'TEXT LOST'}; {len(seen['long'])} frames over 50 ms"
            )
        seen, (_, took, count) = measured(page, book, 3)
        drawn = page.locator("[data-testid=call]").count()
        tasks, speed = seen["tasks"], seen["messages"] / took
        print(
            f"{count} calls in {took:.1f} s: {drawn} cards, {len(seen['long'])} frames over 50 ms;"
            f" {len(tasks)} tasks over 50 ms, the longest {max(tasks, default=0):.0f} ms;"
            f" {speed:.0f} messages/s, {seen['bytes'] / 1e6:.2f} MB"
        )


if __name__ == "__main__":
    main()
