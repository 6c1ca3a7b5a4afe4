"""Markdown and HTML that nobody vouches for."""

from __future__ import annotations

import re

import pytest

from aether_nb.widgets.highlight import pieces
from aether_nb.widgets.markdown import Stream, clean_html, to_html


def ordered(html: str) -> str:
    """The same HTML with the attributes of links in alphabetical order: the cleaner gives them in any."""
    return re.sub(
        r"<a ([^>]*)>", lambda tag: "<a " + " ".join(sorted(re.findall(r'[a-z]+="[^"]*"', tag[1]))) + ">", html
    )


def test_what_answers_are_made_of():
    """Headings, tables with aligned numbers, lists, code and links come through."""
    text = "## T\n\n| a | b |\n|--|--:|\n| x | 1 |\n\n- `y` **z**\n\n[s](https://example.org/?a=1&b=2)"
    assert ordered(to_html(text)) == (
        "<h2>T</h2>\n<table>\n<thead>\n<tr>\n<th>a</th>\n"
        '<th style="text-align:right">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>x</td>\n'
        '<td style="text-align:right">1</td>\n</tr>\n</tbody>\n</table>\n'
        "<ul>\n<li><code>y</code> <strong>z</strong></li>\n</ul>\n"
        '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">s</a></p>\n'
    )


@pytest.mark.parametrize(
    ("attack", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("<b onclick=x>hi</b>", "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](/api/kernels)", '<p><a rel="noopener noreferrer nofollow" target="_blank">x</a></p>\n'),
        ("[x](//evil.example/)", '<p><a rel="noopener noreferrer nofollow" target="_blank">x</a></p>\n'),
        (
            "![p](https://e.example/p.png)",
            '<p><a href="https://e.example/p.png" rel="noopener noreferrer nofollow" target="_blank">p</a></p>\n',
        ),
        ("![p](data:image/svg+xml;base64,AA)", "<p>![p](data:image/svg+xml;base64,AA)</p>\n"),
        ('[x](https://a "><img src=y>")', None),
    ],
)
def test_attacks_on_markdown(attack: str, html: str | None):
    """Raw HTML stays text, dangerous links are no links, pictures load nothing."""
    made = ordered(to_html(attack))
    assert "<img" not in made
    assert html is None or made == html


@pytest.mark.parametrize(
    ("attack", "html"),
    [
        ("<table><tr><td onclick=a style='position:fixed;text-align:right'>1", None),
        ("<style>body{}</style><script>x</script><svg onload=x><p>y</p></svg>ok", "<p>y</p>ok"),
        ("<img src=x onerror=y><iframe src=z></iframe><p>ok</p>", "<p>ok</p>"),
        ("<a href='JaVaScRiPt:x'>l</a>", '<a rel="noopener noreferrer nofollow" target="_blank">l</a>'),
        ("<math><mtext><table><mglyph><style><img src=x onerror=y>", ""),
    ],
)
def test_attacks_on_html(attack: str, html: str | None):
    """HTML that objects made of themselves keeps its tables and loses everything that acts or loads."""
    made = ordered(clean_html(attack))
    assert not any(word in made for word in ("onclick", "onerror", "onload", "position", "<img", "<script", "<style"))
    assert html is None or made == html


def test_streamed_markdown_settles_by_paragraph():
    """Each settled paragraph is rendered once; a code fence is one piece; what is open stays text."""
    stream = Stream()
    text = "One **two**\n\n```py\na\n\nb\n```\n\nthree"
    made = [html for letter in text if (html := stream.feed(letter))]
    assert (made, stream.rest) == (
        ["<p>One <strong>two</strong></p>\n", "<pre><code>a\n\nb\n</code></pre>\n"],
        "three",
    )


@pytest.mark.parametrize("language", ["python", "sql", "json", "text"])
def test_highlighting_loses_nothing(language: str):
    """The coloured pieces join to the code again, also when it is no code at all."""
    for code in ("def f(x):\n    return 'a' + 1  # c\n", '{"a": [1, null]}', '\n\n  ½ \' """ )(', "\tx\n"):
        assert "".join(text for _, text in pieces(code, language)) == code


def test_highlighting_names_what_it_sees():
    """Keywords, names, strings, numbers and comments are told apart."""
    assert pieces("def f():  # c\n    return 1", "python") == [
        ("k", "def "),
        ("f", "f"),
        ("", "():  "),
        ("c", "# c\n    "),
        ("k", "return "),
        ("m", "1"),
    ]


def test_formulas_become_mathml_in_the_panel_and_stay_tex_elsewhere():
    """Between dollars and in TeX's brackets; dollars of money and of code are none."""
    text = "It costs $5 or $10; $a<b$, \\(x^2\\), `$x$`\n\n$$\nE = mc^2\n$$\n"
    panel, kept = to_html(text, math=True), to_html(text)
    assert panel.count("<math") == 3 and 'display="block"' in panel
    assert "It costs $5 or $10" in panel and "<code>$x$</code>" in panel and "<mo>&lt;</mo>" in panel
    assert "$a&lt;b$" in kept and "$x^2$" in kept and "<p>$$E = mc^2$$</p>" in kept and "<math" not in kept


@pytest.mark.parametrize(
    "tex", [r"\frac{", r"\text{<img src=x onerror=alert(1)>}", r"\text{<script>alert(1)</script>}"]
)
def test_a_formula_never_brings_another_element(tex: str):
    """What cannot be read, and what holds an element of its own, is shown as the TeX that it is."""
    html = to_html(f"${tex}$", math=True)
    assert "<img" not in html and "<script" not in html
    assert html.count("<math") <= 1


def test_mathml_that_somebody_writes_is_text():
    """Only what our own converter made is MathML."""
    assert "<math" not in to_html("<math><mi>x</mi></math>", math=True)


def test_a_long_formula_stays_tex():
    """A converter's time is not bounded by its size alone."""
    assert "<math" not in to_html(f"${'x' * 5000}$", math=True)
