"""Cutting: nothing is lost, nothing is too long, and each piece says where it belongs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from aether_nb.knowledge import chunks

CODE = '''"""Of a module."""
import os

# about one
@decorated
def one(a):
    return a


class Two(Base):
    """Of a class."""

    def first(self):
        return 1

    def second(self):
        return 2
'''


def bare(text: str) -> str:
    return "".join(text.split())


def test_code_is_cut_at_definitions_and_each_piece_says_which(monkeypatch):
    """A decorator and a comment go with what they stand above; a method is headed by its class."""
    monkeypatch.setattr(chunks, "LIMIT", 90)
    made = chunks.python("m.py", CODE)
    assert [(chunk.header, chunk.start, chunk.end) for chunk in made] == [
        ("m.py", 1, 2),
        ("m.py :: one", 4, 7),
        ("m.py :: Two", 10, 11),
        ("m.py :: Two.first", 13, 14),
        ("m.py :: Two.second", 16, 17),
    ]
    assert made[1].text.startswith("# about one\n@decorated")
    assert bare("".join(chunk.text for chunk in made)) == bare(CODE)


def test_code_that_does_not_parse_is_a_text():
    """Code of another age, or half a file, is found by its words all the same."""
    (made,) = chunks.python("m.py", "print 'old'\n\ndef f(:\n")
    assert made.header == "m.py" and made.text.startswith("print 'old'")


def test_prose_is_cut_at_headings_and_code_in_it_has_none():
    """A heading of either kind begins a piece; a comment in a fence, a rule and a front matter do not."""
    text = "---\ntitle: x\n---\n# One\n" + "a " * 300 + "\n```\n# no heading\n```\n## Two\n" + "b " * 300
    text += "\n\nThree\n=====\n" + "c " * 300 + "\n\n---\n\nlast\n"
    made = chunks.markdown("d.md", text)
    assert [chunk.scope for chunk in made] == ["One", "One > Two", "Three"]
    assert [chunk.header for chunk in made][1] == "d.md > One > Two"
    assert "# no heading" in made[0].text and "title: x" in made[0].text and "last" in made[2].text


def test_restructured_text_is_cut_at_its_titles():
    """Whatever signs underline or frame them; the first style is the highest. What only looks like one is none."""
    text = "====\nBook\n====\n" + "a " * 300 + "\n\nOne\n---\n" + "b " * 300 + "\n\nDeep\n~~~~\n" + "c " * 300
    text += "\n\n    Indented\n    --------\n\n>>> f()\n...\n\n----\n\nTable\n=====  ===\n\nTwo\n---\n" + "d " * 300
    made = chunks.restructured("d.rst", text)
    assert [chunk.scope for chunk in made] == ["Book", "Book > One", "Book > One > Deep", "Book > Two"]
    assert [chunk.header for chunk in made][1] == "d.rst > Book > One"
    assert made[0].text.startswith("====\nBook") and "Table" in made[2].text and made[3].text.startswith("Two\n---")


def test_small_sections_are_put_together_under_what_they_share():
    """Ten short sections are no ten chunks."""
    made = chunks.markdown("d.md", "# All\nhello\n## A\none\n## B\ntwo\n")
    assert [(chunk.scope, chunk.start, chunk.end) for chunk in made] == [("All", 1, 6)]


@given(some.text(alphabet="ab \n\t#=-`é\u3000\x0c", max_size=600), some.integers(5, 60))
def test_nothing_is_lost_and_nothing_is_too_long(text, limit):
    """Whatever a text is made of: all its words are in the pieces, in their order, and no piece is over the limit."""
    pieces = chunks.split(text, 1, limit)
    assert bare("".join(piece.text for piece in pieces)) == bare(text)
    assert all(len(piece.text) <= limit and piece.start <= piece.end for piece in pieces)


def test_a_long_line_costs_its_length():
    """Of a line without end only what becomes a piece is copied: each of its characters once or twice."""

    class Line(str):
        """A text that counts what is copied of it."""

        copied = 0

        def __getitem__(self, part):
            cut = str.__getitem__(self, part)
            Line.copied += len(cut)
            return Line(cut)

    text = "word " * 40_000
    pieces = list(chunks._short([Line(text)], 1, chunks.LIMIT))
    assert "".join(piece for _, piece in pieces) == text
    assert all(0 < len(piece) <= chunks.LIMIT for _, piece in pieces)
    assert Line.copied <= 2 * len(text)


@given(some.text(alphabet="ab \n#=-`~", max_size=400), some.sampled_from([chunks.markdown, chunks.restructured]))
def test_headings_lose_nothing(text, cut):
    """Headings, fences and rules in any disorder: every word is in some chunk."""
    assert bare("".join(chunk.text for chunk in cut("d", text))) == bare(text)
