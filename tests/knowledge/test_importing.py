"""Importing: only what changed is read, what vanished leaves, a bad file is named, and what holds keys is not read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aether_nb.errors import KnowledgeMissing, SourceUnreadable
from aether_nb.knowledge import importing
from aether_nb.knowledge.importing import Importer, Page, Report
from aether_nb.knowledge.index import Index
from aether_nb.knowledge.material import Where
from harness import papers

LONG_AGO = 1_600_000_000


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / ".aether" / "knowledge") as opened:
        yield opened


@pytest.fixture
def took(index: Index, tmp_path: Path) -> Callable[..., Report]:
    """Adds something and says what that did."""

    def add(target: str | Path, **more: object) -> Report:
        importer = Importer(index, tmp_path, **more)
        importer.add(target)
        return importer.report

    return add


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Files of a test are as old as they need to be for their time to be believed."""
    monkeypatch.setattr(importing, "TICK", 0)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def did(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.removed


def paths(index: Index) -> list[str]:
    return sorted(document.path for document in index.documents())


def test_a_folder_is_taken_in_and_again_only_what_changed(index, took, tmp_path, monkeypatch):
    """Second time nothing is opened; then the edited, the new and the vanished file are seen, and no other."""
    for name in "abc":
        write(tmp_path / "docs" / f"{name}.md", f"# {name}\n\nalpha {name}\n")
    assert did(took("docs")) == (3, 0, 0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", None)
        assert did(took("docs")) == (0, 0, 3, 0)
    write(tmp_path / "docs" / "a.md", "# a\n\nomega\n")
    write(tmp_path / "docs" / "new" / "d.md", "# d\n\nalpha d\n")
    (tmp_path / "docs" / "b.md").unlink()
    assert did(took("docs")) == (1, 1, 1, 1)
    assert paths(index) == ["docs/a.md", "docs/c.md", "docs/new/d.md"]
    assert [hit.path for hit in index.text_search("omega")] == ["docs/a.md"]
    assert index.text_search("alpha", 10, Where(path=("docs/a.md", "docs/b.md"))) == []


def test_a_touched_file_is_not_read_again_and_one_of_the_same_time_is(index, took, tmp_path):
    """Time and size decide whether to look, the hash whether it changed; a time that was set back fools nobody."""
    file = write(tmp_path / "a.md", "alpha one")
    took(file)
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert did(took(file)) == (0, 0, 1, 0)
    before = file.stat()
    time.sleep(0.02)
    write(file, "alpha two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert did(took(file)) == (0, 1, 0, 0)
    assert [hit.text for hit in index.text_search("alpha")] == ["alpha two"]


def test_a_file_that_was_changed_this_moment_is_looked_at_again(index, took, tmp_path, monkeypatch):
    """Two changes within a tick of the clock bear one time; so a time that is this fresh is not believed."""
    monkeypatch.setattr(importing, "TICK", 60 * 10**9)
    file = write(tmp_path / "a.md", "alpha one")
    took(file)
    assert index.documents()[0].mtime_ns == 0


def test_what_git_ignores_what_holds_keys_and_where_links_lead_is_not_read(index, took, tmp_path):
    """Rules of every level hold, with their exceptions; hidden and installed folders and loops are left out."""
    docs = tmp_path / "docs"
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".gitignore", "*.log\n/docs/private/\n")
    write(docs / ".gitignore", "draft*\n!draft-kept.md\n")
    for name in ("a.md", "b.log", "private/c.md", "draft-1.md", "draft-kept.md", "sub/draft.md", "sub/d.txt"):
        write(docs / name, f"alpha {name}")
    for name in (
        ".env",
        "prod.pem",
        "vendored/.git/x.md",
        "node_modules/x.md",
        ".venv/x.md",
        "__pycache__/x.md",
        "my_secret.txt",
    ):
        write(docs / name, "alpha")
    (docs / "loop").symlink_to(docs, target_is_directory=True)
    (docs / "link.md").symlink_to(write(tmp_path / "outside.md", "alpha"))
    report = took("docs")
    assert paths(index) == ["docs/a.md", "docs/draft-kept.md", "docs/sub/d.txt"]
    assert sorted(name for name, _ in report.skipped) == ["docs/.env", "docs/my_secret.txt", "docs/prod.pem"]
    took("docs/private")
    assert "docs/private/c.md" in paths(index), "who names an ignored folder means it"
    with pytest.raises(SourceUnreadable, match="keys"):
        took("docs/.env")


def test_a_bad_file_is_named_and_holds_up_no_other(index, took, tmp_path):
    """Bytes that are no text, broken files of every sort and closed ones: each is said, the good ones are there."""
    docs = tmp_path / "docs"
    write(docs / "good.md", "alpha")
    write(docs / "empty.md", "")
    for name in ("a.txt", "b.ipynb", "c.pdf", "d.docx", "e.xlsx", "f.pptx", "g.json"):
        (docs / name).write_bytes(b"PK\x03\x04 \x00\x01\x02 nonsense" * 2000)
    report = took("docs")
    assert sorted(name for name, _ in report.skipped) == [
        f"docs/{name}" for name in ("a.txt", "b.ipynb", "c.pdf", "d.docx", "e.xlsx", "f.pptx", "g.json")
    ]
    assert all(why.endswith((".", "…")) or ":" in why for _, why in report.skipped)
    assert [hit.path for hit in index.text_search("alpha")] == ["docs/good.md"]
    assert index.stats()[0].failed == 7
    assert took("docs").skipped == [], "what did not change is not tried again"


def test_names_are_names(index, took, tmp_path):
    """Blanks, quotes, other scripts and SQL in a path open nothing and lose nothing."""
    names = [
        "a b.md",
        "it's.md",
        'say "x".md',
        "naïve 機械.md",
        "x' OR '1'='1.md",
        "; DROP TABLE knowledge; --.md",
        "%_*.md",
    ]
    for name in names:
        write(tmp_path / "odd dir'" / name, f"alpha {name}")
    assert did(took("odd dir'")) == (len(names), 0, 0, 0)
    assert did(took("odd dir'")) == (0, 0, len(names), 0)
    (tmp_path / "odd dir'" / names[4]).unlink()
    assert did(took("odd dir'")) == (0, 0, len(names) - 1, 1)
    assert paths(index) == sorted(f"odd dir'/{name}" for name in names if name != names[4])


def test_a_name_that_is_no_text_is_taken_in_all_the_same(index, took, tmp_path):
    """A file whose name is bytes of no encoding is read, and found unchanged the next time."""
    (tmp_path / "docs").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "docs") + b"/\xff\xfe.md")).write_text("alpha")
    took("docs")
    assert did(took("docs")) == (0, 0, 1, 0)
    assert len(index.text_search("alpha")) == 1


def test_an_interrupted_import_keeps_what_it_read_and_goes_on(index, tmp_path):
    """Ctrl-C between two files: the first is there, and the next import reads only the rest."""
    for number in range(6):
        write(tmp_path / "docs" / f"{number}.md", f"alpha {number}")

    def stop(done: int, total: int, name: str) -> None:
        if done == 4:
            raise KeyboardInterrupt

    importer = Importer(index, tmp_path, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        importer.add("docs")
    assert importer.report.stopped and len(index.text_search("alpha", 10)) == 4
    again = Importer(index, tmp_path)
    again.add("docs")
    assert did(again.report) == (2, 0, 4, 0)


def test_pages_are_fetched_by_whoever_calls_and_read_when_they_changed(index, took):
    """A page is read by its words; one that cannot be had is named, and what was read before stays."""
    pages = {"https://x.org/a": Page(b"<title>T</title><body><nav>menu</nav><h1>Alpha</h1><p>words</p>")}

    def fetch(url: str) -> Page:
        if url not in pages:
            raise SourceUnreadable(f"{url} did not answer.", "404")
        return pages[url]

    assert did(took("https://x.org/a", fetch=fetch)) == (1, 0, 0, 0)
    assert did(took("https://x.org/a", fetch=fetch)) == (0, 0, 1, 0)
    (hit,) = index.text_search("words")
    assert (hit.path, hit.title, hit.scope, hit.text) == ("https://x.org/a", "T", "Alpha", "# Alpha\n\nwords")
    del pages["https://x.org/a"]
    assert took("https://x.org/a", fetch=fetch).skipped == [("https://x.org/a", "did not answer. 404")]
    assert len(index.text_search("words")) == 1
    with pytest.raises(SourceUnreadable, match="not fetched"):
        took("https://x.org/a")


def test_everything_is_looked_at_again(index, took, tmp_path):
    """A refresh reads what changed of every source, keeps tags, and lets go of a source that is gone."""
    write(tmp_path / "docs" / "a.md", "alpha")
    write(tmp_path / "one.md", "alpha")
    first = Importer(index, tmp_path)
    first.add("docs", tags=("mine",))
    first.add("one.md")
    first.add_value("note", "alpha of a variable")
    write(tmp_path / "docs" / "a.md", "alpha changed")
    (tmp_path / "one.md").unlink()
    again = Importer(index, tmp_path)
    again.refresh()
    assert did(again.report) == (0, 1, 0, 1)
    assert [(document.path, document.tags) for document in sorted(index.documents(), key=lambda one: one.path)] == [
        ("docs/a.md", ("mine",)),
        ("variable:note", ()),
    ]


def test_what_is_not_there_is_said(took):
    """A path that leads nowhere is an error that names it."""
    with pytest.raises(KnowledgeMissing, match="nowhere does not exist"):
        took("nowhere")


def test_a_folder_that_cannot_be_looked_into_has_lost_nothing(index, took, tmp_path, monkeypatch):
    """What lies in a folder that is closed for the moment stays; only what is seen to be gone leaves."""
    write(tmp_path / "docs" / "a.md", "alpha")
    write(tmp_path / "docs" / "sub" / "b.md", "alpha")
    took("docs")
    real = os.scandir

    def closed(place: str) -> object:
        if str(place).endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return real(place)

    monkeypatch.setattr(os, "scandir", closed)
    report = took("docs")
    assert report.skipped == [("docs/sub", "Permission denied.")] and report.removed == 0
    assert paths(index) == ["docs/a.md", "docs/sub/b.md"]


def test_pages_of_a_pdf_that_are_pictures_are_told(index, took, tmp_path):
    """The words of the other pages are there, and the person hears which pages nobody has read."""
    (tmp_path / "p.pdf").write_bytes(papers.pdf(["alpha", "", "beta"]))
    report = took("p.pdf")
    ((name, why),) = report.skipped
    assert (name, why.partition(" A model")[0]) == ("p.pdf", "Pages that are pictures, which nobody has read: 2.")
    assert report.added == 1 and len(index.text_search("alpha")) == 1
