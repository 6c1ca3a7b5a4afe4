"""Markdown that nobody vouches for, as HTML that is safe to show.

Raw HTML in it stays text, pictures become links (nothing is loaded from elsewhere without a click), links open apart
and tell nobody where they came from. Two walls: the parser writes no HTML it was given, and an allow-list of elements
cleans what it wrote. The panel adds a third of its own.

Formulas between dollar signs, or in the brackets of TeX, become MathML for the panel, which no other script has to
typeset; elsewhere they stay TeX, which JupyterLab and nbconvert typeset by themselves.
"""

from __future__ import annotations

from functools import cache
from typing import Any

TAGS = frozenset(
    {"a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"}
    | {"s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
TABLE_TAGS = TAGS | {"b", "caption", "div", "i", "small", "span", "sub", "sup", "tfoot"}
SCHEMES = frozenset({"http", "https", "mailto"})
GONE = frozenset({"script", "style", "title", "textarea", "noscript", "iframe", "svg", "math", "template"})
LONGEST = 200_000

MATH_TAGS = frozenset(
    {"math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "ms", "mspace"}
    | {"msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"}
)
FORMULA = 4_000
"""A longer formula stays TeX."""


def to_html(markdown: str, math: bool = False) -> str:
    """The HTML of a Markdown text, safe to insert.

    Args:
        markdown: The text.
        math: Formulas become MathML; else they stay TeX between dollar signs.
    """
    html = _parser().render(markdown[:LONGEST], {"math": math})
    return _clean(html, TAGS | MATH_TAGS if math else TAGS)


def clean_html(html: str) -> str:
    """HTML that an object of the user's made of itself (a table, as a rule), safe to insert."""
    return _clean(html, TABLE_TAGS)


class Stream:
    """Markdown that arrives piece by piece: what is settled becomes HTML once, the rest stays text.

    A paragraph is settled by the blank line after it, outside of a code fence, so that a long reply costs its length
    once and not again with every piece.
    """

    def __init__(self, math: bool = False) -> None:
        self.html: list[str] = []
        self.rest = ""
        self._math = math
        self._scanned = 0
        self._fenced = False

    def feed(self, text: str) -> str:
        """Take in more text.

        Returns:
            The HTML of what was settled by it, or nothing; ``rest`` is what follows.
        """
        self.rest += text
        end = self._settled()
        if not end:
            return ""
        done, self.rest = self.rest[:end], self.rest[end:]
        self._scanned -= end
        self.html.append(to_html(done, self._math))
        return self.html[-1]

    def _settled(self) -> int:
        """Where the settled part of the rest ends. Each whole line is looked at once."""
        end = 0
        while (stop := self.rest.find("\n", self._scanned)) >= 0:
            line = self.rest[self._scanned : stop].strip()
            self._scanned = stop + 1
            if line.startswith(("```", "~~~")):
                self._fenced = not self._fenced
            elif not line and not self._fenced:
                end = self._scanned
        return end


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.texmath import texmath_plugin

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.use(texmath_plugin, delimiters="brackets")
    parser.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    parser.add_render_rule("image", _image)
    for rule in ("math_inline", "math_inline_double", "math_block"):
        parser.add_render_rule(rule, _formula)
    return parser


def _formula(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A formula as MathML, or as the TeX that it is."""
    from html import escape

    token = tokens[index]
    tex, apart = token.content.strip(), token.type != "math_inline"
    made = _mathml(tex, apart) if env.get("math") and len(tex) <= FORMULA else ""
    sign = "$$" if apart else "$"
    shown = made or escape(f"{sign}{tex}{sign}")
    return f"<p>{shown}</p>\n" if token.type == "math_block" else shown


def _mathml(tex: str, apart: bool) -> str:
    """The formula as MathML; empty when it cannot be read."""
    from xml.etree import ElementTree

    from latex2mathml.converter import convert

    try:
        made = str(convert(tex, display="block" if apart else "inline"))
        names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(made).iter()}
    except Exception:  # noqa: BLE001  # a parser of what anybody wrote: what it cannot read is shown as it is
        return ""
    return made if names <= MATH_TAGS else ""  # a text in a formula may hold what reads like an element


def _image(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A picture as a link to it: looking at an answer must not tell a stranger that it was looked at."""
    from html import escape

    token = tokens[index]
    address = str(token.attrGet("src") or "")
    return f'<a href="{escape(address)}">{escape(token.content or address)}</a>'


def _clean(html: str, tags: frozenset[str]) -> str:
    import nh3

    return nh3.clean(
        html,
        tags=set(tags),
        clean_content_tags=set(GONE - tags),
        attributes={
            "a": {"href", "title"},
            "ol": {"start"},
            "th": {"colspan", "rowspan", "scope", "align", "style"},
            "td": {"colspan", "rowspan", "align", "style"},
            **({"math": {"display"}, "mo": {"stretchy"}, "mi": {"mathvariant"}} if "math" in tags else {}),
        },
        attribute_filter=_absolute,
        filter_style_properties={"text-align"},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


def _absolute(tag: str, name: str, value: str) -> str | None:
    """Drop links that lead to somewhere on the notebook's own server."""
    return None if name == "href" and value.partition(":")[0].lower() not in SCHEMES else value
