"""Names behind ``@`` and in braces, as IPython's completer asks for them."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from aether_nb.live.mentions.completing import Names

SPACE = {"df": 1, "data": [1], "draw": lambda: 1, "math": math, "hidden": 2, "_private": 3}


def offered(cell: str) -> list[str]:
    """What may stand at the end of a cell."""
    shell = SimpleNamespace(user_ns=dict(SPACE), user_ns_hidden={"hidden": SPACE["hidden"]})
    line = cell.rpartition("\n")[2]
    context = SimpleNamespace(full_text=cell, line_with_cursor=line, cursor_position=len(line))
    found = Names(shell).matcher(context)
    return [one.text for one in found["completions"]]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("%%aether\nSee @d", ["data", "df", "draw"]),
        ("%%aether\n@", ["data", "df", "draw"]),
        ("%%aether\nIs {d", ["data", "df", "draw"]),
        ("%%aether\nIs {len(da", ["data"]),
        ("%%aether\nIs {1 + d", ["data", "df", "draw"]),
        ("%%aether\nIs $`da", ["data"]),
        ("%%aether\nUse &`d", ["draw"]),
        ("%%aether\nmail me@d", []),
        ("%%aether\nIs {df} in d", []),
        ("%%aether\nPlain d", []),
        ("print(@d", []),
        ("%%aether\n@math", []),
    ],
)
def test_only_what_is_begun_in_a_question_is_completed(cell: str, names: list[str]) -> None:
    """The user's own names, functions behind &, and nothing in prose, in mail addresses, or in other cells."""
    assert offered(cell) == names
