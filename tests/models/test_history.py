"""Any history becomes one that every provider accepts, and each part of it is written once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.events.messages import Image, Message, Origin, Text, ToolCall
from aether_nb.models.formats.history import INTERRUPTED, Block, Written, blocks, pictures_apart, repaired

PNG = Image("image/png", "aGk=")
SIGNED = Origin("p", {"signature": "x"})


def user(text: str) -> Message:
    return Message.of("user", text)


def asks(*ids: str, text: str = "") -> Message:
    return Message.of("assistant", text, calls=tuple(ToolCall(id, "look", {}) for id in ids))


def result(id: str, text: str = "seen") -> Message:
    return Message.of("tool", text, call_id=id)


def rules(text: str) -> Message:
    return Message.of("system", text)


def sent(messages: Sequence[Message], systems: bool = False) -> Block:
    """A whole history as it is sent: its blocks, repaired, one after the other."""
    return tuple(message for first, last in blocks(messages) for message in repaired(messages[first:last], systems))


CASES = {
    "a sound history stays as it is": (
        [user("a"), asks("1"), result("1"), Message.of("assistant", "b")],
        [user("a"), asks("1"), result("1"), Message.of("assistant", "b")],
    ),
    "a call without a result gets one": (
        [user("a"), asks("1", "2"), result("2"), user("b")],
        [user("a"), asks("1", "2"), result("1", INTERRUPTED), result("2"), user("b")],
    ),
    "an interrupt at the very end": ([user("a"), asks("1")], [user("a"), asks("1"), result("1", INTERRUPTED)]),
    "results stand behind their call, in its order": (
        [user("a"), asks("1", "2"), user("b"), result("2"), result("1")],
        [user("a"), asks("1", "2"), result("1"), result("2"), user("b")],
    ),
    "a result without its call is dropped": (
        [result("0"), user("a"), result("9"), Message.of("assistant", "b")],
        [user("a"), Message.of("assistant", "b")],
    ),
    "a result before its call is none": (
        [result("1", "early"), asks("1"), result("1", "late")],
        [asks("1"), result("1", "late")],
    ),
    "a result that comes when the assistant has spoken again is too late": (
        [user("a"), asks("1"), user("b"), Message.of("assistant", "c"), result("1")],
        [user("a"), asks("1"), result("1", INTERRUPTED), user("b"), Message.of("assistant", "c")],
    ),
    "the first of two results counts": (
        [user("a"), asks("1"), result("1", "first"), result("1", "second")],
        [user("a"), asks("1"), result("1", "first")],
    ),
    "an id that is used again belongs to the latest call": (
        [user("a"), asks("1"), result("1", "old"), asks("1"), result("1", "new")],
        [user("a"), asks("1"), result("1", "old"), asks("1"), result("1", "new")],
    ),
    "an id that stands twice in one message stands once": (
        [user("a"), asks("1", "1"), result("1")],
        [user("a"), asks("1"), result("1")],
    ),
    "two interrupted assistants in a row each get their results": (
        [user("a"), asks("1"), asks("2"), result("2")],
        [user("a"), asks("1"), result("1", INTERRUPTED), asks("2"), result("2")],
    ),
    "who says nothing is left out, and neighbours become one": (
        [user("a"), Message("assistant", thinking="hm"), user(""), user("b")],
        [Message("user", (Text("a"), Text("b")))],
    ),
    "an assistant's text and calls become one turn": (
        [user("a"), Message.of("assistant", "b", thinking="x"), asks("1"), result("1")],
        [user("a"), Message.of("assistant", "b", calls=asks("1").calls, thinking="x"), result("1")],
    ),
    "two signed messages become one that is not": (
        [Message.of("assistant", "a", origin=SIGNED), Message.of("assistant", "b", origin=SIGNED)],
        [Message("assistant", (Text("a"), Text("b")))],
    ),
    "an empty result is kept: its call needs it": (
        [user("a"), asks("1"), result("1", "")],
        [user("a"), asks("1"), result("1", "")],
    ),
    "system messages are taken out": (
        [rules("a"), user("b"), asks("1"), rules("c"), result("1")],
        [user("b"), asks("1"), result("1")],
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_repair(before: list[Message], after: list[Message]) -> None:
    """What an interrupt leaves behind is made acceptable, and nothing else is touched."""
    assert sent(before) == tuple(after)


def test_the_pieces_of_one_text_are_sent_as_one() -> None:
    """A text that is cut by what its pieces show of the data is sent whole; what a person typed stays apart."""
    pieces = (
        Text("- a: int", "schema"),
        Text(", 2 distinct", "statistics", ("df.a",)),
        Text(": 1, 2", "rows", ("df.a",)),
    )
    (whole,) = sent([Message("user", (Text("how many?"), *pieces, PNG, pieces[0]))])
    assert [part.text if isinstance(part, Text) else "" for part in whole.parts] == [
        "how many?",
        "- a: int, 2 distinct: 1, 2",
        "",
        "- a: int",
    ]
    assert sent([asks("1"), Message("tool", pieces, call_id="1")])[1].text == "- a: int, 2 distinct: 1, 2"


def test_system_messages_in_their_places() -> None:
    """Where a format takes them anywhere they stay, but never between a call and its result."""
    before = [rules("a"), user("b"), asks("1"), rules("c"), result("1"), rules("d")]
    assert sent(before, systems=True) == (
        rules("a"),
        user("b"),
        asks("1"),
        result("1"),
        Message("system", (Text("c"), Text("d"))),
    )


MESSAGES = st.lists(
    st.one_of(
        st.builds(user, st.sampled_from(["", "a"])),
        st.builds(lambda ids, text: asks(*ids, text=text), st.lists(st.sampled_from("123"), max_size=3),
                  st.sampled_from(["", "t"])),
        st.builds(result, st.sampled_from("1234"), st.sampled_from(["", "x", "y"])),
        st.builds(rules, st.sampled_from(["", "r"])),
    ),
    max_size=14,
)  # fmt: skip


@given(MESSAGES, st.booleans())
def test_laws_of_repair(messages: list[Message], systems: bool) -> None:
    """Each call has exactly one result right behind it, none strays, speakers take turns, a second repair is none."""
    whole = sent(messages, systems)
    expected: list[str] = []
    for message in whole:
        if message.role == "tool":
            assert expected.pop(0) == message.call_id
        else:
            assert expected == []
            expected = [call.id for call in message.calls]
            assert len(set(expected)) == len(expected)
            assert message.calls or message.text
    assert expected == []
    speakers = [message.role for message in whole if message.role != "tool"]
    pairs = [(a, b) for a, b in pairwise(whole) if a.role == b.role != "tool"]
    assert pairs == []
    assert systems or "system" not in speakers
    assert sent(whole, systems) == whole


def plainly(block: Block) -> list[bytes]:
    return [repr(message).encode() for message in block]


@given(MESSAGES, MESSAGES, st.booleans())
def test_writing_bit_by_bit(messages: list[Message], others: list[Message], systems: bool) -> None:
    """Written turn by turn, beside another conversation, a history is what it is when it is written at once."""
    written = Written(plainly, systems)
    for size in range(max(len(messages), len(others)) + 1):
        for history in (tuple(messages[:size]), tuple(others[:size])):
            assert written.pieces(history) == Written(plainly, systems).pieces(history)
            assert written.pieces(history)[1] == plainly(sent(history, systems))


@given(MESSAGES, st.integers(0, 14), MESSAGES)
def test_a_changed_past(messages: list[Message], keep: int, instead: list[Message]) -> None:
    """After a compaction, or any other change of what was, the new history is written and nothing of the old."""
    written = Written(plainly)
    written.pieces(tuple(messages))
    for history in ((*messages[:keep], *instead), (*instead, *messages[keep:]), tuple(messages)):
        assert written.pieces(history)[1] == plainly(sent(history))


def test_each_block_is_written_once() -> None:
    """A turn costs one block, however long the history is, when two conversations take turns; at first one more."""
    seen: list[Block] = []

    def write(block: Block) -> list[bytes]:
        seen.append(block)
        return plainly(block)

    written = Written(write)
    histories: list[tuple[Message, ...]] = [(rules("r"), user("a")), (rules("r"), user("b"))]
    counts = []
    for turn in range(40):
        for place, history in enumerate(histories):
            before = len(seen)
            written.pieces(history)
            counts.append(len(seen) - before)
            histories[place] = (*history, asks(f"{turn}"), result(f"{turn}", "x" * turn))
    assert set(counts[:4]) <= {1, 2}
    assert set(counts[4:]) == {1}
    before = len(seen)
    written.pieces(histories[0][:-2])
    assert len(seen) == before  # asked again, as it was


def test_what_cannot_be_written_leaves_nothing_behind() -> None:
    """When a block cannot be written the error comes through, and what is written afterwards is whole."""
    broken = asks("9")

    def write(block: Block) -> list[bytes]:
        if broken in block:
            raise TypeError("no JSON")
        return plainly(block)

    written = Written(write)
    history = (user("a"), asks("1"), result("1"), asks("2"), result("2"))
    with pytest.raises(TypeError):
        written.pieces((*history, broken))
    assert written.pieces(history)[1] == plainly(sent(history))


def test_system_messages_of_a_long_history() -> None:
    """System messages are handed out in order, wherever they stood, also those of blocks that were written before."""
    written = Written(plainly)
    history: tuple[Message, ...] = (rules("a"), user("b"))
    written.pieces(history)
    history = (*history, asks("1"), rules("c"), result("1"), Message.of("assistant", "d"), rules("e"), user("f"))
    for size in range(3, len(history) + 1):
        written.pieces(history[:size])
    assert written.pieces(history)[0] == (rules("a"), rules("c"), rules("e"))


def test_pictures_of_results_go_to_the_user_turn_behind_them() -> None:
    """Results keep their text; their pictures stand together behind the last result of the turn."""
    shown = Message("tool", (Text("a plot"), PNG), call_id="1")
    moved = Message("user", (Text("Pictures from the tool results above:"), PNG))
    before: Iterable[Message] = [
        asks("1", "2"), shown, result("2"), user("next"), asks("3"), Message("tool", (PNG,), call_id="3"),
    ]  # fmt: skip
    assert list(pictures_apart(before)) == [
        asks("1", "2"),
        result("1", "a plot"),
        result("2"),
        moved,
        user("next"),
        asks("3"),
        Message("tool", (), call_id="3"),
        moved,
    ]
