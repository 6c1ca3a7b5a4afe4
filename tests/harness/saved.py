"""A notebook with every kind of block, executed by a runner, for tests of what is left of it in files."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

LOAD = '''\
%load_ext aether_nb
import pandas as pd
from aether_nb import ScriptedModel, register
from aether_nb.events.messages import ToolCall

frame = pd.DataFrame({"city": ["Rome", "Oslo", "Rome"], "sales": [10.0, 5.0, 30.0]})
items = [("Add up the sales", "run_python"), ("Write them down", "write_file"), ("Answer", "")]

def use(tool, **arguments):
    return ToolCall("", tool, arguments)

def model():
    plan = [{"title": title, "tool": tool} for title, tool in items]
    sums = """sums = frame.groupby("city")["sales"].sum()
print(len(sums), "cities")
sums.to_frame()"""
    draw = "import matplotlib.pyplot as plt\\nplt.figure(figsize=(2, 1)).gca().bar(sums.index, sums)\\nplt.show()"
    answer = """**Rome** sold most: $30 + 10 = 40$.

| city | sales |
|:-----|------:|
| Oslo | 5 |
| Rome | 40 |"""
    return ScriptedModel([
        use("plan", items=plan), use("run_python", code="frame.groupby('town')", purpose="Group by town"),
        use("run_python", code=sums, purpose="Sales by city"), use("run_python", code=draw, purpose="Draw them"),
        use("write_file", path="sums.txt", variable="sums"), answer], name="script")

register("model", "script", model)'''
ASK = "%%aether --model script\nWhich city sold most? Draw it, and write the sums to sums.txt"


def source() -> Any:
    """The notebook, before it is executed."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(text) for text in (LOAD, ASK)]  # type: ignore[no-untyped-call]
    return nbformat.v4.new_notebook(cells=cells, metadata=kernel)  # type: ignore[no-untyped-call]


def executed(folder: Path, environment: dict[str, str]) -> Any:
    """The notebook, executed by nbclient in a folder where a policy says yes to new files; widgets are kept."""
    book = source()
    more = {"AETHER_APPROVE": "auto", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (environment | more).items():
            patch.setenv(name, value)
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(book, timeout=120, resources=resources, store_widget_state=True).execute()
    return book


class Read(HTMLParser):
    """What a page shows in its cells' outputs: texts, a line for each block, and ``[picture]``."""

    BLOCKS = frozenset({"div", "p", "pre", "li", "summary", "tr", "table", "details"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines = [""]
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    @property
    def text(self) -> str:
        """The lines that are not empty."""
        return "\n".join(line.rstrip() for line in self.lines if line.strip()) + "\n"

    @property
    def _inside(self) -> bool:
        return bool(self._open and self._open[-1][1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line with a block; note a picture."""
        if tag == "img" and self._inside:
            self.lines += ["[picture]", ""]
        if tag not in ("img", "br", "meta", "link", "input", "hr", "col"):
            classes = dict(attrs).get("class") or ""
            self._open.append((tag, self._inside or "jp-Cell-outputArea" in classes))
        if tag in self.BLOCKS:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a line with a block, and a cell of a table by a space."""
        if tag in [open for open, _ in self._open]:
            while self._open.pop()[0] != tag:
                pass
        if tag in self.BLOCKS:
            self.lines.append("")
        elif tag in ("td", "th"):
            self.lines[-1] += "  "

    def handle_data(self, data: str) -> None:
        """Take a text as it stands; line ends count in code only."""
        if not self._inside:
            return
        first, *rest = data.replace("\xa0", " ").split("\n")
        self.lines[-1] += first
        if any(tag == "pre" for tag, _ in self._open):
            self.lines += rest
        elif rest:
            self.lines[-1] += " ".join(rest)
