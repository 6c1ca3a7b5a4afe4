"""Keys in records that are given away."""

from __future__ import annotations

import pytest

from aether_nb.events import kinds as k
from aether_nb.events.masking import MASK, known_keys, masked, masked_event
from harness.agent import call


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("key sk-proj-abcdefghijklmnop1234 here", "key *** here"),
        ("ghp_abcdefghijklmnopqrstuvwxyz012345", "***"),
        ("AKIAABCDEFGHIJKLMNOP", "***"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer ***"),
        ("postgres://anna:geheim@host/db", "postgres://***@host/db"),
        ("?api_key=abcdef123&x=1", "?api_key=***&x=1"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "***\nrest"),
        ("mine is geheimgeheim!", "mine is ***!"),
        ("sha256:" + "0a" * 32, "sha256:" + "0a" * 32),
        ("df.sales.sum() # task-based, monkey", "df.sales.sum() # task-based, monkey"),
    ],
)
def test_keys_are_made_unreadable_and_the_rest_stays(text: str, left: str) -> None:
    """What is known to be a key, and what looks like one; hashes and words stay."""
    assert masked(text, ("geheimgeheim",)) == left
    assert masked({text: [text, 1, None]}, ("geheimgeheim",)) == {left: [left, 1, None]}


def test_keys_of_the_environment_are_known_by_their_names() -> None:
    """Variables that say so, when their values are long enough to be keys; the longest first."""
    environment = {"OPENAI_API_KEY": "abcdefgh", "MY_TOKEN": "abcdefghij", "PASSWORD": "short", "HOME": "/home/anna"}
    assert known_keys(environment) == ("abcdefghij", "abcdefgh")


def test_an_event_keeps_its_kind_and_loses_its_keys() -> None:
    """Whatever field a key stands in; an event without one is the very same."""
    event = k.CallProposed(call("run_python", code="x = 'sk-abcdefghijklmnopqrst'"), "h", "low", "namespace")
    hidden = masked_event(event, ())
    assert isinstance(hidden, k.CallProposed)
    assert hidden.call.arguments["code"] == f"x = '{MASK}'"
    plain = k.RunStarted("q", "m")
    assert masked_event(plain, ("another",)) is plain
