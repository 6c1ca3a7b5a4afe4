"""Saved notebooks as a browser draws them: nbconvert's HTML in light and dark, without styles, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter

from aether_nb.events import kinds as k
from aether_nb.widgets.transcript import bundle
from aether_nb.widgets.view import view_of
from harness.lab import ARTIFACTS
from harness.story import ANSWER, WRITE, entries, first_half, hash_of, picture, second_half

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONTRAST = """() => {
  const light = (c) => {
    const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  };
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const drawn = (colors) => {  // colours over one another, as the browser itself mixes them
    for (const [color, alpha] of colors) {
      canvas.globalAlpha = alpha;
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const low = [];
  const walker = document.createTreeWalker(document.querySelector('[role=group]').parentNode, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.textContent.trim()) continue;
    const grounds = [];
    let faint = 1;
    for (let at = node.parentElement; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      grounds.unshift([style.backgroundColor, 1]);
      faint *= Number(style.opacity);
    }
    const style = getComputedStyle(node.parentElement);
    const ground = drawn([['white', 1], ...grounds]);
    const text = drawn([['white', 1], ...grounds, [style.color, faint]]);
    const [dark, bright] = [light(ground), light(text)].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const sign = node.parentElement.matches('[role=img],[aria-hidden=true]');
    if (ratio < (sign ? 3 : 4.5)) low.push([node.textContent.trim().slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return low;
}"""


def notebook() -> Any:
    """A notebook with a run that went well and one that did not, as it is saved."""
    good = view_of(entries([*first_half(), *second_half()]))
    good.chain = "5f" * 32
    denied = k.GateAnswered("call_4", hash_of(WRITE), "deny", "nobody", reason="nobody was there")
    asked = (k.QuestionAsked("q", "Which table?"), k.QuestionAnswered("q", "the first", "panel"))
    bad = view_of(
        entries([*first_half(), denied, *asked, k.LimitReached("steps", 40, 40), k.RunEnded("failed", "No.")])
    )
    below = [{"image/png": picture(), "text/plain": "<Figure>"}, {"text/markdown": ANSWER, "text/plain": ANSWER}]
    book: Any = nbformat.v4
    outputs = [[bundle(good), *below], [bundle(bad)]]
    cells = [
        book.new_code_cell(
            f"%%aether\n{prompt}", outputs=[book.new_output("display_data", data=data) for data in shown]
        )
        for prompt, shown in zip(("Which species differ most?", "And again"), outputs, strict=True)
    ]
    return book.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Any]:
    """One Chromium for the pages of this file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
        opened = playwright.chromium.launch(executable_path=str(chromium), args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def shown(browser: Any) -> Iterator[Any]:
    """Shows HTML in a page that loads nothing, and keeps a picture of it under a name."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.context.set_offline(True)

    def show(html: str, name: str, *, opened: bool = False) -> Any:
        page.set_content(html, wait_until="domcontentloaded")
        if opened:
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        page.screenshot(path=ARTIFACTS / f"saved-{name}.png", full_page=True)
        return page

    yield show
    page.close()


def exported(theme: str) -> str:
    """The notebook as nbconvert makes a page of it, without the script that only draws formulas."""
    page, _ = HTMLExporter(theme=theme).from_notebook_node(notebook())  # type: ignore[no-untyped-call]
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_word_is_legible_as_drawn(shown: Any, theme: str) -> None:
    """In nbconvert's page, unfolded, every text of a run has the contrast of AA, as Chromium mixes the colours."""
    page = shown(exported(theme), theme, opened=True)
    assert page.locator("[role=group]").count() == 2
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_styles_it_reads(shown: Any) -> None:
    """Where styles are taken away a run is still in order: what is folded opens, the plan is a list."""
    runs = [cell.outputs[0].data["text/html"] for cell in notebook().cells]
    page = shown(re.sub(r' style="[^"]*"', "", "<hr>".join(runs)), "bare")
    said = page.locator("body").inner_text()
    assert "✓ Done" in said and "✓ Look at the penguins frame" in said
    page.locator("summary", has_text="write_file").first.click()
    assert "wrote summary.csv (3 rows, 96 bytes)" in page.locator("body").inner_text()


def test_on_paper_who_approved_is_read(shown: Any) -> None:
    """A PDF by way of HTML unfolds nothing: the lines of the calls tell what came of them, and who approved when."""
    page = shown(exported("light"), "paper")
    page.emulate_media(media="print")
    said = page.locator("[role=group]").first.inner_text()
    assert "Approved in the panel, once · 2026-11-20 16:00:15" in said and "failed" in said
    assert "wrote summary.csv (3 rows, 96 bytes)" not in said
    pdf = page.pdf(path=ARTIFACTS / "saved.pdf", print_background=True)
    assert pdf.startswith(b"%PDF") and len(pdf) > 20_000
