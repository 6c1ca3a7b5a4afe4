"""What a model is told after a restart."""

from __future__ import annotations

from aether_nb.events import kinds as k
from aether_nb.events.telling import told


def test_what_the_model_is_told():
    """What is gone comes first, then what differs, then what is back; long lists are cut."""
    gone, other = k.Gone("a", "its file is lost", "c1"), k.Gone("df", "the user changed it")
    text = told(k.NamespaceRestored(("x",), tuple(f"y{n}" for n in range(42)), (gone,) * 41, (other,)))
    lines = text.splitlines()
    assert lines[1] == "These variables are gone; do not use them without making them again:"
    assert lines[2] == "- a: its file is lost (made by call c1)"
    assert lines[42] == "- and 1 more"
    assert lines[44] == "- df: the user changed it"
    assert lines[45] == "Back, loaded as they were: x."
    assert lines[46].endswith("y39 and 2 more.")
    assert told(k.NamespaceRestored()).endswith("All variables that it needs are as they were.")


def test_a_restart_that_lost_nothing_is_said_in_a_line():
    """Nothing to load, nothing gone: the model need not doubt anything."""
    assert told(k.NamespaceRestored()).endswith("All variables that it needs are as they were.")
