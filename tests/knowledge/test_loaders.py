"""Loaders: of each sort of file the words, where they stand, and a plain reason when it cannot be read."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest

from aether_nb import register, registry
from aether_nb.errors import OptionError, SourceUnreadable
from aether_nb.knowledge.loaders import papers as reader
from aether_nb.knowledge.loaders.pages import readable
from aether_nb.knowledge.loaders.reading import load
from aether_nb.knowledge.loaders.source import Missing, Source
from aether_nb.knowledge.material import Chunk, Loaded
from harness import papers


def read(name: str, data: bytes | str, **more: object) -> Loaded:
    raw = data.encode() if isinstance(data, str) else data
    return load(Source(name, data=raw, suffix=Path(name).suffix, **more))


def places(loaded: Loaded) -> list[tuple[str, int, str]]:
    return [(chunk.scope, chunk.start, chunk.unit) for chunk in loaded.chunks]


def test_a_notebook_is_read_by_cell_and_no_picture_of_it():
    """What was typed, the beginning of what came out, errors; a picture and a flood of output are left out."""
    cells = [
        {"cell_type": "markdown", "source": ["# Sales\n", "by month"]},
        {
            "cell_type": "code",
            "source": "df.plot()",
            "outputs": [
                {"output_type": "stream", "text": "x" * 10_000},
                {"output_type": "display_data", "data": {"image/png": "iVBOR" * 1000}},
            ],
        },
        {"cell_type": "code", "source": "1/0", "outputs": [{"output_type": "error", "ename": "Zero", "evalue": "no"}]},
    ]
    made = read("n.ipynb", json.dumps({"cells": cells}))
    assert (made.kind, made.title) == ("notebook", "Sales")
    assert places(made) == [("Sales > cell 1", 1, "cell"), ("Sales > cell 2", 2, "cell"), ("Sales > cell 3", 3, "cell")]
    assert len(made.chunks[1].text) < 600 and "iVBOR" not in made.chunks[1].text
    assert made.chunks[2].text == "1/0\n# → Zero: no"
    hidden = read("n.ipynb", json.dumps({"cells": cells}), hides=lambda column: column == "*")
    assert hidden.chunks[2].text == "1/0", "where a column is hidden, no output is kept"
    with pytest.raises(SourceUnreadable, match="no notebook"):
        read("n.ipynb", "[]")


def test_a_page_is_its_words_without_menus_and_scripts():
    """The main part when there is one, headings, lists, tables and code; entities are signs again."""
    html = (
        """<html><head><title>On refunds</title><style>p{}</style></head><body><nav>Home</nav><script>x()</script>
    <main><h1>Refunds</h1><p>Booked &amp; paid<br>twice.</p><ul><li>one</li></ul><table><tr><td>a</td><td>b</td></tr>
    </table><pre># no heading
    code</pre><h2>Later</h2><p>"""
        + "word " * 60
        + "</p></main><footer>2026</footer></body></html>"
    )
    title, text = readable(html)
    assert title == "On refunds"
    for part in ("# Refunds", "Booked & paid\ntwice.", "- one", "| a | b", "```\n# no heading", "## Later"):
        assert part in text
    assert not any(word in text for word in ("Home", "x()", "2026", "p{}"))
    made = read("p.html", html)
    assert made.kind == "html" and {chunk.start for chunk in made.chunks} == {0}
    assert (
        readable("<title>t<p>never closed <b>words")[1]
        or readable("<p>never closed <b>words")[1] == "never closed words"
    )


def test_a_pdf_is_read_by_page_and_pages_that_are_pictures_are_named():
    """Text with the number of its page; scanned pages stand in the meta, and a file of nothing else says so."""
    made = read("p.pdf", papers.pdf(["first words\nmore", "", "third"], title="Paper"))
    assert (made.kind, made.title, made.meta) == ("pdf", "Paper", {"pages": 3, "scanned": [2]})
    assert places(made) == [("page 1", 1, "page"), ("page 3", 3, "page")]
    assert made.chunks[0].text.split() == ["first", "words", "more"] and made.chunks[1].header == "p.pdf > page 3"
    scan = read("scan.pdf", papers.pdf(["", ""]))
    assert (scan.chunks, scan.meta["scanned"]) == ((), [1, 2]) and "its 2 pages are pictures" in scan.error


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (papers.encrypted(), "encrypted"),
        (papers.pdf(["words"])[:60], "damaged or cut off"),
        (b"%PDF-1.4\n" + b"\x00\xff" * 500, "damaged or cut off"),
        (b"hello", "no PDF"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(data, why):
    """Encrypted, cut off, garbage, something else: each is told apart."""
    with pytest.raises(SourceUnreadable, match=why):
        read("p.pdf", data)


def test_a_pdf_that_breaks_its_reader_breaks_no_kernel(monkeypatch):
    """Whatever becomes of the process that reads (it crashes, hangs, lacks its package), an error says so."""
    good = papers.pdf(["words"])
    monkeypatch.setattr(reader, "COMMAND", ("-c", "import os; os.abort()"))
    with pytest.raises(SourceUnreadable, match="breaks the program"):
        read("p.pdf", good)
    monkeypatch.setattr(reader, "COMMAND", ("-c", "print('{\"missing\": true}')"))
    with pytest.raises(Missing, match="pypdfium2"):
        read("p.pdf", good)
    monkeypatch.setattr(reader, "SECONDS", 0.2)
    monkeypatch.setattr(reader, "COMMAND", ("-c", "import time; time.sleep(60)"))
    with pytest.raises(SourceUnreadable, match="takes more than"):
        read("p.pdf", good)


@pytest.mark.full
def test_a_pdf_that_unpacks_to_half_a_gigabyte_is_refused():
    """A bomb takes the other process's memory and time, and none of ours."""
    with pytest.raises(SourceUnreadable, match=r"memory|seconds|breaks"):
        read("bomb.pdf", papers.bomb())


def test_word_slides_and_sheets():
    """Headings, tables, slides with notes, and of sheets the columns with a sample."""
    from docx import Document
    from openpyxl import Workbook
    from pptx import Presentation

    paper = Document()
    paper.core_properties.title = "Manual"
    paper.add_heading("Refunds", 1)
    paper.add_paragraph("Booked " + "twice " * 200)
    paper.add_heading("Later", 2)
    paper.add_paragraph("words " * 200)
    table = paper.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    made = read("m.docx", _saved(paper))
    assert (made.kind, made.title) == ("word", "Manual")
    assert [chunk.scope for chunk in made.chunks] == ["Refunds", "Refunds > Later"]
    assert "left | right" in made.chunks[1].text and made.chunks[0].start == 0

    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Plan", "first things"
    slide.notes_slide.notes_text_frame.text = "say it slowly"
    made = read("s.pptx", _saved(show))
    assert places(made) == [("slide 1: Plan", 1, "slide")]
    assert "first things" in made.chunks[0].text and "Notes: say it slowly" in made.chunks[0].text

    book = Workbook()
    book.active.title = "orders"
    for row in (["id", "amount"], [1, 2.5], [2, None]):
        book.active.append(row)
    legend = book.create_sheet("legend")
    for row in (["Column", "Description"], ["amount", "what was paid, in euros"]):
        legend.append(row)
    made = read("b.xlsx", _saved(book))
    assert "A table of 2 rows and 2 columns." in made.chunks[0].text
    assert "- amount: number, such as 2.5" in made.chunks[0].text
    assert made.chunks[1].text == "amount: Description: what was paid, in euros"


def _saved(thing: object) -> bytes:
    stream = io.BytesIO()
    thing.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx"])
def test_office_files_that_are_none(name, monkeypatch):
    """Damaged, of the old kind, a bomb, an archive of something else, without the package: each is said."""
    for data, why in ((b"PK\x03\x04xx", "damaged"), (b"\xd0\xcf\x11\xe0" + bytes(600), "older kind")):
        with pytest.raises(SourceUnreadable, match=why):
            read(name, data)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"0" * 3_000_000)
    with pytest.raises(SourceUnreadable, match="not what its ending says"):
        read(name, stream.getvalue())
    monkeypatch.setattr("aether_nb.knowledge.loaders.office.UNPACKED", 1_000_000)
    with pytest.raises(SourceUnreadable, match="Unpacked it would take 3 MB"):
        read(name, stream.getvalue())
    monkeypatch.undo()
    for package in ("docx", "pptx", "openpyxl"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(Missing, match=r"aether-nb\[office\]"):
        read(name, stream.getvalue())


def test_a_table_is_its_columns_and_a_sample_and_hidden_columns_have_no_values():
    """What sort of values a column has, how many rows there are; of a hidden column the name and nothing else."""
    text = "id;day;mail\n" + "".join(f"{n};2026-01-{n:02};anna{n}@x.org\n" for n in range(1, 20))
    (chunk,) = read("t.csv", text, hides=lambda column: column == "mail").chunks
    assert chunk.text.startswith("A table of 19 rows and 3 columns.")
    assert "- id: whole number, such as 1, 2, 3, 4" in chunk.text and "- day: date, such as 2026-01-01" in chunk.text
    assert "- mail: hidden" in chunk.text and "anna" not in chunk.text
    assert "A table of 1 rows" in read("t.tsv", "a\tb\n1\t2\n").chunks[0].text


def test_a_data_dictionary_is_read_row_by_row():
    """Each name with its meaning is found by itself; the same name twice is there twice."""
    made = read("d.csv", "Variable,Unit,Description\nage,years,at entry\nage,days,of infants\n")
    assert [(chunk.scope, chunk.text, chunk.start) for chunk in made.chunks] == [
        ("age", "age: Unit: years; Description: at entry", 1),
        ("age", "age: Unit: days; Description: of infants", 2),
    ]


def test_texts_of_every_code_and_bytes_that_are_none():
    """UTF-8 with and without a mark, UTF-16, an old one-byte code; bytes that no text has are refused."""
    for data in ("naïve".encode(), "naïve".encode("utf-8-sig"), "naïve".encode("utf-16"), "naïve".encode("cp1252")):
        assert read("a.txt", data).chunks[0].text == "naïve"
    for data in (b"\x7fELF\x00\x01", bytes(range(32)) * 40):
        with pytest.raises(SourceUnreadable, match="no text"):
            read("a.txt", data)
    assert read("a.unknown", "words").kind == "text"
    with pytest.raises(SourceUnreadable, match="empty"):
        read("a.txt", "")


def test_restructured_text_has_a_title():
    """The first title is that of the page, and stands over its parts."""
    made = read("a.rst", "Merge\n=====\n\nwords\n\nNotes\n-----\n\n" + "more " * 300)
    assert (made.kind, made.title) == ("text", "Merge")
    assert [chunk.scope for chunk in made.chunks] == ["Merge", "Merge > Notes"]
    assert read("b.rst", "only words").title == ""


def test_json_is_kept_short_or_described():
    """A short one stands as it is; of a long one, what it is made of and how it begins."""
    assert read("a.json", '{"key": 1}').chunks[0].text == '{"key": 1}'
    long = read("a.json", json.dumps({"rows": [{"name": "x" * 30, "n": i} for i in range(1000)]}))
    assert "$.rows[].name: str" in long.chunks[0].text and sum(len(chunk.text) for chunk in long.chunks) < 4000
    rows = read("a.jsonl", "\n".join(json.dumps({"a": n}) for n in range(50)))
    assert "$[].a: int" in rows.chunks[0].text and rows.chunks[0].text.count('{"a"') == 5


def test_what_is_too_large_is_refused_and_a_table_of_it_is_not(tmp_path, monkeypatch):
    """A text that is too large is named; of a table as large, the head is read."""
    monkeypatch.setattr("aether_nb.knowledge.loaders.source.MOST", 1000)
    monkeypatch.setattr("aether_nb.knowledge.loaders.tabular.HEAD", 100)
    monkeypatch.setattr("aether_nb.knowledge.loaders.tabular.MOST", 1000)
    for name in ("a.txt", "a.csv"):
        (tmp_path / name).write_text("a,b\n" * 500)
    with pytest.raises(SourceUnreadable, match="too large"):
        load(Source("a.txt", tmp_path / "a.txt", suffix=".txt"))
    (chunk,) = load(Source("a.csv", tmp_path / "a.csv", suffix=".csv")).chunks
    assert chunk.text.startswith("A table of more than 23 rows")


def test_a_loader_is_one_function(monkeypatch):
    """A decorated function reads an ending from then on, also one that was built in; what it raises is named."""
    monkeypatch.setattr(registry, "_things", {kind: dict(things) for kind, things in registry._things.items()})

    @register("loader", ".md")
    @register("loader", ".song")
    def song(source: Source) -> list[Chunk]:
        return [Chunk(1 / len(line) and line) for line in source.text().split("|")]

    assert read("a.song", "la|lu") == Loaded("song", (Chunk("la"), Chunk("lu")))
    assert read("a.md", "# x|y").kind == "md"
    with pytest.raises(SourceUnreadable, match=r"a.song cannot be read. It is not what its ending says: division"):
        read("a.song", "la||lu")
    with pytest.raises(OptionError, match=r"'\.Song' is no ending"):
        register("loader", ".Song", song)
    with pytest.raises(OptionError, match="It is a int"):
        register("loader", ".song", 7)
