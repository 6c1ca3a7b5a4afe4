"""The ids of calls, from models that count from zero in every reply and from those that give none."""

from __future__ import annotations

from typing import Any

import pytest

from aether_nb.agent.naming import unique
from aether_nb.events.messages import Message, ToolCall


class Taken(dict[str, Any]):
    """The ids that a run has, which counts how often it is asked."""

    asked = 0

    def __contains__(self, id: object) -> bool:
        self.asked += 1
        return super().__contains__(id)


def ids(given: list[str], taken: dict[str, Any]) -> list[str]:
    """The ids of these calls in a run that has those."""
    message = Message("assistant", (), tuple(ToolCall(id, "look", {}) for id in given))
    return [call.id for call in unique(message, taken).calls]


@pytest.mark.parametrize(("given", "name"), [("call_0", "call_0"), ("", "call")])
def test_calls_of_one_id_are_numbered_in_their_order(given: str, name: str) -> None:
    """The first keeps the id, and each that comes later gets the next number, whether in one reply or in many."""
    taken: dict[str, Any] = {}
    for _ in range(20):
        taken |= dict.fromkeys(ids([given, given, given], taken))
    assert list(taken) == [name, *(f"{name}-{n}" for n in range(2, 61))]


def test_an_id_is_new_whatever_ids_a_model_has_made_up() -> None:
    """It may have used what looks like ours, also with gaps between; another id in the same reply stays as it is."""
    taken = dict.fromkeys(["a", "a-2", "a-4", "a-5", "a-16"])
    made = ids(["a", "b", "a", "a-4"], taken)
    assert made[1] == "b" and len(set(made)) == 4 and not taken.keys() & set(made)


def test_the_next_number_is_found_without_trying_them_all() -> None:
    """The thousandth call of an id costs hardly more than the first: a run is asked a few times which ids it has."""
    taken = Taken(dict.fromkeys(["call", *(f"call-{n}" for n in range(2, 1001))]))
    assert ids([""], taken) == ["call-1001"]
    assert taken.asked < 40
