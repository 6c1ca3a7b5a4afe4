"""What a cell registers is used by the next line: a loader, an embedder, a tool; and it is listed as its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aether_nb import register, registry
from aether_nb.events.messages import ToolCall
from aether_nb.knowledge.material import Chunk
from harness.plain_shell import Notebook, serve


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Notebook]:
    """A notebook whose user has chosen an embedder of his own in his aether.toml."""
    monkeypatch.setattr(registry, "_things", {})
    home = tmp_path / "home"
    monkeypatch.setattr("aether_nb.config.own_file", lambda: home / "aether.toml")
    home.mkdir()
    (home / "aether.toml").write_text('embedder = "letters"\n')
    opened = Notebook(tmp_path / "work", home, monkeypatch, capsys)
    yield opened
    opened.close()


class Letters:
    """An embedder that counts letters."""

    id, dimensions = "letters-1", 26

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text."""
        return [[1.0 + text.lower().count(chr(97 + place)) for place in range(26)] for text in texts]


def test_a_loader_and_an_embedder_of_a_cell_read_what_is_added(notebook: Notebook, tmp_path: Path) -> None:
    """A function of three lines makes an ending readable, and an object with three members makes texts comparable."""

    @register("loader", ".foo")
    def read_foo(source: Any) -> list[Chunk]:
        return [Chunk(part) for part in source.text().split("|")]

    register("embedder", "letters", Letters)
    (tmp_path / "work" / "x.foo").write_text("the zither of Anna|the lamp of Bob")
    assert "1 added; 2 chunks" in notebook.line("know add x.foo")
    assert "by meaning with letters-1" in notebook.line("know")
    found = notebook.line("know search zither")
    assert found.index("zither of Anna") < found.index("lamp of Bob")
    assert "registered here: adds loader .foo; embedder letters" in notebook.line("plugins")


def test_a_function_of_a_cell_is_a_tool_of_the_next_run(notebook: Notebook) -> None:
    """A plain function will do; of what nobody has judged a person is asked, and here nobody is."""

    @register("tool", "gross")
    def gross(net: float) -> float:
        """What it costs with tax."""
        return net * 1.19

    serve(ToolCall("c1", "gross", {"net": 100}), "No.")
    notebook.ask("With tax?", "--model script")
    assert "gross" in notebook.line("trace")
    assert gross(100) == 119
