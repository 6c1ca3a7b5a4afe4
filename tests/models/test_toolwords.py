"""Calls are found in a model's words however these are cut, and their markup is never shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_nb.models.words.toolwords import ToolWords

TOOLS: dict[str, dict[str, Any]] = {
    "look": {"properties": {"x": {"type": "integer"}, "what": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
    "send": {},
}
NAMES = tuple(TOOLS)
FENCE = "```"
LOOK = '{"name": "look", "arguments": {"x": 1}}'
SEND = '{"name": "send", "arguments": {}}'
LOOKED: tuple[str, dict[str, Any]] = ("look", {"x": 1})
SENT: tuple[str, dict[str, Any]] = ("send", {})


class Read(NamedTuple):
    """What was read: text, calls, what is wrong."""

    text: str
    calls: Sequence[tuple[str, Any]] = ()
    faults: Sequence[str] = ()
    invented: bool = False


def read(pieces: Sequence[str], cut: bool = False, unmarked: bool = True) -> tuple[Read, str]:
    """What is read of an answer in these pieces, and what is shown of its calls meanwhile."""
    words = ToolWords(TOOLS, unmarked)
    deltas = [*(words.feed(piece) for piece in pieces), words.close(cut)]
    assert "".join(text for text, _ in deltas) == words.text
    assert len({call.id for call in words.calls}) == len(words.calls)
    calls = [(call.name, call.arguments) for call in words.calls]
    return Read(words.text, calls or (), words.faults or (), words.invented), "".join(call for _, call in deltas)


def fenced(body: str, info: str = "tool_call") -> str:
    return f"{FENCE}{info}\n{body}\n{FENCE}\n"


FOUND: dict[str, tuple[str, Read]] = {
    "a block": (fenced(LOOK), Read("", [LOOKED])),
    "text before": (f"Let me look.\n\n{fenced(LOOK)}", Read("Let me look.", [LOOKED])),
    "text between and behind": (
        f"{fenced(LOOK)}and\n{fenced(SEND)}Done.\n",
        Read("and\n\nDone.", [LOOKED, SENT]),
    ),
    "a block on one line": (f"So {FENCE}tool_call {LOOK}{FENCE}", Read("So", [LOOKED])),
    "a block in a line": (f"So: {fenced(LOOK)}", Read("So:", [LOOKED])),
    "several in a block": (fenced(f"{LOOK}\n{SEND}"), Read("", [LOOKED, SENT])),
    "a list in a block": (fenced(f"[{LOOK}, {SEND}]"), Read("", [LOOKED, SENT])),
    "no closing fence": (f"{FENCE}tool_call\n{LOOK}", Read("", [LOOKED])),
    "no closing fence, then text": (f"{FENCE}tool_call\n{LOOK}\nNow I wait.", Read("Now I wait.", [LOOKED])),
    "half a closing fence": (f"{FENCE}tool_call\n{LOOK}\n``", Read("", [LOOKED])),
    "tags": (f"Hm.\n<tool_call>\n{LOOK}\n</tool_call>\n<tool_call>\n{SEND}\n</tool_call>", Read("Hm.", [LOOKED, SENT])),
    "code behind a call": (
        f"Hm. <tool_call>{LOOK}</tool_call>\n{fenced(f'<tool_call>{SEND}</tool_call>', 'python')}",
        Read(f"Hm. \n{fenced(f'<tool_call>{SEND}</tool_call>', 'python')}".rstrip(), [LOOKED]),
    ),
    "tags in a line": (f"Hm. <tool_call>{LOOK}</tool_call> Yes.", Read("Hm. Yes.", [LOOKED])),
    "no closing tag": (f"<tool_call>{LOOK}", Read("", [LOOKED])),
    "half a closing tag": (f"<tool_call>{LOOK}</tool_c", Read("", [LOOKED])),
    "a closing tag without its end": (f"<tool_call>{LOOK}</tool_call\nYes.", Read("Yes.", [LOOKED])),
    "a closing tag without its slash": (f"<tool_call>{LOOK}<tool_call>", Read("", [LOOKED])),
    "tags without closing ones between": (f"<tool_call>\n{LOOK}\n<tool_call>\n{SEND}", Read("", [LOOKED, SENT])),
    "a fence in tags": (f"<tool_call>\n{fenced(LOOK, 'json')}</tool_call>\nEnd", Read("End", [LOOKED])),
    "the end in a string": (
        '<tool_call>{"name": "look", "arguments": {"x": "a</tool_call>}\\"```\n```\n"}}</tool_call>',
        Read("", [("look", {"x": 'a</tool_call>}"```\n```\n'})]),
    ),
    "a missing bracket": (f"<tool_call>{LOOK[:-1]}", Read("", [LOOKED])),
    "a missing bracket before a closing tag": (f"<tool_call>\n{LOOK[:-2]}\n</tool_call>\nk", Read("k", [LOOKED])),
    "a missing bracket before a fence": (f"{FENCE}tool_call\n{LOOK[:-1]}\n{FENCE}\nk", Read("k", [LOOKED])),
    "a bracket too many": (f"<tool_call>{LOOK}}}</tool_call>", Read("", [LOOKED])),
    "a named tag": ('x <function=look>{"x": 1}</function><function=send></function>', Read("x", [LOOKED, SENT])),
    "a named tag of Groq": ('<function=look={"x": 1}</function>', Read("", [LOOKED])),
    "a named tag in tags": ('<tool_call>\n<function=look>{"x": 1}</function>\n</tool_call>', Read("", [LOOKED])),
    "tags for arguments": (
        "<tool_call>\n<function=look>\n<parameter=x>\n1\n</parameter>\n<parameter=what>\n12\n3\n</parameter>\n"
        "</function>\n</tool_call>\nk",
        Read("k", [("look", {"x": 1, "what": "12\n3"})]),
    ),
    "a fence in a tag for an argument": (
        "<function=look><parameter=what>\n```\ncode\n```\n</parameter></function>",
        Read("", [("look", {"what": "```\ncode\n```"})]),
    ),
    "tags for arguments, not closed": (
        "So: <function=look>\n<parameter=x>\nmany\n<parameter=y>{1}</parameter>",
        Read("So:", [("look", {"x": "many", "y": "{1}"})]),
    ),
    "a JSON block": (f"So:\n{fenced(LOOK, 'json')}ok", Read("So:\n\nok", [LOOKED])),
    "a JSON block as OpenAI writes": (
        fenced(
            '{"tool_calls": [{"id": "a", "type": "function", "function": {"name": "send", "arguments": "{}"}}]}', ""
        ),
        Read("", [SENT]),
    ),
    "all of the answer": (f"\n{LOOK}\n", Read("", [LOOKED])),
    "all of the answer, a list": (f"[{LOOK}, {SEND}]", Read("", [LOOKED, SENT])),
    "all of the answer, several": (f"{LOOK}; {SEND}", Read("", [LOOKED, SENT])),
    "all of the answer, with a closing tag": (f"{LOOK}\n</tool_call>", Read("", [LOOKED])),
    "parameters": ('{"type": "function", "name": "look", "parameters": {"x": 1}}', Read("", [LOOKED])),
    "arguments in a string": (fenced('{"name": "look", "arguments": "{\\"x\\": 1}"}'), Read("", [LOOKED])),
    "no arguments": (fenced('{"name": "send"}'), Read("", [SENT])),
    "null for arguments": (fenced('{"name": "send", "arguments": null}'), Read("", [SENT])),
    "behind thinking that only ends": (f"Hm.\n</think>\n\n{LOOK}", Read("Hm.\n</think>", [LOOKED])),
    "slips": (
        fenced('{"name": "look", "arguments": {"x": "a\nb\\d", },}'),
        Read("", [("look", {"x": "a\nb\\d"})]),
    ),
    "more slips": (
        fenced(r'{"name": "look", "arguments": {"a": "it\'s", "b": "\u12", "c": "\n", "d": NaN,},}'),
        Read("", [("look", {"a": "it's", "b": "\\u12", "c": "\n", "d": None})]),
    ),
    "behind thinking": (
        f"<think>{LOOK} <tool_call></think>\n{LOOK}",
        Read(f"<think>{LOOK} <tool_call></think>", [LOOKED]),
    ),
    "an invented result": (
        f'{fenced(LOOK)}<tool_result id="1">3</tool_result>\nSo it is 3. {fenced(SEND)}',
        Read("", [LOOKED], (), True),
    ),
}
UNREADABLE: dict[str, tuple[str, Read]] = {
    "no JSON": (
        f"Hm.\n{fenced('look(x=1)')}rest",
        Read("Hm.\n\nrest", (), ["it is no valid JSON: Expecting value near 'look(x=1)'"]),
    ),
    "nothing": (f"{FENCE}tool_call\n{FENCE}\nrest", Read("rest", (), ["it holds no call"])),
    "a string that breaks off": (f'A <tool_call>{LOOK[:-4]}"abc', Read("A", (), ["it breaks off inside a string"])),
    "a string that breaks off, unmarked": (
        '{"name": "look", "arguments": {"x": "abc',
        Read("", (), ["it breaks off inside a string"]),
    ),
    "bad JSON, unmarked": (
        '{"name": "look", "arguments": {\'x\': 1}}',
        Read(
            "",
            (),
            [
                "it is no valid JSON: Expecting property name enclosed in double quotes near "
                "'ook\", \"arguments\": {\\'x\\': 1}}'"
            ],
        ),
    ),
    "a tag for nobody": (
        "<tool_call>\n<function=!>\n</tool_call>",
        Read("", (), ["it is no valid JSON: Expecting value near '<function=!>\\n'"]),
    ),
    "an unknown tool": (
        fenced('{"name": "foo", "arguments": {}}'),
        Read("", (), ["there is no tool 'foo'; there are: look, send"]),
    ),
    "no name": (fenced('{"arguments": {}}'), Read("", (), ['it has no "name"'])),
    "arguments beside": (fenced('{"name": "look", "x": 1}'), Read("", (), ['it has no "arguments"'])),
    "arguments that are none": (
        fenced('{"name": "look", "arguments": [1]}'),
        Read("", (), ['its "arguments" are no JSON object']),
    ),
    "no object": (fenced("[1]"), Read("", (), ["it is no JSON object"])),
    "JSON and more": (
        f"<tool_call>{SEND}, yes</tool_call>",
        Read("", (), ["it is no valid JSON: Expecting value near ', \"arguments\": {}}, yes'"]),
    ),
    "one of two": (fenced(LOOK) + fenced("{}"), Read("", [LOOKED], ['it has no "name"'])),
}
TEXT = {
    "prose": "Hello.\n\nTwo  spaces, a < b, `x`, ``y``.  \n",
    "nothing": "",
    "white space": "  \n ",
    "a fence in prose": f"I write a {FENCE}tool_call block, or {FENCE}tool_call",
    "a fence that begins a line of prose": f"{FENCE}tool_call blocks are what I write.\n",
    "tags in prose": "Between <tool_call> and </tool_call>.\n<tool_call> is a tag, <function=look> too.",
    "tags in code": f"`<tool_call>{LOOK}</tool_call>` and `<function=look>{{}}</function>`",
    "code": "So:\n" + fenced(f"print(1)\n<tool_call>\n{LOOK}\n</tool_call>", "python") + "ok",
    "code in a longer fence": f"````markdown\n{fenced(LOOK)}````\nok",
    "code that is not closed": f"{FENCE}python\n<tool_call>{LOOK}</tool_call>",
    "code on one line": f"{FENCE}x{FENCE} y",
    "a long line behind a fence": f"{FENCE}{'a ' * 60}\n{LOOK}\n",
    "data": fenced('{"rows": [1, 2]}', "json"),
    "data with a name": fenced('{"name": "Ada", "age": 36}', "json"),
    "data with a tool's name": fenced('{"name": "look", "age": 36}', "json"),
    "a call and more in a JSON block": fenced(LOOK + "\n{", "json") + "ok",
    "data with a name that is none": fenced('{"name": ["look"]}', "json") + '{"name": {"look": 1}}',
    "a list of a call and data": f"[{LOOK}, 1]",
    "an empty list of calls": '{"tool_calls": []}',
    "data that breaks off": '{"name": "look", "age": "thirty',
    "data that is no JSON": '{"name": "look", "age": thirty}',
    "a JSON block that goes on": fenced(f"{LOOK}\nis a call", "json") + "ok",
    "an unknown name": '{"name": "foo", "arguments": {}}',
    "a call and more": f"{LOOK} is what I would write.",
    "a list": "[1, 2]",
    "half a fence": FENCE,
    "half a tag": "a <tool_cal",
    "a tool's result": 'You said <tool_result id="1">.',
}


@pytest.mark.parametrize(("answer", "wanted"), FOUND.values(), ids=FOUND.keys())
def test_calls_are_found(answer: str, wanted: Read) -> None:
    """A call in any of the known forms is found, and the text beside it is kept."""
    assert read([answer])[0] == wanted


@pytest.mark.parametrize(("answer", "wanted"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_wrong_is_told(answer: str, wanted: Read) -> None:
    """A call that cannot be read is no text; what is wrong with it is told precisely."""
    assert read([answer])[0] == wanted


@pytest.mark.parametrize("answer", TEXT.values(), ids=TEXT.keys())
def test_text_stays_text(answer: str) -> None:
    """What only looks like a call is text, to the letter."""
    assert read([answer]) == (Read(answer), "")


ANSWERS = [answer for answer, _ in (*FOUND.values(), *UNREADABLE.values())] + list(TEXT.values())


@pytest.mark.parametrize("answer", ANSWERS, ids=[*FOUND, *UNREADABLE, *TEXT])
def test_every_cut_is_the_same(answer: str) -> None:
    """Letter by letter, or cut in two anywhere, an answer reads the same and shows the same."""
    whole = read([answer])
    assert read(list(answer)) == whole
    assert [read([answer[:place], answer[place:]]) for place in range(len(answer))] == [whole] * len(answer)


BITS = st.sampled_from(
    [
        *(f"{FENCE}tool_call\n", f"{FENCE}json\n", f"{FENCE}python\n", f"\n{FENCE}\n", FENCE, "`", "<tool_call>"),
        *(
            "</tool_call>",
            "<tool_call",
            "</tool",
            "<function=look>",
            "</function>",
            "<think>",
            "</think>",
            "<tool_result",
        ),
        *(LOOK, SEND, LOOK[:-1], '{"name": "foo"}', '{"a": [1, "}"', '"', "{", "}", "[", "]", "\\", ",", ";"),
        *("\n", " ", "  \n", "look", "Well, ", "ünï ✓", "<", ">", "/", "=", "~", "*" * 70),
    ]
)


@given(
    st.lists(BITS, max_size=12).map("".join), st.lists(st.integers(0, 400), max_size=8), st.booleans(), st.booleans()
)
def test_any_answer_in_any_pieces(answer: str, places: list[int], cut: bool, unmarked: bool) -> None:
    """Whatever a model writes and however it is cut, it reads the same; without calls and faults it is text."""
    marks = [0, *sorted({place for place in places if place < len(answer)}), len(answer)]
    whole = read([answer], cut, unmarked)
    assert read([answer[a:b] for a, b in pairwise(marks)], cut, unmarked) == whole
    assert read(list(answer), cut, unmarked) == whole


PROSE = st.text(alphabet=st.sampled_from("abc .,:\nü"), max_size=30).filter(lambda text: text.strip())
ARGUMENTS = st.dictionaries(st.text(max_size=5), st.text(alphabet='`<>/{}[]"\\\n tool_call', max_size=20), max_size=3)


@settings(max_examples=30)
@given(
    PROSE,
    st.lists(st.tuples(st.sampled_from(NAMES), ARGUMENTS, st.sampled_from(["fence", "tag"])), min_size=1),
    st.data(),
)
def test_no_markup_is_shown(prose: str, calls: list[tuple[str, Any, str]], data: st.DataObject) -> None:
    """Of text and calls in any form and any pieces, exactly the text is shown and exactly the calls are taken."""
    import json

    answer = prose + "\n"
    for name, arguments, form in calls:
        body = json.dumps({"name": name, "arguments": arguments})
        answer += fenced(body) if form == "fence" else f"<tool_call>\n{body}\n</tool_call>\n"
    size = data.draw(st.integers(1, 9))
    pieces = [answer[place : place + size] for place in range(0, len(answer), size)]
    assert read(pieces)[0] == Read(prose.rstrip(), [(name, arguments) for name, arguments, _ in calls])


def test_a_cut_call_is_left_out() -> None:
    """A call that the length limit cut off is neither taken, nor shown, nor complained about."""
    for answer in (
        f"Hm.\n{FENCE}tool_call\n{LOOK[:-1]}",
        "Hm. <tool_call>",
        f"Hm.\n<tool_call>{LOOK[:20]}",
        "Hm. <function=look><parameter=x>1",
    ):
        words = ToolWords(TOOLS)
        words.feed(answer)
        words.close(cut=True)
        assert (words.text, words.calls, words.faults, words.cut) == ("Hm.", [], [], True)


@pytest.mark.parametrize("levels", [100, 50_000])
def test_nesting_without_end_is_unreadable(levels: int) -> None:
    """JSON that is nested too deeply to be read, or to be written down again, is a fault like any other."""
    answer = '<tool_call>{"name": "look", "arguments": ' + "[" * levels + "]" * levels + "}</tool_call>"
    assert read([answer])[0] == Read("", (), ["it is nested too deeply"])


def test_unmarked_calls_may_be_ruled_out() -> None:
    """Where the answer is to be JSON, only what is marked is a call."""
    assert read([LOOK], unmarked=False)[0] == Read(LOOK)
    assert read([fenced(LOOK, "json")], unmarked=False)[0] == Read(fenced(LOOK, "json"))
    assert read([fenced(LOOK)], unmarked=False)[0] == Read("", [LOOKED])


def test_text_is_shown_at_once() -> None:
    """Text that can begin no call does not wait for what follows."""
    words = ToolWords(TOOLS)
    pieces = ["So", " it", " is", ":\n", "a <", " b", "\n```py", "thon\n", "x = 1\n", "```\n"]
    assert [words.feed(piece)[0] for piece in pieces] == [
        *("So", " it", " is", ":", "\na", " < b", "", "\n```python", "\nx = 1", "\n```"),
    ]


def test_a_call_shows_how_it_takes_shape() -> None:
    """The arguments of a marked call are shown as they come, with a line break between calls."""
    words = ToolWords(TOOLS)
    pieces = ["<tool_call>", '{"name": "se', 'nd"}', "</tool_call><function=look>", '{"x":', "1}"]
    assert [words.feed(piece)[1] for piece in pieces] == ["", '{"name": "se', 'nd"}', "", '\nlook {"x":', "1}"]
