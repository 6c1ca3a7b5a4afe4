"""Laws of the mapping that folds keep their calls in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aether_nb.events.table import Table

PUTS = st.lists(st.tuples(st.sampled_from([f"c{n}" for n in range(60)]), st.integers()), max_size=150)


@given(PUTS)
def test_it_is_what_a_dict_would_be(puts: list[tuple[str, int]]) -> None:
    """After any puts it has the same names, in the same order, with the same values; older tables stay as they were."""
    table: Table[int] = Table()
    plain: dict[str, int] = {}
    for name, value in puts:
        before, copy = table, dict(plain)
        table, plain[name] = table.put(name, value), value
        assert dict(before) == copy
    assert (list(table), dict(table), len(table)) == (list(plain), plain, len(plain))
    assert repr(table) == f"Table({plain!r})"
    assert all(name in table for name in plain) and "c99" not in table and table.get("c99") is None


def test_many_names_and_one_of_the_first_again() -> None:
    """What was put long ago keeps its place when it is put again."""
    table: Table[int] = Table()
    for n in range(40):
        table = table.put(f"c{n}", n)
    table = table.put("c0", 99)
    assert (list(table), table["c0"], len(table)) == ([f"c{n}" for n in range(40)], 99, 40)
