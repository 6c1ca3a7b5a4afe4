"""The offline analyst answers from documents by quoting them with their places, and concludes nothing."""

from __future__ import annotations

import pytest

from aether_nb.events.messages import Message, Text, ToolCall, ToolSpec
from aether_nb.models.analyst.conversation import read_conversation
from aether_nb.models.analyst.replying import next_message
from aether_nb.models.base import Request

EMPTY = "The namespace holds no variables."
LONG = (
    "A sentence that is about nothing at all. " * 30
    + "\n\nThe needle rests before it is read.\n\n"
    + "More words. " * 90
)
FOUND = (
    "2 passages. Cite each that you use by its place in square brackets.\n\n"
    "1. [guide.md:3-9] Weighing (the document has changed since this was read)\nA bird is *weighed* once.\n> twice\n\n"
    "2. [paper.pdf, page 4]\n" + LONG + "\n\n3. [other.md]\nThird."
)
NOTHING = "Nothing relevant to 'x' is kept. Say so, or look elsewhere."


def said(prompt: str, *results: str, summary: str = EMPTY, offered: tuple[str, ...] = ("plan", "recall")) -> Message:
    """What the analyst says next, after these results of what it wanted."""
    tools = tuple(ToolSpec(name, "", {}) for name in (*offered, "run_python"))
    remembered = Text("\n\nWhat the user wants to be remembered:\n- kilograms", "recalled")
    messages = [Message("user", (Text(prompt), remembered, Text("\n\n", "schema"), Text(summary, "schema")))]
    for result in results:
        message = next_message(read_conversation(Request(tuple(messages), tools)))
        messages += [message, *(Message("tool", (Text("ok" if call.name == "plan" else result),), call_id=call.id)
                                for call in message.calls)]  # fmt: skip
    return next_message(read_conversation(Request(tuple(messages), tools)))


@pytest.mark.parametrize(("prompt", "query"), [
    ("According to the handbook, when is a bird weighed?", "when is a bird weighed?"),
    ("What do my field notes say about the scale?", "the scale?"),
    ("How are refunds booked?", "How are refunds booked?"),
])  # fmt: skip
def test_it_looks_up_what_is_asked(prompt: str, query: str) -> None:
    """Without a table, or when documents are spoken of, it is looked up, without the words about documents."""
    calls = said(prompt).calls
    assert [(call.name, call.arguments.get("query")) for call in calls] == [("plan", None), ("recall", query)]


def test_what_it_found_is_quoted_with_its_place() -> None:
    """Two passages, the rest by its place; a mark on what changed; of a long one the part with the question's words."""
    answer = said("According to the guide, does the needle rest?", FOUND).text
    assert answer.startswith("I am no language model, so I quote")
    assert (
        "> A bird is *weighed* once.\n> > twice\n\n— [guide.md:3-9] (the document has changed since it was read)"
        in answer
    )
    assert "The needle rests before it is read." in answer
    assert "— [paper.pdf, page 4]" in answer
    assert answer.endswith("See also [other.md].")
    assert len(answer) < 1_400


PAGE = (
    "Parameters\n----------\n"
    + "".join(f"by{n} : label\n    Which groups there are.\n" for n in range(30))
    + "\ndropna : bool\n    If group keys contain NA values, those\n    rows are dropped.\n\n"
    + "sort : bool\n    Sort group keys. `` ` ``\n" * 30
)


def test_a_quote_shows_what_was_asked_for_as_it_is_laid_out() -> None:
    """Rare words decide, and those that stand together; whole lines from their paragraph on; no Markdown of a page."""
    answer = said(
        "According to the docs, what of NA in the keys of a group?", f"1 passages.\n\n1. [g.rst:1-99]\n{PAGE}"
    )
    quote = answer.text.split("\n\n", 1)[1]
    assert quote.startswith(
        "> ```text\n> …\n> dropna : bool\n>     If group keys contain NA values, those\n>     rows are dropped.\n>\n"
    )
    assert quote.endswith(">     Sort group keys. `` ` ``\n> sort : bool\n> …\n> ```\n\n— [g.rst:1-99]")
    one = said("According to the docs, what of the keys?", "1 passages.\n\n1. [g.md:1-9]\n- the keys\n  - nested")
    assert one.text.endswith("> - the keys\n>   - nested\n\n— [g.md:1-9]")
    long = "Words without an end " * 60 + "the needle rests here " + "and on and on " * 60
    line = said("According to the docs, does the needle rest?", f"1 passages.\n\n1. [g.txt:1]\n{long}").text
    assert "needle rests here and on" in line and "\n> …\n" in line and len(line) < 800


def test_nothing_found_is_said() -> None:
    """Whoever asks about documents hears that they say nothing; who does not hears what he would have heard anyway."""
    assert said("According to the docs, how is bread baked?", NOTHING).text.startswith("Your documents say nothing")
    assert said("According to the docs, how?", "error: it broke").text.startswith("Your documents say nothing")
    plain = said("How is bread baked?", NOTHING).text
    assert plain.startswith("There is no pandas DataFrame")
    assert said("How is bread baked?", offered=()).text == plain


def test_what_is_remembered_is_no_part_of_the_question() -> None:
    """Facts and solutions that a run is given are not taken for what was typed, nor for the list of variables."""
    parts = (Text("How many rows?"), Text("\n\nremembered: 17 rows", "recalled"), Text("\n\ndf: pandas", "schema"))
    talk = read_conversation(Request((Message("user", parts),), ()))
    assert (talk.prompt, talk.summary) == ("How many rows?", "\n\ndf: pandas")
    assert ToolCall("", "recall", {}).name not in talk.tools
