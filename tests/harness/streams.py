"""What a notebook's kernel plays for the panel's benchmark: streams of tokens, on a panel and on a plain text as floor.

Runs in the kernel. The plain text is the least that can be done: a widget that appends what it is sent to a text node.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import anywidget
from IPython.display import display

from aether_nb.events import kinds as k
from aether_nb.events.messages import Message, Usage
from aether_nb.widgets import scripts
from aether_nb.widgets.transcript import bundle
from harness.mainthread import SPAN, SPANS
from harness.scene import MODEL, many_cards
from harness.story import Stage

LAST = "THE-LAST-ONE"
WORDS = ("one two three four five six seven eight nine ten " * 500).split()
TOKENS = [f"{word} " + ("\n\n" if n % 60 == 59 else "") for n, word in enumerate(WORDS)] + [LAST]
GATHER = 0.04

SEEN = """
const seen = (message) => {
  if (window.aetherHeard || !JSON.stringify(message).includes("THE-LAST-ONE")) return;
  window.aetherHeard = Date.now();
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (window.aetherPainted = Date.now());
    port2.postMessage(0);
  });
};
"""
"""When the last token came to the page, and when the frame that shows it was painted."""

PLAIN = f"""{SEEN}
export default {{ render({{ model, el }}) {{
  const text = document.createTextNode("");
  const box = document.createElement("pre");
  box.style.whiteSpace = "pre-wrap";
  box.append(text);
  el.append(box);
  model.on("msg:custom", (message) => {{
    const start = performance.now();
    text.appendData(message.text);
    performance.measure("{SPAN}", {{ start }});
    seen(message);
  }});
  model.send({{ type: "hello" }});
}} }};
"""
WATCHED = f"""{SPANS}{SEEN}
const plainly = Panel.prototype.receive;
Panel.prototype.receive = function (message) {{
  plainly.call(this, message);
  seen(message);
}};
"""


def watched() -> None:
    """From now on the script of a panel says when it runs, and when the last token is painted."""
    script = scripts.first_paint() + WATCHED
    scripts.first_paint = lambda: script  # type: ignore[assignment]


class Plain:
    """The floor: text that is sent every 40 ms, and appended."""

    def __init__(self) -> None:
        class Widget(anywidget.AnyWidget):  # type: ignore[misc]
            _esm = PLAIN

        self.widget, self.seen = Widget(), asyncio.Event()
        self.widget.on_msg(lambda *_: self.seen.set())
        display(self.widget)

    async def say(self, rate: float, tokens: list[str]) -> float:
        """Send tokens at a rate a second, and give the time of the last."""
        await self.seen.wait()
        waiting: list[str] = []
        sent = 0.0

        async def send(token: str) -> None:
            nonlocal sent
            waiting.append(token)
            if time.monotonic() - sent >= GATHER or token == LAST:
                sent = time.monotonic()
                self.widget.send({"text": "".join(waiting)})
                waiting.clear()

        return await paced(tokens, rate, send)


async def paced(tokens: list[str], rate: float, say: Callable[[str], Coroutine[Any, Any, None]]) -> float:
    """Say tokens at a rate a second, and give the time of the last."""
    began = last = time.time()
    for n, token in enumerate(tokens):
        last = time.time()
        await say(token)
        if (ahead := began + (n + 1) / rate - time.time()) > 0.005:
            await asyncio.sleep(ahead)
    return last


async def answer(stage: Stage, rate: float, tokens: list[str] = TOKENS, step: int = 1) -> float:
    """Stream an answer on a panel, on the agent's thread as a run does, and give the time of the last token."""

    async def feed(event: k.Event) -> None:
        stage.panel.feed(k.Entry("7f3a9c", 1, time.time(), event))

    async def work() -> float:
        await stage.panel.wait_seen(20)
        if step == 1:
            await feed(k.RunStarted("q", MODEL))
        await feed(k.ModelAsked(MODEL, step))
        return await paced(tokens, rate, lambda token: feed(k.TextDelta(token)))

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), stage.loop))


async def said(ended: float, began: float, tokens: list[str] = TOKENS) -> None:
    """Print, when all is painted, when the last token came, how long it took and how much text it was."""
    await asyncio.sleep(1)
    print(json.dumps([ended, ended - began, sum(map(len, tokens))]))


async def ends(stage: Stage, tokens: list[str]) -> float:
    """Stream an answer with which the run ends, so that the picture takes the panel's place at once."""
    last = await answer(stage, 500, tokens, 202)
    message = Message.of("assistant", "".join(tokens))
    await stage.play(
        [k.ModelAnswered(MODEL, message, Usage(9_000, len(tokens), 0.1), "stop", 1.0), k.RunEnded("done")], 0
    )
    stage.panel.close(lambda: bundle(stage.panel.view))
    return last


async def many(stage: Stage, count: int = 200) -> None:
    """A run of so many calls, a step every few milliseconds."""
    await stage.play(list(many_cards(count)), 0.004)
    await asyncio.sleep(0.5)
