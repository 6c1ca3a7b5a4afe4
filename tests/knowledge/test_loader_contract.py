"""Every loader that comes with the package keeps the contract of loaders."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from aether_nb import plugins
from aether_nb.knowledge.loaders.reading import readable
from aether_nb.knowledge.loaders.source import Source
from aether_nb.knowledge.material import Loader
from contracts.loader_contract import LoaderContract
from harness import papers


def saved(thing: Any) -> bytes:
    stream = io.BytesIO()
    thing.save(stream)
    return stream.getvalue()


def office() -> dict[str, bytes]:
    from docx import Document
    from openpyxl import Workbook
    from pptx import Presentation

    paper, show, book = Document(), Presentation(), Workbook()
    paper.add_heading("Machines", 1)
    paper.add_paragraph("The pump is loud.")
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Machines", "The pump is loud."
    book.active.append(["machine", "noise"])
    book.active.append(["pump", 7])
    return {".docx": saved(paper), ".pptx": saved(show), ".xlsx": saved(book)}


def samples() -> dict[str, bytes]:
    """By its ending, a file of each sort."""
    cell = {"cell_type": "code", "source": "pump.start()", "outputs": [{"output_type": "stream", "text": "loud"}]}
    page = "<html><title>Machines</title><body><h1>Machines</h1><p>The pump is loud.</p></body></html>"
    return {
        ".md": b"# Machines\n\nThe pump is loud.\n",
        ".rst": b"Machines\n========\n\nThe pump is loud.\n",
        ".py": b"def pump(noise):\n    return noise\n",
        ".txt": b"The pump is loud.\n",
        ".c": b"int pump(void) { return 1; }\n",
        ".toml": b"[pump]\nnoise = 7\n",
        ".json": b'{"pump": {"noise": 7}}',
        ".jsonl": b'{"pump": 7}\n{"pump": 8}\n',
        ".ipynb": json.dumps({"cells": [cell]}).encode(),
        ".html": page.encode(),
        ".csv": b"machine,noise\npump,7\n",
        ".pdf": papers.pdf(["The pump is loud."]),
        **office(),
    }


SAMPLES = samples()


class TestBundled(LoaderContract):
    """The loaders of the package, each by one of its endings."""

    @pytest.fixture(params=SAMPLES)
    def source(self, request: pytest.FixtureRequest) -> Source:
        """A file of the loader's sort."""
        return Source(f"docs/sample{request.param}", data=SAMPLES[request.param], suffix=request.param)

    @pytest.fixture
    def loader(self, source: Source) -> Loader:
        """The loader of that ending."""
        assert source.suffix in readable()
        return plugins.found("loader")[source.suffix]


def test_every_bundled_loader_is_held_to_it() -> None:
    """Each loader reads one of the samples, so none of them is left out."""
    tried = {id(plugins.found("loader")[suffix]) for suffix in SAMPLES}
    assert {id(plugins.found("loader")[suffix]) for suffix in readable()} == tried
