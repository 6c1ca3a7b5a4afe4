"""What is typed for a cell in a kernel of its own."""

from __future__ import annotations

import io

import pytest

from aether_nb.jobs import own_kernel


@pytest.mark.parametrize(("typed", "sent"), [("yes\n", "yes"), ("\n", ""), ("yes", "yes"), ("", "\x04")])
def test_the_end_of_input_is_no_empty_line(typed: str, sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-D goes to the kernel as what it is, so that a gate is answered at once and not asked again."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert own_kernel._line() == sent
