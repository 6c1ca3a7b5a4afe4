"""Laws of what is said: the identity of an exact call."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aether_nb.events.messages import arguments_hash
from harness.events import json_values


def plainly(name: str, arguments: dict[str, Any]) -> str:
    """The same identity, worked out by the standard library alone."""
    text = json.dumps([name, arguments], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + sha256(text.encode(errors="surrogatepass")).hexdigest()


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=5), json_values() | st.floats(), max_size=4))
def test_the_identity_of_a_call_is_that_of_its_canonical_json(arguments: dict[str, Any]) -> None:
    """A yes that was given once counts whichever encoder works it out: any arguments, numbers that are none as well."""
    assert arguments_hash("t", arguments) == plainly("t", arguments)


@pytest.mark.parametrize(
    "value",
    [1e16, -2.5e-7, 0.00001234, 5e-324, 1.5e17, 2**70, -(2**63), float("nan"), "\udce9", "null", "5e-3", "0.0000"],
)
def test_numbers_that_encoders_write_in_their_own_ways_have_one_identity(value: object) -> None:
    """An exponent, a number beyond 64 bits, one that is none, half a surrogate pair: as the standard library does."""
    assert arguments_hash("t", {"x": [value]}) == plainly("t", {"x": [value]})


def test_a_number_that_is_none_is_not_nothing() -> None:
    """A yes to nothing is no yes to NaN."""
    assert arguments_hash("t", {"x": float("nan")}) != arguments_hash("t", {"x": None})
