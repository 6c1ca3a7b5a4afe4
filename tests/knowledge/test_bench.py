"""Comparing embedders on what a user has: questions that say what they mean, an index that stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from aether_nb import cli
from aether_nb.errors import KnowledgeMissing, ModelUnavailable, OptionError
from aether_nb.knowledge import bench
from aether_nb.knowledge.embed import plainly
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Chunk, Document, Hit
from harness.embedding import embedding
from harness.home import bare
from harness.retrieval import Words, hit

REST = " ".join(f"word{number}" for number in range(30))


def passage(id: str, text: str, **more: object) -> Hit:
    """A passage of a document of its own."""
    return hit(id, text=text, **more)


def test_quality_counts_where_the_first_right_one_stands() -> None:
    """First, third, eleventh and missing: each counts as its measure says."""
    found = bench.quality([1, 3, 11, 0])
    assert (found.ndcg, found.recall) == (pytest.approx((1 + 0.5) / 4), 0.5)
    assert found.mrr == pytest.approx((1 + 1 / 3) / 4)


def test_a_question_is_taken_out_of_what_answers_it() -> None:
    """A heading asks for what is under it, a docstring for its code; neither can be found by the very same words."""
    text = passage("a", f"# Booking a refund\n\n{REST}\n\n## Short\n\n## Booking twice\n{REST}", kind="markdown")
    code = passage(
        "b", f'def f():\n    """Sum all the prices. More.\n\n    Args: none.\n    """\n    {REST}', kind="python"
    )
    twice = [passage(id, f"## Booking twice over\n\n{REST}", kind="markdown") for id in "cd"]
    found = bench.generated([text, code, *twice])
    asked = {question.text: question.right for question in found.questions}
    assert asked == {"Booking a refund": {"a"}, "Booking twice": {"a"}, "Sum all the prices": {"b"}}
    assert "Booking" not in found.passages["a"][1] and "Sum all" not in found.passages["b"][1]
    assert "More." in found.passages["b"][1]


def test_questions_of_ones_own_name_a_place_as_answers_do() -> None:
    """By path or its end, with lines or a page; a line without a place, or with one that is not there, is named."""
    here = passage("a", "x", doc="docs/guide.md", order=4)
    page = passage("p", "x", doc="paper.pdf", order=2, unit="page")
    lines = "# mine\n\nHow is it? => [guide.md:3-9]\nAnd on paper? => paper.pdf, page 3\nAll? => docs/guide.md\n"
    found = bench.given(lines, [here, page])
    assert [(one.text, set(one.right)) for one in found.questions] == [
        ("How is it?", {"a"}), ("And on paper?", {"p"}), ("All?", {"a"}),
    ]  # fmt: skip
    with pytest.raises(OptionError, match="Line 1 says no place"):
        bench.given("How is it?", [here])
    with pytest.raises(KnowledgeMissing, match=r"Line 1: nothing is kept at 'guide.md:90'"):
        bench.given("How is it? => guide.md:90", [here])


def test_no_more_is_tried_than_a_minutes_worth() -> None:
    """Of many questions and passages some are taken, the same each time, and no answer is left out."""
    hits = [passage(f"n{number:04}", f"# Question number {number}\n\n{REST}", kind="markdown") for number in range(300)]
    one, other = (bench.chosen(bench.generated(hits), 20, 50) for _ in range(2))
    assert one == other and (len(one.questions), len(one.passages)) == (20, 50)
    assert all(question.right <= one.passages.keys() for question in one.questions)


def test_an_embedder_is_measured_and_one_that_fails_is_said(tmp_path: Path) -> None:
    """A question of other words is found by meaning and not by words; who does not answer spoils nothing."""

    class Silent(Words):
        def embed(self, texts: object) -> list[list[float]]:
            raise ModelUnavailable("silent fell silent.")

    passages = {name: (passage(name, text), text) for name, text in (("a", "alpha beta"), ("b", "gamma delta"))}
    material = bench.Material(
        (bench.Question("alpha", frozenset("a")), bench.Question("zeta", frozenset("b"))), passages
    )
    words, meant, silent = (
        bench.tried(name, embedder, plainly, material, tmp_path / "copy")
        for name, embedder in (("none", None), ("words", Words()), ("silent", Silent("silent")))
    )
    assert (words.quality.recall, words.chunks) == (0.5, 0.0)
    assert (meant.quality.recall, meant.chunks > 0, meant.milliseconds > 0) == (1.0, True, True)
    assert silent.why == "silent fell silent."


def test_the_verb_compares_and_leaves_the_index_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table with a row for each embedder, those of a server too; not a byte of what is kept is another one after."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / ".aether" / "knowledge"
    with Index.open(place) as index:
        for number in range(12):
            text = f"# Booking refund number {number}\n\n{REST} of refund {number}"
            index.put(Document(f"docs/{number}.md", kind="markdown", sha="x"), [Chunk(text, start=1, end=3)])
    (tmp_path / "asked.txt").write_text("What is refund 3? => docs/3.md\n")

    def kept() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()}

    before = kept()
    with embedding() as server:
        monkeypatch.setattr("os.environ", bare(tmp_path / "home") | {"AETHER_EMBEDDING_MODEL": f"tiny@{server.url}"})
        assert cli.main(["know", "bench", "none", f"tiny@{server.url}"]) == 0
        said = capsys.readouterr().out
        assert cli.main(["know", "bench", "asked.txt", "none", "--json"]) == 0
        plain = capsys.readouterr().out
    assert kept() == before
    assert said.startswith("12 questions (made of headings and docstrings) among 12 passages")
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines()[2:]}
    assert set(rows) == {"none", f"tiny@{server.url}"} and all(len(row) == 5 for row in rows.values())
    assert float(rows[f"tiny@{server.url}"][4]) > 0
    assert '"questions": 1' in plain and '"passages": 12' in plain
