"""A sequence that grows without being copied is, for whoever reads it, a tuple."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aether_nb.events import kinds as k
from aether_nb.events.folds import fold
from aether_nb.events.growing import Growing

VALUES = st.lists(st.integers(), max_size=6)


@given(VALUES, VALUES, VALUES)
def test_two_that_grow_from_one_do_not_see_each_other(first: list[int], left: list[int], right: list[int]) -> None:
    """Whatever is added to either, all three hold what they were given, in order, also in part and from behind."""
    start = Growing(first)
    one, two = start.plus(*left), start.plus(*right)
    assert (start, one, two) == (tuple(first), (*first, *left), (*first, *right))
    assert (len(one), list(one), one[1:], one[-2:]) == (
        len(first + left),
        first + left,
        *((*first, *left)[at:] for at in (1, -2)),
    )
    assert all(two[n] == value for n, value in enumerate(first + right))
    assert [list(reversed(each)) for each in (start, one)] == [first[::-1], (first + left)[::-1]]


PLACES = st.none() | st.integers(-8, 8)


@given(VALUES, VALUES, st.builds(slice, PLACES, PLACES, PLACES.filter(lambda step: step != 0)))
def test_a_part_of_it_is_that_part_of_the_tuple(first: list[int], more: list[int], part: slice) -> None:
    """From wherever to wherever, also backwards and in steps; what another version has added is in none of it."""
    start = Growing(first)
    assert (start.plus(*more)[part], start[part]) == ((*first, *more)[part], tuple(first)[part])


def test_it_is_told_as_what_it_holds_and_equals_no_list() -> None:
    """Its picture shows its values; it equals tuples and its like only, so that no test compares it with a list."""
    assert repr(Growing((1, 2))) == "Growing([1, 2])"
    assert Growing((1,)) != [1] and Growing((1,)) == Growing([1])


def test_a_fold_passes_over_what_is_only_shown() -> None:
    """Transient entries among the stored ones change nothing, as in ``step``."""
    shown = k.Entry("r", 0, 5.0, k.TextDelta("half a sen"))
    ended = k.Entry("r", 1, 6.0, k.RunEnded("done"))
    assert fold([shown, ended, shown]) == fold([ended])
