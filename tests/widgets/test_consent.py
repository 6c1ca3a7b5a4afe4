"""How a yes that lasts is said to the person who gave it."""

from __future__ import annotations

import pytest

from aether_nb.events.kinds import Grant
from aether_nb.widgets.consent import grant


@pytest.mark.parametrize(
    ("rule", "covers"),
    [
        ("call:sha256:1", "this exact call"),
        ("folder:/w/out", "what it does in /w/out"),
        ("variables:df,other", "what changes only df, other"),
        ("tool", "every call of it"),
    ],
)
def test_what_a_yes_covers_is_said_in_words(rule: str, covers: str) -> None:
    """No rule and no hash."""
    told = grant(Grant("g1", "run_python", rule, "medium", "notebook", "panel"))
    assert (told["covers"], told["lasts"], told["risk"]) == (covers, "for this notebook", "medium")
