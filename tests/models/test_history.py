"""Any history becomes one that every provider accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aether_nb.events.messages import Image, Message, Text, ToolCall
from aether_nb.models.history import INTERRUPTED, pictures_apart, repair

PNG = Image("image/png", "aGk=")


def user(text: str) -> Message:
    return Message.of("user", text)


def asks(*ids: str, text: str = "") -> Message:
    return Message.of("assistant", text, calls=tuple(ToolCall(id, "look", {}) for id in ids))


def result(id: str, text: str = "seen") -> Message:
    return Message.of("tool", text, call_id=id)


CASES = {
    "a sound history stays as it is": (
        [user("a"), asks("1"), result("1"), Message.of("assistant", "b")],
        [user("a"), asks("1"), result("1"), Message.of("assistant", "b")],
    ),
    "a call without a result gets one": (
        [user("a"), asks("1", "2"), result("2"), user("b")],
        [user("a"), asks("1", "2"), result("1", INTERRUPTED), result("2"), user("b")],
    ),
    "results stand behind their call, in its order": (
        [user("a"), asks("1", "2"), user("b"), result("2"), result("1")],
        [user("a"), asks("1", "2"), result("1"), result("2"), user("b")],
    ),
    "a result without its call is dropped": (
        [result("0"), user("a"), result("9"), Message.of("assistant", "b")],
        [user("a"), Message.of("assistant", "b")],
    ),
    "the first of two results counts": (
        [user("a"), asks("1"), result("1", "first"), result("1", "second")],
        [user("a"), asks("1"), result("1", "first")],
    ),
    "an id that is used again belongs to the latest call": (
        [user("a"), asks("1"), result("1", "old"), asks("1"), result("1", "new")],
        [user("a"), asks("1"), result("1", "old"), asks("1"), result("1", "new")],
    ),
    "who says nothing is left out, and neighbours become one": (
        [user("a"), Message("assistant", thinking="hm"), user(""), user("b")],
        [Message("user", (Text("a"), Text("b")))],
    ),
    "an assistant's text and calls become one turn": (
        [user("a"), Message.of("assistant", "b", thinking="x"), asks("1"), result("1")],
        [user("a"), Message.of("assistant", "b", calls=asks("1").calls, thinking="x"), result("1")],
    ),
    "an empty result is kept: its call needs it": (
        [user("a"), asks("1"), result("1", "")],
        [user("a"), asks("1"), result("1", "")],
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_repair(before: list[Message], after: list[Message]) -> None:
    """What an interrupt leaves behind is made acceptable, and nothing else is touched."""
    assert repair(before) == tuple(after)


MESSAGES = st.lists(
    st.one_of(
        st.builds(user, st.sampled_from(["", "a"])),
        st.builds(lambda ids, text: asks(*ids, text=text), st.sets(st.sampled_from("123")), st.sampled_from(["", "t"])),
        st.builds(result, st.sampled_from("1234")),
    ),
    max_size=12,
)


@given(MESSAGES)
def test_laws_of_repair(messages: list[Message]) -> None:
    """Whatever came before: each call has its result right behind it, no result strays, and a second repair is none."""
    repaired = repair(messages)
    expected: list[str] = []
    for message in repaired:
        if message.role == "tool":
            assert expected.pop(0) == message.call_id
        else:
            assert expected == []
            expected = [call.id for call in message.calls]
    assert expected == []
    assert repair(repaired) == repaired


def test_pictures_of_results_go_to_the_user_turn_behind_them() -> None:
    """Results keep their text; their pictures stand together behind the last result of the turn."""
    shown = Message("tool", (Text("a plot"), PNG), call_id="1")
    moved = Message("user", (Text("Pictures from the tool results above:"), PNG))
    before = [asks("1", "2"), shown, result("2"), user("next"), asks("3"), Message("tool", (PNG,), call_id="3")]
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
