"""Laws of what is sent as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from aether_nb.models.formats.encoding import encoded
from harness.events import json_values


@given(json_values())
def test_what_is_sent_is_the_value(value: Any) -> None:
    """Any JSON value comes back as it was, without a blank between its signs."""
    assert json.loads(encoded([value])) == json.loads(json.dumps([value]))
    assert encoded({"a": [1, "x"], "b": None}) == b'{"a":[1,"x"],"b":null}'


@pytest.mark.parametrize("beside", [1, 2**70, "\ud800"])
def test_what_json_lacks_is_sent_as_its_neighbour(beside: object) -> None:
    """A server gets valid JSON whatever stands beside a number that is none; half a pair loses no request."""
    sent = json.loads(encoded({"n": float("nan"), "x": beside}), parse_constant=pytest.fail)
    assert sent == {"n": None, "x": "?" if beside == "\ud800" else beside}


@pytest.mark.parametrize("value", [object(), datetime(2026, 1, 1), {1, 2}, b"x"])
def test_what_is_no_value_is_refused(value: object) -> None:
    """Nothing is sent as whatever somebody's encoder makes of it."""
    with pytest.raises(TypeError):
        encoded({"x": value})
